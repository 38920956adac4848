"""
What a driver raises, in our words.

    DBAPIError → describe_failure → StoreError, or None where it is no failure of the database
"""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError

from bursar.store.errors import (
    OutcomeUnknownError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreGoneError,
    StoreLockedError,
    StoreReadOnlyError,
)

_SQLITE: Final[dict[int, type[StoreError]]] = {
    sqlite3.SQLITE_FULL: StoreFullError,
    sqlite3.SQLITE_BUSY: StoreLockedError,
    sqlite3.SQLITE_LOCKED: StoreLockedError,
    sqlite3.SQLITE_IOERR: StoreGoneError,
    sqlite3.SQLITE_CANTOPEN: StoreGoneError,
    sqlite3.SQLITE_READONLY: StoreReadOnlyError,
    sqlite3.SQLITE_CORRUPT: StoreDamagedError,
    sqlite3.SQLITE_NOTADB: StoreDamagedError,
}

# By SQLSTATE, or its first two digits, which are its class.
_POSTGRES: Final[dict[str, type[StoreError]]] = {
    "53100": StoreFullError,
    "55P03": StoreLockedError,  # lock_timeout
    "40P01": StoreLockedError,  # deadlock
    "40001": StoreLockedError,  # serialisation
    "57014": StoreLockedError,  # statement_timeout
    "25006": StoreReadOnlyError,
    "08": StoreGoneError,  # connection
    "53": StoreGoneError,  # no memory, too many connections
    "57P": StoreGoneError,  # shut down, starting
    "58": StoreGoneError,  # the server's disk
    "XX": StoreDamagedError,  # internal, corrupted
}

_ADVICE: Final[dict[type[StoreError], str]] = {
    StoreFullError: "No space is left; nothing of this was kept. Free some, then try again.",
    StoreLockedError: "Somebody else holds it; nothing of this was kept. Try again.",
    StoreGoneError: "It cannot be reached; nothing of this was kept. Check that it runs and that "
    "its disk is there.",
    StoreReadOnlyError: "It takes no writes; nothing of this was kept. Is it a standby, or was a "
    "connection that reads used to write?",
    StoreDamagedError: "It cannot be read. Restore it from a backup, or start a new one: what "
    "comes from the chain is read again, recorded decisions and audit entries are not.",
    OutcomeUnknownError: "It was lost while a commit was under way: all of this was kept, or "
    "nothing.",
}


def describe_failure(error: DBAPIError, where: str, *, committing: bool) -> StoreError | None:
    """
    The failure of the database `where` in our words; None for what is the caller's to handle, such
    as a broken constraint. `committing`: the commit had been asked for.
    """
    kind = _kind_of(error)
    if kind is None:
        return None
    if kind is StoreGoneError and committing:
        kind = OutcomeUnknownError
    said = str(error.orig).strip().splitlines()
    return kind(f"The database {where}: {said[0] if said else 'no answer'}. {_ADVICE[kind]}")


def _kind_of(error: DBAPIError) -> type[StoreError] | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF)  # the primary code: the rest is detail
    state = getattr(error.orig, "sqlstate", None)
    if state:
        found = (_POSTGRES[key] for key in (state, state[:3], state[:2]) if key in _POSTGRES)
        return next(found, None)
    if error.connection_invalidated or type(error.orig).__name__ == "OperationalError":
        return StoreGoneError  # a broken connection has no state to tell
    return None
