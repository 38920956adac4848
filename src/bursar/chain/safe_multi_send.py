"""
Several calls in one Safe transaction: what MultiSendCallOnly takes, written and read.

    calls → pack_calls → multiSend(bytes) → unpack_calls → the same calls

It is the only contract that a Safe may delegate to here: it can make plain calls and nothing else.
Which one stands at an address is told by its code, not by its name.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from eth_abi.exceptions import DecodingError

from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import CALL, load_safe_artifact, safe_contract_type
from bursar.types import ZERO_ADDRESS, Address, checksummed

# Operation, address, value, length.
_HEAD: Final = 1 + 20 + 32 + 32
# Where Safe has deployed that of 1.4.1 on nearly every public chain.
CANONICAL: Final = Address("0x9641d764fc13c8B624c04430C7356C1C7C8102e2")
_VERSIONS: Final = ("1.4.1", "1.5.0")


class BatchError(ChainError):
    """
    The calldata of a batch that cannot be read as one, or that hides what is no plain call.
    """


def pack_calls(calls: Iterable[Call]) -> bytes:
    """
    The calldata of `multiSend` for these calls, in this order.
    """
    packed = b"".join(map(_pack, calls))
    return safe_contract_type("MultiSendCallOnly").encode("multiSend", packed)


def unpack_calls(data: bytes) -> tuple[Call, ...]:
    """
    The calls of a batch. Raises BatchError unless `data` is exactly what `pack_calls` makes.
    """
    function = safe_contract_type("MultiSendCallOnly").functions["multiSend"]
    if data[:4] != function.selector:
        raise BatchError("It delegates to MultiSendCallOnly and is no multiSend.")
    try:
        (packed,) = function.inputs.decode(data[4:])
        calls = tuple(_unpack(packed))
    except (DecodingError, ValueError, OverflowError) as error:  # a length beyond all sizes
        raise BatchError(f"Its batch cannot be read: {error}") from error
    if pack_calls(calls) != data:
        raise BatchError("Its batch has bytes that belong to no call.")
    return calls


def is_call_only(code: bytes) -> bool:
    """
    Whether a contract with this code is a MultiSendCallOnly.
    """
    return code in _known_codes()


@cache
def _known_codes() -> frozenset[bytes]:
    names = [load_safe_artifact("MultiSendCallOnly", version) for version in _VERSIONS]
    return frozenset(
        bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x")) for artifact in names
    )


def _pack(call: Call) -> bytes:
    """
    One call as MultiSend reads it: operation, address, value, length, calldata.
    """
    return b"".join(
        (
            bytes([CALL]),
            bytes.fromhex(call.to[2:]),
            call.value.to_bytes(32, "big"),
            len(call.data).to_bytes(32, "big"),
            call.data,
        )
    )


def _unpack(packed: bytes) -> Iterable[Call]:
    while packed:
        if len(packed) < _HEAD:
            raise ValueError("it ends within a call")
        operation, to = packed[0], checksummed("0x" + packed[1:21].hex())
        value = int.from_bytes(packed[21:53], "big")
        size = int.from_bytes(packed[53:85], "big")
        if operation != CALL:
            raise ValueError(f"it has a delegatecall to {to}")
        if to == ZERO_ADDRESS:
            # MultiSendCallOnly 1.5.0 takes it for the Safe itself, others for nobody.
            raise ValueError("it has a call to the zero address")
        if size > len(packed) - _HEAD:
            raise ValueError("a call is longer than the batch")
        yield Call(to, packed[_HEAD : _HEAD + size], value)
        packed = packed[_HEAD + size :]
