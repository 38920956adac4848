"""
Figures and counters in units: what a budget holds, charges and forgets.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.budgets import (
    NO_BUDGET,
    Budget,
    BudgetLine,
    budget_line,
    changed_budget,
    charged,
    check_figures,
    check_windows,
    figures,
    normalised,
    remaining,
    rolled,
    settled,
    spent,
    tightens,
    unit_exponent,
    units_up,
)
from bursar.reasons import Reason
from bursar.types import DAY, HOUR, MAX_UINT256, UNITS_END
from tests.unit.office import MIDNIGHT, NOON, REMOVAL, USDC, budget

LARGEST = UNITS_END * 10**31 - 1


def line_of(now: int = NOON, **given_figures: object) -> BudgetLine:
    """
    The line of a new budget, which has to be accepted.
    """
    line = changed_budget(None, budget(**given_figures), now)
    assert isinstance(line, BudgetLine), line
    return line


def pay(line: BudgetLine, amount: int, now: int = NOON) -> BudgetLine:
    """
    Charge a payment that has to fit.
    """
    line = rolled(line, now)
    assert check_windows(line, amount) is None
    return charged(line, amount)


# Units


@pytest.mark.parametrize(
    ("amount", "exponent"),
    [
        (0, 0),
        (1, 0),
        (UNITS_END - 1, 0),
        (UNITS_END, 1),
        (UNITS_END * 10 - 1, 1),
        (UNITS_END * 10, 2),
        (LARGEST, 31),
    ],
)
def test_unit_exponent__at_and_around_a_power_of_ten__is_the_smallest_that_holds(amount, exponent):
    """The unit is the smallest 10^k of which the amount is fewer than 2^30 - 1."""
    assert unit_exponent(amount) == exponent


@pytest.mark.parametrize(
    ("daily", "spent_today", "exponent"),
    [
        (0, UNITS_END - 1, 0),
        (0, UNITS_END, 1),
        (UNITS_END, 1, 1),
        (1, UNITS_END * 10 - 10, 1),
        (1, UNITS_END * 10 - 9, 2),
    ],
)
def test_unit_exponent__with_what_was_spent__holds_both_rounded_up(daily, spent_today, exponent):
    """The larger of both decides, and what was spent has to fit once it is rounded up."""
    assert unit_exponent(daily, spent_today) == exponent


@given(st.integers(0, LARGEST))
def test_unit_exponent__any_amount__holds_it_and_no_smaller_one_does(amount):
    """Whatever `daily` is, it fits; and the unit is never coarser than needed."""
    exponent = unit_exponent(amount)
    assert amount < UNITS_END * 10**exponent
    assert exponent == 0 or amount >= UNITS_END * 10 ** (exponent - 1)


@given(st.integers(0, LARGEST), st.integers(0, 31))
def test_units_up__any_amount__rounds_up_by_less_than_a_unit(amount, exponent):
    """A charge is never less than what was paid, and less than a unit more."""
    unit = 10**exponent
    assert amount <= units_up(amount, unit) * unit < amount + unit


# Figures


@st.composite
def aligned_budgets(draw: st.DrawFn) -> Budget:
    """
    Budgets whose figures are whole units.
    """
    daily = draw(st.integers(0, UNITS_END - 1))
    hourly = draw(st.integers(0, daily))
    per_payment = draw(st.integers(0, hourly))
    queue_from = draw(st.none() | st.integers(0, per_payment))
    unit = 10 ** draw(st.integers(0, 31))
    return budget(
        per_payment=per_payment * unit,
        hourly=hourly * unit,
        daily=daily * unit,
        queue_from=MAX_UINT256 if queue_from is None else queue_from * unit,
        max_payments=draw(st.integers(1, 16_383)),
        expires_at=draw(st.integers(1, 2**20 - 1)) * HOUR,
        allowlist_only=draw(st.booleans()),
    )


@given(aligned_budgets())
def test_figures__whole_units__round_trip(asked):
    """What is set in nine digits is read back exactly."""
    assert figures(changed_budget(None, asked, NOON)) == asked


@pytest.mark.parametrize("name", ["per_payment", "hourly", "daily", "queue_from"])
def test_changed_budget__loosening_with_a_figure_finer_than_the_unit__is_refused(name):
    """The nearest whole unit is taken, one base unit more is not."""
    unit = 10**10
    whole = {
        "per_payment": 2 * 10**9 * unit // 10,
        "hourly": 10**8 * unit * 3,
        "daily": 10**9 * unit,
        "queue_from": 10**8 * unit,
    }
    assert isinstance(changed_budget(None, budget(**whole), NOON), BudgetLine)
    finer = whole | {name: whole[name] + 1}
    assert changed_budget(None, budget(**finer), NOON) is Reason.BUDGETS_FINE


def test_changed_budget__tightening_with_fine_figures__rounds_each_down():
    """An emergency cut never fails: it takes the next whole unit below."""
    line = line_of(per_payment=10**18, hourly=10**18, daily=10**18)
    cut = budget(
        per_payment=5 * 10**17 + 1, hourly=5 * 10**17 + 2, daily=6 * 10**17 + 3, queue_from=7
    )
    stored = figures(changed_budget(line, cut, NOON))
    assert (stored.per_payment, stored.hourly, stored.daily) == (
        5 * 10**17,
        5 * 10**17,
        6 * 10**17,
    )
    assert stored.queue_from == 0


@pytest.mark.parametrize(("asked", "stored"), [(99, 99), (100, 100), (101, MAX_UINT256)])
def test_normalised__queue_from_around_per_payment__is_the_maximum_only_above(asked, stored):
    """A `queue_from` that no payment can reach reads as the maximum."""
    line = changed_budget(None, budget(per_payment=100, queue_from=asked), NOON)
    assert figures(line).queue_from == stored


def test_figures__of_nothing_and_of_a_removed_budget__are_zeros():
    """A budget that was never set, or removed, reads as zeros throughout."""
    assert figures(None) == NO_BUDGET
    assert figures(changed_budget(line_of(), REMOVAL, NOON)) == NO_BUDGET


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"expires_at": NOON + 1}, Reason.BUDGETS_EXPIRY_HOUR),
        ({"expires_at": (2**20 - 1) * HOUR}, None),
        ({"expires_at": 2**20 * HOUR}, Reason.BUDGETS_EXPIRY_FAR),
        ({"max_payments": 0}, Reason.BUDGETS_MAX_PAYMENTS),
        ({"max_payments": 1}, None),
        ({"max_payments": 16_383}, None),
        ({"max_payments": 16_384}, Reason.BUDGETS_MAX_PAYMENTS),
        ({"share_bps": 0}, Reason.BUDGETS_SHARE_BOUNDS),
        ({"share_bps": 1}, None),
        ({"share_bps": 9_999}, None),
        ({"share_bps": 10_001}, Reason.BUDGETS_SHARE_BOUNDS),
        ({"rolling": True}, None),
        ({"rolling": True, "share_bps": 9_999}, Reason.BUDGETS_ROLLING_SHARE),
        ({"rolling": True, "share_bps": 0}, Reason.BUDGETS_SHARE_BOUNDS),
        ({"rolling": True, "share_bps": 1, "daily": 0}, Reason.BUDGETS_ROLLING_SHARE),
        ({"per_payment": 300 * USDC}, None),
        ({"per_payment": 300 * USDC + 1}, Reason.BUDGETS_CONTRADICT),
        ({"hourly": 1_000 * USDC}, None),
        ({"hourly": 1_000 * USDC + 1}, Reason.BUDGETS_CONTRADICT),
        ({"per_payment": 0, "hourly": 0, "daily": 0}, None),
        ({"daily": LARGEST}, None),
        ({"daily": LARGEST + 1}, Reason.BUDGETS_LARGE),
        ({"daily": MAX_UINT256}, Reason.BUDGETS_LARGE),
    ],
)
def test_check_figures__at_and_past_each_bound__denies_past_it(changes, reason):
    """Every figure is bounded, in the contract's order of checks."""
    assert check_figures(budget(**changes)) is reason


