"""
The filter in a block's header over what was logged in it: how to see that a node holds logs back.

    header's 256 bytes = OR over (emitter, topics) of three bits each, from the keccak of the value
"""

from collections.abc import Iterable
from typing import Final

from bursar.chain.reader import RawLog
from bursar.types import Address, keccak

BITS: Final = 2_048


def bits_of(value: bytes) -> int:
    """
    The three bits of an address or topic: its hash's first three words of 16 bits, modulo 2,048.
    """
    digest = keccak(value)
    words = (int.from_bytes(digest[start : start + 2], "big") for start in (0, 2, 4))
    found = 0
    for word in words:
        found |= 1 << (word % BITS)
    return found


def may_hold(bloom: bytes, emitters: Iterable[Address]) -> bool:
    """
    Whether any of `emitters` may have logged in the block. False is certain.
    """
    held = int.from_bytes(bloom, "big")
    return any(held & bits == bits for bits in (bits_of(_raw(who)) for who in emitters))


def build_bloom(logs: Iterable[RawLog]) -> bytes:
    """
    The filter of a block with exactly these logs.
    """
    found = 0
    for log in logs:
        for value in (log["address"], *log["topics"]):
            found |= bits_of(_raw(value))
    return found.to_bytes(BITS // 8, "big")


def _raw(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
