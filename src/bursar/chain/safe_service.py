"""
A Safe Transaction Service: where owners in different places leave drafts and signatures.

    SafeTransaction + first signature → propose;  Signature → confirm;  list → ServiceDraft …

It is a letter box, not an authority: what it answers is hashed again here, each signature is read
again, and only what fits is taken over.
"""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from bursar.chain.errors import BadAnswerError, ChainError, NoAnswerError
from bursar.chain.safe_transaction import SafeTransaction, Signature
from bursar.chain.strict_json import StrictJsonError, read_json
from bursar.types import ZERO_ADDRESS, Address, Bytes32, checksummed

_LOCAL: Final = ("127.0.0.1", "localhost", "::1")
_MOST: Final = 100
_LARGEST: Final = 4 << 20


class ServiceError(ChainError):
    """
    The service refused, with its own words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"The Safe Transaction Service refuses ({status}): {message}")
        self.status = status


class ServiceDraft(NamedTuple):
    """
    A transaction that waits at the service, hashed again, with what it says are signatures of it.
    """

    transaction: SafeTransaction
    signatures: tuple[bytes, ...]
    proposer: Address | None
    origin: str


class SafeService:
    """
    The service at `url`, such as https://api.safe.global/tx-service/base; `token` is its API key.
    """

    def __init__(self, url: str, *, token: str = "", timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServiceError(0, f"{url!r} is no http address")
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise ServiceError(0, f"{parts.hostname} is asked without TLS: write https")
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._base = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        # A proxy that is configured for the outside must not see calls to this machine.
        handler = urllib.request.ProxyHandler({} if parts.hostname in _LOCAL else None)
        self._opener = urllib.request.build_opener(handler, _NoRedirect())

    def propose(
        self, transaction: SafeTransaction, sender: Address, signature: bytes, origin: str
    ) -> None:
        """
        Leave a transaction there, with the signature of an owner or a delegate, `sender`.

        Raises ServiceError, NoAnswerError.
        """
        self._post(
            f"/api/v2/safes/{transaction.safe}/multisig-transactions/",
            {
                "to": transaction.to,
                "value": str(transaction.value),
                "data": f"0x{transaction.data.hex()}" if transaction.data else None,
                "operation": transaction.operation,
                "safeTxGas": str(transaction.safe_tx_gas),
                "baseGas": str(transaction.base_gas),
                "gasPrice": str(transaction.gas_price),
                "gasToken": transaction.gas_token,
                "refundReceiver": transaction.refund_receiver,
                "nonce": transaction.nonce,
                "contractTransactionHash": f"0x{transaction.hash.hex()}",
                "sender": sender,
                "signature": f"0x{signature.hex()}",
                "origin": origin[:200],
            },
        )

    def confirm(self, hash: Bytes32, signature: Signature) -> None:
        """
        Leave one more owner's signature. Raises ServiceError, NoAnswerError.
        """
        self._post(
            f"/api/v1/multisig-transactions/0x{hash.hex()}/confirmations/",
            {"signature": f"0x{signature.encoded.hex()}"},
        )

    def has(self, hash: Bytes32) -> bool:
        """
        Whether the transaction is there already.
        """
        try:
            self._get(f"/api/v2/multisig-transactions/0x{hash.hex()}/")
        except ServiceError as error:
            if error.status == 404:
                return False
            raise
        return True

    def fetch_waiting(self, chain_id: int, safe: Address, first_nonce: int) -> list[ServiceDraft]:
        """
        What waits there from that nonce on. Raises BadAnswerError for what hashes to something
        else than the service says.
        """
        query = {"executed": "false", "nonce__gte": first_nonce, "limit": _MOST}
        answer = self._get(f"/api/v2/safes/{safe}/multisig-transactions/?{urlencode(query)}")
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise self._bad("a list of transactions without results")
        if answer.get("next"):
            raise self._bad(f"more than {_MOST} transactions that wait: reject some of them")
        return [self._read(chain_id, safe, one) for one in answer["results"]]

    def _read(self, chain_id: int, safe: Address, one: Mapping[str, Any]) -> ServiceDraft:
        try:
            transaction = SafeTransaction(
                safe=checksummed(one["safe"]),
                chain_id=chain_id,
                to=checksummed(one["to"]),
                value=int(one["value"]),
                data=_bytes(one["data"]),
                operation=int(one["operation"]),
                safe_tx_gas=int(one["safeTxGas"]),
                base_gas=int(one["baseGas"]),
                gas_price=int(one["gasPrice"]),
                gas_token=checksummed(one["gasToken"] or ZERO_ADDRESS),
                refund_receiver=checksummed(one["refundReceiver"] or ZERO_ADDRESS),
                nonce=int(one["nonce"]),
            )
            told = Bytes32(_bytes(one["safeTxHash"]))
            found = [_bytes(each["signature"]) for each in one["confirmations"] or ()]
            proposer = checksummed(one["proposer"]) if one.get("proposer") else None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._bad(f"a transaction that cannot be read: {error!r}") from error
        if transaction.safe != safe or transaction.hash != told:
            raise self._bad(
                f"0x{told.hex()} for what hashes to 0x{transaction.hash.hex()}: it was changed"
            )
        return ServiceDraft(transaction, tuple(found), proposer, str(one.get("origin") or ""))

    def _get(self, path: str) -> Any:
        return self._request(path, None)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._request(path, json.dumps(body).encode())

    def _request(self, path: str, body: bytes | None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        where = self._base + quote(path, safe="/?&=%")
        request = urllib.request.Request(where, data=body, headers=headers)
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                content = response.read(_LARGEST)
        except urllib.error.HTTPError as error:
            raise ServiceError(error.code, _words(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(
                f"No answer from the Safe Transaction Service {self.name}: {_plain(str(error))}. "
                "What was drafted and signed is kept here."
            ) from error
        return self._parse(content)

    def _parse(self, content: bytes) -> Any:
        if not content:
            return None
        try:
            return read_json(content)
        except StrictJsonError as error:
            raise self._bad(f"what is no JSON: {_plain(str(error))}") from error

    def _bad(self, what: str) -> BadAnswerError:
        return BadAnswerError(f"The Safe Transaction Service {self.name} answers {what}.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """
    A redirect would carry the API key to another host.
    """

    def redirect_request(self, *arguments: Any, **more: Any) -> None:
        return None


def _bytes(digits: str | None) -> bytes:
    return bytes.fromhex((digits or "").removeprefix("0x"))


def _words(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read(2_000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        text = ""
    return _plain(text) or _plain(str(error.reason))


def _plain(text: str) -> str:
    """
    What the service said, short and without what a terminal would obey.
    """
    shown = (char if char.isprintable() else " " for char in text)
    return " ".join("".join(shown).split())[:300]
