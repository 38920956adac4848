"""
Commands that go on until somebody ends them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.anvil import find_anvil
from bursar.cli.place import Place
from bursar.devnet import load_devnet_treasury, open_devnet, write_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """
    A folder in which a devnet was started.
    """
    path = tmp_path_factory.mktemp("devnet")
    with open_devnet(load_devnet_treasury(None), port=0) as running:
        write_files(running.founded.book, path / ".bursar" / "devnet.env")
        yield path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """
    The command in that folder.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BURSAR_")}
    return subprocess.Popen(
        [sys.executable, "-m", "bursar", *arguments],
        cwd=folder,
        env=clean | {"BURSAR_ANVIL": str(find_anvil())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_events__followed__shows_what_happens_until_ctrl_c(folder: Path) -> None:
    """
    A line for each event as it comes, once; then a quiet end.
    """
    following = start(folder, "events", "--follow", "--json")
    assert following.stdout is not None
    while json.loads(following.stdout.readline())["event"] != "Refilled":
        pass
    pay = ("pay", "USDC", "vendor", "1", "--agent", "shopper", "--yes")
    paying = start(folder, *pay)
    paying.communicate(timeout=60)
    assert paying.returncode == 0

    seen = ""
    while seen != "Paid":
        seen = json.loads(following.stdout.readline())["event"]
    following.send_signal(signal.SIGINT)
    rest, errors = following.communicate(timeout=30)

    assert following.returncode == 130
    assert "Paid" not in rest
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_keeper_run__ended__finishes_its_cycle(folder: Path, number: int) -> None:
    """
    Either signal ends it in order, with status 0 where nothing is wrong.
    """
    running = start(folder, "keeper", "run", "--json")
    assert running.stdout is not None
    report = json.loads(running.stdout.readline())
    running.send_signal(number)
    _, errors = running.communicate(timeout=30)

    assert (report["heartbeat"], report["problems"]) == ("off", [])
    assert running.returncode == 0, errors


def test_events__into_a_pipe_that_closes__ends_quietly(folder: Path) -> None:
    """
    As in `bursar events | head -1`.
    """
    events = start(folder, "events", "--json")
    assert events.stdout is not None
    events.stdout.readline()
    events.stdout.close()
    assert events.stderr is not None
    with events.stderr:
        errors = events.stderr.read()
    events.wait(30)

    assert "Traceback" not in errors


def test_keys__devnets_own__only_where_the_node_is_local(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    T37: a book that calls itself a devnet's opens nothing on a chain that is none.
    """
    monkeypatch.chdir(folder)
    for name in ("BURSAR_RPC_URL", "BURSAR_BOOK"):
        monkeypatch.delenv(name, raising=False)
    place = Place.find(None, None)
    assert place.is_devnet

    monkeypatch.setattr("bursar.treasury.Office.is_local", lambda self: False)
    assert not Place.find(None, None).is_devnet
