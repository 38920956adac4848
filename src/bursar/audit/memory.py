"""
What earlier events say that later entries need: roles, wallets, changes, the queue, balances.

    events, in order → AuditMemory.remember → context(event, …)
"""

from bursar.audit.context import Carrier, Context
from bursar.audit.entries import Incoming
from bursar.audit.entry import Party, Verdict
from bursar.budgets import Budget
from bursar.events import (
    AgentRotated,
    BudgetSet,
    ChangeScheduled,
    Event,
    GuardianSet,
    KeeperSet,
    OrganizationCreated,
    Paid,
    PaymentExecuted,
    PaymentQueued,
    Refilled,
    ShareBaseSet,
    Swept,
    WalletCreated,
)
from bursar.types import MAX_UINT256, NATIVE, Address, Bytes32

_BudgetKey = tuple[Address, Address, Address, Bytes32]


class AuditMemory:
    """
    One organisation's, from its first event on. A token's balance is the sum of what came in and
    went out, and what a refill says it is. Of native money, which comes in without a log, only what
    the events themselves say is known.
    """

    def __init__(self, chain_id: int, organization: Address) -> None:
        self.chain_id = chain_id
        self.organization = organization
        self.treasury: Address | None = None
        self.wallets: set[Address] = set()
        self.scheduled: dict[Bytes32, ChangeScheduled] = {}
        self.schedulers: dict[Bytes32, tuple[Party, ...]] = {}
        self._agents: set[Address] = set()
        self._guardians: set[Address] = set()
        self._keepers: set[Address] = set()
        self._queued: dict[Bytes32, PaymentQueued] = {}
        self._budgets: dict[_BudgetKey, Budget] = {}
        self._balances: dict[tuple[Address, Address], int] = {}

    def context(
        self,
        event: Event | None,
        carrier: Carrier,
        *,
        balance: int | None,
        verdict: Verdict | None = None,
    ) -> Context:
        """
        What is known when `event` happens, or when money comes in.
        """
        budget = None
        if isinstance(event, ShareBaseSet):
            budget = self._budgets.get((event.emitter, event.agent, event.token, event.category))
        return Context(
            chain_id=self.chain_id,
            organization=self.organization,
            treasury=self.treasury,
            carrier=carrier,
            guardians=frozenset(self._guardians),
            keepers=frozenset(self._keepers),
            wallets=frozenset(self.wallets),
            scheduled=self.scheduled,
            schedulers=self.schedulers,
            queued=self._queued,
            balance=balance,
            budget=budget,
            verdict=verdict,
        )

    def balance(self, wallet: Address, token: Address) -> int | None:
        """
        What a wallet has of a token now; None where that cannot be told.
        """
        return None if token == NATIVE else self._balances.get((wallet, token), 0)

    def remember_deposit(self, incoming: Incoming) -> None:
        """
        Money came in.
        """
        self._move(incoming.wallet, incoming.token, incoming.amount)

    def remember(self, event: Event) -> None:
        """
        An event happened.
        """
        match event:
            case OrganizationCreated():
                self.treasury = event.treasury
            case WalletCreated():
                self.wallets.add(event.wallet)
            case GuardianSet():
                _set_member(self._guardians, event.who, event.on)
            case KeeperSet():
                _set_member(self._keepers, event.who, event.on)
            case ChangeScheduled():
                self.scheduled[event.id] = event
                self.schedulers.pop(event.id, None)  # it may have been scheduled by others before
            case PaymentQueued():
                self._queued[event.id] = event
            case BudgetSet():
                key = (event.emitter, event.agent, event.token, event.category)
                self._budgets[key] = event.budget
                self._agents.add(event.agent)
            case AgentRotated():
                self._rotate(event)
            case Refilled():
                self._balances[event.emitter, event.token] = event.balance
            case Swept():
                self._balances[event.emitter, event.token] = 0
            case Paid() | PaymentExecuted():
                self.remember_paid(event.emitter, event.token, event.amount)

    def remember_paid(self, wallet: Address, token: Address, amount: int) -> None:
        """
        A payment left: nothing else of it is asked for later.
        """
        self._move(wallet, token, -amount)

    def _move(self, wallet: Address, token: Address, amount: int) -> None:
        # What tokens say of themselves need not fit together.
        after = self._balances.get((wallet, token), 0) + amount
        self._balances[wallet, token] = min(max(after, 0), MAX_UINT256)

    def role_of(self, who: Address) -> str | None:
        """
        What somebody was ever appointed to; None for a stranger. Of several the first.
        """
        roles = (("agent", self._agents), ("guardian", self._guardians), ("keeper", self._keepers))
        return next((role for role, members in roles if who in members), None)

    def _rotate(self, event: AgentRotated) -> None:
        self._agents.add(event.new)
        moved = [key for key in self._budgets if key[:2] == (event.emitter, event.old)]
        for key in moved:
            self._budgets[event.emitter, event.new, *key[2:]] = self._budgets.pop(key)


def _set_member(members: set[Address], who: Address, on: bool) -> None:
    if on:
        members.add(who)
    else:
        members.discard(who)
