"""
One model per event: strict at the edge, in the contract's order, equal wherever it was logged.
"""

import pytest
from pydantic import ValidationError

from bursar.events import (
    EVENTS,
    ORGANIZATION_EVENTS,
    WALLET_EVENTS,
    BudgetSet,
    Event,
    HeartbeatSent,
    Paid,
    Paused,
)
from bursar.types import MAX_UINT256
from tests.unit.office import KEEPER, NOON, ORGANIZATION, RECIPIENT, Office, name_of


def test_events__the_registry__has_one_model_per_event_of_both_contracts():
    """14 events of the organisation and 17 of the wallet, by their names."""
    assert (len(ORGANIZATION_EVENTS), len(WALLET_EVENTS), len(EVENTS)) == (14, 17, 31)
    assert all(EVENTS[name].__name__ == name for name in EVENTS)


def test_events__their_arguments__are_in_the_contracts_order():
    """Arguments as in the contract, indexed ones named, without what every event has."""
    assert Paid.argument_names() == [
        "agent",
        "token",
        "to",
        "amount",
        "category",
        "ref",
        "hour_remaining",
        "day_remaining",
    ]
    assert Paid.indexed == ("agent", "token", "to")
    for event in EVENTS.values():
        assert set(event.indexed) <= set(event.argument_names())
        assert len(event.indexed) <= 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": KEEPER.lower()},
        {"by": "0x12"},
        {"by": 5},
        {"at": -1},
        {"at": 1.0},
        {"at": True},
        {"at": MAX_UINT256 + 1},
        {"seen": 1},
    ],
)
def test_event__anything_but_its_fields__is_refused(wrong):
    """Addresses are checksummed, numbers are uint256, and nothing is coerced."""
    fields = {"emitter": ORGANIZATION, "at": NOON, "by": KEEPER}
    HeartbeatSent(**fields)
    with pytest.raises(ValidationError):
        HeartbeatSent(**fields | wrong)


def test_event__changed__is_refused():
    """What was logged was logged."""
    event = HeartbeatSent(emitter=ORGANIZATION, at=NOON, by=KEEPER)
    with pytest.raises(ValidationError):
        event.at = NOON + 1  # type: ignore[misc]


def test_event__its_content__leaves_out_the_position():
    """What was foretold equals what was logged, wherever that was."""
    fields = {"emitter": ORGANIZATION, "at": NOON, "by": KEEPER}
    foretold = HeartbeatSent(**fields)
    logged = HeartbeatSent(**fields, block=7, transaction=name_of("hash"), log=3)
    assert foretold != logged
    assert foretold.content() == logged.content()


def test_event__as_json__round_trips():
    """Bytes are hex outside; a 256-bit number survives."""
    office = Office().open()
    office.pay(5)
    for event in office.history:
        read = type(event).model_validate_json(event.model_dump_json())
        assert read == event
    assert any(isinstance(event, BudgetSet) for event in office.history)


def test_event__a_reason_of_any_text__is_taken():
    """Whoever stops something writes the reason: no text may keep the event from being read."""
    Paused(
        emitter=ORGANIZATION,
        at=NOON,
        scope=RECIPIENT,
        by=KEEPER,
        until=MAX_UINT256,
        number=1,
        reason="\ufffd" * 64,
    )


def test_events__every_model__describes_itself():
    """Documentation is written from the models."""
    for event in EVENTS.values():
        assert event.__doc__
        assert event.__doc__ != Event.__doc__
