"""
T22: an agent that spends far more today than on its other days. Pure.

    State (today) + sums of the days before → find_unusual → Found

Of a rolling budget the trailing 24 hours count as today.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bursar.alerts.rules import Balances, Names, Sight, limit_of, list_lines, name_wallet, show
from bursar.alerts.usual import FEWEST_DAYS, MOST_DAYS, SENSITIVITY, usual_bound
from bursar.alerts.watches import Severity
from bursar.budgets import spent
from bursar.config import AlertKind
from bursar.state import WalletState
from bursar.store.alerts import Found
from bursar.types import DAY, Address

Account: TypeAlias = tuple[Address, Address, Address]
"""Wallet, agent and token."""
Past: TypeAlias = Mapping[Account, Mapping[int, int]]
"""What was spent on each UTC day of the last four weeks before today, in base units."""


def find_unusual(
    sight: Sight, past: Past, balances: Balances, names: Names, sensitivity: str
) -> Iterator[Found]:
    """
    Those whose day is above what is usual. An agent that is known for fewer than four days before
    today is not judged.
    """
    today = sight.at // DAY
    for wallet in sight.state.registry.values():
        for (agent, token), (used, limit) in _add_up(wallet, sight.at, balances).items():
            days = _others(past.get((wallet.address, agent, token), {}), today)
            if len(days) < FEWEST_DAYS:
                continue
            bound = usual_bound(days, limit, SENSITIVITY[sensitivity])
            if used > bound:
                yield _found(sight, wallet, (agent, token), (used, bound), names)


def _add_up(
    wallet: WalletState, now: int, balances: Balances
) -> dict[tuple[Address, Address], tuple[int, int]]:
    """
    Of each agent and token what all budgets together have used today, and their limits.
    """
    sums: dict[tuple[Address, Address], tuple[int, int]] = {}
    for agent, token, _, line in list_lines(wallet, now):
        used, limit = sums.get((agent, token), (0, 0))
        balance = balances.get((wallet.address, token), 0) if line.has_share else 0
        sums[agent, token] = used + spent(line, now)[1], limit + limit_of(line, now, balance)
    return sums


def _others(sums: Mapping[int, int], today: int) -> list[int]:
    """
    Each day since its first payment within four weeks, also those without one.
    """
    known = [day for day in sums if today - MOST_DAYS <= day < today]
    return [sums.get(day, 0) for day in range(min(known), today)] if known else []


def _found(
    sight: Sight,
    wallet: WalletState,
    who: tuple[Address, Address],
    figures: tuple[int, int],
    names: Names,
) -> Found:
    (agent, token), (used, bound) = who, figures
    symbol, decimals = names.symbol_of(token)
    amount, usual = (show(each, decimals, symbol) for each in figures)
    return Found(
        kind=AlertKind.UNUSUAL,
        subject=f"{wallet.address}:{agent}:{token}:{sight.at // DAY}",
        severity=Severity.CRITICAL,
        wallet=wallet.address,
        token=token,
        agent=agent,
        text=f"{names.name_of(agent)} has spent {amount} from {name_wallet(wallet, names)} today: "
        f"up to {usual} would be usual. If nobody knows why, stop it.",
        figures={"spent": str(used), "usual": str(bound), "decimals": decimals},
        block=sight.block,
        block_at=sight.at,
    )
