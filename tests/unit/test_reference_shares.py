"""
Budgets that are a share of the balance: what moves their limit, and what does not.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.budgets import ShareBase, based, check_windows, daily_limit, remaining, rolled
from bursar.errors import BrokenHistoryError
from bursar.events import ShareBaseSet
from bursar.payments import Payment
from bursar.reasons import Preview, Reason
from bursar.state import apply_event, fold
from bursar.types import DAY, EMPTY, HOUR, MAX_SHARE_BASE, MAX_UINT256, NATIVE
from tests.unit.office import (
    AGENT,
    MIDNIGHT,
    NOON,
    RECIPIENT,
    REFUND,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    budget,
)

# A tenth of the 5,000 that the wallet opens with is 500, half of what the budget allows by itself.
TENTH = {"share_bps": 1_000, "per_payment": 300 * USDC, "hourly": 1_000 * USDC}


def left(office: Office) -> int:
    """
    What is left of the day, in base units.
    """
    return office.remaining()[1]


def bases(office: Office) -> list[int]:
    """
    The balances that were recorded so far.
    """
    return [event.balance for event in office.history if isinstance(event, ShareBaseSet)]


def donate(office: Office, amount: int) -> None:
    """
    Anybody can send tokens in.
    """
    office.ledger.mint(TOKEN, office.wallet, amount)


def drain(office: Office, amount: int) -> None:
    """
    The balance falls by what another budget pays.
    """
    office.ledger.balances[TOKEN, office.wallet] -= amount


@pytest.fixture
def office() -> Office:
    """
    A wallet whose agent may spend a tenth of the balance a day.
    """
    return Office().open(**TENTH)


# The limit


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(200 * USDC, None), (200 * USDC + 1, Reason.PAYMENTS_DAILY)],
)
def test_share__around_the_share_of_the_balance__denies_one_over(office, amount, reason):
    """`daily` is also at most the share of the balance before the day's first charge."""
    office.pay(300 * USDC)
    assert left(office) == 200 * USDC
    if reason is None:
        office.pay(amount)
    else:
        assert office.pay_refused(amount) == reason


def test_share__of_a_large_balance__leaves_daily_in_force(office):
    """A share only tightens."""
    donate(office, 10**9 * USDC)
    assert left(office) == 1_000 * USDC


@pytest.mark.parametrize("change", [donate, drain])
@pytest.mark.parametrize("amount", [1, 10, 777 * USDC, 4_000 * USDC])
def test_share__balance_changed_after_the_first_charge__moves_nothing_until_midnight(
    office, change, amount
):
    """Neither a donation nor a spend moves the limit within the UTC day; the next one it does."""
    office.pay(100 * USDC)
    change(office, amount)
    assert left(office) == 400 * USDC
    office.pay(10 * USDC)
    assert left(office) == 390 * USDC
    office.now = MIDNIGHT + DAY - 1
    assert left(office) == 390 * USDC
    office.now += 1
    held = office.ledger.balance_of(TOKEN, office.wallet)
    assert left(office) == held // 10
    office.pay(1)
    assert bases(office) == [5_000 * USDC, held]


def test_share__before_the_first_charge__is_of_the_present_balance(office):
    """Views and refusals use what is there; nothing is recorded by looking or by a refusal."""
    for balance in (5_000 * USDC, 50 * USDC, 59 * USDC):
        office.ledger.balances[TOKEN, office.wallet] = balance
        assert left(office) == balance // 10
        share = balance // 10
        if share <= 300 * USDC:
            assert office.pay_refused(share + 1) == Reason.PAYMENTS_DAILY
            preview = (AGENT, TOKEN, RECIPIENT, share + 1, REFUND)
            assert office.view(office.wallet, "preview", *preview) == Preview.DAILY
    assert bases(office) == []
    office.pay(5 * USDC)
    assert bases(office) == [59 * USDC]


def test_share__of_nothing__pays_nothing(office):
    """Zero is zero, never unlimited."""
    office.ledger.balances[TOKEN, office.wallet] = 0
    assert left(office) == 0
    assert office.pay_refused(1) == Reason.PAYMENTS_DAILY


def test_share__first_charge__is_logged_before_the_payment(office):
    """Once in a UTC day, with the balance as it was before that payment."""
    assert office.events(AGENT, office.wallet, "pay", TOKEN, RECIPIENT, 5, REFUND, EMPTY) == [
        "ShareBaseSet",
        "Paid",
    ]
    assert office.history[-2].content() == {
        "event": "ShareBaseSet",
        "emitter": office.wallet,
        "at": NOON,
        "agent": AGENT,
        "token": TOKEN,
        "category": REFUND,
        "balance": 5_000 * USDC,
    }
    paid = office.history[-1].content()
    assert (paid["hour_remaining"], paid["day_remaining"]) == (1_000 * USDC - 5, 500 * USDC - 5)
    again = office.events(AGENT, office.wallet, "pay", TOKEN, RECIPIENT, 5, REFUND, EMPTY)
    assert again == ["Paid"]


