"""
The command line in this process, in a folder where a devnet has left its files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.cli import app
from bursar.devnet import RunningDevnet, write_files


@contextmanager
def shell(
    running: RunningDevnet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningDevnet]:
    """
    A devnet that nobody has touched yet, its files in `folder`, and nothing in the environment.
    Afterwards its chain is brought back.
    """
    for name in [name for name in os.environ if name.startswith("BURSAR_")]:
        if name != "BURSAR_ANVIL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    write_files(running.founded.book, Path(".bursar/devnet.env"))
    mark = running.chain.snapshot()
    yield running
    running.chain.revert(mark)


def bursar(*arguments: str, stdin: str | None = None) -> Any:
    """
    The command. `stdin` comes through a pipe.
    """
    return CliRunner().invoke(app, list(arguments), input=stdin)


def told(*arguments: str, status: int = 0) -> Any:
    """
    What it prints with --json, once it has ended with `status`.
    """
    done = bursar(*arguments, "--json")
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)
