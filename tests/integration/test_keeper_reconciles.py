"""
A keeper with a journal: what was signed is gone on with, or burned before anything else is sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.client import Client
from bursar.chain.errors import RpcError
from bursar.chain.local import LocalChain
from bursar.chain.sending import Intent, Patience, Status
from bursar.chain.sending import Outcome as Sent
from bursar.devnet import USDC
from bursar.events import ChangeApplied, PaymentCancelled, PaymentQueued
from bursar.keeper import Keeper, Outcome, ProblemKind
from bursar.keeper.decisions import Due
from bursar.keeper.orders import cancel_key, execute_key
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_leases import Lease
from tests.integration.keeping import (
    add_keeper,
    events,
    executions,
    new_journal,
    new_keeper,
    new_sender,
    outcomes,
    queue,
)
from tests.integration.live import MONDAY, LiveWorld, founded, ref
from tests.integration.proxy import FaultyNode, error

# A cycle does not wait long for what is not mined; three blocks make it final.
BRIEF = Patience(timeout=0.3, replace_after=0.2, lag=0.1, poll=0.02, final_after=3)


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states, without which it cannot take blocks back.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """
    A file.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as database:
        yield database


def booked_keeper(world: LiveWorld, store: Database, **options: Any) -> Keeper:
    """
    A keeper that starts now and finds the journal of the one before it.
    """
    journal = new_journal(world, store)
    sender = new_sender(world, journal=journal, patience=BRIEF)
    return new_keeper(world, sender=sender, **options)


def mine_nothing(world: LiveWorld) -> None:
    """
    What is sent from here on waits.
    """
    world.chain.rpc.request("evm_setAutomine", False)


def mine_by_itself(world: LiveWorld) -> None:
    """
    As usual again.
    """
    world.chain.rpc.request("evm_setAutomine", True)


def find(world: LiveWorld, store: Database, key: str) -> Intent:
    """
    What the journal says.
    """
    found = new_journal(world, store).find(key)
    assert found is not None
    return found


def due_of(world: LiveWorld, event: PaymentQueued) -> Due:
    """
    As the keeper names it.
    """
    (queued,) = [
        queued
        for wallet in new_keeper(world)._watcher.catch_up().state.registry.values()
        for id, queued in wallet.queue.items()
        if id == event.id
    ]
    return Due(world.wallet.address, event.id, queued)


def test_cancel__of_what_was_signed_before__the_old_execute_cannot_take_the_same_payment_again(
    world: LiveWorld, store: Database
) -> None:
    """
    An `execute` is signed and not mined; the payment no longer fits and is cancelled; the very same
    arguments are queued again and fall due. Whoever kept the old bytes can do nothing with them.
    """
    queued, keeper = queue(world), booked_keeper(world, store)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    mine_nothing(world)
    assert outcomes(keeper.run_once())[0][0] is Outcome.UNDER_WAY
    raw = find(world, store, execute_key(due)).signed[0].raw
    world.chain.rpc.request("anvil_dropAllTransactions")
    mine_by_itself(world)

    world.wallet.send(world.guardian, "sweep", world.usdc.address, "all of it")
    report = keeper.run_once()

    assert report.abandoned == [execute_key(due)]
    assert [payment.outcome for payment in report.payments] == [Outcome.CANCELLED]
    keeper.run_once()
    assert find(world, store, execute_key(due)).outcome is Sent.BURNED
    world.by_treasury(*world.build_refill(world.wallet, 1_000 * USDC, ref(7)))
    again = queue(world)
    assert again.id == queued.id
    world.chain.warp(to=again.ready_at)
    with pytest.raises(RpcError, match="nonce too low"):
        world.chain.rpc.request("eth_sendRawTransaction", f"0x{raw.hex()}")
    assert executions(world) == []
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def test_cancel__by_its_agent_while_the_execute_waits__burns_it(
    world: LiveWorld, store: Database
) -> None:
    """
    What is not queued any more is not wanted any more, whoever has cancelled it.
    """
    queued, keeper = queue(world), booked_keeper(world, store)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    mine_nothing(world)
    keeper.run_once()
    world.chain.rpc.request("anvil_dropAllTransactions")
    mine_by_itself(world)
    world.wallet.send(world.other_agent, "cancel", queued.id, "changed my mind")

    assert keeper.run_once().abandoned == [execute_key(due)]
    keeper.run_once()

    assert find(world, store, execute_key(due)).outcome is Sent.BURNED
    assert executions(world) == []


