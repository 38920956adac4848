"""
The wallet's setters, agents and money as the reference has them.
"""

from typing import Any

import pytest

from bursar.budgets import NO_BUDGET
from bursar.reasons import Reason
from bursar.reference import PLAIN, TOKEN_ALLOWANCE, TOKEN_BALANCE
from bursar.types import DAY, EMPTY, FOREVER, HOUR, MAX_UINT256, NATIVE, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    NOON,
    ORGANIZATION,
    OTHER,
    OTHER_AGENT,
    RECIPIENT,
    REFUND,
    REMOVAL,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    actor,
    budget,
    name_of,
)


@pytest.fixture
def office() -> Office:
    """
    A sealed wallet whose agent has a budget.
    """
    return Office().open()


@pytest.fixture
def unsealed() -> Office:
    """
    A wallet that is being set up.
    """
    return Office()


# Budgets


def test_set_budget__who_may__is_treasury_guardian_and_the_agent_itself(office):
    """A guardian, and an agent for its own budgets, may only tighten."""
    lower, higher = budget(daily=999 * USDC), budget(daily=1_001 * USDC)
    arguments = (office.wallet, "set_budget", AGENT, TOKEN, REFUND)
    for caller in (KEEPER, STRANGER, OTHER_AGENT, RECIPIENT):
        assert office.refused(caller, *arguments, lower) == Reason.ACCESS
    for caller in (GUARDIAN, AGENT):
        assert office.refused(caller, *arguments, higher) == Reason.ACCESS_TIGHTEN
        office.do(caller, *arguments, lower)
    assert office.refused(TREASURY, *arguments, higher) == Reason.TIMELOCK_SCHEDULE


def test_set_budget__before_sealing__is_the_treasurys_to_raise(unsealed):
    """The treasury sets up without waiting; a guardian still only tightens."""
    for daily in (400 * USDC, 900 * USDC, 500 * USDC):
        unsealed.set_budget(daily=daily)
    arguments = (unsealed.wallet, "set_budget", AGENT, TOKEN, REFUND, budget())
    assert unsealed.refused(GUARDIAN, *arguments) == Reason.ACCESS_TIGHTEN


def test_set_budget__its_refusals__come_in_order(unsealed):
    """Caller, agent, existence, figures, direction, unit, free slot."""
    wallet, refused = unsealed.wallet, unsealed.refused
    wrong = budget(per_payment=1_001 * USDC)

    def set_for(caller: Any, agent: Any, figures: Any) -> str:
        return refused(caller, wallet, "set_budget", agent, TOKEN, REFUND, figures)

    assert set_for(STRANGER, ZERO_ADDRESS, wrong) == Reason.ACCESS
    assert set_for(TREASURY, ZERO_ADDRESS, wrong) == Reason.AGENTS_ZERO
    assert set_for(TREASURY, AGENT, REMOVAL) == Reason.BUDGETS_NO_SUCH
    assert set_for(GUARDIAN, AGENT, wrong) == Reason.BUDGETS_CONTRADICT
    assert set_for(GUARDIAN, AGENT, budget()) == Reason.ACCESS_TIGHTEN
    assert set_for(STRANGER, STRANGER, budget()) == Reason.ACCESS_TIGHTEN
    fine = budget(daily=10**18 + 1)
    assert set_for(GUARDIAN, AGENT, fine) == Reason.ACCESS_TIGHTEN
    assert set_for(TREASURY, AGENT, fine) == Reason.BUDGETS_FINE


def test_set_budget__the_seventeenth__needs_a_free_slot(unsealed):
    """An agent has at most 16 budgets, and removing one frees nothing."""
    set_it = (TREASURY, unsealed.wallet, "set_budget", AGENT, TOKEN)
    for index in range(16):
        unsealed.do(*set_it, name_of(str(index)), budget())
    assert unsealed.refused(*set_it, name_of("16"), budget()) == Reason.AGENTS_FULL
    assert unsealed.refused(*set_it, name_of("16"), budget(daily=10**18 + 1)) == (
        Reason.BUDGETS_FINE
    )
    unsealed.do(*set_it, name_of("3"), REMOVAL)
    assert unsealed.refused(*set_it, name_of("16"), budget()) == Reason.AGENTS_FULL
    unsealed.do(*set_it, name_of("3"), budget())
    assert unsealed.view(unsealed.wallet, "budget_count", AGENT) == 16
    assert unsealed.view(unsealed.wallet, "budget_keys", AGENT, 3) == (TOKEN, name_of("3"))
    assert unsealed.view(unsealed.wallet, "budget_keys", AGENT, 16) == (ZERO_ADDRESS, EMPTY)