def test_share__first_charge_by_execution__is_recorded_then():
    """Nothing is charged, so nothing recorded, by waiting."""
    office = Office().open(**TENTH, queue_from=0)
    office.pay(5)
    assert bases(office) == []
    office.now += 600
    donate(office, 10)
    execute = (STRANGER, office.wallet, "execute", *office.execute_arguments(5))
    assert office.events(*execute) == ["ShareBaseSet", "PaymentExecuted"]
    assert bases(office) == [5_000 * USDC + 10]


def test_share__first_charge_by_a_batch__is_of_the_balance_before_the_batch(office):
    """A batch is one charge."""
    batch = (Payment(RECIPIENT, 300 * USDC, EMPTY), Payment(RECIPIENT, 200 * USDC, EMPTY))
    pay_many = (AGENT, office.wallet, "pay_many", TOKEN, REFUND)
    over = (*batch, Payment(RECIPIENT, 1, EMPTY))
    assert office.refused(*pay_many, over) == Reason.PAYMENTS_DAILY
    assert office.events(*pay_many, batch) == ["ShareBaseSet", "Paid", "Paid"]
    assert bases(office) == [5_000 * USDC]
    assert left(office) == 0


def test_share__of_native_currency__is_of_the_wallets_own():
    """The wallet's own balance, however it came."""
    office = Office()
    office.do(TREASURY, office.wallet, "set_budget", AGENT, NATIVE, REFUND, budget(share_bps=5_000))
    office.do(TREASURY, office.wallet, "set_wallet_limit", NATIVE, 1_000)
    office.open()
    office.do(STRANGER, office.wallet, "__default__", value=100)
    pay = (AGENT, office.wallet, "pay", NATIVE, RECIPIENT)
    assert office.refused(*pay, 51, REFUND, EMPTY) == Reason.PAYMENTS_DAILY
    office.do(*pay, 50, REFUND, EMPTY)
    assert bases(office) == [100]


@pytest.mark.parametrize("balance", [MAX_SHARE_BASE, MAX_SHARE_BASE + 1, MAX_UINT256])
def test_share__of_an_absurd_balance__is_of_what_the_word_holds(office, balance):
    """No balance that a token may claim makes a payment fail, or the word overflow."""
    office.ledger.balances[TOKEN, office.wallet] = balance
    office.pay(1)
    assert bases(office) == [MAX_SHARE_BASE]


def test_daily_limit__share_without_a_balance_of_the_day__is_nothing(office):
    """Whoever forgets to ask for the balance finds nothing to spend, never everything."""
    office.pay(1)
    line = office.state.wallet(office.wallet).line(AGENT, TOKEN, REFUND)
    assert line is not None
    assert daily_limit(line) == 500 * USDC
    tomorrow = rolled(line, NOON + DAY)
    assert daily_limit(tomorrow) == 0
    assert check_windows(tomorrow, 1) is Reason.PAYMENTS_DAILY
    assert remaining(line, NOON + DAY) == (1_000 * USDC, 0, 100)
    assert daily_limit(based(tomorrow, 4_000 * USDC)) == 400 * USDC


# Changes


@pytest.mark.parametrize(
    "between",
    [
        [{"share_bps": 500}, TENTH],
        [{"share_bps": 10_000, "per_payment": 1}, TENTH],
        [{"expires_at": 0}, TENTH],
        [{"per_payment": 1, "hourly": 1, "daily": 1, "share_bps": 1}, TENTH],
        [{"expires_at": 0}, {"share_bps": 10_000}, TENTH],
    ],
)
def test_share__changed_off_removed_and_set_again__keeps_the_days_balance(between):
    """Within the UTC day nothing picks a better balance; what was spent stays spent."""
    office = Office().open(**TENTH)
    office.pay(100 * USDC)
    donate(office, 50_000 * USDC)
    unsealed(office)
    for figures in between:
        office.set_budget(**figures)
    assert left(office) == 400 * USDC
    office.pay(1)
    assert bases(office) == [5_000 * USDC]


def unsealed(office: Office) -> None:
    """
    As if the wallet were still being set up: the treasury changes without waiting.
    """
    office.state.wallet(office.wallet).sealed = False


