from __future__ import annotations

import asyncio

from bursar.devnet import USDC
from bursar.keeper.following import Following
from bursar.state import fold
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    close,
    derived_rows,
    follow,
    mine,
    reorganise,
)
from tests.integration.keeping import queue
from tests.integration.live import LiveWorld, ref


def test_following__an_organisation_from_its_birth__is_stored_as_a_scan_finds_it(
    world: LiveWorld, database: Database
) -> None:
    """
    Every event is in the store, once and in order; the projections fold to the same state.
    """
    world.pay(10 * USDC)
    queue(world)
    mine(world, DEPTH + 3)
    world.pay(11 * USDC, ref=ref(2))
    progress = asyncio.run(follow(build_following(world, database)))
    assert progress.behind == 0
    assert progress.block == world.chain.fetch_height()
    check_against_chain(world, database)


def test_following__step_by_step_or_at_once__leaves_the_same_rows(
    world: LiveWorld, database: Database
) -> None:
    """
    Rows do not tell when they were read: followed live, they are those of a rebuild.
    """
    following = build_following(world, database)

    async def live() -> None:
        for number in range(1, 2 * DEPTH):
            world.pay(number * USDC, ref=ref(number))
            if number % 3 == 0:
                queue(world, number)
            await following.run_once()
            assert following.state == fold(world.fetch_history())
        await close(following)

    asyncio.run(live())
    check_against_chain(world, database)
    before = derived_rows(database)
    asyncio.run(rebuilt(build_following(world, database)))
    assert derived_rows(database) == before


async def rebuilt(following: Following) -> None:
    """
    Empty everything and read it again.
    """
    await following.empty()
    await follow(following)


def test_following__a_reorganisation__takes_back_what_is_gone(
    world: LiveWorld, database: Database
) -> None:
    """
    After a reorg the store has the new blocks' events and nothing of the old ones.
    """
    following = build_following(world, database)

    async def live() -> None:
        await following.run_once()
        world.pay(10 * USDC)
        world.pay(11 * USDC, ref=ref(2))
        await following.run_once()
        reorganise(world, 2)
        progress = await following.run_once()
        assert progress.gone == 2
        world.pay(12 * USDC, ref=ref(3))
        await following.run_once()
        assert following.state == fold(world.fetch_history())
        await close(following)

    asyncio.run(live())
    check_against_chain(world, database)
