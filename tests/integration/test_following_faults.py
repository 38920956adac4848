from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bursar.chain.anvil import Anvil
from bursar.chain.errors import ChainError, NoAnswerError, RpcError
from bursar.chain.follower import (
    DeepReorgError,
    DisagreementError,
    HaltedError,
    IncompleteError,
    LaggingNodeError,
    Receipts,
)
from bursar.devnet import USDC
from bursar.store.chain_tables import chain_blocks
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    close,
    derived_rows,
    follow,
    follow_through,
    mine,
    reorganise,
    stored_events,
)
from tests.integration.keeping import queue
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import (
    FaultyNode,
    Rule,
    answer,
    error,
    halved,
    hang_up,
    late,
    raw,
    too_often,
)

SOME_FAULTS: dict[str, Rule] = {
    "error": error("internal error"),
    "too much": error("query returned more than 10000 results", -32005),
    "hang up": hang_up,
    "late": late(0.6),
    "no JSON": raw(b"<html>"),
    "half of it": halved,
    "too often": too_often(),
    "null": answer(None),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getLogs", "eth_getBlockReceipts"])
@pytest.mark.parametrize("fault", SOME_FAULTS)
def test_following__a_node_that_fails_now_and_then__leaves_nothing_out(
    world: LiveWorld, node: FaultyNode, store: Database, method: str, fault: str
) -> None:
    """
    Whatever goes wrong with whichever question, in the end everything is in the store, once.
    """
    world.pay(10 * USDC)
    mine(world, DEPTH)
    world.pay(11 * USDC, ref=ref(2))
    following = build_following(world, store, node.url, timeout=0.5)
    with node.breaking(method, by=SOME_FAULTS[fault], times=2):
        progress, _ = asyncio.run(follow_through(following, 8))
    assert progress.behind == 0
    check_against_chain(world, store)


@pytest.mark.parametrize("fault", SOME_FAULTS)
def test_following__one_of_two_nodes_fails_for_good__reads_from_the_other(
    world: LiveWorld, node: FaultyNode, store: Database, fault: str
) -> None:
    """
    A second endpoint is enough: the first look already comes to the end.
    """
    world.pay(10 * USDC)
    following = build_following(world, store, node.url, world.chain.rpc.url, timeout=0.5)
    with node.breaking("eth_getLogs", "eth_getBlockReceipts", by=SOME_FAULTS[fault]):
        progress = asyncio.run(follow(following))
    assert progress.behind == 0
    check_against_chain(world, store)


def hiding(*numbers: int) -> Rule:
    """
    No logs in any answer about these blocks, or in any at all.
    """

    def rule(params: Any, forward: Any) -> Any:
        answered = forward()
        hidden = [
            log
            for log in answered["result"]
            if not numbers or int(log["blockNumber"], 16) in numbers
        ]
        return {"result": [log for log in answered["result"] if log not in hidden]}

    return rule


@pytest.mark.parametrize("depth", [0, 3, DEPTH + 5])
def test_following__logs_that_a_node_keeps_back__are_missed_and_asked_for_elsewhere(
    world: LiveWorld, node: FaultyNode, store: Database, depth: int
) -> None:
    """
    The header's filter says that something was logged: showing nothing, at the head or deep down,
    is not believed.
    """
    block = world.pay(10 * USDC).block
    mine(world, depth)
    following = build_following(world, store, node.url, receipts=Receipts.NEVER)
    with (
        node.breaking("eth_getLogs", by=hiding(block)),
        pytest.raises(IncompleteError, match=f"logged in block {block}"),
    ):
        asyncio.run(follow(following))
    kept = stored_events(store)
    assert kept == world.fetch_history()[: len(kept)]
    assert all((event.block or 0) < block for event in kept)

    both = build_following(world, store, node.url, world.chain.rpc.url, receipts=Receipts.NEVER)
    with node.breaking("eth_getLogs", by=hiding(block)):
        asyncio.run(follow(both))
    check_against_chain(world, store)


@pytest.mark.parametrize("depth", [0, DEPTH + 5])
def test_following__a_node_whose_logs_are_behind_its_receipts__takes_the_receipts(
    world: LiveWorld, node: FaultyNode, store: Database, depth: int
) -> None:
    """
    Receipts add up to the header, so with them even a node that shows no logs at all is of use.
    """
    world.pay(10 * USDC)
    mine(world, depth)
    with node.breaking("eth_getLogs", by=hiding()):
        asyncio.run(follow(build_following(world, store, node.url)))
    check_against_chain(world, store)


def test_following__receipts_cut_in_half__are_not_believed(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Two payments in a block and one receipt shown: it does not add up.
    """
    world.chain.rpc.request("evm_setAutomine", False)
    try:
        for number in (1, 2):
            call = world.wallet.build_call("pay", *world.payment(USDC, ref=ref(number)))
            send_pending(world, call, number - 1)
        world.chain.rpc.request("evm_mine")
    finally:
        world.chain.rpc.request("evm_setAutomine", True)
    following = build_following(world, store, node.url)
    with (
        node.breaking("eth_getBlockReceipts", by=halved),
        pytest.raises(IncompleteError, match="do not add up"),
    ):
        asyncio.run(follow(following))
    asyncio.run(follow(build_following(world, store, node.url)))
    check_against_chain(world, store)


def send_pending(world: LiveWorld, call: Any, offset: int) -> None:
    """
    By the agent, without waiting until it is mined.
    """
    address = world.agent.address
    first = int(world.chain.rpc.request("eth_getTransactionCount", address, "latest"), 16)
    signed = world.agent.sign_transaction(
        {
            "type": 2,
            "chainId": world.chain.chain_id,
            "nonce": first + offset,
            "gas": 300_000,
            "maxPriorityFeePerGas": 10**9,
            "maxFeePerGas": 10**11,
            "value": 0,
            "to": call.to,
            "data": f"0x{call.data.hex()}",
        }
    )
    world.chain.rpc.request("eth_sendRawTransaction", f"0x{bytes(signed.raw_transaction).hex()}")


def test_following__a_node_that_falls_back__is_late_and_no_reorg(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    A head that was passed before is old: nothing is taken back, and another node is read.
    """
    stale = world.chain.rpc.request("eth_getBlockByNumber", "latest", False)
    world.pay(10 * USDC)
    following = build_following(world, store, node.url)

    async def look() -> None:
        await following.run_once()
        before = derived_rows(store)
        with node.breaking("eth_getBlockByNumber", by=stale_head(stale)):
            with pytest.raises(LaggingNodeError):
                await following.run_once()
            assert derived_rows(store) == before
        await close(following)

    asyncio.run(look())
    world.pay(11 * USDC, ref=ref(2))
    with node.breaking("eth_getBlockByNumber", by=stale_head(stale)):
        progress = asyncio.run(follow(build_following(world, store, node.url, world.chain.rpc.url)))
    assert progress.block == world.chain.fetch_height()
    check_against_chain(world, store)


def stale_head(block: Any) -> Rule:
    """
    An old block for the latest one, and the truth for all others.
    """
    return lambda params, forward: {"result": block} if params[0] == "latest" else forward()


def test_following__two_nodes_with_different_final_blocks__stops_and_says_so(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Nobody but people can say which chain is right. Nothing is written before.
    """
    mine(world, DEPTH + 5)

    def forked(params: Any, forward: Any) -> Any:
        answered = forward()
        if params[0] != "latest" and answered["result"]:
            answered["result"]["hash"] = "0x" + "ab" * 32
        return answered

    following = build_following(world, store, world.chain.rpc.url, node.url)
    with (
        node.breaking("eth_getBlockByNumber", by=forked),
        pytest.raises(DisagreementError, match=r"do not agree on block \d+, which is final"),
    ):
        asyncio.run(follow(following))
    assert stored_events(store) == []


def test_following__a_reorg_deeper_than_final__stops_until_it_is_rebuilt(
    world: LiveWorld, store: Database
) -> None:
    """
    What was final is gone: nothing is taken back by guess, and every later look says the same.
    """
    following = build_following(world, store)

    async def look() -> None:
        await following.run_once()
        for number in range(1, 4):
            world.pay(number * USDC, ref=ref(number))
        mine(world, DEPTH)
        await following.run_once()
        before = derived_rows(store)
        reorganise(world, DEPTH + 2)
        for _ in range(2):
            with pytest.raises(DeepReorgError, match="bursar keeper rebuild"):
                await following.run_once()
        assert derived_rows(store) == before
        await close(following)
        again = build_following(world, store)
        with pytest.raises(DeepReorgError):
            await again.run_once()
        await again.empty()
        await follow(again)

    asyncio.run(look())
    check_against_chain(world, store)


def test_following__an_endpoint_of_another_chain__stops(world: LiveWorld, store: Database) -> None:
    """
    Its blocks would look like a deep reorg, or like a beginning.
    """
    with Anvil(chain_id=5) as other:
        following = build_following(world, store, world.chain.rpc.url, other.url)
        with pytest.raises(HaltedError, match="chain 5, not of chain 31337"):
            asyncio.run(follow(following))
    assert stored_events(store) == []


def test_following__nobody_answers__says_so_and_goes_on_later(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    The way back is the way on.
    """
    following = build_following(world, store, node.url, timeout=0.5)

    async def look() -> None:
        with node.breaking("*", by=hang_up), pytest.raises(NoAnswerError):
            await following.run_once()
        await follow(following)

    asyncio.run(look())
    check_against_chain(world, store)


@pytest.mark.parametrize("depth", [1, 2, 5, DEPTH - 1, DEPTH])
def test_following__reorganisations_up_to_the_final_height__are_followed(
    world: LiveWorld, store: Database, depth: int
) -> None:
    """
    With payments before, in between and after.
    """
    following = build_following(world, store)

    async def live() -> None:
        mine(world, DEPTH)
        for number in range(1, depth + 1):
            world.pay(number * USDC, ref=ref(number))
            if number % 2:
                queue(world, number)
                mine(world, 1)
        await following.run_once()
        reorganise(world, depth)
        if depth % 2:
            await following.run_once()
        for number in range(1, 4):
            world.pay(USDC, ref=ref(100 + number))
        await following.run_once()
        await close(following)

    asyncio.run(live())
    check_against_chain(world, store)


@pytest.mark.parametrize("at", range(1, 16, 2))
@pytest.mark.parametrize("depth", [2, DEPTH + 1])
def test_following__a_reorganisation_in_the_middle_of_a_look__mixes_no_chains(
    world: LiveWorld, node: FaultyNode, store: Database, at: int, depth: int
) -> None:
    """
    Between any two questions the chain may become another one: no block of the old one is stored
    on top of one of the new.
    """
    following = build_following(world, store, node.url, receipts=Receipts.NEVER)
    asked = 0

    def suddenly(params: Any, forward: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == at:
            reorganise(world, depth)
            world.pay(USDC, ref=ref(100))
        return forward()

    async def live() -> None:
        mine(world, 4)
        await following.run_once()
        for number in range(1, DEPTH):
            world.pay(USDC, ref=ref(number))
        with node.breaking("eth_getBlockByNumber", "eth_getLogs", by=suddenly):
            for _ in range(3):
                with suppress(ChainError):
                    await following.run_once()
                check_links(store)
        assert asked >= at
        await follow(following)

    asyncio.run(live())
    check_against_chain(world, store)


def check_links(database: Database) -> None:
    """
    Every stored block is the child of the one before it, if that is there.
    """
    with database.reading() as connection:
        blocks = connection.execute(select(chain_blocks).order_by(chain_blocks.c.number)).all()
    for before, block in pairwise(blocks):
        assert block.number > before.number + 1 or block.parent == before.hash


def test_following__faults_and_reorganisations_all_at_once__end_as_a_scan_does(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    A bad day: every third answer is wrong in some way, blocks come and go, and two endpoints are
    both like that.
    """
    chance = random.Random(6)

    def sometimes(params: Any, forward: Any) -> Any:
        if chance.random() > 0.1:
            return forward()
        names = [name for name in SOME_FAULTS if name != "late"]
        return SOME_FAULTS[chance.choice(names)](params, forward)

    deepest = 30
    options: dict[str, Any] = {"timeout": 2.0, "depth": deepest + 2}
    following = build_following(world, store, node.url, node.url, **options)
    reorganised = 0

    async def live() -> None:
        nonlocal reorganised
        for number in range(60):
            if chance.random() < 0.5:
                world.pay(USDC, ref=ref(number))
            if chance.random() < 0.3:
                queue(world, number)
            if chance.random() < 0.2:
                # Anvil does not have the state of every block that it would go back to.
                with suppress(RpcError):
                    reorganise(world, chance.randint(1, deepest))
                    reorganised += 1
            if chance.random() < 0.1:
                mine(world, deepest)
            with node.breaking("*", by=sometimes):
                try:
                    await following.run_once()
                except HaltedError:
                    raise
                except ChainError:
                    continue
        await close(following)

    asyncio.run(live())
    assert reorganised > 3
    asyncio.run(follow(build_following(world, store, depth=deepest + 2)))
    check_against_chain(world, store)
