"""
The store on SQLite and on a real Postgres: transactions, threads, values, and everything that can
go wrong with a database.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from bursar.store import engines
from bursar.store.database import BATCH_ROWS, Database
from bursar.store.errors import (
    OutcomeUnknownError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreGoneError,
    StoreInUseError,
    StoreLockedError,
    StoreReadOnlyError,
    StoreUrlError,
)
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column
from bursar.types import MAX_UINT256, NATIVE, Bytes32
from tests.harness.postgres import Cluster, Postgres, make_cluster

PROBE = sa.Table(
    "probe",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("n", Uint256Column),
    sa.Column("who", AddressColumn),
    sa.Column("hash", Bytes32Column),
    sa.Column("text", sa.Text),
)

HOLDER = """
import sys, time
from bursar.store.database import Database
database = Database.open(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def probe(database: Database) -> Database:
    """
    A store with one more table.
    """
    database.write(PROBE.create)
    return database


def add(**values: Any) -> Any:
    """
    Work that adds a row.
    """
    return lambda connection: connection.execute(PROBE.insert().values(**values))


def count(database: Database) -> int:
    """
    How many rows there are.
    """
    query = sa.select(sa.func.count()).select_from(PROBE)
    return int(database.read(lambda connection: connection.execute(query).scalar_one()))


def test_write__that_raises__keeps_nothing(probe: Database) -> None:
    """
    A transaction is kept whole or not at all, and the error reaches the caller.
    """

    def work(connection: sa.Connection) -> None:
        add(id=1)(connection)
        raise KeyError("half way")

    with pytest.raises(KeyError, match="half way"):
        probe.write(work)

    assert count(probe) == 0
    assert probe.write(lambda _: "result") == "result"


def test_write__behind_a_fence_that_has_fallen__keeps_nothing(probe: Database) -> None:
    """
    The fence is asked in the transaction itself, each time, and only of who is behind it.
    """
    mine = [True]

    def check(_: sa.Connection) -> None:
        if not mine:
            raise KeyError("another's by now")

    fenced = probe.fenced(check)
    fenced.write(add(id=1))
    mine.clear()
    with pytest.raises(KeyError, match="another's by now"):
        fenced.write(add(id=2))
    probe.write(add(id=3))

    assert count(fenced) == count(probe) == 2


def test_write__breaking_a_constraint__is_the_callers_to_handle(probe: Database) -> None:
    """
    A broken uniqueness is no failure of the database: it arrives as it is.
    """
    probe.write(add(id=1))

    with pytest.raises(IntegrityError):
        probe.write(add(id=1))

    assert count(probe) == 1


def test_read__while_a_write_is_under_way__sees_what_was_before(probe: Database) -> None:
    """
    Readers neither wait for the writer nor see what it has not committed.
    """
    inside, go_on = threading.Event(), threading.Event()

    def work(connection: sa.Connection) -> None:
        add(id=1)(connection)
        inside.set()
        assert go_on.wait(20)

    writer = threading.Thread(target=probe.write, args=(work,))
    writer.start()
    assert inside.wait(20)
    assert count(probe) == 0
    go_on.set()
    writer.join()
    assert count(probe) == 1


def test_read__of_several_queries__sees_one_state(probe: Database) -> None:
    """
    What is committed between two of them belongs to the next read.
    """

    def count_in(connection: sa.Connection) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(PROBE)).scalar_one())

    with probe.reading() as connection:
        assert count_in(connection) == 0
        probe.write(add(id=1))
        assert count_in(connection) == 0
    assert count(probe) == 1


def test_read__that_writes__is_refused(probe: Database) -> None:
    """
    Only one thread writes; a connection that reads cannot.
    """
    with pytest.raises(StoreReadOnlyError):
        probe.read(add(id=1))

    assert count(probe) == 0


def test_write__from_many_threads__runs_one_after_the_other(probe: Database) -> None:
    """
    Read, add one, write back: with two writers at once some would be lost.
    """
    probe.write(add(id=1, n=0))
    ran_on: set[str] = set()

    def raise_by_one(connection: sa.Connection) -> None:
        ran_on.add(threading.current_thread().name)
        n = connection.execute(sa.select(PROBE.c.n)).scalar_one()
        connection.execute(PROBE.update().values(n=n + 1))

    def many() -> None:
        for _ in range(25):
            probe.write(raise_by_one)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert probe.read(lambda c: c.execute(sa.select(PROBE.c.n)).scalar_one()) == 200
    assert len(ran_on) == 1


