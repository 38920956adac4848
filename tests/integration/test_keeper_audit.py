"""
The audit that a keeper keeps, against one that is written afterwards from the chain alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from bursar.audit import Action, Entry
from bursar.chain.anvil import Anvil
from bursar.chain.errors import RevertedError
from bursar.chain.failures import FailureReader
from bursar.chain.incoming import fetch_incoming
from bursar.chain.local import LocalChain
from bursar.devnet import USDC, address_of
from bursar.events import WalletCreated
from bursar.keeper import Keeper
from bursar.keeper.building import BookPlaces, keeping
from bursar.store.audit_heads import read_heads
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_recorder import AuditRecorder
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from tests.integration.keeping import PATIENCE
from tests.integration.live import MONDAY, LiveWorld, founded
from tests.integration.test_audit_recorder import Desk, failed_calls

DEPTH = 4


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states, without which it cannot take blocks back.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


def kept(world: LiveWorld, url: str, heads: Path) -> AbstractContextManager[Keeper]:
    """
    A keeper that keeps the books, as a process that starts now is one.
    """
    return keeping(
        url,
        world.chain,
        world.keeper,
        world.organization.address,
        chain_id=world.chain.chain_id,
        depth=DEPTH,
        patience=replace(PATIENCE, final_after=DEPTH),
        books=BookPlaces(safe=world.safe.address, heads=str(heads)),
        clock=world.chain.fetch_now,
    )


def bring(world: LiveWorld, amount: int) -> None:
    """
    A stranger sends USDC to the wallet.
    """
    world.usdc.send(world.deployer, "mint", address_of(world.stranger), amount)
    world.usdc.send(world.stranger, "transfer", world.wallet.address, amount)


def pay_and_fail(world: LiveWorld) -> None:
    """
    In one block the one agent pays, and the other tries what it may not: receipts are read of
    blocks in which something of ours happened.
    """

    def fail() -> None:
        with pytest.raises(RevertedError):
            world.pay(101 * USDC, gas=300_000)

    world.chain.rpc.request("evm_setAutomine", False)
    threads = [
        threading.Thread(target=fail),
        threading.Thread(target=world.pay, args=(4 * USDC,), kwargs={"key": world.other_agent}),
    ]
    for thread in threads:
        thread.start()
    while int(world.chain.rpc.request("txpool_status")["pending"], 16) < len(threads):
        time.sleep(0.01)
    world.chain.rpc.request("evm_mine")
    world.chain.rpc.request("evm_setAutomine", True)
    for thread in threads:
        thread.join()


def bury(world: LiveWorld) -> None:
    """
    So many blocks that what happened before is final.
    """
    world.chain.rpc.request("anvil_mine", hex(2 * DEPTH))


def entries_at(url: str, world: LiveWorld) -> list[Entry]:
    """
    The whole audit, once it is known to be whole.
    """
    with Database.open(url, read_only=True) as database, database.reading() as connection:
        report = verify_audit(connection, world.chain.chain_id, world.organization.address)
        assert report.problems == ()
        return [sealed.entry for sealed in find_audit(connection, Filter())]


def written_afterwards(world: LiveWorld, folder: Path) -> list[Entry]:
    """
    The same by a recorder that has the whole chain at once.
    """
    desk = Desk(world, folder)
    events = world.fetch_history()
    wallets = [event.wallet for event in events if isinstance(event, WalletCreated)]
    last = world.chain.fetch_height()
    incoming = fetch_incoming(world.chain, wallets, first=0, last=last)
    recorder = AuditRecorder(desk.log, desk.carriers, failures=FailureReader(world.chain))
    recorder.record(events, incoming, failed_calls(world))
    found = desk.entries()
    desk.database.close()
    return found


def test_keeper__over_restarts_and_ranges__keeps_the_audit_that_the_chain_gives(
    world: LiveWorld, store_url: str, tmp_path: Path
) -> None:
    """
    T34: whether a block was read in a range or live, before a restart or after it, each movement is
    there once, with the same balances; so is what the chain refused to the agent.
    """
    heads = tmp_path / "elsewhere" / "heads"
    bring(world, 40 * USDC)
    world.pay(1 * USDC)
    bury(world)
    with kept(world, store_url, heads) as keeper:
        keeper.run_once()
        world.pay(2 * USDC)
        bring(world, 50 * USDC)
        pay_and_fail(world)
        keeper.run_once()
    with kept(world, store_url, heads) as keeper:
        world.pay(3 * USDC)
        world.organization.send(world.guardian, "pause", world.wallet.address, 0, "drill")
        keeper.run_once()
        bury(world)
        keeper.run_once()
        keeper.run_once()

    found = entries_at(store_url, world)

    assert found == written_afterwards(world, tmp_path)
    assert [entry.action for entry in found[-7:]] == [
        Action.AGENT_SPEND,
        Action.AGENT_SPEND,
        Action.DEPOSIT,
        Action.AGENT_SPEND,
        Action.REFUSAL,
        Action.AGENT_SPEND,
        Action.KILL_SWITCH,
    ]
    assert found[-2].balance_after == world.usdc_of(world.wallet.address)
    told = read_heads(heads, world.chain.chain_id, world.organization.address)
    assert told[-1].sequence == len(found)
