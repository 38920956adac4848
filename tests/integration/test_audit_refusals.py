"""
What the chain refused, in the audit of a keeper that runs as operators run it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.audit import Action
from bursar.chain.errors import RevertedError
from bursar.devnet import USDC, address_of
from bursar.keeper.building import BookPlaces, keeping
from bursar.store.audit_query import Filter, find_audit
from bursar.store.database import Database
from tests.integration.followed import mine
from tests.integration.live import LiveWorld

DEPTH = 2


def test_refusal__alone_in_its_block__is_entered_by_a_keeper_that_runs(
    world: LiveWorld, tmp_path: Path
) -> None:
    """
    T35: a failed call logs nothing, so that nothing but every block's receipts tell of it. Whoever
    tries a stolen key leaves an entry; a stranger leaves none.
    """
    url = f"sqlite:///{tmp_path}/bursar.db"
    kept = keeping(
        url,
        world.chain,
        world.keeper,
        world.organization.address,
        chain_id=world.chain.chain_id,
        depth=DEPTH,
        books=BookPlaces(safe=world.safe.address),
        clock=world.chain.fetch_now,
    )
    with kept as keeper:
        keeper.run_once()
        for key in (world.agent, world.stranger):
            with pytest.raises(RevertedError):
                world.pay(10_000 * USDC, key=key, gas=300_000)
        mine(world, DEPTH)
        assert keeper.run_once().problems == []
    with Database.open(url, read_only=True) as database, database.reading() as connection:
        wanted = Filter(actions=(Action.REFUSAL,))
        (entry,) = [sealed.entry for sealed in find_audit(connection, wanted)]
    assert (entry.agent, entry.amount) == (address_of(world.agent), 10_000 * USDC)
    assert entry.verdict is not None
    assert entry.verdict.reason == "payments: amount out of bounds"
