"""
Who can begin a refill: people at a command line, and the demo that shows them. No service.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import grimp
import pytest

import bursar

PACKAGE = "bursar.treasury.refills"
# What a person runs. Everything else in the package is a service, or is imported by one.
PEOPLES = {"bursar.cli", "bursar.demo", "bursar.__main__"}
# Those that exist: later ones are held to it from their first day.
SERVICES = [
    name
    for name in ("bursar.keeper", "bursar.agent", "bursar.api", "bursar.mcp", "bursar.alerts")
    if find_spec(name) is not None
]
SOURCE = Path(bursar.__file__).parent
CALL = re.compile(r"""(build_call|send|encode)\(\s*"refill\"""")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """
    Who imports whom, functions' own imports included.
    """
    return grimp.build_graph("bursar", cache_dir=None)


def test_refills__are_imported__by_what_people_run_and_nothing_else(
    graph: grimp.ImportGraph,
) -> None:
    """
    T6, T33: neither directly nor through others does the keeper, the SDK, the API, the MCP server,
    an alert, a metric or anything else reach the package that begins and drafts refills.
    """
    own = {name for name in graph.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")}
    assert f"{PACKAGE}.desk" in own
    importers = set().union(*(graph.find_downstream_modules(name) for name in own)) - own

    assert {".".join(name.split(".")[:2]) for name in importers} <= PEOPLES
    assert "bursar.cli.refill_desk" in importers, "the graph sees the command"


def test_refill_calls__are_built__where_people_are_or_keys_are_public() -> None:
    """
    T6: nothing that runs as a service makes a call of the wallet's `refill`.
    """
    found = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if CALL.search(path.read_text())
    }
    assert "treasury" in found
    assert found <= {"cli", "demo", "devnet", "treasury"}


@pytest.mark.parametrize("service", SERVICES)
def test_service__started__has_loaded_no_refill(service: str) -> None:
    """
    T6, T33: in the service's own process there is nothing to call.
    """
    code = (
        f"import sys, pkgutil, importlib, {service} as service\n"
        "inside = getattr(service, '__path__', ())\n"
        "for one in pkgutil.walk_packages(inside, service.__name__ + '.'):\n"
        "    importlib.import_module(one.name)\n"
        f"print([name for name in sys.modules if name.startswith('{PACKAGE}')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
