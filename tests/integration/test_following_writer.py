"""
Batches that wait while others are written: in order, and nothing after one that failed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bursar.keeper.following_writer import BatchWriter
from bursar.store.chain_writer import Batch, Cursor
from bursar.store.database import Database
from bursar.store.errors import StoreError
from bursar.types import checksummed

SYNCHRONOUS = {1: "NORMAL", 2: "FULL"}


def build_batch(number: int, final: int) -> Batch:
    """
    Of no rows: what is looked at is when it is committed, and how.
    """
    organization = checksummed(f"0x{1:040x}")
    hash = bytes(32)
    return Batch(Cursor(1, 1, organization, 0, number, hash, 0, -1, final, hash, 0, -1))


def synchronous(connection: Connection) -> str:
    """
    How a commit waits for the disk.
    """
    return SYNCHRONOUS[connection.exec_driver_sql("PRAGMA synchronous").scalar_one()]


def test_writer__a_batch_that_fails__takes_those_after_it_along(tmp_path: Path) -> None:
    """
    More than may wait at once: those before the failure are in, none after it, and it is told.
    """
    written: list[int] = []

    def commit(_: Connection, batch: Batch) -> None:
        if batch.after.number == 12:
            raise StoreError("no")
        written.append(batch.after.number)

    async def put_all(writer: BatchWriter) -> None:
        try:
            for number in range(20):
                await writer.put(build_batch(number, 0))
            await writer.finish()
        finally:
            # What is still on its way would be written now.
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    with Database.open(f"sqlite:///{tmp_path}/store.db") as database:
        writer = BatchWriter(database, commit)
        with pytest.raises(StoreError, match="no"):
            asyncio.run(put_all(writer))
    assert written == list(range(12))


def test_writer__final_blocks__are_not_waited_for_and_others_are(tmp_path: Path) -> None:
    """
    What can be read again need not be on the disk at once. Whatever is written beside waits for the
    disk as ever.
    """
    found: list[str] = []

    async def put_all(writer: BatchWriter) -> None:
        await writer.put(build_batch(5, 5))
        await writer.put(build_batch(6, 5))
        await writer.finish()

    with Database.open(f"sqlite:///{tmp_path}/store.db") as database:
        asyncio.run(put_all(BatchWriter(database, lambda c, _: found.append(synchronous(c)))))
        found.append(database.write(synchronous))
    assert found == ["NORMAL", "FULL", "FULL"]
