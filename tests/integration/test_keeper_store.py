"""
A keeper with everything that it remembers in one database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlalchemy import select

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.keeper import Keeper, NoticeKind, Outcome
from bursar.keeper.building import keeping
from bursar.keeper.notices import Notice
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX
from tests.integration.keeping import PATIENCE, executions, lower, outcomes, queue
from tests.integration.live import MONDAY, LiveWorld, founded


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states, without which it cannot take blocks back.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


def kept(world: LiveWorld, url: str) -> AbstractContextManager[Keeper]:
    """
    A keeper as a process that starts now is one.
    """
    return keeping(
        url,
        world.chain,
        world.keeper,
        world.organization.address,
        chain_id=world.chain.chain_id,
        patience=replace(PATIENCE, final_after=4),
        clock=world.chain.fetch_now,
    )


def fetch_notices(url: str) -> list[Notice]:
    """
    What is to be told.
    """
    with Database.open(url) as database:
        rows = database.read(lambda c: c.execute(select(OUTBOX.c.payload)).scalars().all())
    return [Notice.model_validate_json(row) for row in rows]


def test_keeper__with_a_store__executes_what_is_due_also_after_a_restart(
    world: LiveWorld, database_url: str
) -> None:
    """
    The next process goes on from what the store has, on either database.
    """
    first, second = queue(world, 1), queue(world, 2, 85_000_000)
    with kept(world, database_url) as keeper:
        assert outcomes(keeper.run_once()) == []
        world.chain.warp(to=first.ready_at)
        assert Outcome.EXECUTED in [outcome for outcome, _ in outcomes(keeper.run_once())]
    world.chain.warp(by=60)  # the second is due, however slow the machine was
    with kept(world, database_url) as keeper:
        keeper.run_once()
        assert outcomes(keeper.run_once()) == []

    assert sorted(event.id for event in executions(world)) == sorted((first.id, second.id))


def test_keeper__that_cancels__puts_the_notice_into_the_outbox_once(
    world: LiveWorld, database_url: str
) -> None:
    """
    Q15: whoever queued it is told by way of the outbox, also where the process ended in between.
    """
    queued = queue(world)
    lower(world, per_payment=90_000_000 - 1)
    world.chain.warp(to=queued.ready_at)
    with kept(world, database_url) as keeper:
        assert [outcome for outcome, _ in outcomes(keeper.run_once())] == [Outcome.CANCELLED]
    for _ in range(2):
        with kept(world, database_url) as keeper:
            keeper.run_once()

    (notice,) = fetch_notices(database_url)
    assert (notice.kind, notice.id, notice.ready_at) == (
        NoticeKind.CANCELLED,
        queued.id,
        queued.ready_at,
    )
    assert (notice.agent, notice.amount) == (queued.agent, queued.amount)


def test_keeper__that_ended_before_it_could_tell__tells_when_it_comes_back(
    world: LiveWorld, database_url: str
) -> None:
    """
    The cancel is on chain and in the store, the notice is not: the next process finds the
    difference.
    """
    queued = queue(world)
    lower(world, expires_at=0)
    world.chain.warp(to=queued.ready_at)
    with kept(world, database_url) as keeper:
        keeper._teller.tell_all = lambda complain: []  # type: ignore[method-assign]
        assert [outcome for outcome, _ in outcomes(keeper.run_once())] == [Outcome.CANCELLED]
    assert fetch_notices(database_url) == []

    with kept(world, database_url) as keeper:
        keeper.run_once()

    assert [notice.id for notice in fetch_notices(database_url)] == [queued.id]


def test_keeper__after_a_reorganisation__judges_what_is_there_now(
    world: LiveWorld, database_url: str
) -> None:
    """
    The store follows the chain, and the journal its own transactions: executed once in the end.
    """
    queued = queue(world)
    world.chain.warp(to=queued.ready_at)
    with kept(world, database_url) as keeper:
        keeper.run_once()
        world.chain.rpc.request("anvil_reorg", 1, [])
        assert executions(world) == []
        for _ in range(4):
            keeper.run_once()

    assert len(executions(world)) == 1
