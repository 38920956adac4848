"""
The eight invariants of the interface, checked after each step by books of their own: plain lists
of what was paid when, without units, counters or packing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bursar.budgets import Budget
from bursar.events import (
    AgentRotated,
    ChangeScheduled,
    Event,
    Paid,
    PaymentCancelled,
    PaymentExecuted,
    PaymentQueued,
    QueueVoided,
    Refilled,
    Swept,
)
from bursar.reference import Accepted, Call
from bursar.types import DAY, HOUR, NATIVE, Address
from tests.differential.twin import Twin

LOOSENED_BY_TIME = ("heartbeat", "apply", "set_heartbeat_timeout")


@dataclass
class Before:
    """
    What the contracts said just before a call.
    """

    figures: dict[tuple[Any, ...], Budget]
    limits: dict[tuple[Address, Address], int]
    stopped: dict[tuple[Address, Address], bool]
    sealed: dict[Address, bool]
    balances: dict[tuple[Address, Address], int]
    master: dict[Address, int]
    delays: tuple[Any, ...]


@dataclass
class Books:
    """
    What has happened so far, written down from the events alone.
    """

    twin: Twin
    paid: dict[tuple[Any, ...], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    paid_by_wallet: dict[tuple[Address, Address], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    waiting: dict[tuple[Address, bytes], PaymentQueued] = field(default_factory=dict)
    scheduled: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> Before:
        """
        Take down what may not change, before a call.
        """
        twin = self.twin
        model = twin.model
        wallets = model.registry
        tokens = [*twin.token_addresses, NATIVE]
        return Before(
            figures={
                (address, agent, *key): wallet.budget(agent, *key)
                for address, wallet in wallets.items()
                for agent, lines in wallet.lines.items()
                for key in lines
            },
            limits={(a, t): w.wallet_limit(t) for a, w in wallets.items() for t in tokens},
            stopped={
                (a, agent): model.is_stopped(a, agent, twin.now)
                for a, wallet in wallets.items()
                for agent in wallet.lines
            },
            sealed={a: w.sealed for a, w in wallets.items()},
            balances={(a, t): twin.ledger.balance_of(t, a) for a in wallets for t in tokens},
            master={t: twin.ledger.balance_of(t, twin.treasury) for t in tokens},
            delays=self._delays(),
        )

    def _delays(self) -> tuple[Any, ...]:
        wallets = self.twin.model.registry.values()
        return tuple((w.payment_delay, w.grace, frozenset(w.recipients)) for w in wallets)

    def check(self, call: Call, before: Before, decision: Accepted) -> None:
        """
        All invariants, after an accepted call.
        """
        for event in decision.events:
            if isinstance(event, Paid | PaymentExecuted):
                self._check_payment(event, before)
            self._note(event)
        self._check_balances(before, decision)
        if call.sender != self.twin.treasury:
            self._check_nothing_raised(call, before)
            self._check_master(call, before)
        if call.function != "apply":
            self._check_nothing_loosened_at_once(call, before)
        elif call.target == self.twin.organization.address:
            self._check_has_waited(call)

    def _check_payment(self, event: Paid | PaymentExecuted, before: Before) -> None:
        key = (event.emitter, event.agent, event.token, event.category)
        budget = before.figures[key]
        now = event.at
        # 1. In every window, what was paid is at most the limit, plainly added up.
        self.paid[key].append((now, event.amount))
        self.paid_by_wallet[event.emitter, event.token].append((now, event.amount))
        assert event.amount <= budget.per_payment
        assert _within(self.paid[key], now // HOUR * HOUR) <= budget.hourly
        assert _within(self.paid[key], now // DAY * DAY) <= budget.daily
        assert _count(self.paid[key], now // DAY * DAY) <= budget.max_payments
        assert now < budget.expires_at
        spent = _within(self.paid_by_wallet[event.emitter, event.token], now // DAY * DAY)
        assert spent <= before.limits[event.emitter, event.token]
        # 2. Nothing leaves while stopped or unsealed.
        assert not before.stopped[event.emitter, event.agent]
        assert before.sealed[event.emitter]
        if isinstance(event, PaymentExecuted):
            self._check_execution(event)
        else:
            assert event.amount < budget.queue_from

    def _check_execution(self, event: PaymentExecuted) -> None:
        # 3. Once per queueing, to whom it names, in its time, not after a cancel or a new epoch.
        queued = self.waiting.pop((event.emitter, event.id))
        assert queued.ready_at <= event.at < queued.expires_at
        named = ("agent", "token", "to", "amount", "category", "ref")
        assert all(getattr(queued, n) == getattr(event, n) for n in named)

    def _note(self, event: Event) -> None:
        if isinstance(event, PaymentQueued):
            self.waiting[event.emitter, event.id] = event
        elif isinstance(event, PaymentCancelled):
            del self.waiting[event.emitter, event.id]
        elif isinstance(event, QueueVoided):
            self._forget(event.emitter)
        elif isinstance(event, AgentRotated):
            self._move(event)
        elif isinstance(event, ChangeScheduled):
            self.scheduled[event.id] = (event.at, event.ready_at)

    def _forget(self, wallet: Address, agent: Address | None = None) -> None:
        self.waiting = {
            k: q
            for k, q in self.waiting.items()
            if k[0] != wallet or (agent is not None and q.agent != agent)
        }

    def _move(self, event: AgentRotated) -> None:
        self._forget(event.emitter, event.old)
        for key in [k for k in self.paid if k[:2] == (event.emitter, event.old)]:
            self.paid[(event.emitter, event.new, *key[2:])] = self.paid.pop(key)

    def _check_balances(self, before: Before, decision: Accepted) -> None:
        # 6. A balance decreases only by what the events say, and in the EVM itself.
        out: dict[tuple[Address, Address], int] = defaultdict(int)
        for event in decision.events:
            if isinstance(event, Paid | PaymentExecuted | Swept):
                out[event.emitter, event.token] += event.amount
            elif isinstance(event, Refilled):
                out[event.emitter, event.token] -= event.amount
        for (wallet, token), held in before.balances.items():
            assert self._held(wallet, token) >= held - out[wallet, token]

    def _held(self, who: Address, token: Address) -> int:
        if token == NATIVE:
            return self.twin.evm.balance(who)
        found = next(t for t in self.twin.tokens.values() if t.address == token)
        return int(found.balanceOf(who))

    def _check_nothing_raised(self, call: Call, before: Before) -> None:
        # 4. Nobody else raises what anyone may spend; 8. nor lifts a stop.
        after = self.look()
        if call.function == "apply":
            return
        for key, figures in after.figures.items():
            assert not _loosens(before.figures.get(key), figures, self.twin.now), call
        assert all(daily <= before.limits[key] for key, daily in after.limits.items()), call
        if call.function not in LOOSENED_BY_TIME:
            assert all(after.stopped[k] for k, was in before.stopped.items() if was), call

    def _check_master(self, call: Call, before: Before) -> None:
        # 7. Nothing but the treasury moves the treasury's funds.
        for token, held in before.master.items():
            assert self._held(self.twin.treasury, token) >= held, call

    def _check_nothing_loosened_at_once(self, call: Call, before: Before) -> None:
        # 5. Once sealed, nothing loosens without having waited. A rotation raises nothing.
        if call.function == "rotate_agent" or not before.sealed.get(call.target, False):
            return
        after = self.look()
        for key, figures in after.figures.items():
            assert not _loosens(before.figures.get(key), figures, self.twin.now), call
        assert all(daily <= before.limits[key] for key, daily in after.limits.items()), call
        for (delay, grace, listed), (delay_before, grace_before, listed_before) in zip(
            after.delays, before.delays, strict=True
        ):
            assert delay >= delay_before, call
            assert grace <= grace_before, call
            assert listed <= listed_before, call

    def _check_has_waited(self, call: Call) -> None:
        id = self.twin.model.change_id(*call.arguments)
        scheduled_at, ready_at = self.scheduled.pop(id)
        assert self.twin.now >= ready_at >= scheduled_at + HOUR


def _within(payments: list[tuple[int, int]], since: int) -> int:
    return sum(amount for at, amount in payments if at >= since)


def _count(payments: list[tuple[int, int]], since: int) -> int:
    return sum(1 for at, _ in payments if at >= since)


def _loosens(old: Budget | None, new: Budget, now: int) -> bool:
    """
    Whether `new` lets through anything that `old` did not, told apart from the model's own rule.
    """
    if now >= new.expires_at:
        return False
    if old is None or now >= old.expires_at:
        return True
    # An immediate payment is one that is below queue_from.
    immediate = min(new.per_payment, new.queue_from - 1)
    was_immediate = min(old.per_payment, old.queue_from - 1)
    return (
        new.per_payment > old.per_payment
        or new.hourly > old.hourly
        or new.daily > old.daily
        or immediate > was_immediate
        or new.max_payments > old.max_payments
        or new.expires_at > old.expires_at
        or (old.allowlist_only and not new.allowlist_only)
    )
