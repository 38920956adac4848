"""
The rules about what is unusual: each at its figure, one below and one above.
"""

from __future__ import annotations

from typing import Any

import pytest

from bursar.events import Paid
from bursar.treasury.anomalies import (
    Anomaly,
    Period,
    Rule,
    Surroundings,
    find_anomalies,
    has_enough_days,
    is_night,
    usual_bound,
)
from bursar.treasury.spends import Spend
from bursar.types import DAY, EMPTY, HOUR, MAX_UINT256, Address, Bytes32, checksummed

WALLET = checksummed("0x" + "aa" * 20)
AGENT = checksummed("0x" + "bb" * 20)
TOKEN = checksummed("0x" + "cc" * 20)
VENDOR = checksummed("0x" + "dd" * 20)
STRANGER = checksummed("0x" + "ee" * 20)
FIRST = 20_000 * DAY
LIMIT = 10_000
PERIOD = Period(FIRST, FIRST + 7 * DAY + 10 * HOUR)


def spend(day: int, amount: int, hour: float = 12, **changed: Any) -> Spend:
    """
    A payment on a day of the period, at noon to the vendor unless said otherwise.
    """
    at = FIRST + day * DAY + int(hour * HOUR)
    to: Address = changed.get("to", VENDOR)
    event = Paid(
        emitter=WALLET,
        at=at,
        agent=AGENT,
        token=TOKEN,
        to=to,
        amount=amount,
        category=EMPTY,
        ref=Bytes32(at.to_bytes(32, "big")),
        hour_remaining=0,
        day_remaining=0,
    )
    return Spend(
        at=at,
        wallet=WALLET,
        agent=AGENT,
        token=TOKEN,
        to=to,
        amount=amount,
        category=EMPTY,
        ref=event.ref,
        daily=changed.get("daily", LIMIT),
        queue_from=changed.get("queue_from", MAX_UINT256),
        waited=changed.get("waited", False),
        event=event,
    )


def found(spends: list[Spend], **changed: Any) -> list[Anomaly]:
    """
    What the rules find, for an agent who is known since the period's first day.
    """
    around = Surroundings(
        limits={(WALLET, AGENT, TOKEN): changed.get("limit", LIMIT)},
        since={(WALLET, AGENT, TOKEN): changed.get("since", FIRST)},
        listed=changed.get("listed", lambda wallet, to: False),
        declared=changed.get("declared"),
    )
    return find_anomalies(sorted(spends), around, PERIOD)


def rules(spends: list[Spend], **changed: Any) -> list[Rule]:
    """
    Only which rules.
    """
    return [one.rule for one in found(spends, **changed)]


WEEK = [spend(day, 1_000 + 50 * (day % 3)) for day in range(7)]


def test_week__as_always__has_no_anomaly() -> None:
    """An agent who pays about the same each day raises nothing."""
    assert rules(WEEK) == []


def test_day__around_five_spreads__is_unusual_above_them() -> None:
    """The median of the other days and five spreads is still usual, one base unit more is not."""
    others = [spend(day, 1_000) for day in range(7) if day != 4]
    # The limit's twentieth is the largest spread here: 500.
    assert usual_bound([1_000] * 6, LIMIT) == 3_500

    assert rules([*others, spend(4, 3_500)]) == []
    (unusual,) = found([*others, spend(4, 3_501)])
    assert (unusual.rule, unusual.amount, unusual.bound) == (Rule.DAY, 3_501, 3_500)
    assert unusual.at // DAY == FIRST // DAY + 4


@pytest.mark.parametrize(
    ("days", "limit", "bound"),
    [
        ([1_000] * 6, 0, 1_500),  # a tenth of the median
        ([0] * 6, LIMIT, 2_500),  # a twentieth of the limit: quiet agents may begin
        ([1_000, 2_000, 3_000, 4_000, 5_000], 0, 3_000 + 5 * 1_482),  # 1.4826 MAD
    ],
)
def test_bound__by_its_largest_spread__is_the_median_and_five_of_it(
    days: list[int], limit: int, bound: int
) -> None:
    """Each of the three spreads decides where it is the largest."""
    assert usual_bound(days, limit) == bound