def test_set_budget__coming_alive_again__loosens(office):
    """A budget that has expired does not come back without waiting."""
    office.set_budget(expires_at=NOON + HOUR)
    office.now += HOUR
    arguments = (office.wallet, "set_budget", AGENT, TOKEN, REFUND)
    alive = budget(per_payment=1, hourly=1, daily=1, expires_at=NOON + 2 * HOUR)
    assert office.refused(TREASURY, *arguments, alive) == Reason.TIMELOCK_SCHEDULE
    office.do(TREASURY, *arguments, budget(expires_at=NOON))


@pytest.mark.parametrize("caller", [TREASURY, GUARDIAN, AGENT])
def test_set_budget__removal__ignores_the_figures_and_keeps_the_counters(office, caller):
    """Removing always tightens; the logs say what the windows have used."""
    office.pay(5)
    nonsense = budget(expires_at=0, daily=0, max_payments=0, share_bps=0, rolling=True)
    office.do(caller, office.wallet, "set_budget", AGENT, TOKEN, REFUND, nonsense)
    event = office.history[-1].content()
    assert (event["budget"], event["hour_spent"], event["day_spent"]) == (NO_BUDGET, 5, 5)
    assert office.remaining() == (0, 0, 0)
    office.do(caller, office.wallet, "set_budget", AGENT, TOKEN, REFUND, nonsense)


def test_set_budget__an_emergency_cut__is_logged_as_stored(office):
    """A tightening rounds down to the unit, and `BudgetSet` says what was stored."""
    call = office.schedule(
        office.wallet,
        "set_budget",
        AGENT,
        TOKEN,
        REFUND,
        budget(per_payment=10**18, hourly=10**18, daily=10**18),
    )
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", office.wallet, call)
    office.set_budget(GUARDIAN, per_payment=10**17 + 1, hourly=10**17 + 1, daily=2 * 10**17 + 1)
    stored = office.view(office.wallet, "budget", AGENT, TOKEN, REFUND)
    assert (stored.per_payment, stored.daily) == (10**17, 2 * 10**17)
    assert office.history[-1].content()["budget"] == stored


# Rotation


def test_rotate_agent__a_paying_agent__moves_budgets_counters_and_nothing_more(office):
    """The new agent goes on where the old one was; nothing is raised."""
    office.pay(5)
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    wallet = office.wallet
    left = (300 * USDC - 5, 1_000 * USDC - 5, 99)
    assert office.view(wallet, "remaining", STRANGER, TOKEN, REFUND) == left
    assert office.remaining() == (0, 0, 0)
    assert office.view(wallet, "budget", AGENT, TOKEN, REFUND) == NO_BUDGET
    assert [office.view(wallet, "agents", index) for index in range(3)] == [
        AGENT,
        STRANGER,
        ZERO_ADDRESS,
    ]
    assert office.view(wallet, "agent_count") == 2
    assert office.view(wallet, "budget_count", AGENT) == 0
    assert office.view(wallet, "budget_keys", STRANGER, 0) == (TOKEN, REFUND)
    assert office.pay_refused(1) == Reason.PAYMENTS_NO_BUDGET
    office.do(STRANGER, wallet, "pay", TOKEN, RECIPIENT, 1, REFUND, EMPTY)


def test_rotate_agent__retired__never_comes_back(office):
    """The old agent gets no budget, no rotation and no say any more."""
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    wallet, refused = office.wallet, office.refused
    for figures in (budget(), REMOVAL):
        assert (
            refused(TREASURY, wallet, "set_budget", AGENT, TOKEN, REFUND, figures)
            == Reason.AGENTS_RETIRED
        )
    assert refused(TREASURY, wallet, "rotate_agent", AGENT, RECIPIENT) == Reason.AGENTS_NO_SUCH
    assert refused(TREASURY, wallet, "rotate_agent", STRANGER, AGENT) == Reason.AGENTS_NOT_NEW
    assert refused(AGENT, wallet, "pause_self", 0, "") == Reason.ACCESS_AGENT
    office.do(STRANGER, wallet, "pause_self", 0, "")


