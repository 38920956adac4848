"""
A block of which a part is in the store, and what may happen before the rest is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bursar.chain.follower import DeepReorgError
from bursar.keeper import following, following_ledger
from bursar.keeper.following_ledger import Ledger
from bursar.keeper.following_writer import BatchWriter
from bursar.store.chain_writer import Batch, commit_batch, find_cursor
from bursar.store.database import Database
from bursar.store.errors import StoreError
from tests.integration.followed import (
    build_following,
    check_against_chain,
    close,
    follow,
    reorganise,
)
from tests.integration.live import LiveWorld, ref


class EndedError(StoreError):
    """
    The process does.
    """


async def follow_until(world: LiveWorld, store: Database, batches: int) -> bool:
    """
    Follow, and end after that many batches. Whether there were more.
    """
    begun = build_following(world, store, depth=0)
    left = batches

    def commit_some(connection: Connection, batch: Batch) -> None:
        nonlocal left
        if left == 0:
            raise EndedError("ended")
        left -= 1
        commit_batch(connection, batch)

    begun._writer = BatchWriter(store, commit_some)
    try:
        await begun.run_once()
    except EndedError:
        return True
    finally:
        await close(begun)
    return False


def test_following__the_rest_of_a_final_block_is_another_blocks__is_not_put_together(
    world: LiveWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was in the middle of being written is gone, and a block with as many logs is in its place:
    it was final, so people have to say which one is right.
    """
    monkeypatch.setattr(following_ledger, "_SLICE", 1)
    monkeypatch.setattr(following_ledger, "_ROOM", 5)
    monkeypatch.setattr(following, "Ledger", partial(Ledger, most_rows=6))
    token, category = world.usdc.address, world.payment(1)[3]

    def pay_three(first: int) -> int:
        payments = [(world.recipient, 1, ref(number)) for number in range(first, first + 3)]
        return world.wallet.send(world.agent, "pay_many", token, category, payments).block

    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as store:
        asyncio.run(follow(build_following(world, store, depth=0)))
        block = pay_three(10)
        assert asyncio.run(follow_until(world, store, 1))
        where = world.chain.chain_id, world.organization.address
        cursor = store.read(lambda connection: find_cursor(connection, *where))
        assert cursor is not None
        assert (cursor.number, cursor.log != -1) == (block, True)

        reorganise(world, 1)
        world.chain.rpc.request("anvil_rollback", 1)
        assert pay_three(20) == block
        with pytest.raises(DeepReorgError, match="bursar keeper rebuild"):
            asyncio.run(follow(build_following(world, store, depth=0)))

        again = build_following(world, store, depth=0)
        asyncio.run(again.empty())
        asyncio.run(follow(again))
        check_against_chain(world, store)
