"""
A budget as it is held: one word of figures and counters, and one of memory where it needs more.
"""

from dataclasses import dataclass

from bursar.budgets.figures import NO_BUDGET, Budget
from bursar.budgets.memory import Ring, ShareBase
from bursar.budgets.units import UNITS
from bursar.types import ALL_BPS, HOURS_PER_DAY, MAX_UINT256, UNITS_END


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """
    A budget as it is held: figures in units of 10^exponent base units, and what was spent.

    `in_hour` is what hour number `hour` has used; `before` what the earlier hours of its UTC day
    have, or where the budget is rolling the 24 hours before; `count` the payments of the UTC day.
    `queue_from` is UNITS_END where no payment waits. `memory` holds the hours of a rolling budget
    (also of one that was removed) or the balance that a share was last of.
    """

    exponent: int
    per_payment: int
    hourly: int
    daily: int
    queue_from: int
    max_payments: int
    expires_at: int
    share_bps: int
    allowlist_only: bool
    in_hour: int
    before: int
    hour: int
    count: int
    memory: Ring | ShareBase | None = None

    @property
    def unit(self) -> int:
        """
        Base units in a unit.
        """
        return UNITS[self.exponent]

    @property
    def day(self) -> int:
        """
        The number of the UTC day that the line is at.
        """
        return self.hour // HOURS_PER_DAY

    @property
    def rolling(self) -> bool:
        """
        Whether `daily` holds over any 24 hours.
        """
        return isinstance(self.memory, Ring)

    @property
    def has_share(self) -> bool:
        """
        Whether `daily` is also at most a share of the balance.
        """
        return 0 < self.share_bps < ALL_BPS

    def is_alive(self, now: int) -> bool:
        """
        Whether payments may be charged to it.
        """
        return now < self.expires_at


def figures(line: BudgetLine | None) -> Budget:
    """
    The budget as the contract's `budget` reads it; NO_BUDGET where there is none.
    """
    if line is None or line.expires_at == 0:
        return NO_BUDGET
    unit = line.unit
    return Budget(
        per_payment=line.per_payment * unit,
        hourly=line.hourly * unit,
        daily=line.daily * unit,
        queue_from=MAX_UINT256 if line.queue_from == UNITS_END else line.queue_from * unit,
        max_payments=line.max_payments,
        expires_at=line.expires_at,
        share_bps=line.share_bps,
        rolling=line.rolling,
        allowlist_only=line.allowlist_only,
    )
