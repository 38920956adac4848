"""
A person at a terminal: a real one, so that a command can tell it from a pipe.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Said(NamedTuple):
    """
    How a command ended, and what it printed.
    """

    status: int
    output: str
    errors: str


def at_terminal(
    arguments: Sequence[str], answers: Sequence[str], folder: Path, environment: dict[str, str]
) -> Said:
    """
    Run `bursar` in a folder, with somebody who types these answers.
    """
    person, terminal = pty.openpty()
    try:
        command = [sys.executable, "-m", "bursar", *arguments]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for answer in answers:
            os.write(person, f"{answer}\n".encode())
        # Whoever is asked more than was foreseen has gone: no test waits for ever.
        os.write(person, b"\x04")
        output, errors = process.communicate(timeout=60)
    finally:
        os.close(terminal)
        os.close(person)
    return Said(process.returncode, output, errors)
