"""
A budget's figures change; what was spent stays.
"""

from dataclasses import dataclass

from bursar.budgets.figures import Budget, normalised, rounded_down, tightens
from bursar.budgets.line import BudgetLine, figures
from bursar.budgets.memory import Ring, ShareBase, build_ring
from bursar.budgets.units import UNITS, unit_exponent, units_up
from bursar.budgets.windows import rolled
from bursar.reasons import Reason
from bursar.types import HOUR, MAX_UINT256, UNITS_END


@dataclass(frozen=True, slots=True)
class _Past:
    """
    What stays when figures change, in base units: the running hour, and the windows before it (24
    hours, the youngest first, or all that the UTC day has used before).
    """

    hour: int = 0
    earlier: tuple[int, ...] = ()
    count: int = 0
    rolling: bool = False
    base: ShareBase | None = None

    @classmethod
    def of(cls, line: BudgetLine | None, now: int) -> "_Past":
        if line is None:
            return cls()
        line = rolled(line, now)
        hour, memory = line.in_hour * line.unit, line.memory
        if isinstance(memory, Ring):
            return cls(hour, memory.amounts(line.unit), line.count, rolling=True)
        return cls(hour, (line.before * line.unit,), line.count, base=memory)

    @property
    def total(self) -> int:
        return self.hour + sum(self.earlier)


def changed_budget(line: BudgetLine | None, budget: Budget, now: int) -> BudgetLine | Reason:
    """
    The line with new figures, or why they are refused. The counters stay.

    Figures finer than the unit are refused when they loosen and rounded down when they tighten, so
    that an emergency cut never fails.
    """
    new = normalised(budget)
    past = _Past.of(line, now)
    stored = rounded_down(new, UNITS[unit_exponent(new.daily, past.total)])
    if stored != new and not tightens(figures(line), new):
        return Reason.BUDGETS_FINE
    return _build_line(stored, past, now)


def budget_line(line: BudgetLine | None, stored: Budget, now: int) -> BudgetLine:
    """
    The line after it was given figures that were `stored` so: what the event of it tells.
    """
    return _build_line(stored, _Past.of(line, now), now)


def _build_line(stored: Budget, past: _Past, now: int) -> BudgetLine:
    """
    The unit follows from what is stored, so that the event which logs it is enough to rebuild the
    line. When the unit grows, what was spent rounds up.
    """
    exponent = unit_exponent(stored.daily, past.total)
    unit = UNITS[exponent]
    in_hour, daily = units_up(past.hour, unit), stored.daily // unit
    none_waits = stored.queue_from == MAX_UINT256
    before, memory = _before(stored, past, unit, in_hour)
    return BudgetLine(
        exponent=exponent,
        per_payment=stored.per_payment // unit,
        hourly=stored.hourly // unit,
        daily=daily,
        queue_from=UNITS_END if none_waits else stored.queue_from // unit,
        max_payments=stored.max_payments,
        expires_at=stored.expires_at,
        share_bps=stored.share_bps,
        allowlist_only=stored.allowlist_only,
        in_hour=in_hour,
        before=before,
        hour=now // HOUR,
        count=past.count,
        memory=memory,
    )


def _before(
    stored: Budget, past: _Past, unit: int, in_hour: int
) -> tuple[int, Ring | ShareBase | None]:
    """
    What the windows before this hour count, in units, and what remembers it. A removed budget stays
    what it was underneath: whoever sets it again must not find it empty.
    """
    is_removed = stored.expires_at == 0
    if stored.rolling or (is_removed and past.rolling):
        ring = build_ring(past.earlier, unit, max(stored.daily // unit, in_hour))
        return ring.total, ring
    # The hour and the day round up once each. The day fits 30 bits also once the hour is over.
    return min(units_up(past.total, unit), UNITS_END) - in_hour, past.base
