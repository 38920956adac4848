from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.errors import NoAnswerError
from bursar.chain.follower import DeepReorgError, Heads
from bursar.devnet import USDC
from bursar.errors import BursarError
from bursar.keeper.following import Progress
from bursar.keeper.following_loop import follow
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    close,
    mine,
    reorganise,
)
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import FaultyNode, hang_up

# Longer than any test takes: what comes earlier came because of the subscription.
NEVER = 600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


def test_follow__a_new_block__is_taken_in_without_waiting_for_the_clock(
    world: LiveWorld, store: Database
) -> None:
    """
    The subscription wakes it: with a poll of ten minutes, each payment is in the store at once.
    """

    async def live() -> None:
        following, stop = build_following(world, store), asyncio.Event()
        looks: asyncio.Queue[Progress] = asyncio.Queue()
        heads = Heads(world.chain.rpc.url.replace("http", "ws"))
        running = asyncio.ensure_future(
            follow(following, stop=stop, heads=heads, poll=NEVER, on_progress=looks.put_nowait)
        )
        await asyncio.wait_for(looks.get(), 30)
        await asyncio.sleep(0.5)  # until it is subscribed
        for number in range(1, 4):
            await asyncio.to_thread(world.pay, USDC, ref=ref(number))
            block = world.chain.fetch_height()
            while (await asyncio.wait_for(looks.get(), 30)).block < block:
                pass
        stop.set()
        await asyncio.wait_for(running, 30)
        await close(following)

    asyncio.run(live())
    check_against_chain(world, store)


def test_follow__no_subscription_and_failing_nodes__goes_on_by_the_clock(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Heads are a hint: without them, and after failures, everything still comes.
    """
    failures: list[BursarError] = []

    async def live() -> None:
        following, stop = build_following(world, store, node.url), asyncio.Event()
        looks: asyncio.Queue[Progress] = asyncio.Queue()
        running = asyncio.ensure_future(
            follow(
                following,
                stop=stop,
                heads=Heads("ws://127.0.0.1:1"),
                poll=0.02,
                on_progress=looks.put_nowait,
                on_failure=failures.append,
            )
        )
        await asyncio.wait_for(looks.get(), 30)
        with node.breaking("*", by=hang_up):
            await asyncio.to_thread(world.pay, USDC)
            while not failures:
                await asyncio.sleep(0.01)
        block = world.chain.fetch_height()
        while (await asyncio.wait_for(looks.get(), 30)).block < block:
            pass
        stop.set()
        await asyncio.wait_for(running, 30)
        await close(following)

    asyncio.run(live())
    assert isinstance(failures[0], NoAnswerError)
    check_against_chain(world, store)


def test_follow__a_deep_reorg__ends_it(world: LiveWorld, store: Database) -> None:
    """
    What only people can decide is not tried again and again.
    """

    async def live() -> None:
        following = build_following(world, store)
        mine(world, DEPTH + 4)
        await following.run_once()
        reorganise(world, DEPTH + 2)
        with pytest.raises(DeepReorgError):
            await asyncio.wait_for(follow(following, stop=asyncio.Event(), poll=0.01), 30)
        await close(following)

    asyncio.run(live())


def test_progress__a_chain_that_stopped_for_an_hour__says_how_old_its_block_is() -> None:
    """
    Nothing is behind, and yet nothing is new: whoever reads it sees both, whatever the clock does.
    """
    progress = Progress(head=120, block=120, at=1_000_000, events=0, gone=0)
    assert progress.behind == 0
    assert progress.age(1_003_600.0) == 3_600
    assert progress.describe(1_003_600.0) == "Block 120 of 120, 3600 s old."
    # A clock that is behind the chain's is no reason to be older than new.
    assert progress.describe(999_000.0) == "Block 120 of 120, 0 s old."
    behind = Progress(head=130, block=120, at=1_000_000, events=0, gone=0)
    assert behind.describe(1_000_012.0) == "Block 120 of 130, 12 s old, 10 behind."
