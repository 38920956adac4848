"""
The chain's own currency leaves no log: what a real node says of balances is compared with events.
"""

from __future__ import annotations

import asyncio
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select

from bursar.chain.reader import Call
from bursar.devnet import address_of
from bursar.events import PaymentQueued
from bursar.store.chain_tables import chain_unexplained
from bursar.store.database import Database
from bursar.store.native_tables import native_balances, native_moves
from bursar.types import NATIVE, Address
from tests.integration.agents import loosen
from tests.integration.followed import (
    build_following,
    check_against_chain,
    close,
    derived_rows,
    follow,
    mine,
    reorganise,
)
from tests.integration.live import GENERAL, LiveWorld, budget, ref
from tests.integration.proxy import FaultyNode, error

ETHER = 10**18
# Anvil keeps the state of ten blocks at least, and these tests want it at the final one.
DEPTH = 4


@pytest.fixture
def native(world: LiveWorld) -> LiveWorld:
    """
    The agent may spend the chain's own currency; from a tenth of it on a payment waits.
    """
    # Something new in each test: of blocks that it has mined before, with the same hash, anvil may
    # drop the state when it tidies up what a snapshot's end has left.
    world.chain.fund(Address(f"0x{token_hex(20)}"), 1)
    build, token = world.wallet.build_call, NATIVE
    figures = budget(
        per_payment=ETHER, hourly=ETHER, daily=ETHER, queue_from=ETHER // 10, share_bps=10_000
    )
    loosen(
        world,
        build("set_wallet_limit", token, 10 * ETHER),
        build("set_max_balance", token, 100 * ETHER),
        build("set_budget", address_of(world.agent), token, GENERAL, figures),
    )
    return world


def look(world: LiveWorld, database: Database, *urls: str, final: bool = True) -> None:
    """
    Follow to the tip, after enough blocks that everything so far is final unless said otherwise.
    """
    mine(world, DEPTH if final else 0)
    asyncio.run(follow(build_following(world, database, *urls, depth=DEPTH)))


def refill(world: LiveWorld, wei: int) -> None:
    """
    By the treasury, which sends the money along.
    """
    world.chain.fund(world.safe.address, 10 * wei)
    call = world.wallet.build_call("refill", NATIVE, wei, ref(7))
    world.by_treasury(Call(call.to, call.data, wei))


def donate(world: LiveWorld, wei: int) -> int:
    """
    A stranger sends money, without a word. The block.
    """
    return world.chain.send(world.stranger, Call(world.wallet.address, b"", wei)).block


def rows(database: Database, table: Any) -> list[Any]:
    """
    Every row, in order.
    """
    with database.reading() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def moves(database: Database) -> list[tuple[int, int]]:
    """
    What came and what went without an event, of the world's first wallet alone.
    """
    found = rows(database, native_moves)
    assert len({row.wallet for row in found}) <= 1
    return [(row.came, row.went) for row in found]


def balance(database: Database, world: LiveWorld) -> int:
    """
    As recorded last.
    """
    (row,) = (row for row in rows(database, native_balances) if row.wallet == world.wallet.address)
    wei: int = row.balance
    return wei


