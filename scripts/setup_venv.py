#!/usr/bin/env python3
"""
Bring `.venv` to one of two levels: `runtime` (what the demo needs) or `dev` (all of it).

    python3.11 scripts/setup_venv.py runtime|dev

Only the standard library, because it runs before anything is installed. The lock files name every
package with its hash; pip takes them from wherever it is configured to. What has been installed is
remembered in `.venv/.setup.json` by the locks' content, so a second run takes no time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".setup.json"
LOCKS = {
    "runtime": ROOT / "requirements" / "runtime.lock",
    "dev": ROOT / "requirements" / "dev.lock",
}

# The parts of pyproject.toml that an editable install depends on. A changed lint rule is none.
INSTALL_TABLES = ("build-system", "project")


class SetupError(Exception):
    """
    Setting up failed; the message says why and what to do.
    """


def say(message: str) -> None:
    print(f"bursar: {message}", flush=True)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """
    Two `make`s in one folder must not install into the same environment at once.
    """
    lock = ROOT / ".tools" / "setup.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up in this folder to finish")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def lock_digest(level: str) -> str:
    return hashlib.sha256(LOCKS[level].read_bytes()).hexdigest()


def project_digest() -> str:
    """
    What the installed metadata is made from.
    """
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    relevant = {table: document.get(table) for table in INSTALL_TABLES}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def read_stamp() -> dict[str, str]:
    """
    What has been installed so far; nothing if the environment no longer runs, because then
    it has to be made anew (the Python that it was made from was removed or the folder moved).
    """
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    if stamp.get("root") != str(ROOT) or not _runs(PYTHON):
        return {}
    return stamp


def _runs(python: Path) -> bool:
    try:
        probe = subprocess.run([python, "-c", ""], capture_output=True, check=False)
    except OSError:
        return False
    return probe.returncode == 0


def write_stamp(stamp: dict[str, str]) -> None:
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps(stamp, indent=1, sort_keys=True) + "\n")
    partial.replace(STAMP)


def create_venv() -> None:
    say(f"creating .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", VENV], check=False)
    if done.returncode != 0:
        raise SetupError(
            "Python could not create a virtual environment. Where Python comes from the "
            "system's packages, its venv module is often a package of its own: "
            "install python3-venv (or python3.11-venv) and try again."
        )


def install_packages(level: str) -> None:
    lock = LOCKS[level]
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    minutes = {"runtime": "about half a minute", "dev": "a minute or two"}[level]
    say(f"installing {count} packages from {lock.relative_to(ROOT)} ({minutes})")
    # The locks are complete, so pip need not work out who needs what.
    install = ("install", "--require-hashes", "--no-deps")
    _pip(*install, "-r", str(LOCKS["runtime"]))
    if level == "dev":
        # A few old packages come as source only. They are built with the locked setuptools,
        # which the runtime lock has brought, and not with whatever is newest today.
        _pip(*install, "--no-build-isolation", "-r", str(lock))


def install_project() -> None:
    say("installing bursar itself, editable")
    _pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def _pip(*arguments: str) -> None:
    """
    Run pip quietly, and show everything that it said if it fails.
    """
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise SetupError(
            "pip failed; its output is above. It needs a package registry (the default one, or "
            "what `pip config list` names). Run the same make target again once that is mended."
        )


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        print(__doc__, file=sys.stderr)
        return 2
    level = arguments[0]

    with one_at_a_time():
        started = time.monotonic()
        stamp = read_stamp()
        if not stamp:
            create_venv()
            stamp = {"root": str(ROOT)}

        worked = False
        # The dev lock contains the runtime lock, pin for pin.
        have = {stamp.get("packages")}
        wanted = {lock_digest("dev")} | ({lock_digest("runtime")} if level == "runtime" else set())
        if not have & wanted:
            install_packages(level)
            stamp["packages"] = lock_digest(level)
            write_stamp(stamp)
            worked = True
        if stamp.get("project") != project_digest():
            install_project()
            stamp["project"] = project_digest()
            write_stamp(stamp)
            worked = True
        if worked:
            say(f".venv is ready ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        print(f"bursar: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
