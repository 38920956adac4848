"""
docs/audit.md: its program for checking an export, run as it stands there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from bursar.audit import Action
from bursar.store.audit_log import AuditLog
from bursar.store.audit_query import Filter, find_audit
from bursar.store.database import Database
from tests.integration.test_audit_log import CHAIN, ORGANIZATION, entries

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


def check(program: Path, export: Path) -> subprocess.CompletedProcess[str]:
    """
    Run the page's program, with nothing of ours to import.
    """
    command = [sys.executable, "-I", str(program), str(export)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_page__program__accepts_an_export_and_finds_an_edit(tmp_path: Path) -> None:
    """
    An auditor who trusts none of our code can still check what we hand out.
    """
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program, export = tmp_path / "check.py", tmp_path / "export.jsonl"
    program.write_text(code)
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as database:
        head = AuditLog(database, CHAIN, ORGANIZATION).append(entries(20)).head
        rows = database.read(lambda c: list(find_audit(c, Filter())))
    lines = [json.dumps({"hash": row.hash.hex(), "content": row.content}) for row in rows]
    assert head is not None

    export.write_text("\n".join(lines))
    assert check(program, export).stdout == f"20 entries, the last is {head.hash.hex()}\n"
    export.write_text("\n".join(lines[:5] + lines[6:]))
    assert check(program, export).returncode != 0
    export.write_text("\n".join(lines).replace('\\"amount\\":\\"7\\"', '\\"amount\\":\\"8\\"'))
    assert check(program, export).returncode != 0


def test_page__actions__are_all_there() -> None:
    """
    Whatever an entry may say it is, the page says.
    """
    assert [action.value for action in Action if f"`{action.value}`" not in PAGE] == []
