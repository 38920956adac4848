"""
What strangers write, numbers out of their order, and a node that is away: no alert waits for it.
"""

from __future__ import annotations

import fcntl
import json
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from bursar.alerts import channels
from bursar.alerts.channels import Webhook
from bursar.chain.errors import NoAnswerError
from bursar.config import AlertKind
from bursar.keeper.outbox import TOPIC as PAYMENT
from bursar.store import alert_clearing
from bursar.store.alert_clearing import ClearError, ClearSpool, ToClear
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX, put
from bursar.types import checksummed
from tests.integration.alerting import FILE, Receiver, Tower
from tests.integration.live import LiveWorld

CHANNEL = "alerts:\n  channels: {ops: {url_file: ops.url}}\n"
SOMEBODY = checksummed("0x" + "77" * 20)


@pytest.fixture
def tower(world: LiveWorld, database: Database, tmp_path: Path) -> Tower:
    """
    Nothing was looked at yet.
    """
    return Tower(world, database, tmp_path)


def notice(tower: Tower, reason: str) -> dict[str, object]:
    """
    A payment's that a token refuses with its own words.
    """
    world = tower.world
    return {
        "kind": "refused",
        "wallet": world.wallet.address,
        "id": "aa" * 32,
        "agent": SOMEBODY,
        "token": world.usdc.address,
        "to": SOMEBODY,
        "amount": 1,
        "reason": reason,
        "ready_at": 1,
        "expires_at": 2,
    }


def test_notice__with_a_tokens_own_words__is_one_line_that_nothing_obeys(tower: Tower) -> None:
    """
    No second line in a log, no colours, no end of its length.
    """
    words = "no\n2026-01-01 bursar: all is well\x1b[2J" + "x" * 100_000
    tower.database.write(lambda c: put(c, PAYMENT, "1", notice(tower, words), now=1))
    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        tower.look()
    (told,) = receiver.taken
    assert "refused for now: no\\n2026-01-01 bursar: all is well\\x1b[2Jxxx" in told["text"]
    assert told["text"].isprintable()
    assert len(told["text"]) < 2_100


def test_node__that_is_away__keeps_no_alert_from_being_told(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What others have left in the store needs no balance, nor does what waits for a channel.
    """
    tower.database.write(lambda c: put(c, PAYMENT, "1", notice(tower, "no"), now=1))

    def away(*_: object) -> int:
        raise NoAnswerError("The node is away.")

    monkeypatch.setattr(tower.alerting._chain, "fetch_balance_at", away)
    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        with pytest.raises(NoAnswerError):
            tower.look()
    assert [one["event"] for one in receiver.taken] == ["notice"]


def test_message__with_a_lower_number_than_those_before__is_told_within_a_minute(
    tower: Tower,
) -> None:
    """
    On Postgres a number is given before the commit: who commits first need not have the lower one.
    """
    others, ours = {**notice(tower, "no"), "wallet": SOMEBODY}, notice(tower, "no")
    for number, payload in ((9, others), (5, ours)):
        row = {"id": number, "topic": PAYMENT, "key": str(number), "payload": json.dumps(payload)}
        row |= {"created_at": 1, "due_at": 0, "attempts": 0}
        tower.database.write(partial(_put, row))
        tower.look()
    tower.now += 61
    tower.look()
    done = select(OUTBOX.c.id).where(OUTBOX.c.topic == PAYMENT, OUTBOX.c.done_at.is_not(None))
    assert tower.database.read(lambda c: c.execute(done).scalars().all()) == [5]


def _put(row: dict[str, object], connection: Connection) -> None:
    connection.execute(insert(OUTBOX).values(row))


def test_spool__with_what_no_database_takes__clears_the_others(
    tower: Tower, tmp_path: Path
) -> None:
    """
    A byte that is no text, and a number that is none, stop nobody's alerts.
    """
    tower.sweep()
    tower.look()
    (alert,) = tower.alerts()
    spool = tower.alerting._spool = ClearSpool(tmp_path / "some.clears")
    spool.add([ToClear(tower.whose, 1 << 70, "dana", "none", 5)])
    with spool.path.open("a") as file:
        file.write("[" * 200_000 + "\n")
    spool.add([ToClear(tower.whose, alert.id, "dana" * 100, "\udcff is known \0", 5)])
    tower.look()
    (alert,) = tower.alerts()
    assert alert.found.kind == AlertKind.BALANCE_LOW
    assert alert.cleared_why == "\\udcff is known \\x00"
    assert alert.cleared_by == "dana" * 50


def test_spool__held_by_another__keeps_no_alert_waiting(
    tower: Tower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was cleared waits; what is found is told.
    """
    monkeypatch.setattr(alert_clearing, "_LOCK_SECONDS", 0.1)
    spool = tower.alerting._spool = ClearSpool(tmp_path / "some.clears")
    spool.add([ToClear(tower.whose, 1, "dana", "known", 5)])
    tower.sweep()
    with spool.path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ClearError, match="has held"):
            tower.look()
    assert [one.is_open for one in tower.alerts()] == [True]
    tower.look()
    assert [one.is_open for one in tower.alerts()] == [False]


def test_slack__words_with_its_markup__are_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What a token says calls nobody, and is no link that a person would trust.
    """
    sent: list[object] = []

    def post(_url: str, body: object, *_: object, seconds: float) -> None:
        sent.append(body)

    monkeypatch.setattr(channels, "post_json", post)
    payload = {"id": 1, "text": "<!channel> <https://evil.example|click> & so on"}
    Webhook("https://hooks.slack.com/services/T/B/s3cr3t").tell(payload)
    escaped = "&lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; so on"
    assert sent == [{"text": f"[bursar] {escaped}"}]
