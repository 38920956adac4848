"""
What anybody may put on the chain: none of it may stop those who watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from bursar.chain.client import Receipt
from bursar.chain.follower import Receipts
from bursar.chain.follower.layouts import layouts_by_name
from bursar.chain.follower.receipts import TRANSFER
from bursar.chain.reader import Call
from bursar.devnet import USDC, address_of
from bursar.store.chain_tables import chain_transfers, chain_unexplained
from bursar.store.database import Database
from bursar.types import MAX_UINT256, address_word, checksummed
from tests.integration.followed import DEPTH, build_following, check_against_chain, follow, mine
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import FaultyNode, error

STRANGE: Final = checksummed("0x00000000000000000000000000000000000ba5e1")
# calldata → memory; then LOG3 with its first three words as topics and the rest as data.
_COPY: Final = "366000600037"
_LOG: Final = "604051602051600051606036036060a3"


def log_as_a_stranger(world: LiveWorld, *words: bytes, times: int = 1) -> Receipt:
    """
    A transaction that logs three topics and data, as often as asked, from a contract of nobody's.
    """
    world.chain.rpc.request("anvil_setCode", STRANGE, f"0x{_COPY}{_LOG * times}")
    call = Call(STRANGE, b"".join(words))
    receipt = world.chain.send(world.stranger, call, gas=20_000_000)
    assert len(receipt.logs) == times
    return receipt


def raw(topic: str) -> bytes:
    """
    Of a word in hex.
    """
    return bytes.fromhex(topic[2:])


def rows(database: Database, table: Any) -> list[Any]:
    """
    Every row, in order.
    """
    with database.reading() as connection:
        wanted = select(table).order_by(*table.primary_key.columns)
        return list(connection.execute(wanted))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


DIRTY: Final = b"\xff" * 12


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
@pytest.mark.parametrize("dirty", ["sender", "recipient", "both"])
def test_strangers__a_transfer_with_words_that_are_no_addresses__stops_nobody(
    world: LiveWorld, store: Database, depth: int, dirty: str
) -> None:
    """
    A contract of nobody's logs `Transfer` with more than 20 bytes where an address belongs, and a
    wallet in their last 20. No token does that: it is no transfer, and all else is followed.
    """
    words = {who: address_word(address_of(world.stranger)) for who in ("sender", "recipient")}
    words["recipient"] = address_word(world.wallet.address)
    for who in words:
        if dirty in (who, "both"):
            words[who] = DIRTY + words[who][12:]
    log_as_a_stranger(world, raw(TRANSFER), *words.values(), (7).to_bytes(32, "big"))
    world.pay(10 * USDC)
    mine(world, depth)
    asyncio.run(follow(build_following(world, store)))
    check_against_chain(world, store)
    assert STRANGE not in {row.token for row in rows(store, chain_transfers)}


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
def test_strangers__more_of_a_token_than_there_can_be__stops_nobody(
    world: LiveWorld, database: Database, depth: int
) -> None:
    """
    A token may say that more came in one transaction than fits into 256 bits: the sum stays at the
    most that fits.
    """
    words = raw(TRANSFER), address_word(address_of(world.stranger))
    to = address_word(world.wallet.address)
    receipt = log_as_a_stranger(world, *words, to, MAX_UINT256.to_bytes(32, "big"), times=3)
    world.pay(10 * USDC)
    mine(world, depth)
    asyncio.run(follow(build_following(world, database)))
    check_against_chain(world, database)
    (row,) = [row for row in rows(database, chain_unexplained) if row.block == receipt.block]
    assert (row.token, row.came, row.came_explained) == (STRANGE, MAX_UINT256, 0)
    assert len([row for row in rows(database, chain_transfers) if row.token == STRANGE]) == 3


def refuses_many(params: Any, forward: Any) -> Any:
    """
    As providers do it, with a limit that a stranger can reach within one block.
    """
    answered = forward()
    if len(answered["result"]) > 100:
        return error("query returned more than 100 results", -32005)(params, forward)
    return answered


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
@pytest.mark.parametrize("receipts", Receipts)
def test_strangers__logs_like_ours_more_than_a_node_shows__stop_nobody(
    world: LiveWorld, node: FaultyNode, store: Database, depth: int, receipts: Receipts
) -> None:
    """
    Anybody may fill a block with logs that have our topics, until the node refuses to list them:
    then the block's receipts tell what ours are.
    """
    topic = raw(layouts_by_name()["Paid"].topic)
    log_as_a_stranger(world, topic, topic, topic, times=101)
    world.pay(10 * USDC, ref=ref(2))
    mine(world, depth)
    following = build_following(world, store, node.url, receipts=receipts)
    with node.breaking("eth_getLogs", by=refuses_many):
        asyncio.run(follow(following))
    check_against_chain(world, store)


def hides_and_refuses(params: Any, forward: Any) -> Any:
    """
    Nothing of ours where it is asked for, and too much where all of a block is.
    """
    if "topics" not in params[0]:
        return error("query returned more than 100 results", -32005)(params, forward)
    return {"result": []}


def test_strangers__more_in_a_block_than_a_node_lists__hides_nothing_of_ours(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Where no receipts are read, and the filter says that something is missing: receipts are read.
    """
    world.pay(10 * USDC)
    following = build_following(world, store, node.url, receipts=Receipts.NEVER)
    with node.breaking("eth_getLogs", by=hides_and_refuses):
        asyncio.run(follow(following))
    check_against_chain(world, store)
