"""
Why a transaction to one of our contracts failed, and what it wanted.

    transaction's hash → FailureReader.fetch → Failure
"""

from typing import Any

from eth_abi.exceptions import DecodingError
from pydantic import BaseModel

from bursar.audit import Failure
from bursar.chain.abi import Function
from bursar.chain.client import Client
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.errors import NoAnswerError
from bursar.types import Bytes32

_UNREADABLE = "unknown call"
_LONGEST_REASON = 200


class FailureReader:
    """
    Reads transactions that were mined and reverted.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, transaction: Bytes32) -> Failure:
        """
        What was called, and why it was refused; where the node no longer has that block's state,
        the reason says so. Raises ChainError.
        """
        digits = f"0x{transaction.hex()}"
        sent = self._client.rpc.request_object("eth_getTransactionByHash", digits)
        receipt = self._client.rpc.request_object("eth_getTransactionReceipt", digits)
        if sent is None or receipt is None:
            raise NoAnswerError(
                f"{self._client.rpc.name} does not have transaction {digits}: use a node that "
                "keeps all transactions."
            )
        fields = {
            "from": sent["from"],
            "to": sent["to"],
            "data": sent["input"],
            "value": sent["value"],
        }
        revert = self._client.explain_revert(fields, receipt)
        reason = (revert.text or str(revert))[:_LONGEST_REASON]
        data = bytes.fromhex(sent["input"].removeprefix("0x"))
        function = _functions().get(data[:4])
        if function is None:
            return Failure(_UNREADABLE, reason)
        try:
            values = function.inputs.decode(data[4:])
        except (DecodingError, ValueError):
            return Failure(function.name, reason)
        return _describe(function, values, reason)


def _functions() -> dict[bytes, Function]:
    kinds = (organization_type(), wallet_type())
    return {f.selector: f for kind in kinds for f in kind.functions.values()}


def _describe(function: Function, values: tuple[Any, ...], reason: str) -> Failure:
    named = dict(zip(function.inputs.names, values, strict=True))
    amount = named.get("amount")
    return Failure(
        function=function.name,
        reason=reason,
        arguments={name: _plain(value) for name, value in named.items()},
        token=named.get("token"),
        amount=amount if isinstance(amount, int) else None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool) else str(value)
