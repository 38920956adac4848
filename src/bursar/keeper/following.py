"""
Everything that happens on chain is in the store: once, in order, whatever the node does.

    Follower (chain) → Step → Ledger → Batch → Database, and the state at the tip for whoever judges

Each batch says where it goes on from, and is refused where the store is elsewhere: whatever dies
between reading and writing, what is there is a beginning of the chain, without gaps and doubles.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from bursar.chain.follower import (
    DEPTH,
    Endpoints,
    Follower,
    IncompleteError,
    Receipts,
    Rollback,
    Step,
)
from bursar.errors import BrokenHistoryError
from bursar.keeper.following_balances import Balances
from bursar.keeper.following_ledger import Ledger
from bursar.keeper.following_start import load
from bursar.keeper.following_writer import BatchWriter
from bursar.state import State
from bursar.store.chain_writer import commit_batch, empty_source, find_cursor
from bursar.store.database import Database
from bursar.types import Address

_OBJECTS_BETWEEN_COLLECTIONS: Final = 100_000

_log = logging.getLogger("bursar.keeper.following")


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far following is: the best node's latest block and the last one in the store with its
    timestamp, how many events were taken in since the last look, and how many blocks a reorg took.
    """

    head: int
    block: int
    at: int
    events: int
    gone: int

    @property
    def behind(self) -> int:
        """
        Blocks that are there and not in the store.
        """
        return max(self.head - self.block, 0)

    def age(self, now: float) -> float:
        """
        How many seconds old the last block is: a chain, or its nodes, may have stopped.
        """
        return now - self.at

    def describe(self, now: float) -> str:
        """
        In a line, for people.
        """
        where = f"Block {self.block} of {self.head}, {max(self.age(now), 0):.0f} s old"
        return f"{where}, {self.behind} behind." if self.behind else f"{where}."


class Following:
    """
    Follows `organization` into `database`. `first` is the block of its creation, or any before it;
    blocks deeper than `depth` count as final. Where others may follow too, hand it a database that
    is fenced. Not for several tasks at once.
    """

    def __init__(
        self,
        database: Database,
        endpoints: Endpoints,
        organization: Address,
        *,
        chain_id: int,
        first: int = 0,
        depth: int = DEPTH,
        reads_all_headers: bool = True,
        receipts: Receipts = Receipts.TOUCHED,
        on_step: Callable[[Step], None] | None = None,
    ) -> None:
        self.endpoints = endpoints
        endpoints.chain_id = chain_id
        self._database = database
        self._organization = organization
        self._chain_id = chain_id
        self._first = first
        self._depth = depth
        self._reads_all_headers = reads_all_headers
        self._receipts = receipts
        self._on_step = on_step
        self._balances = Balances(database, endpoints)
        self._ledger: Ledger | None = None
        self._follower: Follower | None = None
        self._writer = BatchWriter(database, commit_batch)

    @property
    def state(self) -> State:
        """
        The state at the last block that was read. It changes while following goes on.
        """
        return State() if self._ledger is None else self._ledger.state

    async def run_once(self) -> Progress:
        """
        Take in everything up to the latest block.

        Raises HaltedError where only people can help; any other ChainError, or a StoreError, where
        the next call goes on from what is stored.
        """
        ledger, follower = await self._begin()
        events = gone = 0
        with _seldom_collecting():
            try:
                async for step in follower.catch_up():
                    gone += self._count_gone(ledger, step)
                    events += 0 if isinstance(step, Rollback) else len(step.logs)
                    await self._take(ledger, step)
            finally:
                await self._finish_writing()
        await self._balances.look(ledger.cursor, tuple(ledger.final_state.registry))
        head = follower.head
        return Progress(
            head=follower.tip.number if head is None else head.number,
            block=ledger.cursor.number,
            at=ledger.cursor.at,
            events=events,
            gone=gone,
        )

    async def empty(self) -> None:
        """
        Throw away everything that is derived from the chain, so that the next call reads it all
        again. Decisions, payments' journals and the audit are not derived, and stay.
        """
        await self.close()
        cursor = await self._database.read_async(
            partial(find_cursor, chain_id=self._chain_id, organization=self._organization)
        )
        if cursor is not None:
            while await self._database.write_async(partial(empty_source, source=cursor.source)):
                pass

    async def close(self) -> None:
        """
        Finish what is being written, and give up the rest.
        """
        if self._follower is not None:
            await self._follower.close()
        await self._writer.settle()
        self._forget()

    async def _begin(self) -> tuple[Ledger, Follower]:
        if self._ledger is None or self._follower is None:
            begin = partial(
                load,
                chain_id=self._chain_id,
                organization=self._organization,
                first=self._first,
                locked=True,
            )
            cursor, stored, position = await self._database.write_async(begin)
            self._ledger = Ledger(cursor, stored)
            self._follower = Follower(
                self.endpoints,
                self._organization,
                position,
                depth=self._depth,
                reads_all_headers=self._reads_all_headers,
                receipts=self._receipts,
            )
        return self._ledger, self._follower

    def _count_gone(self, ledger: Ledger, step: Step) -> int:
        return ledger.cursor.number - step.tip.number if isinstance(step, Rollback) else 0

    async def _take(self, ledger: Ledger, step: Step) -> None:
        try:
            for batch in ledger.take(step):
                await self._writer.put(batch)
                await asyncio.sleep(0)
        except BrokenHistoryError as error:
            self._forget()
            raise IncompleteError(
                f"What the node shows cannot be everything: {error}. It is asked again; where that "
                "goes on, a part of the past is missing in the store: name another node, check the "
                "block that following begins at, and run `bursar keeper rebuild`."
            ) from error
        except BaseException:
            self._forget()
            raise
        if self._on_step is not None:
            self._on_step(step)

    async def _finish_writing(self) -> None:
        try:
            await self._writer.finish()
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """
        Begin anew from the store next time.
        """
        self._ledger = self._follower = None
        self._balances.forget()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """
    Let Python look for cycles less often: thousands of logs at a time are built and dropped, none
    of which is in one, and looking took a quarter of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _OBJECTS_BETWEEN_COLLECTIONS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
