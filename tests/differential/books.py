"""
What has happened so far, written down from the events alone and without a rule of the model's.

    events → Books → who is stopped, what is set, what was paid when
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bursar import events as e
from bursar.budgets import NO_BUDGET, Budget
from bursar.events import Event
from bursar.types import DAY, Address
from tests.differential.spending import Spending

# Wallet, agent, token, category.
Key: TypeAlias = tuple[Address, Address, Address, bytes]


@dataclass
class Settings:
    """
    What is set for a wallet as a whole.
    """

    delay: int = 0
    grace: int = 0
    sealed: bool = False
    epoch: int = 0
    recipients: set[Address] = field(default_factory=set)


@dataclass
class Books:
    """
    Everything by what it is about. Amounts are base units, times Unix seconds.
    """

    treasury: Address
    figures: dict[Key, Budget] = field(default_factory=dict)
    # (when, `daily`) of every setting: what was in force in a window.
    dailies: defaultdict[Key, list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    paid: defaultdict[Key, Spending] = field(default_factory=lambda: defaultdict(Spending))
    paid_by_wallet: defaultdict[tuple[Address, Address], Spending] = field(
        default_factory=lambda: defaultdict(Spending)
    )
    # Since when a budget rolls, and the balance that a share was fixed at: (day, balance).
    rolls_since: dict[Key, int] = field(default_factory=dict)
    rolled_until: dict[Key, int] = field(default_factory=dict)
    share_bases: dict[Key, tuple[int, int]] = field(default_factory=dict)
    limits: dict[tuple[Address, Address], int] = field(default_factory=dict)
    max_balances: dict[tuple[Address, Address], int] = field(default_factory=dict)
    wallets: dict[Address, Settings] = field(default_factory=lambda: defaultdict(Settings))
    waiting: dict[tuple[Address, bytes], e.PaymentQueued] = field(default_factory=dict)
    nonces: set[tuple[Address, Address, int]] = field(default_factory=set)
    retired: set[tuple[Address, Address]] = field(default_factory=set)
    stops: dict[Address, int] = field(default_factory=dict)
    heartbeat: int = 0
    timeout: int = 0
    change_delay: int = 0
    guardians: set[Address] = field(default_factory=set)
    keepers: set[Address] = field(default_factory=set)
    # Id to when it was scheduled, by which delay it waits, and what it is.
    scheduled: dict[bytes, e.ChangeScheduled] = field(default_factory=dict)

    def budget(self, key: Key) -> Budget:
        """
        The figures of a budget; zeros where there is none.
        """
        return self.figures.get(key, NO_BUDGET)

    def is_stopped(self, organization: Address, wallet: Address, agent: Address, now: int) -> bool:
        """
        Whether any stop covers `agent` in `wallet`, or the heartbeat lapsed.
        """
        until = max(self.stops.get(scope, 0) for scope in (organization, wallet, agent))
        return now < until or now - self.heartbeat > self.timeout

    def settings_since(self, key: Key, moment: int) -> int:
        """
        How often a budget was set at `moment` and later.
        """
        return sum(1 for at, _ in self.dailies[key] if at >= moment)

    def largest_daily(self, key: Key, moment: int) -> int:
        """
        The largest `daily` that was in force at `moment` or later.
        """
        largest = 0
        for at, daily in reversed(self.dailies[key]):
            largest = max(largest, daily)
            if at < moment:
                break
        return largest

    def note(self, event: Event) -> None:
        """
        Write an event down.
        """
        writer = _WRITERS.get(event.__class__)
        if writer is not None:
            writer(self, event)


def _on_paid(books: Books, event: Any) -> None:
    key = (event.emitter, event.agent, event.token, event.category)
    books.paid[key].add(event.at, event.amount)
    books.paid_by_wallet[event.emitter, event.token].add(event.at, event.amount)


def _on_executed(books: Books, event: e.PaymentExecuted) -> None:
    del books.waiting[event.emitter, event.id]
    _on_paid(books, event)


def _on_queued(books: Books, event: e.PaymentQueued) -> None:
    books.waiting[event.emitter, event.id] = event


def _on_cancelled(books: Books, event: e.PaymentCancelled) -> None:
    del books.waiting[event.emitter, event.id]


def _on_voided(books: Books, event: e.QueueVoided) -> None:
    books.wallets[event.emitter].epoch = event.epoch
    _forget(books, event.emitter)


def _forget(books: Books, wallet: Address, agent: Address | None = None) -> None:
    gone = [
        key
        for key, payment in books.waiting.items()
        if key[0] == wallet and agent in (None, payment.agent)
    ]
    for key in gone:
        del books.waiting[key]


def _on_budget(books: Books, event: e.BudgetSet) -> None:
    key = (event.emitter, event.agent, event.token, event.category)
    books.figures[key] = event.budget
    books.dailies[key].append((event.at, event.budget.daily))
    # A budget that was removed rolls on underneath.
    rolls = event.budget.rolling or (event.budget == NO_BUDGET and key in books.rolls_since)
    if not rolls:
        if books.rolls_since.pop(key, None) is not None:
            books.rolled_until[key] = event.at
    elif key not in books.rolls_since:
        books.rolls_since[key] = event.at
    if rolls:
        books.share_bases.pop(key, None)


def _on_rotated(books: Books, event: e.AgentRotated) -> None:
    books.retired.add((event.emitter, event.old))
    _forget(books, event.emitter, event.old)
    _move(books.figures, event)
    _move(books.dailies, event)
    _move(books.paid, event)
    _move(books.rolls_since, event)
    _move(books.rolled_until, event)
    _move(books.share_bases, event)


def _move(book: dict[Key, Any], event: e.AgentRotated) -> None:
    for key in [key for key in book if key[:2] == (event.emitter, event.old)]:
        book[(event.emitter, event.new, *key[2:])] = book.pop(key)


def _on_share_base(books: Books, event: e.ShareBaseSet) -> None:
    key = (event.emitter, event.agent, event.token, event.category)
    books.share_bases[key] = (event.at // DAY, event.balance)


def _on_nonce(books: Books, event: e.NonceVoided) -> None:
    books.nonces.add((event.emitter, event.agent, event.nonce))


def _on_limit(books: Books, event: e.WalletLimitSet) -> None:
    books.limits[event.emitter, event.token] = event.daily


def _on_max_balance(books: Books, event: e.MaxBalanceSet) -> None:
    books.max_balances[event.emitter, event.token] = event.amount


def _on_recipient(books: Books, event: e.RecipientSet) -> None:
    recipients = books.wallets[event.emitter].recipients
    (recipients.add if event.allowed else recipients.discard)(event.who)


def _on_delay(books: Books, event: e.PaymentDelaySet) -> None:
    books.wallets[event.emitter].delay = event.seconds


def _on_grace(books: Books, event: e.GraceSet) -> None:
    books.wallets[event.emitter].grace = event.seconds


def _on_sealed(books: Books, event: e.Sealed) -> None:
    books.wallets[event.emitter].sealed = True


def _on_created(books: Books, event: e.OrganizationCreated) -> None:
    books.heartbeat = event.at
    books.change_delay = event.change_delay


def _on_stop(books: Books, event: e.Paused) -> None:
    books.stops[event.scope] = event.until


def _on_unpaused(books: Books, event: e.Unpaused) -> None:
    books.stops[event.scope] = 0


def _on_heartbeat(books: Books, event: e.HeartbeatSent) -> None:
    books.heartbeat = event.at


def _on_timeout(books: Books, event: e.HeartbeatTimeoutSet) -> None:
    books.timeout = event.seconds


def _on_change_delay(books: Books, event: e.ChangeDelaySet) -> None:
    books.change_delay = event.seconds


def _on_guardian(books: Books, event: e.GuardianSet) -> None:
    (books.guardians.add if event.on else books.guardians.discard)(event.who)


def _on_keeper(books: Books, event: e.KeeperSet) -> None:
    (books.keepers.add if event.on else books.keepers.discard)(event.who)


def _on_scheduled(books: Books, event: e.ChangeScheduled) -> None:
    books.scheduled[event.id] = event


def _on_applied(books: Books, event: e.ChangeApplied) -> None:
    del books.scheduled[event.id]


_WRITERS: dict[type[Event], Any] = {
    e.Paid: _on_paid,
    e.PaymentExecuted: _on_executed,
    e.PaymentQueued: _on_queued,
    e.PaymentCancelled: _on_cancelled,
    e.QueueVoided: _on_voided,
    e.BudgetSet: _on_budget,
    e.AgentRotated: _on_rotated,
    e.ShareBaseSet: _on_share_base,
    e.NonceVoided: _on_nonce,
    e.WalletLimitSet: _on_limit,
    e.MaxBalanceSet: _on_max_balance,
    e.RecipientSet: _on_recipient,
    e.PaymentDelaySet: _on_delay,
    e.GraceSet: _on_grace,
    e.Sealed: _on_sealed,
    e.OrganizationCreated: _on_created,
    e.Paused: _on_stop,
    e.Unpaused: _on_unpaused,
    e.HeartbeatSent: _on_heartbeat,
    e.HeartbeatTimeoutSet: _on_timeout,
    e.ChangeDelaySet: _on_change_delay,
    e.GuardianSet: _on_guardian,
    e.KeeperSet: _on_keeper,
    e.ChangeScheduled: _on_scheduled,
    e.ChangeApplied: _on_applied,
}
