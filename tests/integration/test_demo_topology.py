"""
The demo's chapter `topology`: a whole treasury from one file, and one key of it in a thief's hands.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.cli import app
from bursar.config import load_treasury
from bursar.demo import topology
from bursar.demo.company import Company, load_topology
from bursar.devnet import USDC

ROOT = Path(__file__).parents[2]
WALLETS = {"trading": 100_000, "operations": 50_000, "defi": 200_000}
AGENTS = {
    "trading-1": 10_000,
    "trading-2": 10_000,
    "operations-1": 5_000,
    "operations-2": 5_000,
    "defi-1": 50_000,
    "defi-2": 50_000,
}
REFUSALS = {
    "access: may only tighten",
    "access: not the treasury",
    "payments: no budget",
    "payments: over the daily limit",
    "payments: over the hourly limit",
}


def demo(*options: str) -> Any:
    """
    The chapter, in this process.
    """
    return CliRunner().invoke(app, ["demo", "--only", "topology", *options])


def test_topology__the_file_that_ships__is_the_example_and_the_reference() -> None:
    """
    T10: 5M master, three wallets, six agents, with these figures; and what the demo plays on is
    what examples/treasury.yaml says.
    """
    shipped = load_topology()

    assert shipped == load_treasury(ROOT / "examples" / "treasury.yaml")
    assert [given.amount for given in shipped.safe.devnet_balance] == [5_000_000 * USDC]
    filled = {wallet.name: wallet.tokens[0].refill_to for wallet in shipped.wallets}
    assert filled == {name: amount * USDC for name, amount in WALLETS.items()}
    lines = [line for wallet in shipped.wallets for line in wallet.budgets]
    limits = {line.agent.name: line.budget.daily for line in lines}
    assert limits == {name: amount * USDC for name, amount in AGENTS.items()}


def test_topology__alone__loses_what_was_left_of_one_agent_and_accounts_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    T1, T3, T4, T8, T18: the thief has defi-2's rest of the day and no more, every other agent's and
    wallet's figures are what they paid themselves, and the refill came out of the Safe alone. What
    the environment says of another chain is not looked at, and no file is left behind.
    """
    monkeypatch.setenv("BURSAR_CHAIN_ID", "8453")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    done = demo("--json")

    assert done.exit_code == 0, done.output
    assert list(tmp_path.iterdir()) == []
    told = json.loads(done.output)
    (chapter,) = told["chapters"]
    status = chapter["status"]
    balances = status["balances"]
    lines = {line["agent"]: line for wallet in status["wallets"] for line in wallet["agents"]}
    own = topology.PAYMENTS

    assert told["closing"] is None
    assert chapter["name"] == "topology"
    assert {step["reason"] for step in chapter["steps"] if step["reason"]} == REFUSALS
    assert sum(balances.values()) == 5_000_000 * USDC
    assert balances["thief"] == 50_000 * USDC - own["defi-2"]
    assert balances["vendor"] == sum(own.values()) + topology.CENT + 5_000 * USDC
    assert balances["treasury (Safe)"] == (5_000_000 - 350_000 - 70_000) * USDC
    assert balances['wallet "defi"'] == 200_000 * USDC
    assert balances['wallet "operations"'] == 50_000 * USDC - (
        own["operations-1"] + own["operations-2"]
    )
    assert {name: line["limit"] for name, line in lines.items()} == {
        name: amount * USDC for name, amount in AGENTS.items()
    }
    assert {name: line["spent"] for name, line in lines.items()} == own | {
        "trading-2": own["trading-2"] + topology.CENT,
        "defi-1": own["defi-1"] + 5_000 * USDC,
        "defi-2": 50_000 * USDC,
    }
    assert [name for name, line in lines.items() if line["stopped"]] == ["defi-2"]
    for wallet in status["wallets"]:
        assert wallet["spent"] == sum(line["spent"] for line in wallet["agents"])
        assert wallet["left"] == wallet["limit"] - wallet["spent"]


def test_topology__narrow_terminal__shows_every_wallet_and_agent_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    At 80 columns nothing is cut off, and each has its utilisation.
    """
    monkeypatch.setenv("COLUMNS", "80")

    done = demo()

    assert done.exit_code == 0
    assert "…" not in done.output
    assert max(map(len, done.output.splitlines())) <= 80
    table = done.output.split("The day of acme")[1]
    rows = {line.split()[0]: line for line in table.splitlines() if "%" in line}
    assert list(rows) == [
        *("trading", "trading-1", "trading-2"),
        *("operations", "operations-1", "operations-2"),
        *("defi", "defi-1", "defi-2"),
    ]
    assert "100%" in rows["defi-2"]
    assert rows["defi"].split()[-3:] == ["of", "2", "running"]


def test_topology__an_agent_that_is_not_at_its_limit__fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Where the wallet pays what the demo says it denies, the demo says so and exits with 1.
    """
    monkeypatch.setitem(topology.PAYMENTS, "trading-1", 9_000 * USDC)

    done = demo("--json")

    assert done.exit_code == 1
    told = json.loads(done.output)
    assert (told["ok"], told["chapter"]) == (False, "topology")
    assert told["claim"] == "A denial changes nothing"


def test_topology__a_theft_that_costs_another_agent__fails_with_the_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Whatever else changes while the thief is at it is found: here another agent pays as well.
    """
    original = Company.take

    def take(self: Company, *arguments: Any, **more: Any) -> Any:
        other = self.members["operations-1"]
        monkeypatch.setattr(Company, "take", original)
        self.connect(other).pay("USDC", self.vendor, USDC)
        return original(self, *arguments, **more)

    monkeypatch.setattr(Company, "take", take)

    done = demo("--json")

    assert done.exit_code == 1
    told = json.loads(done.output)
    assert told["claim"] == "The thief gets what was left, and nobody else loses anything"
    assert "operations-1: day" in told["found"]
    assert "operations-1: day" not in told["expected"]