def test_rotate_agent__to_anyone_known__is_refused(office):
    """The new one has never had a budget and is no guardian, keeper, treasury or wallet."""
    wallet = office.wallet
    office.set_budget(expires_at=0)
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    known = (ZERO_ADDRESS, AGENT, GUARDIAN, KEEPER, TREASURY, ORGANIZATION, wallet, second)
    for new in known:
        assert office.refused(TREASURY, wallet, "rotate_agent", AGENT, new) == Reason.AGENTS_NOT_NEW
    for caller in (GUARDIAN, KEEPER, AGENT, STRANGER):
        assert (
            office.refused(caller, wallet, "rotate_agent", AGENT, STRANGER)
            == Reason.ACCESS_TREASURY
        )
    assert (
        office.refused(TREASURY, wallet, "rotate_agent", STRANGER, RECIPIENT)
        == Reason.AGENTS_NO_SUCH
    )


@pytest.mark.parametrize(
    ("old", "new", "until"),
    [(HOUR, None, NOON + HOUR), (HOUR, 60, NOON + HOUR), (HOUR, DAY, NOON + DAY), (0, 60, FOREVER)],
)
def test_rotate_agent__old_is_stopped__stops_the_new_at_least_as_long(office, old, new, until):
    """The stop moves along, and the old agent stays stopped."""
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, old, "")
    if new is not None:
        office.do(KEEPER, ORGANIZATION, "pause", STRANGER, new, "")
    logged = office.events(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    assert logged == ["AgentRotated", "Paused"]
    content = office.history[-1].content()
    assert (content["by"], content["reason"]) == (office.wallet, "rotated")
    assert content["number"] == (1 if new is None else 2)
    assert office.view(ORGANIZATION, "paused_until", STRANGER) == until
    assert office.view(ORGANIZATION, "paused_until", AGENT) == (NOON + old if old else FOREVER)


def test_rotate_agent__old_is_running__stops_nobody(office):
    """A stop that has ended does not move."""
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, HOUR, "")
    office.now += HOUR
    logged = office.events(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    assert logged == ["AgentRotated"]


def test_pause_self__by_an_agent__stops_it_everywhere(office):
    """An agent on the list may stop itself; the wallet is who stops it."""
    assert office.events(AGENT, office.wallet, "pause_self", HOUR, "bug") == ["Paused"]
    content = office.history[-1].content()
    assert (content["scope"], content["by"], content["until"]) == (
        AGENT,
        office.wallet,
        office.now + HOUR,
    )
    for caller in (STRANGER, TREASURY, GUARDIAN):
        assert office.refused(caller, office.wallet, "pause_self", 0, "") == Reason.ACCESS_AGENT


def test_pause_self__by_a_wallet_that_is_an_agent__is_refused(unsealed):
    """A wallet stops agents, never wallets."""
    second = unsealed.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    unsealed.do(TREASURY, unsealed.wallet, "set_budget", second, TOKEN, REFUND, budget())
    assert unsealed.refused(second, unsealed.wallet, "pause_self", 0, "") == Reason.STOPS_ACCESS


# Plain setters


SETTERS: list[tuple[str, tuple[Any, ...]]] = [
    ("set_wallet_limit", (TOKEN, 1)),
    ("set_max_balance", (TOKEN, 1)),
    ("set_recipients", ((RECIPIENT,), False)),
    ("set_payment_delay", (601,)),
    ("set_grace", (HOUR,)),
]


@pytest.mark.parametrize(("setter", "arguments"), SETTERS)
def test_setters__by_anyone_but_the_treasury__are_refused(office, setter, arguments):
    """Setters are the treasury's, even where they tighten."""
    for caller in (GUARDIAN, KEEPER, AGENT, STRANGER):
        assert office.refused(caller, office.wallet, setter, *arguments) == Reason.ACCESS_TREASURY
    office.do(TREASURY, office.wallet, setter, *arguments)


@pytest.mark.parametrize(
    ("setter", "equal", "tighter", "looser"),
    [
        ("set_wallet_limit", (TOKEN, 10_000 * USDC), (TOKEN, 0), (TOKEN, 10_000 * USDC + 1)),
        ("set_max_balance", (TOKEN, 5_000 * USDC), (TOKEN, 0), (TOKEN, 5_000 * USDC + 1)),
        ("set_recipients", ((), True), ((RECIPIENT,), False), ((RECIPIENT,), True)),
        ("set_payment_delay", (600,), (7 * DAY,), (599,)),
        ("set_grace", (DAY,), (HOUR,), (DAY + 1,)),
    ],
)
def test_setters__once_sealed__tighten_or_repeat_at_once_and_loosen_later(
    office, setter, equal, tighter, looser
):
    """What loosens waits; equal values tighten."""
    wallet = office.wallet
    assert office.refused(TREASURY, wallet, setter, *looser) == Reason.TIMELOCK_SCHEDULE
    office.do(TREASURY, wallet, setter, *equal)
    office.do(TREASURY, wallet, setter, *tighter)
    assert office.refused(TREASURY, wallet, setter, *looser) == Reason.TIMELOCK_SCHEDULE


@pytest.mark.parametrize(
    ("setter", "arguments", "reason"),
    [
        ("set_wallet_limit", (TOKEN, 2**112 - 1), None),
        ("set_wallet_limit", (TOKEN, 2**112), Reason.LIMITS_LARGE),
        ("set_wallet_limit", (STRANGER, MAX_UINT256), Reason.LIMITS_LARGE),
        ("set_wallet_limit", (NATIVE, 1), None),
        ("set_wallet_limit", (STRANGER, 1), Reason.LIMITS_NO_TOKEN),
        ("set_wallet_limit", (STRANGER, 0), None),
        ("set_wallet_limit", (TREASURY, 1), Reason.LIMITS_NO_TOKEN),
        ("set_wallet_limit", (ORGANIZATION, 1), Reason.LIMITS_NO_TOKEN),
        ("set_max_balance", (STRANGER, 2**112 - 1), None),
        ("set_max_balance", (TOKEN, MAX_UINT256), None),
        ("set_recipients", ((RECIPIENT,) * 25, True), None),
        ("set_recipients", ((RECIPIENT,) * 26, True), PLAIN),
        ("set_payment_delay", (59,), Reason.QUEUE_DELAY_BOUNDS),
        ("set_payment_delay", (60,), None),
        ("set_payment_delay", (7 * DAY,), None),
        ("set_payment_delay", (7 * DAY + 1,), Reason.QUEUE_DELAY_BOUNDS),
        ("set_grace", (HOUR - 1,), Reason.QUEUE_GRACE_BOUNDS),
        ("set_grace", (HOUR,), None),
        ("set_grace", (30 * DAY,), None),
        ("set_grace", (30 * DAY + 1,), Reason.QUEUE_GRACE_BOUNDS),
    ],
)
def test_setters__at_and_past_their_bounds__are_refused_past_them(
    unsealed, setter, arguments, reason
):
    """Before sealing only the bounds count."""
    if reason is None:
        unsealed.do(TREASURY, unsealed.wallet, setter, *arguments)
    else:
        assert unsealed.refused(TREASURY, unsealed.wallet, setter, *arguments) == reason


def test_set_wallet_limit__the_wallet_itself__cannot_be_a_token(unsealed):
    """A wallet is a contract, but none that could be paid with."""
    unsealed.ledger.contracts |= {unsealed.wallet, ORGANIZATION}
    for token in (unsealed.wallet, ORGANIZATION, TREASURY):
        refused = unsealed.refused(TREASURY, unsealed.wallet, "set_wallet_limit", token, 1)
        assert refused == Reason.LIMITS_NO_TOKEN


def test_set_wallet_limit__disabled_and_enabled_within_a_day__forgets_nothing(unsealed):
    """What the day has used stays."""
    unsealed.open().pay(5)
    unsealed.do(TREASURY, unsealed.wallet, "set_wallet_limit", TOKEN, 0)
    assert unsealed.pay_refused(1) == Reason.PAYMENTS_TOKEN_NOT_ENABLED
    assert unsealed.view(unsealed.wallet, "wallet_remaining", TOKEN) == 0
    call = unsealed.schedule(unsealed.wallet, "set_wallet_limit", TOKEN, 100)
    unsealed.now += 2 * DAY
    unsealed.pay_refused(1)
    unsealed.do(STRANGER, ORGANIZATION, "apply", unsealed.wallet, call)
    assert unsealed.view(unsealed.wallet, "wallet_remaining", TOKEN) == 100
    unsealed.pay(40)
    unsealed.do(TREASURY, unsealed.wallet, "set_wallet_limit", TOKEN, 50)
    assert unsealed.view(unsealed.wallet, "wallet_remaining", TOKEN) == 10
    unsealed.do(TREASURY, unsealed.wallet, "set_wallet_limit", TOKEN, 30)
    assert unsealed.view(unsealed.wallet, "wallet_remaining", TOKEN) == 0


def test_set_recipients__one_who_is_listed__loosens_nothing(unsealed):
    """Adding somebody again needs no waiting; adding him along with a new one does."""
    unsealed.do(TREASURY, unsealed.wallet, "set_recipients", (RECIPIENT,), True)
    unsealed.do(TREASURY, unsealed.wallet, "seal")
    add = (TREASURY, unsealed.wallet, "set_recipients")
    assert unsealed.events(*add, (RECIPIENT, RECIPIENT), True) == ["RecipientSet"] * 2
    assert unsealed.refused(*add, (RECIPIENT, STRANGER), True) == Reason.TIMELOCK_SCHEDULE


def test_seal__by_the_treasury__is_once_and_for_all(unsealed):
    """From here on what loosens waits."""
    for caller in (GUARDIAN, KEEPER, STRANGER):
        assert unsealed.refused(caller, unsealed.wallet, "seal") == Reason.ACCESS_TREASURY
    assert unsealed.events(TREASURY, unsealed.wallet, "seal") == ["Sealed"]
    assert unsealed.view(unsealed.wallet, "sealed") is True
    assert unsealed.refused(TREASURY, unsealed.wallet, "seal") == Reason.WALLET_SEALED


# Money in and back


def test_refill__its_refusals__come_in_order(unsealed):
    """Treasury, sealed, running, value, allowance and balance of the treasury, maximum."""
    ledger, wallet = unsealed.ledger, unsealed.wallet
    fill = (TREASURY, wallet, "refill", TOKEN, 100, EMPTY)
    assert unsealed.refused(STRANGER, *fill[1:]) == Reason.ACCESS_TREASURY
    assert unsealed.refused(GUARDIAN, *fill[1:]) == Reason.ACCESS_TREASURY
    assert unsealed.refused(*fill) == Reason.WALLET_NOT_SEALED
    unsealed.do(TREASURY, wallet, "set_max_balance", TOKEN, 150)
    unsealed.do(TREASURY, wallet, "seal")
    assert unsealed.refused(*fill) == Reason.REFILL_STOPPED
    unsealed.do(TREASURY, ORGANIZATION, "unpause", wallet, 1, "")
    assert unsealed.refused(*fill) == TOKEN_ALLOWANCE
    ledger.approve(TOKEN, TREASURY, wallet, 200)
    assert unsealed.refused(*fill) == TOKEN_BALANCE
    ledger.mint(TOKEN, TREASURY, 1_000)
    unsealed.do(*fill)
    content = unsealed.history[-1].content()
    assert (content["amount"], content["balance"]) == (100, 100)
    assert unsealed.refused(TREASURY, wallet, "refill", TOKEN, 51, EMPTY) == (
        Reason.REFILL_MAX_BALANCE
    )
    unsealed.do(TREASURY, wallet, "refill", TOKEN, 50, EMPTY)
    assert ledger.balance_of(TOKEN, wallet) == 150
    assert ledger.balance_of(TOKEN, TREASURY) == 850
    assert ledger.allowance(TOKEN, TREASURY, wallet) == 50


def test_refill__anything_stopped_but_an_agent__is_refused():
    """Neither wallet nor organisation may be stopped, nor the heartbeat lapsed."""
    office = Office(heartbeat_timeout=HOUR).open()
    fill = (TREASURY, office.wallet, "refill", TOKEN, 0, EMPTY)
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 0, "")
    office.do(KEEPER, ORGANIZATION, "pause", TREASURY, 0, "")
    office.do(*fill)
    for scope in (ORGANIZATION, office.wallet):
        number = office.view(ORGANIZATION, "pause_number", scope) + 1
        office.do(KEEPER, ORGANIZATION, "pause", scope, 0, "")
        assert office.refused(*fill) == Reason.REFILL_STOPPED
        office.do(TREASURY, ORGANIZATION, "unpause", scope, number, "")
    office.now += HOUR
    office.do(*fill)
    office.now += 1
    assert office.refused(*fill) == Reason.REFILL_STOPPED


