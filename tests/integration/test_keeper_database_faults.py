"""
A Postgres that is full, and one that goes away in the middle of work: a whole keeper goes on where
it was, and does everything once.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import select

from bursar.chain.sending import points
from bursar.devnet import USDC, address_of
from bursar.events import PaymentCancelled
from bursar.keeper import CycleReport, Keeper, ProblemKind, following_writer
from bursar.keeper.building import BookPlaces, keeping
from bursar.store import sending_journal
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.sending_tables import transactions
from bursar.types import Bytes32
from tests.harness.postgres import Cluster, Postgres, make_cluster
from tests.harness.small_disk import SmallDisk, SmallDiskError, small_disk
from tests.integration.followed import check_against_chain
from tests.integration.keeping import PATIENCE, events, executions, queue
from tests.integration.live import LiveWorld, ref

DEPTH = 4
# The data of a new server take forty megabytes.
DISK_MEGABYTES = 72


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """
    For servers that are stopped and started.
    """
    made = make_cluster()
    yield made
    shutil.rmtree(made.folder, ignore_errors=True)


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Postgres]:
    """
    A server of the test's own.
    """
    started = Postgres(cluster).start()
    yield started
    started.remove()


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """
    One that can be full.
    """
    try:
        with small_disk(DISK_MEGABYTES) as mounted:
            yield mounted
    except SmallDiskError as error:
        pytest.skip(f"a disk that is full needs root, to be mounted: {error}")


@pytest.fixture
def cramped(cluster: Cluster, disk: SmallDisk) -> Iterator[Postgres]:
    """
    A server with its data on the small disk.
    """
    started = Postgres(cluster, disk.folder).start()
    yield started
    started.remove()


def kept(world: LiveWorld, server: Postgres) -> AbstractContextManager[Keeper]:
    """
    A keeper with its books, as a process that starts now is one.
    """
    return keeping(
        server.url(),
        world.chain,
        world.keeper,
        world.organization.address,
        chain_id=world.chain.chain_id,
        depth=DEPTH,
        patience=replace(PATIENCE, final_after=DEPTH),
        books=BookPlaces(safe=world.safe.address),
        clock=world.chain.fetch_now,
    )


def kinds(report: CycleReport) -> set[ProblemKind]:
    """
    What the operator is told.
    """
    return {problem.kind for problem in report.problems}


def run_until_well(keeper: Keeper) -> None:
    """
    Cycles until one has nothing to complain of.
    """
    for _ in range(20):
        if not (report := keeper.run_once()).problems:
            return
    raise AssertionError(report.problems)


def check_once(world: LiveWorld, server: Postgres, count: int) -> None:
    """
    So many payments have left, each once, by transactions that are all in the journal; events and
    audit are what the chain says.
    """
    assert len({event.id for event in executions(world)}) == len(executions(world)) == count
    assert events(world, PaymentCancelled) == []
    with Database.open(server.url()) as store:
        check_against_chain(world, store)
        with store.reading() as connection:
            journal = set(connection.execute(select(transactions.c.hash)).scalars())
            chain_id, address = world.chain.chain_id, world.organization.address
            report = verify_audit(connection, chain_id, address)
    assert report.problems == ()
    assert report.entries > 0
    assert fetch_sent(world) <= journal


def fetch_sent(world: LiveWorld) -> set[Bytes32]:
    """
    Every mined transaction of the keeper.
    """
    who, rpc = address_of(world.keeper).lower(), world.chain.rpc
    receipts = [
        receipt
        for number in range(world.chain.fetch_height() + 1)
        for receipt in rpc.request("eth_getBlockReceipts", hex(number))
    ]
    ours = [receipt for receipt in receipts if receipt["from"].lower() == who]
    return {Bytes32(bytes.fromhex(receipt["transactionHash"][2:])) for receipt in ours}


def bury(world: LiveWorld) -> None:
    """
    So many blocks that what happened before is final.
    """
    world.chain.rpc.request("anvil_mine", hex(2 * DEPTH), hex(2))


def run_until_full(world: LiveWorld, keeper: Keeper) -> str:
    """
    Let things happen until there is no room to write them down: what the operator is told then.
    """
    for number in range(80):
        world.pay(USDC, ref=ref(1_000 + number))
        for problem in keeper.run_once().problems:
            if problem.kind is ProblemKind.STORE:
                return problem.text
    raise AssertionError("never full")


def test_full__postgres_on_a_disk_without_room__stands_still_and_goes_on(
    world: LiveWorld, cramped: Postgres, disk: SmallDisk
) -> None:
    """
    The keeper says that there is no room and what to do; it signs nothing that it cannot write
    down. With room again it does what fell due, once.
    """
    first = queue(world, 1)
    with kept(world, cramped) as keeper:
        assert keeper.run_once().problems == []
        disk.fill()
        text = run_until_full(world, keeper)
        assert "No space left" in text
        assert "nothing of this was kept. Free some" in text
        second = queue(world, 2)
        world.chain.warp(to=second.ready_at)
        sent = len(fetch_sent(world))
        for _ in range(3):
            assert kinds(keeper.run_once()) >= {ProblemKind.STORE}
        assert len(fetch_sent(world)) == sent

        disk.free()
        run_until_well(keeper)
        bury(world)
        run_until_well(keeper)

    assert {event.id for event in executions(world)} == {first.id, second.id}
    check_once(world, cramped, 2)


def test_full__also_for_the_servers_own_log__ends_the_server_and_loses_nothing(
    world: LiveWorld, cramped: Postgres, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A server that cannot write its log ends itself. Somebody makes room and starts it; the keeper,
    which went on all the time, does what fell due, once.
    """
    monkeypatch.setattr(following_writer, "STORE_SECONDS", 1.0)
    queued = queue(world)
    with kept(world, cramped) as keeper:
        assert keeper.run_once().problems == []
        disk.fill()
        with (
            suppress(psycopg.Error),
            psycopg.connect(cramped.url(), autocommit=True) as connection,
        ):
            for _ in range(8):  # the next part of the log, until there is none
                connection.execute("SELECT pg_logical_emit_message(true, 'x', 'x')")
                connection.execute("SELECT pg_switch_wal()")
        world.chain.warp(to=queued.ready_at)
        sent = len(fetch_sent(world))
        assert kinds(keeper.run_once()) >= {ProblemKind.STORE}
        assert len(fetch_sent(world)) == sent

        assert "PANIC" in cramped.log
        assert not cramped.is_running

        disk.free()
        cramped.start()
        run_until_well(keeper)
        bury(world)
        run_until_well(keeper)

    assert [event.id for event in executions(world)] == [queued.id]
    check_once(world, cramped, 1)


