"""
What a budget's windows have used and have left, and what a payment uses of them.
"""

from dataclasses import replace

from bursar.budgets.line import BudgetLine
from bursar.budgets.memory import Ring, build_ring
from bursar.budgets.shares import based, daily_limit
from bursar.budgets.units import UNITS, unit_exponent, units_up
from bursar.reasons import Reason
from bursar.types import HOUR, HOURS_PER_DAY, RING_HOURS, RING_STEPS, UNITS_END


def rolled(line: BudgetLine, now: int) -> BudgetLine:
    """
    The line as a charge at `now` finds it: counters of past windows gone.

    In a later UTC day (rolling: a later hour) the unit is what `daily` asks for: a lowered budget
    does not stay coarse because of what was spent before it was lowered.
    """
    hour = now // HOUR
    if hour == line.hour:
        return line
    today = hour // HOURS_PER_DAY == line.hour // HOURS_PER_DAY
    if isinstance(line.memory, Ring):
        ring = line.memory.moved(hour - line.hour, line.in_hour)
        count = line.count if today else 0
        return _refitted(replace(line, hour=hour, in_hour=0, count=count, memory=ring), ring)
    if today:
        return replace(line, hour=hour, before=line.before + line.in_hour, in_hour=0)
    line = replace(line, hour=hour, before=0, in_hour=0, count=0)
    return _rescaled(line, unit_exponent(line.daily * line.unit))


def _refitted(line: BudgetLine, ring: Ring) -> BudgetLine:
    """
    The line with `ring`, in the unit and step that `daily` asks for, as far as the hours before
    allow. They round up once more where the unit shrinks.
    """
    finer_unit = line.exponent > 0 and line.daily * 10 < UNITS_END
    finer_step = ring.exponent > 0 and line.daily <= RING_STEPS << (ring.exponent - 1)
    if finer_unit or finer_step:
        amounts = ring.amounts(line.unit)
        exponent = unit_exponent(line.daily * line.unit, sum(amounts))
        line = _rescaled(line, min(exponent, line.exponent))
        ring = build_ring(amounts, line.unit, line.daily)
    return replace(line, before=ring.total, memory=ring)


def _rescaled(line: BudgetLine, exponent: int) -> BudgetLine:
    """
    The line with its figures in a unit that is as fine, or finer.
    """
    if exponent == line.exponent:
        return line
    factor = UNITS[line.exponent - exponent]
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
    What this hour and this UTC day (rolling: this hour and the 24 before) have used, in base units.
    """
    if line is None:
        return 0, 0
    line = rolled(line, now)
    return line.in_hour * line.unit, (line.before + line.in_hour) * line.unit


def comes_back(line: BudgetLine | None, now: int) -> tuple[int, int] | None:
    """
    When the first and when the last of what `spent` tells of the day is back, unless more is paid,
    in Unix seconds: at the next 00:00 UTC, or where the budget is rolling at full hours. None where
    nothing is used.
    """
    if line is None:
        return None
    line = rolled(line, now)
    if not isinstance(line.memory, Ring):
        midnight = (line.day + 1) * HOURS_PER_DAY * HOUR
        return (midnight, midnight) if line.before + line.in_hour else None
    used = (line.in_hour, *line.memory.buckets)
    # An hour is forgotten when it is more than RING_HOURS ago.
    hours = [line.hour - ago + RING_HOURS + 1 for ago, amount in enumerate(used) if amount]
    return (hours[-1] * HOUR, hours[0] * HOUR) if hours else None


def remaining(line: BudgetLine | None, now: int, balance: int = 0) -> tuple[int, int, int]:
    """
    What is left of this hour and this UTC day (rolling: the trailing 24 hours), in base units, and
    how many payments today.

    `balance` is what the wallet holds now, in base units: before the day's first charge a share is
    of that. Whoever does not know it sees nothing left of such a budget.
    """
    if line is None or not line.is_alive(now):
        return 0, 0, 0
    line = based(rolled(line, now), balance)
    return (
        max(line.hourly - line.in_hour, 0) * line.unit,
        max(daily_limit(line) - line.before - line.in_hour, 0) * line.unit,
        max(line.max_payments - line.count, 0),
    )


def check_windows(line: BudgetLine, amount: int, payments: int = 1) -> Reason | None:
    """
    Deny `amount` (base units), in so many `payments`, that does not fit the windows of a line that
    is `rolled` and, where it has a share, `based`.
    """
    in_hour = line.in_hour + units_up(amount, line.unit)
    if in_hour > line.hourly:
        return Reason.PAYMENTS_HOURLY
    if line.before + in_hour > (daily_limit(line) if line.has_share else line.daily):
        return Reason.PAYMENTS_DAILY
    if line.count + payments > line.max_payments:
        return Reason.PAYMENTS_COUNT
    return None


def charged(line: BudgetLine, amount: int, payments: int = 1) -> BudgetLine:
    """
    The line after `amount` base units, in so many `payments`, that `check_windows` let pass. A
    batch rounds up once.
    """
    in_hour = line.in_hour + units_up(amount, line.unit)
    return replace(line, in_hour=in_hour, count=line.count + payments)


def settled(line: BudgetLine, hour_remaining: int, now: int, payments: int = 1) -> BudgetLine:
    """
    The line after a payment whose event tells what is left of the hour, in base units; or after so
    many `payments` in one hour, by the last one's event.

    The same as `charged` for a single payment; for one of a batch, which is charged once and
    rounded once, only the event knows.
    """
    line = rolled(line, now)
    # Field by field, which takes a third of `replace`'s time: this is what folding payments costs.
    return BudgetLine(
        line.exponent,
        line.per_payment,
        line.hourly,
        line.daily,
        line.queue_from,
        line.max_payments,
        line.expires_at,
        line.share_bps,
        line.allowlist_only,
        line.hourly - hour_remaining // line.unit,
        line.before,
        line.hour,
        line.count + payments,
        line.memory,
    )


def payments_today(line: BudgetLine | None, now: int) -> int:
    """
    How many payments the UTC day of `now` has counted.
    """
    return 0 if line is None else rolled(line, now).count
