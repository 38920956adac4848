"""
A store whose rows somebody has changed, or a disk has.
"""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bursar.devnet import USDC
from bursar.store.database import Database
from bursar.store.errors import StoreDamagedError
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    derived_rows,
    follow,
    mine,
)
from tests.integration.live import LiveWorld


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE chain_budgets SET line = '[1'",
        "UPDATE chain_budgets SET line = '[]'",
        "UPDATE chain_organizations SET detail = '{\"set\":[]}'",
        "UPDATE chain_agents SET wallet = agent",
        "UPDATE chain_events SET name = 'Nothing'",
        "UPDATE chain_events SET payload = '{}'",
        "DELETE FROM chain_wallets",
    ],
)
def test_following__rows_that_make_no_sense__says_so_and_can_be_rebuilt(
    world: LiveWorld, database: Database, damage: str
) -> None:
    """
    Nothing is followed on top of it, and reading the chain anew makes it good.
    """
    mine(world, DEPTH + 1)
    world.pay(USDC)
    asyncio.run(follow(build_following(world, database)))
    before = derived_rows(database)
    database.write(lambda connection: connection.execute(text(damage)))
    with pytest.raises(StoreDamagedError, match="bursar keeper rebuild"):
        asyncio.run(follow(build_following(world, database)))
    again = build_following(world, database)
    asyncio.run(again.empty())
    asyncio.run(follow(again))
    check_against_chain(world, database)
    after = derived_rows(database)
    changed = [name for name in before if after[name] != before[name]]
    assert set(changed) <= {"chain_cursor"}
