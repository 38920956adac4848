"""
How SQLite and Postgres are talked to.

    URL → parse_url → build_engine(writes=True), build_engine(writes=False)
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    RootTransaction,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bursar.store.errors import StoreUrlError

# Long enough for a checkpoint or a backup, short enough that a stuck reader is noticed.
SQLITE_BUSY_SECONDS: Final = 10
# A writer that waits longer for a row or an advisory lock is told so.
POSTGRES_LOCK_SECONDS: Final = 20
# A server that does not answer is gone; without these a broken network is noticed after minutes.
POSTGRES_CONNECT_SECONDS: Final = 5
POSTGRES_SILENCE_SECONDS: Final = 15
# A process that is frozen in mid-transaction must not keep its locks from the one that takes over.
POSTGRES_FROZEN_SECONDS: Final = 10
_READERS: Final = 4


def parse_url(url: str) -> URL:
    """
    The address of a database: `sqlite:///<file>` or `postgresql://…`. Raises StoreUrlError.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("none")  # not repeated: it may hold a password
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise StoreUrlError(
        "The database's address is not one that Bursar can use. Write sqlite:///folder/file.db or "
        "postgresql://user@host/name."
    )


def sqlite_path(url: URL) -> Path | None:
    """
    The database's file; None for Postgres.
    """
    if url.get_backend_name() != "sqlite":
        return None
    return Path(url.database or "").expanduser().absolute()


def build_engine(url: URL, *, writes: bool) -> Engine:
    """
    An engine of one connection that writes, or of a few that only read. Raises StoreUrlError.
    """
    path = sqlite_path(url)
    try:
        if path is not None:
            return _build_sqlite(path, writes=writes)
        return _build_postgres(url, writes=writes)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreUrlError(
            "Postgres needs the package psycopg: pip install 'bursar[postgres]'."
        ) from error


def _build_sqlite(path: Path, *, writes: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False, "timeout": SQLITE_BUSY_SECONDS},
        pool_size=1 if writes else _READERS,
        max_overflow=0 if writes else _READERS,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where it guesses
        connection.execute("PRAGMA foreign_keys = ON")
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def transaction(connection: Connection, lasting: bool) -> Iterator[RootTransaction]:
    """
    A transaction, to be committed within the block. Unless it shall be `lasting` its commit does
    not wait for the disk: what is there stays whole, and the next commit that waits covers it too.
    """
    driver: Any = connection.connection.driver_connection
    if lasting:
        with connection.begin() as begun:
            yield begun
    elif isinstance(driver, sqlite3.Connection):
        driver.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.begin() as begun:
                yield begun
        finally:
            driver.execute("PRAGMA synchronous = FULL")
    else:
        with connection.begin() as begun:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield begun


def _build_postgres(url: URL, *, writes: bool) -> Engine:
    settings = [
        f"-c lock_timeout={POSTGRES_LOCK_SECONDS}s",
        "-c synchronous_commit=on",  # what is recorded survives the server's crash, too
        "-c timezone=UTC",
    ]
    if writes:
        idle = f"{POSTGRES_FROZEN_SECONDS}s"
        settings.append(f"-c idle_in_transaction_session_timeout={idle}")
    else:
        settings.append("-c default_transaction_read_only=on")
        # As on SQLite: several queries in one transaction see one state.
        settings.append(r"-c default_transaction_isolation=repeatable\ read")
    return create_engine(
        url,
        connect_args={
            "options": " ".join(settings),
            "connect_timeout": POSTGRES_CONNECT_SECONDS,
            "tcp_user_timeout": POSTGRES_SILENCE_SECONDS * 1_000,
            "keepalives_idle": POSTGRES_SILENCE_SECONDS,
            "keepalives_interval": POSTGRES_CONNECT_SECONDS,
            "keepalives_count": 2,
        },
        pool_size=1 if writes else _READERS,
        max_overflow=0 if writes else _READERS,
        pool_pre_ping=True,  # after a restart of the server the first write finds a new connection
    )
