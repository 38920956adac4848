"""
The ABI's words, as hex in a node's answer → Python values, and those → JSON text.

Nothing is parsed twice: a word is cut out of the answer's text and read by what it is.
"""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from eth_hash.auto import keccak

from bursar.chain.abi import Entry
from bursar.types import Address

DIGITS: Final = 64
"""Hex digits in a word."""

_NO_PADDING: Final = "0" * 24
_MOST_ADDRESSES: Final = 200_000


class Addresses(dict[str, Address]):
    """
    Words that hold an address → the address with its checksum. Each is worked out once.
    """

    def __missing__(self, word: str) -> Address:
        if len(word) != DIGITS or not word.startswith(_NO_PADDING):
            raise ValueError(f"{word!r} is no address")
        if len(self) >= _MOST_ADDRESSES:
            self.clear()
        found = self[word] = spell(word[24:])
        return found


def spell(digits: str) -> Address:
    """
    An address with its checksum, from 40 hex digits. The same as `checksummed`, without its checks:
    several times as fast. Raises ValueError.
    """
    if len(digits) != 40:
        raise ValueError(f"{digits!r} is no address")
    digits = bytes.fromhex(digits).hex()
    shades = zip(digits, keccak(digits.encode()).hex(), strict=False)
    return Address("0x" + "".join([c.upper() if shade > "7" else c for c, shade in shades]))


class Emitters(dict[str, Address]):
    """
    The same from an address as nodes write it.
    """

    def __missing__(self, text: str) -> Address:
        if len(self) >= _MOST_ADDRESSES:
            self.clear()
        found = self[text] = spell(text[2:])
        return found


ADDRESSES: Final = Addresses()
EMITTERS: Final = Emitters()


class Kind(NamedTuple):
    """
    How to read a value from its word, and to write it as JSON.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    parse: Callable[[Any], Any]
    """The way back from what JSON makes of it."""


def _read_number(word: str) -> int:
    if len(word) != DIGITS:
        raise ValueError("a word is missing")
    return int(word, 16)


def _read_flag(word: str) -> bool:
    number = _read_number(word)
    if number > 1:
        raise ValueError(f"{word} is no flag")
    return number == 1


def _read_bytes32(word: str) -> bytes:
    if len(word) != DIGITS:
        raise ValueError("a word is missing")
    return bytes.fromhex(word)


ADDRESS: Final = Kind(ADDRESSES.__getitem__, lambda value: f'"{value}"', str)
# As text: most readers of JSON cut numbers off at 53 bits.
NUMBER: Final = Kind(_read_number, lambda value: f'"{value}"', int)
FLAG: Final = Kind(_read_flag, lambda value: "true" if value else "false", bool)
BYTES32: Final = Kind(
    _read_bytes32, lambda value: f'"0x{value.hex()}"', lambda text: bytes.fromhex(text[2:])
)

_KINDS: Final = {"address": ADDRESS, "uint256": NUMBER, "bool": FLAG, "bytes32": BYTES32}


def kind_of(entry: Entry) -> Kind:
    """
    The kind of a value that takes one word. Raises ValueError for one that is not known here.
    """
    kind = _KINDS.get(str(entry["type"]))
    if kind is None:
        raise ValueError(f"{entry['name']} is a {entry['type']}, which is not read by hand yet")
    return kind


def read_tail(digits: str, start: int, *, within: int) -> bytes:
    """
    The bytes of a value of variable length: `start` is where its word stands in `digits`, and the
    offset in that counts from 0. Raises ValueError where it leads out of them, or back to before
    `within`, where the values of fixed length end.
    """
    offset = int(digits[start : start + DIGITS] or "x", 16) * 2
    begin = offset + DIGITS
    if offset < within or begin > len(digits):
        raise ValueError("an offset leads nowhere")
    end = begin + 2 * int(digits[offset:begin], 16)
    if end > len(digits):
        raise ValueError("a text is cut off")
    return bytes.fromhex(digits[begin:end])


def write_text(value: str) -> str:
    """
    A text as JSON, in ASCII: whatever it holds, every database can keep it.
    """
    return json.dumps(value)
