"""
The feature table and the interface page, held against what is there.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FEATURES = (ROOT / "docs" / "features.md").read_text()
INTERFACE = (ROOT / "docs" / "interface.md").read_text()


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