# Windows


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (299, None),
        (300, None),
        (301, Reason.PAYMENTS_HOURLY),
        (MAX_UINT256, Reason.PAYMENTS_HOURLY),
    ],
)
def test_check_windows__around_the_hourly_limit__denies_one_over(amount, reason):
    """An hour pays at most `hourly`."""
    assert check_windows(line_of(hourly=300, per_payment=1, daily=1_000), amount) is reason


@pytest.mark.parametrize(
    ("amount", "reason"), [(99, None), (100, None), (101, Reason.PAYMENTS_DAILY)]
)
def test_check_windows__around_the_daily_limit__denies_one_over(amount, reason):
    """A UTC day pays at most `daily`, earlier hours included."""
    line = pay(line_of(per_payment=1, hourly=400, daily=500), 400)
    later = rolled(line, NOON + HOUR)
    assert check_windows(later, amount) is reason


def test_check_windows__both_exceeded__names_the_hour():
    """The hour is checked before the day."""
    line = line_of(per_payment=1, hourly=10, daily=10)
    assert check_windows(line, 11) is Reason.PAYMENTS_HOURLY


def test_check_windows__max_payments_reached__denies_the_next():
    """A UTC day has at most `max_payments`, whatever their size; the next day starts over."""
    line = line_of(max_payments=2)
    for _ in range(2):
        line = pay(line, 1)
    assert check_windows(line, 1) is Reason.PAYMENTS_COUNT
    assert check_windows(rolled(line, NOON + HOUR), 1) is Reason.PAYMENTS_COUNT
    assert check_windows(rolled(line, NOON + DAY), 1) is None


