"""
Wallets that come and go with their blocks, and chains that become shorter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.follower import Receipts
from bursar.devnet import USDC
from bursar.store.database import Database
from tests.integration.followed import (
    build_following,
    check_against_chain,
    close,
    derived_rows,
    follow,
)
from tests.integration.live import LiveWorld, budget, ref


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


def roll_back(world: LiveWorld, blocks: int) -> None:
    """
    The chain is that much shorter, and goes on from there.
    """
    world.chain.rpc.request("anvil_rollback", blocks)


@pytest.mark.parametrize("receipts", [Receipts.NEVER, Receipts.TOUCHED])
def test_following__a_wallet_whose_block_goes__is_the_one_that_is_created_instead(
    world: LiveWorld, store: Database, receipts: Receipts
) -> None:
    """
    It has the same address, because that follows from the organisation's nonce, another name, and
    nothing of what the first one did. The chain is shorter for a while.
    """
    following = build_following(world, store, receipts=receipts, depth=100)

    async def live() -> None:
        await following.run_once()
        start = world.chain.fetch_height()
        first = world.create_wallet("first")
        world.open_wallet(first, {world.clerk: budget()})
        world.pay(3 * USDC, wallet=first, key=world.clerk)
        world.pay(4 * USDC, wallet=first, key=world.clerk, ref=ref(2))
        await following.run_once()
        assert first.address in following.state.registry

        roll_back(world, world.chain.fetch_height() - start)
        world.chain.warp(by=1)
        world.pay(USDC, ref=ref(3))
        await following.run_once()
        assert first.address not in following.state.registry
        assert following._ledger is not None
        assert following._ledger.cursor.number == world.chain.fetch_height()

        second = world.create_wallet("second")
        assert second.address == first.address
        world.open_wallet(second, {world.agent: budget()})
        world.pay(5 * USDC, wallet=second, ref=ref(4))
        await following.run_once()
        await close(following)

    asyncio.run(live())
    check_against_chain(world, store)
    rows = derived_rows(store)
    again = build_following(world, store, receipts=receipts, depth=100)
    asyncio.run(again.empty())
    asyncio.run(follow(again))
    assert derived_rows(store) == rows
