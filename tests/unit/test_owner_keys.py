"""
Who signs as an owner of the treasury: people, and on a local chain its public stand-ins.

Imports are followed wherever they stand, at a module's head or in a function, and through whatever
they import in turn.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "bursar"

# Where owners sign: a local chain's own, whose keys are public, and the demo that shows them.
SIGNERS = {"demo", "devnet"}
# What an owner's signature is made with.
TOOLS = {
    "bursar.chain.safe_transaction": {"sign", "sign_bare"},
    "bursar.devnet": {"sign_as_treasury"},
}
# What a person runs, or a test: they ask first whether the chain is a devnet.
CALLERS = {"pytest_plugin.py", "cli"}

# The one module that reads owners' keys, and the one command that imports it.
OWNER_KEYS = "bursar.cli.owner_keys"
SIGN_COMMAND = "bursar.cli.safe_signing"
# What signs and what sends for the treasury.
SIGNING = "bursar.treasury.safe.signing"
EXECUTION = "bursar.treasury.safe.execution"
LEDGER = "bursar.chain.ledger"

# Whatever runs without a person: services, and what they are made of. Those that do not exist yet
# are held to the same as soon as they do.
SERVICES = (
    *("bursar.keeper", "bursar.agent", "bursar.api", "bursar.mcp", "bursar.dashboard"),
    *("bursar.alerts", "bursar.metrics", "bursar.store", "bursar.policy"),
    "bursar.cli.keeper",
)


def imported(path: Path) -> set[tuple[str, str]]:
    """
    Every (module, name) that a file imports, at its head or in a function.
    """
    tree = ast.parse(path.read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {(node.module or "", alias.name) for node in nodes for alias in node.names}


def part_of(path: Path) -> str:
    """
    The package or module that a file belongs to.
    """
    return path.relative_to(SOURCE).parts[0]


@cache
def modules() -> dict[str, Path]:
    """
    Every module of ours, by its dotted name.
    """
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = ("bursar", *path.relative_to(SOURCE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports_of(module: str) -> frozenset[str]:
    """
    The modules of ours that importing `module` may load. (That the command line registers every
    command, so that a keeper's process could load any of them, is not counted.)
    """
    tree = ast.parse(modules()[module].read_text())
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively: not followed here"
            named |= {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
    above = {name.rpartition(".")[0] for name in named & modules().keys()}
    return frozenset((named | above) & modules().keys() - {"bursar", "bursar.cli"})


def reach_of(start: str) -> dict[str, str]:
    """
    Every module that `start` reaches, and which module leads to it.
    """
    packages = [name for name in modules() if name == start or name.startswith(f"{start}.")]
    came = dict.fromkeys(packages, "")
    waiting = list(packages)
    while waiting:
        module = waiting.pop()
        for found in imports_of(module):
            if found not in came:
                came[found] = module
                waiting.append(found)
    return came


def way_to(target: str, came: dict[str, str]) -> str:
    """
    How it is reached, for the message.
    """
    steps = [target]
    while came.get(steps[-1]):
        steps.append(came[steps[-1]])
    return " <- ".join(steps)


def importers_of(target: str) -> set[str]:
    """
    Who imports a module directly.
    """
    return {name for name in modules() if target in imports_of(name) and name != target}


def test_services__none__can_sign_as_an_owner() -> None:
    """
    Keeper, SDK, and whatever else runs as a service import nothing that signs for a Safe (T37).
    """
    found = {
        (path.relative_to(SOURCE).as_posix(), name)
        for path in SOURCE.rglob("*.py")
        for module, name in imported(path)
        if name in TOOLS.get(module, ())
    }
    signing = {path for path, name in found if name in ("sign", "sign_bare")}
    assert {path.split("/")[0] for path in signing} <= SIGNERS | {"cli"}
    assert {path for path in signing if path.startswith("cli/")} == {"cli/owner_keys.py"}
    stand_ins = {path.split("/")[0] for path, name in found if name == "sign_as_treasury"}
    assert stand_ins <= SIGNERS | CALLERS


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "forbidden", [OWNER_KEYS, SIGNING, EXECUTION, LEDGER, "bursar.treasury.safe"]
)
def test_service__whatever_it_imports__reaches_nothing_that_signs_or_sends_for_the_safe(
    service: str, forbidden: str
) -> None:
    """
    T6, T37: no service starts, signs or executes a Safe transaction, over any number of imports.
    """
    came = reach_of(service)

    assert forbidden not in came, way_to(forbidden, came)


def test_owner_keys__are_read_by_one_command() -> None:
    """
    T37: what opens a keystore or a Ledger is imported by `bursar safe` alone, and what signs and
    sends by it and by nothing that runs by itself.
    """
    assert importers_of(OWNER_KEYS) == {SIGN_COMMAND}
    assert importers_of(LEDGER) == {OWNER_KEYS}
    people = ("bursar.cli.", "bursar.demo")
    for target in (SIGNING, EXECUTION):
        others = {one for one in importers_of(target) if not one.startswith(people)}
        assert others <= {"bursar.treasury.safe", OWNER_KEYS}, others
    assert SIGN_COMMAND in importers_of(SIGNING) & importers_of(EXECUTION)


def test_reach__of_the_command_that_signs__is_found_by_the_same_means() -> None:
    """
    The search would notice: `bursar safe` does reach all of it.
    """
    came = reach_of(SIGN_COMMAND)

    assert {OWNER_KEYS, SIGNING, EXECUTION, LEDGER} <= came.keys()


def test_keystores_and_passwords__are_opened_in_one_module() -> None:
    """
    Nothing else decrypts a key or asks for a password. (Who is logged in is no secret.)
    """
    words = "Account.decrypt", "from getpass", "getpass.getpass"
    found = {
        name for name, path in modules().items() if any(word in path.read_text() for word in words)
    }

    assert found == {OWNER_KEYS}


def test_environment__no_variable__is_an_owners_key() -> None:
    """
    Keys are read for agents, guardians, keepers, relayers and the deployer, under these names and
    no others; an owner's only under the name that a person gives.
    """
    texts = [path.read_text() for path in SOURCE.rglob("*.py")]
    assert not [text for text in texts if "OWNER_KEY" in text or 'find_key("owner"' in text]
    assert not [text for text in texts if 'read_key(environment, "owner"' in text]