def test_write__from_an_event_loop__leaves_it_running(probe: Database) -> None:
    """
    The async twin gives the result, and the loop goes on meanwhile.
    """
    go_on = threading.Event()

    def work(connection: sa.Connection) -> str:
        assert go_on.wait(20)
        add(id=1)(connection)
        return "done"

    async def both() -> str:
        writing = asyncio.create_task(probe.write_async(work))
        await asyncio.sleep(0.01)
        go_on.set()  # never reached if the loop were held up
        return await writing

    assert asyncio.run(both()) == "done"
    assert count(probe) == 1


def test_write__inside_a_write__is_refused(probe: Database) -> None:
    """
    It would wait for itself for ever.
    """
    with pytest.raises(StoreError, match="inside a write"):
        probe.write(lambda _: probe.write(add(id=1)))


def test_batches__of_many_rows__let_others_in_between(probe: Database) -> None:
    """
    At most 1,000 rows a transaction, all of them in the end.
    """
    sizes: list[int] = []

    def work(connection: sa.Connection, part: Any) -> None:
        sizes.append(len(part))
        connection.execute(PROBE.insert(), part)

    probe.write_batches([{"id": number} for number in range(2_500)], work)

    assert sizes == [BATCH_ROWS, BATCH_ROWS, 500]
    assert count(probe) == 2_500


def test_values__of_the_chain__come_back_and_sort_as_numbers(probe: Database) -> None:
    """
    256 bits, addresses and hashes, without losing a bit.
    """
    numbers = [MAX_UINT256, 0, 255, 256, 2**255, 2**64]
    hash_ = Bytes32(bytes(range(32)))
    for position, number in enumerate(numbers):
        probe.write(add(id=position, n=number, who=NATIVE, hash=hash_))
    probe.write(add(id=99, n=None, who=None, hash=None))

    with probe.reading() as connection:
        query = sa.select(PROBE).where(PROBE.c.n >= 0).order_by(PROBE.c.n)
        rows = connection.execute(query).all()

    assert [row.n for row in rows] == sorted(numbers)
    assert {(row.who, row.hash) for row in rows} == {(NATIVE, hash_)}


@pytest.mark.parametrize(
    "values", [{"n": -1}, {"n": MAX_UINT256 + 1}, {"who": "0x1234"}, {"hash": b"short"}]
)
def test_values__that_do_not_fit__are_refused(probe: Database, values: dict[str, Any]) -> None:
    """
    Nothing is cut off or filled up silently.
    """
    with pytest.raises(StatementError):
        probe.write(add(id=1, **values))

    assert count(probe) == 0


def test_close__finishes_what_was_submitted(database_url: str) -> None:
    """
    What a caller was told is under way is not lost by an orderly end.
    """
    with Database.open(database_url) as database:
        database.write(PROBE.create)
        inside = threading.Event()

        def slow(connection: sa.Connection) -> None:
            inside.set()
            time.sleep(0.05)
            add(id=1)(connection)

        writer = threading.Thread(target=database.write, args=(slow,))
        writer.start()
        assert inside.wait(20)
    writer.join()

    with Database.open(database_url, read_only=True) as database:
        assert count(database) == 1


def test_open__second_process_on_sqlite__is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    """
    One process writes to an SQLite file. Its lock goes with it, also after kill -9.
    """
    url = f"sqlite:///{tmp_path}/bursar.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(StoreInUseError, match=f"process {holder.pid} writes"):
            Database.open(url)
        with Database.open(url, read_only=True) as reader:
            assert reader.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one()) == 1
            with pytest.raises(StoreError, match="read only"):
                reader.write(lambda _: None)
    finally:
        holder.kill()
        holder.communicate()

    with Database.open(url) as database:
        assert database.write(lambda _: 1) == 1


@pytest.mark.parametrize("url", ["mysql://a/b", "sqlite://", "nonsense", "sqlite:///:memory:"])
def test_open__address_of_something_else__is_refused(url: str) -> None:
    """
    It says what to write instead.
    """
    with pytest.raises(StoreUrlError, match="sqlite:///folder"):
        Database.open(url)


def test_open__no_server__names_it_without_its_password(tmp_path: Path) -> None:
    """
    A password does not end up in a log.
    """
    with pytest.raises(StoreGoneError) as caught:
        Database.open(f"postgresql://someone:secret@/store?host={tmp_path}")

    assert "someone" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_open__file_that_is_no_database__says_so(tmp_path: Path) -> None:
    """
    Nothing is overwritten.
    """
    path = tmp_path / "bursar.db"
    path.write_bytes(b"something else entirely, and long enough" * 100)

    with pytest.raises(StoreDamagedError):
        Database.open(f"sqlite:///{path}")

    assert path.read_bytes().startswith(b"something else")


