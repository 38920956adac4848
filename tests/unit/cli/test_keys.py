"""
`bursar keys`: receipt keys are shown by their ids, and rotated by a person.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.cli import app
from bursar.store.key_file import load_receipt_key, load_receipt_keys
from bursar.types import HOUR


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    A receipt key's file, named by the environment.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BURSAR_RECEIPT_KEY_FILE", str(tmp_path / "receipt.key"))
    load_receipt_key(tmp_path / "receipt.key")
    return tmp_path / "receipt.key"


def keys(*arguments: str, status: int = 0) -> Any:
    """
    What `bursar keys` prints with --json.
    """
    done = CliRunner().invoke(app, ["keys", *arguments, "--json"])
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


def test_rotate__for_two_hours__retires_the_present_key(path: Path) -> None:
    """
    It goes on vouching for so long, so that agents can be started anew one by one.
    """
    first, before = load_receipt_key(path).id, int(time.time())

    told = keys("rotate", "--overlap", "2h", "--yes")

    (retired,) = told["retired"]
    assert retired["id"] == first != told["current"]
    assert before + 2 * HOUR <= retired["until"] <= int(time.time()) + 2 * HOUR
    assert load_receipt_keys(path).current.id == told["current"]
    assert keys("show")["retired"] == [retired]


@pytest.mark.parametrize(("options", "status"), [((), 1), (("--yes", "--overlap", "soon"), 2)])
def test_rotate__not_confirmed_or_not_understood__changes_nothing(
    path: Path, options: tuple[str, ...], status: int
) -> None:
    """
    Whoever still declares with the old key later raises alarms.
    """
    before = path.read_text()

    keys("rotate", *options, status=status)

    assert path.read_text() == before


def test_show__whatever_is_printed__has_no_key(path: Path) -> None:
    """
    Ids can be compared over the telephone.
    """
    keys("rotate", "--yes")
    digits = [line.split()[0] for line in path.read_text().splitlines()]

    shown = CliRunner().invoke(app, ["keys", "show"]).output

    assert load_receipt_key(path).id in shown
    assert not any(key[:12] in shown for key in digits)
