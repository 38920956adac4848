"""
The state of one organisation, kept up with the chain by asking again and again.

    header by header → parent hash → logs of exactly that block → fold → View

Blocks deeper than `depth` are read in ranges and never looked at again. The blocks above are kept
one by one, so that a reorganisation takes off what is gone and reads what came instead. If even the
deep part is not the node's any more, everything is read anew. No block is ever skipped: what cannot
be read raises a ChainError, and the next call goes on where this one stopped.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bursar.chain.errors import ChainError, RpcError
from bursar.chain.logs import decode_log
from bursar.chain.reader import RawLog
from bursar.errors import BrokenHistoryError
from bursar.events import Event, PaymentCancelled, WalletCreated
from bursar.keeper.decisions import Due, find_rhythm
from bursar.keeper.ports import Header, Node
from bursar.state import State, apply_event
from bursar.types import Address, checksummed

# Two epochs of Ethereum: a block below is final. Anything else is read anew, at any depth.
DEPTH: Final = 64
# What most providers answer at once; halved where they do not.
FIRST_RANGE: Final = 2_000

_log = logging.getLogger(__name__)


class LaggingError(ChainError):
    """
    The node is behind what it has shown before: what it says now is old.
    """


class MissingLogsError(ChainError):
    """
    What the node shows cannot be everything.
    """


@dataclass(frozen=True, slots=True)
class Cancellation:
    """
    A payment that somebody cancelled, as it was queued.
    """

    due: Due
    by: Address
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """
    What is known at block `head`. `rhythm` is how many seconds later the next one is at least.
    `cancelled` is what was cancelled since the last view, or, after a reorganisation, once more.
    """

    head: Header
    state: State
    rhythm: int
    cancelled: tuple[Cancellation, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    header: Header
    events: tuple[Event, ...]


class Follower:
    """
    Follows `organization`, which was created in block `first` or later.
    """

    def __init__(
        self, node: Node, organization: Address, *, first: int = 0, depth: int = DEPTH
    ) -> None:
        self._node = node
        self._organization = organization
        self._first = first
        self._depth = depth
        self._range = FIRST_RANGE
        self._cancelled: list[Cancellation] = []
        self._tail: list[_Block] = []
        self._start_anew()

    def catch_up(self) -> View:
        """
        Read up to the node's latest block.

        Raises LaggingError where the node has gone back behind what it showed before, any other
        ChainError where it does not answer or contradicts itself.
        """
        head = self._node.fetch_head()
        try:
            self._take_off_orphans(head)
            self._read_deep(head)
            while self._number < head.number:
                self._read_next(head)
        except BrokenHistoryError as error:
            self._start_anew()
            raise MissingLogsError(f"The node keeps logs back, reading anew: {error}") from error
        self._settle()
        cancelled, self._cancelled = tuple(self._cancelled), []
        return View(self._tip(head), self._state, self._rhythm(), cancelled)

    def _start_anew(self) -> None:
        self._base = State()
        self._base_number = self._first - 1
        self._base_hash: str | None = None
        self._tail = []
        self._state = self._base
        self._cancelled = []

    @property
    def _number(self) -> int:
        return self._tail[-1].header.number if self._tail else self._base_number

    @property
    def _hash(self) -> str | None:
        return self._tail[-1].header.hash if self._tail else self._base_hash

    def _tip(self, head: Header) -> Header:
        return self._tail[-1].header if self._tail else head

    def _rhythm(self) -> int:
        return find_rhythm([block.header.at for block in self._tail])

    def _take_off_orphans(self, head: Header) -> None:
        """
        Go back to the last block that the node still has.
        """
        gone = 0
        while self._hash is not None and not self._is_on_chain(head):
            if self._tail:
                self._tail.pop()
                gone += 1
            else:
                _log.warning("Not even block %s is there: reading anew.", self._base_number)
                self._start_anew()
                return
        if gone:
            _log.warning("The chain was reorganised: %s blocks are gone.", gone)
            self._fold_anew()

    def _is_on_chain(self, head: Header) -> bool:
        """
        Whether the node has our last block. One that is below it and has all that we have up to
        there is late; one that has something else there is on another chain.
        """
        if self._number <= head.number:
            return self._hash == self._hash_at(self._number, head)
        known = any(block.header.hash == head.hash for block in self._tail)
        if known or head.number < self._base_number:
            raise LaggingError(
                f"The node's latest block is {head.number}, and it has shown {self._number} before."
            )
        return False

    def _hash_at(self, number: int, head: Header) -> str | None:
        if number == head.number:
            return head.hash
        header = self._node.fetch_header(number)
        return None if header is None else header.hash

    def _fold_anew(self) -> None:
        self._state, self._cancelled = self._base, []
        for block in self._tail:
            self._apply(block.events)

    def _read_deep(self, head: Header) -> None:
        """
        Read in ranges what is too deep to change, and so much that it is worth it.
        """
        last = head.number - self._depth
        while self._number < last:
            first = self._number + 1
            until = min(last, first + self._range - 1)
            logs = self._fetch_range(first, until)
            if logs is None:
                continue
            header = self._node.fetch_header(until)
            if header is None:
                raise LaggingError(f"The node does not have block {until} any more.")
            self._apply(self._decode(logs))
            self._base, self._tail = self._state, []
            self._base_number, self._base_hash = until, header.hash

    def _fetch_range(self, first: int, last: int) -> Sequence[RawLog] | None:
        """
        The logs, or None where the node thinks that it is too much and half of it is to be tried.
        """
        try:
            return self._node.fetch_range(first, last)
        except RpcError:
            if self._range == 1:
                raise
            self._range = max(self._range // 2, 1)
            return None

    def _read_next(self, head: Header) -> None:
        number = self._number + 1
        header = head if number == head.number else self._node.fetch_header(number)
        if header is None:
            raise LaggingError(f"The node has block {head.number} and does not have {number}.")
        if self._hash is not None and header.parent != self._hash:
            raise LaggingError(f"Block {number} does not follow: the chain is being reorganised.")
        emitters = (self._organization, *self._state.registry)
        events = self._decode(self._node.fetch_block(header, emitters), at=header.at)
        self._apply(events)
        self._tail.append(_Block(header, events))

    def _settle(self) -> None:
        """
        Keep no more blocks apart than can still go.
        """
        surplus = len(self._tail) - 2 * self._depth
        if surplus <= 0:
            return
        settled, self._tail = self._tail[: -self._depth], self._tail[-self._depth :]
        base = self._base.copy()
        for event in (event for block in settled for event in block.events):
            apply_event(base, event)
        self._base = base
        self._base_number, self._base_hash = settled[-1].header.number, settled[-1].header.hash

    def _decode(self, logs: Sequence[RawLog], *, at: int | None = None) -> tuple[Event, ...]:
        """
        The events of the organisation and its wallets, those created among them included.
        """
        ours = {self._organization, *self._state.registry}
        events: list[Event] = []
        for log in logs:
            if checksummed(log["address"]) == self._organization:
                event = decode_log(log, 0)
                if isinstance(event, WalletCreated):
                    ours.add(event.wallet)
        for log in logs:
            if checksummed(log["address"]) in ours:
                event = decode_log(log, self._node.fetch_time(log) if at is None else at)
                events += [] if event is None else [event]
        return tuple(events)

    def _apply(self, events: Iterable[Event]) -> None:
        """
        Change the state, and note what was cancelled while it is still known.
        """
        state = self._state.copy()
        for event in events:
            if isinstance(event, PaymentCancelled):
                self._note(state, event)
            apply_event(state, event)
        self._state = state

    def _note(self, state: State, event: PaymentCancelled) -> None:
        wallet = state.registry.get(event.emitter)
        payment = None if wallet is None else wallet.queue.get(event.id)
        if payment is not None:
            due = Due(event.emitter, event.id, payment)
            self._cancelled.append(Cancellation(due, event.by, event.reason))
