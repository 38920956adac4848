"""
Logs → events, without a node: every event has a model, and nothing that is logged can choke it.
"""

from typing import Any

import pytest
from eth_abi.abi import encode

from bursar.budgets import Budget
from bursar.chain.abi import signature_of
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.errors import UnreadableLogError
from bursar.chain.logs import decode_log, event_types
from bursar.events import ORGANIZATION_EVENTS, WALLET_EVENTS, BudgetSet, Paused
from bursar.types import Address, Bytes32, checksummed, keccak

EMITTER = checksummed("0x" + "e1" * 20)
SCOPE = checksummed("0x" + "5c" * 20)
KEEPER = checksummed("0x" + "2e" * 20)
# Not yet in the contracts.
FORETOLD = {"NonceVoided", "ShareBaseSet"}


def word(address: Address) -> str:
    """
    An address as an indexed argument.
    """
    return "0x" + address[2:].lower().rjust(64, "0")


def log(signature: str, topics: list[str], data: bytes, **changed: Any) -> dict[str, Any]:
    """
    A log as a node gives it.
    """
    return {
        "address": EMITTER.lower(),
        "topics": [f"0x{keccak(signature.encode()).hex()}", *topics],
        "data": f"0x{data.hex()}",
        "blockNumber": "0x10",
        "blockHash": "0x" + "bb" * 32,
        "transactionHash": "0x" + "77" * 32,
        "logIndex": "0x3",
        **changed,
    }


PAUSED = "Paused(address,address,uint256,uint256,string)"


def paused(reason: bytes) -> dict[str, Any]:
    """
    A stop whose reason is any bytes.
    """
    data = encode(["uint256", "uint256", "bytes"], [9, 1, reason])
    return log(PAUSED, [word(SCOPE), word(KEEPER)], data)


def test_events__of_the_abis__are_the_models_to_the_letter() -> None:
    """
    Names, arguments, their order and which are indexed: as the contracts have them.
    """
    for contract, models in (
        (organization_type(), ORGANIZATION_EVENTS),
        (wallet_type(), WALLET_EVENTS),
    ):
        expected = {model.__name__: model for model in models}
        logged = {entry["name"]: entry["inputs"] for entry in contract.events}
        assert set(logged) | FORETOLD >= set(expected) >= set(logged)
        for name, inputs in logged.items():
            assert [item["name"] for item in inputs] == expected[name].argument_names()
            indexed = tuple(item["name"] for item in inputs if item["indexed"])
            assert indexed == expected[name].indexed


def test_event_types__topics__are_distinct() -> None:
    """
    The first topic alone tells which event it is.
    """
    entries = organization_type().events + wallet_type().events

    assert len(event_types()) == len(entries) == len({signature_of(e) for e in entries})


def test_decode_log__paused__has_arguments_emitter_time_and_position() -> None:
    """
    All of an event: what it says, who says it, when, and where.
    """
    assert decode_log(paused(b"odd"), at=5) == Paused(
        emitter=EMITTER,
        at=5,
        block=16,
        transaction=Bytes32(bytes.fromhex("77" * 32)),
        log=3,
        scope=SCOPE,
        by=KEEPER,
        until=9,
        number=1,
        reason="odd",
    )


def test_decode_log__struct__is_a_budget() -> None:
    """
    The figures arrive under their names.
    """
    figures = (1, 2, 3, 4, 5, 3_600, 10_000, False, True)
    kinds = "uint256," * 7 + "bool,bool"
    signature = f"BudgetSet(address,address,bytes32,({kinds}),uint256,uint256)"
    data = encode([f"({kinds})", "uint256", "uint256"], [figures, 6, 7])

    event = decode_log(log(signature, [word(SCOPE), word(KEEPER), "0x" + "ca" * 32], data), at=0)

    assert isinstance(event, BudgetSet)
    assert event.budget == Budget(**dict(zip(Budget.model_fields, figures, strict=True)))
    assert (event.hour_spent, event.day_spent) == (6, 7)


@pytest.mark.parametrize(
    ("given", "read"),
    [(b"", ""), (b"\xff\xfe", "\\xff\\xfe"), (b"a\0b", "a\0b"), ("é".encode(), "é")],
    ids=["empty", "no UTF-8", "a zero byte", "UTF-8"],
)
def test_decode_log__any_bytes_in_a_string__are_read(given: bytes, read: str) -> None:
    """
    A stolen keeper's reason must not blind whoever watches.
    """
    event = decode_log(paused(given), at=0)

    assert isinstance(event, Paused)
    assert event.reason == read


@pytest.mark.parametrize(
    "foreign",
    [log("Transfer(address,address,uint256)", [], b""), paused(b"") | {"topics": []}],
    ids=["another event", "no topic"],
)
def test_decode_log__not_ours__is_none(foreign: dict[str, Any]) -> None:
    """
    What no contract of ours logs is nobody's event.
    """
    assert decode_log(foreign, at=0) is None


@pytest.mark.parametrize(
    "twisted",
    [
        log(PAUSED, [], encode(["uint256", "uint256", "bytes"], [9, 1, b""])),
        log(PAUSED, [word(SCOPE), word(KEEPER)], b"\1"),
        log(PAUSED, [word(SCOPE), "0x" + "ff" * 32], paused(b"")["data"].encode()),
    ],
    ids=["topics missing", "data cut off", "no address"],
)
def test_decode_log__our_topic_in_another_shape__is_unreadable(twisted: dict[str, Any]) -> None:
    """
    A stranger may log anything with our topic: it is said with his address, not misread.
    """
    with pytest.raises(UnreadableLogError, match=twisted["address"]):
        decode_log(twisted, at=0)
