"""
Alerts that a person, or what a person did, has settled; also while another process has the file.

    clear_by_hand(url, …) → the store, or a line in a file beside it → take_in, by whoever has it

An SQLite file has one writer, which is the keeper where one runs. A line is taken in once: what is
no longer open is not cleared again.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from bursar.chain.strict_json import read_json
from bursar.errors import BursarError
from bursar.store.alerts import LONGEST_NAME, Whose, clear_alert, end_alert
from bursar.store.database import Database
from bursar.store.engines import parse_url, sqlite_path
from bursar.store.errors import StoreInUseError
from bursar.store.outbox import put
from bursar.store.private_files import append_whole, held_alone
from bursar.types import checksummed

TOPIC: Final = "alert-cleared"
"""Of the outbox: the keeper tells the channels, whose settings it has."""
# Who takes lines in has other work.
_LOCK_SECONDS: Final = 1.0


class ClearError(BursarError):
    """
    What was cleared cannot be written down.
    """


class ToClear(NamedTuple):
    """
    An alert of an organisation, `by` whom, why, and when (Unix seconds). `ended`: found once more,
    it is a new alert; otherwise it has to be over in between.
    """

    whose: Whose
    alert: int
    by: str
    why: str
    at: int
    ended: bool = False


def clear_by_hand(url: str, wanted: Sequence[ToClear]) -> bool:
    """
    Clear them in the store at `url`. Whether it is done: if not, the keeper that writes to that
    store does it within its next cycle. Raises StoreError, ClearError.
    """
    try:
        with Database.open(url) as database:
            database.write(lambda c: clear_all(c, wanted), repeatable=True)
        return True
    except StoreInUseError:
        spool = ClearSpool.beside(url)
        assert spool is not None, "only a file is in use"
        spool.add(wanted)
        return False


def clear_all(connection: Connection, wanted: Sequence[ToClear]) -> int:
    """
    Clear those that are open, and leave it to be told. Returns how many that were.
    """
    cleared = 0
    for whose, id, by, why, at, ended in wanted:
        said = {"by": _storable(by)[:LONGEST_NAME], "why": _storable(why)}
        if clear_alert(connection, whose, id, **said, now=at) is None:
            continue
        cleared += 1
        if ended:
            end_alert(connection, whose, id, now=at)
        put(connection, TOPIC, str(id), {**whose._asdict(), "alert": id}, now=at)
    return cleared


class ClearSpool:
    """
    The file at `path`, made (mode 0600) with the first line. Several processes may add to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, url: str) -> "ClearSpool | None":
        """
        That of an SQLite file; None for Postgres, where everybody may write.
        """
        path = sqlite_path(parse_url(url))
        return None if path is None else cls(path.with_suffix(".clears"))

    def add(self, wanted: Sequence[ToClear]) -> None:
        """
        Returns once they are on the disk. Raises ClearError.
        """
        lines = "".join(f"{json.dumps(_write(one))}\n" for one in wanted)
        with self._alone(os.O_CREAT | os.O_APPEND) as handle:
            append_whole(handle, lines.encode())

    def take_in(self, database: Database) -> int:
        """
        Clear what the file names, and empty it. Returns how many alerts that were. Raises
        StoreError, ClearError.
        """
        if not self.path.exists() or not self.path.stat().st_size:
            return 0
        with self._alone(waits=_LOCK_SECONDS) as handle:
            lines = os.pread(handle, os.fstat(handle).st_size, 0).split(b"\n")[:-1]
            wanted = [one for line in lines if (one := _read(line)) is not None]
            cleared = database.write(lambda c: clear_all(c, wanted), repeatable=True)
            os.ftruncate(handle, 0)
            os.fsync(handle)
        return cleared

    @contextmanager
    def _alone(self, flags: int = 0, waits: float = inf) -> Iterator[int]:
        try:
            with held_alone(self.path, flags, waits=waits) as handle:
                yield handle
        except BlockingIOError as error:
            raise ClearError(
                f"Another process has held {self.path} for {waits:g} s: what was cleared waits "
                "there. Find it (`lsof`), and end it if it hangs."
            ) from error
        except OSError as error:
            raise ClearError(
                f"What was cleared cannot be kept in {self.path}: {error.strerror or error}. Make "
                "the folder writable for this user."
            ) from error


def _storable(text: str) -> str:
    """
    With what no database takes written out: bytes that are no text, and NUL.
    """
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def _read_id(value: Any) -> int:
    """
    Raises ValueError for what no alert has.
    """
    if not 0 < int(value) < 1 << 63:
        raise ValueError("No alert has this number.")
    return int(value)


def _write(one: ToClear) -> dict[str, Any]:
    return {**one._asdict(), "whose": one.whose._asdict()}


def _read(line: bytes) -> ToClear | None:
    """
    None for a line that is none: somebody else has written to the file.
    """
    try:
        plain = read_json(line)
        whose = Whose(int(plain["whose"]["chain_id"]), checksummed(plain["whose"]["organization"]))
        return ToClear(
            whose,
            _read_id(plain["alert"]),
            str(plain["by"]),
            str(plain["why"]),
            int(plain["at"]),
            bool(plain["ended"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
