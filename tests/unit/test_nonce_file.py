"""
Nonces that were handed out on this machine: none twice, whatever happens to the file.
"""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bursar.store.nonce_file import NonceFile
from bursar.store.payment_journal import JournalError


def any_from(first: int) -> int:
    """
    The chain has seen none used.
    """
    return first


@pytest.mark.parametrize("kept", [True, False])
def test_reserve__again_and_again__counts_on_for_each_account(tmp_path: Path, kept: bool) -> None:
    """
    From where it left off, or from what the chain says is free after that.
    """
    nonces = NonceFile(tmp_path / "deep" / "nonces.json" if kept else None)

    assert [nonces.reserve("a", any_from) for _ in range(3)] == [0, 1, 2]
    assert nonces.reserve("a", lambda first: first + 5) == 8
    assert nonces.reserve("a", any_from) == 9
    assert nonces.reserve("b", any_from) == 0


def test_reserve__is_on_the_disk_for_its_owner_only(tmp_path: Path) -> None:
    """
    Before the nonce is used; no draft is left.
    """
    path = tmp_path / "nonces.json"
    NonceFile(path).reserve("a", any_from)

    assert json.loads(path.read_text()) == {"a": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["nonces.json", "nonces.json.lock"]


def test_reserve__by_many_objects_at_once__none_twice(tmp_path: Path) -> None:
    """
    As processes would, each with a file object of its own.
    """
    path = tmp_path / "nonces.json"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: NonceFile(path).reserve("a", any_from), range(64)))

    assert sorted(found) == list(range(64))


def test_reserve__chain_does_not_answer__reserves_nothing(tmp_path: Path) -> None:
    """
    And lets go of the lock.
    """
    nonces = NonceFile(tmp_path / "nonces.json")

    def fail(_: int) -> int:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        nonces.reserve("a", fail)
    assert nonces.reserve("a", any_from) == 0


@pytest.mark.parametrize("content", ["", "[]", '{"a": -1}', '{"a": "1"}', '{"a": true}', '{"a": 1'])
def test_reserve__file_that_holds_something_else__is_refused_and_left_alone(
    tmp_path: Path, content: str
) -> None:
    """
    Starting again from nothing could hand out what is signed already.
    """
    path = tmp_path / "nonces.json"
    path.write_text(content)

    with pytest.raises(JournalError, match="does not hold nonces"):
        NonceFile(path).reserve("a", any_from)

    assert path.read_text() == content


def test_reserve__where_nothing_can_be_written__says_where(tmp_path: Path) -> None:
    """
    A folder in the file's place.
    """
    (tmp_path / "nonces.json").mkdir()

    with pytest.raises(JournalError, match=r"nonces\.json"):
        NonceFile(tmp_path / "nonces.json").reserve("a", any_from)


def test_reserve__crash_in_mid_write__keeps_what_was_there(tmp_path: Path) -> None:
    """
    A draft that a crash left is not read, and is overwritten.
    """
    path = tmp_path / "nonces.json"
    nonces = NonceFile(path)
    nonces.reserve("a", any_from)
    path.with_name("nonces.json.draft").write_text('{"a": 99, "left by a cra')

    assert nonces.reserve("a", any_from) == 1
