"""
Batches as the reference has them: all or nothing, charged once, each counted.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.budgets import BudgetLine, changed_budget
from bursar.payments import Payment, WalletLimit, judge, judge_batch
from bursar.reasons import Reason
from bursar.reference import PLAIN, TOKEN_BALANCE, Accepted
from bursar.state import fold
from bursar.types import DAY, EMPTY, HOUR, MAX_BATCH, NATIVE, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    KEEPER,
    NOON,
    ORGANIZATION,
    OTHER,
    OTHER_AGENT,
    RECIPIENT,
    REFUND,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    budget,
    name_of,
)


@pytest.fixture
def office() -> Office:
    """
    A sealed wallet whose agent's payments wait from 50 on.
    """
    return Office().open(queue_from=50 * USDC)


def batch(*amounts: int, to: Any = RECIPIENT) -> tuple[Payment, ...]:
    """
    Payments of these amounts, each with its own reference.
    """
    return tuple(Payment(to, amount, name_of(str(i))) for i, amount in enumerate(amounts))


def pay_many(office: Office, *amounts: int, **given_payment: Any) -> Any:
    """
    Let the agent pay a batch.
    """
    payments = batch(*amounts, **given_payment)
    return office.do(AGENT, office.wallet, "pay_many", TOKEN, REFUND, payments)


def refused(office: Office, *amounts: int, **given_payment: Any) -> str:
    """
    Let the agent try to pay a batch.
    """
    payments = batch(*amounts, **given_payment)
    return office.refused(AGENT, office.wallet, "pay_many", TOKEN, REFUND, payments)


def test_pay_many__within_every_limit__pays_each_and_says_what_the_batch_left(office):
    """One event a payment, in order, all with what is left after the whole batch."""
    before = len(office.history)
    assert pay_many(office, 5, 7, 5) is None
    logged = [event.content() for event in office.history[before:]]
    assert [event["event"] for event in logged] == ["Paid"] * 3
    assert [event["amount"] for event in logged] == [5, 7, 5]
    assert [event["ref"] for event in logged] == [name_of(str(i)) for i in range(3)]
    assert {event["hour_remaining"] for event in logged} == {300 * USDC - 17}
    assert {event["day_remaining"] for event in logged} == {1_000 * USDC - 17}
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == 17
    assert office.remaining() == (300 * USDC - 17, 1_000 * USDC - 17, 97)
    assert office.view(office.wallet, "wallet_remaining", TOKEN) == 10_000 * USDC - 17
    assert fold(office.history) == office.state


def test_pay_many__in_coarse_units__rounds_up_once():
    """Ten payments of one base unit cost one unit, not ten."""
    office = Office().open(per_payment=10**18, hourly=10**18, daily=10**18)
    unit = 10**9
    pay_many(office, *[1] * 10)
    assert office.remaining() == (10**18 - unit, 10**18 - unit, 90)
    for _ in range(2):
        office.pay(1)
    assert office.remaining() == (10**18 - 3 * unit, 10**18 - 3 * unit, 88)
    pay_many(office, *[unit // 2] * 3)
    assert office.remaining() == (10**18 - 5 * unit, 10**18 - 5 * unit, 85)
    assert fold(office.history) == office.state


@pytest.mark.parametrize(
    ("figures", "amounts", "reason"),
    [
        ({}, (), Reason.PAYMENTS_AMOUNT),
        ({}, (1, 0, 1), Reason.PAYMENTS_AMOUNT),
        ({}, (1, 100 * USDC + 1), Reason.PAYMENTS_AMOUNT),
        ({}, (49 * USDC, 50 * USDC), Reason.PAYMENTS_WAIT),
        ({}, (49 * USDC, 50 * USDC - 1), None),
        ({"queue_from": 0}, (1,), Reason.PAYMENTS_WAIT),
        ({"allowlist_only": True}, (1,), Reason.PAYMENTS_RECIPIENT),
        ({"hourly": 100 * USDC}, (49 * USDC, 49 * USDC, 2 * USDC), None),
        ({"hourly": 100 * USDC}, (49 * USDC, 49 * USDC, 2 * USDC + 1), Reason.PAYMENTS_HOURLY),
        ({"hourly": 100 * USDC, "daily": 100 * USDC}, (49 * USDC,) * 3, Reason.PAYMENTS_HOURLY),
        ({"max_payments": 3}, (1, 1, 1), None),
        ({"max_payments": 3}, (1, 1, 1, 1), Reason.PAYMENTS_COUNT),
    ],
)
def test_pay_many__around_each_limit__is_refused_as_a_whole(figures, amounts, reason):
    """Each payment by itself, then the sum and the number of them."""
    office = Office().open(**{"queue_from": 50 * USDC} | figures)
    if reason is None:
        pay_many(office, *amounts)
    else:
        kept = office.state.copy()
        assert refused(office, *amounts) == reason
        assert office.state == kept
        assert office.ledger.balance_of(TOKEN, RECIPIENT) == 0


def test_pay_many__over_the_day__is_refused(office):
    """The day counts what earlier hours used."""
    office.set_budget(hourly=100 * USDC, daily=120 * USDC, queue_from=50 * USDC)
    pay_many(office, 40 * USDC, 40 * USDC)
    office.now += HOUR
    assert refused(office, 40 * USDC, 1) == Reason.PAYMENTS_DAILY
    pay_many(office, 39 * USDC, 1 * USDC)


def test_pay_many__recipients__are_each_looked_at(office):
    """Neither nobody nor the wallet, and on the list where the budget asks for it."""
    for to in (ZERO_ADDRESS, office.wallet):
        payments = (*batch(1), Payment(to, 1, EMPTY))
        decided = office.refused(AGENT, office.wallet, "pay_many", TOKEN, REFUND, payments)
        assert decided == Reason.PAYMENTS_RECIPIENT


def test_pay_many__everything_amiss__names_the_first(office):
    """Stopped, budget, then payment by payment: amount, recipient, waiting."""
    call = (office.wallet, "pay_many", TOKEN, REFUND)
    wrong = (
        Payment(ZERO_ADDRESS, 60 * USDC, EMPTY),
        Payment(RECIPIENT, 0, EMPTY),
    )
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 60, "")
    assert office.refused(AGENT, *call, ()) == Reason.PAYMENTS_STOPPED
    office.now += 60
    assert office.refused(OTHER_AGENT, *call, ()) == Reason.PAYMENTS_NO_BUDGET
    assert office.refused(AGENT, *call, ()) == Reason.PAYMENTS_AMOUNT
    assert office.refused(AGENT, *call, wrong) == Reason.PAYMENTS_RECIPIENT
    assert office.refused(AGENT, *call, wrong[::-1]) == Reason.PAYMENTS_AMOUNT
    waiting = (Payment(RECIPIENT, 60 * USDC, EMPTY), *wrong)
    assert office.refused(AGENT, *call, waiting) == Reason.PAYMENTS_WAIT


def test_pay_many__wallet__is_asked_for_the_sum():
    """The wallet's day and its money hold for the whole batch."""
    office = Office().open()
    office.do(TREASURY, office.wallet, "set_wallet_limit", TOKEN, 150 * USDC)
    assert refused(office, 100 * USDC, 50 * USDC + 1) == Reason.PAYMENTS_WALLET_LIMIT
    office.ledger.balances[TOKEN, office.wallet] = 149 * USDC
    assert refused(office, 100 * USDC, 50 * USDC) == TOKEN_BALANCE
    pay_many(office, 100 * USDC, 49 * USDC)
    office.do(TREASURY, office.wallet, "set_wallet_limit", TOKEN, 0)
    assert refused(office, 1) == Reason.PAYMENTS_TOKEN_NOT_ENABLED


