"""
`bursar demo`: it tells the truth or says that it did not, and it leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.cli import app
from bursar.demo import CHAPTERS, limit, stage
from bursar.demo.report import usdc
from bursar.devnet import USDC

REFUSALS = {
    "payments: stopped",
    "payments: over the hourly limit",
    "queue: not due yet",
    "queue: no such payment",
    "roles: not the treasury",
    "stops: not the stop that was seen",
}
NAMES = ["setup", "pay", "limit", "queue", "stop", "theft", "topology", "audit"]


def demo(*options: str) -> Any:
    """
    The command, in this process.
    """
    return CliRunner().invoke(app, ["demo", *options])


def test_demo__whole__tells_every_chapter_and_accounts_for_every_base_unit(
    tmp_path: Path,
) -> None:
    """
    As `make demo` runs it, for a machine: all chapters by their stable names, the chain's reason
    for each kind of refusal, balances that add up, and nothing left on the disk.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bursar", "demo", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
    told = json.loads(done.stdout)
    chapters, closing = told["chapters"], told["closing"]
    steps = [step for chapter in chapters for step in chapter["steps"]]
    balances = closing["balances"]

    assert told["ok"] is True
    assert [chapter["name"] for chapter in chapters] == NAMES
    assert {step["reason"] for step in steps if step["outcome"] == "refused"} >= REFUSALS
    assert sum(balances.values()) == 1_000_000 * USDC
    assert balances["treasury (Safe)"] == 950_000 * USDC
    # The thief has what was left of one hour: 10,000 less what the agent itself had paid.
    assert balances["thief"] == (10_000 - 3_500 - 250) * USDC
    spent = sum(line["spent"] for line in closing["budgets"])
    assert spent == balances["vendor"] + balances["thief"]
    assert [line["stopped"] for line in closing["budgets"]] == [False, True]


def test_demo__only_one_chapter__plays_it_with_the_set_up_it_needs() -> None:
    """
    A chapter stands alone, and is told alone.
    """
    done = demo("--only", "stop")

    assert done.exit_code == 0
    assert "Stopping is easy" in done.output
    assert "spending money" not in done.output
    assert "\x1b[" not in done.output


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("stop", "topology")])
def test_demo__any_chapter_alone__holds(name: str) -> None:
    """
    None leans on what another one has left.
    """
    done = demo("--only", name, "--json")

    assert done.exit_code == 0
    assert [chapter["name"] for chapter in json.loads(done.output)["chapters"]] == [name]


def test_demo__narrow_terminal__keeps_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At 80 columns nothing is cut off.
    """
    monkeypatch.setenv("COLUMNS", "80")

    done = demo("--only", "limit")

    assert done.exit_code == 0
    assert "…" not in done.output
    assert max(map(len, done.output.splitlines())) <= 80


def test_demo__list__names_the_chapters() -> None:
    """
    Nothing is started.
    """
    done = demo("--list")

    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert all(line.startswith(name) for line, name in zip(lines, NAMES, strict=True))
    assert [chapter.name for chapter in CHAPTERS] == NAMES


def test_demo__unknown_chapter__is_wrong_usage() -> None:
    """
    The message lists what there is.
    """
    done = demo("--only", "nope")

    assert done.exit_code == 2
    assert "theft" in done.output


def test_demo__a_payment_that_is_no_longer_too_much__fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Where the chain accepts what the demo says it refuses, the demo says so and exits with 1.
    """
    monkeypatch.setattr(limit, "AMOUNT", 1 * USDC)

    done = demo("--only", "limit")

    assert done.exit_code == 1
    assert "failed in chapter limit" in done.output
    assert "The preview says no" in done.output


def test_demo__money_that_is_not_where_it_is_said_to_be__fails_with_the_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The claim, what was expected and what was found, for a machine as well.
    """
    original = stage.Stage.money
    monkeypatch.setattr(
        stage.Stage, "money", lambda self, who: (original(self, who)[0], 0), raising=True
    )

    done = demo("--only", "pay", "--json")

    assert done.exit_code == 1
    told = json.loads(done.output)
    assert (told["ok"], told["chapter"]) == (False, "pay")
    assert told["claim"] == "Exactly the amount moves"
    assert told["expected"] != told["found"]


def test_demo__no_anvil__says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    A missing binary is a sentence, not a traceback.
    """
    monkeypatch.setenv("BURSAR_ANVIL", str(tmp_path / "missing"))

    done = demo()

    assert done.exit_code == 1
    assert "BURSAR_ANVIL" in done.output


@pytest.mark.parametrize("words", ["chain of its own", "setup  "])
def test_demo__interrupted__leaves_no_chain_behind(words: str, tmp_path: Path) -> None:
    """
    Ctrl-C at any point: while the chain starts, and in the midst of it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            break
    chains = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert not [pid for pid in chains if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []


def children_of(pid: int) -> list[str]:
    """
    The processes that it has started, by id.
    """
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (USDC // 100, "0.01"),
        (USDC // 2, "0.50"),
        (1_234_567 * USDC, "1,234,567"),
        (2_999_990_000, "2,999.99"),
    ],
)
def test_usdc__base_units__read_as_people_write_them(amount: int, text: str) -> None:
    """
    Exact, with thousands separated, and at least two decimals where there are any.
    """
    assert usdc(amount) == text
