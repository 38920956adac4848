"""
Who can read what is kept: its owner, and nobody else on the machine.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.store.audit_heads import Head, HeadFile
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome
from bursar.store.refusal_spool import RefusalSpool
from bursar.types import NATIVE, Address, Bytes32

SOMEBODY = Address(NATIVE)


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """
    That of most machines, which lets everybody read.
    """
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """
    The mode of everything below `folder`, by its name.
    """
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_store__made_by_opening_it__is_its_owners_alone(tmp_path: Path) -> None:
    """
    The database, SQLite's files beside it, the lock, and each folder that was missing.
    """
    with Database.open(f"sqlite:///{tmp_path}/state/store/bursar.db") as database:
        database.write(lambda c: c.execute(sa.text("CREATE TABLE probe (id INTEGER)")))
        found = modes(tmp_path)

    files = {f"bursar.db{end}": 0o600 for end in ("", "-wal", "-shm", ".lock")}
    assert found == files | {"state": 0o700, "store": 0o700}


def test_audit__heads_and_refusals__are_their_owners_alone(tmp_path: Path) -> None:
    """
    What is kept beside the store of the audit is no more public than the audit.
    """
    head = HeadFile(tmp_path / "state" / "heads" / "told")
    assert head.tell(1, SOMEBODY, Head(1, Bytes32(bytes(32)))) is None
    RefusalSpool(tmp_path / "other" / "spool" / "refusals").add(a_refusal())

    folders = dict.fromkeys(("state", "heads", "other", "spool"), 0o700)
    assert modes(tmp_path) == folders | {"told": 0o600, "refusals": 0o600}


def test_store__that_is_there_already__keeps_the_mode_it_was_given(tmp_path: Path) -> None:
    """
    Whoever lets a group read the store goes on doing so.
    """
    folder, path = tmp_path / "shared", tmp_path / "shared" / "bursar.db"
    folder.mkdir(mode=0o750)
    path.touch(mode=0o640)
    Database.open(f"sqlite:///{path}").close()

    found = modes(tmp_path)
    assert (found["shared"], found["bursar.db"]) == (0o750, 0o640)


def a_refusal() -> Decision:
    """
    Any.
    """
    return Decision(
        at=1,
        chain_id=1,
        organization=SOMEBODY,
        wallet=None,
        agent=None,
        role="agent",
        action="pay",
        outcome=Outcome.DENIED,
        reason=None,
        message="no",
        policy_version="1",
        token=None,
        amount=None,
        ref=None,
        inputs={},
    )
