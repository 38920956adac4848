"""
Rolling budgets: any 24 hours, against the plainest record of what was paid and when.
"""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.budgets import (
    Budget,
    BudgetLine,
    Ring,
    budget_line,
    changed_budget,
    charged,
    check_windows,
    figures,
    remaining,
    rolled,
    spent,
)
from bursar.budgets.memory import build_ring, step_exponent
from bursar.budgets.windows import comes_back
from bursar.reasons import Reason
from bursar.types import DAY, HOUR, RING_HOURS, RING_STEPS, UNITS_END
from tests.unit.budget_walk import Walk, coarse
from tests.unit.office import MIDNIGHT, NOON, REMOVAL, budget

LARGEST = (UNITS_END - 1) * 10**31
LIMITS = [5, 1_023, 1_024, 10**6, UNITS_END - 1, (UNITS_END - 1) * 10, 10**18, LARGEST]


def allowing(daily: int, **given_figures: object) -> Budget:
    """
    Figures that put nothing but `daily` in the way.
    """
    ordinary: dict[str, object] = {
        "per_payment": daily,
        "hourly": daily,
        "daily": daily,
        "max_payments": 16_383,
        "rolling": True,
    }
    return budget(**ordinary | given_figures)


def line_of(daily: int, now: int = NOON, **given_figures: object) -> BudgetLine:
    """
    The line of a new rolling budget.
    """
    return changed(None, allowing(daily, **given_figures), now)


def changed(line: BudgetLine | None, asked: Budget, now: int) -> BudgetLine:
    """
    The line after a change that has to be accepted, and that the fold rebuilds.
    """
    new = changed_budget(line, asked, now)
    assert isinstance(new, BudgetLine), new
    assert budget_line(line, figures(new), now) == new
    return new


def pay(line: BudgetLine, amount: int, now: int) -> BudgetLine:
    """
    Charge a payment that has to fit.
    """
    line = rolled(line, now)
    assert check_windows(line, amount) is None
    return charged(line, amount)


def left(line: BudgetLine, now: int) -> int:
    """
    What is left of the trailing 24 hours.
    """
    return remaining(line, now)[1]


def ring_of(line: BudgetLine) -> Ring:
    """
    The hours that a rolling budget remembers.
    """
    assert isinstance(line.memory, Ring)
    return line.memory


# Against brute force


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_rolling__any_payments__are_within_the_limit_over_any_24_hours(random):
    """
    For every payment: all that was charged in the 86,400 seconds before it, itself included, is at
    most the limit. Nothing is forgotten early, and rounding adds a step an hour at most.
    """
    walk = Walk(random)
    for _ in range(60):
        walk.step()


@settings(max_examples=150)
@given(st.randoms(use_true_random=False), st.booleans())
def test_rolling__lowered_raised_removed_and_switched__forgets_nothing(random, rolling):
    """
    The same while figures change: within the limit in force, as far back as the page promises. The
    fold rebuilds each line from what the events say.
    """
    walk = Walk(random, rolling)
    for _ in range(60):
        walk.step(changing=0.25)


@pytest.mark.fuzz
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("first", range(0, 10_000, 1_000))
def test_rolling__two_million_random_steps__agree_with_brute_force(first):
    """The same at length, from fixed seeds."""
    for seed in range(first, first + 1_000):
        walk = Walk(Random(seed), rolling=seed % 5 > 0)
        for _ in range(200):
            walk.step(changing=0.2 if seed % 2 else 0)
        assert walk.counts["paid"] > 0


# When money is back


