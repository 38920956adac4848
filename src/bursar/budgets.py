"""
One agent's budget for one token and category: figures and counters in units, as the chain has them.

    Budget (base units) → changed_budget → BudgetLine (units) → rolled → charged → remaining

A unit is 10^exponent base units. Charges round up to a unit, figures never do, so rounding can only
tighten. `now` is the block's timestamp.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel, ConfigDict

from bursar.reasons import Reason
from bursar.types import (
    ALL_BPS,
    DAY,
    EXPIRY_HOURS_END,
    HOUR,
    MAX_EXPONENT,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
    UNITS_END,
    Uint256,
)

# The first amount that an exponent does not hold.
_ENDS: Final[list[int]] = [UNITS_END * 10**exponent for exponent in range(MAX_EXPONENT + 1)]
_UNITS: Final[list[int]] = [10**exponent for exponent in range(MAX_EXPONENT + 1)]
_HOURS_PER_DAY: Final = DAY // HOUR


class Budget(BaseModel):
    """
    What an agent may spend, in base units: the figures that the contract takes and returns.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    per_payment: Uint256
    hourly: Uint256
    daily: Uint256
    queue_from: Uint256
    max_payments: Uint256
    expires_at: Uint256
    share_bps: Uint256
    rolling: bool
    allowlist_only: bool


