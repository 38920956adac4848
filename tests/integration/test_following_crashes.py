from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.devnet import USDC
from bursar.keeper import following as service
from bursar.keeper.following import Following
from bursar.store.chain_tables import chain_cursor
from bursar.store.chain_writer import Batch, CursorMovedError, commit_batch
from bursar.store.database import Database
from bursar.types import DAY
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
from tests.integration.live import MONDAY, LiveWorld, budget, founded, ref


@pytest.fixture(scope="module")
def busy_world() -> Iterator[LiveWorld]:
    """
    A chain with 1,000 payments in one final block, and some after it.
    """
    with Anvil(timestamp=MONDAY, gas_limit=1_000_000_000) as anvil:
        world = founded(LocalChain(anvil.url))
        pay_in_one_block(world, batches=10, each=100)
        mine(world, DEPTH + 2)
        for number in range(1, 4):
            world.pay(USDC, ref=ref(number))
            queue(world, number)
        yield world


def pay_in_one_block(world: LiveWorld, *, batches: int, each: int) -> None:
    """
    That many batches of that many payments of one base unit.
    """
    token, general = world.usdc.address, world.payment(1)[3]
    agents = [world.chain.new_account(f"busy {number}") for number in range(batches)]
    figures = budget(max_payments=16_383, expires_at=MONDAY + 300 * DAY)
    pay_from = [
        world.wallet.build_call("set_budget", agent.address, token, general, figures)
        for agent in agents
    ]
    # Once sealed, a new budget has to wait.
    changes = [world.organization.build_call("schedule", call.to, call.data) for call in pay_from]
    world.by_treasury(*changes)
    world.chain.warp(by=2 * DAY)
    for call in pay_from:
        world.organization.send(world.stranger, "apply", call.to, call.data)
    rpc = world.chain.rpc
    rpc.request("evm_setAutomine", False)
    try:
        for agent in agents:
            payments = [(world.recipient, 1, ref(number)) for number in range(each)]
            call = world.wallet.build_call("pay_many", token, general, payments)
            nonce = rpc.request("eth_getTransactionCount", agent.address, "pending")
            signed = agent.sign_transaction(
                {
                    "type": 2,
                    "chainId": world.chain.chain_id,
                    "nonce": int(nonce, 16),
                    "gas": 20_000_000,
                    "maxPriorityFeePerGas": 10**9,
                    "maxFeePerGas": 10**11,
                    "value": 0,
                    "to": call.to,
                    "data": f"0x{call.data.hex()}",
                }
            )
            rpc.request("eth_sendRawTransaction", f"0x{bytes(signed.raw_transaction).hex()}")
        rpc.request("evm_mine")
    finally:
        rpc.request("evm_setAutomine", True)


def test_following__a_block_of_thousands_of_events__is_written_in_parts(
    busy_world: LiveWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No transaction has much more than a thousand rows, and every one moves the cursor with them.
    """
    sizes = []

    def measured(connection: Any, batch: Batch) -> None:
        sizes.append(batch.rows)
        commit_batch(connection, batch)

    monkeypatch.setattr(service, "commit_batch", measured)
    asyncio.run(follow(build_following(busy_world, database)))
    assert sum(sizes) > 3_000
    assert max(sizes) < 1_200
    check_against_chain(busy_world, database)


def test_following__a_crash_after_any_commit__goes_on_where_it_stopped(
    busy_world: LiveWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The machine dies after each commit, one after the other: every start finds a beginning of the
    chain, and in the end the rows are those of a follower that was never interrupted.
    """
    with Database.open(f"sqlite:///{tmp_path}/whole.db") as whole:
        asyncio.run(follow(build_following(busy_world, whole)))
        expected = derived_rows(whole)
    with Database.open(f"sqlite:///{tmp_path}/parts.db") as parts:
        deaths = 0
        while die_after(1, busy_world, parts, monkeypatch):
            deaths += 1
            assert deaths < 60
        assert deaths > 3
        assert derived_rows(parts) == expected


@pytest.mark.parametrize("commits", range(1, 7))
def test_following__a_crash_within_a_block_that_is_not_final__takes_the_block_out(
    busy_world: LiveWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    """
    By the time of the next start it may be another block, so what is there of it goes first.
    """
    options: dict[str, Any] = {"depth": 10_000}
    with Database.open(f"sqlite:///{tmp_path}/whole.db") as whole:
        asyncio.run(follow(build_following(busy_world, whole, **options)))
        expected = derived_rows(whole)
    with Database.open(f"sqlite:///{tmp_path}/parts.db") as parts:
        if die_after(commits, busy_world, parts, monkeypatch, **options):
            asyncio.run(follow(build_following(busy_world, parts, **options)))
        assert derived_rows(parts) == expected


def die_after(
    commits: int,
    world: LiveWorld,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    **options: Any,
) -> bool:
    """
    Follow until so many commits are made. Whether anything was left to be written.
    """
    with monkeypatch.context() as patched:
        patched.setattr(service, "commit_batch", Dying(after=commits))
        try:
            asyncio.run(follow(build_following(world, database, **options)))
        except MachineDiedError:
            return True
    return False


class MachineDiedError(Exception):
    """
    Nothing after this was written.
    """


class Dying:
    """
    Writes a few batches, and never again.
    """

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, connection: Any, batch: Batch) -> None:
        if self.left == 0:
            raise MachineDiedError
        self.left -= 1
        commit_batch(connection, batch)


def test_following__two_followers_of_one_store__do_not_write_over_each_other(
    world: LiveWorld, postgres_url: str
) -> None:
    """
    Whoever comes second with the same blocks is refused, reads the store again, and goes on.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as other:
        first = build_following(world, one)
        second = build_following(world, other)

        async def race() -> None:
            refused = 0
            for number in range(1, 12):
                world.pay(USDC, ref=ref(number))
                looks = await asyncio.gather(
                    first.run_once(), second.run_once(), return_exceptions=True
                )
                for look in looks:
                    if isinstance(look, CursorMovedError):
                        refused += 1
                    elif isinstance(look, BaseException):
                        raise look
            assert refused > 0
            await close(second)
            await follow(first)

        asyncio.run(race())
        check_against_chain(world, one)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_following__killed_again_and_again__ends_as_a_scan_does(
    world: LiveWorld, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """
    kill -9 at random instants, payments and reorganisations all the while: afterwards the tables
    are what a scan of the chain says.
    """
    url = f"sqlite:///{tmp_path}/bursar.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
    chance = random.Random(9)
    arguments = [world.chain.rpc.url, world.organization.address, url]
    with Database.open(url):
        pass
    for life in range(6):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.integration.following_process", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            until = time.monotonic() + chance.random() * 0.5
            number = 0
            while time.monotonic() < until:
                number += 1
                world.pay(1_000, ref=ref(1_000 * life + number))
                if chance.random() < 0.1:
                    reorganise(world, chance.randint(1, 3))
            process.kill()
    with Database.open(url) as database:
        with database.reading() as connection:
            assert connection.execute(select(chain_cursor.c.number)).scalar_one() > 0
        asyncio.run(follow(build_following(world, database)))
        check_against_chain(world, database)
        before = derived_rows(database)
        asyncio.run(_rebuild(build_following(world, database)))
        assert derived_rows(database) == before


async def _rebuild(following: Following) -> None:
    await following.empty()
    await follow(following)
