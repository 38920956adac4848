"""
A person at a terminal: a real one, so that a command can tell it from a pipe.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from bursar.cli import app


class Said(NamedTuple):
    """
    How a command ended, and what it printed.
    """

    status: int
    output: str
    errors: str


def at_terminal(arguments: Sequence[str], answers: Sequence[str]) -> Said:
    """
    Run `bursar` in this process, with somebody at a terminal who types these answers.
    """
    output, errors = io.StringIO(), io.StringIO()
    with (
        _typed(answers) as terminal,
        os.fdopen(os.dup(terminal)) as stdin,
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(output),
        redirect_stderr(errors),
        pytest.raises(SystemExit) as ended,
    ):
        patch.setattr(sys, "stdin", stdin)
        app(list(arguments), prog_name="bursar")
    status = ended.value.code
    return Said(status if isinstance(status, int) else 0, output.getvalue(), errors.getvalue())


def process_at_terminal(
    arguments: Sequence[str], answers: Sequence[str], folder: Path, environment: dict[str, str]
) -> Said:
    """
    The same in a process of its own, which takes seconds to load.
    """
    with _typed(answers) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "bursar", *arguments],
            cwd=folder,
            env=environment,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    return Said(done.returncode, done.stdout, done.stderr)


@contextmanager
def _typed(answers: Sequence[str]) -> Iterator[int]:
    """
    A terminal at which this was typed. Whoever is asked more has gone: no test waits for ever.
    """
    person, terminal = pty.openpty()
    try:
        for answer in answers:
            os.write(person, f"{answer}\n".encode())
        os.write(person, b"\x04")
        yield terminal
    finally:
        os.close(terminal)
        os.close(person)
