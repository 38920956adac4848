"""
The feature table and the pages that name tests as proofs, held against what is there.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FEATURES = (ROOT / "docs" / "features.md").read_text()
INTERFACE = (ROOT / "docs" / "interface.md").read_text()

# Pages below docs/ that name tests as proofs, and how many they name at least.
PROVEN = {
    "security/threat-model.md": 40,
    "security/trust-assumptions.md": 14,
    "security/invariants.md": 20,
    "security/known-attacks.md": 45,
    "tokens.md": 15,
}


def test_features__every_test_that_is_named__exists() -> None:
    """
    A proof that cannot be run is none: each file and function in the table is there.
    """
    named = re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", FEATURES)
    assert len(named) > 60
    for file, function in named:
        if file.startswith(("src/", "scripts/")):
            assert (ROOT / file).exists(), file
            continue
        path = ROOT / "tests" / file
        assert path.exists(), file
        assert not function or f"def {function}(" in path.read_text(), f"{file}::{function}"


def test_interface__every_reason__is_on_the_page() -> None:
    """
    Whoever reads a revert finds it described.
    """
    sources = [
        p.read_text() for p in (ROOT / "contracts").rglob("*.vy") if "testing" not in p.parts
    ]
    reasons = set(re.findall(r'"([a-z]+: [a-z_][^"]*)"', "\n".join(sources)))
    assert len(reasons) > 40
    flat = re.sub(r"\s+", " ", INTERFACE)
    assert {r for r in reasons if r not in flat} == set()


@pytest.mark.parametrize("page", sorted(PROVEN))
def test_page__every_test_that_is_named__exists(page: str) -> None:
    """
    An attack that no test tries, and an invariant that none checks, is not called so.
    """
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", text)
    assert len(named) >= PROVEN[page]
    for file, function in named:
        path = ROOT / "tests" / file
        assert path.exists(), file
        assert not function or f"def {function}(" in path.read_text(), f"{file}::{function}"
    for target in re.findall(r"\]\(((?:\.\./)?[a-z-]+\.md)\)", text):
        assert ((ROOT / "docs" / page).parent / target).exists(), target


def test_known_attacks__every_row__names_a_test() -> None:
    """
    Each attack on the page is tried.
    """
    text = (ROOT / "docs" / "security" / "known-attacks.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and " | " in line]
    attacks = [row for row in rows if not row.startswith("| attack |")]
    assert len(attacks) > 30
    assert [row[:60] for row in attacks if ".py::test_" not in row] == []


def test_invariants__every_check_that_is_named__exists() -> None:
    """
    What the page says is checked after each random call is a check there, for all eight.
    """
    text = (ROOT / "docs" / "security" / "invariants.md").read_text()
    source = (ROOT / "tests" / "differential" / "invariants.py").read_text()
    named = set(re.findall(r"`(_check_\w+)`", text))
    assert len(named) > 15
    assert {name for name in named if f"def {name}(" not in source} == set()
    assert re.findall(r"^\| (\d) \|", text, re.MULTILINE) == [str(n) for n in range(1, 9)]
