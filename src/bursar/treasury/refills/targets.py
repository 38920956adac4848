"""
Per wallet and token: what it has, what it should have, and why. Pure.

    balance + file + average spend → build_target → Target, never above max_balance
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from bursar.types import MAX_UINT256, Address

DAYS: Final = 7
"""How many days of average spend a wallet is filled for where the file plans no balance."""


class Wishes(NamedTuple):
    """
    What this refill is about: `wallets` (None: all), balances that somebody asked for by wallet
    and token, and for how many days of average spend a wallet without a plan is filled.
    """

    wallets: frozenset[Address] | None = None
    balances: Mapping[tuple[Address, Address], int] = {}
    days: int = DAYS


class Target(NamedTuple):
    """
    The balance to reach and why, in base units. `problem` says why it is not allowed.
    """

    target: int
    amount: int
    reason: str
    problem: str | None = None


def build_target(
    *, current: int, maximum: int, planned: int, wished: int | None, average: int, days: int
) -> Target:
    """
    What to refill to. In this order: what somebody `wished` for this refill, what the file has
    `planned` (0: nothing), the average day times `days`. `maximum` is the chain's.
    """
    if wished is not None:
        return _wished(current, maximum, wished)
    if planned:
        wanted, reason = planned, "refill_to of treasury.yaml"
    else:
        wanted = average * days
        reason = f"{days} days of what it spent on average, as treasury.yaml has no refill_to"
    if wanted > maximum:
        wanted, reason = maximum, f"{reason}, cut to max_balance"
    if current >= wanted:
        return Target(current, 0, f"has enough ({reason})")
    return Target(wanted, wanted - current, reason)


def _wished(current: int, maximum: int, wished: int) -> Target:
    reason = "asked for in this refill"
    if wished > maximum:
        return Target(current, 0, reason, "above the wallet's max_balance: ask for less")
    if wished < current:
        return Target(
            current, 0, reason, "below what the wallet has: a refill brings money, never takes it"
        )
    return Target(wished, wished - current, reason)


def find_line_problem(
    *, sealed: bool, stopped: bool, enabled: bool, current: int, maximum: int
) -> str | None:
    """
    Why the wallet's own rules refuse a refill now, in the order in which the contract checks.
    """
    if not sealed:
        return "not sealed: the treasury has to seal it first"
    if stopped:
        return "stopped: find out why, and unpause it first"
    if maximum != MAX_UINT256 and current > maximum:
        return "holds more than its max_balance: find out who sent it money"
    if not enabled:
        return "the token is not enabled here: its daily limit is 0"
    return None