def test_rolled__last_second_of_an_hour_and_the_next__frees_the_hour_only():
    """The hour starts over on the full hour, the day goes on."""
    line = pay(line_of(), 7)
    assert remaining(line, NOON + HOUR - 1) == (300 * USDC - 7, 1_000 * USDC - 7, 99)
    assert remaining(line, NOON + HOUR) == (300 * USDC, 1_000 * USDC - 7, 99)


def test_rolled__last_second_of_a_day_and_midnight__frees_everything():
    """The day starts over at 00:00 UTC."""
    line = pay(line_of(), 7, MIDNIGHT + DAY - 1)
    assert remaining(line, MIDNIGHT + DAY - 1) == (300 * USDC - 7, 1_000 * USDC - 7, 99)
    assert remaining(line, MIDNIGHT + DAY) == (300 * USDC, 1_000 * USDC, 100)


def test_rolled__same_hour_of_the_next_day__frees_everything():
    """The hour is counted since 1970, not within the day."""
    line = pay(line_of(), 7)
    assert remaining(line, NOON + DAY) == (300 * USDC, 1_000 * USDC, 100)


def test_remaining__dead_budget__is_zeros():
    """Dead from `expires_at` on."""
    line = line_of(expires_at=NOON + HOUR)
    assert remaining(line, NOON + HOUR - 1) != (0, 0, 0)
    assert remaining(line, NOON + HOUR) == (0, 0, 0)


def test_remaining__limits_below_what_was_spent__floors_at_zero():
    """A cut below what is spent leaves nothing, not less than nothing."""
    line = pay(line_of(), 100 * USDC)
    cut = changed_budget(line, budget(per_payment=1, hourly=10, daily=20, max_payments=1), NOON)
    assert remaining(cut, NOON) == (0, 0, 0)


# Changes


def test_changed_budget__lowered_and_raised_within_a_window__forgets_nothing():
    """What was spent stays spent, whatever the figures do in between."""
    line = pay(pay(line_of(), 90 * USDC), 30 * USDC, NOON + HOUR)
    low = changed_budget(line, budget(per_payment=1, hourly=1, daily=1), NOON + HOUR)
    assert isinstance(low, BudgetLine)
    high = changed_budget(low, budget(), NOON + HOUR)
    assert spent(high, NOON + HOUR) == (30 * USDC, 120 * USDC)
    assert remaining(high, NOON + HOUR) == (270 * USDC, 880 * USDC, 98)


def test_changed_budget__removed_and_set_again__forgets_nothing():
    """Removing a budget keeps its counters."""
    line = pay(line_of(), 90 * USDC)
    gone = changed_budget(line, REMOVAL, NOON)
    assert isinstance(gone, BudgetLine)
    back = changed_budget(gone, budget(), NOON)
    assert remaining(back, NOON) == (210 * USDC, 910 * USDC, 99)