NO_BUDGET: Final = Budget(
    per_payment=0,
    hourly=0,
    daily=0,
    queue_from=0,
    max_payments=0,
    expires_at=0,
    share_bps=0,
    rolling=False,
    allowlist_only=False,
)
"""What a budget that was removed, or never set, reads as."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """
    A budget as it is held: figures in units of 10^exponent base units, and what was spent.

    `in_hour` is what hour number `hour` has used, `before` what the earlier hours of its UTC day
    have, `count` the payments of that day. `queue_from` is UNITS_END where no payment waits.
    """

    exponent: int
    per_payment: int
    hourly: int
    daily: int
    queue_from: int
    max_payments: int
    expires_at: int
    share_bps: int
    rolling: bool
    allowlist_only: bool
    in_hour: int
    before: int
    hour: int
    count: int

    @property
    def unit(self) -> int:
        """
        Base units in a unit.
        """
        return _UNITS[self.exponent]

    def is_alive(self, now: int) -> bool:
        """
        Whether payments may be charged to it.
        """
        return now < self.expires_at


def unit_exponent(daily: int, spent: int = 0) -> int:
    """
    The smallest exponent in whose units `daily` and what was `spent` (base units), rounded up, stay
    below what 30 bits hold with room for "none".
    """
    exponent = max(bisect_right(_ENDS, daily), bisect_right(_ENDS, spent))
    if units_up(spent, _UNITS[exponent]) >= UNITS_END:
        exponent += 1
    return exponent


def units_up(amount: int, unit: int) -> int:
    """
    `amount` in units, rounded up: money spent is never counted as less.
    """
    return -(-amount // unit)


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


def rolled(line: BudgetLine, now: int) -> BudgetLine:
    """
    The line as a charge at `now` finds it: counters of past windows gone.

    In a later UTC day the unit is what `daily` alone asks for: a lowered budget does not stay
    coarse because of what was spent before it was lowered.
    """
    hour = now // HOUR
    if hour == line.hour:
        return line
    if hour // _HOURS_PER_DAY == line.hour // _HOURS_PER_DAY:
        return replace(line, hour=hour, before=line.before + line.in_hour, in_hour=0)
    return _rescaled(replace(line, hour=hour, before=0, in_hour=0, count=0))


def _rescaled(line: BudgetLine) -> BudgetLine:
    exponent = unit_exponent(line.daily * line.unit)
    if exponent == line.exponent:
        return line
    factor = _UNITS[line.exponent - exponent]
    none_waits = line.queue_from == UNITS_END
    return replace(
        line,
        exponent=exponent,
        per_payment=line.per_payment * factor,
        hourly=line.hourly * factor,
        daily=line.daily * factor,
        queue_from=UNITS_END if none_waits else line.queue_from * factor,
    )


def spent(line: BudgetLine | None, now: int) -> tuple[int, int]:
    """
    What this hour and this UTC day have used, in base units.
    """
    if line is None:
        return 0, 0
    line = rolled(line, now)
    return line.in_hour * line.unit, (line.before + line.in_hour) * line.unit


def remaining(line: BudgetLine | None, now: int) -> tuple[int, int, int]:
    """
    What is left of this hour and this UTC day, in base units, and how many payments today.
    """
    if line is None or not line.is_alive(now):
        return 0, 0, 0
    line = rolled(line, now)
    return (
        max(line.hourly - line.in_hour, 0) * line.unit,
        max(line.daily - line.before - line.in_hour, 0) * line.unit,
        max(line.max_payments - line.count, 0),
    )


def check_windows(line: BudgetLine, amount: int) -> Reason | None:
    """
    Deny `amount` (base units) that does not fit the windows of a `rolled` line.
    """
    in_hour = line.in_hour + units_up(amount, line.unit)
    if in_hour > line.hourly:
        return Reason.PAYMENTS_HOURLY
    if line.before + in_hour > line.daily:
        return Reason.PAYMENTS_DAILY
    if line.count >= line.max_payments:
        return Reason.PAYMENTS_COUNT
    return None


def charged(line: BudgetLine, amount: int) -> BudgetLine:
    """
    A `rolled` line after a payment of `amount` base units that `check_windows` let pass.
    """
    return replace(line, in_hour=line.in_hour + units_up(amount, line.unit), count=line.count + 1)


def settled(line: BudgetLine, hour_remaining: int, day_remaining: int, now: int) -> BudgetLine:
    """
    The line after a payment whose event tells what is left, in base units.

    The same as `charged` for a single payment; for one of a batch, which is charged once and
    rounded once, only the event knows.
    """
    line = rolled(line, now)
    in_hour = line.hourly - hour_remaining // line.unit
    before = line.daily - day_remaining // line.unit - in_hour
    return replace(line, in_hour=in_hour, before=before, count=line.count + 1)


def check_figures(budget: Budget) -> Reason | None:
    """
    Deny figures that no budget can have, in the contract's order. Not for a removal.
    """
    if budget.expires_at % HOUR:
        return Reason.BUDGETS_EXPIRY_HOUR
    if budget.expires_at // HOUR >= EXPIRY_HOURS_END:
        return Reason.BUDGETS_EXPIRY_FAR
    if not 1 <= budget.max_payments <= MAX_PAYMENTS_PER_DAY:
        return Reason.BUDGETS_MAX_PAYMENTS
    if not 1 <= budget.share_bps <= ALL_BPS:
        return Reason.BUDGETS_SHARE_BOUNDS
    if budget.rolling:
        return Reason.BUDGETS_ROLLING
    if budget.share_bps != ALL_BPS:
        return Reason.BUDGETS_SHARE
    if not budget.per_payment <= budget.hourly <= budget.daily:
        return Reason.BUDGETS_CONTRADICT
    if budget.daily >= _ENDS[MAX_EXPONENT]:
        return Reason.BUDGETS_LARGE
    return None


def normalised(budget: Budget) -> Budget:
    """
    The budget as it is understood: nothing but zeros when it removes, and a `queue_from` that no
    payment reaches is the maximum.
    """
    if budget.expires_at == 0:
        return NO_BUDGET
    if budget.queue_from <= budget.per_payment:
        return budget
    return budget.model_copy(update={"queue_from": MAX_UINT256})


def tightens(old: Budget, new: Budget) -> bool:
    """
    Whether `new`, normalised, allows nothing that `old`, as stored, does not. Equal figures do.
    """
    if new.expires_at == 0:
        return True
    return (
        new.per_payment <= old.per_payment
        and new.hourly <= old.hourly
        and new.daily <= old.daily
        # Below the old `queue_from` nothing that waited before passes now.
        and (new.queue_from <= old.queue_from or new.per_payment < old.queue_from)
        and new.max_payments <= old.max_payments
        and new.expires_at <= old.expires_at
        and new.share_bps <= old.share_bps
        and new.rolling >= old.rolling
        and new.allowlist_only >= old.allowlist_only
    )


def changed_budget(line: BudgetLine | None, budget: Budget, now: int) -> BudgetLine | Reason:
    """
    The line with new figures, or why they are refused. The counters stay.

    Figures finer than the unit are refused when they loosen and rounded down when they tighten, so
    that an emergency cut never fails.
    """
    new = normalised(budget)
    hour_spent, day_spent = spent(line, now)
    unit = _UNITS[unit_exponent(new.daily, day_spent)]
    stored = _rounded_down(new, unit)
    if stored != new and not tightens(figures(line), new):
        return Reason.BUDGETS_FINE
    return budget_line(stored, hour_spent, day_spent, payments_today(line, now), now)


def _rounded_down(budget: Budget, unit: int) -> Budget:
    amounts = {
        name: amount - amount % unit
        for name in ("per_payment", "hourly", "daily", "queue_from")
        if (amount := getattr(budget, name)) != MAX_UINT256
    }
    return budget.model_copy(update=amounts)


def payments_today(line: BudgetLine | None, now: int) -> int:
    """
    How many payments the UTC day of `now` has counted.
    """
    return 0 if line is None else rolled(line, now).count


def budget_line(
    stored: Budget, hour_spent: int, day_spent: int, count: int, now: int
) -> BudgetLine:
    """
    The line that holds `stored` figures and what was spent, all in base units.

    The unit follows from what is stored, so that the event which logs it is enough to rebuild the
    line. When the unit grows, what was spent rounds up, the hour and the day once each.
    """
    exponent = unit_exponent(stored.daily, day_spent)
    unit = _UNITS[exponent]
    in_hour = units_up(hour_spent, unit)
    none_waits = stored.queue_from == MAX_UINT256
    return BudgetLine(
        exponent=exponent,
        per_payment=stored.per_payment // unit,
        hourly=stored.hourly // unit,
        daily=stored.daily // unit,
        queue_from=UNITS_END if none_waits else stored.queue_from // unit,
        max_payments=stored.max_payments,
        expires_at=stored.expires_at,
        share_bps=stored.share_bps,
        rolling=stored.rolling,
        allowlist_only=stored.allowlist_only,
        in_hour=in_hour,
        before=units_up(day_spent, unit) - in_hour,
        hour=now // HOUR,
        count=count,
    )