def test_share__lower_within_the_day__is_of_the_recorded_balance(office):
    """`share_bps` counts at once, its base stays."""
    office.pay(100 * USDC)
    donate(office, 5_000 * USDC)
    office.set_budget(**TENTH | {"share_bps": 400})
    assert left(office) == 100 * USDC
    office.set_budget(**TENTH | {"share_bps": 100})
    assert left(office) == 0


def test_share__switched_on_after_charges_of_the_day__records_at_the_next():
    """The first charge while it has a share: what was spent before counts against it."""
    office = Office().open(per_payment=300 * USDC, hourly=1_000 * USDC)
    office.pay(100 * USDC)
    assert bases(office) == []
    office.set_budget(**TENTH)
    assert left(office) == 490 * USDC - 100 * USDC
    office.pay(1)
    assert bases(office) == [4_900 * USDC]


def test_share__a_rolling_budget_in_between__forgets_the_balance(office):
    """Hours and balance are the same word; what was spent is kept."""
    office.pay(100 * USDC)
    donate(office, 1_000 * USDC)
    unsealed(office)
    office.set_budget(rolling=True)
    office.set_budget(**TENTH)
    assert left(office) == 590 * USDC - 100 * USDC


def test_share__rotated__moves_with_the_budget(office):
    """The new agent's share is of the same balance."""
    office.pay(100 * USDC)
    donate(office, 5_000 * USDC)
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER)
    hour_and_day = office.view(office.wallet, "remaining", STRANGER, TOKEN, REFUND)[:2]
    assert hour_and_day == (900 * USDC, 400 * USDC)
    office.do(STRANGER, office.wallet, "pay", TOKEN, RECIPIENT, 1, REFUND, EMPTY)
    assert bases(office) == [5_000 * USDC]


def test_share__in_coarse_units__rounds_down():
    """The limit in force is whole units, never more than the share."""
    office = Office()
    large = {"per_payment": 10**18, "hourly": 10**18, "daily": 10**18, "share_bps": 9_999}
    office.open(**large)
    office.ledger.balances[TOKEN, office.wallet] = 10**10 * 3 + 7
    assert left(office) == (10**10 * 3 + 7) * 9_999 // 10_000 // 10**9 * 10**9 == 29 * 10**9


# The fold


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pay", "donate", "drain", "day", "hour", "bps"]),
            st.integers(0, 600 * USDC),
        ),
        max_size=25,
    )
)
def test_share__any_day__is_within_the_share_of_the_balance_it_began_with(steps):
    """
    In every UTC day: what was paid is at most the share of the balance before the day's first
    charge. A fold of the events alone has the same budget as the state that went along.
    """
    office = Office().open(**TENTH | {"per_payment": 500 * USDC, "hourly": 1_000 * USDC})
    first: dict[int, int] = {}
    paid: dict[int, int] = {}
    bps = 1_000
    for what, number in steps:
        day, held = office.now // DAY, office.ledger.balance_of(TOKEN, office.wallet)
        if what == "pay":
            decided: Any = office.decide(
                AGENT, office.wallet, "pay", TOKEN, RECIPIENT, number, REFUND, EMPTY
            )
            if hasattr(decided, "events"):
                office.pay(number)
                first.setdefault(day, held)
                paid[day] = paid.get(day, 0) + number
                assert paid[day] <= first[day] * bps // 10_000
                assert left(office) == min(1_000 * USDC, first[day] * bps // 10_000) - paid[day]
        elif what == "donate":
            donate(office, number)
        elif what == "drain":
            drain(office, min(number, held))
        elif what == "bps":
            bps = max(1, bps - number % 50)
            office.set_budget(
                **TENTH | {"share_bps": bps, "per_payment": 500 * USDC}  # it only tightens
            )
        else:
            office.now += DAY if what == "day" else HOUR
    assert fold(office.history) == office.state
    assert bases(office) == list(first.values())


def test_fold__share_base__is_the_days_own(office):
    """What is recorded is of the day in which it was logged."""
    office.pay(1)
    line = office.state.wallet(office.wallet).line(AGENT, TOKEN, REFUND)
    assert line is not None
    assert line.memory == ShareBase(5_000 * USDC, NOON // DAY)
    assert fold(office.history) == office.state


def test_fold__share_base_of_a_budget_never_set__is_a_broken_history(office):
    """Logs are missing: a wrong state would be worse than none."""
    event = ShareBaseSet(
        emitter=office.wallet, at=NOON, agent=STRANGER, token=TOKEN, category=REFUND, balance=1
    )
    with pytest.raises(BrokenHistoryError, match="never set"):
        apply_event(office.state, event)
