"""
Which nonces of signed payments were handed out on this machine, so that none is handed out twice.

    NonceFile.reserve(account, find_free) → nonce, on the disk before anybody signs with it
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bursar.store.payment_journal import JournalError
from bursar.types import MAX_UINT256


class NonceFile:
    """
    The file at `path`, which is made (mode 0600) with the first nonce; None remembers as long as
    the process lives. Threads and processes may share it. A file that is lost costs nothing but
    refusals: of two payments signed with one nonce, one is paid.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._memory: dict[str, int] = {}
        self._lock = threading.Lock()

    def reserve(self, account: str, find_free: Callable[[int], int]) -> int:
        """
        The first nonce of `account` after all that were handed out that `find_free` lets pass: it
        gets a nonce and answers that or a later one. Raises JournalError; nothing is reserved then.
        """
        with self._alone():
            known = self._read()
            nonce = find_free(known.get(account, 0))
            self._write(known | {account: nonce + 1})
        return nonce

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """
        One thread of one process at a time: `flock` excludes processes, and is let go by a crash.
        """
        with self._lock:
            if self.path is None:
                yield
                return
            with self._explaining():
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = os.open(self.path.with_name(f"{self.path.name}.lock"), _FLAGS, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)

    def _read(self) -> dict[str, int]:
        if self.path is None or not self.path.exists():
            return dict(self._memory)
        with self._explaining():
            content = self.path.read_text()
        try:
            return _parse(content)
        except ValueError as error:
            raise JournalError(
                f"{self.path} does not hold nonces, and is left as it is. Restore it, or delete "
                "it: payments that were signed and not relayed may then be refused."
            ) from error

    def _write(self, known: dict[str, int]) -> None:
        """
        Whole or not at all.
        """
        if self.path is None:
            self._memory = known
            return
        draft = self.path.with_name(f"{self.path.name}.draft")
        with self._explaining():
            handle = os.open(draft, _FLAGS | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(known, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"The nonces in {self.path} cannot be used: {error.strerror or error}. Make the "
                "folder writable for the user that runs the agent."
            ) from error


_FLAGS = os.O_WRONLY | os.O_CREAT


def _parse(content: str) -> dict[str, int]:
    found: Any = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("no object")
    for nonce in found.values():
        if type(nonce) is not int or not 0 <= nonce <= MAX_UINT256:
            raise ValueError("no nonce")
    return found
