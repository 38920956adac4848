"""
What the follower's tests have in common: a chain that is followed, and what a scan of it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import select

from bursar.chain.errors import ChainError
from bursar.chain.follower import Endpoint, Endpoints, HaltedError
from bursar.events import Event
from bursar.keeper.following import Following, Progress
from bursar.keeper.following_start import load
from bursar.state import State, fold
from bursar.store.chain_restoring import fetch_events
from bursar.store.chain_tables import DERIVED, chain_events
from bursar.store.chain_writer import find_cursor
from bursar.store.database import Database
from tests.integration.live import LiveWorld

# Of the local chains: small, so that a test need not mine many blocks before one is final.
DEPTH = 8


def build_following(
    world: LiveWorld, database: Database, *urls: str, timeout: float = 10.0, **options: Any
) -> Following:
    """
    Of the world's organisation, at the world's node unless other ones are named.
    """
    found = [Endpoint(url, timeout=timeout) for url in urls or (world.chain.rpc.url,)]
    # Each look at the clock is a minute later than the last: no node that failed has to rest.
    endpoints = Endpoints(found, clock=count(step=60).__next__)
    return Following(
        database,
        endpoints,
        world.organization.address,
        chain_id=world.chain.chain_id,
        **{"depth": DEPTH, **options},
    )


async def follow(following: Following, times: int = 1) -> Progress:
    """
    Look that often and close everything.
    """
    try:
        for _ in range(times):
            progress = await following.run_once()
    finally:
        await close(following)
    return progress


async def follow_through(following: Following, times: int) -> tuple[Progress, int]:
    """
    Look until one succeeds, at most that often; how often it did not.
    """
    try:
        for failures in range(times):
            try:
                return await following.run_once(), failures
            except HaltedError:
                raise
            except ChainError:
                continue
        raise AssertionError(f"{times} times in vain")
    finally:
        await close(following)


async def close(following: Following) -> None:
    """
    The service and its connections.
    """
    await following.close()
    await following.endpoints.close()


def derived_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """
    Every row of every table that is derived from the chain.
    """
    with database.reading() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in DERIVED
        }


def stored_events(database: Database) -> list[Event]:
    """
    Every event in the store, in order.
    """
    with database.reading() as connection:
        sources = connection.execute(select(chain_events.c.source).distinct()).scalars().all()
        assert len(sources) <= 1
        return [logged.event for one in sources for logged in fetch_events(connection, one)]


def restored_state(world: LiveWorld, database: Database) -> State:
    """
    The state at the final height, as it comes back from the projections.
    """
    with database.reading() as connection:
        address = world.organization.address
        cursor = find_cursor(connection, world.chain.chain_id, address)
        assert cursor is not None
        _, stored, _ = load(
            connection, chain_id=cursor.chain_id, organization=address, first=cursor.first
        )
        return stored.state


def check_against_chain(world: LiveWorld, database: Database) -> None:
    """
    What is stored is what a scan of the chain finds, and what folding that scan gives.
    """
    scanned = world.fetch_history()
    assert stored_events(database) == scanned
    with database.reading() as connection:
        cursor = find_cursor(connection, world.chain.chain_id, world.organization.address)
    assert cursor is not None
    final = [event for event in scanned if (event.block or 0) <= cursor.final_number]
    assert restored_state(world, database) == fold(final)


def mine(world: LiveWorld, count: int) -> None:
    """
    Empty blocks.
    """
    world.chain.rpc.request("anvil_mine", hex(count), "0x1")


def reorganise(world: LiveWorld, depth: int, transactions: Sequence[Any] = ()) -> None:
    """
    Replace the last `depth` blocks, by empty ones unless transactions are given.
    """
    world.chain.rpc.request("anvil_reorg", depth, list(transactions))