def test_refill__native_currency__needs_exactly_the_value(office):
    """`msg.value` is the amount for native currency and 0 for a token."""
    call = office.schedule(office.wallet, "set_max_balance", NATIVE, 10)
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", office.wallet, call)
    fill = (TREASURY, office.wallet, "refill", NATIVE)
    assert office.refused(*fill, 5, EMPTY) == Reason.TRANSFERS_VALUE
    office.do(*fill, 5, EMPTY, value=5)
    office.do(STRANGER, office.wallet, "__default__", value=3)
    office.do(*fill, 2, EMPTY, value=2)
    assert office.history[-1].content()["balance"] == 10
    assert office.ledger.balance_of(NATIVE, office.wallet) == 10


def test_sweep__by_guardian_or_treasury__takes_everything_also_while_stopped(office):
    """Money goes back to the treasury and nowhere else; nothing is logged as 0."""
    office.do(KEEPER, ORGANIZATION, "pause", ORGANIZATION, 0, "")
    for caller in (KEEPER, AGENT, STRANGER):
        assert office.refused(caller, office.wallet, "sweep", TOKEN, "") == Reason.ACCESS_GUARDIAN
    office.do(GUARDIAN, office.wallet, "sweep", TOKEN, "fire")
    assert office.history[-1].content()["amount"] == 5_000 * USDC
    assert office.ledger.balance_of(TOKEN, TREASURY) == 5_000 * USDC
    office.do(TREASURY, office.wallet, "sweep", TOKEN, "again")
    assert office.history[-1].content()["amount"] == 0


