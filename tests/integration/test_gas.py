"""
The committed gas figures and storage layout are those of the contracts, and the check can fail.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings

from bursar.chain.abi import ContractType

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """
    The script as a module; what it imports lies beside it.
    """
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("bench_gas")


def compiled_layout(contract: str) -> dict[str, Any]:
    """
    A contract's storage layout, of its source and not of an artifact.
    """
    bundle = FilesystemInputBundle([ROOT / "contracts"])
    output = compile_from_file_input(
        bundle.load_file(Path(f"{contract}.vy")),
        input_bundle=bundle,
        settings=Settings(evm_version="cancun"),
        output_formats=["layout"],
    )
    layout: dict[str, Any] = json.loads(json.dumps(output["layout"]["storage_layout"]))
    return layout


def test_gas_snapshot__measured_again__is_the_same() -> None:
    """
    Every operation costs to the last unit what is committed; `make bench-gas ARGS=--snapshot`
    renews it, and the difference shows what a change to the contracts costs.
    """
    command = [sys.executable, str(ROOT / "scripts" / "bench_gas.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_storage_layout__fresh_compile__is_what_is_committed(bench: ModuleType) -> None:
    """
    No variable changes its place unnoticed.
    """
    fresh = {
        name: {"storageLayout": compiled_layout(name)} for name in ("Organization", "HotWallet")
    }

    assert bench.storage_layout(fresh) == bench.STORAGE_LAYOUT.read_text()


def test_check__something_else_is_committed__fails_and_shows_the_lines(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Only what differs is printed, before and after.
    """
    committed = tmp_path / ".gas-snapshot"
    committed.write_text(bench.gas_snapshot({"pay.steady": 60_000, "execute": 63_000}, {}))
    measured = bench.gas_snapshot({"pay.steady": 59_999, "execute": 63_000}, {})

    assert bench.check([(committed, measured)]) == 1
    printed = capsys.readouterr().out
    assert "-pay.steady                       60000" in printed
    assert "+pay.steady                       59999" in printed
    assert "execute" not in printed

    committed.write_text(measured)
    assert bench.check([(committed, measured)]) == 0


def test_bench__run__writes_figures_that_other_tools_read(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The same figures as in the snapshot, nested by operation.
    """
    monkeypatch.setattr(bench, "RESULT", tmp_path / "build" / "bench-gas.json")

    assert bench.main([]) == 0

    figures = json.loads((tmp_path / "build" / "bench-gas.json").read_text())
    snapshot = dict(line.split() for line in bench.GAS_SNAPSHOT.read_text().splitlines())
    assert figures["transfer"] == int(snapshot["transfer"])
    assert figures["pay"]["steady"] == int(snapshot["pay.steady"])
    assert figures["pay"]["new_window"] == max(
        figures["pay"]["new_hour"], figures["pay"]["new_day"]
    )
    assert figures["cancel_by_other"] == max(figures["cancel_by"].values())
    assert {"organization", "wallet", "agent"} <= set(figures["pause"])
    assert figures["sizes"]["blueprint"] == int(snapshot["size.blueprint"])


def test_bench__transaction_that_reverts__is_no_measurement(bench: ModuleType) -> None:
    """
    A refused call costs something, too, and must not be taken for the operation's price.
    """
    from _gas_chain import BenchError, Chain

    with Chain.running() as chain:
        token = chain.deploy(
            ContractType.shipped("testing/TestToken"), chain.actor("deployer"), "", "", 6
        )
        with pytest.raises(BenchError, match="token: insufficient balance"):
            token.gas(chain.actor("agent"), "transfer", chain.actor("recipient"), 1)


def test_bench__address_with_a_zero_byte__is_refused(bench: ModuleType) -> None:
    """
    It would make calldata cheaper by luck.
    """
    from _gas_chain import BenchError, validate_nonzero

    with pytest.raises(BenchError, match="has a zero byte"):
        validate_nonzero("0x" + "11" * 19 + "00")
