"""
What the keeper writes down of what has happened, after each look at the chain.

    store: final events, native money → receipts used up → audit, in order → the head, elsewhere
           the tail → undeclared spends, said at once;   the spool → refusals

Level-triggered as well: how far the audit is says where to go on, and doing it again adds nothing.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from bursar.audit import Action, Incoming, NativeMove, Verdict
from bursar.errors import BursarError
from bursar.events import Event, WalletCreated
from bursar.keeper.declaring import NAMES, Declarations, identity_of
from bursar.keeper.kept import Kept
from bursar.keeper.ports import Clock
from bursar.store.audit_dropped import compare, retract_dropped
from bursar.store.audit_heads import HeadKeeper
from bursar.store.audit_log import AuditLog
from bursar.store.audit_recorder import AuditRecorder, Carriers, Failures
from bursar.store.native_moves import fetch_moves
from bursar.store.refusal_spool import RefusalSpool, SpoolError
from bursar.store.settled import (
    Settled,
    fetch_past_events,
    fetch_past_payments,
    fetch_settled,
    fetch_tail,
)
from bursar.types import Address

_BEFORE_ALL: Final = -1
# A head that nobody takes is offered again after this many seconds, not every second.
_HEAD_REST: Final = 30.0


class Books:
    """
    Keeps the books of one organisation. `heads` takes the audit's last hash off the machine, and so
    does `anchor` from time to time: it returns what is in its way. Without `declarations` no
    receipt is looked at. `spools` are files of refusals. `failures` tells why calls failed.
    """

    def __init__(
        self,
        log: AuditLog,
        carriers: Carriers,
        *,
        heads: HeadKeeper | None = None,
        declarations: Declarations | None = None,
        spools: Sequence[RefusalSpool] = (),
        failures: Failures | None = None,
        anchor: Callable[[], str | None] | None = None,
        clock: Clock = time.time,
    ) -> None:
        self._log = log
        self._database = log.database
        self._carriers = carriers
        self._heads = heads
        self._declarations = declarations
        self._spools = spools
        self._failures = failures
        self._anchor = anchor
        self._clock = clock
        self._rest_until = float("-inf")
        self._begin()

    def keep(self) -> Kept:
        """
        Write down what is new. Whatever goes wrong is in the answer, and gone on with next time.
        """
        kept = Kept()
        try:
            self._keep_final(kept)
            self._keep_tail(kept)
            self._keep_refusals(kept)
            self._tell_head(kept)
            if self._anchor is not None and (trouble := self._anchor()) is not None:
                kept.troubles.append(trouble)
        except BursarError as error:
            self._begin()
            kept.troubles.append(str(error))
        return kept

    def _begin(self) -> None:
        """
        Go on from what is stored: a recorder that has failed is of no more use.
        """
        self._recorder: AuditRecorder | None = None
        self._past_block = 0
        self._after = _BEFORE_ALL
        self._wallets: set[Address] = set()
        self._verdicts: dict[str, Verdict] = {}
        self._native: list[NativeMove] = []
        self._native_seen = 0
        self._told = -1

    def _keep_final(self, kept: Kept) -> None:
        if self._recorder is None:
            log = self._log
            if not self._take_back(kept):
                return
            recorder = AuditRecorder(
                log, self._carriers, verdict=self._find_verdict, failures=self._failures
            )
            self._remember_past(recorder)
            self._recorder = recorder
        self._find_native()
        while True:
            part = self._database.read(
                lambda c: fetch_settled(
                    c, self._log.chain_id, self._log.organization, after=self._after
                )
            )
            native = [one for one in self._native if one.block <= part.last]
            if part.events or part.transfers or part.failed or native:
                self._keep_part(part, native, kept)
                self._native = [one for one in self._native if one.block > part.last]
            self._after = part.last
            if part.is_all:
                return

    def _remember_past(self, recorder: AuditRecorder) -> None:
        """
        What the audit has need not be entered again, only known: of payments just what they moved.
        """
        where = (self._log.chain_id, self._log.organization)
        before = self._past_block = recorder.past_block
        with self._database.reading() as connection:
            events = fetch_past_events(connection, *where, before=before)
            payments = fetch_past_payments(connection, *where, before=before)
            recorder.remember_past(events, payments)
        self._wallets |= {one.wallet for one in events if isinstance(one, WalletCreated)}
        if self._declarations is not None:
            self._declarations.remember(events)
        self._after = before - 1

    def _take_back(self, kept: Kept) -> bool:
        """
        Mark what the chain has dropped although it was final, before anything else is entered.
        Whether to go on.
        """
        where = (self._log.chain_id, self._log.organization)
        found = self._database.read(lambda c: compare(c, *where))
        if found.waits:
            kept.troubles.append(
                "The audit is ahead of what is final in the store: nothing is entered before the "
                "store has come as far."
            )
        elif (block := found.dropped) is not None:
            done = self._database.write(
                lambda c: retract_dropped(c, *where, block), repeatable=True
            )
            kept.entries += len(done)
            kept.troubles.append(
                f"The chain has dropped blocks from {block} on that were final: "
                f"{len(done)} entries of the audit are retracted."
            )
        return not found.waits

    def _find_native(self) -> None:
        """
        What moved without a log and was found since the last look: by now, or in any block before.
        """
        log = self._log
        found = self._database.read(
            lambda c: fetch_moves(c, log.chain_id, log.organization, after=self._native_seen)
        )
        for number, move in found:
            self._native_seen = number
            self._native.append(move)

    def _keep_part(self, part: Settled, native: Sequence[NativeMove], kept: Kept) -> None:
        assert self._recorder is not None
        self._wallets |= {one.wallet for one in part.events if isinstance(one, WalletCreated)}
        self._judge(part.events, kept)
        done = self._recorder.record(part.events, self._incoming(part), part.failed, native)
        kept.entries += len(done.added)
        kept.troubles += [
            f"{one.entry.amount} wei left wallet {one.entry.wallet} up to block "
            f"{one.entry.details['up_to_block']}, and no event says so: see the audit's entry "
            f"{one.sequence}. Stop the organisation and find out why."
            for one in done.added
            if native and one.entry.action is Action.LOSS
        ]

    def _incoming(self, part: Settled) -> list[Incoming]:
        return [one for one in part.transfers if one.wallet in self._wallets]

    def _judge(self, events: Sequence[Event], kept: Kept) -> None:
        """
        Before the audit has it, so that a crash in between is made good.
        """
        self._verdicts = {}
        if self._declarations is None:
            return
        self._declarations.remember(events)
        new = [one for one in events if (one.block or 0) >= self._past_block]
        found = self._declarations.judge(new)
        self._verdicts = {identity: one.as_verdict() for identity, one in found.items()}
        kept.undeclared += self._declarations.tell(found.values(), int(self._clock()))

    def _find_verdict(self, event: Event) -> Verdict | None:
        return self._verdicts.get(identity_of(event))

    def _keep_tail(self, kept: Kept) -> None:
        if self._declarations is None:
            return
        log = self._log
        tail = self._database.read(lambda c: fetch_tail(c, log.chain_id, log.organization, NAMES))
        found = self._declarations.look(tail)
        kept.undeclared += self._declarations.tell(found, int(self._clock()))

    def _keep_refusals(self, kept: Kept) -> None:
        log = self._log
        for spool in self._spools:
            try:
                kept.entries += spool.take_in(self._database, log.chain_id, log.organization)
            except SpoolError as error:  # the head is told all the same
                kept.troubles.append(str(error))

    def _tell_head(self, kept: Kept) -> None:
        """
        Also where another process has added to the audit, or an earlier telling has failed.
        """
        head = self._log.head()
        kept.head = None if head is None else head.sequence
        if self._heads is None or head is None or head.sequence == self._told:
            return
        # No longer than that, also where the clock was set back in between.
        if 0 < self._rest_until - self._clock() <= _HEAD_REST:
            return
        problem = self._heads.tell(self._log.chain_id, self._log.organization, head)
        if problem is None:
            self._told = head.sequence
        else:
            self._rest_until = self._clock() + _HEAD_REST
            kept.troubles.append(problem)