def test_pay_many__native_currency__needs_the_sum_and_takers():
    """Transfers go one by one: whichever fails first, the balance or a recipient, is the reason."""
    office = Office()
    office.do(TREASURY, office.wallet, "set_budget", AGENT, NATIVE, REFUND, budget())
    office.do(TREASURY, office.wallet, "set_wallet_limit", NATIVE, 100)
    office.open()
    office.do(STRANGER, office.wallet, "__default__", value=10)
    call = (AGENT, office.wallet, "pay_many", NATIVE, REFUND)
    office.ledger.refusing_native.add(STRANGER)
    refusing = batch(4, to=STRANGER)
    for payments, reason in (
        (batch(4, 7), Reason.PAYMENTS_BALANCE),
        ((*batch(4), *refusing, *batch(4)), Reason.TRANSFERS_RECIPIENT),
        ((*batch(4, 7), *refusing), Reason.PAYMENTS_BALANCE),
        ((*refusing, *batch(4, 7)), Reason.TRANSFERS_RECIPIENT),
    ):
        assert office.refused(*call, payments) == reason
        assert office.ledger.balance_of(NATIVE, RECIPIENT) == 0
    office.do(*call, batch(4, 6))
    assert office.ledger.balance_of(NATIVE, RECIPIENT) == 10