def test_sweep__native_currency_that_the_treasury_refuses__is_refused(office):
    """A treasury that takes no native currency cannot be sent any; nothing is nothing."""
    office.ledger.refusing_native.add(TREASURY)
    office.do(GUARDIAN, office.wallet, "sweep", NATIVE, "")
    office.do(STRANGER, office.wallet, "__default__", value=3)
    refused = office.refused(GUARDIAN, office.wallet, "sweep", NATIVE, "")
    assert refused == Reason.TRANSFERS_RECIPIENT


def test_views__out_of_range_or_never_set__are_zeros(unsealed):
    """Nothing that was never set reads as anything."""
    wallet = unsealed.wallet
    for view, expected in (
        (("agent_count",), 0),
        (("agents", 0), ZERO_ADDRESS),
        (("agents", MAX_UINT256), ZERO_ADDRESS),
        (("budget_count", AGENT), 0),
        (("budget_keys", AGENT, 0), (ZERO_ADDRESS, EMPTY)),
        (("budget", AGENT, TOKEN, OTHER), NO_BUDGET),
        (("remaining", AGENT, TOKEN, OTHER), (0, 0, 0)),
        (("wallet_limit", TOKEN), 0),
        (("wallet_remaining", TOKEN), 0),
        (("max_balance", TOKEN), 0),
        (("is_recipient", RECIPIENT), False),
        (("payment", EMPTY), (ZERO_ADDRESS, 0, 0)),
        (("epoch",), 0),
    ):
        assert unsealed.view(wallet, *view) == expected
    assert unsealed.view(ORGANIZATION, "wallets", MAX_UINT256) == ZERO_ADDRESS
    assert unsealed.view(ORGANIZATION, "ready_at", EMPTY) == 0
    assert unsealed.view(ORGANIZATION, "paused_until", actor("nobody")) == 0
