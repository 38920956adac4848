"""
The scripts for deploying and verifying as people run them: through Ape.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.deployment import (
    Deployment,
)
from bursar.types import checksummed
from tests.integration.town import NOBODY, Town, batch_of, founded_town

ROOT = Path(__file__).parents[2]
# Anvil's first account, which Ape calls TEST::0.
APE_ACCOUNT = checksummed("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")


@pytest.fixture(scope="module")
def built() -> Iterator[Town]:
    """
    One chain for all tests here.
    """
    with founded_town() as town:
        yield town


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    """
    Afterwards the chain is brought back.
    """
    mark = built.chain.snapshot()
    yield built
    built.chain.revert(mark)


def ape(*arguments: str) -> subprocess.CompletedProcess[str]:
    """
    `ape run …` in the repository, as a person runs it.
    """
    command = [str(Path(sys.executable).parent / "ape"), "run", *arguments]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "250"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_ape_run__deploy_and_verify__work_on_a_node(town: Town, tmp_path: Path) -> None:
    """
    From the file to a record that verifies, by Ape's own account, network and command line.
    """
    file = town.write_file(tmp_path / "treasury.yaml")
    out = tmp_path / "out"
    at = ("--network", town.chain.rpc.url)

    deployed = ape(
        *("deploy", *at, "--account", "TEST::0", "--file", str(file), "--out", str(out)),
        *("--skip-source-check", "--yes"),
    )

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    (record,) = (path for path in out.glob("*.json") if "wallets" not in path.name)
    deployment = Deployment.parse(record.read_text())
    assert deployment.deployer == APE_ACCOUNT
    town.execute(batch_of(out))
    assert town.differing(deployment) == set()

    verified = ape("verify_deployment", *at, str(record))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Nothing differs." in verified.stdout


def test_ape_run__what_cannot_be__fails_with_the_reason(town: Town, tmp_path: Path) -> None:
    """
    An error is a sentence and an exit status, not a traceback.
    """
    done = ape(
        "deploy", "--network", town.chain.rpc.url, "--account", "TEST::0",
        "--safe", NOBODY, "--guardian", town.guardian, "--keeper", town.keeper,
        "--change-delay", "2d", "--heartbeat-timeout", "1h",
        "--out", str(tmp_path), "--skip-source-check", "--yes",
    )  # fmt: skip

    assert done.returncode == 1
    assert f"{NOBODY} has no code on chain 31337" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
