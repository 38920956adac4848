"""
Rolling budgets: `daily` over any 24 hours, held against a plain list of what was paid when.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.wallet.support import (
    DAILY,
    MAX_WALLET_LIMIT,
    NEVER,
    PAY,
    budget_of,
    judge,
    left,
    opened,
    property_settings,
    reverts,
    waited,
)
from tests.harness.evm import MONDAY, Reverted
from tests.harness.world import DAY, GENERAL, HOUR, MAX, USDC, World, ref

LIMIT = 1000 * USDC

# All of the day in one payment, if need be.
OPEN = {"per_payment": LIMIT, "hourly": LIMIT, "daily": LIMIT, "rolling": True}


@dataclass
class Paid:
    """
    What was paid when, and nothing else.
    """

    entries: list[tuple[int, int]] = field(default_factory=list)

    def within(self, now: int, seconds: int = DAY) -> int:
        """
        All that was paid in the `seconds` before now, now itself included.
        """
        return sum(amount for at, amount in self.entries if now - seconds < at <= now)


def pay(world: World, paid: Paid, amount: int) -> bool:
    """
    Whether the payment went through; then the guarantee has held for it.
    """
    try:
        world.pay(amount, ref=ref(len(paid.entries)))
    except Reverted:
        return False
    paid.entries.append((world.now, amount))
    return True


# The edges of hours and of days, to the second, and anything between.
GAPS = st.one_of(
    st.sampled_from(
        [
            *(0, 1, 59, HOUR - 1, HOUR, HOUR + 1),
            *(23 * HOUR - 1, 23 * HOUR, 23 * HOUR + 1),
            *(DAY - 1, DAY, DAY + 1, 25 * HOUR - 1, 25 * HOUR, 25 * HOUR + 1),
        ]
    ),
    st.integers(0, 3 * HOUR),
    st.integers(0, 2 * DAY),
)
SHARES = st.one_of(st.sampled_from([1, 2, 3, 10, 1_000]), st.integers(1, 5_000))


@property_settings
@given(steps=st.lists(st.tuples(GAPS, SHARES), min_size=5, max_size=60), start=st.integers(0, DAY))
def test_rolling__payments_at_awkward_seconds__never_pass_more_than_daily_in_24_hours(
    steps: list[tuple[int, int]], start: int
) -> None:
    """
    For every payment, all that was paid in the 86,400 seconds before it, itself included, is at
    most `daily`. And nothing is refused that would fit with all that was paid in the 25 hours
    before, plus what rounding may count too much: less than a step for each of 24 hours.
    """
    world = opened(**OPEN, max_payments=16_383, wallet_limit=10**15, funds=10**15)
    world.evm.warp(by=start)
    paid = Paid()
    step = 2**20  # 1,000 USDC are 10^9 base units: 1,023 steps of 2^20 hold them
    for gap, share in steps:
        world.evm.warp(by=gap)
        amount = LIMIT // share
        went = pay(world, paid, amount)
        assert paid.within(world.now) <= LIMIT
        if not went:
            assert paid.within(world.now, 25 * HOUR) + amount + 24 * step > LIMIT


@pytest.mark.parametrize("second", [0, 1, HOUR - 1])
def test_rolling__whole_limit_in_one_payment__is_back_within_an_hour_after_24(second: int) -> None:
    """
    Nothing before 24 hours are over, everything at the full hour after that: 25 hours later at the
    latest.
    """
    world = opened(**OPEN, wallet_limit=10**15)
    world.evm.warp(MONDAY + 5 * HOUR + second)
    world.pay(LIMIT)
    for at in (MONDAY + DAY, MONDAY + 5 * HOUR + second + DAY, MONDAY + 6 * HOUR + DAY - 1):
        world.evm.warp(at)
        judge(world, DAILY, 1)
        assert left(world)[1] == 0
    world.evm.warp(MONDAY + 6 * HOUR + DAY)
    assert left(world) == (LIMIT, LIMIT, 100)
    judge(world, PAY, LIMIT)


def test_rolling__across_midnight__gives_nothing_back() -> None:
    """
    What a UTC day would let out twice around midnight goes out once.
    """
    world = opened(**OPEN, wallet_limit=10**15)
    world.evm.warp(MONDAY + DAY - 1)
    world.pay(LIMIT - 1)
    world.evm.warp(MONDAY + DAY)
    judge(world, DAILY, 2**20)


def test_rolling__count__is_of_the_utc_day() -> None:
    """
    Payments are counted by the UTC day, also when rolling.
    """
    world = opened(**OPEN, max_payments=2)
    world.evm.warp(MONDAY + DAY - 1)
    world.pay(1)
    world.pay(1)
    assert left(world)[2] == 0
    world.evm.warp(MONDAY + DAY)
    assert left(world)[2] == 2


def test_rolling__finished_hour__counts_at_most_a_step_too_much() -> None:
    """
    Up to a step, the smallest 2^e of which 1,023 hold `daily`: a 512th of `daily`, all but.
    """
    world = opened(**OPEN)
    world.pay(1)
    world.evm.warp(by=HOUR)
    counted = LIMIT - left(world)[1]
    assert counted == 2**20
    assert counted <= LIMIT / 511


def test_rolling__hour_by_hour__each_falls_out_after_its_own_24() -> None:
    """
    24 hours of a step each are held apart: one comes back each hour.
    """
    world = opened(per_payment=LIMIT, hourly=LIMIT, daily=LIMIT, rolling=True, max_payments=1000)
    step = 2**20
    for _ in range(25):
        world.pay(step)
        world.evm.warp(by=HOUR)
    # The first is out, 24 are in.
    assert left(world)[1] == LIMIT - 24 * step
    for hour in range(1, 25):
        world.evm.warp(by=HOUR)
        assert left(world)[1] == LIMIT - (24 - hour) * step


# Changes of the figures


def tightened(world: World, **figures: Any) -> None:
    """
    By the guardian, at once.
    """
    budget = budget_of(world)._replace(**figures)
    world.set_budget(budget, sender=world.guardian)


def test_rolling__switched_on__counts_the_utc_day_as_the_last_finished_hour() -> None:
    """
    What the day has used stays used, until 24 hours after that hour.
    """
    world = opened(**(OPEN | {"rolling": False}), wallet_limit=10**15)
    world.pay(400 * USDC)
    world.evm.warp(MONDAY + 5 * HOUR)
    world.pay(100 * USDC)
    tightened(world, rolling=True)
    assert LIMIT - left(world)[1] in range(500 * USDC, 500 * USDC + 2**20)
    world.evm.warp(MONDAY + DAY + 5 * HOUR - 1)
    assert left(world)[1] <= LIMIT - 500 * USDC
    world.evm.warp(MONDAY + DAY + 5 * HOUR)
    assert left(world)[1] in range(LIMIT - 100 * USDC - 2**20, LIMIT - 100 * USDC + 1)
    world.evm.warp(MONDAY + DAY + 6 * HOUR)
    assert left(world)[1] == LIMIT


def test_rolling__switched_off__counts_the_trailing_sum_until_midnight() -> None:
    """
    Switching off is loosening, and forgets nothing before the UTC day ends.
    """
    world = opened(**OPEN, wallet_limit=10**15, change_delay=HOUR)
    world.evm.warp(MONDAY + 20 * HOUR)
    world.pay(900 * USDC)
    off = tuple(budget_of(world)._replace(rolling=False))
    world.evm.warp(MONDAY + DAY + 2 * HOUR)
    waited(world, world.wallet, "set_budget", world.agent, world.token.address, GENERAL, off)
    assert left(world)[1] <= 100 * USDC
    world.evm.warp(MONDAY + 2 * DAY - 1)
    assert left(world)[1] <= 100 * USDC
    world.evm.warp(MONDAY + 2 * DAY)
    assert left(world)[1] == LIMIT


def test_rolling__removed_and_set_again__remembers() -> None:
    """
    A removed budget keeps what it has spent in the 24 hours before.
    """
    world = opened(**OPEN, wallet_limit=10**15, change_delay=HOUR)
    figures = tuple(budget_of(world))
    world.pay(900 * USDC)
    world.evm.warp(by=2 * HOUR)
    tightened(world, expires_at=0)
    assert tuple(budget_of(world)) == (0,) * 7 + (False, False)
    world.evm.warp(by=3 * HOUR)
    key = (world.agent, world.token.address, GENERAL)
    waited(world, world.wallet, "set_budget", *key, figures)
    assert left(world)[1] <= 100 * USDC
    world.evm.warp(MONDAY + 25 * HOUR)
    assert left(world)[1] == LIMIT


@pytest.mark.parametrize("cut", [LIMIT // 10, 1000, 1, 0])
def test_rolling__cut__holds_at_once_and_is_fine_again_after_25_hours(cut: int) -> None:
    """
    However deep the cut, nothing that was spent is forgotten, and when it is out of the window the
    budget is as exact as its own `daily` asks for.
    """
    world = opened(**OPEN, wallet_limit=10**15)
    world.pay(LIMIT // 2)
    tightened(world, per_payment=cut, hourly=cut, daily=cut, queue_from=MAX)
    assert left(world)[1] == 0
    world.evm.warp(MONDAY + 25 * HOUR - 1)
    assert left(world)[1] == 0
    world.evm.warp(MONDAY + 25 * HOUR)
    assert left(world)[:2] == (cut, cut)
    if cut:
        world.pay(1)
        assert left(world)[:2] == (cut - 1, cut - 1)
        world.evm.warp(by=HOUR)
        assert cut - left(world)[1] <= max(1, cut // 511)


@pytest.mark.parametrize("decimals", [0, 6, 18, 30])
def test_rolling__any_unit__the_guarantee_holds(decimals: int) -> None:
    """
    Budgets of tokens with many decimals are held in units of their own; charges round up.
    """
    daily = (NEVER - 1) * 10**decimals
    figures = {"per_payment": daily, "hourly": daily, "daily": daily, "rolling": True}
    world = opened(**figures, wallet_limit=MAX_WALLET_LIMIT, funds=2**111)
    if daily > MAX_WALLET_LIMIT:
        assert left(world)[1] == daily
        return
    world.pay(daily)
    world.evm.warp(MONDAY + DAY)
    judge(world, DAILY, 1)
    world.evm.warp(MONDAY + 25 * HOUR)
    world.pay(daily // 3, ref=ref(7))
    world.evm.warp(by=HOUR)
    assert left(world)[1] <= daily - daily // 3


CHANGES = st.sampled_from(["cut", "raise", "off", "on", "remove", "none"])


@property_settings
@given(
    steps=st.lists(st.tuples(GAPS, SHARES, CHANGES), min_size=5, max_size=40),
    decimals=st.sampled_from([0, 3, 12]),
)
def test_rolling__changed_inside_the_window__forgets_nothing(
    steps: list[tuple[int, int, str]], decimals: int
) -> None:
    """
    Cut, raised, switched on and off and removed with money spent in between: while it has been
    rolling for 24 hours, every payment finds at most the limit in force in the 24 hours before it.
    """
    scale = 10**decimals
    limit = 10**9 * scale
    figures = {"per_payment": limit, "hourly": limit, "daily": limit, "rolling": True}
    world = World(change_delay=HOUR)
    world.enable(daily=MAX_WALLET_LIMIT)
    world.set_budget(max_payments=16_383, **figures)
    budget = budget_of(world)
    world.open()
    world.fund(2**111)
    paid, rolling_since = Paid(), world.now
    for gap, share, change in steps:
        world.evm.warp(by=gap)
        budget, rolling_since = changed(world, budget, change, limit, rolling_since)
        amount = max(1, limit // share)
        if not _went(world, amount):
            continue
        paid.entries.append((world.now, amount))
        if budget.rolling and world.now - rolling_since >= DAY:
            assert paid.within(world.now) <= budget.daily


def _went(world: World, amount: int) -> bool:
    try:
        world.pay(amount)
    except Reverted:
        return False
    return True


def changed(world: World, budget: Any, change: str, limit: int, since: int) -> tuple[Any, int]:
    """
    The budget after a change that has waited, and since when it has been rolling.
    """
    fresh = {
        "cut": budget._replace(
            per_payment=limit // 5, hourly=limit // 5, daily=limit // 5, rolling=budget.rolling
        ),
        "raise": budget._replace(per_payment=limit, hourly=limit, daily=limit),
        "off": budget._replace(rolling=False),
        "on": budget._replace(rolling=True),
        "remove": budget._replace(expires_at=0),
        "none": budget,
    }[change]
    if change == "none":
        return budget, since
    key = (world.agent, world.token.address, GENERAL)
    waited(world, world.wallet, "set_budget", *key, tuple(fresh))
    if change == "remove":
        # And there again, an hour later, as it was.
        fresh = budget
        waited(world, world.wallet, "set_budget", *key, tuple(fresh))
    if change == "on" and not budget.rolling:
        since = world.now
    return fresh, since


def test_rolling__and_a_share__are_refused_together() -> None:
    """
    One second word holds one or the other.
    """
    world = World()
    with reverts("budgets: rolling and share"):
        world.set_budget(rolling=True, share_bps=9_999)


def test_rolling__rotated__goes_along() -> None:
    """
    The successor has spent what the old key has.
    """
    world = opened(**OPEN, wallet_limit=10**15)
    world.pay(900 * USDC)
    world.evm.warp(by=2 * HOUR)
    world.wallet.rotate_agent(world.agent, world.other_agent, sender=world.treasury)
    world.evm.warp(MONDAY + DAY)
    assert left(world, agent=world.other_agent)[1] <= 100 * USDC
    assert left(world)[1] == 0
