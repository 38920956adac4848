"""
Payments as the reference has them: at once, queued, executed, cancelled.
"""

import pytest

from bursar.reasons import PREVIEWS, Preview, Reason
from bursar.reference import TOKEN_BALANCE, Refused
from bursar.types import DAY, EMPTY, HOUR, NATIVE, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    MIDNIGHT,
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


WAITING = 60 * USDC


# Now


def test_pay__within_every_limit__leaves_and_logs_what_remains(office):
    """The payment moves the money and says what is left of the hour and the day."""
    assert office.pay(5, ref=name_of("order 1")) == EMPTY
    content = office.history[-1].content()
    assert content == {
        "event": "Paid",
        "emitter": office.wallet,
        "at": NOON,
        "agent": AGENT,
        "token": TOKEN,
        "to": RECIPIENT,
        "amount": 5,
        "category": REFUND,
        "ref": name_of("order 1"),
        "hour_remaining": 300 * USDC - 5,
        "day_remaining": 1_000 * USDC - 5,
    }
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == 5
    assert office.remaining() == (300 * USDC - 5, 1_000 * USDC - 5, 99)
    assert office.view(office.wallet, "wallet_remaining", TOKEN) == 10_000 * USDC - 5


def test_pay__the_same_twice__is_two_payments(office):
    """`ref` is no idempotency key."""
    office.pay(5)
    office.pay(5)
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == 10


def test_pay__by_others__finds_no_budget(office):
    """A budget is its agent's alone, whatever else the caller may do."""
    for caller in (TREASURY, GUARDIAN, KEEPER, OTHER_AGENT, STRANGER):
        pay = (caller, office.wallet, "pay", TOKEN, RECIPIENT, 1, REFUND, EMPTY)
        assert office.refused(*pay) == Reason.PAYMENTS_NO_BUDGET


@pytest.mark.parametrize("scope", [ORGANIZATION, AGENT, None])
def test_pay__while_stopped__is_refused_first(office, scope):
    """Nothing leaves while agent, wallet or organisation is stopped."""
    office.do(KEEPER, ORGANIZATION, "pause", scope or office.wallet, 60, "")
    assert office.pay_refused(0) == Reason.PAYMENTS_STOPPED
    office.now += 60
    assert office.pay_refused(0) == Reason.PAYMENTS_AMOUNT


def test_pay__before_sealing__is_stopped():
    """Until `seal` the wallet is stopped."""
    office = Office()
    office.set_budget()
    assert office.pay_refused(1) == Reason.PAYMENTS_STOPPED


def test_pay__to_nobody_or_the_wallet__is_refused(office):
    """Zero and the wallet itself are no recipients."""
    for to in (ZERO_ADDRESS, office.wallet):
        assert office.pay_refused(1, to=to) == Reason.PAYMENTS_RECIPIENT


def test_pay__allowlist_only__pays_the_listed():
    """Where the budget asks for it, only recipients on the wallet's list."""
    office = Office()
    office.do(TREASURY, office.wallet, "set_recipients", (RECIPIENT,), True)
    office.open(allowlist_only=True)
    office.pay(1)
    assert office.pay_refused(1, to=STRANGER) == Reason.PAYMENTS_RECIPIENT
    office.do(TREASURY, office.wallet, "set_recipients", (RECIPIENT,), False)
    assert office.pay_refused(1) == Reason.PAYMENTS_RECIPIENT


def test_pay__across_a_full_hour_and_midnight__starts_over():
    """UTC windows: the hourly limit frees on the hour, the daily one at midnight."""
    office = Office().open(per_payment=300 * USDC, daily=400 * USDC)
    office.now = MIDNIGHT + DAY - HOUR - 1
    office.pay(300 * USDC)
    assert office.pay_refused(1) == Reason.PAYMENTS_HOURLY
    office.now += 1
    assert office.pay_refused(100 * USDC + 1) == Reason.PAYMENTS_DAILY
    office.pay(100 * USDC)
    office.now += HOUR - 1
    assert office.pay_refused(1) == Reason.PAYMENTS_DAILY
    office.now += 1
    office.pay(300 * USDC)