class Outage:
    """
    Ends the server, as `how` says, the first time that the keeper comes to `point`, and starts it
    again after some seconds.
    """

    def __init__(self, server: Postgres, how: str, point: str, seconds: float) -> None:
        self._server, self._how, self._point, self._seconds = server, how, point, seconds
        self._back = threading.Thread(target=self._come_back)
        self.has_begun = False

    def __call__(self, reached: str) -> None:
        """
        A hook of `bursar.chain.sending.points`.
        """
        if reached == self._point and not self.has_begun:
            self.has_begun = True
            getattr(self._server, self._how)()
            self._back.start()

    def _come_back(self) -> None:
        time.sleep(self._seconds)
        self._server.start()

    @property
    def is_over(self) -> bool:
        """
        Whether the server is back.
        """
        return self.has_begun and not self._back.is_alive()

    def end(self) -> None:
        """
        Wait for that.
        """
        if self.has_begun:
            self._back.join()


IN_THE_MIDDLE = (points.JOURNALLED, points.BROADCAST, points.TAKING_IN)
AT_OTHER_POINTS = (points.CLAIMED, points.MINED, points.RECORDED, points.COMMITTING)
# Seconds: less than a write waits for the server, longer than a write is made to wait here, and
# longer than any waits.
BRIEFLY, IN_VAIN, A_MINUTE = 0.5, 2.0, 60.0


@pytest.mark.parametrize(
    ("how", "point", "seconds"),
    [
        *(("crash", point, BRIEFLY) for point in IN_THE_MIDDLE),
        ("stop", points.BROADCAST, BRIEFLY),
        ("crash", points.SIGNED, IN_VAIN),
        ("stop", points.BROADCAST, IN_VAIN),
        *(
            pytest.param("crash", point, BRIEFLY, marks=pytest.mark.slow)
            for point in AT_OTHER_POINTS
        ),
        pytest.param("crash", points.SIGNED, A_MINUTE, marks=pytest.mark.slow),
        pytest.param("stop", points.JOURNALLED, A_MINUTE, marks=pytest.mark.slow),
    ],
)
def test_gone__in_the_middle_of_work__goes_on_and_does_it_once(
    world: LiveWorld,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    point: str,
    seconds: float,
) -> None:
    """
    Between any two steps the database goes away for a while. What is under way is found again by
    what was written before, and nothing is sent twice; meanwhile the operator is told.
    """
    if seconds == IN_VAIN:
        monkeypatch.setattr(following_writer, "STORE_SECONDS", 0.2)
        monkeypatch.setattr(sending_journal, "_WAIT_SECONDS", 0.2)
    first, second = queue(world, 1), queue(world, 2, 85 * USDC)
    with kept(world, server) as keeper:
        assert keeper.run_once().problems == []
        world.chain.warp(to=second.ready_at)
        outage = Outage(server, how, point, seconds)
        ignore = points.watch(outage)
        try:
            during = [keeper.run_once()]
            while not outage.is_over:
                during.append(keeper.run_once())
            assert outage.has_begun
        finally:
            ignore()
            outage.end()
        if seconds != BRIEFLY:
            assert any(kinds(report) >= {ProblemKind.STORE} for report in during)
        for _ in range(4):
            world.chain.warp(by=10)
            keeper.run_once()
        bury(world)
        run_until_well(keeper)

    assert {event.id for event in executions(world)} == {first.id, second.id}
    check_once(world, server, 2)
