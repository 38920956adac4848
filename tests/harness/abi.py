"""
The contract ABI, fast: types are read once, and encoding is joining words. A fuzzer spends its time
in the contracts instead of in a general codec, which takes ten times as long.

    "(address,uint256[])" → `codec` → encode(values) → bytes → decode → values

As strict as `eth_abi`, which a test holds it against: what does not fit a type raises ValueError.
"""

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from eth_utils import to_checksum_address

Encode = Callable[[Any], bytes]
# Reads from data at an offset.
Decode = Callable[[bytes, int], Any]

_LIST = re.compile(r"(.*)\[(\d*)\]$")


class Codec(NamedTuple):
    """
    One type. `words` is what it takes in the head of a tuple; a dynamic type has its offset there.
    """

    dynamic: bool
    words: int
    encode: Encode
    decode: Decode


@functools.cache
def codec(kind: str) -> Codec:
    """
    The codec of a type as it is spelled in a signature. Raises ValueError for an unknown one.
    """
    listed = _LIST.match(kind)
    if listed:
        if listed[2]:
            raise ValueError(f"{kind}: lists of fixed length are not used here")
        return _list_codec(codec(listed[1]))
    if kind.startswith("("):
        return _tuple_codec(tuple(codec(part) for part in split(kind[1:-1])))
    if kind in ("bytes", "string"):
        return _text_codec if kind == "string" else _bytes_codec
    if kind.startswith("uint"):
        return _uint_codec(int(kind[4:]))
    if kind.startswith("bytes"):
        return _word_codec(int(kind[5:]))
    if kind in ("address", "bool"):
        return _address_codec if kind == "address" else _bool_codec
    raise ValueError(f"{kind} is no type that the contracts use")


def split(kinds: str) -> list[str]:
    """
    "address,(bool,bool)[]" into its parts.
    """
    parts, depth = [""], 0
    for letter in kinds:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part]


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + 32]
    if len(word) != 32:
        raise ValueError(f"the data ends at {len(data)}, a word at {at} was expected")
    return word


def _uint_codec(bits: int) -> Codec:
    end = 1 << bits

    def encode(value: int) -> bytes:
        if not 0 <= value < end or value.__class__ is bool:
            raise ValueError(f"{value!r} is no uint{bits}")
        return value.to_bytes(32, "big")

    def decode(data: bytes, at: int) -> int:
        value = int.from_bytes(_word(data, at), "big")
        if value >= end:
            raise ValueError(f"{value} is no uint{bits}")
        return value

    return Codec(False, 1, encode, decode)


def _word_codec(size: int) -> Codec:
    padding = b"\0" * (32 - size)

    def encode(value: bytes) -> bytes:
        if len(value) > size or not isinstance(value, bytes):
            raise ValueError(f"{value!r} is no bytes{size}")
        return value.ljust(32, b"\0")

    def decode(data: bytes, at: int) -> bytes:
        word = _word(data, at)
        if word[size:] != padding:
            raise ValueError(f"0x{word.hex()} is no bytes{size}")
        return word[:size]

    return Codec(False, 1, encode, decode)


@functools.lru_cache(maxsize=65_536)
def _encode_address(value: str) -> bytes:
    raw = bytes.fromhex(value[2:])
    if len(raw) != 20 or value[:2] != "0x":
        raise ValueError(f"{value!r} is no address")
    return b"\0" * 12 + raw


@functools.lru_cache(maxsize=65_536)
def address_of(word: bytes) -> str:
    """
    The checksummed address in a word. Raises ValueError where more than an address is in it.
    """
    if any(word[:12]):
        raise ValueError(f"0x{word.hex()} is no address")
    return str(to_checksum_address(word[12:]))


def _encode_bool(value: bool) -> bytes:
    if value.__class__ is not bool:
        raise ValueError(f"{value!r} is no bool")
    return value.to_bytes(32, "big")


def _decode_bool(data: bytes, at: int) -> bool:
    value = int.from_bytes(_word(data, at), "big")
    if value > 1:
        raise ValueError(f"{value} is no bool")
    return value == 1


_address_codec = Codec(False, 1, _encode_address, lambda data, at: address_of(_word(data, at)))
_bool_codec = Codec(False, 1, _encode_bool, _decode_bool)


def _encode_bytes(value: bytes) -> bytes:
    return len(value).to_bytes(32, "big") + value + b"\0" * (-len(value) % 32)


def _decode_bytes(data: bytes, at: int) -> bytes:
    size = int.from_bytes(_word(data, at), "big")
    value = data[at + 32 : at + 32 + size]
    padding = data[at + 32 + size : at + 32 + size + -size % 32]
    if len(value) != size or padding != b"\0" * (-size % 32):
        raise ValueError(f"{size} bytes at {at} are cut off or badly padded")
    return value


_bytes_codec = Codec(True, 1, _encode_bytes, _decode_bytes)
_text_codec = Codec(
    True,
    1,
    lambda value: _encode_bytes(value.encode()),
    lambda data, at: _decode_bytes(data, at).decode(),
)


def _tuple_codec(parts: tuple[Codec, ...]) -> Codec:
    words = sum(part.words for part in parts)
    if any(part.dynamic for part in parts):
        return Codec(True, 1, _dynamic_encoder(parts, 32 * words), _tuple_decoder(parts))
    encoders = [part.encode for part in parts]

    def encode(values: Any) -> bytes:
        return b"".join([f(value) for f, value in zip(encoders, values, strict=True)])

    return Codec(False, words, encode, _tuple_decoder(parts))


def _dynamic_encoder(parts: tuple[Codec, ...], head_size: int) -> Encode:
    def encode(values: Any) -> bytes:
        heads, tails, offset = [], [], head_size
        for part, value in zip(parts, values, strict=True):
            encoded = part.encode(value)
            if not part.dynamic:
                heads.append(encoded)
                continue
            heads.append(offset.to_bytes(32, "big"))
            tails.append(encoded)
            offset += len(encoded)
        return b"".join(heads) + b"".join(tails)

    return encode


def _tuple_decoder(parts: tuple[Codec, ...]) -> Decode:
    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        values, start = [], at
        for part in parts:
            place = start + int.from_bytes(_word(data, at), "big") if part.dynamic else at
            values.append(part.decode(data, place))
            at += 32 * part.words
        return tuple(values)

    return decode


def _list_codec(item: Codec) -> Codec:
    def encode(values: Any) -> bytes:
        return len(values).to_bytes(32, "big") + _of_length(item, len(values)).encode(values)

    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        length = int.from_bytes(_word(data, at), "big")
        if 32 * length > len(data):
            raise ValueError(f"a list of {length} does not fit {len(data)} bytes")
        return tuple(_of_length(item, length).decode(data, at + 32))

    return Codec(True, 1, encode, decode)


@functools.lru_cache(maxsize=1_024)
def _of_length(item: Codec, length: int) -> Codec:
    return _tuple_codec((item,) * length)
