"""
The database: one thread that writes, and readers beside it.

    Database.open(url) → write(work): work(connection) in one transaction → its result
                       → read(work)
"""

import asyncio
import copy
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from bursar.store.engines import build_engine, parse_url, sqlite_path, transaction
from bursar.store.errors import OutcomeUnknownError, StoreError, StoreGoneError, StoreUrlError
from bursar.store.failures import describe_failure
from bursar.store.private_files import create_private_file, make_private_folder
from bursar.store.upgrading import upgrade, validate_version
from bursar.store.writer_lock import WriterLock

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Connection], T]

# More in one transaction keeps readers' checkpoints and other writers waiting.
BATCH_ROWS: Final = 1_000
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


class Database:
    """
    The store of one or several organisations. Safe to use from any thread.
    """

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self.url = url
        self.read_only = read_only
        self._readers = build_engine(url, writes=False)
        self._engine = build_engine(url, writes=True)
        path = sqlite_path(url)
        self._lock = WriterLock(path) if path is not None and not read_only else None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self._closing = threading.Event()
        self._inside = threading.local()
        self._check: Work[object] | None = None

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Self:
        """
        The database at `sqlite:///<file>` (made where there is none, with its folder) or
        `postgresql://…`, with its tables brought up to date. `read_only` writes nothing and takes
        no lock.

        Raises StoreError: StoreInUseError where another process writes to the file.
        """
        database = cls(parse_url(url), read_only=read_only)
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def name(self) -> str:
        """
        The address without its password, for messages.
        """
        return self.url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """
        Whether it is a file of this machine, with one process that writes.
        """
        return self.url.get_backend_name() == "sqlite"

    def fenced(self, check: Work[object]) -> Self:
        """
        The same database, for what only who passes `check(connection)` may write: it is asked first
        in each transaction, and what it raises ends it. To close is up to who has opened it.
        """
        fenced = copy.copy(self)
        fenced._check = check
        return fenced

    def write(self, work: Work[T], *, wait_seconds: float = 0.0, repeatable: bool = False) -> T:
        """
        Run `work(connection)` in one transaction on the writing thread and return its result when
        it is committed. It runs from its start again, for at most `wait_seconds`, while the
        database cannot be reached; `repeatable` says that it may even run after it has been
        committed (otherwise that doubt is raised as OutcomeUnknownError).

        Raises StoreError, and whatever `work` raises; nothing is kept then.
        """
        return self._submit(work, wait_seconds, repeatable).result()

    async def write_async(
        self,
        work: Work[T],
        *,
        wait_seconds: float = 0.0,
        repeatable: bool = False,
        lasting: bool = True,
    ) -> T:
        """
        The same from an event loop. To cancel it does not undo what already runs.

        lasting: whether it is on the disk when this returns. Otherwise a power cut may take it with
        everything since, but for what comes after: whatever is lasting makes all before it so.
        """
        return await asyncio.wrap_future(self._submit(work, wait_seconds, repeatable, lasting))

    def write_batches(
        self, rows: Sequence[R], work: Callable[[Connection, Sequence[R]], None]
    ) -> None:
        """
        Run `work(connection, part)` for at most 1,000 rows a transaction; others write in between.
        An error leaves the parts before it committed.
        """
        for part in in_parts(rows):
            self.write(_bind(work, part))

    async def write_batches_async(
        self, rows: Sequence[R], work: Callable[[Connection, Sequence[R]], None]
    ) -> None:
        """
        The same from an event loop, which goes on in between.
        """
        for part in in_parts(rows):
            await self.write_async(_bind(work, part))

    def read(self, work: Work[T]) -> T:
        """
        Run `work(connection)` on this thread, in a transaction that sees one state and cannot
        write. Raises StoreError.
        """
        with self.reading() as connection:
            return work(connection)

    async def read_async(self, work: Work[T]) -> T:
        """
        The same on another thread, for an event loop.
        """
        return await asyncio.to_thread(self.read, work)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        A connection that reads. Raises StoreError.
        """
        with self._translated(), self._readers.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """
        Finish what was submitted, then let go of the file and the connections.
        """
        self._closing.set()
        self._thread.shutdown(wait=True)
        self._engine.dispose()
        self._readers.dispose()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit(
        self, work: Work[T], wait_seconds: float, repeatable: bool, lasting: bool = True
    ) -> "Future[T]":
        if self.read_only:
            raise StoreError(f"The database {self.name} was opened to be read only.")
        if getattr(self._inside, "writing", False):
            raise StoreError("A write inside a write: use the connection that it was given.")
        if self._check is not None:
            work = _behind(self._check, work)
        return self._thread.submit(self._persist, work, wait_seconds, repeatable, lasting)

    def _persist(self, work: Work[T], wait_seconds: float, repeatable: bool, lasting: bool) -> T:
        """
        On the writing thread, which waits: whatever was submitted later comes later.
        """
        give_up = time.monotonic() + wait_seconds
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._transact(work, lasting)
            except StoreGoneError as error:
                doubtful = isinstance(error, OutcomeUnknownError) and not repeatable
                if doubtful or time.monotonic() + pause > give_up or self._closing.wait(pause):
                    raise
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _transact(self, work: Work[T], lasting: bool) -> T:
        self._inside.writing = True
        try:
            with self._translated(), self._engine.connect() as connection:
                with transaction(connection, lasting) as begun:
                    result = work(connection)
                    with self._translated(committing=True):
                        begun.commit()
                return result
        finally:
            self._inside.writing = False

    @contextmanager
    def _translated(self, *, committing: bool = False) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            failure = describe_failure(error, self.name, committing=committing)
            if failure is None:
                raise
            raise failure from error

    def _prepare(self) -> None:
        path = sqlite_path(self.url)
        if self.read_only:
            if path is not None and not path.is_file():
                raise StoreUrlError(f"There is no database at {path}. Start what keeps it, first.")
            self.read(lambda connection: validate_version(connection, self.name))
            return
        if path is not None:
            _make_folder(path.parent)
        if self._lock is not None:
            self._lock.take()
        if path is not None:
            _make_file(path)
        self.write(lambda connection: upgrade(connection, self.name))


def _behind(check: Work[object], work: Work[T]) -> Work[T]:
    def fenced(connection: Connection) -> T:
        check(connection)
        return work(connection)

    return fenced


def in_parts(rows: Sequence[R], size: int = BATCH_ROWS) -> Iterator[Sequence[R]]:
    """
    The rows in parts of at most `size`.
    """
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _make_folder(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise StoreUrlError(
            f"The folder {folder} cannot be made: {error.strerror}. Name another database."
        ) from error


def _make_file(path: Path) -> None:
    """
    Before SQLite does, which would let everybody read it. Its other files get this one's mode.
    """
    try:
        create_private_file(path)
    except OSError as error:
        raise StoreUrlError(
            f"The database {path} cannot be made: {error.strerror}. Make its folder writable for "
            "this user, or name another database."
        ) from error


def _bind(work: Callable[[Connection, Sequence[R]], None], part: Sequence[R]) -> Work[None]:
    return lambda connection: work(connection, part)
