"""
Files and folders that only their owner can read: they say who is paid what, and when.

What is there already keeps the mode that somebody has given it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Final

_LOCK_PAUSE: Final = 0.02


def make_private_folder(folder: Path) -> None:
    """
    Make `folder` with mode 0700, and so each folder above it that is missing. Raises OSError.
    """
    # Not `parents=True`, which gives those above whatever the umask leaves.
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def held_alone(path: Path, flags: int = 0, *, waits: float = inf) -> Iterator[int]:
    """
    The file at `path`, opened with `flags` and mode 0600, for one process at a time: for whoever
    waits so many seconds at most, since whoever may open it can hold it. The lock goes with the
    process. Raises BlockingIOError, and other OSError.
    """
    make_private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | flags, 0o600)
    try:
        _lock_within(handle, waits)
        yield handle
    finally:
        os.close(handle)


def append_whole(handle: int, lines: bytes) -> None:
    """
    Add lines at the end of a file, and return once they are on the disk. One before them that a
    full disk has cut off keeps to itself. Raises OSError where they do not fit.
    """
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        lines = b"\n" + lines
    written = 0
    while written < len(lines):
        written += os.write(handle, lines[written:])
    os.fsync(handle)


def create_private_file(path: Path) -> None:
    """
    Make an empty file with mode 0600 where there is none. Raises OSError.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _lock_within(handle: int, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise
            time.sleep(_LOCK_PAUSE)