def test_changed_budget__cut_after_much_was_spent__stays_coarse_until_the_next_day():
    """The unit holds what was spent; from the next UTC day on it follows `daily` alone."""
    line = pay(line_of(per_payment=10**18, hourly=10**18, daily=10**18), 10**18)
    cut = changed_budget(line, budget(per_payment=10**6, hourly=10**6, daily=10**6), NOON)
    assert isinstance(cut, BudgetLine)
    assert cut.exponent == line.exponent > 0
    assert figures(cut).daily == 0
    line = pay(line, 0, NOON + DAY)
    cut = changed_budget(line, budget(per_payment=10**6, hourly=10**6, daily=10**6), NOON + DAY)
    assert figures(cut).daily == 10**6


def test_rolled__coarse_since_a_cut__shrinks_the_unit_on_the_next_day():
    """A lowered budget must not stay coarse, and its figures read the same in the finer unit."""
    line = pay(line_of(per_payment=10**18, hourly=10**18, daily=10**18), 10**18)
    cut = changed_budget(
        line, budget(per_payment=10**11, hourly=10**11, daily=10**11, queue_from=10**10), NOON
    )
    assert isinstance(cut, BudgetLine)
    assert rolled(cut, NOON + HOUR).exponent == line.exponent == 9
    later = rolled(cut, NOON + DAY)
    assert later.exponent == 2
    assert figures(later) == figures(cut)
    assert later.queue_from == 10**8


def test_changed_budget__unit_grows__rounds_the_hour_and_the_day_up_once_each():
    """3 of this hour and 14 of the day become one and two units of ten, not one and three."""
    line = pay(line_of(per_payment=20, hourly=20, daily=20), 11)
    line = pay(line, 3, NOON + HOUR)
    grown = changed_budget(
        line, budget(per_payment=10**10, hourly=10**10, daily=10**10), NOON + HOUR
    )
    assert isinstance(grown, BudgetLine)
    assert grown.unit == 10
    assert spent(grown, NOON + HOUR) == (10, 20)


amounts = st.integers(1, 10**9).flatmap(
    lambda digits: st.integers(0, 22).map(lambda exponent: digits * 10**exponent + digits % 7)
)


