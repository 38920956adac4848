"""
One JSON-RPC endpoint: ask, and get the result or an error that says what happened.
"""

import re
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from web3 import HTTPProvider
from web3.types import RPCEndpoint

from bursar.chain.errors import BadAnswerError, NoAnswerError, NodeUrlError, RpcError

_LOCAL: Final = ("127.0.0.1", "localhost", "::1")
_LONGEST_SHOWN: Final = 120
# Shorter parts of an address are names, such as a chain's.
_SHORTEST_KEY: Final = 12
_DEEPEST: Final = 10  # causes of causes


class Rpc:
    """
    A node at `url`. Nothing is retried: the caller knows what may be asked twice. Errors name the
    host only, because paths of providers hold keys. A websocket's address is asked over HTTP at the
    same place.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        if url.startswith(("ws://", "wss://")):
            url = f"http{url.removeprefix('ws')}"
        options: dict[str, Any] = {"timeout": timeout}
        parts = _read_url(url)
        if parts.hostname in _LOCAL:
            # A proxy that is configured for the outside must not see calls to this machine.
            options["proxies"] = {"http": "", "https": ""}
        self.url = url
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._secrets = find_secrets(url)
        self._timeout = timeout
        self._provider = HTTPProvider(
            url, request_kwargs=options, exception_retry_configuration=None
        )

    def request(self, method: str, *params: Any) -> Any:
        """
        The result of one call. Raises RpcError for an error in the answer, NoAnswerError for none,
        BadAnswerError for one that is no JSON-RPC.
        """
        try:
            response: Any = self._provider.make_request(RPCEndpoint(method), list(params))
        except OSError as error:  # not reached, too slow, or a bad status
            raise NoAnswerError(
                f"{method}: no answer from {self.name} (it has {self._timeout:g} s): "
                f"{self._mask(_innermost(error))}. Check that the node runs and the URL is right."
            ) from error
        except ValueError as error:
            raise self._bad(method, f"no JSON: {self._mask(error)}") from error
        if not isinstance(response, dict):
            raise self._bad(method, response)
        if response.get("error") is not None:
            raise self._build_error(method, response["error"])
        if "result" not in response:
            raise self._bad(method, response)
        return response["result"]

    def request_number(self, method: str, *params: Any) -> int:
        """
        A quantity.
        """
        return self.read_number(method, self.request(method, *params))

    def request_bytes(self, method: str, *params: Any) -> bytes:
        """
        Bytes of any length.
        """
        answer = self.request(method, *params)
        try:
            return bytes.fromhex(_digits(answer))
        except (TypeError, ValueError) as error:
            raise self._bad(method, answer) from error

    def request_object(self, method: str, *params: Any) -> dict[str, Any] | None:
        """
        A block, a transaction or a receipt; None where there is none.
        """
        answer = self.request(method, *params)
        if answer is not None and not isinstance(answer, dict):
            raise self._bad(method, answer)
        return answer

    def request_list(self, method: str, *params: Any) -> list[Any]:
        """
        A list.
        """
        answer = self.request(method, *params)
        if not isinstance(answer, list):
            raise self._bad(method, answer)
        return answer

    def read_number(self, method: str, value: Any) -> int:
        """
        A quantity that is part of the answer to `method`.
        """
        try:
            return int(_digits(value), 16)
        except (TypeError, ValueError) as error:
            raise self._bad(method, value) from error

    def _bad(self, method: str, answer: Any) -> BadAnswerError:
        shown = self._mask(answer)
        shown = shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"
        return BadAnswerError(
            f"{method}: {self.name} answers what cannot be used: {shown}. Check that the URL is a "
            "node's, or use another node."
        )

    def _build_error(self, method: str, error: Any) -> RpcError:
        if not isinstance(error, dict):
            return RpcError(method, 0, self._mask(error), None)
        code = error.get("code", 0)
        return RpcError(
            method,
            code if isinstance(code, int) else 0,
            self._mask(error.get("message", error)),
            _read_data(error.get("data")),
        )

    def _mask(self, what: object) -> str:
        text = str(what)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def find_secrets(url: str) -> list[str]:
    """
    What of a node's address must not be shown, the longest first: what follows the host, and each
    part of it that is as long as a key, because providers name it in their errors.
    """
    parts = urlsplit(url)
    words = re.split(r"[/?&=]", f"{parts.path}?{parts.query}")
    keys = [word for word in words if len(word) >= _SHORTEST_KEY]
    found = (url, parts.path, parts.query, parts.password or "", *keys)
    return sorted({part for part in found if len(part) > 1}, key=len, reverse=True)


def _read_url(url: str) -> SplitResult:
    """
    Its parts. Raises NodeUrlError for what no node can be at; only its beginning is shown, because
    the rest may be a key.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:  # half an IPv6 address
        pass
    raise NodeUrlError(
        f"'{url[:7]}…' is no URL of a node: it begins with http://, https://, ws:// or wss://, and "
        "names a host."
    )


def _innermost(error: BaseException) -> BaseException | str:
    """
    Why nothing was reached, without the layers of libraries around it.
    """
    seen: BaseException | None = error
    for _ in range(_DEEPEST):
        if seen is None:
            break
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inside = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = inside if isinstance(inside, BaseException) else seen.__cause__ or seen.__context__
    return error


def _digits(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("no hex")
    return value[2:]


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