def test_stop__while_the_execute_waits__burns_it_and_sends_another_after_it(
    world: LiveWorld, store: Database
) -> None:
    """
    A stop means that nothing is on its way. After its end the payment is due as before.
    """
    queued, keeper = queue(world), booked_keeper(world, store)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    mine_nothing(world)
    keeper.run_once()
    world.chain.rpc.request("anvil_dropAllTransactions")
    mine_by_itself(world)
    scope = world.wallet.address
    world.organization.send(world.guardian, "pause", scope, 0, "look")

    assert keeper.run_once().abandoned == [execute_key(due)]
    number = world.organization.view("pause_number", scope)
    world.by_treasury(world.organization.build_call("unpause", scope, number, "fine"))

    assert [p.outcome for p in keeper.run_once().payments] == [Outcome.EXECUTED]
    assert find(world, store, execute_key(due)).attempt == 2
    assert len(executions(world)) == 1


def test_restart__with_an_execute_under_way__goes_on_with_the_same_one(
    world: LiveWorld, store: Database
) -> None:
    """
    Another process finds it in the journal: same nonce, no second transaction.
    """
    queued = queue(world)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    mine_nothing(world)
    booked_keeper(world, store).run_once()
    before = find(world, store, execute_key(due))
    world.chain.rpc.request("anvil_dropAllTransactions")
    mine_by_itself(world)

    keeper = booked_keeper(world, store)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]

    after = find(world, store, execute_key(due))
    assert {signed.nonce for signed in after.signed} == {before.nonce}
    assert (after.id, after.status) == (before.id, Status.MINED)
    assert len(executions(world)) == 1


def test_answer_missing__burns_nothing(world: LiveWorld, store: Database) -> None:
    """
    A node that cannot say whether a payment still fits has not said that it does not.
    """
    queued = queue(world)
    world.chain.warp(to=queued.ready_at)
    with FaultyNode(world.chain.rpc.url) as node:
        keeper = booked_keeper(world, store, client=Client(node.url, timeout=1.0))
        mine_nothing(world)
        keeper.run_once()
        with node.breaking("eth_call", by=error("internal error", -32603)):
            report = keeper.run_once()
        mine_by_itself(world)
        world.chain.rpc.request("evm_mine")

        assert report.abandoned == []
        assert [payment.outcome for payment in report.payments] == [Outcome.FAILED]
        assert outcomes(keeper.run_once()) == []
    assert len(executions(world)) == 1


def test_broadcast__refused__keeps_its_nonce_and_its_signature(
    world: LiveWorld, store: Database
) -> None:
    """
    Q18: a failure before submission leaves the payment as it was, and what is signed is sent again.
    """
    queued = queue(world)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    with FaultyNode(world.chain.rpc.url) as node:
        client = Client(node.url, timeout=1.0)
        sender = new_sender(world, client=client, journal=new_journal(world, store), patience=BRIEF)
        keeper = new_keeper(world, sender=sender, client=client)
        with node.breaking("eth_sendRawTransaction", by=error("mempool is full")):
            assert [p.outcome for p in keeper.run_once().payments] == [Outcome.FAILED]
        first = find(world, store, execute_key(due))
        deadline = time.monotonic() + 20
        while not executions(world):
            assert time.monotonic() < deadline
            keeper.run_once()

    after = find(world, store, execute_key(due))
    assert after.signed[0] == first.signed[0]
    assert {signed.nonce for signed in after.signed} == {first.nonce}


def test_reorg__takes_an_execution_back__the_same_transaction_comes_again(
    world: LiveWorld, store: Database
) -> None:
    """
    No new signature for what was signed: the block is gone, the bytes are not.
    """
    queued, keeper = queue(world), booked_keeper(world, store)
    due = due_of(world, queued)
    world.chain.warp(to=queued.ready_at)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
    signed = find(world, store, execute_key(due)).signed
    world.chain.rpc.request("anvil_reorg", 1, [])
    assert executions(world) == []

    for _ in range(3):
        keeper.run_once()

    assert len(executions(world)) == 1
    assert find(world, store, execute_key(due)).signed == signed