@pytest.mark.parametrize(("size", "fits"), [(MAX_BATCH, True), (MAX_BATCH + 1, False)])
def test_pay_many__around_the_longest__is_refused_by_the_abi(size, fits):
    """At most 100."""
    office = Office().open()
    if fits:
        pay_many(office, *[1] * size)
    else:
        assert refused(office, *[1] * size) == PLAIN


@given(
    st.lists(st.integers(0, 30 * USDC), min_size=1, max_size=6),
    st.integers(0, 320 * USDC),
    st.sampled_from([0, HOUR, DAY]),
    st.booleans(),
)
def test_pay_many__any_batch__is_accepted_where_the_sum_fits_and_folds_to_the_same(
    amounts, before, pause, rolling
):
    """
    Like one payment of the sum where each may be paid, but for the count; and what the events
    rebuild is what was decided.
    """
    office = Office().open(per_payment=320 * USDC, hourly=320 * USDC, rolling=rolling)
    if before:
        office.pay(before)
    office.now += pause
    wallet = office.state.wallet(office.wallet)
    line, limit = wallet.line(AGENT, TOKEN, REFUND), wallet.limits[TOKEN]
    asked = {"stopped": False, "balance": 5_000 * USDC, "now": office.now}
    verdict = judge_batch(line, limit, [(amount, True, False) for amount in amounts], **asked)
    single = judge(line, limit, amount=sum(amounts), possible=True, listed=False, **asked)
    assert verdict.reason == (Reason.PAYMENTS_AMOUNT if 0 in amounts else single.reason)
    decision = office.decide(AGENT, office.wallet, "pay_many", TOKEN, REFUND, batch(*amounts))
    assert isinstance(decision, Accepted) is (verdict.line is not None)
    if verdict.line is not None:
        pay_many(office, *amounts)
        assert office.state.wallet(office.wallet).line(AGENT, TOKEN, REFUND) == verdict.line


def test_judge_batch__of_one__is_what_judge_says():
    """Where nothing waits, a batch of one is a payment."""
    figures = budget(per_payment=10, hourly=20, daily=30, max_payments=1)
    line, limit = changed_budget(None, figures, NOON), WalletLimit(daily=100)
    assert isinstance(line, BudgetLine)
    asked = {"stopped": False, "balance": 10, "now": NOON}
    for amount in (0, 1, 9, 10, 11):
        one = judge(line, limit, amount=amount, possible=True, listed=False, **asked)
        assert judge_batch(line, limit, [(amount, True, False)], **asked) == one


def test_pay_many__by_others__finds_no_budget(office):
    """A budget is its agent's alone."""
    for caller in (TREASURY, KEEPER, STRANGER):
        call = (caller, office.wallet, "pay_many", TOKEN, REFUND, batch(1))
        assert office.refused(*call) == Reason.PAYMENTS_NO_BUDGET
    call = (AGENT, office.wallet, "pay_many", TOKEN, OTHER, batch(1))
    assert office.refused(*call) == Reason.PAYMENTS_NO_BUDGET
