"""
One agent's budget for one token and category: figures and counters in units, as the chain has them.

    Budget (base units) → changed_budget → BudgetLine (units) → rolled → based → charged → remaining

A unit is 10^exponent base units. Charges round up to a unit, figures never do, so rounding can only
tighten. `now` is the block's timestamp.
"""

from bursar.budgets.changing import budget_line, changed_budget
from bursar.budgets.figures import NO_BUDGET, Budget, check_figures, normalised, tightens
from bursar.budgets.line import BudgetLine, figures
from bursar.budgets.memory import Ring, ShareBase
from bursar.budgets.shares import based, daily_limit, has_base
from bursar.budgets.units import unit_exponent, units_up
from bursar.budgets.windows import (
    charged,
    check_windows,
    payments_today,
    remaining,
    rolled,
    settled,
    spent,
)

__all__ = [
    "NO_BUDGET",
    "Budget",
    "BudgetLine",
    "Ring",
    "ShareBase",
    "based",
    "budget_line",
    "changed_budget",
    "charged",
    "check_figures",
    "check_windows",
    "daily_limit",
    "figures",
    "has_base",
    "normalised",
    "payments_today",
    "remaining",
    "rolled",
    "settled",
    "spent",
    "tightens",
    "unit_exponent",
    "units_up",
]
