"""
A budget's figures are held in units of 10^k base units, nine digits relative to `daily`.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.wallet.support import (
    AMOUNT,
    DAILY,
    HOURLY,
    MAX_EXPONENT,
    MAX_WALLET_LIMIT,
    NEVER,
    PAY,
    QUEUE,
    budget_of,
    judge,
    key_of,
    left,
    logged,
    opened,
    property_settings,
    reverts,
)
from tests.harness.world import DAY, GENERAL, HOUR, MAX, Budget, World

TOO_FINE = "budgets: figure too fine"


def unit_for(amount: int) -> int:
    """
    The smallest power of ten in which `amount` has less than 2^30 - 1 units.
    """
    return next(10**k for k in range(MAX_EXPONENT + 1) if amount < NEVER * 10**k)


def rich(**figures: Any) -> World:
    """
    An open wallet in which nothing but the agent's budget limits a payment.
    """
    return opened(wallet_limit=MAX_WALLET_LIMIT, funds=2**200, **figures)


def flat(daily: int, **figures: Any) -> dict[str, Any]:
    """
    Figures that let a whole day's money go in one payment.
    """
    return {"per_payment": daily, "hourly": daily, "daily": daily, **figures}


def spent_today(world: World) -> int:
    """
    What the budget says was spent in the running day, as it is logged: cutting it to nothing
    shows the counters.
    """
    cut = world.set_budget(expires_at=0, sender=world.guardian)
    return int(cut.only("BudgetSet").day_spent)


@pytest.mark.parametrize("exponent", [0, 1, 2, 9, 18, 30, 31])
def test_figures__in_whole_units__read_back_as_set(fresh: World, exponent: int) -> None:
    """
    Nine digits relative to `daily` are kept exactly, at any size.
    """
    unit = 10**exponent
    figures = Budget(7 * unit, (NEVER // 3) * unit, (NEVER - 1) * unit, 5 * unit)

    fresh.set_budget(figures)

    assert budget_of(fresh) == figures


@pytest.mark.parametrize("exponent", [1, 2, 9, 18, 30, 31])
@pytest.mark.parametrize("field", ["per_payment", "hourly", "daily", "queue_from"])
@pytest.mark.parametrize("off", [-1, 1])
def test_figures__one_base_unit_off__are_refused(
    fresh: World, exponent: int, field: str, off: int
) -> None:
    """
    A figure finer than the unit is refused, whichever it is, when the budget loosens.
    """
    unit = 10**exponent
    figures = Budget(7 * unit, 8 * unit, (NEVER - 2) * unit, 5 * unit)
    fine = figures._replace(**{field: getattr(figures, field) + off})

    with reverts(TOO_FINE):
        fresh.set_budget(fine)

    fresh.set_budget(figures)


@pytest.mark.parametrize(
    ("daily", "unit"),
    [
        (NEVER - 1, 1),
        (NEVER + 7, 10),
        (10 * (NEVER - 1), 10),
        (10 * NEVER + 70, 100),
        (10**27, 10**18),
        ((NEVER - 1) * 10**30, 10**30),
        ((NEVER + 7) * 10**30, 10**31),
    ],
)
def test_unit__is_the_smallest__that_holds_daily(fresh: World, daily: int, unit: int) -> None:
    """
    The unit is the smallest power of ten in which `daily` has less than 2^30 - 1 units.
    """
    fresh.set_budget(per_payment=unit, hourly=daily, daily=daily)
    assert budget_of(fresh).per_payment == unit

    if unit > 1:
        with reverts(TOO_FINE):
            fresh.set_budget(
                per_payment=unit // 10,
                hourly=daily,
                daily=daily,
                expires_at=Budget().expires_at + HOUR,
            )


def test_daily__at_the_largest__is_held_and_one_unit_more_refused(fresh: World) -> None:
    """
    `daily` stays below (2^30 - 1) * 10^31, the largest figure of the largest unit.
    """
    largest = (NEVER - 1) * 10**MAX_EXPONENT

    for daily in (NEVER * 10**MAX_EXPONENT, NEVER * 10**MAX_EXPONENT + 1, MAX):
        with reverts("budgets: limit too large"):
            fresh.set_budget(daily=daily)
    with reverts(TOO_FINE):
        fresh.set_budget(per_payment=0, hourly=0, daily=NEVER * 10**MAX_EXPONENT - 1)

    fresh.set_budget(**flat(largest, queue_from=largest))
    assert budget_of(fresh) == Budget(**flat(largest, queue_from=largest))


def test_figures__all_zero__are_held_and_let_nothing_through() -> None:
    """
    Zero is zero, never "unlimited".
    """
    world = rich(**flat(0))

    assert budget_of(world) == Budget(**flat(0))
    assert left(world) == (0, 0, 100)
    judge(world, AMOUNT, 0)
    judge(world, AMOUNT, 1)


def test_queue_from__none__is_exempt_from_the_unit(fresh: World) -> None:
    """
    Above `per_payment` no payment waits; whatever was given reads back as the maximum.
    """
    for given_as in (10**15 + 1, 10**15 + 10**6, MAX - 1, MAX):
        fresh.set_budget(**flat(10**15, queue_from=given_as))
        assert budget_of(fresh).queue_from == MAX

    fresh.set_budget(**flat(10**15, queue_from=10**15))
    assert budget_of(fresh).queue_from == 10**15


def test_tightening__finer_than_the_unit__rounds_down_and_says_so() -> None:
    """
    An emergency cut is never refused for its digits: it rounds down, and the log says to what.
    """
    world = rich(per_payment=10**15, hourly=10**15, daily=10**15, queue_from=10**14)
    fine = Budget(5_999_999, 6_999_999, 10**15 - 1, 4_999_999)

    receipt = world.set_budget(fine, sender=world.guardian)

    stored = Budget(5 * 10**6, 6 * 10**6, 10**15 - 10**6, 4 * 10**6)
    assert budget_of(world) == stored
    assert receipt.events == [
        logged(
            world.wallet,
            "BudgetSet",
            agent=world.agent,
            token=world.token.address,
            category=GENERAL,
            budget=tuple(stored),
            hour_spent=0,
            day_spent=0,
        )
    ]


@pytest.mark.parametrize(
    ("daily", "stored", "charge"),
    [
        (NEVER - 1, NEVER - 1, 1),
        (NEVER, NEVER - 3, 1),
        (NEVER + 6, NEVER - 3, 1),
        (NEVER + 7, NEVER + 7, 10),
    ],
)
def test_tightening__that_rounds_below_a_power_of_ten__takes_the_smaller_unit(
    daily: int, stored: int, charge: int
) -> None:
    """
    The unit is the smallest that holds `daily` as it is stored, not as it was given.
    """
    world = rich(**flat(10**15))

    world.set_budget(Budget(**flat(daily)), sender=world.guardian)

    assert budget_of(world) == Budget(**flat(stored))
    judge(world, PAY, 1)
    assert left(world) == (stored - charge, stored - charge, 99)


def test_loosening__finer_than_what_was_spent_allows__waits_for_the_next_day() -> None:
    """
    A scheduled raise whose figures are too fine for a day of large spending is refused, stays
    scheduled, and passes when that day is over.
    """
    world = rich(**flat(10**15), change_delay=HOUR)
    raised = (*key_of(world), Budget(**flat(12_345_678)))
    world.schedule(world.wallet, "set_budget", *raised)
    world.pay(9 * 10**14)
    world.evm.warp(by=HOUR)

    # Lower in every figure, so that it tightens and rounds down: the timelock makes no exception.
    world.apply(world.wallet, "set_budget", *raised)
    assert budget_of(world) == Budget(**flat(12 * 10**6))

    world.schedule(world.wallet, "set_budget", *raised)
    world.evm.warp(by=HOUR)
    with reverts(TOO_FINE):
        world.apply(world.wallet, "set_budget", *raised)
    world.evm.warp(by=DAY)
    world.apply(world.wallet, "set_budget", *raised)
    assert budget_of(world) == Budget(**flat(12_345_678))


def test_tightening__with_nothing_spent__takes_the_small_unit_at_once() -> None:
    """
    Only what was spent keeps a unit coarse.
    """
    world = rich(**flat(10**15))

    world.set_budget(Budget(11, 12, 13, 10), sender=world.guardian)

    assert budget_of(world) == Budget(11, 12, 13, 10)


def test_tightening__after_large_spending__rounds_to_what_was_spent() -> None:
    """
    On a day when much was spent, a cut is held in units that also hold what was spent.
    """
    world = rich(**flat(10**15))
    world.pay(9 * 10**14)

    world.set_budget(Budget(5_999_999, 6_999_999, 7_999_999, 4_999_999), sender=world.guardian)

    assert budget_of(world) == Budget(5 * 10**6, 6 * 10**6, 7 * 10**6, 4 * 10**6)
    assert left(world) == (0, 0, 99)


def test_tightening__to_less_than_one_unit__leaves_nothing() -> None:
    """
    A cut below one unit becomes zero until the day ends and stays zero after it.
    """
    world = rich(**flat(10**15))
    world.pay(9 * 10**14)

    world.set_budget(Budget(**flat(999_999)), sender=world.guardian)

    assert budget_of(world) == Budget(**flat(0))
    world.evm.warp(by=DAY)
    assert budget_of(world) == Budget(**flat(0))
    judge(world, AMOUNT, 1)


def test_lowered_budget__on_the_day_of_the_cut__charges_whole_units() -> None:
    """
    Until that UTC day ends a charge may round up by 1e-8 of what was spent.
    """
    world = rich(**flat(10**15))
    world.pay(10**8)
    world.pay(6 * 10**14 - 10**8)
    world.set_budget(Budget(**flat(7 * 10**14)), sender=world.guardian)
    world.set_budget(Budget(10**14, 6 * 10**14 + 10**9, 7 * 10**14), sender=world.guardian)

    assert left(world) == (10**9, 10**14, 98)
    judge(world, PAY, 1)
    assert left(world) == (10**9 - 10**6, 10**14 - 10**6, 97)


@pytest.mark.parametrize("touch", ["pay", "set", "only look"])
def test_lowered_budget__on_the_next_day__is_as_fine_as_daily_asks(touch: str) -> None:
    """
    A lowered budget does not stay coarse: with the next UTC day its unit follows `daily` alone.
    """
    world = rich(**flat(10**15))
    world.pay(9 * 10**14)
    cut = Budget(3 * 10**6, 5 * 10**6, 8 * 10**6, 2 * 10**6)
    world.set_budget(cut, sender=world.guardian)

    world.evm.warp(by=DAY)

    assert left(world) == (5 * 10**6, 8 * 10**6, 100)
    if touch == "pay":
        judge(world, PAY, 3)
        assert left(world) == (5 * 10**6 - 3, 8 * 10**6 - 3, 99)
        assert budget_of(world) == cut
    if touch == "set":
        world.set_budget(cut._replace(per_payment=2_345_678), sender=world.guardian)
        assert budget_of(world) == cut._replace(per_payment=2_345_678)
    judge(world, PAY, 2 * 10**6 - 1)
    judge(world, QUEUE, 2 * 10**6)


def test_lowered_budget__in_the_days_last_hour__is_still_coarse() -> None:
    """
    The unit shrinks with the UTC day, not with the hour.
    """
    world = rich(**flat(10**15))
    world.pay(9 * 10**14)
    world.set_budget(Budget(10**12, 10**12, 9 * 10**14 + 10**12), sender=world.guardian)

    world.evm.warp(by=DAY - 1)
    judge(world, PAY, 1)
    assert left(world) == (10**12 - 10**6, 10**12 - 10**6, 98)

    world.evm.warp(by=1)
    world.set_budget(Budget(10**12, 10**12, 10**12), sender=world.guardian)
    judge(world, PAY, 1)
    assert left(world) == (10**12 - 10**3, 10**12 - 10**3, 99)


@pytest.mark.parametrize(
    ("daily", "charge"),
    [((NEVER // 10) * 10, 1), ((NEVER // 10 + 1) * 10, 10), ((NEVER // 10 - 1) * 10, 1)],
)
def test_lowered_budget__around_a_power_of_ten__shrinks_as_far_as_it_fits(
    daily: int, charge: int
) -> None:
    """
    The next day's unit is the smallest for `daily`, to the last figure.
    """
    world = rich(**flat(10**10))
    world.pay(5 * 10**9)
    world.set_budget(Budget(**flat(daily)), sender=world.guardian)
    world.evm.warp(by=DAY)

    judge(world, PAY, 1)

    assert left(world) == (daily - charge, daily - charge, 99)


def test_lowered_budget__none_waits__stays_none_when_the_unit_shrinks() -> None:
    """
    A `queue_from` of "none" is no figure, and no unit turns it into one.
    """
    world = rich(**flat(10**15))
    world.pay(9 * 10**14)
    world.set_budget(Budget(**flat(8 * 10**6)), sender=world.guardian)
    world.evm.warp(by=DAY)

    judge(world, PAY, 8 * 10**6)

    assert budget_of(world) == Budget(**flat(8 * 10**6))


@pytest.mark.parametrize(("amount", "charge"), [(1, 10), (9, 10), (10, 10), (11, 20), (19, 20)])
def test_charge__finer_than_the_unit__rounds_up(amount: int, charge: int) -> None:
    """
    A payment is charged in whole units, rounded up, and moves exactly its amount.
    """
    world = rich(**flat(10**10))

    world.pay(amount)

    assert left(world) == (10**10 - charge, 10**10 - charge, 99)
    assert world.token.balanceOf(world.recipient) == amount
    assert world.wallet.wallet_remaining(world.token.address) == MAX_WALLET_LIMIT - amount


def test_charge__that_only_rounding_makes_too_large__is_refused() -> None:
    """
    Never down: where what is left ends inside a unit's worth, the payment does not fit.
    """
    world = rich(per_payment=10**9, hourly=10**9, daily=2 * 10**9)
    world.pay(1)
    judge(world, HOURLY, 10**9 - 1)
    judge(world, PAY, 10**9 - 10)

    world.evm.warp(by=HOUR)
    world.pay(1)
    judge(world, HOURLY, 10**9 - 9)
    judge(world, PAY, 10**9 - 10)
    world.evm.warp(by=HOUR)
    judge(world, DAILY, 1)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_per_payment__and_queue_from__compare_exactly(off: int) -> None:
    """
    Rounding is for charges: what a single payment may be is compared to the base unit.
    """
    world = rich(per_payment=10**14, hourly=10**15, daily=10**15, queue_from=10**13)

    judge(world, QUEUE if off >= 0 else PAY, 10**13 + off)
    judge(world, AMOUNT if off > 0 else QUEUE, 10**14 + off)


def test_tokens_of_18_decimals__a_thousand_million_whole_ones__fit() -> None:
    """
    A day's budget of 10^9 whole tokens of 18 decimals is paid in one payment, or to the tenth of
    a cent.
    """
    world = rich(**flat(10**27))

    judge(world, PAY, 10**18)
    assert left(world)[1] == 10**27 - 10**18
    judge(world, PAY, 1)
    assert left(world)[1] == 10**27 - 2 * 10**18
    world.evm.warp(by=DAY)
    judge(world, PAY, 10**27)
    judge(world, HOURLY, 1)


def test_unit__that_grows__rounds_hour_and_day_up_once_each() -> None:
    """
    Raising `daily` may coarsen the unit: the hour's counter and the day's total are rounded up,
    each as a whole.
    """
    world = rich(**flat(10**9), change_delay=HOUR)
    wider = Budget(**flat(10**11))
    world.schedule(world.wallet, "set_budget", *key_of(world), wider)
    world.pay(41)
    world.evm.warp(by=HOUR)
    world.pay(42)

    receipt = world.apply(world.wallet, "set_budget", *key_of(world), wider)

    event = receipt.only("BudgetSet")
    assert (event.hour_spent, event.day_spent) == (100, 100)
    assert left(world) == (10**11 - 100, 10**11 - 100, 98)


def test_unit__that_grows_between_hours__carries_the_day_exactly() -> None:
    """
    What is left over of the day's total after the hour's share counts as spent before.
    """
    world = rich(**flat(10**9), change_delay=HOUR)
    wider = Budget(**flat(10**11))
    world.schedule(world.wallet, "set_budget", *key_of(world), wider)
    world.pay(160)
    world.evm.warp(by=HOUR)
    world.pay(41)

    event = world.apply(world.wallet, "set_budget", *key_of(world), wider).only("BudgetSet")

    assert (event.hour_spent, event.day_spent) == (100, 300)
    world.evm.warp(by=HOUR)
    assert left(world) == (10**11, 10**11 - 300, 98)


amounts = st.builds(
    lambda digits, zeros: digits * 10**zeros,
    st.integers(1, 2 * NEVER),
    st.integers(0, 22),
)


@property_settings
@given(daily=amounts, parts=st.lists(st.fractions(0, 1), min_size=1, max_size=4))
def test_charge__of_any_size__rounds_up_by_at_most_1e8th_of_daily(
    daily: int, parts: list[Any]
) -> None:
    """
    What the counters say is never less than what was paid, and each payment adds at most 1e-8 of
    `daily` to it.
    """
    unit = unit_for(daily)
    daily -= daily % unit
    world = rich(**flat(daily))
    before, paid = daily, 0
    for part in parts:
        amount = int(part * before)
        if amount == 0:
            continue
        world.pay(amount)
        paid += amount
        _, after, _ = left(world)
        assert before - after >= amount
        assert (before - after - amount) * 10**8 <= daily
        before = after

    assert spent_today(world) == daily - before >= paid


@property_settings
@given(
    daily=amounts,
    part=st.fractions(0, 1),
    cuts=st.lists(st.tuples(*[st.fractions(0, 1)] * 4), min_size=1, max_size=3),
)
def test_tightening__whatever_was_spent__never_fails_and_rounds_down(
    daily: int, part: Any, cuts: list[tuple[Any, ...]]
) -> None:
    """
    Any figures at or below the stored ones are accepted. Each is stored to the unit of what was
    spent or is left to spend, and rounded down by less than 1e-8 of that.
    """
    daily -= daily % unit_for(daily)
    world = rich(**flat(daily))
    if int(part * daily):
        world.pay(int(part * daily))
    spent = daily - left(world)[1]

    figures = budget_of(world)
    for cut in cuts:
        d = int(cut[0] * figures.daily)
        h = int(cut[1] * min(d, figures.hourly))
        p = int(cut[2] * min(h, figures.per_payment))
        q = int(cut[3] * min(p, figures.queue_from))
        world.set_budget(Budget(p, h, d, q), sender=world.guardian)

        unit = unit_for(max(d, spent))
        stored = budget_of(world)
        assert stored == Budget(*(f - f % unit for f in (p, h, d, q)))
        assert (unit - 1) * 10**8 <= max(d, spent)
        figures = stored
    assert left(world)[1] == max(0, figures.daily - spent)

    # The next day everything is held in finer units, and reads the same.
    world.evm.warp(by=DAY)
    assert left(world) == (figures.hourly, figures.daily, 100)
    if figures.per_payment and figures.queue_from > 1:
        judge(world, PAY, 1)
        charge = unit_for(figures.daily)
        assert left(world) == (figures.hourly - charge, figures.daily - charge, 99)
    assert budget_of(world) == figures


@property_settings
@given(daily=amounts, part=st.fractions(0, 1), cut=st.fractions(0, 1), small=st.fractions(0, 1))
def test_charge__after_a_cut__rounds_by_what_was_spent_until_the_day_ends(
    daily: int, part: Any, cut: Any, small: Any
) -> None:
    """
    On the day of a cut a charge rounds up by at most 1e-8 of the larger of `daily` and what was
    spent; from the next UTC day on, of `daily` alone.
    """
    daily -= daily % unit_for(daily)
    world = rich(**flat(daily))
    if int(part * daily):
        world.pay(int(part * daily))
    spent = daily - left(world)[1]
    world.set_budget(Budget(**flat(int(cut * daily))), sender=world.guardian)
    lowered = budget_of(world).daily

    for bound in (max(lowered, spent), lowered):
        _, before, _ = left(world)
        amount = int(small * before)
        if amount:
            world.pay(amount)
            rounding = before - left(world)[1] - amount
            assert rounding >= 0
            assert rounding * 10**8 <= bound
        world.evm.warp(by=DAY)
        assert left(world)[1] == lowered


@property_settings
@given(
    units=st.lists(st.integers(0, NEVER - 1), min_size=4, max_size=4),
    exponent=st.integers(0, MAX_EXPONENT),
    allowlist=st.booleans(),
    count=st.integers(1, 16_383),
    expiry=st.integers(1, 2**20 - 1),
)
def test_figures__any_that_fit__make_a_round_trip(
    units: list[int], exponent: int, allowlist: bool, count: int, expiry: int
) -> None:
    """
    What is set is what is read, for all figures together.
    """
    p, h, d = sorted(unit * 10**exponent for unit in units[:3])
    q = units[3] * 10**exponent
    coarse = unit_for(d)
    p, h, d, q = (figure - figure % coarse for figure in (p, h, d, q))
    world = World()

    world.set_budget(Budget(p, h, d, q, count, expiry * HOUR, 10_000, False, allowlist))

    waits = q if q <= p else MAX
    assert budget_of(world) == Budget(
        p, h, d, waits, count, expiry * HOUR, 10_000, False, allowlist
    )
