"""
The Safe's JavaScript SDK, installed from its lock file into build/, once for each lock file.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_BUILD: Final = Path(__file__).parents[2] / "build" / "interop"
_FILES: Final = ("package.json", "package-lock.json", ".npmrc")
SCRIPT: Final = "safe.mjs"


def install_sdk() -> Path:
    """
    The folder in which `node safe.mjs` finds the SDK.

    Workers of a test run share it: one installs, the others wait.
    """
    _BUILD.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _FILES))
    folder = _BUILD / digest.hexdigest()[:16]
    with (_BUILD / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            _install(folder)
        _copy_script(folder)
    return folder


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in _FILES:
        shutil.copy(_HERE / name, folder / name)
    # Without scripts: nothing that is downloaded runs before a test asks for it.
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
        env=os.environ,
    )
    assert done.returncode == 0, f"npm ci failed:\n{done.stderr[-2_000:]}"
    (folder / ".installed").touch()


def _copy_script(folder: Path) -> None:
    """
    Whole or not at all: another worker may be reading it.
    """
    draft = folder / f".{SCRIPT}.{os.getpid()}"
    shutil.copy(_HERE / SCRIPT, draft)
    draft.replace(folder / SCRIPT)
