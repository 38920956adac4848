"""
The file of refusals, which an agent's process may write to: whatever is in it, the books go on.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bursar.keeper.bookkeeping import Books
from bursar.store import refusal_spool
from bursar.store.audit_heads import HeadFile, read_heads
from bursar.store.audit_log import AuditLog
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome
from bursar.store.refusal_spool import RefusalSpool, SpoolError
from bursar.types import checksummed

CHAIN = 31337
ORGANIZATION = checksummed("0x" + "11" * 20)

REFUSED = Decision(
    at=5,
    chain_id=CHAIN,
    organization=ORGANIZATION,
    wallet=ORGANIZATION,
    agent=ORGANIZATION,
    role="agent",
    action="pay",
    outcome=Outcome.DENIED,
    reason="over-limit",
    message="no",
    policy_version="contract",
    token=None,
    amount=None,
    ref=None,
    inputs={},
)


@pytest.fixture
def spool(tmp_path: Path) -> RefusalSpool:
    """
    With one refusal in it.
    """
    made = RefusalSpool(tmp_path / "refusals")
    made.add(REFUSED)
    return made


def take_in(spool: RefusalSpool, database: Database) -> int:
    """
    As the keeper does.
    """
    return spool.take_in(database, CHAIN, ORGANIZATION)


@pytest.mark.parametrize(
    "forged",
    [
        {"at": "yesterday"},
        {"at": 1 << 70},
        {"at": None},
        {"message": "\udcff"},
        {"message": 7},
        {"action": ["pay"]},
        {"amount": "-1"},
        {"amount": str(1 << 256)},
        {"inputs": [1]},
        {"inputs": {"x": float("nan")}},
        {"id": "x" * 300},
    ],
)
def test_take_in__with_a_line_of_which_no_entry_can_be_made__takes_the_others(
    database: Database, spool: RefusalSpool, forged: dict[str, Any]
) -> None:
    """
    Who can write a line could else keep every refusal out, and every head after it.
    """
    line = json.loads(spool.path.read_bytes())
    with spool.path.open("a") as file:
        file.write(json.dumps({**line, "id": "forged", **forged}) + "\n")
        file.write("[" * 100_000 + "\n")
    spool.add(REFUSED)
    assert take_in(spool, database) >= 2
    assert spool.path.read_bytes() == b""
    log = AuditLog(database, CHAIN, ORGANIZATION)
    assert log.head() is not None


def test_add__after_a_line_that_a_full_disk_has_cut_off__is_taken_in(
    database: Database, spool: RefusalSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What does not fit whole is an error, and harms no line after it.
    """
    write = os.write

    def fill(handle: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data[:-50])

    with monkeypatch.context() as patch, pytest.raises(SpoolError, match="No space left"):
        patch.setattr(os, "write", fill)
        spool.add(REFUSED)
    spool.add(REFUSED)

    assert take_in(spool, database) == 2


def test_take_in__ended_between_two_steps__loses_nobodys_refusals(
    database: Database, spool: RefusalSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The file is another organisation's, too: its lines are there whatever happens, and once in the
    end.
    """
    other = checksummed("0x" + "22" * 20)
    spool.add(REFUSED._replace(organization=other))

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    for step in ("ftruncate", "pwrite", "fsync"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os, step, end)
            take_in(spool, database)
        assert other.encode() in spool.path.read_bytes()

    assert take_in(spool, database) == 0
    assert spool.take_in(database, CHAIN, other) == 1
    assert spool.path.read_bytes() == b""


def test_books__while_somebody_holds_the_spool__tell_their_head(
    database: Database, spool: RefusalSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The keeper waits a moment and not for ever, says so, and comes back.
    """
    monkeypatch.setattr(refusal_spool, "_LOCK_SECONDS", 0.1)
    take_in(spool, database)
    spool.add(REFUSED)
    log = AuditLog(database, CHAIN, ORGANIZATION)
    carriers: Any = None
    heads = tmp_path / "heads"
    books = Books(log, carriers, heads=HeadFile(heads), spools=[spool])
    monkeypatch.setattr(books, "_keep_final", lambda _: None)
    with spool.path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        kept = books.keep()
    assert ["has held" in trouble for trouble in kept.troubles] == [True]
    assert read_heads(heads, CHAIN, ORGANIZATION) == [log.head()]
    assert books.keep().entries == 1
