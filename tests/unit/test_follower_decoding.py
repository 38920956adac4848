from __future__ import annotations

import random
from typing import Any

import pytest
from eth_abi.abi import encode

from bursar.chain.abi import Arguments
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.errors import BadAnswerError, UnreadableLogError
from bursar.chain.follower import decode_logs, read_event
from bursar.chain.follower.bloom import build_bloom, held
from bursar.chain.follower.layouts import layouts, layouts_by_name
from bursar.chain.follower.words import spell
from bursar.chain.logs import decode_log
from bursar.events import EVENTS
from bursar.types import MAX_UINT256, checksummed

CHANCE = random.Random(4)


def some_value(kind: str) -> Any:
    """
    Anything of that type, at its bounds more often than not.
    """
    if kind.startswith("("):
        return tuple(some_value(part) for part in kind[1:-1].split(","))
    if kind == "address":
        return CHANCE.choice(
            ["0x" + "00" * 20, "0x" + "ff" * 20, "0x" + CHANCE.randbytes(20).hex()]
        )
    if kind == "uint256":
        return CHANCE.choice([0, 1, MAX_UINT256, CHANCE.getrandbits(256)])
    if kind == "bool":
        return CHANCE.random() < 0.5
    if kind == "bytes32":
        return CHANCE.choice([bytes(32), b"\xff" * 32, CHANCE.randbytes(32)])
    if kind == "bytes":
        return CHANCE.randbytes(CHANCE.choice([0, 1, 31, 32, 33, 900]))
    assert kind == "string"
    return CHANCE.choice(["", "x", 'quote " \\ \n', "\0", "é" * 32, "a" * 64])


def build_log(entry: Any) -> dict[str, Any]:
    """
    A log of that event with any values.
    """
    indexed = Arguments.of([item for item in entry["inputs"] if item["indexed"]])
    plain = Arguments.of([item for item in entry["inputs"] if not item["indexed"]])
    topics = [encode([kind], [some_value(kind)]) for kind in indexed.types]
    data = encode(plain.types, [some_value(kind) for kind in plain.types])
    return {
        "address": "0x" + CHANCE.randbytes(20).hex(),
        "topics": [
            layouts_by_name()[entry["name"]].topic,
            *(f"0x{topic.hex()}" for topic in topics),
        ],
        "data": f"0x{data.hex()}",
        "blockNumber": "0x10",
        "transactionHash": "0x" + CHANCE.randbytes(32).hex(),
        "logIndex": "0x3",
    }


ENTRIES = [*organization_type().events, *wallet_type().events]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_decoding__every_event_with_any_values__is_what_the_checked_decoder_reads(
    entry: Any,
) -> None:
    """
    By hand and by the general decoder with its validated models: the same event, and back from its
    JSON the same again.
    """
    for _ in range(50):
        log = build_log(entry)
        expected = decode_log(log, 1_000)
        (logged,) = decode_logs([log], 1_000)
        assert logged.event == expected
        assert type(logged.event) is EVENTS[entry["name"]]
        assert logged.event.model_dump() == expected.model_dump()
        position = {
            "at": 1_000,
            "block": 16,
            "transaction": expected.transaction,
            "log": 3,
        }
        again = read_event(logged.name, logged.payload, emitter=expected.emitter, position=position)
        assert again == expected
        assert logged.payload.isascii()
        assert "\0" not in logged.payload


def test_layouts__the_shipped_artifacts__cover_every_model() -> None:
    """
    An event that the contracts gain is followed as soon as it has a model.
    """
    assert {layout.name for layout in layouts().values()} == set(EVENTS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_decoding__a_log_of_another_shape__is_refused(entry: Any) -> None:
    """
    A topic or a word too few, or a byte that cannot be: never a wrong value.
    """
    log = build_log(entry)
    with pytest.raises(UnreadableLogError, match=entry["name"]):
        decode_logs([{**log, "topics": [*log["topics"], "0x" + "00" * 32]}], 0)
    if len(log["topics"]) > 1:
        with pytest.raises(UnreadableLogError):
            decode_logs([{**log, "topics": log["topics"][:-1]}], 0)
    if len(log["data"]) > 2:
        for data in (log["data"][:-64], "0x", log["data"][:-1] + "g"):
            with pytest.raises(UnreadableLogError):
                decode_logs([{**log, "data": data}], 0)


def test_decoding__an_address_or_flag_with_dirt_in_front__is_refused() -> None:
    """
    Our contracts log clean words: anything else is not theirs.
    """
    guardian = next(entry for entry in ENTRIES if entry["name"] == "GuardianSet")
    log = build_log(guardian)
    dirty = "0x" + "01" * 32
    with pytest.raises(UnreadableLogError, match="no address"):
        decode_logs([{**log, "topics": [log["topics"][0], dirty]}], 0)
    with pytest.raises(UnreadableLogError, match="no flag"):
        decode_logs([{**log, "data": dirty}], 0)


def test_decoding__what_is_no_log_or_none_of_ours__is_told_apart() -> None:
    """
    Strangers' topics are left out; an answer that is no log is the node's fault.
    """
    log = build_log(ENTRIES[0])
    assert decode_logs([{**log, "topics": []}, {**log, "topics": ["0x" + "12" * 32]}], 0) == []
    for broken in ({"topics": log["topics"]}, {**log, "data": None}, {**log, "blockNumber": 16}):
        with pytest.raises(BadAnswerError):
            decode_logs([broken], 0)


def test_spell__any_address__is_as_the_library_spells_it() -> None:
    """
    The fast spelling is the checksummed one.
    """
    for _ in range(300):
        digits = CHANCE.randbytes(20).hex()
        assert spell(digits) == spell(digits.upper()) == checksummed(f"0x{digits}")


def test_bloom__what_was_logged__is_held() -> None:
    """
    Never a false no; and an empty filter holds nothing.
    """
    logs = [build_log(CHANCE.choice(ENTRIES)) for _ in range(20)]
    bloom = build_bloom(logs)
    values = [value for log in logs for value in (log["address"], *log["topics"])]
    assert held(bloom, values) == values
    assert held(0, values) == []
    strangers = ["0x" + CHANCE.randbytes(20).hex() for _ in range(200)]
    assert len(held(bloom, strangers)) < 20