def test_pay__more_than_the_wallet_holds__is_for_the_token_to_refuse(office):
    """The balance of a token is the token's to check; that of native currency the wallet's."""
    office.do(GUARDIAN, office.wallet, "sweep", TOKEN, "")
    assert office.pay_refused(1) == TOKEN_BALANCE
    assert preview(office, 1) is Preview.BALANCE


def native_office() -> Office:
    """
    A wallet that pays native currency.
    """
    office = Office()
    office.do(TREASURY, office.wallet, "set_budget", AGENT, NATIVE, REFUND, budget())
    office.do(TREASURY, office.wallet, "set_wallet_limit", NATIVE, 100)
    return office.open()


def test_pay__native_currency__comes_from_the_wallets_own():
    """Any balance counts, however it arrived."""
    office = native_office()
    pay = (AGENT, office.wallet, "pay", NATIVE, RECIPIENT)
    assert office.refused(*pay, 5, REFUND, EMPTY) == Reason.PAYMENTS_BALANCE
    office.do(STRANGER, office.wallet, "__default__", value=5)
    assert office.refused(*pay, 6, REFUND, EMPTY) == Reason.PAYMENTS_BALANCE
    office.do(*pay, 5, REFUND, EMPTY)
    assert office.ledger.balance_of(NATIVE, RECIPIENT) == 5


def test_pay__native_currency_to_who_takes_none__is_refused():
    """The organisation holds no money; another wallet takes it."""
    office = native_office()
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    office.ledger.refusing_native |= {STRANGER, second}
    office.do(STRANGER, office.wallet, "__default__", value=5)
    for to in (ORGANIZATION, STRANGER):
        pay = (AGENT, office.wallet, "pay", NATIVE, to, 1, REFUND, EMPTY)
        assert office.refused(*pay) == Reason.TRANSFERS_RECIPIENT
    office.do(AGENT, office.wallet, "pay", NATIVE, second, 1, REFUND, EMPTY)


def test_pay__wallet_limit_shared_by_agents__is_one_for_all():
    """All agents together stay within the wallet's UTC day."""
    office = Office()
    office.do(TREASURY, office.wallet, "set_budget", OTHER_AGENT, TOKEN, REFUND, budget())
    office.open()
    office.do(TREASURY, office.wallet, "set_wallet_limit", TOKEN, 150 * USDC)
    office.pay(100 * USDC)
    pay = (OTHER_AGENT, office.wallet, "pay", TOKEN, RECIPIENT)
    assert office.refused(*pay, 50 * USDC + 1, REFUND, EMPTY) == Reason.PAYMENTS_WALLET_LIMIT
    office.do(*pay, 50 * USDC, REFUND, EMPTY)
    assert office.view(office.wallet, "wallet_remaining", TOKEN) == 0
    office.now = MIDNIGHT + DAY
    assert office.view(office.wallet, "wallet_remaining", TOKEN) == 150 * USDC


# Preview


def preview(office: Office, amount: int) -> Preview:
    """
    What the wallet says that `pay` would do.
    """
    return Preview(office.view(office.wallet, "preview", AGENT, TOKEN, RECIPIENT, amount, REFUND))


@pytest.mark.parametrize("amount", [0, 1, 50 * USDC - 1, 50 * USDC, 100 * USDC, 100 * USDC + 1])
@pytest.mark.parametrize("stopped", [False, True])
def test_preview__any_amount__says_what_pay_does(office, amount, stopped):
    """`preview` shares `pay`'s code: the numbers are those of the reasons."""
    if stopped:
        office.do(KEEPER, ORGANIZATION, "pause", AGENT, 0, "")
    foretold = preview(office, amount)
    decision = office.decide(AGENT, office.wallet, "pay", TOKEN, RECIPIENT, amount, REFUND, EMPTY)
    if isinstance(decision, Refused):
        assert PREVIEWS[Reason(decision.reason)] is foretold
    else:
        assert foretold is (Preview.PAY if decision.result == EMPTY else Preview.QUEUE)


# Later


