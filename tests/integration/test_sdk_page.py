"""
docs/sdk.md and the examples that it goes with, run as they stand there.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from bursar.devnet import (
    RunningDevnet,
    devnet_key,
    load_devnet_treasury,
    open_devnet,
    write_files,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sdk.md").read_text()
_RESULT = "# → "


@pytest.fixture
def devnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningDevnet]:
    """
    A devnet with its environment set.
    """
    for name in [name for name in os.environ if name.startswith("BURSAR_")]:
        if name != "BURSAR_ANVIL":
            monkeypatch.delenv(name)
    with open_devnet(load_devnet_treasury(None), port=0) as running:
        write_files(running.founded.book, tmp_path / "devnet.env")
        for line in (tmp_path / "devnet.env").read_text().splitlines():
            if not line.startswith("#"):
                name, _, value = line.partition("=")
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("BURSAR_RECEIPT_KEY_FILE", raising=False)
        yield running


def statements() -> Iterator[tuple[str, str | None]]:
    """
    Each statement of the page's Python, and what the page says it answers.
    """
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        lines = block.splitlines()
        for node in ast.parse(block).body:
            end = node.end_lineno or 0
            follows = lines[end] if end < len(lines) else ""
            result = follows.removeprefix(_RESULT) if follows.startswith(_RESULT) else None
            yield "\n".join(lines[node.lineno - 1 : end]), result


class KeyServer:
    """
    What holds a key elsewhere.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign_typed_data(self, typed_data: dict[str, Any]) -> bytes:
        """
        As a key server would.
        """
        return bytes(Account.sign_typed_data(self._key, full_message=typed_data).signature)


def test_page__every_example__answers_what_it_says(devnet: RunningDevnet, tmp_path: Path) -> None:
    """
    In the page's order, in one program.
    """
    agent = devnet.founded.book.agents["shopper"]
    relayer = devnet.chain.new_account("relayer of the page")
    names: dict[str, Any] = {
        "relayer_key": bytes(relayer.key),
        "key_server": KeyServer(bytes.fromhex(devnet_key(agent).removeprefix("0x"))),
        "receipt_key_file": tmp_path / ".bursar" / "receipt.key",
    }
    told = 0
    for code, result in statements():
        if result is None:
            exec(compile(code, "sdk.md", "exec"), names)
            continue
        found = eval(compile(code, "sdk.md", "eval"), names)
        shown = repr(tuple(map(_plain, found))) if isinstance(found, tuple) else str(found)
        start, any_end, _ = result.partition("…")
        assert shown.startswith(start) if any_end else shown == result, code
        told += 1
    assert told >= 13


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def run_example(name: str, *arguments: str) -> str:
    """
    A file of examples/, with what is in the environment.
    """
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_example__agent_without_gas__pays_through_a_relayer(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The agent's account is empty; the relayer's key has no role.
    """
    agent = devnet.founded.book.agents["shopper"]
    devnet.chain.fund(agent.address, 0)
    relayer = devnet.chain.new_account("relayer of the example")
    monkeypatch.setenv("BURSAR_RELAYER_KEY", bytes(relayer.key).hex())

    told = run_example("relayed.py", "vendor", "10.00")

    assert "executed Paid 10 USDC." in told
    assert "replayed: Denied: nonce 0 was used or voided" in told
    assert devnet.chain.fetch_balance(agent.address) == 0


def test_example__many_payments__are_one_transaction(devnet: RunningDevnet) -> None:
    """
    All or none, and each by its reference.
    """
    paid = run_example("wages.py", "vendor", "1.50", "vendor", "2")
    denied = run_example("wages.py", "vendor", "1", "vendor", "1000")

    assert "executed Paid 3.5 USDC in 2 payments." in paid
    assert "wage-1 2 USDC executed" in paid
    assert "wage-0 1 USDC batch_denied" in denied
    assert "wage-1 1000 USDC payments_amount" in denied


@pytest.mark.parametrize("page", ["sdk.md", "tokens.md"])
def test_page__every_page_it_points_to__is_there(page: str) -> None:
    """
    No dead ends.
    """
    for target in re.findall(r"\]\(([a-z-]+\.md)\)", (ROOT / "docs" / page).read_text()):
        assert (ROOT / "docs" / target).exists(), target
