"""
The artifacts in the wheel are what the contracts compile to, and the check for that can fail.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import refresh_artifacts

SOURCE = """\
# pragma version 0.4.3
event Pong:
    number: uint256

OWNER: public(immutable(address))
counter: uint256

@deploy
def __init__(owner: address):
    OWNER = owner

@external
def ping(number: uint256):
    self.counter += number
    log Pong(number=number)
"""


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """
    A folder with one small contract that is deployed from a blueprint.
    """
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "HotWallet.vy").write_text(SOURCE)
    return folder


def refresh(contracts: Path, *options: str) -> int:
    """
    Run the script on that folder, with the artifacts beside it.
    """
    out = contracts.parent / "artifacts"
    return refresh_artifacts.main(["--contracts", str(contracts), "--out", str(out), *options])


def test_artifacts__shipped__are_what_the_contracts_compile_to() -> None:
    """
    A wheel never carries another bytecode than the sources beside it; `make contracts` mends it.
    """
    assert refresh_artifacts.main(["--check"]) == 0


def test_artifacts__written__hold_what_a_deployment_needs(contracts: Path) -> None:
    """
    ABI, initcode, runtime code with its immutables counted, blueprint and storage layout.
    """
    assert refresh(contracts) == 0

    artifact = json.loads((contracts.parent / "artifacts" / "HotWallet.json").read_text())
    initcode = artifact["bytecode"].removeprefix("0x")
    assert {entry.get("name") for entry in artifact["abi"]} >= {"ping", "Pong", "OWNER"}
    assert artifact["blueprintBytecode"].endswith("fe7100" + initcode)
    assert artifact["deployedBytecode"].removeprefix("0x") in initcode
    assert artifact["immutablesLength"] == 32
    assert artifact["storageLayout"]["counter"] == {"slot": 0, "n_slots": 1, "type": "uint256"}
    assert artifact["evmVersion"] == "cancun"
    assert refresh(contracts, "--check") == 0


def test_artifacts__written_again__are_the_same_bytes(contracts: Path, tmp_path: Path) -> None:
    """
    The folder that the sources lie in does not show in what they compile to.
    """
    elsewhere = tmp_path / "somewhere" / "else" / "contracts"
    elsewhere.mkdir(parents=True)
    (elsewhere / "HotWallet.vy").write_text(SOURCE)

    refresh(contracts)
    refresh(elsewhere)

    written = Path("artifacts", "HotWallet.json")
    assert (contracts.parent / written).read_bytes() == (elsewhere.parent / written).read_bytes()


def test_artifacts__check_after_a_change__fails_names_it_and_writes_nothing(
    contracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A changed signature is named in the summary, and the committed file stays as it is.
    """
    refresh(contracts)
    target = contracts.parent / "artifacts" / "HotWallet.json"
    committed = target.read_bytes()
    (contracts / "HotWallet.vy").write_text(SOURCE.replace("def ping(", "def pang("))
    capsys.readouterr()

    assert refresh(contracts, "--check") == 1

    printed = capsys.readouterr().out
    assert "abi: - function nonpayable ping(uint256)" in printed
    assert "abi: + function nonpayable pang(uint256)" in printed
    assert target.read_bytes() == committed


def test_artifacts__source_removed__is_a_difference(contracts: Path) -> None:
    """
    An artifact whose contract is gone must not stay in the wheel.
    """
    refresh(contracts)
    (contracts / "HotWallet.vy").unlink()

    assert refresh(contracts, "--check") == 1
    assert refresh(contracts) == 0
    assert not (contracts.parent / "artifacts" / "HotWallet.json").exists()


def test_artifacts__contract_does_not_compile__fails_with_the_compilers_words(
    contracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    No artifact is better than an old one that looks new.
    """
    (contracts / "HotWallet.vy").write_text(SOURCE.replace("self.counter", "self.missing"))

    assert refresh(contracts) == 1
    assert "missing" in capsys.readouterr().err