def test_queue__a_large_payment__waits_and_uses_nothing(office):
    """It keeps the delay and grace of its queueing, and the budget stays untouched."""
    id = office.pay(WAITING)
    assert id == office.view(
        office.wallet, "payment_id", AGENT, TOKEN, RECIPIENT, WAITING, REFUND, EMPTY
    )
    times = (AGENT, NOON + 600, NOON + 600 + DAY)
    assert office.view(office.wallet, "payment", id) == times
    assert office.remaining() == (300 * USDC, 1_000 * USDC, 100)
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == 0
    office.do(TREASURY, office.wallet, "set_payment_delay", DAY)
    office.do(TREASURY, office.wallet, "set_grace", HOUR)
    assert office.view(office.wallet, "payment", id) == times
    second = office.pay(WAITING, ref=OTHER)
    assert office.view(office.wallet, "payment", second) == (
        AGENT,
        NOON + DAY,
        NOON + DAY + HOUR,
    )


def test_queue__around_queue_from__waits_from_there_on(office):
    """A payment of at least `queue_from` waits."""
    assert office.pay(50 * USDC - 1) == EMPTY
    assert office.pay(50 * USDC) != EMPTY


def test_execute__around_its_times__is_refused_before_and_after(office):
    """Due from `ready_at`, gone at `expires_at`."""
    office.pay(WAITING)
    arguments = (STRANGER, office.wallet, "execute", *office.execute_arguments(WAITING))
    for now, reason in (
        (NOON + 599, Reason.QUEUE_NOT_DUE),
        (NOON + 600 + DAY, Reason.QUEUE_EXPIRED),
    ):
        office.now = now
        assert office.refused(*arguments) == reason
    office.now = NOON + 599 + DAY
    assert office.events(*arguments) == ["PaymentExecuted"]
    assert office.refused(*arguments) == Reason.QUEUE_NO_SUCH_PAYMENT
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == WAITING
    assert office.remaining() == (240 * USDC, 940 * USDC, 99)


def test_execute__anything_changed__is_no_such_payment(office):
    """It leaves to the recipient it names, for the amount it names."""
    office.pay(WAITING)
    office.now += 600
    good = office.execute_arguments(WAITING)
    for index, other in enumerate((STRANGER, NATIVE, STRANGER, WAITING - 1, OTHER, OTHER)):
        wrong = (*good[:index], other, *good[index + 1 :])
        assert (
            office.refused(STRANGER, office.wallet, "execute", *wrong)
            == Reason.QUEUE_NO_SUCH_PAYMENT
        )
    office.do(STRANGER, office.wallet, "execute", *good)


def test_execute__limits_and_stops__count_when_it_leaves(office):
    """Every stop and limit is checked at execution, and a refused one keeps waiting."""
    for ref in (EMPTY, OTHER):
        office.pay(WAITING, ref=ref)
    office.now += 600
    execute = (STRANGER, office.wallet, "execute", *office.execute_arguments(WAITING))
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 60, "")
    assert office.refused(*execute) == Reason.PAYMENTS_STOPPED
    office.now += 60
    office.do(*execute)
    office.set_budget(GUARDIAN, queue_from=50 * USDC, hourly=100 * USDC)
    execute = (STRANGER, office.wallet, "execute", *office.execute_arguments(WAITING, OTHER))
    assert office.refused(*execute) == Reason.PAYMENTS_HOURLY
    office.now += HOUR
    office.do(*execute)


def test_execute__budget_gone_meanwhile__is_refused(office):
    """Removing the budget is enough to keep what waits from leaving."""
    office.pay(WAITING)
    office.set_budget(GUARDIAN, expires_at=0)
    office.now += 600
    arguments = office.execute_arguments(WAITING)
    refused = office.refused(STRANGER, office.wallet, "execute", *arguments)
    assert refused == Reason.PAYMENTS_NO_BUDGET


def test_queue__an_identical_payment__is_refused_until_the_first_is_gone(office):
    """Executed, cancelled or expired, the same arguments may be queued again."""
    first = office.pay(WAITING)
    assert office.pay_refused(WAITING) == Reason.QUEUE_ALREADY_WAITING
    office.pay(WAITING + 1)
    office.do(AGENT, office.wallet, "cancel", first, "")
    assert office.pay(WAITING) == first
    office.now += 600
    execute = (STRANGER, office.wallet, "execute", *office.execute_arguments(WAITING))
    office.do(*execute)
    assert office.pay(WAITING) == first
    office.now += 599 + DAY
    assert office.pay_refused(WAITING) == Reason.QUEUE_ALREADY_WAITING
    office.now += 1
    assert office.view(office.wallet, "payment", first) == (ZERO_ADDRESS, 0, 0)
    assert office.pay(WAITING) == first
    assert office.view(office.wallet, "payment", first)[1] == office.now + 600


