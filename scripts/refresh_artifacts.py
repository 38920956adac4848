#!/usr/bin/env python3
"""
Compile the contracts and write the artifacts that the package ships.

    .venv/bin/python scripts/refresh_artifacts.py            write what differs
    .venv/bin/python scripts/refresh_artifacts.py --check    write nothing; 1 if anything differs

A release is installed without a compiler, so ABIs and bytecode travel in the wheel, and a test
calls `--check`. Vyper is called directly and not through ape, which does not compile a contract
anew when only a module that it imports has changed.

In an artifact:
  bytecode           initcode, to be followed by the constructor's encoded arguments
  deployedBytecode   what initcode returns, less the `immutablesLength` bytes that it appends
  blueprintBytecode  initcode that deploys the ERC-5202 blueprint (preamble 0xFE7100)
  storageLayout      one entry for each variable, by module: slot, number of slots, type
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings
from vyper.exceptions import VyperException

ROOT = Path(__file__).resolve().parent.parent
EVM_VERSION = "cancun"
# EIP-170. A blueprint counts with its preamble.
CODE_SIZE_LIMIT = 24_576

Artifact = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """
    A contract whose artifact is shipped, as a path below the folder of contracts.
    """

    path: str
    blueprint: bool = False

    @property
    def name(self) -> str:
        return Path(self.path).stem

    @property
    def target(self) -> Path:
        return Path(self.path).with_suffix(".json")


SHIPPED = (
    Source("Organization.vy"),
    Source("HotWallet.vy", blueprint=True),
    # The token that the demo pays with. The other test contracts are compiled by their tests.
    Source("testing/TestToken.vy"),
)


def compile_source(contracts: Path, source: Source) -> Artifact:
    """
    The artifact of one contract. Optimisation and the like are what its pragmas say.
    """
    bundle = FilesystemInputBundle([contracts.resolve()])
    output = compile_from_file_input(
        bundle.load_file(Path(source.path)),
        input_bundle=bundle,
        settings=Settings(evm_version=EVM_VERSION),
        output_formats=["abi", "bytecode", "bytecode_runtime", "blueprint_bytecode", "layout"],
    )
    layout = output["layout"]
    artifact = {
        "contractName": source.name,
        "compiler": f"vyper {version('vyper')}",
        "evmVersion": EVM_VERSION,
        "abi": output["abi"],
        "bytecode": output["bytecode"],
        "deployedBytecode": output["bytecode_runtime"],
        "immutablesLength": _length_of(layout.get("code_layout", {})),
        "storageLayout": layout.get("storage_layout", {}),
    }
    if source.blueprint:
        artifact["blueprintBytecode"] = output["blueprint_bytecode"]
    return artifact


def _length_of(code_layout: dict[str, Any]) -> int:
    """
    Bytes of all immutables, which nest by module. A leaf has `length`, `offset` and `type`.
    """
    if isinstance(code_layout.get("length"), int):
        return int(code_layout["length"])
    return sum(_length_of(inner) for inner in code_layout.values())


def encode(artifact: Artifact) -> str:
    return json.dumps(artifact, indent=2, sort_keys=True) + "\n"


def describe_sizes(artifact: Artifact) -> str:
    """
    The contract's size on chain, or its blueprint's where that is what gets deployed.
    """
    if "blueprintBytecode" in artifact:
        what, size = "blueprint", blueprint_size(artifact["blueprintBytecode"])
    else:
        what, size = "code", _bytes(artifact["deployedBytecode"]) + artifact["immutablesLength"]
    over = "" if size <= CODE_SIZE_LIMIT else "  OVER THE LIMIT"
    return f"{what} {size:,} of {CODE_SIZE_LIMIT:,} bytes{over}"


def blueprint_size(blueprint_bytecode: str) -> int:
    """
    Bytes that the blueprint occupies on chain: from the ERC-5202 preamble on.
    """
    start = blueprint_bytecode.index("fe7100")
    return _bytes(blueprint_bytecode[start:])


def _bytes(code: str) -> int:
    return len(code.removeprefix("0x")) // 2


def describe_difference(old: Artifact, new: Artifact) -> list[str]:
    """
    A line for each key that differs, short enough to read.
    """
    lines = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key == "abi":
            lines += _describe_abi(before or [], after or [])
        elif key.lower().endswith("bytecode"):
            lines.append(f"{key}: {_bytes(before or ''):,} -> {_bytes(after or ''):,} bytes")
        elif isinstance(before, dict) or isinstance(after, dict):
            lines.append(f"{key}: differs")
        else:
            lines.append(f"{key}: {before} -> {after}")
    return lines


def _describe_abi(old: list[Any], new: list[Any]) -> list[str]:
    before, after = ({_signature(entry) for entry in abi} for abi in (old, new))
    gone = [f"abi: - {signature}" for signature in sorted(before - after)]
    come = [f"abi: + {signature}" for signature in sorted(after - before)]
    return gone + come or ["abi: differs in order or names only"]


def _signature(entry: dict[str, Any]) -> str:
    inputs = ",".join(
        item["type"] + (" indexed" if item.get("indexed") else "")
        for item in entry.get("inputs", [])
    )
    outputs = ",".join(item["type"] for item in entry.get("outputs", []))
    kind = " ".join(filter(None, (entry["type"], entry.get("stateMutability"))))
    return f"{kind} {entry.get('name', '')}({inputs})" + (f" -> ({outputs})" if outputs else "")


def read_artifact(path: Path) -> Artifact:
    """
    What is committed; empty if it is missing or cannot be read.
    """
    try:
        artifact: Artifact = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return artifact


def refresh(contracts: Path, out: Path, *, check: bool) -> int:
    """
    Compare every shipped artifact with a fresh compile, and unless `check` write what differs.
    The number of artifacts that differ.
    """
    different = 0
    for source in SHIPPED:
        target = out / source.target
        if not (contracts / source.path).exists():
            if target.exists():
                different += 1
                print(f"{source.name}: has an artifact, but no source any more")
                if not check:
                    target.unlink()
            continue

        artifact = compile_source(contracts, source)
        text = encode(artifact)
        same = target.exists() and target.read_text() == text
        print(f"{source.name}: {'unchanged' if same else 'differs'}, {describe_sizes(artifact)}")
        if same:
            continue
        different += 1
        committed = read_artifact(target)
        for line in describe_difference(committed, artifact) if committed else ["not there yet"]:
            print(f"  {line}")
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    return different


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Compile the contracts and write the artifacts that the package ships."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if anything differs")
    parser.add_argument("--contracts", type=Path, default=ROOT / "contracts")
    parser.add_argument("--out", type=Path, default=ROOT / "src/bursar/chain/artifacts")
    options = parser.parse_args(arguments)

    if version("vyper") != (pinned := pinned_vyper()):
        print(f"bursar: vyper {version('vyper')} is installed, {pinned} is pinned: `make setup`.")
        return 1
    try:
        different = refresh(options.contracts, options.out, check=options.check)
    except VyperException as error:
        print(f"bursar: vyper refuses the contracts:\n{error}", file=sys.stderr)
        return 1
    if different and options.check:
        print("bursar: the artifacts are not what the contracts compile to: `make contracts`.")
        return 1
    return 0


def pinned_vyper() -> str:
    """
    The version that pyproject.toml pins.
    """
    found = re.search(r'"vyper==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    if found is None:
        raise SystemExit("bursar: pyproject.toml no longer pins vyper.")
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
