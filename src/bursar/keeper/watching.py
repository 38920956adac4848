"""
The keeper's view of the chain, from a store that somebody keeps up with the chain.

    Following → Database → StoreWatcher → ChainView

Where another keeper follows, what it has stored is held against this keeper's own node: who acts on
what is stored has to see the same chain, and to see that nothing of it is old.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from bursar.chain.errors import NoAnswerError
from bursar.chain.follower import LaggingNodeError
from bursar.keeper.decisions import RHYTHM_HEADERS, Due, find_rhythm
from bursar.keeper.following import Following
from bursar.keeper.following_ledger import WHOLE
from bursar.keeper.ports import Witness
from bursar.state import State, apply_event
from bursar.store.cancelled_payments import CancelledPayment, fetch_cancelled
from bursar.store.chain_restoring import fetch_stored
from bursar.store.chain_tables import chain_blocks
from bursar.store.chain_writer import Cursor, find_cursor
from bursar.store.database import Database
from bursar.types import Address

# A reorganisation may bring a cancel into a block that was looked at before.
_OVERLAP: Final = 64
# Two nodes may be a block or two apart; more, and what is stored or what the node says is old.
MOST_APART: Final = 3


class BehindError(LaggingNodeError):
    """
    What another keeper has stored, and what this keeper's node shows, are too far apart to act on.
    """


class Tip(NamedTuple):
    """
    The last block that is in the store.
    """

    number: int
    hash: str
    at: int


class ByWhom(NamedTuple):
    """
    A payment that was cancelled, as the keeper asks for it.
    """

    due: Due
    by: Address
    reason: str


@dataclass(frozen=True, slots=True)
class StoredView:
    """
    Implements `bursar.keeper.ports.ChainView`. `hashes` are those of the latest blocks, by number,
    as far as they are stored.
    """

    head: Tip
    state: State
    rhythm: int
    cancelled: Sequence[ByWhom]
    hashes: Mapping[int, str] = field(default_factory=dict)


class StoreWatcher:
    """
    Looks at what is stored of `organization`. `follow` brings the store up to the latest block and
    returns a state at it that nobody changes any more, or None where another process does: then
    `node` has to agree with what is stored. Of cancels those `by` one account are told.
    """

    def __init__(
        self,
        database: Database,
        follow: Callable[[], State | None],
        *,
        chain_id: int,
        organization: Address,
        by: Address,
        node: Witness | None = None,
    ) -> None:
        self._database = database
        self._follow = follow
        self._chain_id = chain_id
        self._organization = organization
        self._by = by
        self._node = node
        self._told = -1
        self._restored: tuple[Cursor, State] | None = None

    def catch_up(self) -> StoredView:
        """
        Follow, and say what that comes to. Raises a ChainError or a StoreError.
        """
        state = self._follow()
        view = self._database.read(partial(self._read, state=state))
        if state is None:
            self._check_seen(view)
        self._told = view.head.number - _OVERLAP
        return view

    def _read(self, connection: Connection, state: State | None) -> StoredView:
        cursor = find_cursor(connection, self._chain_id, self._organization)
        if cursor is None or cursor.hash is None:
            # Who follows itself has not read a block either: there is none, or no node shows it.
            kind = BehindError if state is None else NoAnswerError
            raise kind(f"Nothing of {self._organization} is in the store yet.")
        state = self._restore(connection, cursor) if state is None else state
        cancelled = fetch_cancelled(connection, cursor.source, self._by, after=self._told)
        latest = _fetch_latest(connection, cursor.source)
        tip = Tip(cursor.number, f"0x{cursor.hash.hex()}", cursor.at)
        return StoredView(
            head=tip,
            state=state,
            rhythm=find_rhythm(_find_times(latest)),
            cancelled=[_name(one) for one in cancelled],
            hashes={block.number: block.hash for block in [*latest, tip]},
        )

    def _restore(self, connection: Connection, cursor: Cursor) -> State:
        """
        The state at the cursor, read again only where that has moved.
        """
        if cursor.log != WHOLE:
            raise BehindError(f"Another keeper is in the middle of storing block {cursor.number}.")
        if self._restored is None or self._restored[0] != cursor:
            stored = fetch_stored(connection, cursor)
            for logged in stored.tail:
                apply_event(stored.state, logged.event)
            self._restored = cursor, stored.state
        return self._restored[1]

    def _check_seen(self, view: StoredView) -> None:
        """
        Raises BehindError, unless this keeper's node is on the chain that is stored, and neither of
        the two much behind the other.
        """
        if self._node is None:
            raise NoAnswerError("Another process follows, and there is no node to compare it with.")
        tip, head = view.head, self._node.fetch_head()
        common = min(tip.number, head.number)
        ours = head if common == head.number else self._node.fetch_header(common)
        if ours is None or ours.hash.lower() != view.hashes.get(common):
            raise BehindError(
                f"The keeper that follows has stored block {tip.number} ({tip.hash}), and this "
                f"keeper's node does not have block {common} as it is stored. Nothing is sent "
                "before they agree."
            )
        if head.number - tip.number > MOST_APART:
            raise BehindError(
                f"The store is at block {tip.number}, and this keeper's node at {head.number}: the "
                "keeper that follows is behind. Nothing is sent before it has caught up, or this "
                "one follows."
            )
        if tip.number - head.number > MOST_APART:
            raise BehindError(
                f"This keeper's node is at block {head.number}, and the store at {tip.number}: the "
                "node is behind. Nothing is sent before it has caught up."
            )


class FollowAlone:
    """
    Follows on an event loop of its own. Close it when done.
    """

    def __init__(self, following: Following) -> None:
        self._following = following
        self._runner = asyncio.Runner()

    def __call__(self) -> State:
        """
        Take in everything up to the latest block.
        """
        self._runner.run(self._following.run_once())
        return self._following.state.copy()

    def begin_anew(self) -> None:
        """
        Go on from what is stored: another process has followed in between.
        """
        self._runner.run(self._following.close())

    def close(self) -> None:
        """
        Finish the commit that runs, and give the connections back.
        """
        self._runner.run(self._following.close())
        self._runner.run(self._following.endpoints.close())
        self._runner.close()


def _fetch_latest(connection: Connection, source: int) -> list[Tip]:
    """
    The latest blocks that are stored, the last one first.
    """
    columns = chain_blocks.c
    wanted = select(columns.number, columns.hash, columns.at).where(columns.source == source)
    rows = connection.execute(wanted.order_by(columns.number.desc()).limit(RHYTHM_HEADERS))
    return [Tip(row.number, f"0x{row.hash.hex()}", row.at) for row in rows]


def _find_times(latest: Sequence[Tip]) -> list[int]:
    """
    When the latest blocks were, as far as they follow one another.
    """
    times: list[int] = []
    for block in latest:
        if times and block.number != latest[0].number - len(times):
            break
        times.insert(0, block.at)
    return times


def _name(cancelled: CancelledPayment) -> ByWhom:
    event = cancelled.event
    return ByWhom(Due(event.emitter, event.id, cancelled.payment), event.by, event.reason)
