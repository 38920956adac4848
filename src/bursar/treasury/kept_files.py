"""
Files that people rely on: each is there whole or not at all, for its owner alone, and one process
at a time reads, changes and writes.

    with lock(folder): text = read_kept(path, most=…); write_whole(path, changed)
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LOCK: Final = ".lock"


class KeptFileError(OSError):
    """
    A file that is not what it should be: a link, no plain file, or far too large.
    """


def make_folder(folder: Path) -> None:
    """
    A folder for its owner alone, where there is none. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """
    Nobody else reads and writes there meanwhile; a process that dies lets go. Not to be nested.
    """
    make_folder(folder)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_whole(path: Path, content: bytes) -> None:
    """
    Write a file in place of what is there. After a kill, a full disk or a power cut either the old
    content is there or the new. Raises OSError; then the old is.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:  # a Ctrl-C here must leave nothing behind either
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """
    Without it, a power cut could take back that the file was replaced.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_kept(path: Path, *, most: int) -> bytes:
    """
    The content of a file that was kept here. Raises KeptFileError for a link, and as
    `read_bounded`.
    """
    return _read(path, most, os.O_NOFOLLOW)


def read_bounded(path: Path, *, most: int) -> bytes:
    """
    The content of a file that somebody names, of at most so many bytes. Raises KeptFileError for a
    larger one, a pipe or a device, OSError.
    """
    return _read(path, most, 0)


def _read(path: Path, most: int, flags: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | flags)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise KeptFileError(f"{path} is no plain file")
        content = file.read(most + 1)
    if len(content) > most:
        raise KeptFileError(f"{path} has more than {most:,} bytes")
    return content
