"""
Why a Safe's calls fail: simulated as the Safe itself, with the innermost reason.

    SafeTransaction → simulate → Revert | None;  GS… → say_meaning → words
"""

from functools import cache
from typing import Final

from eth_abi.abi import decode

from bursar.chain.contracts import Contract
from bursar.chain.errors import ChainError, RevertedError
from bursar.chain.reader import Call
from bursar.chain.reverts import Revert, decode_revert
from bursar.chain.safe_transaction import CALL, SafeTransaction, load_safe_artifact
from bursar.types import Address

# What a Safe says when the call that it makes reverts: the call's own reason is lost.
INNER_FAILED: Final = "GS013"
_MEANINGS: Final = {
    "GS013": "the call that the Safe makes fails",
    "GS020": "fewer signatures than the Safe asks for",
    "GS021": "a contract's signature points into the other signatures",
    "GS022": "a contract's signature points beyond the signatures",
    "GS023": "a contract's signature is longer than what is there",
    "GS024": "a signature is not valid",
    "GS025": "an owner who is named has not approved this transaction",
    "GS026": "a signature is of no owner or of another transaction, or they are not in order",
    "GS104": "the caller is no module of the Safe",
}


@cache
def _telling_multi_send() -> bytes:
    """
    The code of a MultiSend that passes on why a call failed. That of 1.4.1 keeps it to itself, so
    a simulation looks at the batch through the next version's.
    """
    code = load_safe_artifact("MultiSendCallOnly", "1.5.0")["deployedBytecode"]
    return bytes.fromhex(code.removeprefix("0x"))


def simulate(safe: Contract, multi_send: Address, transaction: SafeTransaction) -> Revert | None:
    """
    How the calls of `transaction` would fail now, signatures aside; None where they would not.
    Raises ChainError.
    """
    if transaction.operation == CALL:
        return _simulate_call(safe, transaction)
    # Runs as the Safe itself, and reverts with what came of it: success, length, what it said.
    asked = safe.build_call("simulateAndRevert", transaction.to, transaction.data)
    try:
        safe.client.call(asked, codes={multi_send: _telling_multi_send()})
    except RevertedError as error:
        return _read_simulation(error.revert.data)
    raise ChainError(f"{safe.address} is no Safe: it did not revert when it had to.")


def _simulate_call(safe: Contract, transaction: SafeTransaction) -> Revert | None:
    call = Call(transaction.to, transaction.data, transaction.value)
    try:
        safe.client.call(call, sender=safe.address)
    except RevertedError as error:
        return error.revert
    return None


def _read_simulation(data: bytes) -> Revert | None:
    succeeded, length = decode(["bool", "uint256"], data)
    return None if succeeded else decode_revert(data[64 : 64 + length])


def say_meaning(revert: Revert) -> Revert:
    """
    The revert with what a Safe's own short code means.
    """
    meaning = _MEANINGS.get(revert.text)
    return Revert(f"{revert.text}: {meaning}") if meaning else revert
