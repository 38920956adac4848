"""
The figures of one budget as a contract holds them, which has the last word on what they can be.

    limits in whole tokens → base units → Budget, as the contract reads it back
"""

from typing import Final

from bursar.budgets import Budget, changed_budget, check_figures, figures, unit_exponent
from bursar.config.amounts import format_amount
from bursar.config.books import read_units
from bursar.config.limits import (
    UNLIMITED,
    Limits,
    Line,
    check_order,
    check_profile,
    read_limits,
)
from bursar.config.profiles import AMOUNT_FIGURES, Figure
from bursar.config.reading import is_readable
from bursar.reasons import MEANINGS, Reason
from bursar.types import (
    ALL_BPS,
    EXPIRY_HOURS_END,
    HOUR,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
)

# Off is the last hour that a contract can hold.
LAST_EXPIRY: Final = (EXPIRY_HOURS_END - 1) * HOUR

_OUTER: Final[dict[Figure, Figure]] = {"hourly": "daily", "per_payment": "hourly"}


def read_budget(line: Line) -> Budget | None:
    """
    The budget as the contract reads it back; None, and noted, if there cannot be such a one.
    """
    before = len(line.problems)
    limits = read_limits(line)
    check_order(line, limits)
    if not line.is_known:
        return None
    check_profile(line, limits)
    units = _units(line, limits)
    rest = (line.section.expires, line.section.allowlist_only, limits["max_payments"])
    if len(line.problems) > before or not is_readable(*units.values(), *rest):
        return None
    return _stored(line, _build(line, units, limits))


def _units(line: Line, limits: Limits) -> dict[Figure, int]:
    """
    The amounts in base units. What was taken over from another figure is complained about once.
    """
    found: dict[Figure, int] = {}
    for figure in AMOUNT_FIGURES:
        limit, outer = limits[figure], _OUTER.get(figure)
        if outer is not None and not line.is_written(figure) and limit == limits[outer]:
            found[figure] = found[outer]
        elif limit == UNLIMITED:
            found[figure] = MAX_UINT256
        else:
            found[figure] = read_units(line.problems, line.section.mark(figure), limit, line.token)
    return found


def _build(line: Line, units: dict[Figure, int], limits: Limits) -> Budget:
    expires, count = line.section.expires, limits["max_payments"]
    return Budget(
        per_payment=units["per_payment"],
        hourly=units["hourly"],
        daily=units["daily"],
        queue_from=units["queue_from"],
        max_payments=MAX_PAYMENTS_PER_DAY if count == UNLIMITED else int(count),
        expires_at=expires if isinstance(expires, int) else LAST_EXPIRY,
        share_bps=ALL_BPS,
        rolling=False,
        allowlist_only=line.section.allowlist_only,
    )


def _stored(line: Line, budget: Budget) -> Budget | None:
    reason = check_figures(budget)
    if reason is not None:
        _refuse(line, budget, reason)
        return None
    # What a new budget is held as does not depend on the time.
    stored = changed_budget(None, budget, 0)
    if isinstance(stored, Reason):
        _refuse_fine(line, budget)
        return None
    return figures(stored)


def _refuse(line: Line, budget: Budget, reason: Reason) -> None:
    found = format_amount(budget.daily, line.token.decimals)
    message = f"the contract refuses it: {MEANINGS[reason]} base units"
    line.problems.add(line.section.mark("daily"), message, "write a smaller amount", found)


def _refuse_fine(line: Line, budget: Budget) -> None:
    """
    Note each figure that has digits below the unit, and what was taken over from it not again.
    """
    unit = 10 ** unit_exponent(budget.daily)
    amounts: dict[Figure, int] = {figure: getattr(budget, figure) for figure in AMOUNT_FIGURES}
    for figure, amount in amounts.items():
        outer = _OUTER.get(figure)
        is_taken = outer is not None and amount == amounts[outer] and not line.is_written(figure)
        none_waits = figure == "queue_from" and amount > budget.per_payment
        if amount % unit and not is_taken and not none_waits:
            _refuse_digits(line, figure, amount, unit)


def _refuse_digits(line: Line, figure: Figure, amount: int, unit: int) -> None:
    lower = amount - amount % unit
    step, below, above, found = (
        format_amount(each, line.token.decimals) for each in (unit, lower, lower + unit, amount)
    )
    message = f"too many digits: with this daily limit, a budget counts in steps of {step}"
    fix = f"write {figure}: {below} or {above}"
    line.problems.add(line.section.mark(figure), message, fix, found)
