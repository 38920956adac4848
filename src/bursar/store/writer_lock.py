"""
One process writes to an SQLite file.

    WriterLock(path).take() … release()

The operating system holds the lock on a file beside the database and lets go of it when the process
ends, however it ends: what a dead process left behind blocks nobody.
"""

import fcntl
import os
from pathlib import Path

from bursar.store.errors import StoreInUseError, StoreUrlError


class WriterLock:
    """
    The lock beside the database file at `path`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.lock")
        self._database = path
        self._handle: int | None = None

    def take(self) -> None:
        """
        Have it, or raise StoreInUseError with the other process's id. Raises StoreUrlError where
        the file cannot be made.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUrlError(
                f"The file {self.path} cannot be written: {error.strerror}. Make its folder "
                "writable for this user, or name another database."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", errors="replace").strip()
            os.close(handle)
            raise StoreInUseError(
                f"The database {self._database} is in use: process {holder or 'unknown'} writes to "
                "it, and an SQLite file has one writer. Stop that process, or keep the store in "
                "Postgres to share it."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """
        Let go. The file stays: removing it would let two processes lock two files of one name.
        """
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
