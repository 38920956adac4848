"""
The books by themselves: what they would say if contracts and model were wrong together.
"""

from typing import Any

import pytest

from bursar import events as e
from bursar.budgets import Budget
from bursar.events import Event
from bursar.reasons import Reason
from bursar.reference import Accepted, Call
from bursar.types import ALL_BPS, DAY, HOUR, MAX_UINT256, Address, Bytes32
from tests.differential.books import Books
from tests.differential.invariants import InvariantError, Invariants
from tests.differential.refusals import Refusals
from tests.harness.evm import MONDAY, actor

ORGANIZATION, WALLET, AGENT, TOKEN, TO, TREASURY, KEEPER = (
    Address(actor(name))
    for name in ("organization", "wallet", "agent", "token", "recipient", "treasury", "keeper")
)
CATEGORY = Bytes32(b"general".ljust(32, b"\0"))
REF = Bytes32(b"\0" * 32)
FIGURES: dict[str, Any] = {
    "per_payment": 100,
    "hourly": 100,
    "daily": 100,
    "queue_from": MAX_UINT256,
    "max_payments": 5,
    "expires_at": MONDAY + 30 * DAY,
    "share_bps": ALL_BPS,
    "rolling": False,
    "allowlist_only": False,
}
BUDGET: dict[str, Any] = {"emitter": WALLET, "agent": AGENT, "token": TOKEN, "category": CATEGORY}
HELD = {TOKEN: 1_000}


class Office:
    """
    Books of one open wallet with one budget, set at Monday midnight.
    """

    def __init__(self, **figures: Any) -> None:
        self.books = Books(TREASURY)
        self.invariants = Invariants(self.books, ORGANIZATION)
        self.refusals = Refusals(self.books, ORGANIZATION)
        first: dict[str, Any] = {"emitter": WALLET, "at": MONDAY}
        self.books.timeout = MAX_UINT256
        self.books.note(e.WalletLimitSet(**first, token=TOKEN, daily=10_000))
        self.books.note(e.Sealed(**first))
        self.set(MONDAY, **figures)

    def set(self, at: int, **figures: Any) -> None:
        """
        Without a check: whatever was decided elsewhere.
        """
        self.books.note(self.budget_set(at, **figures))

    def budget_set(self, at: int, **figures: Any) -> e.BudgetSet:
        """
        The event of a budget that knows of nothing spent.
        """
        budget = Budget(**{**FIGURES, **figures})
        return e.BudgetSet(**BUDGET, at=at, budget=budget, hour_spent=0, day_spent=0)

    def accept(self, *events: Event, sender: Address = AGENT, function: str = "pay") -> None:
        """
        Check a call that was accepted with these events.
        """
        call = Call(sender, WALLET, function, (TOKEN, TO, 1, CATEGORY, REF))
        self.invariants.check(call, Accepted(events), HELD)

    def pay(self, at: int, amount: int) -> None:
        """
        A payment at a Unix time.
        """
        left: dict[str, Any] = {"hour_remaining": 0, "day_remaining": 0}
        self.accept(e.Paid(**BUDGET, **left, at=at, to=TO, amount=amount, ref=REF))

    def refuse(self, at: int, amount: int, reason: Reason) -> None:
        """
        Check a payment that was refused.
        """
        call = Call(AGENT, WALLET, "pay", (TOKEN, TO, amount, CATEGORY, REF))
        self.refusals.check(call, reason, at, HELD)


@pytest.mark.parametrize("later", [1, HOUR, DAY - 1, DAY])
def test_rolling__too_much_within_24_hours__is_a_violation(later: int) -> None:
    """
    Whatever hour or day it is, to the second; a second more than a day apart is two windows.
    """
    office = Office(rolling=True)
    begin = MONDAY + 2 * DAY + HOUR - 1
    office.pay(begin, 60)
    with pytest.raises(InvariantError):
        office.pay(begin + later, 41)

    office = Office(rolling=True)
    office.pay(begin, 60)
    office.pay(begin + DAY + 1, 100)


def test_rolling__switched_on_later__counts_the_day_so_far() -> None:
    """
    What was paid since midnight counts for 24 hours, what was paid the day before does not.
    """
    office = Office()
    office.pay(MONDAY + 10, 100)
    office.pay(MONDAY + DAY + 10, 60)
    office.set(MONDAY + DAY + HOUR, rolling=True)
    office.pay(MONDAY + DAY + 2 * HOUR, 40)
    with pytest.raises(InvariantError):
        office.pay(MONDAY + 2 * DAY + 5, 1)


