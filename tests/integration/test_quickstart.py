"""
docs/quickstart.md, run as it stands there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.anvil import find_anvil

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "quickstart.md").read_text()
_ANY = "…"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    """
    The environment of a shell in a folder of its own, with the page's devnet running beside it.
    """
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {name: one for name, one in os.environ.items() if not name.startswith("BURSAR_")}
    environment |= {
        "HOME": str(home),
        "BURSAR_ANVIL": str(find_anvil()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    (command,) = re.findall(r"^```sh devnet\n(.*)\n```$", PAGE, re.MULTILINE)
    # Another test may have the usual port.
    devnet = subprocess.Popen(
        [*command.split(), "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / ".bursar" / "devnet.env").exists():
            assert devnet.poll() is None, devnet.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield environment
    finally:
        devnet.send_signal(signal.SIGTERM)
        devnet.communicate(timeout=30)


def steps() -> list[tuple[str, list[str]]]:
    """
    Each command of the page, and the lines that it says it prints.
    """
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    found: list[tuple[str, list[str]]] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def says(output: str, line: str) -> bool:
    """
    Whether a line of `output` is like that, anything in place of each `…`.
    """
    pattern = re.compile(r"\s*" + ".*".join(map(re.escape, line.split(_ANY))) + r"\s*")
    return any(pattern.fullmatch(one) for one in output.splitlines())


def test_quickstart__every_command__prints_what_the_page_says(
    shell: dict[str, str], tmp_path: Path
) -> None:
    """
    In the page's order, with its exit status: 2 for what is denied, 0 for all else.
    """
    id = ""
    assert len(steps()) >= 10
    for command, lines in steps():
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace(f"0x{_ANY}", id)],
            cwd=tmp_path,
            env=shell,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        printed = done.stdout + done.stderr
        denied = any(line.startswith("denied") for line in lines)
        assert done.returncode == (2 if denied else 0), (command, printed)
        for line in lines:
            assert says(printed, line), (command, line, printed)
        if found := re.search(r"^id (0x[0-9a-f]{64})", printed, re.MULTILINE):
            id = found[1]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([a-z-]+\.md)\)", PAGE))))
def test_quickstart__every_page_it_points_to__is_there(target: str) -> None:
    """
    No dead ends.
    """
    assert (ROOT / "docs" / target).exists()
