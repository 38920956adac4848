"""
What people are told without asking, and where: `alerts` of `treasury.yaml`, with its defaults.

    AlertsSection → read_alerts → AlertSettings, in base units and percent
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bursar.config.alert_sections import (
    DAILY_LIMIT_PERCENT,
    UNUSUAL_SPENDING,
    AlertsSection,
    ChannelSection,
)
from bursar.config.amounts import OFF, to_base_units
from bursar.config.books import Books, read_units
from bursar.config.chains import USDC_SYMBOL
from bursar.config.model import Amount, Model
from bursar.config.problems import build_hint
from bursar.config.reading import is_readable
from bursar.config.sections import TreasuryFile

# As the requirements have it: below 10,000 USDC a wallet is low.
BALANCE_BELOW: Final = Decimal(10_000)


class AlertKind(StrEnum):
    """
    What an alert is about.
    """

    BALANCE_LOW = "wallet_balance_low"
    LIMIT_NEAR = "agent_daily_limit_approaching"
    UNUSUAL = "unusual_spending_pattern"  # far more today than on an agent's other days
    UNDECLARED = "undeclared_spend"  # a payment of an agent's key that Bursar was not asked for
    UNEXPLAINED = "unexplained_move"  # native currency that went, and no event says why
    CANCELLED = "payment_cancelled"  # a payment that waited no longer fitted
    EXPIRED = "payment_expired"  # nobody could execute it in time
    REFUSED = "payment_refused"  # the token or the recipient refuses it


LOG: Final = "log"
"""The channel that there always is: the keeper's own log."""
USUAL_ROUTES: Final[Mapping[str, tuple[str, ...]]] = {
    AlertKind.BALANCE_LOW: ("slack", "email"),
    AlertKind.LIMIT_NEAR: ("slack",),
    AlertKind.UNUSUAL: ("pagerduty",),
}
"""Who is told unless the file says so, where there are channels of these names."""


class Channel(Model):
    """
    Where the URL of a channel is kept: one of both.
    """

    name: str
    url_file: str | None
    url_env: str | None


class Route(Model):
    """
    Which channels are told of a kind.
    """

    kind: str
    channels: tuple[str, ...]


class AlertSettings(Model):
    """
    From which figures on alerts are raised, and where they are told. `balance_below` is None where
    the file says nothing. `daily_limit_percent` is None where it is off, and so is
    `unusual_spending`, which is low, medium or high.
    """

    balance_below: tuple[Amount, ...] | None = None
    daily_limit_percent: int | None = DAILY_LIMIT_PERCENT
    unusual_spending: str | None = UNUSUAL_SPENDING
    channels: tuple[Channel, ...] = ()
    routes: tuple[Route, ...] = ()

    def channels_of(self, kind: str) -> tuple[str, ...]:
        """
        The names of those that are told of an alert of that kind.
        """
        for route in self.routes:
            if route.kind == kind:
                return route.channels
        names = tuple(channel.name for channel in self.channels)
        usual = tuple(name for name in USUAL_ROUTES.get(kind, ()) if name in names)
        return usual or names

    def low_of(self, symbol: str, decimals: int) -> int:
        """
        Less than this of a token is low, in base units; 0 where nothing is.
        """
        if self.balance_below is None:
            return to_base_units(BALANCE_BELOW, decimals) if symbol == USDC_SYMBOL else 0
        found = (each.amount for each in self.balance_below if each.token.symbol == symbol)
        return next(found, 0)


def read_alerts(books: Books, file: TreasuryFile) -> AlertSettings:
    """
    The section, with its problems noted.
    """
    section = file.alerts
    if section is None or not is_readable(section):
        return AlertSettings()
    percent = section.daily_limit_percent
    return AlertSettings.model_construct(
        balance_below=_read_balances(books, section),
        daily_limit_percent=None if isinstance(percent, str) else percent,
        unusual_spending=None if section.unusual_spending == OFF else section.unusual_spending,
        channels=_read_channels(books, section),
        routes=_read_routes(books, section),
    )


def _read_balances(books: Books, section: AlertsSection) -> tuple[Amount, ...] | None:
    given = section.balance_below
    if given is None or not is_readable(given):
        return None
    found = []
    for symbol, amount in given.items():
        mark = section.key_mark("balance_below", symbol)
        token = books.tokens.find(symbol, mark, books.problems)
        if token is not None:
            mark = section.entry_mark("balance_below", symbol)
            units = read_units(books.problems, mark, amount, token)
            found.append(Amount.model_construct(token=token, amount=units))
    return tuple(found)


def _read_channels(books: Books, section: AlertsSection) -> tuple[Channel, ...]:
    if not is_readable(section.channels):
        return ()
    return tuple(
        _read_channel(books, section, name, channel)
        for name, channel in section.channels.items()
        if is_readable(channel)
    )


def _read_channel(
    books: Books, alerts: AlertsSection, name: str, section: ChannelSection
) -> Channel:
    if name == LOG:
        message, fix = "the keeper's own log, which is always told", "choose another name"
        books.problems.add(alerts.key_mark("channels", name), message, fix, name)
    kept = [each for each in (section.url_file, section.url_env) if each is not None]
    if len(kept) != 1 and is_readable(*kept):
        message = "both a file and a variable" if kept else "where its URL is kept is not said"
        fix = "add url_file or url_env, one of them"
        books.problems.add(section.mark("url_file"), message, fix)
    return Channel.model_construct(name=name, url_file=section.url_file, url_env=section.url_env)


def _read_routes(books: Books, section: AlertsSection) -> tuple[Route, ...]:
    if not is_readable(section.routes, section.channels):
        return ()
    kinds = [kind.value for kind in AlertKind]
    for kind, names in section.routes.items():
        if kind not in kinds:
            mark = section.key_mark("routes", kind)
            books.problems.add(mark, "no such kind of alert", build_hint(kind, kinds), kind)
        for name in names if is_readable(names) else ():
            if is_readable(name) and name not in section.channels:
                mark = section.entry_mark("routes", kind)
                fix = build_hint(name, section.channels, f"define {name} in channels")
                books.problems.add(mark, "no such channel", fix, name)
    return tuple(
        Route.model_construct(kind=kind, channels=names) for kind, names in section.routes.items()
    )
