#!/usr/bin/env python3
"""
Resolve the dependencies of pyproject.toml anew and write `requirements/*.lock`.

    python3.11 scripts/lock_requirements.py [--upgrade]

Without `--upgrade` the pins that still fit are kept. The locks hold for Python 3.11 and later on
Linux and macOS, and name packages and hashes only: no address, so that everyone installs from
the registry that their own pip is configured to use.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
# uv resolves for all platforms at once, which pip cannot. It lives apart from .venv, because
# nobody but this script needs it.
TOOL_VENV = ROOT / ".tools" / "lock"
UV_VERSION = "0.13.8"

HEADER = """\
# {what}
# Written by `make lock`; do not edit. Install with:
#   pip install --require-hashes -r requirements/{name}
"""
ADDRESS = re.compile(r"://|^--|@ ", re.MULTILINE)


def ensure_uv() -> Path:
    uv = TOOL_VENV / "bin" / "uv"
    if not uv.exists():
        print(f"bursar: installing uv {UV_VERSION} into .tools/lock", flush=True)
        subprocess.run([sys.executable, "-m", "venv", TOOL_VENV], check=True)
        pip = [str(TOOL_VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", f"uv=={UV_VERSION}"], check=True)
    return uv


def compile_lock(uv: Path, name: str, what: str, *options: str) -> None:
    print(f"bursar: resolving requirements/{name}", flush=True)
    target = REQUIREMENTS / name
    command = [
        str(uv), "pip", "compile", "pyproject.toml", "--output-file", str(target),
        "--universal", "--python-version", "3.11", "--generate-hashes",
        "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
    ]  # fmt: skip
    subprocess.run([*command, *options], cwd=ROOT, check=True)

    pins = target.read_text()
    if ADDRESS.search(pins):
        raise SystemExit(f"bursar: requirements/{name} contains an address or an option; not kept")
    target.write_text(HEADER.format(what=what, name=name) + pins)


def main(arguments: list[str]) -> int:
    if set(arguments) - {"--upgrade"}:
        print(__doc__, file=sys.stderr)
        return 2
    REQUIREMENTS.mkdir(exist_ok=True)
    uv = ensure_uv()
    compile_lock(
        uv, "dev.lock", "What `make test`, `make lint` and `make contracts` need: everything.",
        "--all-extras", *arguments,
    )  # fmt: skip
    # The dev lock as constraint: what both contain has the same pin in both.
    compile_lock(
        uv, "runtime.lock", "What `make demo` needs. Every pin is in dev.lock as well.",
        "--extra", "build", "--constraint", "requirements/dev.lock", *arguments,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
