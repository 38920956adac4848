"""
The examples, and the schema that editors check them with.
"""

import json
from typing import Any

import pytest

from bursar.config import Treasury, json_schema, load_treasury
from bursar.types import MAX_UINT256
from tests.unit.config.schema import errors_of
from tests.unit.config.support import FULL, ROOT, SMALL, parse, problems_of, replaced
from tests.unit.config.test_chain_and_tokens import REAL

MILLION = 10**6
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
SCHEMA = ROOT / "docs" / "treasury.schema.json"

Limits = tuple[float, float, float]


def limits_of(treasury: Treasury, wallet: str) -> dict[tuple[str, str], Limits]:
    """
    Per payment, hourly and daily limit in USDC, by agent and category.
    """
    found = next(each for each in treasury.wallets if each.name == wallet)
    return {
        (each.agent.name, each.category.name): (
            each.budget.per_payment / MILLION,
            each.budget.hourly / MILLION,
            each.budget.daily / MILLION,
        )
        for each in found.budgets
    }


def test_reference_topology__loads__with_the_figures_of_t10() -> None:
    """5M master; wallets of 100k, 50k, 200k; six agents at 10k, 10k, 5k, 5k, 50k, 50k a day."""
    treasury = load_treasury(ROOT / "examples" / "treasury.yaml")
    (master,) = treasury.safe.devnet_balance
    assert (master.token.symbol, master.amount) == ("USDC", 5_000_000 * MILLION)
    assert len(treasury.safe.owners) > (treasury.safe.threshold or 0) >= 2

    held = {wallet.name: wallet.tokens[0] for wallet in treasury.wallets}
    figures = {name: (each.refill_to, each.max_balance) for name, each in held.items()}
    assert figures == {
        "trading": (100_000 * MILLION, 100_000 * MILLION),
        "operations": (50_000 * MILLION, 50_000 * MILLION),
        "defi": (200_000 * MILLION, 200_000 * MILLION),
    }

    daily = [each.budget.daily // MILLION for w in treasury.wallets for each in w.budgets]
    assert daily == [10_000, 10_000, 5_000, 5_000, 50_000, 50_000]
    agents = [each.agent for wallet in treasury.wallets for each in wallet.budgets]
    assert agents == list(treasury.agents)
    assert len({agent.address for agent in agents}) == 6
    assert all(agent.role for agent in agents)


def test_policies__load__with_the_figures_of_t38() -> None:
    """T38: two traders on one wallet, a refund bot, and a bot with a budget for each use."""
    treasury = load_treasury(ROOT / "examples" / "policies.yaml")
    assert limits_of(treasury, "trading-hot") == {
        ("trading-agent-1", ""): (1_000, 2_500, 10_000),
        ("trading-agent-2", ""): (5_000, 10_000, 25_000),
    }
    assert limits_of(treasury, "operations-hot") == {
        ("refund-bot", ""): (500, 5_000, 5_000),
        ("operations-bot", ""): (1_000, 50_000, 50_000),
        ("operations-bot", "refund"): (500, 10_000, 10_000),
        ("operations-bot", "payroll"): (10_000, 100_000, 100_000),
    }
    budgets = [each.budget for wallet in treasury.wallets for each in wallet.budgets]
    assert all(each.queue_from == MAX_UINT256 for each in budgets)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples__all_of_them__name_the_schema(path: Any) -> None:
    """So that whoever copies one gets help from the editor."""
    first = path.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../docs/treasury.schema.json"


# The schema


def test_schema__in_docs__is_that_of_the_models() -> None:
    """If this fails: .venv/bin/python scripts/refresh_schema.py"""
    assert json.loads(SCHEMA.read_text()) == json_schema()


@pytest.mark.parametrize(
    "text",
    [FULL, SMALL, REAL, *(path.read_text() for path in EXAMPLES)],
    ids=["full", "small", "real", *(path.name for path in EXAMPLES)],
)
def test_schema__what_loads__is_valid(text: str) -> None:
    """An editor marks nothing that is right."""
    assert not problems_of(text)
    assert errors_of(json_schema(), parse(text)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chain: anvil", "chain: anvl"),
        ("chain: anvil", "chain: {preset: anvil, rpc: x}"),
        ("daily: 50", "dialy: 50"),
        ("daily: 50", "daily: -50"),
        ("daily: 50", 'daily: "1e3"'),
        ("daily: 50", "daily: 50, allowlist_only: yes"),
        ("change_delay: 2d", "change_delay: two days"),
        ("{ana: devnet", "{ana: 0x12"),
        ("  operations:", "  Operations:"),
        ("threshold: 2", "threshold: two"),
        ("guardians: {dana: devnet}", "guardians: [dana]"),
        ("guardians: {dana: devnet}\n", ""),
    ],
)
def test_schema__what_is_misspelled__is_not_valid(old: str, new: str) -> None:
    """Keys, kinds and spellings are marked in the editor already."""
    text = replaced(SMALL, old, new)
    assert problems_of(text)
    assert errors_of(json_schema(), parse(text))


def test_schema__every_key__is_explained() -> None:
    """Editors show what a key means."""
    schema = json_schema()
    sections = [each.get("anyOf", [each])[-1] for each in schema["$defs"].values()]
    for section in [schema, *sections]:
        for name, field in section["properties"].items():
            assert field.get("description"), name
