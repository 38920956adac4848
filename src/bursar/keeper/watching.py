"""
The keeper's view of the chain, from a store that somebody keeps up with the chain.

    Following → Database → StoreWatcher → ChainView
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from bursar.chain.errors import NoAnswerError
from bursar.keeper.decisions import RHYTHM_HEADERS, Due, find_rhythm
from bursar.keeper.following import Following
from bursar.state import State
from bursar.store.cancelled_payments import CancelledPayment, fetch_cancelled
from bursar.store.chain_tables import chain_blocks
from bursar.store.chain_writer import find_cursor
from bursar.store.database import Database
from bursar.types import Address

# A reorganisation may bring a cancel into a block that was looked at before.
_OVERLAP: Final = 64


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
    Implements `bursar.keeper.ports.ChainView`.
    """

    head: Tip
    state: State
    rhythm: int
    cancelled: Sequence[ByWhom]


class StoreWatcher:
    """
    Looks at what is stored of `organization`. `follow` brings the store up to the latest block and
    returns a state at it that nobody changes any more. Of cancels those `by` one account are told.
    """

    def __init__(
        self,
        database: Database,
        follow: Callable[[], State],
        *,
        chain_id: int,
        organization: Address,
        by: Address,
    ) -> None:
        self._database = database
        self._follow = follow
        self._chain_id = chain_id
        self._organization = organization
        self._by = by
        self._told = -1

    def catch_up(self) -> StoredView:
        """
        Follow, and say what that comes to. Raises a ChainError or a StoreError.
        """
        state = self._follow()
        view = self._database.read(partial(self._read, state=state))
        self._told = view.head.number - _OVERLAP
        return view

    def _read(self, connection: Connection, state: State) -> StoredView:
        cursor = find_cursor(connection, self._chain_id, self._organization)
        if cursor is None or cursor.hash is None:
            raise NoAnswerError(f"Nothing of {self._organization} is in the store yet.")
        cancelled = fetch_cancelled(connection, cursor.source, self._by, after=self._told)
        return StoredView(
            head=Tip(cursor.number, f"0x{cursor.hash.hex()}", cursor.at),
            state=state,
            rhythm=find_rhythm(_fetch_times(connection, cursor.source)),
            cancelled=[_name(one) for one in cancelled],
        )


class FollowAlone:
    """
    Follows on an event loop of its own, for a keeper that nobody else shares the store's following
    with. Close it when done.
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

    def close(self) -> None:
        """
        Finish the commit that runs, and give the connections back.
        """
        self._runner.run(self._following.close())
        self._runner.run(self._following.endpoints.close())
        self._runner.close()


def _fetch_times(connection: Connection, source: int) -> list[int]:
    """
    When the latest blocks were, as far as they follow one another.
    """
    wanted = select(chain_blocks.c.number, chain_blocks.c.at).where(chain_blocks.c.source == source)
    rows = connection.execute(wanted.order_by(chain_blocks.c.number.desc()).limit(RHYTHM_HEADERS))
    times: list[int] = []
    expected: int | None = None
    for row in rows:
        if expected is not None and row.number != expected:
            break
        times.insert(0, row.at)
        expected = row.number - 1
    return times


def _name(cancelled: CancelledPayment) -> ByWhom:
    event = cancelled.event
    return ByWhom(Due(event.emitter, event.id, cancelled.payment), event.by, event.reason)
