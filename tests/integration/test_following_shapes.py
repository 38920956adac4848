"""
Answers that are JSON and are not what was asked for: each is a bad answer, and none is an accident.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.errors import NoAnswerError
from bursar.chain.follower import IncompleteError, Receipts
from bursar.chain.reader import Call
from bursar.devnet import USDC
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    close,
    follow,
    mine,
)
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import FaultyNode, Rule
from tests.integration.test_following_faults import send_pending

Change = Callable[[Any], Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


def changed(change: Change) -> Rule:
    """
    The right answer, with something done to its result.
    """

    def rule(_: Any, forward: Any) -> Any:
        answered = forward()
        if answered.get("result"):
            answered["result"] = change(copy.deepcopy(answered["result"]))
        return answered

    return rule


def in_logs(change: Callable[[dict[str, Any]], Any]) -> Change:
    """
    Of logs as such, and of those in receipts.
    """

    def each(result: Any) -> Any:
        for one in result:
            for log in one.get("logs", [one]):
                change(log)
        return result

    return each


def without(name: str) -> Change:
    """
    Each log lacks something.
    """
    return in_logs(lambda log: log.pop(name, None))


def having(name: str, value: Any) -> Change:
    """
    Each log has something else.
    """
    return in_logs(lambda log: log.update({name: value}))


LOGS: dict[str, Change] = {
    **{f"no {name}": without(name) for name in ("address", "blockNumber", "logIndex", "topics")},
    "no data": without("data"),
    "no hash": without("transactionHash"),
    "null number": having("blockNumber", None),
    "other number": having("blockNumber", "0x1"),
    "odd number": having("blockNumber", "soon"),
    "odd index": having("logIndex", "0xzz"),
    "huge topics": in_logs(lambda log: log.update(topics=["0x" + "f" * 4_000])),
    "topics of numbers": having("topics", [1, 2, 3]),
    "topics of no list": having("topics", {"0": "0x"}),
    "other block": having("blockHash", "0x" + "ab" * 32),
    "a log that is none": lambda result: [7, *result[1:]],
    "an object": lambda result: {"logs": result},
    "a text": lambda _: "none",
}


@pytest.mark.parametrize("depth", [0, DEPTH + 1])
@pytest.mark.parametrize(
    ("method", "receipts"),
    [
        ("eth_getLogs", Receipts.NEVER),
        ("eth_getLogs", Receipts.TOUCHED),
        ("eth_getBlockReceipts", Receipts.TOUCHED),
    ],
)
def test_following__logs_of_any_shape__are_no_accident_and_leave_nothing_out(
    world: LiveWorld,
    node: FaultyNode,
    store: Database,
    depth: int,
    method: str,
    receipts: Receipts,
) -> None:
    """
    Whatever is wrong with them, it ends as an answer that is not believed, and later all is there.
    """
    world.pay(USDC, ref=ref(1))
    mine(world, depth)

    async def look() -> None:
        for number, (name, change) in enumerate(LOGS.items(), 2):
            world.pay(USDC, ref=ref(number))
            mine(world, depth)
            following = build_following(world, store, node.url, receipts=receipts)
            try:
                with node.breaking(method, by=changed(change)), suppress(NoAnswerError):
                    await following.run_once()
                await following.run_once()
            except Exception as error:
                raise AssertionError(name) from error
            finally:
                await close(following)

    asyncio.run(look())
    check_against_chain(world, store)


BLOCKS: dict[str, Change] = {
    "another number": lambda block: {**block, "number": "0x1"},
    "no filter": lambda block: {**block, "logsBloom": None},
    "a short hash": lambda block: {**block, "hash": "0x12"},
    "no time": lambda block: {**block, "timestamp": "now"},
    "no transactions": lambda block: {**block, "transactions": None},
    "a list": lambda block: [block],
    "a text": lambda _: "0x1",
}


def test_following__blocks_of_any_shape__are_no_accident_and_leave_nothing_out(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    The same of blocks that are asked for by their number.
    """

    def by_number(change: Change) -> Rule:
        rule = changed(change)
        return lambda params, forward: forward() if params[0] == "latest" else rule(params, forward)

    async def look() -> None:
        for number, (name, change) in enumerate(BLOCKS.items(), 1):
            world.pay(USDC, ref=ref(number))
            mine(world, DEPTH)
            following = build_following(world, store, node.url)
            try:
                with (
                    node.breaking("eth_getBlockByNumber", by=by_number(change)),
                    pytest.raises(NoAnswerError),
                ):
                    await following.run_once()
                await following.run_once()
            except Exception as error:
                raise AssertionError(name) from error
            finally:
                await close(following)

    asyncio.run(look())
    check_against_chain(world, store)


def cut_at_the_end(receipts: Any) -> Any:
    """
    The last log of the last receipt that has any is missing.
    """
    [one for one in receipts if one["logs"]][-1]["logs"].pop()
    return receipts


def without_logs(receipts: Any) -> Any:
    """
    The last receipt that has any logs has none.
    """
    [one for one in receipts if one["logs"]][-1]["logs"] = []
    return receipts


@pytest.mark.parametrize("cut", [cut_at_the_end, without_logs])
def test_following__receipts_that_end_too_early__are_not_believed(
    world: LiveWorld, node: FaultyNode, store: Database, cut: Change
) -> None:
    """
    Behind the payment a transaction without any log: the filter of the last receipt says nothing.
    """
    rpc = world.chain.rpc
    rpc.request("evm_setAutomine", False)
    try:
        send_pending(world, world.wallet.build_call("pay", *world.payment(USDC)), 0)
        send_pending(world, Call(world.recipient, b""), 1)
        rpc.request("evm_mine")
    finally:
        rpc.request("evm_setAutomine", True)
    block = rpc.request("eth_getBlockReceipts", "latest")
    assert [bool(receipt["logs"]) for receipt in block] == [True, False]

    with (
        node.breaking("eth_getBlockReceipts", by=in_block(block[0]["blockHash"], cut)),
        pytest.raises(IncompleteError, match="do not add up"),
    ):
        asyncio.run(follow(build_following(world, store, node.url)))
    asyncio.run(follow(build_following(world, store, node.url)))
    check_against_chain(world, store)


def in_block(hash: str, change: Change) -> Rule:
    """
    Something done to the receipts of one block.
    """

    def rule(params: Any, forward: Any) -> Any:
        answered = forward()
        if params[0] == hash:
            answered["result"] = change(answered["result"])
        return answered

    return rule


def test_following__receipts_without_the_last_of_several_that_are_alike__are_not_believed(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Three payments of one agent to one recipient leave the same in the filter as two.
    """
    token, category = world.usdc.address, world.payment(1)[3]
    payments = [(world.recipient, 1, ref(number)) for number in range(1, 4)]
    receipt = world.wallet.send(world.agent, "pay_many", token, category, payments)
    hash = receipt.logs[0]["blockHash"]
    rule = in_block(hash, lambda receipts: cut_at_the_end(cut_at_the_end(receipts)))
    with (
        node.breaking("eth_getBlockReceipts", by=rule),
        pytest.raises(IncompleteError, match=r"showed 3 logs .* and 2 in its receipts"),
    ):
        asyncio.run(follow(build_following(world, store, node.url)))
    asyncio.run(follow(build_following(world, store, node.url)))
    check_against_chain(world, store)