def spend(world: LiveWorld, number: int = 1) -> None:
    """
    A payment at once, and one that waited; their references begin with `number`.
    """
    world.pay(ETHER // 20, token=NATIVE, ref=ref(number))
    receipt = world.pay(ETHER // 5, token=NATIVE, ref=ref(number + 1))
    queued = world.logged(receipt, PaymentQueued)
    world.chain.warp(to=queued.ready_at)
    payment = world.payment(ETHER // 5, token=NATIVE, ref=ref(number + 1))
    arguments = (address_of(world.agent), *payment)
    world.wallet.send(world.stranger, "execute", *arguments)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "step by step"])
def test_native__refill_payments_and_sweep__are_explained(
    native: LiveWorld, database: Database, at_once: bool
) -> None:
    """
    What events tell of is no move, whether one reading covers it or each has its own.
    """
    left = ETHER - ETHER // 20 - ETHER // 5
    refill(native, ETHER)
    if not at_once:
        look(native, database)
        assert balance(database, native) == ETHER
    spend(native)
    if not at_once:
        look(native, database)
        assert balance(database, native) == left
    assert native.chain.fetch_balance(native.wallet.address) == left
    native.wallet.send(native.guardian, "sweep", NATIVE, "drill")
    refill(native, ETHER // 2)
    look(native, database)
    assert balance(database, native) == ETHER // 2
    assert moves(database) == []
    check_against_chain(native, database)


def test_native__a_donation_between_payments__is_recorded_once_and_outlives_a_rebuild(
    native: LiveWorld, database: Database
) -> None:
    """
    Exactly what came beyond events. A rebuild gives the same derived rows, and leaves it alone.
    """
    refill(native, ETHER)
    look(native, database)
    spend(native)
    given = donate(native, 7)
    spend(native, 3)
    look(native, database)
    look(native, database)
    assert moves(database) == [(7, 0)]
    (move,) = rows(database, native_moves)
    left = ETHER - ETHER // 20 - ETHER // 5
    assert (move.wallet, move.since, move.block) == (native.wallet.address, given - 1, given)
    assert (move.sender, move.before) == (address_of(native.stranger), left)
    assert move.after == left + 7
    before, recorded = derived_rows(database), rows(database, native_moves)

    async def rebuild() -> None:
        following = build_following(native, database, depth=DEPTH)
        await following.empty()
        await follow(following)

    asyncio.run(rebuild())
    assert derived_rows(database) == before
    look(native, database)
    assert rows(database, native_moves) == recorded
    assert rows(database, chain_unexplained) == []


def test_native__a_donation_that_a_reorg_takes_back__is_never_recorded(
    native: LiveWorld, database: Database
) -> None:
    """
    Only final blocks are read: what the chain may take back is not there yet.
    """
    look(native, database)
    donate(native, 7)
    look(native, database, final=False)
    assert moves(database) == []
    reorganise(native, 1)
    look(native, database)
    assert native.chain.fetch_balance(native.wallet.address) == 0
    assert moves(database) == []
    donate(native, 8)
    look(native, database)
    assert moves(database) == [(8, 0)]


def test_native__money_that_goes_without_an_event__is_recorded_and_loud(
    native: LiveWorld, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The contract does not allow it, so either it, the node or we are wrong: an error says so.
    """
    refill(native, ETHER)
    look(native, database)
    native.chain.fund(native.wallet.address, ETHER - 5)
    look(native, database)
    assert moves(database) == [(0, 5)]
    (told,) = (record for record in caplog.records if "and no event says so" in record.message)
    assert told.levelname == "ERROR"
    assert native.wallet.address in told.message


def test_native__a_node_without_the_state__is_named_once_and_nothing_is_lost(
    native: LiveWorld, node: FaultyNode, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Events go on, and a later reading finds what came in the meantime.
    """
    following = build_following(native, database, node.url, depth=DEPTH)

    async def live() -> None:
        for _ in range(2):
            mine(native, DEPTH)
            await following.run_once()
        await close(following)

    donate(native, 7)
    with node.breaking("eth_getBalance", by=error("missing trie node")):
        asyncio.run(live())
    check_against_chain(native, database)
    (told,) = (record for record in caplog.records if "native balances" in record.message)
    assert "missing trie node" in told.message
    assert rows(database, native_balances) == []
    look(native, database, node.url)
    assert moves(database) == [(7, 0)]


def test_native__balances_of_a_chain_that_is_gone__are_dropped_and_read_anew(
    native: LiveWorld, database: Database
) -> None:
    """
    What is recorded must be of the chain that is followed: what came in blocks that are still there
    stays, what came in others goes, and what is there instead is found.
    """
    donate(native, 7)
    look(native, database)
    kept = rows(database, native_moves)
    height = native.chain.fetch_height()
    donate(native, 8)
    look(native, database)
    assert moves(database) == [(7, 0), (8, 0)]
    reorganise(native, native.chain.fetch_height() - height)
    donate(native, 9)
    mine(native, 2 * DEPTH)

    async def rebuild() -> None:
        following = build_following(native, database, depth=DEPTH)
        await following.empty()
        await follow(following)

    asyncio.run(rebuild())
    assert moves(database) == [(7, 0), (9, 0)]
    assert rows(database, native_moves)[:1] == kept
    assert balance(database, native) == 16
