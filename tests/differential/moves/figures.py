"""
Budgets: fresh ones of every size, and old ones with a figure or two moved.
"""

from typing import Any

from bursar.budgets import NO_BUDGET, Budget
from bursar.types import ALL_BPS, HOUR, MAX_UINT256, ZERO_ADDRESS
from tests.differential.moves.chance import BudgetKey, Chance
from tests.harness.evm import Contract

AMOUNTS = ("per_payment", "hourly", "daily", "queue_from")


class Figures:
    """
    Draws what a budget is set to.
    """

    def __init__(self, chance: Chance) -> None:
        self.chance = chance

    def renewal(self, wallet: Contract, key: BudgetKey) -> tuple[Any, ...]:
        """
        Arguments of `set_budget` that make a budget useful again.
        """
        agent, token, category = key
        budget = self.fresh((self.chance.twin.now // HOUR + 20_000) * HOUR)
        return agent, token, category, budget

    def cut(self, old: Budget) -> Budget:
        """
        Less than before, by some or by much: what was spent may be more than it allows now.
        """
        numerator, denominator = self.chance.one_of(((9, 10), (1, 2), (1, 2), (1, 3), (1, 10**3)))
        daily = old.daily * numerator // denominator
        return _in_order(old.model_copy(update={"daily": daily}))

    def arguments(self, wallet: Contract, key: BudgetKey | None = None) -> tuple[Any, ...]:
        """
        Those of `set_budget`, for a budget or for any.
        """
        agent, token, category = key or self._key(wallet)
        if self.chance.happens(0.01):
            agent = ZERO_ADDRESS
        old = self.chance.state_of(wallet).budget(agent, token, category)  # type: ignore[arg-type]
        return agent, token, category, self._budget(old)

    def _key(self, wallet: Contract) -> BudgetKey:
        """
        Now and then a budget for which a change waits: a direct one overtakes it.
        """
        subjects = [
            subject.keys
            for subject in self.chance.twin.model.pending
            if subject.target == wallet.address and subject.setter == "set_budget"
        ]
        if subjects and self.chance.happens(0.35):
            agent, token, category = self.chance.one_of(subjects)
            return agent, token, category
        return self.chance.key(wallet)

    def _budget(self, old: Budget) -> Budget:
        chance = self.chance
        if old.expires_at == 0 and chance.happens(0.1):
            return NO_BUDGET
        if chance.happens(0.04):
            return NO_BUDGET
        if old.expires_at == 0 or chance.happens(0.15):
            return self.fresh(self._expiry(), set_up=False)
        if old.queue_from != MAX_UINT256 and chance.happens(0.1):
            return self._unqueued(old)
        names = chance.random.sample(list(Budget.model_fields), chance.one_of((1, 1, 2, 5)))
        budget = old.model_copy(update={name: self._moved(name, old) for name in names})
        return _in_order(budget) if chance.happens(0.8) else budget

    def _moved(self, name: str, old: Budget) -> Any:
        chance, value = self.chance, getattr(old, name)
        if isinstance(value, bool):
            # On tightens, and is easier reached than left.
            return not value if value or chance.happens(0.4) else value
        if name == "expires_at":
            return chance.one_of((0, self._expiry(), value - HOUR, value + HOUR, 5, 2**20 * HOUR))
        if name == "share_bps":
            return chance.one_of((ALL_BPS, ALL_BPS - 1, ALL_BPS + 1, 5_000, 1_000, 10, 1, 0))
        if name == "max_payments":
            return chance.one_of((1, 3, 10, 40, 16_383, 16_384, value + 1, max(value, 1) - 1))
        return self.figure(value)

    def _expiry(self) -> int:
        hours = self.chance.one_of((1, 300, 10_000, 30_000))
        return int(self.chance.twin.now // HOUR + hours) * HOUR

    def _unqueued(self, old: Budget) -> Budget:
        """
        Nothing waits any more, and payments are cut to just where they waited before, or beside it.
        """
        edge = max(0, old.queue_from + self.chance.one_of((-1, 0, 1)))
        per_payment = min(edge, old.per_payment)
        return old.model_copy(update={"queue_from": MAX_UINT256, "per_payment": per_payment})

    def figure(self, value: int) -> int:
        """
        Another amount: up or down a little, by digits, or to an extreme.
        """
        chance = self.chance
        step = 10 ** chance.random.randint(0, 24)
        if chance.happens(0.05):
            return int(chance.one_of((0, 1, MAX_UINT256)))
        options = (
            value // 2,
            value * 2,
            value * 10,
            value - 1,
            value + 1,
            value - step,
            value + step,
            value * 100,
            value // 10 ** chance.random.randint(1, 12),
            value // step * step,
        )
        return min(max(0, int(chance.one_of(options))), MAX_UINT256)

    def fresh(self, expires_at: int, *, set_up: bool = True) -> Budget:
        """
        A budget of any size; while setting up, one that is valid.
        """
        chance = self.chance
        scale = 10 ** int(chance.one_of((0, 3, 6, 6, 9, 15, 16, 16, 30)))
        daily = chance.random.randint(1, 2**30 - 2 if set_up else 2**30 + 1) * scale
        if chance.happens(0.15):
            # Hardly more fits the word: what is rounded up beyond it has nowhere to go.
            daily = (2**30 - 2 - chance.random.randrange(2**20)) * scale
        hourly = daily // chance.one_of((1, 1, 2, 4))
        hourly -= hourly % scale
        per_payment = hourly // chance.one_of((1, 1, 2, 4, 10))
        per_payment -= per_payment % scale
        counts = (5, 50, 16_383) if set_up else (2, 5, 50, 50, 16_383, 16_383, 0, 16_384)
        return Budget(
            per_payment=per_payment,
            hourly=hourly,
            daily=daily,
            queue_from=chance.one_of((MAX_UINT256,) * 4 + (per_payment // scale // 2 * scale, 0)),
            max_payments=chance.one_of(counts),
            expires_at=expires_at,
            allowlist_only=chance.happens(0.08),
            **self._kind(set_up),
        )

    def _kind(self, set_up: bool) -> dict[str, Any]:
        """
        Per UTC day, rolling, or a share of the balance; the last two at once are refused.
        """
        kind = self.chance.random.random()
        share = self.chance.one_of((9_999, 5_000, 1_000, 100, 1))
        if not set_up and kind < 0.03:
            return {"rolling": True, "share_bps": share}
        if kind < 0.35:
            return {"rolling": True, "share_bps": ALL_BPS}
        return {"rolling": False, "share_bps": share if kind < 0.55 else ALL_BPS}


def _in_order(budget: Budget) -> Budget:
    """
    per_payment <= hourly <= daily, so that most budgets can be set.
    """
    daily = budget.daily
    hourly = min(budget.hourly, daily)
    return budget.model_copy(
        update={"hourly": hourly, "per_payment": min(budget.per_payment, hourly)}
    )