def test_share__base_is_fixed_for_the_day__and_no_more_is_paid() -> None:
    """
    A tenth of the 1,000 that were held, until midnight; then a base of its own has to be told.
    """
    office = Office(daily=500, hourly=500, per_payment=500, share_bps=1_000)
    base = e.ShareBaseSet(**BUDGET, at=MONDAY + 1, balance=1_000)
    office.accept(base)
    office.pay(MONDAY + 1, 100)
    with pytest.raises(InvariantError, match="over the daily limit"):
        office.pay(MONDAY + 2, 1)
    with pytest.raises(InvariantError, match="moved within a day"):
        office.accept(base)
    with pytest.raises(InvariantError, match="without a base"):
        office.pay(MONDAY + DAY, 1)
    with pytest.raises(InvariantError, match="the balance was 1000"):
        office.accept(e.ShareBaseSet(**BUDGET, at=MONDAY + DAY, balance=1_001))


@pytest.mark.parametrize("figure", ["hourly", "daily", "per_payment", "max_payments"])
def test_windows__one_too_many__is_a_violation(figure: str) -> None:
    """
    Each limit by itself.
    """
    office = Office(**{**FIGURES, figure: 1})
    if figure != "per_payment":
        office.pay(MONDAY + 1, 1)
    with pytest.raises(InvariantError):
        office.pay(MONDAY + 1, 2)


def test_budget__that_forgets_what_was_spent_or_rises__is_a_violation() -> None:
    """
    A change keeps the counters, and nobody raises anything in a sealed wallet at once.
    """
    office = Office()
    office.pay(MONDAY + 1, 10)
    with pytest.raises(InvariantError, match="10 was spent this hour"):
        office.accept(office.budget_set(MONDAY + 2, daily=100), sender=TREASURY)
    with pytest.raises(InvariantError, match="loosened without having waited"):
        office.accept(office.budget_set(MONDAY + DAY, daily=101), sender=TREASURY)
    with pytest.raises(InvariantError, match="raised by another"):
        office.accept(office.budget_set(MONDAY + DAY, daily=101), sender=KEEPER)


def test_nonce__used_twice__is_a_violation() -> None:
    """
    One signature, one payment.
    """
    office = Office()
    used = e.NonceVoided(emitter=WALLET, at=MONDAY, agent=AGENT, nonce=7)
    office.accept(used)
    with pytest.raises(InvariantError, match="second time"):
        office.accept(used)


@pytest.mark.parametrize(
    ("reason", "amount"),
    [
        (Reason.PAYMENTS_STOPPED, 1),
        (Reason.PAYMENTS_NO_BUDGET, 1),
        (Reason.PAYMENTS_AMOUNT, 100),
        (Reason.PAYMENTS_RECIPIENT, 1),
        (Reason.PAYMENTS_HOURLY, 50),
        (Reason.PAYMENTS_DAILY, 50),
        (Reason.PAYMENTS_COUNT, 1),
        (Reason.PAYMENTS_WALLET_LIMIT, 1),
        (Reason.PAYMENTS_TOKEN_NOT_ENABLED, 1),
        (Reason.PAYMENTS_BALANCE, 1_000),
    ],
)
@pytest.mark.parametrize("rolling", [False, True])
def test_refusal__without_a_cause__is_a_violation(
    reason: Reason, amount: int, rolling: bool
) -> None:
    """
    A wallet that refuses what its limits allow is wrong too.
    """
    office = Office(rolling=rolling)
    with pytest.raises(InvariantError, match="without a cause"):
        office.refuse(MONDAY + 10 * DAY, amount, reason)


def test_refusal__with_a_cause__is_none() -> None:
    """
    One more than is left.
    """
    office = Office(rolling=True)
    begin = MONDAY + 10 * DAY
    office.pay(begin, 100)
    office.refuse(begin + 1, 1, Reason.PAYMENTS_HOURLY)
    office.refuse(begin + DAY, 1, Reason.PAYMENTS_DAILY)
    with pytest.raises(InvariantError, match="without a cause"):
        office.refuse(begin + DAY + HOUR, 1, Reason.PAYMENTS_DAILY)
