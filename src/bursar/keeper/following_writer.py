"""
Batches into the database, in their order, while the next ones are made.

    Batch, Batch, … → BatchWriter → one transaction each

The chain is read in bursts and the database writes at its own pace: some batches may wait, so that
neither waits for the other. Others that write come in between two of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from bursar.store.chain_writer import Batch
from bursar.store.database import Database

# How long a commit may wait for a database that is away before following begins anew.
STORE_SECONDS: Final = 30.0
# Each is about a megabyte.
_MOST_WAITING: Final = 8


class BatchWriter:
    """
    Writes into `database`, by `commit(connection, batch)`. After anything that it raises, what is
    in the store says where to go on.
    """

    def __init__(self, database: Database, commit: Callable[[Connection, Batch], None]) -> None:
        self._database = database
        self._commit = commit
        self._waiting: deque[asyncio.Task[None]] = deque()

    async def put(self, batch: Batch) -> None:
        """
        Have a batch written after those before it. Raises what one of those has raised.
        """
        while self._waiting and (len(self._waiting) >= _MOST_WAITING or self._waiting[0].done()):
            await self._take_first()
        before = self._waiting[-1] if self._waiting else None
        task = asyncio.ensure_future(self._write(batch, before))
        # One that nobody waits for fails with the one before it, which somebody did.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append(task)

    async def finish(self) -> None:
        """
        Wait until all are written. Raises StoreError: CursorMovedError where they do not follow
        what is there.
        """
        try:
            while self._waiting:
                await self._take_first()
        finally:
            self._waiting.clear()

    async def settle(self) -> None:
        """
        Let what was put come to its end, whatever that is.
        """
        if self._waiting:
            await asyncio.wait(self._waiting)
        self._waiting.clear()

    async def _write(self, batch: Batch, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
            before.result()
        await self._database.write_async(
            lambda connection: self._commit(connection, batch),
            wait_seconds=STORE_SECONDS,
            # Blocks that are final can be read once more, if a power cut takes them.
            lasting=batch.after.number != batch.after.final_number,
        )

    async def _take_first(self) -> None:
        # Not awaited itself: to give up waiting is not to give up writing.
        await asyncio.wait([self._waiting[0]])
        self._waiting.popleft().result()