def test_full__sqlite__keeps_what_was_there_and_goes_on_afterwards(tmp_path: Path) -> None:
    """
    A full disk is told as such; with space again the same database goes on.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as database:
        database.write(PROBE.create)
        database.write(add(id=1, text="before"))
        pages = database.write(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
        limit = f"PRAGMA max_page_count = {pages + 4}"
        database.write(lambda c: c.exec_driver_sql(limit).scalar_one())

        with pytest.raises(StoreFullError, match="No space"):
            database.write(add(id=2, text="x" * 100_000))

        assert count(database) == 1
        database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 100000").scalar_one())
        database.write(add(id=2, text="x" * 100_000))
        assert count(database) == 2


def test_full__postgres__is_told_as_such(postgres_url: str) -> None:
    """
    What the server says when its disk is full is no broken connection.
    """
    full = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
    with Database.open(postgres_url) as database, pytest.raises(StoreFullError):
        database.write(lambda c: c.exec_driver_sql(full))


def test_locked__by_another_program__is_told_and_keeps_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Somebody who holds the database for too long is an error of its own, and the next write passes
    once they let go.
    """
    monkeypatch.setattr(engines, "SQLITE_BUSY_SECONDS", 0.1)
    monkeypatch.setattr(engines, "POSTGRES_LOCK_SECONDS", 0.1)
    with Database.open(database_url) as database:
        database.write(PROBE.create)
        with another_program(database_url), pytest.raises(StoreLockedError):
            database.write(add(id=1))
        database.write(add(id=2))
        assert count(database) == 1


def another_program(url: str) -> Any:
    """
    Somebody who holds a lock on the probe, until closed.
    """
    if url.startswith("sqlite"):
        held = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        return Closing(held)
    other = psycopg.connect(url)
    other.execute("LOCK TABLE probe IN ACCESS EXCLUSIVE MODE")
    return Closing(other)


class Closing:
    """
    `contextlib.closing` for both kinds of connections.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.connection.rollback()
        self.connection.close()


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


@pytest.mark.parametrize(
    "seconds", [0.5, pytest.param(60, marks=pytest.mark.slow)], ids=["briefly", "a-minute"]
)
@pytest.mark.parametrize("how", ["stop", "crash"])
def test_gone__server_comes_back__what_waits_is_written_once(
    server: Postgres, how: str, seconds: float
) -> None:
    """
    Gone is an error for who does not wait, and a pause for who does; nothing is lost or doubled.
    """
    with Database.open(server.url()) as database:
        database.write(PROBE.create)
        getattr(server, how)()
        with pytest.raises(StoreGoneError):
            database.write(add(id=1))

        waiting = threading.Thread(
            target=database.write, args=(add(id=2),), kwargs={"wait_seconds": 200.0}
        )
        waiting.start()
        time.sleep(seconds)
        assert waiting.is_alive()
        server.start()
        waiting.join(timeout=60)

        ids = database.read(lambda c: c.execute(sa.select(PROBE.c.id)).scalars().all())
        assert ids == [2]


def test_gone__in_mid_commit__is_told_as_unknown_and_not_repeated(postgres_url: str) -> None:
    """
    When the answer to a commit is lost, nobody here knows: it is done again only where the caller
    says that this does no harm.
    """
    with Database.open(postgres_url) as database:
        database.write(PROBE.create)
        database.write(lambda c: [c.exec_driver_sql(line) for line in DIE_IN_COMMIT])
        runs: list[int] = []

        def work(connection: sa.Connection) -> None:
            runs.append(1)
            add(id=len(runs), text="die" if len(runs) < 3 else "live")(connection)

        with pytest.raises(OutcomeUnknownError, match="all of this was kept, or nothing"):
            database.write(work, wait_seconds=30)
        assert len(runs) == 1

        database.write(work, wait_seconds=30, repeatable=True)
        assert len(runs) == 3
        assert count(database) == 1


# At the commit of a row that says so, the server ends the session that commits.
DIE_IN_COMMIT = (
    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON probe DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW WHEN (NEW.text = 'die') EXECUTE FUNCTION die()",
)


def test_gone__file_system_of_sqlite__is_told(tmp_path: Path) -> None:
    """
    A folder that went away under the database: reading and writing say so, and nothing is made anew
    in its place.
    """
    url = f"sqlite:///{tmp_path}/store/bursar.db"
    with Database.open(url) as database:
        database.write(PROBE.create)
        database._engine.dispose()  # as a long pause would: the next write opens the file again
        (tmp_path / "store").rename(tmp_path / "away")

        with pytest.raises(StoreGoneError):
            database.write(add(id=1), wait_seconds=0.2)

        (tmp_path / "away").rename(tmp_path / "store")
        database.write(add(id=1), wait_seconds=5)
        assert count(database) == 1
