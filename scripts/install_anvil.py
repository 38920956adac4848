#!/usr/bin/env python3
"""
Make `.tools/bin/anvil` a local chain's binary, and print the path of that binary.

    python3.11 scripts/install_anvil.py

Takes the `anvil` on the PATH if it is recent enough, else installs the pinned one from npm into
`.tools/anvil`. Only the standard library, because it runs before anything is installed.

The npm package starts the real program from a Node script, and killing that script leaves the
chain running. So this looks for the platform package's own binary, and never settles for a script.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".tools" / "bin" / "anvil"
INSTALLED = ROOT / ".tools" / "anvil"

VERSION = (1, 7, 1)
# What Bursar uses of anvil (--prune-history, prague, anvil_reorg) behaves the same from here on.
OLDEST = (1, 5, 0)

# Of the npm package with the binary. A platform that is missing here is checked against the
# registry's word alone.
INTEGRITY = {
    "linux-amd64": (
        "sha512-+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/"
        "ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg=="
    ),
}

SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "arm64": "arm64", "aarch64": "arm64"}

Version = tuple[int, int, int]


class InstallError(Exception):
    """
    There is no usable anvil; the message says why and what to do.
    """


def say(message: str) -> None:
    print(f"bursar: {message}", file=sys.stderr, flush=True)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """
    Two `make`s in one folder must not install over each other.
    """
    lock = ROOT / ".tools" / "anvil.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def read_version(binary: Path) -> Version | None:
    """
    The version that `binary` reports, or None if it cannot be run.
    """
    try:
        done = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    if done.returncode != 0 or not found:
        return None
    return int(found[1]), int(found[2]), int(found[3])


def is_script(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(2) == b"#!"


def find_on_path() -> Iterator[Path]:
    """
    Every real `anvil` on the PATH that is not ours.
    """
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which("anvil", path=folder) if folder else None
        if found is None or Path(found).parent == LINK.parent:
            continue
        yield Path(found).resolve()


def choose_from_path() -> Path | None:
    """
    The first `anvil` on the PATH that will do; says why it passes over the others.
    """
    for binary in find_on_path():
        if is_script(binary):
            say(f"passing over {binary}: a script around anvil, not anvil itself")
            continue
        version = read_version(binary)
        if version is None:
            say(f"passing over {binary}: it does not run")
        elif version < OLDEST:
            say(f"passing over {binary}: {dotted(version)} is older than {dotted(OLDEST)}")
        else:
            warn_if_other(binary, version)
            return binary
    return None


def warn_if_other(binary: Path, version: Version) -> None:
    if version[:2] != VERSION[:2]:
        say(f"using {binary} {dotted(version)}; Bursar is tested with {dotted(VERSION)}")


def install_from_npm() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(
            f"no anvil {dotted(OLDEST)} or later on the PATH, and no npm to install one with.\n"
            "        Install Foundry (which brings anvil) or Node.js (which brings npm) and run "
            "the same command again."
        )
    target = platform_name()
    package = f"@foundry-rs/anvil-{target}"
    say(f"installing anvil {dotted(VERSION)} with npm into .tools/anvil (about 15 MB)")

    shutil.rmtree(INSTALLED, ignore_errors=True)
    INSTALLED.mkdir(parents=True)
    # So that npm takes this folder for the project, and not one further up.
    (INSTALLED / "package.json").write_text('{"private": true}\n')
    run_npm(npm, "install", "--no-save", "--no-package-lock", f"{package}@{dotted(VERSION)}")
    check_integrity(package, INTEGRITY.get(target))

    binary = INSTALLED / "node_modules" / package / "bin" / "anvil"
    if read_version(binary) != VERSION:
        raise InstallError(f"npm installed {package}, but {binary} does not run on this machine.")
    return binary


def check_integrity(package: str, expected: str | None) -> None:
    """
    npm has checked the download against the hash that the registry states, and wrote that down:
    compare it with the one pinned here before anything of it runs.
    """
    if expected is None:
        say(f"the hash of {package} is not pinned; trusting the registry's")
        return
    record = json.loads((INSTALLED / "node_modules" / ".package-lock.json").read_text())
    actual = record["packages"][f"node_modules/{package}"].get("integrity")
    if actual != expected:
        shutil.rmtree(INSTALLED)
        raise InstallError(
            f"the registry's {package} {dotted(VERSION)} has another hash than the one pinned in "
            f"scripts/install_anvil.py; removed it.\n        expected {expected}\n"
            f"        found    {actual}"
        )


def platform_name() -> str:
    system = SYSTEMS.get(platform.system())
    machine = MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise InstallError(
            f"npm has no anvil for {platform.system()} on {platform.machine()}. "
            "Build Foundry's anvil from source and put it on the PATH."
        )
    return f"{system}-{machine}"


def run_npm(npm: str, *arguments: str) -> None:
    # No install scripts: what is needed is in the package.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    done = subprocess.run(
        [npm, *arguments, *options],
        cwd=INSTALLED,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-20:]), file=sys.stderr)
        raise InstallError(f"`npm {' '.join(arguments)}` failed; its output is above.")


def link(binary: Path) -> None:
    LINK.parent.mkdir(parents=True, exist_ok=True)
    fresh = LINK.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(binary)
    fresh.replace(LINK)


def main() -> int:
    with one_at_a_time():
        current = read_version(LINK) if LINK.exists() else None
        if current is None or current < OLDEST:
            link(choose_from_path() or install_from_npm())
    print(LINK.resolve())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InstallError as error:
        print(f"bursar: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
