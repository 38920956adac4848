"""
docs/alerts.md: its settings load, its JSON is what is sent, its receiver and its commands run.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.alerts.channels import Webhook
from bursar.cli import app
from bursar.config import AlertKind, read_treasury
from bursar.store.database import Database
from tests.integration.alerting import FILE, Receiver, Tower
from tests.integration.live import LiveWorld
from tests.unit.config.test_docs import on_base

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def block(kind: str) -> str:
    """
    The one block of that kind.
    """
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def test_page__settings__load_and_say_what_the_page_says() -> None:
    """
    With the smallest file around them.
    """
    treasury = read_treasury(on_base(block("yaml")))
    alerts = treasury.alerts
    assert alerts.low_of("USDC", 6) == 20_000_000_000
    assert alerts.daily_limit_percent == 75
    assert alerts.unusual_spending == "medium"
    assert alerts.channels_of(AlertKind.BALANCE_LOW) == ("slack", "email")
    assert alerts.channels_of(AlertKind.UNDECLARED) == ("slack", "pagerduty")
    assert alerts.channels_of(AlertKind.EXPIRED) == ()
    assert treasury.wallets[0].tokens[0].alert_below == 2_000_000_000


def test_page__every_kind__is_explained() -> None:
    """
    Whatever a receiver may be told.
    """
    assert [kind.value for kind in AlertKind if f"`{kind}`" not in PAGE] == []


def test_page__json__is_what_is_sent(world: LiveWorld, tmp_path: Path) -> None:
    """
    The same keys in the same order, and the same words.
    """
    with Database.open(f"sqlite:///{tmp_path}/bursar.db") as database, Receiver() as receiver:
        tower = Tower(world, database, tmp_path)
        tower.write(FILE + "alerts:\n  channels: {ops: {url_file: ops.url}}\n")
        tower.write_url("ops.url", receiver.url)
        tower.pay(20)
        tower.look()
    (sent,), shown = receiver.taken, json.loads(block("json"))
    assert sorted(sent) == sorted(shown)
    for key in ("event", "kind", "severity", "text", "organisation", "figures", "agent", "alert"):
        assert sent[key] == shown[key]


def test_page__receiver__takes_each_id_once() -> None:
    """
    As it stands there.
    """
    names: dict[str, Any] = {}
    exec(block("python"), names)
    names["Receiver"].log_message = lambda *_: None
    server = names["server"]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            channel = Webhook(f"http://127.0.0.1:{server.server_port}/")
            for _ in range(2):
                channel.tell(json.loads(block("json")) | {"text": "it is low"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert said.getvalue() == "warning wallet_balance_low [acme] it is low\n"


@pytest.mark.parametrize("line", re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE))
def test_page__every_command__has_the_options_that_it_shows(line: str) -> None:
    """
    Each is known; that there is no store here is another matter.
    """
    words = shlex.split(line, comments=True)
    assert words.pop(0) == "bursar"
    done = CliRunner().invoke(app, [*words, "--book", "/nonexistent/book.json"])
    assert "No such option" not in done.output
    assert done.exit_code == (2 if "clear" in words[:1] else 1), done.output
