"""
`make fuzz`: what it writes, when it is content, and whether it finds what is broken on purpose.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bursar.reasons import Reason
from tests.differential import coverage
from tests.differential.campaign import Outcome
from tests.harness.artifacts import CONTRACTS, ROOT


def fuzz(tmp_path: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    """
    Exit code, what was printed, and the figures.
    """
    output = tmp_path / "fuzz.json"
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/fuzz.py", "--output", output, *options],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    figures = json.loads(output.read_text()) if output.exists() else {}
    return done.returncode, done.stdout + done.stderr, figures


def test_fuzz__few_calls__writes_and_prints_what_was_seen(tmp_path: Path) -> None:
    """
    Every function and every revert string has its line, and the figures add up to the calls.
    """
    code, text, figures = fuzz(tmp_path, "--calls", "3000", "--seed", "11", "--processes", "2")

    assert code == 0, text
    assert figures["calls"] >= 3_000
    assert figures["violations"] == 0
    assert set(figures["functions"]) == set(coverage.functions())
    assert all(name in text for name in figures["functions"])
    assert "payments: over the hourly limit" in text
    counted = sum(sum(counts.values()) for counts in figures["functions"].values())
    # `changed` and `rotated` are accepted inside of other calls.
    nested = sum(figures["functions"][name]["accepted"] for name in ("changed", "rotated"))
    assert counted - nested == figures["calls"]


def test_fuzz__contract_that_forgets__is_found_and_can_be_repeated(
    tmp_path: Path,
) -> None:
    """
    A wallet that forgets, with a new limit, what it has spent is caught, and the organisation that
    is named shows the same again.
    """
    broken = tmp_path / "contracts"
    shutil.copytree(CONTRACTS, broken)
    limits = broken / "modules/limits.vy"
    source = limits.read_text()
    changed = source.replace("_pack(daily, self._spent(word))", "_pack(daily, 0)")
    assert changed != source
    limits.write_text(changed)

    code, text, figures = fuzz(tmp_path, "--calls", "50000", "--contracts", str(broken))
    assert code == 1, text
    assert figures["violations"] == 1
    organization = text.split("--organization ")[1].split()[0].rstrip('"')

    code, text, _ = fuzz(tmp_path, "--organization", organization, "--contracts", str(broken))
    assert code == 1
    assert figures["found"][0] in text


def test_revert_strings__of_the_contracts__are_those_that_the_package_knows() -> None:
    """
    The sources are read as the table of reasons is.
    """
    assert set(coverage.revert_strings()) == {str(reason) for reason in Reason}


@pytest.mark.parametrize("calls", [coverage.FEWEST_CALLS, 1_000_000])
def test_missing__nothing_seen__names_everything(calls: int) -> None:
    """
    Silence after calls that saw nothing is no good news.
    """
    lines = coverage.missing(Outcome(calls=calls))
    assert len(lines) == 2 * len(coverage.functions()) + len(coverage.revert_strings())


def test_missing__one_call_too_few__is_told() -> None:
    """
    A thousand of a million, of each kind.
    """
    outcome = Outcome(calls=1_000_000)
    for name in coverage.functions():
        outcome.accepted[name] = outcome.refused[name] = 1_000
    for reason in coverage.revert_strings():
        outcome.reasons[reason] = 1
    assert coverage.missing(outcome) == []
    outcome.refused["pay_many"] = 999
    assert coverage.missing(outcome) == ["pay_many was refused 999 times, 1,000 are asked for"]
