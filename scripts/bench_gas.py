#!/usr/bin/env python3
"""
Measure what every operation costs in gas, and print it with the targets and with the peers.

    make bench-gas                       the table, and build/bench-gas.json
    make bench-gas ARGS=--snapshot       and write .gas-snapshot and .storage-layout
    make bench-gas ARGS=--check          1 if .gas-snapshot or .storage-layout is out of date
    make bench-gas ARGS="--contracts /tmp/contracts"     of other sources than the shipped artifacts

Gas is `receipt.gasUsed` of one mined transaction each, on anvil. It depends on nothing but the
contracts: two runs give the same numbers, on any machine.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from _gas_chain import BenchError
from _gas_operations import OPERATIONS, measure_all
from rich.console import Console
from rich.table import Table

from bursar.chain.abi import ContractType
from bursar.chain.anvil import AnvilError

Artifact = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "src/bursar/chain/artifacts"
RESULT = ROOT / "build/bench-gas.json"
GAS_SNAPSHOT = ROOT / ".gas-snapshot"
STORAGE_LAYOUT = ROOT / ".storage-layout"

# What an OpenZeppelin 5.7 ERC-20's transfer costs. The peers' figures were measured with it, so
# ours compare only while the test token costs about the same.
REFERENCE_TRANSFER = 34_477
TOLERANCE = 0.01

# EIP-170
CODE_SIZE_LIMIT = 24_576
# A later window may cost this much more than a payment within one.
NEW_WINDOW_EXTRA = 150
OTHER_STOPPED_EXTRA = 4_500
ROLLING_EXTRA = 5_900


class Peer(NamedTuple):
    """
    What a payment costs elsewhere, raw transfer included.
    """

    name: str
    steady: int
    new_window: int | None


# One payment of 10 USDC inside a daily limit, measured as above: anvil 1.7.1 (prague), a token of
# 6 decimals whose raw transfer costs REFERENCE_TRANSFER, recipient already holding tokens.
PEERS = (
    Peer("forwarder, immutable owner, nothing enforced", 38_255, None),
    Peer("Safe 1.4.1 execTransaction 1-of-1, no limit", 65_638, None),
    Peer("Safe 1.4.1 execTransaction 2-of-3, no limit", 72_692, None),
    Peer("Safe + AllowanceModule 0.1.1, one period", 67_559, 67_712),
    Peer("... relayed with the agent's signature", 72_455, 72_620),
    Peer("SpendingLimiter.vy, day", 69_715, 73_093),
    Peer("Coinbase SpendPermissionManager, one period", 76_394, 76_933),
    Peer("Ithaca GuardedExecutor, day + hour", 106_113, 106_177),
    Peer("Safe + Zodiac Roles 2.1, day + hour", 126_919, 130_607),
    Peer("... + per payment + recipient", 131_980, 135_668),
    Peer("MetaMask delegation, day + hour", 166_223, 172_239),
    Peer("Underscore UserWallet, USD limits, mock oracle", 501_328, 507_022),
)


def code_sizes(artifacts: dict[str, Artifact]) -> dict[str, int]:
    """
    Bytes on chain: runtime code with its immutables, and the blueprint with its preamble.
    """
    blueprint = artifacts["HotWallet"]["blueprintBytecode"]
    return {
        "organization": _runtime_size(artifacts["Organization"]),
        "wallet": _runtime_size(artifacts["HotWallet"]),
        "blueprint": len(blueprint[blueprint.index("fe7100") :]) // 2,
    }


def _runtime_size(artifact: Artifact) -> int:
    return len(artifact["deployedBytecode"][2:]) // 2 + int(artifact["immutablesLength"])


def targets_of(gas: dict[str, int]) -> dict[str, int]:
    """
    The most that each operation may cost; some follow from what another one does.
    """
    targets = {o.key: o.target for o in OPERATIONS if o.target is not None}
    for key in ("pay.new_hour", "pay.new_day"):
        targets[key] = gas["pay.steady"] + NEW_WINDOW_EXTRA
    targets["pay.rolling_new_hour"] = gas["pay.steady"] + ROLLING_EXTRA
    targets["pay.while_other_stopped"] = gas["pay.steady"] + OTHER_STOPPED_EXTRA
    return targets


def operations_table(gas: dict[str, int]) -> Table:
    labels = {o.key: o.label for o in OPERATIONS}
    targets = targets_of(gas)
    table = Table(title="One transaction of each", title_justify="left")
    table.add_column("operation")
    for heading in ("gas", "x transfer", "target", ""):
        table.add_column(heading, justify="right")
    for key, used in gas.items():
        target = targets.get(key)
        table.add_row(
            labels.get(key, key.replace(".", " ")),
            f"{used:,}",
            f"{used / gas['transfer']:.2f}",
            f"{target:,}" if target else "-",
            _judged(used, target),
        )
    return table


def _judged(used: int, target: int | None) -> str:
    if target is None:
        return ""
    return "[green]ok[/]" if used <= target else f"[red]{used - target:,} over[/]"


def peers_table(gas: dict[str, int]) -> Table:
    """
    A payment beside those of the peers. What comes on top of the raw transfer is what compares:
    the token is not the same one.
    """
    table = Table(title="A payment of 10 USDC, and elsewhere", title_justify="left")
    table.add_column("what enforces the limits")
    for heading in ("steady", "new window", "over a raw transfer", "x Bursar's"):
        table.add_column(heading, justify="right")
    steady, new = gas["pay.steady"], max(gas["pay.new_hour"], gas["pay.new_day"])
    extra = steady - gas["transfer"]
    table.add_row("[bold]Bursar, all of it", f"{steady:,}", f"{new:,}", f"+{extra:,}", "1.00")
    for peer in PEERS:
        over = peer.steady - REFERENCE_TRANSFER
        window = f"{peer.new_window:,}" if peer.new_window else "-"
        table.add_row(peer.name, f"{peer.steady:,}", window, f"+{over:,}", f"{over / extra:.2f}")
    return table


def sizes_table(sizes: dict[str, int]) -> Table:
    table = Table(title="Code", title_justify="left")
    table.add_column("contract")
    for heading in ("bytes", "left of the limit"):
        table.add_column(heading, justify="right")
    for name, size in sizes.items():
        left = CODE_SIZE_LIMIT - size
        table.add_row(name, f"{size:,}", f"{left:,}" if left >= 0 else f"[red]{-left:,} over[/]")
    return table


def describe_transfer(gas: int) -> str:
    """
    Whether the peers' figures may be compared with ours as they are.
    """
    apart = gas / REFERENCE_TRANSFER - 1
    judged = "within" if abs(apart) <= TOLERANCE else "[red]not[/] within"
    return (
        f"The test token's raw transfer costs {gas:,} gas, {apart:+.2%} from the "
        f"{REFERENCE_TRANSFER:,} of the token that the peers were measured with: {judged} 1 %."
    )


def nested(gas: dict[str, int]) -> dict[str, Any]:
    """
    `{"pay": {"steady": ...}, ...}` from `{"pay.steady": ..., ...}`.
    """
    result: dict[str, Any] = {}
    for key, used in gas.items():
        branch, _, leaf = key.rpartition(".")
        (result.setdefault(branch, {}) if branch else result)[leaf] = used
    result["pay"]["new_window"] = max(gas["pay.new_hour"], gas["pay.new_day"])
    result["cancel_by_other"] = max(result["cancel_by"].values())
    return result


def gas_snapshot(gas: dict[str, int], sizes: dict[str, int]) -> str:
    """
    A line for each operation in the order of OPERATIONS, so that a change shows in a diff.
    """
    lines = [f"{key:<28}{used:>10}" for key, used in gas.items()]
    lines += [f"{f'size.{name}':<28}{size:>10}" for name, size in sizes.items()]
    return "\n".join(lines) + "\n"


def storage_layout(artifacts: dict[str, Artifact]) -> str:
    """
    A line for each variable of the deployed contracts: slot, name by module, type.
    """
    lines = []
    for name in ("Organization", "HotWallet"):
        lines.append(name)
        variables = sorted(_variables(artifacts[name]["storageLayout"]))
        lines += [f"  {slot:>3}  {variable}: {kind}" for slot, variable, kind in variables]
    return "\n".join(lines) + "\n"


def _variables(layout: dict[str, Any], prefix: str = "") -> Iterator[tuple[int, str, str]]:
    for name, entry in layout.items():
        if isinstance(entry.get("slot"), int):
            slots = "" if entry["n_slots"] == 1 else f" ({entry['n_slots']} slots)"
            yield entry["slot"], prefix + name, entry["type"] + slots
        else:
            yield from _variables(entry, f"{prefix}{name}.")


def load(contracts: Path | None) -> dict[str, Artifact]:
    """
    The shipped artifacts, or those of sources somewhere else.
    """
    # Vyper takes its time to import, and most runs do without it.
    if contracts is not None:
        from refresh_artifacts import SHIPPED, compile_source

        return {source.name: compile_source(contracts, source) for source in SHIPPED}
    artifacts = {path.stem: json.loads(path.read_text()) for path in ARTIFACTS.rglob("*.json")}
    if not artifacts:
        raise BenchError(f"there are no artifacts in {ARTIFACTS}: `make contracts` writes them")
    return artifacts


def check(files: Iterable[tuple[Path, str]]) -> int:
    """
    1 with the difference printed if a committed file says something else.
    """
    different = 0
    for path, fresh in files:
        committed = path.read_text() if path.exists() else ""
        if committed != fresh:
            different = 1
            lines = difflib.unified_diff(
                committed.splitlines(), fresh.splitlines(), path.name, "measured", lineterm="", n=0
            )
            print("\n".join(lines))
    if different:
        print("bursar: not what is committed: `make bench-gas ARGS=--snapshot` and look at it.")
    return different


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure what every operation costs in gas.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--snapshot", action="store_true", help="write the committed snapshots")
    what.add_argument("--check", action="store_true", help="1 if those are out of date")
    parser.add_argument("--contracts", type=Path, help="compile and measure these sources")
    options = parser.parse_args(arguments)

    artifacts = load(options.contracts)
    gas = measure_all({name: ContractType(artifact) for name, artifact in artifacts.items()})
    sizes = code_sizes(artifacts)
    files = [(GAS_SNAPSHOT, gas_snapshot(gas, sizes)), (STORAGE_LAYOUT, storage_layout(artifacts))]
    if options.check:
        return check(files)

    # Into a pipe or a log, too, the tables keep their width.
    console = Console(width=None if sys.stdout.isatty() else 110)
    for table in (operations_table(gas), peers_table(gas), sizes_table(sizes)):
        console.print(table)
    console.print(
        "* by the treasury: without what its Safe adds (31,000 gas with one owner, 38,000 with "
        "two of three)."
    )
    console.print(describe_transfer(gas["transfer"]))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(nested(gas) | {"sizes": sizes}, indent=2) + "\n")
    if options.snapshot:
        for path, text in files:
            path.write_text(text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, AnvilError) as error:
        print(f"bursar: {error}", file=sys.stderr)
        sys.exit(1)
