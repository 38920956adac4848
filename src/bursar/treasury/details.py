"""
Everything about one wallet, agent, payment or change, for somebody who is about to sign.

    Office + View + what it is called → WalletDetail | AgentDetail | PaymentDetail | ChangeDetail

Amounts are base units, in JSON decimal strings; `text` is for people.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict

from bursar.budgets import figures
from bursar.changes import Change
from bursar.events import Event, Paused, Refilled
from bursar.payments import QueuedPayment
from bursar.state import WalletState
from bursar.treasury.office import Office, OfficeError, View
from bursar.treasury.spends import find_spends
from bursar.treasury.status import AgentStatus, TokenStatus, Units, build_status
from bursar.treasury.words import Words
from bursar.types import DAY, Address, Bytes32, Role

RECENT: Final = 10
"""How many of the latest events are told: as many as fit on a screen with the rest."""
PERIOD: Final = 7 * DAY


class Model(BaseModel):
    """
    Frozen, and nothing unknown is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(Model):
    """
    An event: when, where, and what happened in words.
    """

    at: int
    where: str
    text: str
    transaction: str


class WaitingPayment(Model):
    """
    A payment that waits.
    """

    id: str
    wallet: str
    agent: str
    to: str
    token: str
    decimals: int
    amount: Units
    category: str
    ready_at: int
    expires_at: int


class PendingChange(Model):
    """
    A change that waits.
    """

    id: str
    text: str
    ready_at: int
    expires_at: int


class BudgetDetail(Model):
    """
    A budget as it stands: its figures in words, and what it has used.
    """

    text: str
    line: AgentStatus


class WalletDetail(Model):
    """
    A wallet. `refilled_at` is when it last got money from the treasury.
    """

    name: str
    address: Address
    at: int
    sealed: bool
    stopped: str
    payment_delay: int
    grace: int
    active_agents: int
    refilled_at: int | None
    tokens: tuple[TokenStatus, ...]
    budgets: tuple[BudgetDetail, ...]
    recipients: tuple[str, ...]
    waiting: tuple[WaitingPayment, ...]
    changes: tuple[PendingChange, ...]
    recent: tuple[Told, ...]


class Recipient(Model):
    """
    Whom an agent paid in the last seven days.
    """

    to: str
    token: str
    decimals: int
    amount: Units
    payments: int


class AgentDetail(Model):
    """
    An agent over all of its wallets. `roles` should be empty: an agent with a role is worth
    stealing twice.
    """

    name: str
    address: Address
    at: int
    role: str
    roles: tuple[str, ...]
    stopped: str
    retired: tuple[str, ...]
    budgets: tuple[BudgetDetail, ...]
    recipients: tuple[Recipient, ...]
    waiting: tuple[WaitingPayment, ...]
    changes: tuple[PendingChange, ...]
    recent: tuple[Told, ...]


def build_wallet(office: Office, view: View, name: str) -> WalletDetail:
    """
    A wallet by name or address. Raises BookError, OfficeError, ChainError.
    """
    address = view.book.find_wallet(name)
    wallet = view.state.registry.get(address)
    if wallet is None:
        raise OfficeError(f"{address} is no wallet of {view.book.name}: look at `bursar status`.")
    found = _Details(office, view, {address})
    (status,) = found.status.wallets
    refills = [
        one.at for one in view.events if isinstance(one, Refilled) and one.emitter == address
    ]
    return WalletDetail(
        name=status.name,
        address=address,
        at=view.now,
        sealed=wallet.sealed,
        stopped=status.stopped or found.status.stopped,
        payment_delay=wallet.payment_delay,
        grace=wallet.grace,
        active_agents=status.active_agents,
        refilled_at=max(refills, default=None),
        tokens=status.tokens,
        budgets=tuple(found.budgets(found.status.agents)),
        recipients=tuple(sorted(map(found.words.name, wallet.recipients))),
        waiting=tuple(found.waiting(wallet)),
        changes=tuple(found.changes(lambda one: one.subject.target == address)),
        recent=found.recent(one for one in view.events if _concerns_wallet(one, address)),
    )


def build_agent(office: Office, view: View, name: str) -> AgentDetail:
    """
    An agent by name or address. Raises BookError, OfficeError, ChainError.
    """
    address = view.book.find_agent(name)
    state = view.state
    held = [one for one in state.registry.values() if address in one.lines]
    if not held:
        raise OfficeError(
            f"{name} has no budget in any wallet of {view.book.name}: look at `bursar status`."
        )
    found = _Details(office, view, {one.address for one in held})
    lines = [line for line in found.status.agents if line.address == address]
    mine = view.book.agents.get(found.words.name(address))
    waiting = [one for wallet in held for one in found.waiting(wallet, address)]
    retired = (found.words.name(one.address) for one in held if address in one.retired)
    return AgentDetail(
        name=found.words.name(address),
        address=address,
        at=view.now,
        role=mine.role if mine is not None else "",
        roles=tuple(role.name or "" for role in Role if role in state.roles(address)),
        stopped=describe_stop(view, address),
        retired=tuple(retired),
        budgets=tuple(found.budgets(lines)),
        recipients=found.recipients(address),
        waiting=tuple(sorted(waiting, key=lambda one: one.ready_at)),
        changes=tuple(found.changes(lambda one: one.subject.agent == address)),
        recent=found.recent(one for one in view.events if _concerns_agent(one, address)),
    )


