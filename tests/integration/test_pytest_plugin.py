"""
The fixtures as another project has them: the built wheel on its path, and nothing of this tree.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from flit_core import buildapi

from bursar.chain.anvil import find_anvil

ROOT = Path(__file__).parents[2]
PROJECT = """
from bursar.chain.contracts import organization_at

VENDOR = "0x00000000000000000000000000000000000bEEf1"


def test_payment(agent):
    assert agent.pay("USDC", VENDOR, "10.00").status == "executed"


def test_payment_of_another_test_and_its_time__are_undone(agent, bursar_devnet):
    assert agent.remaining("USDC").day_formatted.startswith("500")
    bursar_devnet.chain.warp(by=86_400)


def test_stop_by_the_treasury(agent, treasury, hot_wallet, bursar_devnet):
    organization = organization_at(bursar_devnet.chain, bursar_devnet.founded.book.organization)
    treasury(organization.build_call("pause", hot_wallet.address, 0, "test"))
    assert agent.pay("USDC", VENDOR, "1.00").status == "denied"


def test_another_agent(bursar_agent):
    assert bursar_agent("trader").pay("USDC", VENDOR, "400").status == "executed"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    A folder with what the wheel holds, entry points included.
    """
    monkeypatch.chdir(ROOT)
    name = buildapi.build_wheel(str(tmp_path))
    folder = tmp_path / "installed"
    with zipfile.ZipFile(tmp_path / name) as wheel:
        wheel.extractall(folder)
    return folder


def run_pytest(project: Path, installed: Path) -> subprocess.CompletedProcess[str]:
    """
    A run of its own, with the wheel instead of this tree's package.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "BURSAR_ANVIL": str(find_anvil()),
    }
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )


def test_plugin__in_another_project__gives_a_treasury_to_each_test(
    installed: Path, tmp_path: Path
) -> None:
    """
    The wheel brings the fixtures; each test pays on a treasury that no other has touched.
    """
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_mine.py").write_text(PROJECT)

    done = run_pytest(project, installed)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_plugin__loaded__imports_nothing_heavy(installed: Path, tmp_path: Path) -> None:
    """
    Whoever has Bursar installed and asks for no fixture pays nothing for it.
    """
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_plain.py").write_text(
        "import sys\n\n\ndef test_plain():\n"
        "    assert 'bursar.pytest_plugin' in sys.modules\n"
        "    assert not [m for m in sys.modules if m.startswith('bursar.agent')]\n"
        "    assert not [m for m in sys.modules if m.startswith('bursar.devnet')]\n"
    )

    done = run_pytest(project, installed)

    assert done.returncode == 0, done.stdout + done.stderr
