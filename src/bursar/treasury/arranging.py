"""
A status put into an order that people can read, however many wallets there are. Pure.

    Status → arrange → Overview: wallets sorted and cut off, sums of all, agents by wallet
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bursar.errors import BursarError
from bursar.treasury.status import AgentStatus, Status, TokenStatus, WalletStatus, utilisation


class OrderError(BursarError):
    """
    No such order.
    """


class Order(StrEnum):
    """
    By what wallets are sorted.
    """

    CREATED = "created"
    NAME = "name"
    BALANCE = "balance"
    SPENT = "spent"
    USED = "used"


@dataclass(frozen=True)
class Sum:
    """
    All wallets' of one token, base units.
    """

    token: str
    decimals: int
    balance: int
    spent_today: int


@dataclass(frozen=True)
class Overview:
    """
    `status` has the wallets that are shown, in their order, and those wallets' agents; `left_out`
    counts the others, and `sums` are of all.
    """

    status: Status
    left_out: int
    sums: tuple[Sum, ...]

    def lines(self, everything: bool) -> tuple[list[AgentStatus], int]:
        """
        The agents by wallet, the busiest first, and how many quiet ones were left out.
        """
        places = {wallet.name: place for place, wallet in enumerate(self.status.wallets)}
        ordered = sorted(self.status.agents, key=lambda one: (places[one.wallet], -one.utilisation))
        shown = [one for one in ordered if everything or one.spent_today or one.stopped]
        return shown, len(ordered) - len(shown)


def find_order(name: str) -> Order:
    """
    The order of that name. Raises OrderError.
    """
    try:
        return Order(name)
    except ValueError:
        raise OrderError(f"--sort {name}: it is one of {', '.join(Order)}.") from None


def arrange(status: Status, order: Order, limit: int | None) -> Overview:
    """
    Sort the wallets and keep the first `limit`. Wallets that are stopped come first in every order
    but that of creation and names: they are what one looks for.
    """
    wallets = sorted(status.wallets, key=_KEYS[order])
    if order in _URGENT:
        wallets.sort(key=lambda one: not one.stopped)
    shown = wallets[:limit]
    names = {wallet.name for wallet in shown}
    agents = tuple(line for line in status.agents if line.wallet in names)
    cut = status.model_copy(update={"wallets": tuple(shown), "agents": agents})
    return Overview(cut, len(wallets) - len(shown), tuple(_sums(status)))


def _sums(status: Status) -> Iterator[Sum]:
    tokens: dict[str, list[TokenStatus]] = {}
    for wallet in status.wallets:
        for token in wallet.tokens:
            tokens.setdefault(token.symbol, []).append(token)
    for symbol, held in tokens.items():
        balance, spent = sum(one.balance for one in held), sum(one.spent_today for one in held)
        yield Sum(symbol, held[0].decimals, balance, spent)


def used(wallet: WalletStatus) -> float:
    """
    Percent of the wallet's daily limits that is used, of the token of which it is most.
    """
    limited = (one for one in wallet.tokens if one.daily_limit)
    return max((utilisation(one.spent_today, one.daily_limit or 0) for one in limited), default=0.0)


def _whole(wallet: WalletStatus, what: Callable[[TokenStatus], int]) -> float:
    """
    Tokens have no common price: the largest figure in whole tokens decides.
    """
    return max((what(one) / 10**one.decimals for one in wallet.tokens), default=0.0)


_KEYS: Final[dict[Order, Callable[[WalletStatus], float | str]]] = {
    Order.CREATED: lambda wallet: 0.0,
    Order.NAME: lambda wallet: wallet.name,
    Order.BALANCE: lambda wallet: _whole(wallet, lambda one: one.balance),
    Order.SPENT: lambda wallet: -_whole(wallet, lambda one: one.spent_today),
    Order.USED: lambda wallet: -used(wallet),
}
_URGENT: Final = frozenset({Order.BALANCE, Order.SPENT, Order.USED})
