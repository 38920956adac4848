"""
A wallet as its events tell it, with the contract's views that need no more than that.
"""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bursar.budgets import Budget, BudgetLine, figures, remaining
from bursar.payments import QueuedPayment, WalletLimit, payment_id
from bursar.types import (
    EMPTY,
    FIRST_PAYMENT_DELAY,
    FIRST_PAYMENT_GRACE,
    ZERO_ADDRESS,
    Address,
    Bytes32,
)

BudgetKey: TypeAlias = tuple[Address, Bytes32]
"""The token and category of one of an agent's budgets."""

_NO_LIMIT = WalletLimit()


@dataclass(slots=True)
class WalletState:
    """
    Everything that the views of one `HotWallet` return. Only the fold writes it.

    `lines` holds each listed agent's budgets, in the contract's order; `queue` also holds payments
    that have expired or whose agent is retired. `nonces` holds used ones as bits, 256 to a word, by
    agent and number of the word.
    """

    address: Address
    name: str = ""
    sealed: bool = False
    epoch: int = 0
    payment_delay: int = FIRST_PAYMENT_DELAY
    grace: int = FIRST_PAYMENT_GRACE
    lines: dict[Address, dict[BudgetKey, BudgetLine]] = field(default_factory=dict)
    retired: set[Address] = field(default_factory=set)
    limits: dict[Address, WalletLimit] = field(default_factory=dict)
    max_balances: dict[Address, int] = field(default_factory=dict)
    recipients: set[Address] = field(default_factory=set)
    queue: dict[Bytes32, QueuedPayment] = field(default_factory=dict)
    nonces: dict[tuple[Address, int], int] = field(default_factory=dict)

    def copy(self) -> "WalletState":
        """
        A state that shares nothing that changes with this one.
        """
        return replace(
            self,
            lines={agent: dict(lines) for agent, lines in self.lines.items()},
            retired=set(self.retired),
            limits=dict(self.limits),
            max_balances=dict(self.max_balances),
            recipients=set(self.recipients),
            queue=dict(self.queue),
            nonces=dict(self.nonces),
        )

    def line(self, agent: Address, token: Address, category: Bytes32) -> BudgetLine | None:
        """
        A budget with its counters, or None if it was never set.
        """
        lines = self.lines.get(agent)
        return None if lines is None else lines.get((token, category))

    def is_agent(self, who: Address) -> bool:
        """
        Whether `who` is on the list and not retired.
        """
        return who in self.lines and who not in self.retired

    def budget(self, agent: Address, token: Address, category: Bytes32) -> Budget:
        """
        The figures, in base units; zeros where there is no budget.
        """
        return figures(self.line(agent, token, category))

    def remaining(
        self, agent: Address, token: Address, category: Bytes32, now: int, balance: int = 0
    ) -> tuple[int, int, int]:
        """
        What is left of the hour and the UTC day, or trailing 24 hours (base units), and of the
        day's payments. A share is of `balance`, what the wallet holds, before the day's first
        charge.
        """
        return remaining(self.line(agent, token, category), now, balance)

    def limit(self, token: Address) -> WalletLimit:
        """
        The wallet's daily limit with what was spent of it.
        """
        return self.limits.get(token, _NO_LIMIT)

    def wallet_limit(self, token: Address) -> int:
        """
        What all agents together may spend in a UTC day, in base units.
        """
        return self.limit(token).daily

    def wallet_remaining(self, token: Address, now: int) -> int:
        """
        What is left of that, in base units.
        """
        return self.limit(token).remaining(now)

    def max_balance(self, token: Address) -> int:
        """
        The balance that a refill may reach, in base units.
        """
        return self.max_balances.get(token, 0)

    def is_recipient(self, who: Address) -> bool:
        """
        Whether `who` is on the wallet's list of recipients.
        """
        return who in self.recipients

    def agent_count(self) -> int:
        """
        How many agents were ever listed, retired ones included.
        """
        return len(self.lines)

    def agents(self, index: int) -> Address:
        """
        The agent at `index`, in the order of listing; zero when out of range.
        """
        agents = list(self.lines)
        return agents[index] if index < len(agents) else ZERO_ADDRESS

    def budget_count(self, agent: Address) -> int:
        """
        How many (token, category) pairs an agent has, removed ones included.
        """
        return len(self.lines.get(agent, ()))

    def budget_keys(self, agent: Address, index: int) -> BudgetKey:
        """
        The pair at `index`, in the order of setting; zeros when out of range.
        """
        keys = list(self.lines.get(agent, ()))
        return keys[index] if index < len(keys) else (ZERO_ADDRESS, EMPTY)

    def live_payment(self, id: Bytes32, now: int) -> QueuedPayment | None:
        """
        A payment that waits or is ready, of an agent that is not retired.
        """
        payment = self.queue.get(id)
        if payment is None or now >= payment.expires_at or payment.agent in self.retired:
            return None
        return payment

    def payment(self, id: Bytes32, now: int) -> tuple[Address, int, int]:
        """
        Agent, `ready_at` and `expires_at` of a live payment; zeros for any other.
        """
        payment = self.live_payment(id, now)
        if payment is None:
            return ZERO_ADDRESS, 0, 0
        return payment.agent, payment.ready_at, payment.expires_at

    def nonce_used(self, agent: Address, nonce: int) -> bool:
        """
        Whether no signature of `agent` with this nonce can be used any more.
        """
        return self.nonces.get((agent, nonce >> 8), 0) >> (nonce & 255) & 1 == 1

    def use_nonce(self, agent: Address, nonce: int) -> None:
        """
        Remember that a nonce is used.
        """
        word = agent, nonce >> 8
        self.nonces[word] = self.nonces.get(word, 0) | 1 << (nonce & 255)

    def payment_id(
        self,
        agent: Address,
        token: Address,
        to: Address,
        amount: int,
        category: Bytes32,
        ref: Bytes32,
    ) -> Bytes32:
        """
        The id that such a payment has in the present epoch.
        """
        return payment_id(self.epoch, agent, token, to, amount, category, ref)