def describe_stop(view: View, scope: Address) -> str:
    """
    What stops a scope by itself, in words; empty while nothing does.
    """
    if not view.state.is_paused(scope, view.now):
        return ""
    words = Words(view.book)
    stops = [one for one in view.events if isinstance(one, Paused) and one.scope == scope]
    return words.event(stops[-1]) if stops else "stopped"


class _Details:
    def __init__(self, office: Office, view: View, wallets: set[Address]) -> None:
        self.view = view
        self.words = Words(view.book)
        self.status = build_status(office, view, wallets)

    def budgets(self, lines: Iterable[AgentStatus]) -> Iterator[BudgetDetail]:
        for line in lines:
            wallet = self.view.state.registry[self.view.book.find_wallet(line.wallet)]
            for token, category in wallet.lines[line.address]:
                symbol, _ = self.view.book.symbol_of(token)
                if (symbol, self.words.category(category)) == (line.token, line.category):
                    budget = figures(wallet.line(line.address, token, category))
                    yield BudgetDetail(text=self.words.budget(budget, token), line=line)

    def waiting(self, wallet: WalletState, agent: Address | None = None) -> list[WaitingPayment]:
        live = ((id, wallet.live_payment(id, self.view.now)) for id in wallet.queue)
        found = [
            waiting_payment(self.words, wallet.address, id, one)
            for id, one in live
            if one is not None and agent in (None, one.agent)
        ]
        return sorted(found, key=lambda one: one.ready_at)

    def changes(self, wanted: Callable[[Change], bool]) -> Iterator[PendingChange]:
        for id in self.view.state.pending.values():
            one = self.view.state.live_change(id, self.view.now)
            if one is not None and wanted(one):
                yield PendingChange(
                    id=f"0x{id.hex()}",
                    text=self.words.change(one.subject.target, one.call),
                    ready_at=one.ready_at,
                    expires_at=one.expires_at,
                )

    def recent(self, events: Iterable[Event]) -> tuple[Told, ...]:
        return tuple(tell(one, self.words) for one in list(events)[-RECENT:])

    def recipients(self, agent: Address) -> tuple[Recipient, ...]:
        sums: dict[tuple[Address, Address], list[int]] = {}
        for spend in find_spends(self.view.events):
            if spend.agent == agent and spend.at >= self.view.now - PERIOD:
                sums.setdefault((spend.to, spend.token), []).append(spend.amount)
        ordered = sorted(sums.items(), key=lambda item: -sum(item[1]))[:RECENT]
        return tuple(self._recipient(to, token, paid) for (to, token), paid in ordered)

    def _recipient(self, to: Address, token: Address, paid: list[int]) -> Recipient:
        symbol, decimals = self.view.book.symbol_of(token)
        return Recipient(
            to=self.words.name(to),
            token=symbol,
            decimals=decimals,
            amount=sum(paid),
            payments=len(paid),
        )


def tell(event: Event, words: Words) -> Told:
    """
    An event in words.
    """
    return Told(
        at=event.at,
        where=words.name(event.emitter),
        text=words.event(event),
        transaction=f"0x{event.transaction.hex()}" if event.transaction is not None else "",
    )


def waiting_payment(
    words: Words, wallet: Address, id: Bytes32, payment: QueuedPayment
) -> WaitingPayment:
    """
    A payment that waits, with names.
    """
    symbol, decimals = words.book.symbol_of(payment.token)
    return WaitingPayment(
        id=f"0x{id.hex()}",
        wallet=words.name(wallet),
        agent=words.name(payment.agent),
        to=words.name(payment.to),
        token=symbol,
        decimals=decimals,
        amount=payment.amount,
        category=words.category(payment.category),
        ready_at=payment.ready_at,
        expires_at=payment.expires_at,
    )


def _concerns_wallet(event: Event, wallet: Address) -> bool:
    if event.emitter == wallet:
        return True
    return wallet in (getattr(event, name, None) for name in ("wallet", "scope", "target"))


def _concerns_agent(event: Event, agent: Address) -> bool:
    return agent in (getattr(event, name, None) for name in ("agent", "scope", "old", "new"))
