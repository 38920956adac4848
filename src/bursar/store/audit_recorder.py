"""
The chain's events into the audit, at final height.

    events + what came in, in order → AuditRecorder.record → entries → AuditLog.append

Reading again adds nothing. What the audit has is remembered only, so that a restart asks the node
nothing about what is past.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import inf
from typing import Protocol

from bursar.audit import (
    Carrier,
    Entry,
    FailedCall,
    Failure,
    Incoming,
    NativeMove,
    Verdict,
    deposit_entry,
    entries_for,
    failure_entry,
    native_entry,
)
from bursar.audit.authorising import authorised_by
from bursar.audit.memory import AuditMemory
from bursar.chain.errors import RpcError
from bursar.events import (
    ChangeApplied,
    Event,
    OrganizationCreated,
    Paid,
    PaymentExecuted,
    Refilled,
    ShareBaseSet,
    Swept,
)
from bursar.store.audit_log import Appended, AuditLog, verdict_of
from bursar.store.audit_order import Happened, position_of
from bursar.store.audit_past import AuditPast
from bursar.store.decisions import find_decision
from bursar.store.settled import PastPayment
from bursar.types import NATIVE, Address, Bytes32

# They say by themselves who authorised them.
_PLAIN = (Paid, PaymentExecuted, ShareBaseSet)
_MOVES = (Paid, PaymentExecuted, Refilled, Swept)


class Carriers(Protocol):
    """
    Whoever reads transactions: `bursar.chain.carriers.CarrierReader`.
    """

    def fetch(self, transaction: Bytes32, /) -> Carrier:
        """
        Who sent a transaction, and what the Safe's owners signed in it.
        """
        ...

    def fetch_balance(self, who: Address, block: int, /) -> int:
        """
        The native currency of an account after a block.
        """
        ...


class Failures(Protocol):
    """
    Whoever reads why transactions failed: `bursar.chain.failures.FailureReader`.
    """

    def fetch(self, transaction: Bytes32, /) -> Failure:
        """
        What was called, and why it was refused.
        """
        ...


class AuditRecorder:
    """
    Records one organisation's events. Give it all of them from the first on, in order, each once
    and whole blocks; after an error begin again with a new one. `verdict` says of a payment what
    goes before any other verdict, such as that nobody has declared it. `failures` is asked why a
    call failed, which is a refusal; without it those have no entries.
    """

    def __init__(
        self,
        log: AuditLog,
        carriers: Carriers,
        *,
        verdict: Callable[[Event], Verdict | None] | None = None,
        failures: Failures | None = None,
    ) -> None:
        self._log = log
        self._carriers = carriers
        self._find_verdict = verdict
        self._failures = failures
        self._memory = AuditMemory(log.chain_id, log.organization)
        self._past = AuditPast.fetch(log.database, log.chain_id, log.organization)
        self._deposits = deque(self._past.deposits)
        self._native_moves: Counter[tuple[int | None, Address]] = Counter()

    def record(
        self,
        events: Sequence[Event],
        incoming: Sequence[Incoming] = (),
        failed: Sequence[FailedCall] = (),
        native: Sequence[NativeMove] = (),
    ) -> Appended:
        """
        Enter what happened next: events that are final, the money that came in in the same blocks,
        and the calls of our contracts that failed there. What came in and failed in blocks that the
        audit has already may be left out. `native` is what moved without a log, and was found now:
        up to the last of these blocks, or in any before.

        Raises StoreError, ChainError, and OtherChainError where the audit is of another chain.
        """
        self._native_moves = Counter(
            (e.block, e.emitter) for e in events if isinstance(e, _MOVES) and e.token == NATIVE
        )
        new = [one for one in incoming if one.block >= self._past.block]
        together: list[Happened] = [*events, *new, *failed, *native]
        together += self._known_deposits(max((position_of(one)[0] for one in together), default=0))
        together.sort(key=position_of)
        entries: list[Entry] = []
        for _, group in groupby(together, key=lambda one: one.transaction):
            entries += self._enter(list(group))
        return self._log.append(entries)

    @property
    def past_block(self) -> int:
        """
        The block from which on events may be missing in the audit; 0 where nothing is in.
        """
        return self._past.block

    def remember_past(self, events: Sequence[Event], payments: Iterable[PastPayment]) -> None:
        """
        In place of the first calls of `record`: what was logged before `past_block`, all but `Paid`
        whole, in order. Raises OtherChainError.
        """
        known: list[Event | Incoming] = [*events, *self._known_deposits(self._past.block - 1)]
        others = deque(sorted(known, key=position_of))
        following = _place_of_first(others)
        for block, log, wallet, token, amount in payments:
            while (block, log) > following:
                self._remember(others.popleft())
                following = _place_of_first(others)
            self._memory.remember_paid(wallet, token, amount)
        for one in others:
            self._remember(one)

    def _remember(self, one: Event | Incoming) -> None:
        if isinstance(one, Incoming):
            self._memory.remember_deposit(one)
            return
        if isinstance(one, OrganizationCreated):
            self._past.validate_same_chain(one)
        self._memory.remember(one)

    def _known_deposits(self, last: int) -> Iterator[Incoming]:
        """
        Those up to block `last` that the audit has: balances add up without reading them again.
        """
        while self._deposits and self._deposits[0].block <= last:
            yield self._deposits.popleft()

    def _enter(self, group: Sequence[Happened]) -> Iterator[Entry]:
        """
        The entries for what is in one transaction.
        """
        events = tuple(one for one in group if isinstance(one, Event))
        refills = {(e.emitter, e.token, e.amount) for e in events if isinstance(e, Refilled)}
        for one in group:
            if isinstance(one, Event):
                yield from self._enter_event(one, events)
            elif isinstance(one, FailedCall):
                yield from self._enter_failed(one)
            elif isinstance(one, NativeMove):
                yield native_entry(one, self._memory.context(None, Carrier(), balance=None))
            elif one.amount and not self._is_refill(one, refills):
                yield from self._enter_deposit(one)

    def _is_refill(self, one: Incoming, refills: set[tuple[Address, Address, int]]) -> bool:
        from_treasury = one.sender == self._memory.treasury
        return from_treasury and (one.wallet, one.token, one.amount) in refills

    def _enter_deposit(self, incoming: Incoming) -> Iterator[Entry]:
        if incoming.block >= self._past.block:
            balance = self._memory.balance(incoming.wallet, incoming.token)
            context = self._memory.context(None, Carrier(), balance=balance)
            yield deposit_entry(incoming, context)
        self._memory.remember_deposit(incoming)

    def _enter_failed(self, call: FailedCall) -> Iterator[Entry]:
        """
        A refusal by the chain. Strangers may call as they like, and fill no audit with it.
        """
        role = self._memory.role_of(call.sender)
        if role is None or self._failures is None or call.block < self._past.block:
            return
        context = self._memory.context(None, Carrier(), balance=None)
        yield failure_entry(call, self._failures.fetch(call.transaction), role, context)

    def _enter_event(self, event: Event, together: tuple[Event, ...]) -> Iterator[Entry]:
        if isinstance(event, OrganizationCreated):
            self._past.validate_same_chain(event)
        if (event.block or 0) >= self._past.block:
            yield from self._build(event, together)
        self._memory.remember(event)

    def _build(self, event: Event, together: tuple[Event, ...]) -> tuple[Entry, ...]:
        carrier = Carrier(events=together)
        if not isinstance(event, _PLAIN) and event.transaction is not None:
            carrier = replace(self._carriers.fetch(event.transaction), events=together)
        for other in together:
            if isinstance(other, ChangeApplied):
                self._learn_schedulers(other)
        context = self._memory.context(
            event, carrier, balance=self._balance(event), verdict=self._verdict(event)
        )
        return entries_for(event, context)

    def _learn_schedulers(self, applied: ChangeApplied) -> None:
        """
        Who signed the scheduling of a change, from the audit or else from the chain.
        """
        scheduled = self._memory.scheduled.get(applied.id)
        if scheduled is None or applied.id in self._memory.schedulers:
            return
        parties = self._past.find_parties(scheduled)
        if parties is None and scheduled.transaction is not None:
            carrier = self._carriers.fetch(scheduled.transaction)
            context = self._memory.context(scheduled, carrier, balance=None)
            parties = authorised_by(scheduled, context)
        if parties is not None:
            self._memory.schedulers[applied.id] = parties

    def _balance(self, event: Event) -> int | None:
        """
        What the wallet had of the event's token before a payment; None where it cannot be told.
        """
        if not isinstance(event, Paid | PaymentExecuted):
            return None
        if event.token != NATIVE:
            return self._memory.balance(event.emitter, event.token)
        # Native money comes in without a log: the balance is the state's, and the order of several
        # moves in one block is not in it.
        if event.block is None or self._native_moves[event.block, event.emitter] != 1:
            return None
        try:
            before = self._carriers.fetch_balance(event.emitter, event.block - 1)
            after = self._carriers.fetch_balance(event.emitter, event.block)
        except RpcError:  # the node no longer has that block's state
            return None
        return before if before - event.amount == after else None

    def _verdict(self, event: Event) -> Verdict | None:
        """
        What policy decided about exactly this payment. A receipt that was copied into another
        payment brings no decision with it.
        """
        if not isinstance(event, Paid | PaymentExecuted):
            return None
        if self._find_verdict is not None and (verdict := self._find_verdict(event)) is not None:
            return verdict
        found = self._log.database.read(lambda connection: find_decision(connection, event.ref))
        if found is None:
            return None
        number, decision = found
        decided = (decision.wallet, decision.agent, decision.token, decision.amount)
        fits = decided == (event.emitter, event.agent, event.token, event.amount)
        return verdict_of(number, decision) if fits else None


def _place_of_first(others: Sequence[Event | Incoming]) -> tuple[float, int]:
    """
    The block and the log of what comes first; after everything where there is none.
    """
    return (others[0].block or 0, others[0].log or 0) if others else (inf, 0)