@pytest.mark.parametrize("daily", LIMITS)
@pytest.mark.parametrize("second", [0, 1, 1_800, HOUR - 1])
@pytest.mark.parametrize("offset", [0, 11 * HOUR])
def test_rolling__the_whole_limit_in_one_payment__is_back_within_25_hours(daily, second, offset):
    """Gone for 24 hours to the second, and at most one hour longer; then all of it is back."""
    at = NOON + offset + second
    line = pay(line_of(daily), daily, at)
    back = (at // HOUR + 25) * HOUR
    assert 24 * HOUR < back - at <= 25 * HOUR
    for now in (at, at + HOUR, at + DAY - 1, at + DAY, back - 1):
        assert left(line, now) == 0
        assert check_windows(rolled(line, now), 1) in (
            Reason.PAYMENTS_HOURLY,
            Reason.PAYMENTS_DAILY,
        )
    assert left(line, back) == figures(line).daily
    pay(line, daily, back)


@pytest.mark.parametrize("pause", [0, 1, HOUR, 23 * HOUR, DAY, 30 * DAY])
def test_rolling__across_midnight__does_not_start_over(pause):
    """What a UTC day would let out twice within two seconds leaves once."""
    before, after = MIDNIGHT + DAY - 1, MIDNIGHT + DAY
    line = pay(line_of(1_000), 1_000, before)
    fixed = pay(line_of(1_000, rolling=False), 1_000, before)
    assert left(fixed, after) == 1_000
    assert (left(line, after + pause) == 0) is (pause < DAY)


def test_rolling__hour_by_hour__frees_what_was_paid_25_hours_ago():
    """Each hour leaves the window whole, in the order in which it came."""
    line = line_of(1_000)
    for hour in range(24):
        line = pay(line, hour + 1, NOON + hour * HOUR)
    assert ring_of(line).buckets == (*range(23, 0, -1), 0)
    total = sum(range(1, 25))
    for gone in range(24):
        now = NOON + (24 + gone) * HOUR
        assert left(line, now) == 1_000 - total + sum(range(1, gone + 1))


def test_rolling__the_count__is_the_utc_days():
    """`max_payments` starts over at midnight, whatever the amounts do."""
    line = pay(line_of(1_000, max_payments=1), 1, MIDNIGHT + DAY - 1)
    assert check_windows(rolled(line, MIDNIGHT + DAY - 1), 1) is Reason.PAYMENTS_COUNT
    assert remaining(line, MIDNIGHT + DAY) == (1_000, 999, 1)


# Precision


@settings(max_examples=200)
@given(
    st.sampled_from(LIMITS) | st.integers(1, LARGEST),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
)
def test_rolling__a_finished_hour__counts_little_more_than_it_paid(limit, shares):
    """
    Less than 2/1023 (1/511.5) of `daily` an hour, beside a unit a payment; nothing where the daily
    limit is at most 1,023 units.
    """
    daily = coarse(limit)
    line, now, hours, exact = line_of(daily), NOON, 0, 0
    for share in shares:
        amount = daily * share // 10**9 // len(shares)
        if amount > 0 and check_windows(rolled(line, now), amount) is None:
            line = pay(line, amount, now)
            exact, hours = exact + amount, hours + 1
        now += HOUR // 2 + HOUR * (share % 3 == 0)
        if now >= NOON + DAY:
            return
        excess = spent(line, now)[1] - exact
        assert 0 <= excess <= hours * Fraction(2 * daily, RING_STEPS) + hours * line.unit
        assert daily > RING_STEPS or excess == 0


def test_rolling__the_worst_hour__counts_more_than_a_512th_too_much():
    """The bound is 2/1023, not 1/512: an hour of one unit, of a limit just above half steps."""
    daily = 1_023 * 2**19 + 1
    line = rolled(pay(line_of(daily), 1, NOON), NOON + HOUR)
    excess = spent(line, NOON + HOUR)[1] - 1
    assert excess == 2**20 - 1
    assert Fraction(1, 512) < Fraction(excess, daily) < Fraction(2, 1_023)


@pytest.mark.parametrize(
    ("units", "exponent"),
    [
        (0, 0),
        (1_023, 0),
        (1_024, 1),
        (2_046, 1),
        (2_047, 2),
        (1_023 * 2**20, 20),
        (1_023 * 2**20 + 1, 21),
        (UNITS_END, 21),
    ],
)
def test_step_exponent__around_each_bound__is_the_smallest_that_holds(units, exponent):
    """A bucket has ten bits."""
    assert step_exponent(units) == exponent


@given(
    st.lists(st.integers(1, UNITS_END), max_size=RING_HOURS),
    st.integers(0, UNITS_END),
    st.integers(0, 31),
)
def test_build_ring__any_hours__holds_each_rounded_up_by_less_than_a_step(hours, floor, exponent):
    """Rounded up to whole steps, once, and in the smallest step that will do."""
    unit = 10**exponent
    amounts = [units * unit - min(units % 7, unit - 1) for units in hours]
    ring = build_ring(amounts, unit, floor)
    assert ring.exponent == step_exponent(max(floor, *hours, 0))
    held = ring.amounts(unit)
    assert len(held) == RING_HOURS
    assert not any(held[len(amounts) :])
    assert max(ring.buckets) <= RING_STEPS
    for amount, counted in zip(amounts, held, strict=False):
        assert amount <= counted < amount + (unit << ring.exponent)


# Changes


def test_rolling__lowered_and_raised_again__forgets_nothing():
    """What was spent stays spent, hour by hour, whatever the figures do in between."""
    line = pay(pay(line_of(1_000), 300, NOON), 200, NOON + 5 * HOUR)
    low = changed(line, allowing(10), NOON + 6 * HOUR)
    assert left(low, NOON + 6 * HOUR) == 0
    high = changed(low, allowing(1_000), NOON + 7 * HOUR)
    assert left(high, NOON + 7 * HOUR) == 500
    assert left(high, NOON + 25 * HOUR - 1) == 500
    assert left(high, NOON + 25 * HOUR) == 800
    assert left(high, NOON + 30 * HOUR) == 1_000


@pytest.mark.parametrize("days", [0, 1])
def test_rolling__removed_and_set_again__keeps_its_hours(days):
    """A removed rolling budget stays rolling underneath, so removing clears nothing."""
    line = pay(line_of(1_000), 300, MIDNIGHT + DAY - 1)
    gone = changed(line, REMOVAL, MIDNIGHT + DAY)
    assert gone.rolling
    assert not figures(gone).rolling
    assert remaining(gone, MIDNIGHT + DAY) == (0, 0, 0)
    again = MIDNIGHT + DAY + 12 * HOUR + days * DAY
    back = changed(gone, allowing(1_000), again)
    assert left(back, again) == (1_000 if days else 700)


def test_rolling__switched_on__remembers_the_utc_day_as_the_last_hours():
    """It knows the current UTC day only, and keeps that for 24 hours from now."""
    line = pay(line_of(1_000, rolling=False), 300, MIDNIGHT + 60)
    line = pay(line, 100, NOON)
    on = changed(line, allowing(1_000), NOON)
    assert ring_of(on).buckets[:2] == (300, 0)
    assert spent(on, NOON) == (100, 400)
    assert left(on, NOON + DAY - 1) == 600
    assert left(on, NOON + DAY) == 900
    assert left(on, NOON + DAY + HOUR) == 1_000


def test_rolling__switched_off__counts_the_trailing_sum_until_midnight():
    """Yesterday's money does not come free by switching."""
    line = pay(line_of(1_000), 300, MIDNIGHT + DAY - 1)
    line = pay(line, 100, MIDNIGHT + DAY)
    off = changed(line, allowing(1_000, rolling=False), MIDNIGHT + DAY)
    assert not off.rolling
    assert spent(off, MIDNIGHT + DAY) == (100, 400)
    assert left(off, MIDNIGHT + 2 * DAY - 1) == 600
    assert left(off, MIDNIGHT + 2 * DAY) == 1_000


def test_rolling__switched_off_and_on_within_a_day__forgets_nothing():
    """The trailing sum becomes the last hour's."""
    line = pay(line_of(1_000), 300, MIDNIGHT + DAY - 1)
    off = changed(line, allowing(1_000, rolling=False), MIDNIGHT + DAY + 1)
    on = changed(off, allowing(1_000), MIDNIGHT + DAY + HOUR)
    assert left(on, MIDNIGHT + 2 * DAY) == 700


def test_rolling__cut_after_much_was_spent__is_coarse_for_25_hours():
    """A cut never fails; as the hours leave, unit and step become what the new limit asks for."""
    line = pay(line_of(10**18), 10**18, NOON)
    cut = changed(line, allowing(10**11 + 7), NOON)
    assert (cut.exponent, figures(cut).daily) == (9, 10**11)
    assert rolled(cut, NOON + 25 * HOUR - 1).exponent == 9
    fine = rolled(cut, NOON + 25 * HOUR)
    assert (fine.exponent, ring_of(fine)) == (2, Ring(20, (0,) * 24))
    assert figures(fine) == figures(cut)


def test_rolling__step_too_coarse_for_a_lowered_limit__becomes_finer_when_the_hour_changes():
    """A step that is there for the sake of an hour leaves with it."""
    line = pay(line_of(10**6), 10**6, NOON)
    cut = changed(line, allowing(1_000), NOON)
    assert ring_of(cut).exponent == 10
    assert ring_of(rolled(cut, NOON + 24 * HOUR)).exponent == 10
    assert ring_of(rolled(cut, NOON + 25 * HOUR)).exponent == 0


def test_rolling__cut_just_below_the_next_unit__becomes_finer_though_its_step_does_not():
    """The unit alone is reason enough to fit again."""
    line = pay(line_of(2 * 10**9), 12 * 10**8, NOON)
    cut = changed(line, allowing(1_073_741_810), NOON)
    assert (cut.exponent, ring_of(cut).exponent) == (1, 17)
    assert rolled(cut, NOON + 24 * HOUR).exponent == 1
    fine = rolled(cut, NOON + 25 * HOUR)
    assert (fine.exponent, ring_of(fine).exponent, fine.daily) == (0, 21, 1_073_741_810)


@pytest.mark.parametrize(("daily", "step"), [(1_023 * 2**9, 9), (1_023 * 2**9 + 1, 10)])
def test_rolling__cut_to_a_bound_of_the_step__takes_the_smallest_that_holds(daily, step):
    """At 1,023 steps of the smaller size the smaller is taken, one unit above it is not."""
    line = pay(line_of(10**6), 1_023 * 2**9 + 2, NOON)
    cut = changed(line, allowing(daily), NOON)
    assert ring_of(cut).exponent == 10
    assert ring_of(rolled(cut, NOON + 25 * HOUR)).exponent == step


def test_rolling__hours_rounded_past_30_bits__never_make_the_unit_coarser():
    """Fitting again only refines: figures that have been accepted are never rounded by waiting."""
    line = pay(line_of(UNITS_END - 1), UNITS_END - 1, NOON)
    cut = changed(line, allowing(1_023 * 2**20), NOON)
    later = rolled(cut, NOON + HOUR)
    assert sum(ring_of(later).buckets) << ring_of(later).exponent == 2**30
    assert (later.exponent, later.before) == (0, UNITS_END)
    assert figures(later) == figures(cut)


def test_rolling__more_than_30_bits_of_hours__is_over_every_limit():
    """The sum is capped where no limit reaches; no cut fails and nothing pays until it is gone."""
    line = pay(line_of(LARGEST), LARGEST, NOON)
    later = rolled(line, NOON + HOUR)
    assert sum(ring_of(later).buckets) << ring_of(later).exponent > UNITS_END
    assert later.before == UNITS_END
    for asked in (allowing(LARGEST), allowing(1), REMOVAL, allowing(LARGEST, rolling=False)):
        new = changed(line, asked, NOON + HOUR)
        assert new.exponent == 31
        assert left(new, NOON + HOUR) == 0
        assert new.before == UNITS_END
    off = changed(line, allowing(LARGEST, rolling=False), NOON + 60)
    assert rolled(off, NOON + HOUR).before <= UNITS_END


def test_rolling__in_place_of_a_share__forgets_the_recorded_balance_only():
    """Hours and a share's balance are the same word: switching keeps what was spent."""
    line = changed(None, allowing(1_000, rolling=False, share_bps=5_000), NOON)
    on = changed(line, allowing(1_000), NOON)
    assert isinstance(on.memory, Ring)
    off = changed(on, allowing(1_000, rolling=False, share_bps=5_000), NOON)
    assert off.memory is None


# When it comes back


def test_comes_back__hours_that_were_used__is_when_more_is_left_and_when_all_is():
    """
    Paid at noon and at two: nothing is back a second before 13:00 of the next day, the first of it
    then, all of it at 15:00.
    """
    line = pay(pay(line_of(1_000), 300, NOON), 200, NOON + 2 * HOUR)
    first, last = NOON + 25 * HOUR, NOON + 27 * HOUR

    for now in (NOON + 2 * HOUR, NOON + 12 * HOUR, first - 1):
        assert comes_back(line, now) == (first, last)
        assert left(line, now) == left(line, NOON + 3 * HOUR - 1)
    assert left(line, first) > left(line, first - 1)
    assert comes_back(line, first) == comes_back(line, last - 1) == (last, last)
    assert left(line, last - 1) < left(line, last) == 1_000
    assert comes_back(line, last) is None


@given(st.lists(st.tuples(st.integers(0, 5 * HOUR), st.integers(1, 20)), min_size=1, max_size=30))
def test_comes_back__any_payments__agrees_with_what_is_left(payments):
    """The first full hour that leaves more than the one before, and the first that leaves all."""
    line, now = line_of(1_000), NOON
    for pause, amount in payments:
        now += pause
        line = pay(line, amount, now)
    hours = [(now // HOUR + ahead) * HOUR for ahead in range(1, 27)]
    more = [at for at in hours if left(line, at) > left(line, at - 1)]
    assert comes_back(line, now) == (more[0], more[-1])
    assert left(line, more[-1]) == 1_000


def test_comes_back__a_utc_day__is_midnight_or_nothing():
    """Without rolling all of it is back at once. Where nothing is used nobody has to wait."""
    unused = line_of(1_000, rolling=False)
    for none_used in (None, unused, line_of(1_000)):
        assert comes_back(none_used, NOON) is None
    line = pay(unused, 1, NOON)
    assert comes_back(line, NOON + 3 * HOUR) == (MIDNIGHT + DAY, MIDNIGHT + DAY)
    assert comes_back(line, MIDNIGHT + DAY) is None