@given(
    st.integers(0, 31),
    st.lists(st.tuples(amounts, st.sampled_from([0, 0, 60, HOUR, 5 * HOUR, DAY])), max_size=12),
)
def test_charged__any_payments__never_counts_less_and_little_more(exponent, payments):
    """Rounding never loses, and adds at most 1e-8 of `daily` a payment."""
    daily = 10 ** (exponent + 8)
    line, now = line_of(per_payment=daily, hourly=daily, daily=daily, max_payments=16_383), NOON
    exact: dict[int, list[int]] = {}
    for amount, pause in payments:
        now += pause
        line = rolled(line, now)
        if check_windows(line, amount) is not None:
            continue
        line = charged(line, amount)
        exact.setdefault(now // DAY, []).append(amount)
        today = exact[now // DAY]
        _, counted = spent(line, now)
        assert sum(today) <= counted <= sum(today) + len(today) * daily / 10**8
        assert counted <= daily


@given(
    aligned_budgets(),
    st.lists(st.tuples(st.integers(0, 10**40), st.booleans(), st.integers(0, 10**40)), max_size=8),
)
def test_changed_budget__any_cut__never_fails_and_forgets_nothing(first, steps):
    """
    Whatever was spent, a tightening is stored, not above what was asked; the unit stays within 1e-8
    of the larger of `daily` and what was spent.
    """
    now = NOON
    line = changed_budget(None, first.model_copy(update={"expires_at": 2**19 * HOUR}), now)
    assert isinstance(line, BudgetLine)
    for amount, cuts, divisor in steps:
        now += 17 * 60
        line = rolled(line, now)
        if check_windows(line, amount % (line.hourly * line.unit + 1)) is None:
            line = charged(line, amount % (line.hourly * line.unit + 1))
        if not cuts:
            continue
        old = figures(line)
        update = {
            name: getattr(old, name) * (divisor % 1000) // 1000
            for name in ("per_payment", "hourly", "daily")
        }
        before = spent(line, now)
        asked = normalised(old.model_copy(update=update))
        new = changed_budget(line, asked, now)
        assert isinstance(new, BudgetLine)
        assert spent(new, now) == before
        stored = figures(new)
        assert stored.daily <= asked.daily < stored.daily + 10 * new.unit
        assert stored.per_payment <= stored.hourly <= stored.daily
        assert new.unit == 1 or new.unit * 10**8 <= max(stored.daily, before[1])
        line = new


@given(aligned_budgets(), aligned_budgets(), amounts)
def test_budget_line__from_what_the_event_says__is_the_line_that_was_stored(first, second, amount):
    """Logs are enough: the figures as logged, and the line before, give the very same line."""
    line = changed_budget(None, first, NOON)
    assert isinstance(line, BudgetLine)
    if check_windows(line, amount) is None:
        line = charged(line, amount)
    new = changed_budget(line, second, NOON + 60)
    if isinstance(new, Reason):
        return
    assert budget_line(line, figures(new), NOON + 60) == new


@pytest.mark.parametrize("asked", [UNITS_END * 10 - 1, UNITS_END * 10, UNITS_END * 10 + 69])
def test_changed_budget__rounded_down_past_a_power_of_ten__takes_the_unit_of_what_is_stored(asked):
    """Between two units the stored figure decides, because it is all that the logs know."""
    line = line_of(per_payment=0, hourly=0, daily=10**11)
    cut = changed_budget(line, budget(per_payment=0, hourly=0, daily=asked), NOON)
    assert isinstance(cut, BudgetLine)
    assert cut.exponent == unit_exponent(figures(cut).daily) == 1


@given(aligned_budgets(), st.lists(amounts, min_size=1, max_size=5))
def test_settled__single_payments__equals_charged(first, paid):
    """What a payment's event says is left is what the charge left."""
    line = changed_budget(None, first.model_copy(update={"expires_at": 2**19 * HOUR}), NOON)
    assert isinstance(line, BudgetLine)
    for amount in paid:
        if check_windows(line, amount) is not None:
            continue
        after = charged(line, amount)
        hour, _, _ = remaining(after, NOON)
        assert settled(line, hour, NOON) == after
        line = after


# Direction


@pytest.mark.parametrize(
    "lowered",
    [
        {"per_payment": 99 * USDC},
        {"hourly": 299 * USDC},
        {"daily": 999 * USDC},
        {"queue_from": 100 * USDC},
        {"queue_from": 0},
        {"max_payments": 99},
        {"expires_at": MIDNIGHT + 299 * DAY},
        {"allowlist_only": True},
        {"expires_at": 0, "daily": MAX_UINT256},
        {},
    ],
)
def test_tightens__one_figure_lower_or_flag_on__does_and_its_reverse_loosens(lowered):
    """Every figure lower or equal, and no flag off, tightens; the way back loosens."""
    high, low = normalised(budget()), normalised(budget(**lowered))
    assert tightens(high, low)
    assert tightens(low, high) is (lowered == {})


@pytest.mark.parametrize(
    "raised",
    ["per_payment", "hourly", "daily", "max_payments", "expires_at"],
)
def test_tightens__one_figure_higher_and_the_others_lower__does_not(raised):
    """A change that loosens any one figure loosens as a whole."""
    old = normalised(budget())
    lower = {name: getattr(old, name) // 2 for name in ("per_payment", "hourly", "daily")}
    new = budget(**lower | {raised: getattr(old, raised) + HOUR})
    assert not tightens(old, normalised(new))


@pytest.mark.parametrize(
    ("queue_from", "per_payment", "expected"),
    [
        (50, 80, True),
        (49, 100, True),
        (51, 80, False),
        (MAX_UINT256, 50, False),
        (MAX_UINT256, 49, True),
        (40, 49, True),
    ],
)
def test_tightens__queue_from__or_per_payment_below_the_old_one(queue_from, per_payment, expected):
    """A higher `queue_from` still tightens when nothing that waited before passes now."""
    old = normalised(budget(per_payment=100, queue_from=50))
    new = normalised(budget(per_payment=per_payment, queue_from=queue_from))
    assert tightens(old, new) is expected
