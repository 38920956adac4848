"""
The locks: complete, pinned by hash, free of addresses, and one set rather than two.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime.lock", "dev.lock")


def read_lock(name: str) -> str:
    """
    The lock without its comments.
    """
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def normalize(name: str) -> str:
    """
    PEP 503: names that differ only in case, `-`, `_` and `.` are the same.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(name: str) -> dict[str, str]:
    """
    Package name → the rest of its entry: version, marker and hashes.
    """
    entries = re.split(r"\n(?=\S)", read_lock(name))
    split = (entry.split("==", 1) for entry in entries if entry.strip())
    return {normalize(package): rest for package, rest in split}


def read_declared() -> dict[str, list[str]]:
    """
    Extra → names of the packages that pyproject.toml asks for; without an extra under "".
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: [
            normalize(found[0])
            for requirement in requirements
            if (found := re.match(r"[A-Za-z0-9._-]+", requirement)) and found[0] != project["name"]
        ]
        for extra, requirements in groups.items()
    }


@pytest.mark.parametrize("name", LOCKS)
def test_lock__any__contains_no_address(name: str) -> None:
    """
    Packages come from the registry that pip is configured with, whichever that is.
    """
    assert not re.search(r"://|^\s*--(?!hash)| @ ", read_lock(name), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_lock__every_package__is_pinned_by_hash(name: str) -> None:
    """
    A package that changed after it was locked is not installed.
    """
    pins = read_pins(name)

    assert len(pins) > 20
    assert [package for package, rest in pins.items() if "--hash=sha256:" not in rest] == []


def test_lock__runtime__is_a_part_of_dev() -> None:
    """
    What the tests run with is what an operator gets; and the two install into one environment.
    """
    assert read_pins("runtime.lock").items() <= read_pins("dev.lock").items()


def test_lock__declared_dependencies__are_locked() -> None:
    """
    A dependency that was added without `make lock` is noticed here, not on the next machine.
    """
    declared = read_declared()
    runtime = set(declared[""]) | set(declared["build"])
    everything = {name for names in declared.values() for name in names}

    assert runtime - read_pins("runtime.lock").keys() == set()
    assert everything - read_pins("dev.lock").keys() == set()
