"""
The limit that an agent's utilisation is measured against.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bursar.budgets import Budget, ShareBase, budget_line
from bursar.treasury.status import limit_in_force, utilisation
from bursar.types import DAY, MAX_UINT256

NOW = 20_000 * DAY + 36_000


def line(**figures: Any) -> Any:
    """
    1,000 a day, unless said otherwise.
    """
    usual = {
        "per_payment": 1_000,
        "hourly": 1_000,
        "daily": 1_000,
        "queue_from": MAX_UINT256,
        "max_payments": 100,
        "expires_at": NOW // DAY * DAY + 30 * DAY,
        "share_bps": 10_000,
        "rolling": False,
        "allowlist_only": False,
    }
    return budget_line(None, Budget(**{**usual, **figures}), NOW)


def test_limit__of_a_plain_budget__is_its_daily_limit() -> None:
    """Whatever the wallet has."""
    assert limit_in_force(line(), NOW, 0) == 1_000
    assert limit_in_force(line(), NOW, 10**9) == 1_000


def test_limit__of_a_share__is_of_the_balance_and_never_above_the_daily_limit() -> None:
    """T15, T18: a tenth of what is there now, of what was there before the day's first payment, and
    of nothing without a balance."""
    share = line(share_bps=1_000)
    assert limit_in_force(share, NOW, 5_000) == 500
    assert limit_in_force(share, NOW, 10_000) == 1_000
    assert limit_in_force(share, NOW, 99_999) == 1_000
    assert limit_in_force(share, NOW, 0) == 0
    based = replace(share, memory=ShareBase(4_000, NOW // DAY))
    assert limit_in_force(based, NOW, 5_000) == 400
    assert limit_in_force(based, NOW + DAY, 5_000) == 500


def test_limit__of_none_and_of_a_removed_budget__is_zero() -> None:
    """There is nothing to use."""
    assert limit_in_force(None, NOW, 5_000) == 0
    assert limit_in_force(replace(line(), expires_at=0), NOW, 5_000) == 0


def test_utilisation__of_nothing__is_all_or_nothing() -> None:
    """A limit that was cut to zero after something was spent is used up."""
    assert (utilisation(0, 0), utilisation(1, 0)) == (0.0, 100.0)
    assert (utilisation(1, 3), utilisation(2, 1)) == (33.3, 200.0)