def test_change__that_has_waited__is_applied_once(world: LiveWorld, store: Database) -> None:
    """
    What the treasury scheduled takes effect when its delay is over, without anybody's command.
    """
    call = world.organization.build_call("set_change_delay", 3_600)
    world.by_treasury(world.organization.build_call("schedule", call.to, call.data))
    keeper = booked_keeper(world, store)
    assert keeper.run_once().changes == []
    (change,) = keeper._watcher.catch_up().state.changes.values()
    world.chain.warp(to=change.ready_at - 1)
    assert keeper.run_once().changes == []
    world.chain.warp(to=change.ready_at)

    found = [report.outcome for _ in range(2) for report in keeper.run_once().changes]

    assert found == [Outcome.APPLIED]
    assert len(events(world, ChangeApplied)) == 1
    assert world.organization.view("change_delay") == 3_600


def test_change__vetoed__is_not_applied(world: LiveWorld, store: Database) -> None:
    """
    What a guardian has killed is dead.
    """
    call = world.organization.build_call("set_change_delay", 3_600)
    world.by_treasury(world.organization.build_call("schedule", call.to, call.data))
    keeper = booked_keeper(world, store)
    keeper.run_once()
    (change,) = keeper._watcher.catch_up().state.changes.values()
    world.organization.send(world.guardian, "veto", change.id, "no")
    world.chain.warp(to=change.ready_at)

    report = keeper.run_once()

    assert (report.changes, report.problems) == ([], [])


def test_keepers__of_one_key_on_postgres__one_works_and_one_stands_by(
    world: LiveWorld, postgres_url: str
) -> None:
    """
    Q16: both look at the same due payment; one executes it, the other says that it stands by, and
    takes over when the first has ended.
    """
    queued = [queue(world, number) for number in (1, 2)]
    with Database.open(postgres_url) as one, Database.open(postgres_url) as two:
        keepers, journals = [], []
        for database in (one, two):
            address = new_sender(world).address
            name = f"key:{world.chain.chain_id}:{address}"
            lease = Lease(database, name, seconds=60)
            journal = SqlJournal(database, world.chain.chain_id, address, lease=lease)
            sender = new_sender(world, journal=journal, patience=BRIEF)
            keepers.append(new_keeper(world, sender=sender))
            journals.append(journal)
        first, second = keepers
        world.chain.warp(to=queued[0].ready_at)

        assert len(outcomes(first.run_once())) >= 1
        standing_by = second.run_once()
        assert [problem.kind for problem in standing_by.problems] == [ProblemKind.STANDBY]
        assert standing_by.payments == []
        journals[0].lease.give_up()
        world.chain.warp(by=60)
        assert second.run_once().problems == []

    assert sorted(event.id for event in executions(world)) == sorted(e.id for e in queued)


def test_keepers__of_two_keys_with_one_store__execute_once(
    world: LiveWorld, postgres_url: str
) -> None:
    """
    Q16 with keys of their own: each has a journal, the contract executes once.
    """
    keys = (world.keeper, add_keeper(world, "second keeper"))
    queued = [queue(world, number) for number in range(3)]
    with Database.open(postgres_url) as database:
        keepers = [
            new_keeper(
                world,
                sender=new_sender(
                    world, key, journal=new_journal(world, database, key), patience=BRIEF
                ),
            )
            for key in keys
        ]
        world.chain.warp(to=queued[-1].ready_at)
        found = [p.outcome for _ in range(2) for k in keepers for p in k.run_once().payments]

    assert found.count(Outcome.EXECUTED) == 3
    assert sorted(event.id for event in executions(world)) == sorted(e.id for e in queued)


def test_cancel__is_journalled_like_everything_else(world: LiveWorld, store: Database) -> None:
    """
    One intent for the one cancel, with the same payment in its key.
    """
    queued, keeper = queue(world), booked_keeper(world, store)
    due = due_of(world, queued)
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "all of it")
    world.chain.warp(to=queued.ready_at)

    assert [outcome for outcome, _ in outcomes(keeper.run_once())] == [Outcome.CANCELLED]

    assert find(world, store, cancel_key(due)).outcome is Sent.SUCCEEDED
    assert len(events(world, PaymentCancelled)) == 1