def test_queue__token_not_enabled__is_refused(office):
    """Queueing, too, needs an enabled token, before it is a duplicate."""
    office.pay(WAITING)
    office.do(TREASURY, office.wallet, "set_wallet_limit", TOKEN, 0)
    assert office.pay_refused(WAITING) == Reason.PAYMENTS_TOKEN_NOT_ENABLED


@pytest.mark.parametrize("caller", [AGENT, GUARDIAN, KEEPER, TREASURY])
def test_cancel__by_its_agent_or_a_role__works_also_while_stopped(office, caller):
    """Its agent and everybody with a role."""
    id = office.pay(WAITING)
    office.do(KEEPER, ORGANIZATION, "pause", ORGANIZATION, 0, "")
    for other in (STRANGER, OTHER_AGENT):
        assert office.refused(other, office.wallet, "cancel", id, "") == Reason.ACCESS
    assert office.events(caller, office.wallet, "cancel", id, "no") == ["PaymentCancelled"]
    assert office.view(office.wallet, "payment", id) == (ZERO_ADDRESS, 0, 0)
    for other in (caller, STRANGER):
        refused = office.refused(other, office.wallet, "cancel", id, "")
        assert refused == Reason.QUEUE_NO_SUCH_PAYMENT


def test_cancel__expired__is_no_such_payment(office):
    """What is gone cannot be cancelled."""
    id = office.pay(WAITING)
    office.now += 600 + DAY
    refused = office.refused(AGENT, office.wallet, "cancel", id, "")
    assert refused == Reason.QUEUE_NO_SUCH_PAYMENT
    office.now -= 1
    office.do(AGENT, office.wallet, "cancel", id, "")


def test_cancel_all__by_a_role__begins_a_new_epoch(office):
    """The whole queue is void, and the same payment has another id from then on."""
    first = office.pay(WAITING)
    for caller in (AGENT, STRANGER):
        assert office.refused(caller, office.wallet, "cancel_all", "") == Reason.ACCESS
    for epoch, caller in enumerate((KEEPER, GUARDIAN, TREASURY), start=1):
        assert office.events(caller, office.wallet, "cancel_all", "no") == ["QueueVoided"]
        assert office.history[-1].content()["epoch"] == epoch
        assert office.view(office.wallet, "epoch") == epoch
    assert office.view(office.wallet, "payment", first) == (ZERO_ADDRESS, 0, 0)
    refused = office.refused(AGENT, office.wallet, "cancel", first, "")
    assert refused == Reason.QUEUE_NO_SUCH_PAYMENT
    office.now += 600
    arguments = office.execute_arguments(WAITING)
    refused = office.refused(STRANGER, office.wallet, "execute", *arguments)
    assert refused == Reason.QUEUE_NO_SUCH_PAYMENT
    assert office.pay(WAITING) != first


def test_rotation__of_an_agent_with_a_queue__voids_its_queue_only():
    """What the old agent queued finds no budget and nothing to cancel; another's leaves."""
    office = Office()
    office.do(
        TREASURY,
        office.wallet,
        "set_budget",
        OTHER_AGENT,
        TOKEN,
        REFUND,
        budget(queue_from=0),
    )
    office.open(queue_from=0)
    mine = office.pay(1)
    other = office.do(OTHER_AGENT, office.wallet, "pay", TOKEN, RECIPIENT, 1, REFUND, EMPTY)
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    assert office.view(office.wallet, "payment", mine) == (ZERO_ADDRESS, 0, 0)
    assert office.view(office.wallet, "payment", other)[0] == OTHER_AGENT
    execute = (STRANGER, office.wallet, "execute", *office.execute_arguments(1))
    assert office.refused(*execute) == Reason.QUEUE_NOT_DUE
    office.now += 600
    assert office.refused(*execute) == Reason.PAYMENTS_NO_BUDGET
    refused = office.refused(TREASURY, office.wallet, "cancel", mine, "")
    assert refused == Reason.QUEUE_NO_SUCH_PAYMENT
    office.do(STRANGER, office.wallet, "execute", OTHER_AGENT, TOKEN, RECIPIENT, 1, REFUND, EMPTY)
