"""
Amounts, times, events and changes in words, with the names that people use. Pure.

    AddressBook + Event → Words.event → "shopper paid 10.50 USDC to vendor, 489.50 left today"
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from bursar import events
from bursar.book import AddressBook
from bursar.budgets import Budget
from bursar.changes import decode_call
from bursar.config import format_amount, format_duration
from bursar.errors import MalformedCallError
from bursar.events import Event
from bursar.types import (
    EMPTY,
    EXPIRY_HOURS_END,
    FOREVER,
    HOUR,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
    Address,
    Bytes32,
)

# What the contract writes for a budget that does not end, in 2089.
_LAST_EXPIRY: Final = (EXPIRY_HOURS_END - 1) * HOUR


def show_amount(amount: int | None, decimals: int) -> str:
    """
    Base units as whole tokens with thousands separated; "off" for what is not limited.
    """
    if amount is None or amount == MAX_UINT256:
        return "off"
    whole, _, rest = format_amount(amount, decimals).partition(".")
    return f"{int(whole):,}" + (f".{rest:0<2}" if rest else "")


def show_moment(at: int, *, seconds: bool = False) -> str:
    """
    Unix seconds as UTC, to the minute unless asked otherwise; "never" for what has no end.
    """
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError):
        return "never"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if seconds else f"{moment:%Y-%m-%d %H:%M}"


def show_day(at: int) -> str:
    """
    The UTC day of a time.
    """
    return f"{datetime.fromtimestamp(at, UTC):%a %Y-%m-%d}"


class Words:
    """
    How one organisation's things are said.
    """

    def __init__(self, book: AddressBook) -> None:
        self.book = book
        # A book looks through all of its names each time.
        self._name = cache(book.name_of)

    def name(self, address: Address) -> str:
        """
        What people call an address; itself where it has no name.
        """
        return self._name(address)

    def amount(self, amount: int, token: Address) -> str:
        """
        An amount with its token; what is not limited is "off".
        """
        symbol, decimals = self.book.symbol_of(token)
        shown = show_amount(amount, decimals)
        return shown if shown == "off" else f"{shown} {symbol}"

    def category(self, category: Bytes32) -> str:
        """
        A category's name; empty for payments that name none.
        """
        return "" if category == EMPTY else self.book.category_name(category)

    def budget(self, budget: Budget, token: Address) -> str:
        """
        All figures of a budget that say something.
        """
        if budget.expires_at == 0:
            return "removed"
        said = [
            f"{self.amount(budget.per_payment, token)} a payment",
            f"{self.amount(budget.hourly, token)} an hour",
            f"{self.amount(budget.daily, token)} a day",
        ]
        if budget.queue_from != MAX_UINT256:
            said.append(f"waits from {self.amount(budget.queue_from, token)}")
        if budget.max_payments < MAX_PAYMENTS_PER_DAY:
            said.append(f"at most {budget.max_payments} payments a day")
        if budget.share_bps != 10_000:
            said.append(f"at most {budget.share_bps / 100:g} % of the balance a day")
        if budget.rolling:
            said.append("over any 24 hours")
        if budget.allowlist_only:
            said.append("only to the wallet's recipients")
        if budget.expires_at < _LAST_EXPIRY:
            said.append(f"until {show_moment(budget.expires_at)}")
        return ", ".join(said)

    def change(self, target: Address, call: bytes) -> str:
        """
        What a scheduled call would do.
        """
        try:
            name, values = decode_call(call)
        except MalformedCallError as error:
            return f"{self.name(target)}: {error}"
        return f"{self.name(target)}: {_CHANGES[name](self, values)}"

    def event(self, event: Event) -> str:
        """
        What happened, in a sentence without its time.
        """
        tell = _EVENTS.get(type(event))
        if tell is None:
            return type(event).__name__
        return tell(self, event)

    def duration(self, seconds: int) -> str:
        """
        Seconds as people write them.
        """
        return "off" if seconds == FOREVER else format_duration(seconds)

    def reason(self, reason: str) -> str:
        """
        A reason, as a clause that may be missing. What a stranger wrote is quoted.
        """
        return f": {reason!r}" if reason else ""

    def purpose(self, category: Bytes32) -> str:
        """
        A category, as a clause that may be missing.
        """
        said = self.category(category)
        return f" for {said}" if said else ""


def _until(until: int) -> str:
    return "until unpaused" if until == FOREVER else f"until {show_moment(until)}"


def _paid(words: Words, event: Any) -> str:
    return (
        f"{words.name(event.agent)} paid {words.amount(event.amount, event.token)} to "
        f"{words.name(event.to)}{words.purpose(event.category)}, "
        f"{words.amount(event.day_remaining, event.token)} left of its day"
    )


def _executed(words: Words, event: Any) -> str:
    return (
        f"{words.name(event.agent)}'s payment {short(event.id)} left: "
        f"{words.amount(event.amount, event.token)} to {words.name(event.to)}"
        f"{words.purpose(event.category)}"
    )


def _queued(words: Words, event: Any) -> str:
    return (
        f"{words.name(event.agent)} queued {words.amount(event.amount, event.token)} to "
        f"{words.name(event.to)}{words.purpose(event.category)} as {short(event.id)}, due "
        f"{show_moment(event.ready_at)}"
    )


def _budget_set(words: Words, event: Any) -> str:
    return (
        f"{words.name(event.agent)}'s budget{words.purpose(event.category)}: "
        f"{words.budget(event.budget, event.token)}"
    )


def _swept(words: Words, event: Any) -> str:
    return (
        f"{words.name(event.by)} swept {words.amount(event.amount, event.token)} back to the "
        f"treasury{words.reason(event.reason)}"
    )


def _refilled(words: Words, event: Any) -> str:
    return (
        f"refilled with {words.amount(event.amount, event.token)}, now "
        f"{words.amount(event.balance, event.token)}, ref {short(event.ref)}"
    )


def _role(role: str) -> Callable[[Words, Any], str]:
    return lambda words, event: (
        f"{words.name(event.who)} is {'a ' if event.on else 'no longer a '}{role}"
    )


def _heartbeat(words: Words, seconds: int) -> str:
    if seconds == FOREVER:
        return "nothing stops for want of a heartbeat"
    return f"without a heartbeat everything stops after {words.duration(seconds)}"


def short(value: bytes) -> str:
    """
    The first digits of a hash or an id, enough to name it.
    """
    return f"0x{value.hex()[:10]}"


_EVENTS: Final[dict[type[Event], Callable[[Words, Any], str]]] = {
    events.Paid: _paid,
    events.PaymentExecuted: _executed,
    events.PaymentQueued: _queued,
    events.PaymentCancelled: lambda w, e: (
        f"{w.name(e.by)} cancelled payment {short(e.id)}{w.reason(e.reason)}"
    ),
    events.QueueVoided: lambda w, e: (
        f"{w.name(e.by)} voided every payment that waited{w.reason(e.reason)}"
    ),
    events.NonceVoided: lambda w, e: f"{w.name(e.agent)}'s signature {e.nonce} is used or void",
    events.BudgetSet: _budget_set,
    events.ShareBaseSet: lambda w, e: (
        f"today's share of {w.name(e.agent)}{w.purpose(e.category)} is of "
        f"{w.amount(e.balance, e.token)}"
    ),
    events.WalletLimitSet: lambda w, e: f"daily limit of all agents: {w.amount(e.daily, e.token)}",
    events.MaxBalanceSet: lambda w, e: f"refills up to {w.amount(e.amount, e.token)}",
    events.RecipientSet: lambda w, e: (
        f"{w.name(e.who)} is {'on' if e.allowed else 'off'} the list of recipients"
    ),
    events.PaymentDelaySet: lambda w, e: f"large payments wait {w.duration(e.seconds)}",
    events.GraceSet: lambda w, e: f"due payments stay executable {w.duration(e.seconds)}",
    events.AgentRotated: lambda w, e: f"{w.name(e.old)}'s budgets moved to {w.name(e.new)}",
    events.Refilled: _refilled,
    events.Swept: _swept,
    events.Sealed: lambda w, e: "sealed: from here on what loosens waits",
    events.OrganizationCreated: lambda w, e: (
        f"founded for {w.name(e.treasury)}, changes wait {w.duration(e.change_delay)}"
    ),
    events.WalletCreated: lambda w, e: f"wallet {e.name!r} created at {e.wallet}",
    events.GuardianSet: _role("guardian"),
    events.KeeperSet: _role("keeper"),
    events.Paused: lambda w, e: (
        f"{w.name(e.by)} stopped {w.name(e.scope)} {_until(e.until)} (stop {e.number})"
        f"{w.reason(e.reason)}"
    ),
    events.Unpaused: lambda w, e: (
        f"{w.name(e.by)} released {w.name(e.scope)} from stop {e.number}{w.reason(e.reason)}"
    ),
    events.HeartbeatSent: lambda w, e: f"heartbeat of {w.name(e.by)}",
    events.HeartbeatTimeoutSet: lambda w, e: _heartbeat(w, e.seconds),
    events.ChangeDelaySet: lambda w, e: f"changes that loosen wait {w.duration(e.seconds)}",
    events.ChangeScheduled: lambda w, e: (
        f"scheduled {short(e.id)}, due {show_moment(e.ready_at)}: {w.change(e.target, e.call)}"
    ),
    events.ChangeApplied: lambda w, e: f"{w.name(e.by)} applied change {short(e.id)}",
    events.ChangeVetoed: lambda w, e: (
        f"{w.name(e.by)} vetoed change {short(e.id)}{w.reason(e.reason)}"
    ),
    events.ChangesVetoed: lambda w, e: f"{w.name(e.by)} vetoed all changes{w.reason(e.reason)}",
    events.ChangeVoided: lambda w, e: f"change {short(e.id)} is void",
}

_CHANGES: Final[dict[str, Callable[[Words, Any], str]]] = {
    "set_budget": lambda w, v: f"{w.name(v[0])}'s budget{w.purpose(v[2])}: {w.budget(v[3], v[1])}",
    "set_wallet_limit": lambda w, v: f"daily limit of all agents: {w.amount(v[1], v[0])}",
    "set_max_balance": lambda w, v: f"refills up to {w.amount(v[1], v[0])}",
    "set_recipients": lambda w, v: (
        f"{', '.join(map(w.name, v[0]))} {'on' if v[1] else 'off'} the list of recipients"
    ),
    "set_payment_delay": lambda w, v: f"large payments wait {w.duration(v[0])}",
    "set_grace": lambda w, v: f"due payments stay executable {w.duration(v[0])}",
    "set_guardian": lambda w, v: f"{w.name(v[0])} {'becomes' if v[1] else 'is no longer'} guardian",
    "set_heartbeat_timeout": lambda w, v: _heartbeat(w, v[0]),
    "set_change_delay": lambda w, v: f"changes that loosen wait {w.duration(v[0])}",
}
