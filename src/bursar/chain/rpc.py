"""
One JSON-RPC endpoint: ask, and get the result or an error that says what happened.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from web3 import HTTPProvider
from web3.types import RPCEndpoint

from bursar.chain.errors import NoAnswerError, RpcError

_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


class Rpc:
    """
    A node at `url`. Nothing is retried: the caller knows what may be asked twice.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        options: dict[str, Any] = {"timeout": timeout}
        if urlsplit(url).hostname in _LOCAL:
            # A proxy that is configured for the outside must not see calls to this machine.
            options["proxies"] = {"http": "", "https": ""}
        self.url = url
        self._provider = HTTPProvider(
            url, request_kwargs=options, exception_retry_configuration=None
        )

    def request(self, method: str, *params: Any) -> Any:
        """
        The result of one call. Raises RpcError for an error in the answer, NoAnswerError for none.
        """
        try:
            response = self._provider.make_request(RPCEndpoint(method), list(params))
        except (OSError, ValueError) as error:  # not reached, a bad status, or no JSON
            raise NoAnswerError(f"{method}: no answer from {self.url}: {error}") from error
        if "error" in response:
            raise _build_error(method, response["error"])
        return response["result"]


def _build_error(method: str, error: Any) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(method, 0, str(error), None)
    return RpcError(
        method,
        int(error.get("code", 0)),
        str(error.get("message", error)),
        _read_data(error.get("data")),
    )


def _read_data(data: Any) -> bytes | None:
    """
    Revert data, which some nodes wrap in an object or in text of their own.
    """
    if isinstance(data, dict):
        data = data.get("data", data.get("result"))
    if not isinstance(data, str):
        return None
    _, _, digits = data.rpartition("0x")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None
