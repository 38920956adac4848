"""
Alerts as people meet them: raised by a whole keeper, shown and cleared on the command line, told in
a refill's report and settled by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from bursar.cli import app
from bursar.cli.alerts_place import fetch_open
from bursar.cli.place import Place
from bursar.devnet import USDC
from bursar.keeper.alerting import AlertPlaces
from bursar.keeper.building import BookPlaces, keeping
from bursar.store.database import Database
from bursar.store.key_file import load_receipt_key
from bursar.store.outbox import OUTBOX
from bursar.treasury.refills.recorded_alerts import RecordedAlerts
from bursar.types import DAY, MAX_UINT256
from tests.integration.alerting import FILE, Receiver, Tower
from tests.integration.keeping import PATIENCE, executions, lower, queue
from tests.integration.live import LiveWorld, ref

CHANNEL = "alerts:\n  channels: {ops: {url_file: ops.url}}\n"
Shell = Callable[..., Result]


@pytest.fixture
def tower(world: LiveWorld, database: Database, tmp_path: Path) -> Tower:
    """
    Nothing was looked at yet.
    """
    return Tower(world, database, tmp_path)


@pytest.fixture
def shell(tower: Tower, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """
    The command line of somebody who has the address book and the store.
    """
    for name in [name for name in os.environ if name.startswith("BURSAR_")]:
        if name != "BURSAR_ANVIL":
            monkeypatch.delenv(name)
    path = tower.folder / "book.json"
    path.write_text(tower.book.to_json())
    monkeypatch.setenv("BURSAR_BOOK", str(path))
    monkeypatch.setenv("BURSAR_DATABASE_URL", store_url)
    monkeypatch.setenv("BURSAR_RPC_URL", tower.world.chain.rpc.url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    return run


def test_keeper__low_balance_undeclared_spend_and_lost_payment__tells_each_once(
    world: LiveWorld, database_url: str, tmp_path: Path
) -> None:
    """
    The whole service, stopped and started again: what it finds reaches the channel, once.
    """
    tower_file = tmp_path / "treasury.yaml"
    tower_file.write_text(FILE + CHANNEL)
    with Database.open(database_url):
        pass
    load_receipt_key(tmp_path / "receipt.key")
    queued = queue(world)
    lower(world, expires_at=0)
    world.pay(20 * USDC, ref=ref(5))
    world.chain.warp(to=queued.ready_at)

    with Receiver() as receiver:
        (tmp_path / "ops.url").write_text(receiver.url)
        (tmp_path / "ops.url").chmod(0o600)
        for _ in range(2):
            names = Tower.name(world)
            with keeping(
                database_url,
                world.chain,
                world.keeper,
                world.organization.address,
                chain_id=world.chain.chain_id,
                patience=replace(PATIENCE, final_after=4),
                clock=world.chain.fetch_now,
                books=BookPlaces(world.safe.address, receipt_key=tmp_path / "receipt.key"),
                alerts=AlertPlaces(names, "acme", tower_file, {}),
            ) as keeper:
                keeper.run_once()
                keeper.run_once()

    with Database.open(database_url) as database:
        left = select(OUTBOX.c.topic).where(OUTBOX.c.done_at.is_(None))
        assert database.read(lambda c: c.execute(left).all()) == []
    told = {one["kind"]: one for one in receiver.taken}
    assert sorted(one["kind"] for one in receiver.taken) == [
        "payment_cancelled",
        "undeclared_spend",
        "wallet_balance_low",
    ]
    assert told["undeclared_spend"]["severity"] == "critical"
    assert told["undeclared_spend"]["text"].startswith(
        "[acme] bot has paid 20 USDC from trading to "
    )
    assert told["payment_cancelled"]["payment"] == queued.id.hex()
    assert told["wallet_balance_low"]["figures"]["balance"] == str(4_980 * USDC)


def test_keeper__while_a_channel_does_not_answer__does_its_work(
    world: LiveWorld, store_url: str, tmp_path: Path
) -> None:
    """
    Alerts are beside the cycle: what is due is executed while a webhook hangs.
    """
    (tmp_path / "treasury.yaml").write_text(FILE.replace("4_990", "5_001") + CHANNEL)
    queued = queue(world)
    with Receiver() as receiver:
        receiver.gate.clear()
        (tmp_path / "ops.url").write_text(receiver.url)
        (tmp_path / "ops.url").chmod(0o600)
        with keeping(
            store_url,
            world.chain,
            world.keeper,
            world.organization.address,
            chain_id=world.chain.chain_id,
            patience=replace(PATIENCE, final_after=4),
            clock=world.chain.fetch_now,
            alerts=AlertPlaces(Tower.name(world), "acme", tmp_path / "treasury.yaml", {}),
        ) as keeper:
            keeper.run_once()
            assert receiver.asked.wait(10)
            world.chain.warp(to=queued.ready_at)
            keeper.run_once()
            assert [one.id for one in executions(world)] == [queued.id]
            assert receiver.taken == []
            receiver.gate.set()
    assert [one["kind"] for one in receiver.taken] == ["wallet_balance_low"]


def test_alerts__on_the_command_line__are_shown_and_cleared(
    tower: Tower, shell: Shell, database: Database
) -> None:
    """
    A table, JSON, those that are open, and since a day; cleared with who and why, once.
    """
    assert "Alerts of acme: 0, 0 open" in shell("alerts").output
    tower.sweep()
    tower.look()

    shown = shell("alerts").output
    assert "Alerts of acme: 1, 1 open" in shown
    assert "trading has 0 USDC: less than 4,990 USDC." in shown
    (told,) = json.loads(shell("alerts", "--json").output)["alerts"]
    assert (told["kind"], told["open"], told["figures"]["balance"]) == (
        "wallet_balance_low",
        True,
        "0",
    )
    day = "2026-01-06"  # the day after the world's Monday
    assert "Alerts of acme: 0, 0 open" in shell("alerts", "--since", day).output

    assert shell("alerts", "clear", "99", "--why", "x").exit_code == 1
    done = shell("alerts", "clear", "1", "--why", "refilled soon", "--by", "dana")
    assert done.exit_code == 0, done.output
    assert ("noted" if database.is_sqlite else "is cleared") in done.output
    tower.look()
    (told,) = json.loads(shell("alerts", "--json").output)["alerts"]
    assert (told["cleared_by"], told["cleared_why"]) == ("dana", "refilled soon")
    assert json.loads(shell("alerts", "--open", "--json").output)["alerts"] == []
    again = shell("alerts", "clear", "1", "--why", "x")
    assert again.exit_code == 1
    assert "was cleared by dana" in again.output


def test_clear__by_a_person__is_told_to_the_channels(tower: Tower, shell: Shell) -> None:
    """
    Who was woken up by it learns that somebody has dealt with it.
    """
    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        tower.sweep()
        tower.look()
        shell("alerts", "clear", "1", "--why", "known", "--by", "dana")
        tower.look()
        tower.look()
    assert [one["event"] for one in receiver.taken] == ["raised", "cleared"]
    assert receiver.taken[1]["text"].startswith("[acme] Cleared by dana: known It was: trading")


def test_status__with_an_open_alert__has_a_line_about_it(tower: Tower, shell: Shell) -> None:
    """
    And no line without; JSON has how many.
    """
    tower.look()
    assert "alert" not in shell("status").output
    assert json.loads(shell("status", "--json").output)["open_alerts"] == 0
    tower.sweep()
    tower.look()
    assert "1 alert is open (bursar alerts --open). The latest: trading" in " ".join(
        shell("status").output.split()
    )
    assert json.loads(shell("status", "--json").output)["open_alerts"] == 1
    assert len(fetch_open(Place.find(None, None)) or ()) == 1


# A refill


def test_report__of_alerts__has_those_of_the_period_and_what_is_open(
    tower: Tower, store_url: str
) -> None:
    """
    T29: seven days of history; what is older and open is no history.
    """
    recorded = RecordedAlerts(store_url, tower.book)
    now = tower.world.chain.fetch_now()
    assert recorded.fetch_alerts(now - DAY, now + DAY) == []
    tower.sweep()
    tower.look()
    (alert,) = recorded.fetch_alerts(now - DAY, now + DAY) or ()
    assert (alert.kind, alert.at) == ("wallet_balance_low", tower.world.chain.fetch_now())
    assert alert.text.startswith("trading has 0 USDC")
    assert alert.cleared_at is None
    later = now + 30 * DAY
    assert recorded.fetch_alerts(later, later + 7 * DAY) == [alert]

    tower.refill(8_000)
    tower.look()
    (alert,) = recorded.fetch_alerts(now - DAY, now + DAY) or ()
    assert alert.cleared_at == 2_000_000_000
    assert recorded.fetch_alerts(later, later + 7 * DAY) == []


@pytest.mark.parametrize("keeper_looks_first", [True, False])
def test_finished_refill__clears_the_alerts_of_its_wallet(
    tower: Tower, store_url: str, keeper_looks_first: bool
) -> None:
    """
    T32: whoever is first, cleared once, by the refill, with its reference on chain.
    """
    tower.sweep()
    tower.look()
    tower.refill(8_000)
    if keeper_looks_first:
        tower.look()
    recorded, world = RecordedAlerts(store_url, tower.book), tower.world
    what = world.wallet.address, world.usdc.address, "mia", ref(7), MAX_UINT256
    assert recorded.clear_low_balance(*what) == 1
    tower.look()
    assert recorded.clear_low_balance(*what) == 1
    other = world.second_wallet.address, world.usdc.address, "mia", ref(7), MAX_UINT256
    assert recorded.clear_low_balance(*other) == 0

    (alert,) = tower.alerts()
    assert alert.cleared_by == f"refill 0x{ref(7).hex()}"
    assert alert.ended_at is not None


def test_finished_refill__that_was_not_enough__is_low_again(tower: Tower, store_url: str) -> None:
    """
    The refill has settled its alert; that there is still too little is another one.
    """
    tower.sweep()
    tower.look()
    tower.refill(100)
    tower.look()
    world = tower.world
    recorded = RecordedAlerts(store_url, tower.book)
    recorded.clear_low_balance(world.wallet.address, world.usdc.address, "mia", ref(7), MAX_UINT256)
    world.chain.warp(by=12)
    tower.look()
    tower.look()
    assert [one.is_open for one in tower.alerts()] == [False, True]


def test_finished_refill__that_ran_low_again_since__settles_no_later_alert(
    tower: Tower, store_url: str
) -> None:
    """
    Whoever finishes days later clears what the refill ended, and not what was told after it.
    """
    tower.sweep()
    tower.look()
    tower.refill(8_000)
    block = tower.world.chain.fetch_height()
    tower.look()
    tower.sweep()
    tower.look()
    recorded, world = RecordedAlerts(store_url, tower.book), tower.world

    settled = recorded.clear_low_balance(
        world.wallet.address, world.usdc.address, "mia", ref(7), block
    )

    assert settled == 1
    assert [one.is_open for one in tower.alerts()] == [False, True]


def test_report__without_a_store__says_that_nobody_recorded(tower: Tower) -> None:
    """
    And makes none.
    """
    path = tower.folder / "nowhere" / "none.db"
    recorded = RecordedAlerts(f"sqlite:///{path}", tower.book)
    assert recorded.fetch_alerts(0, MAX_UINT256) is None
    world = tower.world
    what: Any = world.wallet.address, world.usdc.address, "mia", ref(7), MAX_UINT256
    assert recorded.clear_low_balance(*what) is None
    assert not path.exists()
