"""
Who signs as an owner of the treasury: people, and on a local chain its public stand-ins.
"""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "bursar"

# Where owners sign: a local chain's own, whose keys are public, and the demo that shows them.
SIGNERS = {"demo", "devnet"}
# What an owner's signature is made with.
TOOLS = {"bursar.chain.safe_transaction": {"sign"}, "bursar.devnet": {"sign_as_treasury"}}
# What a person runs, or a test: they ask first whether the chain is a devnet.
CALLERS = {"pytest_plugin.py", "cli"}


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


def test_services__none__can_sign_as_an_owner() -> None:
    """
    Keeper, SDK, and whatever else runs as a service import nothing that signs for a Safe (T37).
    """
    found = {
        (part_of(path), name)
        for path in SOURCE.rglob("*.py")
        for module, name in imported(path)
        if name in TOOLS.get(module, ())
    }
    assert {part for part, name in found if name == "sign"} <= SIGNERS
    assert {part for part, name in found if name == "sign_as_treasury"} <= SIGNERS | CALLERS


def test_environment__no_variable__is_an_owners_key() -> None:
    """
    Keys are read for agents, guardians, keepers and the deployer, under these names and no others.
    """
    texts = [path.read_text() for path in SOURCE.rglob("*.py")]
    assert not [text for text in texts if "OWNER_KEY" in text or 'find_key("owner"' in text]
    assert not [text for text in texts if 'read_key(environment, "owner"' in text]
