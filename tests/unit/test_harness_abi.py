"""
The tests' own codec of the ABI: the same bytes as the general one, and as strict.
"""

import random
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils import to_checksum_address

from tests.harness.abi import codec, split

KINDS = (
    "(uint256,address,bool,bytes32,uint8,bytes1,bytes4)",
    "(string,bytes,uint256)",
    "(address,address[],address[],uint256,uint256)",
    "(address,bytes32,(address,uint256,bytes32)[])",
    "(address,(uint256,bool,bytes32),uint256)",
    "(bytes1,string,string,uint256,address,bytes32,uint256[])",
    "((address,bytes)[],string[])",
    "()",
)


def drawn(kind: str, rng: random.Random) -> Any:
    """
    Any value of a type, as `eth_abi` decodes it.
    """
    if kind.endswith("[]"):
        return tuple(drawn(kind[:-2], rng) for _ in range(rng.randrange(4)))
    if kind.startswith("("):
        return tuple(drawn(part, rng) for part in split(kind[1:-1]))
    if kind == "address":
        return to_checksum_address(rng.randbytes(20))
    if kind == "bool":
        return rng.random() < 0.5
    if kind.startswith("uint"):
        return rng.getrandbits(rng.choice((1, int(kind[4:]))))
    if kind == "string":
        return "ü".join("x" * rng.randrange(40) for _ in range(2))
    return rng.randbytes(rng.randrange(70) if kind == "bytes" else int(kind[5:]))


@pytest.mark.parametrize("kind", KINDS)
def test_codec__any_values__are_what_eth_abi_makes_of_them(kind: str) -> None:
    """
    Both ways, and anything cut off at the end is refused.
    """
    rng = random.Random(kind)
    parts = split(kind[1:-1])
    for _ in range(100):
        values = drawn(kind, rng)
        data = encode(parts, values)
        assert codec(kind).encode(values) == data
        found = codec(kind).decode(data, 0)
        assert found == values
        assert len(parts) == len(decode(parts, data))
        if data:
            with pytest.raises(ValueError, match=r"\d"):
                codec(kind).decode(data[: rng.randrange(len(data))], 0)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint256", -1),
        ("uint256", 2**256),
        ("uint8", 256),
        ("uint256", True),
        ("bool", 1),
        ("bytes32", b"x" * 33),
        ("bytes4", "text"),
        ("address", "0x12"),
        ("(uint256,uint256)", (1,)),
        ("(uint256,uint256)", (1, 2, 3)),
        ("int256", 1),
        ("uint256[2]", (1, 2)),
    ],
)
def test_codec__what_does_not_fit__is_refused(kind: str, value: Any) -> None:
    """
    A mistake in a test must not turn into other calldata.
    """
    with pytest.raises(ValueError, match=r"\w"):
        codec(kind).encode(value)


@pytest.mark.parametrize(
    ("kind", "word"),
    [("address", b"\1" * 32), ("bool", b"\0" * 31 + b"\2"), ("bytes4", b"\1" * 32)],
)
def test_codec__dirty_word__is_refused(kind: str, word: bytes) -> None:
    """
    What a contract returns is read whole: a type's unused bytes are zero.
    """
    with pytest.raises(ValueError, match=r"is no"):
        codec(kind).decode(word, 0)
