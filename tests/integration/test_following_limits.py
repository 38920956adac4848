"""
Nodes that give only so much at once: following asks for less, and comes to the end.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bursar.chain.errors import BadAnswerError
from bursar.chain.follower import Endpoint, RateLimitedError, Receipts, TooMuchError
from bursar.chain.follower import endpoint as endpoint_module
from bursar.chain.follower import endpoints as endpoints_module
from bursar.devnet import USDC
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    follow_through,
    mine,
)
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import FaultyNode, Status, hang_up

MOST_BLOCKS = 5
TRIES = 12


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


@pytest.fixture
def history(world: LiveWorld) -> LiveWorld:
    """
    Blocks with payments, most of them final.
    """
    for number in range(1, 8):
        world.pay(USDC, ref=ref(number))
        mine(world, 6)
    mine(world, DEPTH)
    return world


def too_long(params: Any, forward: Any) -> Any:
    """
    A node that gives up on a long range, and the connection with it.
    """
    wanted = params[0]
    if "blockHash" in wanted:
        return forward()
    blocks = int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1
    return hang_up() if blocks > MOST_BLOCKS else forward()


def test_following__a_range_that_a_node_never_answers__is_asked_for_in_less(
    history: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    It does not say that it is too much, it only never answers.
    """
    following = build_following(history, store, node.url)
    with node.breaking("eth_getLogs", by=too_long):
        progress, failures = asyncio.run(follow_through(following, TRIES))
    assert failures > 0
    assert progress.behind == 0
    check_against_chain(history, store)


class FewReceipts(FaultyNode):
    """
    A provider that answers no request that asks for many receipts at once.
    """

    most = MOST_BLOCKS

    def handle(self, body: bytes) -> Any:
        """
        Status 413, without a word that would say why.
        """
        if body.count(b"eth_getBlockReceipts") > self.most:
            return Status(413, {}, b"Payload Too Large")
        return super().handle(body)


def test_following__receipts_that_are_too_many_for_a_node__are_asked_for_in_less(
    history: LiveWorld, store: Database
) -> None:
    """
    A block's receipts are large, and providers refuse what would be too long an answer.
    """
    with FewReceipts(history.chain.rpc.url) as node:
        following = build_following(history, store, node.url, receipts=Receipts.ALWAYS)
        progress, failures = asyncio.run(follow_through(following, TRIES))
    assert failures > 0
    assert progress.behind == 0
    check_against_chain(history, store)


def test_following__answers_that_are_too_large__are_not_taken_into_memory(
    history: LiveWorld, node: FaultyNode, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whatever is answered, a keeper does not die for want of memory: less is asked for.
    """
    monkeypatch.setattr(endpoint_module, "LARGEST_ANSWER", 60_000)
    following = build_following(history, store, node.url)

    async def look() -> None:
        first = [("eth_getBlockByNumber", (hex(number), False)) for number in range(64)]
        with pytest.raises(TooMuchError, match="answers with more than"):
            await following.endpoints.all[0].ask_all(first)
        progress, _ = await follow_through(following, TRIES)
        assert progress.behind == 0

    asyncio.run(look())
    check_against_chain(history, store)


def bomb(*_: Any) -> Status:
    """
    Much out of little.
    """
    body = gzip.compress(b" " * (1 << 24))
    return Status(200, {"Content-Encoding": "gzip"}, body)


def test_endpoint__an_answer_that_unpacks_to_too_much__is_refused(
    node: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What counts is what it comes to, not what was sent.
    """
    monkeypatch.setattr(endpoint_module, "LARGEST_ANSWER", 1 << 22)

    async def ask() -> None:
        endpoint = Endpoint(node.url)
        with node.breaking("*", by=bomb), pytest.raises(TooMuchError, match="more than 4 MiB"):
            await endpoint.ask("eth_blockNumber")
        assert await endpoint.ask("eth_chainId") == "0x7a69"
        await endpoint.close()

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7), ("nan", 0), ("inf", 60), ("-1", 0), ("soon", 1), ("", 1)]
)
@pytest.mark.parametrize("code", [429, 503])
def test_endpoint__told_to_come_later__rests_as_long_and_never_for_good(
    node: FaultyNode, code: int, said: str, seconds: float
) -> None:
    """
    `Retry-After` may be anything. A server that is overloaded says 503, with the same header.
    """

    async def ask() -> float:
        endpoint = Endpoint(node.url)
        try:
            await endpoint.ask("eth_blockNumber")
        except RateLimitedError as error:
            return error.retry_after
        except BadAnswerError:
            assert (code, said) == (503, "")
            return seconds
        finally:
            await endpoint.close()
        raise AssertionError("It was answered.")

    with node.breaking("*", by=lambda *_: Status(code, {"Retry-After": said})):
        assert asyncio.run(ask()) == seconds


def test_following__one_of_two_nodes_hangs__is_not_waited_for(
    world: LiveWorld, node: FaultyNode, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It takes the question and says nothing: the other one is read before it gives up.
    """
    monkeypatch.setattr(endpoints_module, "OTHERS_SECONDS", 0.05)
    asked, released = Event(), Event()

    def hangs(_: Any, __: Any) -> None:
        asked.set()
        if not released.wait(30):
            released.set()

    world.pay(USDC)
    following = build_following(world, store, node.url, world.chain.rpc.url, timeout=60.0)
    try:
        with node.breaking("*", by=hangs):
            progress, failures = asyncio.run(follow_through(following, 1))
    finally:
        given_up = released.is_set()
        released.set()
    assert (asked.is_set(), given_up) == (True, False)
    assert (progress.behind, failures) == (0, 0)
    check_against_chain(world, store)
