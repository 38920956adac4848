"""
A budget's figures in base units, as the contract takes and returns them, and which way they change.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict

from bursar.budgets.units import AMOUNTS_END
from bursar.reasons import Reason
from bursar.types import (
    ALL_BPS,
    EXPIRY_HOURS_END,
    HOUR,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
    Uint256,
)


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
    if budget.rolling and budget.share_bps != ALL_BPS:
        return Reason.BUDGETS_ROLLING_SHARE
    if not budget.per_payment <= budget.hourly <= budget.daily:
        return Reason.BUDGETS_CONTRADICT
    if budget.daily >= AMOUNTS_END:
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


def rounded_down(budget: Budget, unit: int) -> Budget:
    """
    The budget with its amounts in whole units (base units in a unit: `unit`).
    """
    amounts = {
        name: amount - amount % unit
        for name in ("per_payment", "hourly", "daily", "queue_from")
        if (amount := getattr(budget, name)) != MAX_UINT256
    }
    return budget.model_copy(update=amounts)


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
