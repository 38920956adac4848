"""
A node that becomes another chain's, or that nobody could ask before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.follower import HaltedError, LaggingNodeError
from bursar.devnet import USDC
from bursar.store.database import Database
from tests.integration.followed import (
    DEPTH,
    build_following,
    check_against_chain,
    close,
    derived_rows,
    mine,
)
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode, hang_up

# More than the chain has blocks, so that nothing is final.
ALL = 10_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    On SQLite: what a node does is the same for both.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as opened:
        yield opened


def test_following__a_node_of_another_chain_that_was_away_at_first__is_found_when_it_is_back(
    world: LiveWorld, store: Database
) -> None:
    """
    Nothing is final yet, so it would look like a reorganisation of everything.
    """
    world.pay(USDC)

    async def look(other: FaultyNode) -> None:
        following = build_following(world, store, world.chain.rpc.url, other.url, depth=ALL)
        with other.breaking("*", by=hang_up):
            await following.run_once()
        before = derived_rows(store)
        with pytest.raises(HaltedError, match="chain 5, not of chain 31337"):
            await following.run_once()
        assert derived_rows(store) == before
        await close(following)

    with Anvil(chain_id=5) as anvil, FaultyNode(anvil.url) as other:
        anvil.request("anvil_mine", hex(500))
        asyncio.run(look(other))
    check_against_chain(world, store)


def test_following__an_address_that_leads_to_another_chain_by_now__is_found(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    The node behind it was exchanged while it was followed, without a failure in between.
    """
    world.pay(USDC)

    async def look(other: FaultyNode) -> None:
        following = build_following(world, store, node.url, depth=ALL)
        await following.run_once()
        before = derived_rows(store)
        node.handle = other.handle  # type: ignore[method-assign]
        with pytest.raises(HaltedError, match="chain 5, not of chain 31337"):
            await following.run_once()
        assert derived_rows(store) == before
        await close(following)

    with Anvil(chain_id=5) as anvil, FaultyNode(anvil.url) as other:
        anvil.request("anvil_mine", hex(500))
        asyncio.run(look(other))


def test_following__a_chain_that_was_begun_anew__says_what_to_do(
    world: LiveWorld, node: FaultyNode, store: Database
) -> None:
    """
    A devnet that was started again is shorter than what was final: it may as well be late.
    """
    mine(world, 5 * DEPTH)

    async def look(other: FaultyNode) -> None:
        following = build_following(world, store, node.url)
        await following.run_once()
        node.handle = other.handle  # type: ignore[method-assign]
        with pytest.raises(LaggingNodeError, match="bursar keeper rebuild"):
            await following.run_once()
        await close(following)

    with Anvil() as anvil, FaultyNode(anvil.url) as other:
        asyncio.run(look(other))