def test_day__of_an_agent_who_is_too_young__is_not_judged() -> None:
    """With three other days nothing is a median, with four something is; the report says which."""
    wild = spend(6, 9_000, daily=100_000)
    for days, judged in ((3, False), (4, True)):
        since = FIRST + (6 - days) * DAY
        own = [spend(6 - number, 500) for number in range(1, days + 1)]
        assert (Rule.DAY in rules([*own, wild], since=since)) is judged
        assert has_enough_days(since, PERIOD) is judged


def test_day__not_over_yet__is_judged_and_is_no_example() -> None:
    """Today so far can be too much, and does not pull the median down."""
    assert rules([*WEEK, spend(7, 9_000, hour=9, daily=100_000)]) == [Rule.DAY]


def test_recipient__new_with_a_quarter_of_the_day__is_found() -> None:
    """One base unit less, somebody known, on the list, or too early: nothing."""
    new = spend(5, LIMIT // 4, to=STRANGER)
    quiet = {"since": FIRST + 5 * DAY}  # keeps the rule of days out of it

    (unusual,) = found([*WEEK, new], **quiet)
    assert (unusual.rule, unusual.to, unusual.payments) == (Rule.RECIPIENT, STRANGER, 1)
    assert rules([*WEEK, spend(5, LIMIT // 4 - 1, to=STRANGER)], **quiet) == []
    assert rules([*WEEK, new], listed=lambda wallet, to: to == STRANGER, **quiet) == []
    assert rules([*WEEK, new, spend(-1, 1, to=STRANGER)], **quiet) == []
    assert rules([spend(4, 10), new], **quiet) == []  # paying others only since a day


def test_cluster__three_just_below__is_found() -> None:
    """From 90 % of what would wait; two, or one below that, or those that waited are none."""
    near = [spend(5, 90, hour=hour, queue_from=100) for hour in (9, 10, 11)]
    quiet = {"since": FIRST + 5 * DAY}

    assert rules(near, **quiet) == [Rule.CLUSTER]
    assert rules(near[:2], **quiet) == []
    below = spend(5, 89, hour=11, queue_from=100)
    assert rules([*near[:2], below], **quiet) == []
    waited = [one._replace(waited=True) for one in near]
    assert rules(waited, **quiet) == []


@pytest.mark.parametrize(
    ("hour", "night"), [(21.999, False), (22, True), (0, True), (5.999, True), (6, False)]
)
def test_night__is_from_22_to_6(hour: float, night: bool) -> None:
    """Its ends, in UTC."""
    assert is_night(FIRST + int(hour * HOUR)) is night


def test_night__three_payments_by_who_never_does__are_found() -> None:
    """A night goes over midnight; who often pays at night, or hardly ever, is left alone."""
    day = [spend(day, 100, hour=hour) for day in range(5) for hour in (9, 15)]
    night = [spend(5, 100, hour=23), spend(6, 100, hour=1), spend(6, 100, hour=2)]

    (unusual,) = found([*day, *night])
    assert (unusual.rule, unusual.payments) == (Rule.NIGHT, 3)
    assert rules([*day, *night[:2]]) == []
    assert rules([*day[:9], *night]) == []
    often = [spend(1, 100, hour=3)]
    assert rules([*day, *often, *night]) == []


def test_utilisation__above_80_percent__is_a_notice() -> None:
    """At 80 % it is not, one base unit above it is; the limit is the one of that day."""
    quiet = {"since": FIRST + 5 * DAY}
    assert rules([spend(5, 8_000)], **quiet) == []
    assert rules([spend(5, 8_001)], **quiet) == [Rule.UTILISATION]
    assert rules([spend(5, 8_001, daily=20_000)], **quiet) == []


def test_undeclared__without_a_receipt__is_one_alarm_for_an_agent() -> None:
    """Where receipts can be judged, every payment without one counts; where not, none does."""
    (unusual,) = found(WEEK, declared=lambda one: one.at < FIRST + 3 * DAY)
    assert (unusual.rule, unusual.payments) == (Rule.UNDECLARED, 4)
    assert rules(WEEK, declared=lambda one: True) == []


def test_anomalies__before_the_period__are_not_told_again() -> None:
    """What was odd a month ago was in an earlier report."""
    old = spend(-20, 9_999, to=STRANGER, hour=3)
    known = spend(-21, 1)
    assert rules([known, old, *WEEK], since=FIRST - 30 * DAY, declared=lambda one: one != old) == []
