from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bursar.chain.errors import RevertedError
from bursar.chain.follower import HaltedError, Receipts
from bursar.devnet import USDC, address_of
from bursar.store.chain_tables import chain_failed_calls, chain_transfers, chain_unexplained
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    follow,
    mine,
    reorganise,
)
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode, error


def rows(database: Database, table: Any) -> list[Any]:
    """
    Every row, in order.
    """
    with database.reading() as connection:
        wanted = select(table).order_by(*table.primary_key.columns)
        return list(connection.execute(wanted))


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
def test_traffic__payments_and_refills__are_explained(
    world: LiveWorld, database: Database, depth: int
) -> None:
    """
    Every transfer is there, and what our events tell of is not unexplained.
    """
    block = world.pay(10 * USDC).block
    mine(world, depth)
    asyncio.run(follow(build_following(world, database)))
    paid = [row for row in rows(database, chain_transfers) if row.block == block]
    assert [(row.sender, row.recipient, row.token, row.amount) for row in paid] == [
        (world.wallet.address, world.recipient, world.usdc.address, 10 * USDC)
    ]
    assert rows(database, chain_unexplained) == []


def test_traffic__money_that_comes_from_nowhere__is_unexplained(
    world: LiveWorld, database: Database
) -> None:
    """
    Somebody sends tokens to a wallet: no event of ours says so, a row does; a reorg takes it back.
    """
    token = world.usdc
    token.send(world.stranger, "mint", address_of(world.stranger), 7)
    receipt = token.send(world.stranger, "transfer", world.wallet.address, 7)
    asyncio.run(follow(build_following(world, database)))
    (row,) = rows(database, chain_unexplained)
    assert (row.block, row.transaction) == (receipt.block, receipt.transaction)
    assert (row.wallet, row.token) == (world.wallet.address, token.address)
    assert (row.came, row.went, row.came_explained, row.went_explained) == (7, 0, 0, 0)
    reorganise(world, 1)
    asyncio.run(follow(build_following(world, database)))
    assert rows(database, chain_unexplained) == []
    check_against_chain(world, database)


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
def test_traffic__a_call_that_failed__is_seen_where_every_receipt_is_read(
    world: LiveWorld, database: Database, depth: int
) -> None:
    """
    A revert logs nothing, so only the receipts of all blocks tell of it.
    """
    with pytest.raises(RevertedError):
        world.pay(10_000 * USDC, gas=300_000)
    block = world.chain.fetch_height()
    mine(world, depth)
    asyncio.run(follow(build_following(world, database, receipts=Receipts.ALWAYS)))
    (row,) = rows(database, chain_failed_calls)
    assert (row.block, row.position) == (block, 0)
    assert (row.sender, row.target) == (address_of(world.agent), world.wallet.address)
    assert 0 < row.gas_used <= 300_000


@pytest.mark.parametrize(("behind", "seen"), [(0, 1), (DEPTH + 1, 1), (200, 0)])
def test_traffic__a_call_that_failed__is_seen_soon_after(
    world: LiveWorld, database: Database, behind: int, seen: int
) -> None:
    """
    Near the head every receipt is read, also of blocks that are final; of a long past only those
    of blocks that touch us, and the call was alone in its own.
    """
    with pytest.raises(RevertedError):
        world.pay(10_000 * USDC, gas=300_000)
    mine(world, behind)
    asyncio.run(follow(build_following(world, database, receipts=Receipts.RECENT)))
    assert len(rows(database, chain_failed_calls)) == seen


def test_traffic__a_node_without_receipts__stops_and_says_what_to_do(
    world: LiveWorld, node: FaultyNode, database: Database
) -> None:
    """
    To go on without would be to overlook in silence.
    """
    missing = error("the method eth_getBlockReceipts does not exist", -32601)
    with (
        node.breaking("eth_getBlockReceipts", by=missing),
        pytest.raises(HaltedError, match="Name another endpoint, or read no receipts"),
    ):
        asyncio.run(follow(build_following(world, database, node.url)))
