from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from bursar.chain.follower import DEPTH
from bursar.devnet import USDC, RunningDevnet, load_devnet_treasury, open_devnet, write_files
from bursar.keeper.following_rebuild import following_lease, rebuild
from bursar.store.chain_tables import chain_budgets, chain_events, chain_payments
from bursar.store.database import Database
from bursar.store.sending_leases import LeaseHeldError
from tests.integration.followed import (
    build_following,
    check_against_chain,
    derived_rows,
    follow,
    mine,
)
from tests.integration.keeping import queue
from tests.integration.live import LiveWorld, ref
from tests.integration.test_cli import told


async def rebuilt(world: LiveWorld, database: Database) -> Any:
    """
    The world's organisation, read anew.
    """
    return await rebuild(
        database,
        [world.chain.rpc.url],
        world.organization.address,
        chain_id=world.chain.chain_id,
        depth=DEPTH,
    )


def test_rebuild__damaged_tables__are_as_a_live_follower_left_them(
    world: LiveWorld, database: Database
) -> None:
    """
    Whatever became of what is derived, the chain has it: row for row what was there before.
    """
    world.pay(10 * USDC)
    queue(world)
    mine(world, DEPTH)
    world.pay(11 * USDC, ref=ref(2))
    asyncio.run(follow(build_following(world, database, depth=DEPTH)))
    before = derived_rows(database)

    def damage(connection: Any) -> None:
        connection.execute(delete(chain_events).where(chain_events.c.log == 0))
        connection.execute(update(chain_budgets).values(daily=1))
        connection.execute(delete(chain_payments))

    database.write(damage)
    assert derived_rows(database) != before
    progress = asyncio.run(rebuilt(world, database))
    assert progress.behind == 0
    assert progress.events == len(world.fetch_history())
    assert derived_rows(database) == before
    check_against_chain(world, database)


def test_rebuild__while_a_keeper_shares_the_store__is_refused(
    world: LiveWorld, postgres_url: str
) -> None:
    """
    A keeper would judge by what is half there. Nothing is thrown away.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as other:
        asyncio.run(follow(build_following(world, one)))
        before = derived_rows(one)
        lease = following_lease(one, world.chain.chain_id, world.organization.address)
        lease.hold()
        with pytest.raises(LeaseHeldError):
            asyncio.run(rebuilt(world, other))
        assert derived_rows(one) == before


@pytest.fixture
def devnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningDevnet]:
    """
    In a folder of its own.
    """
    monkeypatch.chdir(tmp_path)
    with open_devnet(load_devnet_treasury(None), port=0) as running:
        write_files(running.founded.book, Path(".bursar/devnet.env"))
        yield running


def test_keeper_rebuild__after_a_keeper__reads_everything_and_sends_nothing(
    devnet: RunningDevnet,
) -> None:
    """
    The command gives the tables that the keeper had; the chain has no block more than before.
    """
    store = "sqlite:///keeper.db"
    told("pay", "USDC", "vendor", "10", "--agent", "shopper", "--yes")
    told("keeper", "run", "--once", "--database", store)
    with Database.open(store) as database:
        before = derived_rows(database)
        database.write(lambda connection: connection.execute(delete(chain_events)))
    height = devnet.chain.fetch_height()

    found = told("keeper", "rebuild", "--database", store)

    assert found["ok"] is True
    assert found["behind"] == 0
    assert found["block"] == height == devnet.chain.fetch_height()
    with Database.open(store) as database:
        assert derived_rows(database) == before
        assert len(before["chain_events"]) == found["events"] > 10
