"""
A budget that is a share of the balance: what it is a share of, and what that comes to.

    balance before the UTC day's first charge → ShareBase → daily_limit, until midnight

So neither what comes in nor what goes out moves the limit within the day.
"""

from dataclasses import replace

from bursar.budgets.line import BudgetLine
from bursar.budgets.memory import ShareBase
from bursar.types import ALL_BPS, MAX_SHARE_BASE


def based(line: BudgetLine, balance: int) -> BudgetLine:
    """
    A `rolled` line with what its share is of: the balance that the day's first charge recorded, or
    before that charge `balance`, what the wallet holds of the token now (base units).
    """
    if not line.has_share or has_base(line):
        return line
    return replace(line, memory=ShareBase(min(balance, MAX_SHARE_BASE), line.day))


def has_base(line: BudgetLine) -> bool:
    """
    Whether a balance was recorded in the UTC day that the line is at.
    """
    return isinstance(line.memory, ShareBase) and line.memory.day == line.day


def daily_limit(line: BudgetLine) -> int:
    """
    The limit in force of a `based` line, in units. Without a base a share is of nothing.
    """
    if not line.has_share:
        return line.daily
    base = line.memory
    if not isinstance(base, ShareBase) or base.day != line.day:
        return 0
    return min(line.daily, base.balance * line.share_bps // ALL_BPS // line.unit)
