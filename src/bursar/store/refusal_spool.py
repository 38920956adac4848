"""
Refusals on their way into the store: an agent's process writes lines, whoever has the store takes
them in.

    RefusalSpool.add(decision) → a synced line → take_in(database, log) → decision and audit entry

An SQLite file has one writer, and an agent must not need a database. A line is taken in once, even
where a crash comes between the store's commit and the emptying of the file.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bursar.audit import Entry
from bursar.chain.strict_json import read_json
from bursar.errors import BursarError
from bursar.store.audit_append import append_entries
from bursar.store.audit_log import refusal_of
from bursar.store.audit_rows import find_entries
from bursar.store.database import Database, in_parts
from bursar.store.decisions import Decision, Outcome, record_decision
from bursar.store.private_files import append_whole, held_alone
from bursar.types import Address, Bytes32, checksummed

CONTRACT: Final = "contract"
"""In place of a version of policy: the wallet's own limits have refused."""

_AT_ONCE: Final = 200
# Who takes lines in has other work, and nobody who adds one needs as long.
_LOCK_SECONDS: Final = 1.0
_ADDRESSES: Final = ("organization", "wallet", "agent", "token")


class SpoolError(BursarError):
    """
    The file of refusals cannot be written or read.
    """


class RefusalSpool:
    """
    The file at `path`, made (mode 0600) with the first line. Several processes may add to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, decision: Decision) -> None:
        """
        Returns once it is on the disk. Raises SpoolError.
        """
        line = json.dumps(_write(decision), separators=(",", ":")).encode() + b"\n"
        with self._alone(os.O_CREAT | os.O_APPEND) as handle:
            append_whole(handle, line)

    def take_in(self, database: Database, chain_id: int, organization: Address) -> int:
        """
        Move every line of that organisation into the store; the others stay. Returns how many are
        new. Raises StoreError, SpoolError.
        """
        if not self.path.exists() or not self.path.stat().st_size:
            return 0
        with self._alone(waits=_LOCK_SECONDS) as handle:
            lines = _read_lines(handle)
            read = [one for line in lines if (one := _read(line)) is not None]
            ours = [one for one in read if _is_of(one[1], chain_id, organization)]
            record = partial(_record, chain_id=chain_id, organization=organization)
            added = sum(_take(database, record, part) for part in in_parts(ours, _AT_ONCE))
            rest = [line for line in lines if _is_others(line, chain_id, organization)]
            # In this order: a crash in between leaves lines twice, which does no harm.
            kept = os.pwrite(handle, b"".join(rest), 0)
            os.ftruncate(handle, kept)
            os.fsync(handle)
        return added

    @contextmanager
    def _alone(self, flags: int = 0, waits: float = inf) -> Iterator[int]:
        try:
            with held_alone(self.path, flags, waits=waits) as handle:
                yield handle
        except BlockingIOError as error:
            raise SpoolError(
                f"Another process has held {self.path} for {waits:g} s: refusals wait there. Find "
                "it (`lsof`), and end it if it hangs."
            ) from error
        except OSError as error:
            raise SpoolError(
                f"The refusals in {self.path} cannot be kept: {error.strerror or error}. Make the "
                "folder writable for the user that runs the agent."
            ) from error


class StoreRefusals:
    """
    Straight into a store that everybody may write to, which Postgres is.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def add(self, decision: Decision) -> None:
        """
        Returns once it is committed. Raises StoreError.
        """
        work = partial(
            _record,
            chain_id=decision.chain_id,
            organization=decision.organization,
            part=[(secrets.token_hex(16), decision)],
        )
        with Database.open(self._url) as database:
            database.write(work, repeatable=True)


def _take(
    database: Database, record: Callable[..., int], part: Sequence[tuple[str, Decision]]
) -> int:
    """
    Those of which an entry can be made; what else is in the file is somebody else's doing, and must
    not keep out what is behind it. Raises StoreError.
    """
    try:
        return database.write(partial(record, part=part), repeatable=True)
    except (ArithmeticError, SQLAlchemyError, TypeError, ValueError):
        if len(part) == 1:
            return 0
        return sum(_take(database, record, [one]) for one in part)


def _record(
    connection: Connection,
    *,
    chain_id: int,
    organization: Address,
    part: Sequence[tuple[str, Decision]],
) -> int:
    """
    Decisions and entries that are not there yet, in one transaction.
    """
    known = find_entries(connection, chain_id, organization, [_identity(id) for id, _ in part])
    entries: list[Entry] = []
    for id, decision in part:
        if _identity(id) not in known:
            entry = refusal_of(record_decision(connection, decision), decision)
            entries.append(_as_told(entry, id, decision))
    return len(append_entries(connection, entries))


def _as_told(entry: Entry, id: str, decision: Decision) -> Entry:
    """
    By its own name, with what was asked for, and by whom it was refused.
    """
    changed: dict[str, Any] = {"identity": _identity(id), "details": dict(decision.inputs)}
    if entry.verdict is not None and decision.policy_version == CONTRACT:
        changed["verdict"] = entry.verdict.model_copy(update={"by": "chain", "version": None})
    return entry.model_copy(update=changed)


def _identity(id: str) -> str:
    return f"refusal:{id}"


def _write(decision: Decision) -> dict[str, Any]:
    plain = decision._asdict() | {"outcome": decision.outcome.value, "id": secrets.token_hex(16)}
    plain["ref"] = None if decision.ref is None else decision.ref.hex()
    plain["amount"] = None if decision.amount is None else str(decision.amount)
    return plain


def _read_lines(handle: int) -> list[bytes]:
    """
    Whole lines; one that a crash cut off was never promised to anybody.
    """
    content = os.pread(handle, os.fstat(handle).st_size, 0)
    return [line + b"\n" for line in content.split(b"\n")[:-1]]


def _read(line: bytes) -> tuple[str, Decision] | None:
    """
    None for a line that is none: somebody else has written to the file.
    """
    try:
        plain = read_json(line)
        id = plain.pop("id")
        plain["outcome"] = Outcome(plain["outcome"])
        plain["ref"] = None if plain["ref"] is None else Bytes32(bytes.fromhex(plain["ref"]))
        plain["amount"] = None if plain["amount"] is None else int(plain["amount"])
        for name in _ADDRESSES:
            plain[name] = None if plain[name] is None else checksummed(plain[name])
        return str(id), Decision(**plain)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _is_of(decision: Decision, chain_id: int, organization: Address) -> bool:
    return (decision.chain_id, decision.organization) == (chain_id, organization)


def _is_others(line: bytes, chain_id: int, organization: Address) -> bool:
    one = _read(line)
    return one is not None and not _is_of(one[1], chain_id, organization)
