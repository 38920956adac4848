"""
What the README shows, run as it says, against the devnet that it says to start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bursar.devnet import load_devnet_treasury, open_devnet, write_files

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "agent.py"


def test_agent_example__with_a_devnets_environment__pays_and_hears_why_not(tmp_path: Path) -> None:
    """
    A payment in a few lines, with the environment file that `bursar devnet` writes; one above the
    limit is denied, which is no error.
    """
    with open_devnet(load_devnet_treasury(None), port=0) as devnet:
        write_files(devnet.founded.book, tmp_path / "devnet.env")

        paid = run_example(tmp_path, "vendor", "10.00")
        denied = run_example(tmp_path, "vendor", "60.00")

    assert "executed Paid 10 USDC" in paid
    assert "190 USDC left today" in paid
    assert denied.startswith("denied")


def test_agent_example__in_the_readme__is_the_file() -> None:
    """
    The README shows the example as it is, and it is short.
    """
    code = EXAMPLE.read_text().split('"""\n', 2)[2].strip()
    assert code in (ROOT / "README.md").read_text()
    assert len([line for line in code.splitlines() if line.strip()]) < 15


def run_example(folder: Path, *arguments: str) -> str:
    """
    As after `set -a; . .bursar/devnet.env; set +a`.
    """
    lines = (folder / "devnet.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    run = subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
