"""
How far apart anchors are, and the bytes of one, without a chain.
"""

from __future__ import annotations

import pytest

from bursar.chain.anchors import LENGTH, build_anchor, read_anchor
from bursar.chain.errors import BadAnswerError
from bursar.store.location import LocationError, anchor_interval
from bursar.types import DAY, HOUR, Bytes32, checksummed

KEEPER = checksummed("0x" + "0a" * 20)
ORGANIZATION = checksummed("0x" + "0b" * 20)
HASH = Bytes32(b"\x42" * 32)


@pytest.mark.parametrize(
    ("said", "is_local", "seconds"),
    [
        *((None, False, DAY), (None, True, None), ("", False, DAY), ("off", False, None)),
        *(("6h", False, 6 * HOUR), ("6h", True, 6 * HOUR), ("60", False, 60)),
    ],
)
def test_interval__is_a_day_unless_said_otherwise(
    said: str | None, is_local: bool, seconds: int | None
) -> None:
    """
    A local chain, which ends with its process, has none by itself.
    """
    environment = {} if said is None else {"BURSAR_AUDIT_ANCHORS": said}
    assert anchor_interval(environment, is_local=is_local) == seconds


@pytest.mark.parametrize("said", ["daily", "59", "-1", "0"])
def test_interval__that_is_none__is_refused(said: str) -> None:
    """
    Never taken for `off`.
    """
    with pytest.raises(LocationError, match="BURSAR_AUDIT_ANCHORS"):
        anchor_interval({"BURSAR_AUDIT_ANCHORS": said}, is_local=False)


def test_anchor__bytes__stay_what_they_are() -> None:
    """
    They are on chains, and have to be read for as long as these are.
    """
    call = build_anchor(KEEPER, ORGANIZATION, 258, HASH)
    expected = b"bursar\x00\x01" + b"\x0b" * 20 + b"\0" * 6 + b"\1\2" + b"\x42" * 32
    assert (call.to, call.data, call.value) == (KEEPER, expected, 0)
    assert len(expected) == LENGTH
    sent = {
        "from": KEEPER.lower(),
        "to": KEEPER.lower(),
        "input": f"0x{expected.hex()}",
        "nonce": "0x7",
        "blockNumber": "0x10",
        "hash": f"0x{HASH.hex()}",
    }
    found = read_anchor(sent)
    assert found is not None
    assert (found.organization, found.sequence, found.hash) == (ORGANIZATION, 258, HASH)
    assert (found.keeper, found.nonce, found.block) == (KEEPER, 7, 16)
    assert read_anchor({**sent, "to": None}) is None
    with pytest.raises(BadAnswerError):
        read_anchor({**sent, "input": "0xzz"})
