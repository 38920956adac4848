"""
One writer per key, also where several processes share a database and one of them is frozen.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.chain.sending import points
from bursar.store.database import Database
from bursar.store.sending_leases import Lease, LeaseHeldError, LeaseLostError
from tests.chaos.nursery import Nursery
from tests.integration.giving import KILLED, Giver

LEASE = 0.6


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """
    Processes that start at once.
    """
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def giver(nursery: Nursery, postgres_url: str, tmp_path: Path) -> Iterator[Giver]:
    """
    With a journal in a real Postgres.
    """
    with Anvil() as anvil:
        yield Giver(LocalChain(anvil.url), nursery, tmp_path, "giver", postgres_url)


def wait_until_stopped(child: int) -> None:
    """
    Until the process has frozen itself.
    """
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it was not frozen"
        time.sleep(0.01)


BEFORE_THE_JOURNAL = (points.CLAIMED, points.SIGNED)
AFTER_IT = (points.JOURNALLED, points.BROADCAST, points.MINED)


@pytest.mark.parametrize("point", [*BEFORE_THE_JOURNAL, *AFTER_IT])
def test_frozen__wakes_up_when_another_has_taken_over__can_neither_write_nor_double(
    giver: Giver, point: str
) -> None:
    """
    SIGSTOP where it hurts, another process does the work, SIGCONT: the first finds its epoch old in
    the transaction in which it would journal, and nothing is sent twice or with two nonces.
    """
    frozen = giver.start(point, by=signal.SIGSTOP, lease_seconds=LEASE)
    wait_until_stopped(frozen)
    assert giver.run(lease_seconds=LEASE) == 0, giver.log

    os.kill(frozen, signal.SIGCONT)

    assert giver.nursery.wait(frozen) == 1, giver.log
    assert "LeaseLostError" in giver.log or "LeaseHeldError" in giver.log
    giver.check_all_once()


@pytest.mark.slow
def test_frozen__inside_a_transaction__does_not_keep_its_locks(giver: Giver) -> None:
    """
    The server ends the transaction of who says nothing for ten seconds; the next one goes on.
    """
    frozen = giver.start(points.COMMITTING, 3, by=signal.SIGSTOP, lease_seconds=LEASE)
    wait_until_stopped(frozen)
    assert giver.run(lease_seconds=LEASE) == 0, giver.log

    os.kill(frozen, signal.SIGCONT)

    assert giver.nursery.wait(frozen) == 1, giver.log
    giver.check_all_once()


def test_killed__another_takes_over_when_the_lease_has_lapsed(giver: Giver) -> None:
    """
    A dead process gives nothing back: its time runs out.
    """
    assert giver.run(points.BROADCAST, 2, lease_seconds=LEASE) == KILLED
    assert giver.run(lease_seconds=LEASE) == 0, giver.log

    giver.check_all_once()


def test_two_processes__one_key__do_each_once(giver: Giver) -> None:
    """
    Both are told to do the same, at once: one waits for the other, and finds all of it done.
    """
    first, second = (giver.start(lease_seconds=LEASE) for _ in range(2))
    ended = {giver.nursery.wait(first), giver.nursery.wait(second)}

    assert ended == {0}, giver.log
    giver.check_all_once()


def test_lease__on_sqlite__a_second_process_does_not_even_start(
    nursery: Nursery, tmp_path: Path
) -> None:
    """
    A file has one writer.
    """
    with Anvil() as anvil, Database.open(f"sqlite:///{tmp_path}/bursar.db") as database:
        path = database.url.database
        giver = Giver(LocalChain(anvil.url), nursery, tmp_path, "giver", f"sqlite:///{path}")
        assert giver.run() == 1
        assert "StoreInUseError" in giver.log
        assert giver.fetch_nonce() == 0


class Clock:
    """
    Seconds that pass when told to.
    """

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lease__held_by_another__is_refused_until_it_lapses(postgres_url: str) -> None:
    """
    The epoch grows with each new holder and stays with the old one.
    """
    with Database.open(postgres_url) as database:
        first, second = (Lease(database, "key", seconds=0.3) for _ in range(2))
        assert first.hold() == 1
        with pytest.raises(LeaseHeldError, match="Another process"):
            second.hold()
        time.sleep(0.35)
        assert second.hold() == 2

        with pytest.raises(LeaseHeldError):
            first.hold()


def test_lease__renewed_in_time__is_kept(postgres_url: str) -> None:
    """
    A third of its time is the latest.
    """
    with Database.open(postgres_url) as database:
        clock = Clock()
        first, second = (Lease(database, "key", seconds=1.0, clock=clock) for _ in range(2))
        assert first.hold() == 1
        time.sleep(0.6)
        clock.now = 0.34
        assert first.hold() == 1
        time.sleep(0.6)
        clock.now = 0.68
        with pytest.raises(LeaseHeldError):
            second.hold()


def test_lease__lost__nothing_of_the_transaction_is_kept(database: Database) -> None:
    """
    The check is inside the transaction: what was written before it is undone.
    """
    first, second = (Lease(database, "key", seconds=0.01) for _ in range(2))
    first.hold()
    time.sleep(0.02)
    second.hold()

    with pytest.raises(LeaseLostError):
        database.write(first.check)
    assert database.write(second.check) == 2


class Slow(Lease):
    """
    A lease that nobody has ever had, and that `other` takes right after this one has looked.
    """

    other: Lease | None = None

    def _read(self, *arguments: Any, **options: Any) -> Any:
        row = super()._read(*arguments, **options)
        other, self.other = self.other, None
        if other is not None:
            assert row is None
            other.hold()
        return row


def test_lease__two_that_are_the_first__one_has_it(postgres_url: str) -> None:
    """
    Both see that nobody has it: one gets it, and the other is told so.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as two:
        slow = Slow(one, "key")
        slow.other = quick = Lease(two, "key")
        with pytest.raises(LeaseHeldError):
            slow.hold()
        assert two.write(quick.check) == 1


def test_lease__given_up__is_the_next_ones_at_once(database: Database) -> None:
    """
    Whoever ends well keeps nobody waiting. To give up what is lost is harmless.
    """
    first, second = (Lease(database, "key", seconds=60) for _ in range(2))
    first.hold()
    first.give_up()
    assert second.hold() == 2
    first.give_up()
    assert database.write(second.check) == 2
