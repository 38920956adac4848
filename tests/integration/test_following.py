from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bursar.devnet import USDC
from bursar.events import EVENTS
from bursar.keeper.following import Following
from bursar.state import fold
from bursar.store.chain_tables import chain_payments
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
    stored_events,
)
from tests.integration.keeping import queue
from tests.integration.live import LiveWorld, ref
from tests.integration.test_rebuild import live as live_through_everything


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


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "block by block"])
def test_following__every_event_there_is__comes_back_from_the_projections(
    world: LiveWorld, database: Database, at_once: bool
) -> None:
    """
    Rotations, signatures, shares, rolling budgets, changes and queues in all their ends: the state
    that is restored from the tables is the one that a scan folds to.
    """
    live_through_everything(world)
    queue(world, 77)
    mine(world, DEPTH + 1)
    following = build_following(world, database, depth=DEPTH if at_once else 10_000)
    asyncio.run(follow(following))
    check_against_chain(world, database)
    if not at_once:
        asyncio.run(follow(build_following(world, database)))
        mine(world, 1)  # what is final by now is settled with the next block
        asyncio.run(follow(build_following(world, database)))
        check_against_chain(world, database)
    assert {type(event).__name__ for event in stored_events(database)} == set(EVENTS)
    with database.reading() as connection:
        found = set(connection.execute(select(chain_payments.c.status)).scalars())
    assert found >= {"paid", "executed", "cancelled", "pending"}


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
