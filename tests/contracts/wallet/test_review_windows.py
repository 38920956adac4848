"""
Attacks on a budget's windows that an independent reading of the contracts thought of: every way to
set it, in any order, by everybody who may, held against a plain list of what was paid when.
"""

import random

import pytest

from tests.contracts.wallet.support import (
    BALANCE,
    MAX_WALLET_LIMIT,
    NEVER,
    NOTHING,
    PAY,
    QUEUE,
    REASONS,
    TOKEN_SHORT,
    budget_of,
    left,
    opened,
)
from tests.harness.evm import Reverted, actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, REFUND, USDC, Budget, ref

# A budget that only its share bounds; its unit is a cent.
CENT = USDC // 100
MOST = 2 * 10**6 * USDC
WIDE = {"per_payment": MOST, "hourly": MOST, "daily": MOST}

# What the treasury may be told when it sets figures as below.
TOLD = ("budgets: figure too fine", "budgets: no such budget")

# Why `pay` may refuse what `preview` lets through, beside the reasons it shares with `pay`.
OTHERS = {BALANCE: TOKEN_SHORT, QUEUE: "queue: already waiting"}

# Dearer would be a tightening that a busy block has no room for. (The ring fitted again is 87,000.)
MOST_GAS = 120_000

GAPS = [0, 0, 0, 1, HOUR - 1, HOUR, HOUR + 1, 3 * HOUR, 23 * HOUR, DAY - 1, DAY, DAY + 1, 25 * HOUR]


