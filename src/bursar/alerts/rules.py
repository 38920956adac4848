"""
From which figures on people are told: balances and daily limits, at one block.

    State + balances + Thresholds → watch_balances, watch_limits → Watch

Amounts are base units, times Unix seconds.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from bursar.alerts.watches import Severity, Watch
from bursar.budgets import BudgetLine, based, daily_limit, rolled, spent
from bursar.config import AlertKind, format_amount
from bursar.state import State, WalletState
from bursar.store.alerts import Found
from bursar.types import EMPTY, Address, Bytes32

Balances: TypeAlias = Mapping[tuple[Address, Address], int]
"""Of each wallet and token that `find_needed` names, but for what nobody could read."""

# Of a wallet that may hold little, as many percent of that are low, whatever holds for others.
_MOST_PERCENT: Final = 25
# In tenths: how far a figure has to go back before it is told again.
_BACK: Final = 11
_DOWN: Final = 9


class Names(Protocol):
    """
    What people call things; an AddressBook is one.
    """

    def name_of(self, address: Address) -> str:
        """
        The name, or the address itself.
        """

    def symbol_of(self, address: Address) -> tuple[str, int]:
        """
        A token's symbol and decimals.
        """

    def category_name(self, value: Bytes32) -> str:
        """
        What a payment is for.
        """


class Thresholds(Protocol):
    """
    The figures that people have chosen.
    """

    @property
    def daily_limit_percent(self) -> int | None:
        """
        From how much of its daily limit on an agent is near it; None where it is off.
        """

    def low_of(self, wallet: str, symbol: str, decimals: int) -> tuple[int, bool]:
        """
        Less than this is low (0: nothing is), and whether it was chosen for this very wallet.
        """


class Sight(NamedTuple):
    """
    What is judged: the state at a block, and that block's time.
    """

    state: State
    block: int
    at: int


def find_needed(sight: Sight, names: Names, chosen: Thresholds) -> set[tuple[Address, Address]]:
    """
    Whose balances the rules ask for, as pairs of wallet and token.
    """
    needed = {key for key, _ in _find_low(sight.state, names, chosen)}
    for wallet in sight.state.registry.values():
        for _, token, _, line in list_lines(wallet, sight.at):
            if line.has_share:
                needed.add((wallet.address, token))
    return needed


def watch_balances(
    sight: Sight, balances: Balances, names: Names, chosen: Thresholds
) -> Iterator[Watch]:
    """
    T20: a wallet that has less of a token than it should. A balance that nobody could read counts
    as the threshold, at which nothing is raised and nothing ends.
    """
    for (wallet, token), low in _find_low(sight.state, names, chosen):
        symbol, decimals = names.symbol_of(token)
        balance = balances.get((wallet, token), low)
        who = name_wallet(sight.state.registry[wallet], names)
        has, least = (show(amount, decimals, symbol) for amount in (balance, low))
        found = Found(
            kind=AlertKind.BALANCE_LOW,
            subject=f"{wallet}:{token}",
            severity=Severity.WARNING,
            wallet=wallet,
            token=token,
            agent=None,
            text=f"{who} has {has}: less than {least}. People refill it; nothing else does.",
            figures={"balance": str(balance), "below": str(low), "decimals": decimals},
            block=sight.block,
            block_at=sight.at,
        )
        is_back = 10 * balance >= _BACK * low
        yield Watch(found, balance < low, is_back, f"{who} has {has} again.")


def watch_limits(
    sight: Sight, balances: Balances, names: Names, chosen: Thresholds
) -> Iterator[Watch]:
    """
    T21: an agent that has used most of its daily limit.
    """
    percent = chosen.daily_limit_percent
    if percent is None:
        return
    for wallet in sight.state.registry.values():
        for agent, token, category, line in list_lines(wallet, sight.at):
            balance = balances.get((wallet.address, token), 0) if line.has_share else 0
            limit = limit_of(line, sight.at, balance)
            if limit:
                used = spent(line, sight.at)[1]
                yield _watch_limit(
                    sight, wallet, (agent, token, category), (used, limit, percent), names
                )


def limit_of(line: BudgetLine, now: int, balance: int) -> int:
    """
    The daily limit in force, of a share with `balance` in the wallet.
    """
    line = rolled(line, now)
    return daily_limit(based(line, balance)) * line.unit


def show(amount: int, decimals: int, symbol: str) -> str:
    """
    For people: 8,000.5 USDC.
    """
    whole, _, rest = format_amount(amount, decimals).partition(".")
    return f"{int(whole):,}" + (f".{rest:0<2}" if rest else "") + f" {symbol}"


def _watch_limit(
    sight: Sight,
    wallet: WalletState,
    budget: tuple[Address, Address, Bytes32],
    figures: tuple[int, int, int],
    names: Names,
) -> Watch:
    agent, token, category = budget
    used, limit, percent = figures
    symbol, decimals = names.symbol_of(token)
    purpose = "" if category == EMPTY else f" for {names.category_name(category)}"
    what = f"{names.name_of(agent)} has used {100 * used // limit} %{purpose}"
    amounts = f"{show(used, decimals, symbol)} of {show(limit, decimals, symbol)}"
    plain: dict[str, Any] = {"spent": str(used), "limit": str(limit), "percent": percent}
    found = Found(
        kind=AlertKind.LIMIT_NEAR,
        subject=f"{wallet.address}:{agent}:{token}:{category.hex()}",
        severity=Severity.WARNING,
        wallet=wallet.address,
        token=token,
        agent=agent,
        text=f"{what} of its daily limit in {name_wallet(wallet, names)}: {amounts}.",
        figures={**plain, "decimals": decimals},
        block=sight.block,
        block_at=sight.at,
    )
    holds = 100 * used >= percent * limit
    is_over = 10 * 100 * used < _DOWN * percent * limit
    return Watch(found, holds, is_over, f"{what} of its daily limit.")


def _find_low(
    state: State, names: Names, chosen: Thresholds
) -> Iterator[tuple[tuple[Address, Address], int]]:
    """
    Which balances are watched, and less than what is low. A token that a wallet may not hold any
    more is not missed.
    """
    for wallet in state.registry.values():
        for token in dict.fromkeys([*wallet.limits, *wallet.max_balances]):
            most = wallet.max_balance(token)
            low, is_its_own = chosen.low_of(wallet.name, *names.symbol_of(token))
            low = low if is_its_own else min(low, most * _MOST_PERCENT // 100)
            if low and most:
                yield (wallet.address, token), low


def list_lines(
    wallet: WalletState, now: int
) -> Iterator[tuple[Address, Address, Bytes32, BudgetLine]]:
    """
    Agent, token, category and figures of every budget that can be charged.
    """
    for agent, lines in wallet.lines.items():
        for (token, category), line in lines.items():
            if wallet.is_agent(agent) and line.is_alive(now):
                yield agent, token, category, line


def name_wallet(wallet: WalletState, names: Names) -> str:
    """
    As the book has it, which may lag behind the chain.
    """
    named = names.name_of(wallet.address)
    return wallet.name if named == wallet.address and wallet.name else named
