"""
A store whose rows somebody has changed, or a disk has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bursar.chain.follower import IncompleteError, Receipts
from bursar.chain.follower.layouts import layouts_by_name
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
from tests.integration.proxy import FaultyNode


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: its rows are what others have in Postgres.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


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
    world: LiveWorld, store: Database, damage: str
) -> None:
    """
    Nothing is followed on top of it, and reading the chain anew makes it good.
    """
    mine(world, DEPTH + 1)
    world.pay(USDC)
    asyncio.run(follow(build_following(world, store)))
    before = derived_rows(store)
    store.write(lambda connection: connection.execute(text(damage)))
    with pytest.raises(StoreDamagedError, match="bursar keeper rebuild"):
        asyncio.run(follow(build_following(world, store)))
    again = build_following(world, store)
    asyncio.run(again.empty())
    asyncio.run(follow(again))
    check_against_chain(world, store)
    after = derived_rows(store)
    changed = [name for name in before if after[name] != before[name]]
    assert set(changed) <= {"chain_cursor"}


def test_following__a_past_with_a_gap__says_so_and_can_be_rebuilt(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    Without receipts a node can leave out one log of a block and show the others. What follows from
    it does not fit, and an honest node does not mend what is in the store.
    """
    topic = layouts_by_name()["BudgetSet"].topic

    def hides(_: Any, forward: Any) -> Any:
        answered = forward()
        shown = [log for log in answered["result"] if log["topics"][0] != topic]
        return {"result": shown}

    mine(world, DEPTH)
    lied_to = build_following(world, store, node.url, receipts=Receipts.NEVER)
    with node.breaking("eth_getLogs", by=hides):
        asyncio.run(follow(lied_to))
    world.pay(USDC)
    with pytest.raises(IncompleteError, match="run `bursar keeper rebuild`"):
        asyncio.run(follow(build_following(world, store)))
    again = build_following(world, store)
    asyncio.run(again.empty())
    asyncio.run(follow(again))
    check_against_chain(world, store)