class Trial:
    """
    One budget, unsealed so that the treasury sets at once, and what was paid out of it.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        # Enough for every budget, or so little that a share is what bounds them.
        self.is_rich = seed % 2 == 0
        self.funds = 2**115 if self.is_rich else 10**8
        self.size = self.any_size()
        self.world = opened(wallet_limit=MAX_WALLET_LIMIT, funds=self.funds)
        self.unseal()
        self.agent = self.world.agent
        self.budget = budget_of(self.world)
        self.paid: list[tuple[int, int]] = []
        self.base = (-1, 0)
        self.remembers = 0
        self.is_rolling = False
        self.passed = 0

    def unseal(self) -> None:
        """
        `sealed` is the first word of a wallet's storage.
        """
        self.world.evm.revm.insert_account_storage(self.world.wallet.address, 0, 0)
        assert not self.world.wallet.sealed()

    @property
    def left(self) -> tuple[int, int, int]:
        """
        Of the hour, of the day, and payments.
        """
        return left(self.world, agent=self.agent)

    def step(self) -> None:
        """
        Some time, and then one thing that somebody may do.
        """
        evm, roll = self.world.evm, self.dice.random
        if roll() < 0.15:
            evm.warp((evm.at // HOUR + 1) * HOUR - self.dice.choice([0, 1]))
        evm.warp(
            by=self.dice.choice([*GAPS, self.dice.randrange(30 * HOUR)]) if roll() < 0.4 else 0
        )
        if roll() < 0.08:
            self.world.fund(self.funds * self.dice.choice([1, 4]))
        what = roll()
        if self.budget.expires_at == 0 or what < 0.12:
            self.set_anything()
        elif what < 0.24:
            self.tighten()
        elif what < 0.27:
            heir = actor(f"heir {evm.at} {roll()}")
            self.world.wallet.rotate_agent(self.agent, heir, sender=self.world.treasury)
            self.agent = heir
        else:
            self.pay()

    def set_anything(self) -> None:
        """
        By the treasury: any figures in any mode.
        """
        pick = self.dice.choice
        if pick([True, False, False]):
            self.size = self.any_size()
        daily = self.size // pick([1, 1, 2])
        daily -= daily % 10 ** max(0, len(str(daily)) - 9)
        rolling = self.dice.random() < (0.6 if self.is_rich else 0.4)
        share = 10_000 if rolling or self.dice.random() < 0.2 else self.dice.randint(1, 10_000)
        budget = self.budget._replace(
            per_payment=daily,
            hourly=daily,
            daily=daily,
            queue_from=pick([MAX, daily]),
            max_payments=pick([3, 16_383]),
            expires_at=Budget().expires_at,
            share_bps=share,
            rolling=rolling,
        )
        try:
            self.set(budget, self.world.treasury)
        except Reverted as refusal:
            if refusal.reason not in TOLD:
                raise

    def any_size(self) -> int:
        """
        Around what buckets and figures hold, in small units and large ones.
        """
        pick = self.dice.choice
        size: int = pick([(1023 << pick(range(20))) + pick([-1, 0, 1]), NEVER + pick([-1, 0]), 9])
        return size * 10 ** pick([0, 0, 6, 18, 22] if self.is_rich else [0])

    def tighten(self) -> None:
        """
        By a guardian or the agent: it never fails, never costs much, and never gives anything back.
        """
        pick, old, before = self.dice.choice, self.budget, self.left
        daily = max(0, old.daily // pick([1, 1, 2, 10, 10**6, 10**9]) - pick([0, 0, 1, 2]))
        hourly = min(daily, old.hourly)
        new = old._replace(daily=daily, hourly=hourly, per_payment=min(hourly, old.per_payment))
        if old.share_bps == 10_000 and pick([True, False]):
            new = new._replace(rolling=True)
        elif not old.rolling:
            new = new._replace(share_bps=pick([old.share_bps, max(1, old.share_bps // 2)]))
        if self.dice.random() < 0.25:
            new = new._replace(expires_at=0)
        self.set(new, pick([self.world.guardian, self.agent]))
        # A share is rounded down to units, and these get smaller with `daily`.
        slack = old.daily // 10**8 if old.share_bps != 10_000 else 0
        assert all(now <= then + slack for now, then in zip(self.left, before, strict=True))
        assert self.budget.daily <= daily
        assert self.budget.rolling or not old.rolling or self.budget.expires_at == 0

    def set(self, budget: Budget, sender: str) -> None:
        """
        Set it, at a bounded price, and keep in mind from when on a rolling one knows what was paid.
        """
        receipt = self.world.set_budget(budget, agent=self.agent, sender=sender)
        assert receipt.gas_used < MOST_GAS
        self.budget = budget_of(self.world, agent=self.agent)
        if self.budget.expires_at == 0:
            return
        if self.budget.rolling and not self.is_rolling:
            # It knows no more than the UTC day.
            self.remembers = self.world.now // DAY * DAY
        if self.budget.rolling:
            self.base = (-1, 0)
        self.is_rolling = self.budget.rolling

    def pay(self) -> None:
        """
        Alone or in a batch: what `preview` said, and within everything that is in force.
        """
        hour, day, _ = self.left
        most = min(hour, day)
        amount = max(
            1, self.dice.choice([most, most // 2, most // 3, 1, most + 1, self.budget.daily // 24])
        )
        parts = [amount] * self.dice.choice([1, 1, 1, 2, 3])
        held = self.world.token.balanceOf(self.world.wallet.address)
        try:
            if not self.send(parts):
                return
        except Reverted:
            return
        self.passed += 1
        today = self.world.now // DAY
        if self.base[0] != today and self.budget.share_bps != 10_000:
            self.base = (today, held)
        self.paid += [(self.world.now, part) for part in parts]
        self.check()

    def send(self, parts: list[int]) -> bool:
        """
        Whether it was paid; False when it waits.
        """
        world, wallet, token = self.world, self.world.wallet, self.world.token.address
        if len(parts) > 1:
            payments = [(world.recipient, part, ref(1)) for part in parts]
            wallet.pay_many(token, GENERAL, payments, sender=self.agent)
            return True
        verdict = wallet.preview(self.agent, token, world.recipient, parts[0], GENERAL)
        try:
            receipt = world.pay(parts[0], sender=self.agent, ref=ref(world.now))
        except Reverted as refusal:
            if refusal.reason not in (OTHERS | REASONS).get(verdict, ""):
                raise AssertionError(verdict, refusal.reason) from refusal
            raise
        assert verdict == (PAY if receipt.result == NOTHING else QUEUE)
        return verdict == PAY

    def check(self) -> None:
        """
        The figures stay; hour, UTC day (also while rolling), any 24 hours, count and share hold.
        """
        now, budget = self.world.now, self.budget
        assert budget_of(self.world, agent=self.agent) == budget
        of_day = [amount for at, amount in self.paid if at // DAY == now // DAY]
        assert sum(a for at, a in self.paid if at // HOUR == now // HOUR) <= budget.hourly
        assert sum(of_day) <= budget.daily
        assert len(of_day) <= budget.max_payments
        if budget.rolling:
            since = max(now - DAY, self.remembers)
            assert sum(a for at, a in self.paid if at >= since) <= budget.daily
        if budget.share_bps != 10_000:
            assert sum(of_day) <= self.base[1] * budget.share_bps // 10_000


@pytest.mark.parametrize("seed", range(16))
def test_review__set_in_every_way_by_everybody__no_window_pays_more(seed: int) -> None:
    """
    Modes switched, cut, removed, set again, rotated and paid from in any order: no window pays more
    than the limit in force, and who may only tighten gives nothing back.
    """
    trial = Trial(seed)
    for _ in range(800):
        trial.step()
    assert trial.passed > 10


@pytest.mark.parametrize("shares", [(1_000, 1_000), (5_000, 5_000), (9_000, 3_000), (10_000, 1)])
@pytest.mark.parametrize("gift", [1, 999 * USDC, 5_000 * USDC, 10**6 * USDC])
def test_review__agent_that_sends_money_in__gains_nothing(
    shares: tuple[int, int], gift: int
) -> None:
    """
    Money that arrives before the day's first charge raises a share, and costs more than it brings,
    whichever of its budgets an agent takes it back by.
    """
    assert taken(shares, gift) - gift <= taken(shares, 0)


def taken(shares: tuple[int, int], gift: int) -> int:
    """
    All that an agent gets out of two budgets in a day, both charged before either is used up.
    """
    world = opened(
        {"category": REFUND, "share_bps": shares[1], **WIDE},
        share_bps=shares[0],
        **WIDE,
        wallet_limit=10**15,
    )
    world.evm.warp(by=HOUR)
    world.fund(gift)
    for category in (GENERAL, REFUND):
        world.pay(CENT, category=category)
    for category in (GENERAL, REFUND):
        held = world.token.balanceOf(world.wallet.address)
        amount = min(left(world, category=category)[1], held)
        if amount:
            world.pay(amount, category=category)
    return int(world.token.balanceOf(world.recipient))
