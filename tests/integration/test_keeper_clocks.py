"""
Clocks that are wrong, and a chain that stops for an hour: whole keepers with their stores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bursar.chain.client import Client
from bursar.devnet import USDC, address_of
from bursar.events import HeartbeatSent, PaymentCancelled
from bursar.keeper import CycleReport, Heartbeat, Keeper, KeeperSettings, Outcome, ProblemKind
from bursar.keeper.building import BookPlaces, keeping
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX
from bursar.types import HOUR
from tests.integration.keeping import PATIENCE, add_keeper, events, executions, lower, queue
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode
from tests.integration.skewed_process import Skewed
from tests.integration.test_keeper_heartbeat import arm_heartbeat

DEPTH = 4
LIMIT = 120


class Machine:
    """
    A keeper's machine at a node: its clock is `skew` seconds ahead of the chain's time, and shows
    what passes while the chain stands still as well.
    """

    def __init__(self, world: LiveWorld, node: FaultyNode, url: str, *, skew: int = 0) -> None:
        self.world, self.node, self.url, self.skew = world, node, url, skew
        self.client = Client(node.url, timeout=10.0)
        self._frozen: int | None = None

    def read_clock(self) -> float:
        base = self.world.chain.fetch_now() if self._frozen is None else self._frozen
        return base + self.skew

    def freeze(self) -> None:
        """
        From here on the clock does not follow the chain; `skew` moves it.
        """
        self._frozen = self.world.chain.fetch_now()

    def keep(self, limit: int = LIMIT) -> AbstractContextManager[Keeper]:
        """
        A keeper that starts now.
        """
        return keeping(
            self.url,
            self.client,
            self.world.keeper,
            self.world.organization.address,
            chain_id=self.world.chain.chain_id,
            depth=DEPTH,
            patience=replace(PATIENCE, timeout=1.0, final_after=DEPTH),
            books=BookPlaces(safe=self.world.safe.address),
            clock=self.read_clock,
            settings=KeeperSettings(max_head_age=limit),
        )

    @property
    def sent(self) -> int:
        """
        How many transactions the node was given.
        """
        return self.node.calls["eth_sendRawTransaction"]

    def fetch_told(self) -> list[str]:
        """
        What senders are told, by kind.
        """
        with Database.open(self.url, read_only=True) as store:
            keys = store.read(lambda c: c.execute(select(OUTBOX.c.key)).scalars().all())
        return sorted(key.split(":")[0] for key in keys)


@pytest.fixture
def machine(world: LiveWorld, node: FaultyNode, tmp_path: Path) -> Iterator[Machine]:
    """
    With its clock right, until a test sets it. Afterwards the chain mines by itself again.
    """
    yield Machine(world, node, f"sqlite:///{tmp_path}/bursar.db")
    world.chain.rpc.request("anvil_dropAllTransactions")
    world.chain.rpc.request("evm_setAutomine", True)


def kinds(report: CycleReport) -> set[ProblemKind]:
    """
    What the operator is told.
    """
    return {problem.kind for problem in report.problems}


def text_of(report: CycleReport, kind: ProblemKind) -> str:
    """
    In which words.
    """
    (problem,) = [problem for problem in report.problems if problem.kind is kind]
    return problem.text


def check_audit(world: LiveWorld, url: str) -> None:
    """
    Whole, in the chain's order, and by the chain's time.
    """
    with Database.open(url, read_only=True) as store, store.reading() as connection:
        chain_id, address = world.chain.chain_id, world.organization.address
        assert verify_audit(connection, chain_id, address).problems == ()
        entries = [sealed.entry for sealed in find_audit(connection, Filter())]
    placed = [(one.place.block, one.at) for one in entries if one.place is not None]
    assert placed
    assert all(before <= after for before, after in pairwise(placed))
    blocks = {event.block: event.at for event in world.fetch_history()}
    assert all(blocks.get(block, at) == at for block, at in placed)


def bury(world: LiveWorld, seconds: int = 5) -> None:
    """
    So many blocks that what happened before is final.
    """
    world.chain.rpc.request("anvil_mine", hex(2 * DEPTH), hex(seconds))


def test_clock__hours_ahead__sends_and_cancels_nothing_until_it_is_set(
    world: LiveWorld, machine: Machine
) -> None:
    """
    By that clock the payment is long expired and the chain has stopped. Nothing is cancelled and
    nobody told that it is; once the clock is right it leaves, once.
    """
    arm_heartbeat(world)
    queued = queue(world)
    world.chain.warp(to=queued.ready_at)
    machine.skew = 30 * HOUR
    with machine.keep() as keeper:
        first = keeper.run_once()
        world.chain.warp(by=5)
        second = keeper.run_once()
        assert kinds(first) == kinds(second) == {ProblemKind.STALE}
        assert "30 h old" in text_of(first, ProblemKind.STALE)
        assert "the clock is ahead, or the node is behind" in text_of(second, ProblemKind.STALE)
        assert (first.heartbeat, second.payments) == (Heartbeat.UNKNOWN, [])
        assert machine.sent == 0

        machine.skew = 0
        outcomes = [one.outcome for _ in range(3) for one in keeper.run_once().payments]
        assert outcomes == [Outcome.WAITING, Outcome.EXECUTED]  # the first heartbeat comes before
        bury(world)
        keeper.run_once()

    assert len(executions(world)) == 1
    assert events(world, PaymentCancelled) == []
    assert machine.fetch_told() == []
    check_audit(world, machine.url)


def test_clock__hours_behind__goes_by_the_chains_time_and_says_so(
    world: LiveWorld, machine: Machine
) -> None:
    """
    What is due leaves when the chain says so, what does not fit is cancelled and what has expired
    is told, and the heartbeat goes on; the operator hears that the clock is wrong.
    """
    arm_heartbeat(world)
    fits = queue(world, 1)
    machine.skew = -30 * HOUR
    with machine.keep() as keeper:
        start = keeper.run_once()
        assert kinds(start) == {ProblemKind.CLOCK, ProblemKind.STALE}
        assert "clock is 30 h behind" in text_of(start, ProblemKind.CLOCK)
        assert machine.sent == 0  # one block shows nothing: the node may have stopped hours ago

        world.chain.warp(to=fits.ready_at - 60)
        early = keeper.run_once()
        assert kinds(early) == {ProblemKind.CLOCK}
        assert (early.heartbeat, early.payments) == (Heartbeat.SENT, [])
        world.chain.warp(to=fits.ready_at)
        assert {one.outcome for one in keeper.run_once().payments} == {Outcome.EXECUTED}

        too_much = queue(world, 2)
        lower(world, per_payment=90_000_000 - 1)
        world.chain.warp(to=too_much.ready_at)
        seen = [one.outcome for _ in range(3) for one in keeper.run_once().payments]
        assert Outcome.CANCELLED in seen

        late = queue(world, 3, 85_000_000)
        world.chain.warp(to=late.expires_at)
        assert keeper.run_once().payments == []
        bury(world)
        keeper.run_once()

    assert [event.id for event in executions(world)] == [fits.id]
    assert [event.id for event in events(world, PaymentCancelled)] == [too_much.id]
    assert machine.fetch_told() == ["cancelled", "expired"]
    check_audit(world, machine.url)


def test_clock__hours_behind_and_a_node_that_stops__is_noticed_all_the_same(
    world: LiveWorld, machine: Machine
) -> None:
    """
    By that clock the head stays young for hours: what counts is that no block comes.
    """
    arm_heartbeat(world)
    queued = queue(world)
    machine.skew = -30 * HOUR
    with machine.keep(limit=1) as keeper:
        keeper.run_once()
        world.chain.warp(to=queued.ready_at - 300)
        keeper.run_once()
        sent = machine.sent
        give_up = time.monotonic() + 20
        while ProblemKind.STALE not in kinds(report := keeper.run_once()):
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert "No block has come for" in text_of(report, ProblemKind.STALE)
        assert report.heartbeat is Heartbeat.UNKNOWN
        assert machine.sent == sent

        world.chain.warp(to=queued.ready_at)
        assert [one.outcome for one in keeper.run_once().payments] != []
        world.chain.warp(by=300)
        keeper.run_once()

    assert len(executions(world)) == 1


@pytest.mark.parametrize("jump", [True, False], ids=["jumps", "catches-up"])
def test_chain__stops_for_an_hour__everything_due_happens_once_afterwards(
    world: LiveWorld, machine: Machine, jump: bool
) -> None:
    """
    While no block comes nothing is sent, the heartbeat least of all, and the operator is told. The
    chain goes on with a block of now, or with those that it has missed: what was sent before, what
    fell due meanwhile and the heartbeat each happen once.
    """
    arm_heartbeat(world, 3_000)
    first, second = queue(world, 1), queue(world, 2, 85_000_000)
    world.chain.warp(to=first.ready_at)
    machine.freeze()
    # It stops right after this: what is sent now waits in the node.
    world.chain.rpc.request("evm_setAutomine", False)
    with machine.keep() as keeper:
        under_way = [one for one in keeper.run_once().payments if one.due.id == first.id]
        assert [one.outcome for one in under_way] == [Outcome.UNDER_WAY]
        sent = machine.sent
        for _ in range(12):
            machine.skew += 300
            stopped = keeper.run_once()
            assert kinds(stopped) == {ProblemKind.STALE}
            assert (stopped.heartbeat, stopped.payments) == (Heartbeat.UNKNOWN, [])
        assert "60 min old" in text_of(stopped, ProblemKind.STALE)
        assert machine.sent == sent

        go_on(world, machine, keeper, jump=jump)
        world.chain.rpc.request("evm_setAutomine", True)
        for _ in range(4):
            world.chain.warp(by=200)
            machine.skew += 200
            assert kinds(keeper.run_once()) == set()
        bury(world, 200)
        machine.skew += 200 * 2 * DEPTH
        keeper.run_once()
        assert not world.organization.view(
            "is_stopped", world.wallet.address, address_of(world.agent)
        )

    assert sorted(event.id for event in executions(world)) == sorted((first.id, second.id))
    assert events(world, PaymentCancelled) == []
    beats = [event.at for event in events(world, HeartbeatSent)]
    assert all(after - before >= 1_000 for before, after in pairwise(beats))
    check_audit(world, machine.url)


def go_on(world: LiveWorld, machine: Machine, keeper: Keeper, *, jump: bool) -> None:
    """
    The chain comes back to the present, at once or block by block: until it is there nothing is
    sent.
    """
    now = int(machine.read_clock())
    if not jump:
        sent = machine.sent
        while world.chain.fetch_now() < now - LIMIT - 300:
            world.chain.warp(by=300)
            assert ProblemKind.STALE in kinds(keeper.run_once())
        assert machine.sent == sent
    world.chain.warp(to=now)
    assert ProblemKind.STALE not in kinds(keeper.run_once())


@pytest.mark.slow
def test_processes__with_clocks_hours_apart__share_a_postgres_and_do_each_thing_once(
    world: LiveWorld, postgres_url: str, tmp_path: Path
) -> None:
    """
    Two keepers, whole processes, one two hours behind and one five: leases go by the server's clock
    and payments by the chain's. One is killed, and the other takes over what was its; a third whose
    clock is ahead does nothing and says so.
    """
    arm_heartbeat(world, 3_000)
    add_keeper(world, "second keeper")
    world.chain.rpc.request("evm_setAutomine", False)
    world.chain.rpc.request("evm_setIntervalMining", 1)
    try:
        with (
            Skewed(world, postgres_url, "keeper", -2 * HOUR, tmp_path / "one") as one,
            Skewed(world, postgres_url, "second keeper", -5 * HOUR, tmp_path / "two") as other,
        ):
            one.wait_for(lambda cycle: kinds_of(cycle) == {"clock"})
            other.wait_for(lambda cycle: kinds_of(cycle) == {"clock"})
            first = [queue(world, number) for number in (1, 2)]
            world.chain.warp(to=first[-1].ready_at)
            wait_for_executions(world, 2)
            one.kill()
            third = queue(world, 3, 80 * USDC)
            world.chain.warp(to=third.ready_at)
            wait_for_executions(world, 3)
            with Skewed(world, postgres_url, "keeper", 2 * HOUR, tmp_path / "three") as ahead:
                ahead.wait_for(lambda cycle: kinds_of(cycle) == {"stale"})
                assert all(cycle["heartbeat"] == "unknown" for cycle in ahead.cycles())
            world.chain.rpc.request("anvil_mine", hex(8), hex(1))
            settled = world.chain.fetch_height()
            other.wait_for(lambda cycle: (cycle["block"] or 0) > settled)
    finally:
        world.chain.rpc.request("evm_setIntervalMining", 0)
        world.chain.rpc.request("evm_setAutomine", True)

    assert len({event.id for event in executions(world)}) == 3
    assert events(world, PaymentCancelled) == []
    check_audit(world, postgres_url)


def kinds_of(cycle: dict[str, Any]) -> set[str]:
    """
    What a process complains of in a cycle.
    """
    return {problem["kind"] for problem in cycle["problems"]}


def wait_for_executions(world: LiveWorld, count: int) -> None:
    """
    Until that many payments have left.
    """
    give_up = time.monotonic() + 60
    while len(executions(world)) < count:
        assert time.monotonic() < give_up
        time.sleep(0.1)
