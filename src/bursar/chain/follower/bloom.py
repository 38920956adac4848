"""
The filter in a block's header over what was logged in it: how to see that a node holds logs back.

    header's 2,048 bits = OR over (emitter, topics) of three bits each, from the keccak of the value
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from bursar.types import keccak

BITS: Final = 2_048


@lru_cache(maxsize=65_536)
def bits_of(value: str) -> int:
    """
    The three bits of an address or topic, given as hex: its hash's first three words of 16 bits,
    modulo 2,048.
    """
    digest = keccak(bytes.fromhex(value[2:]))
    found = 0
    for start in (0, 2, 4):
        found |= 1 << (int.from_bytes(digest[start : start + 2], "big") % BITS)
    return found


def held(bloom: int, values: Iterable[str]) -> list[str]:
    """
    Those of `values` that may have been logged in a block. Those left out were certainly not.
    """
    if not bloom:
        return []
    return [value for value in values if not bits_of(value) & ~bloom]


def build_bloom(logs: Iterable[dict[str, Any]]) -> int:
    """
    The filter of a block with exactly these logs.
    """
    found = 0
    for log in logs:
        found |= bits_of(log["address"])
        for topic in log["topics"]:
            found |= bits_of(topic)
    return found
