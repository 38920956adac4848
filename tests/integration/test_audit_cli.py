"""
`bursar audit` against a devnet: record, look, verify, export; and what each says when it cannot.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.devnet import RunningDevnet
from bursar.store.chain_tables import chain_cursor
from bursar.types import checksummed
from tests.integration.devnet_cli import bursar, shell


@pytest.fixture
def devnet(
    running: RunningDevnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningDevnet]:
    """
    A devnet whose shopper has paid twice, in a folder of its own, recorded.
    """
    with shell(running, tmp_path, monkeypatch) as devnet:
        for amount in ("10", "20.50"):
            done = bursar("pay", "USDC", "vendor", amount, "--agent", "shopper", "--yes")
            assert done.exit_code == 0
        assert told("record")["added"] > 10
        yield devnet


def told(*arguments: str, status: int = 0) -> Any:
    """
    What `bursar audit` prints with --json.
    """
    done = bursar("audit", *arguments, "--json")
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


def amounts(*arguments: str) -> list[str]:
    """
    The amounts of the entries that are found.
    """
    return [entry["amount"] for entry in told("log", *arguments)["entries"]]


def database_file() -> Path:
    """
    The store of the devnet in this folder.
    """
    (found,) = Path(".bursar").rglob("*.db")
    return found


def cut_tail() -> None:
    """
    What somebody with the file does who wants to hide the last payment.
    """
    engine = sa.create_engine(f"sqlite:///{database_file()}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
        connection.exec_driver_sql(
            "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)"
        )
    engine.dispose()


def test_keeper_status__of_a_store_of_another_organisation__says_so(devnet: RunningDevnet) -> None:
    """
    Not that nobody has begun: whoever then starts a keeper there mixes two.
    """
    book, other = devnet.founded.book, checksummed("0x" + "77" * 20)
    assert bursar("keeper", "run", "--once").exit_code == 0
    assert bursar("keeper", "status").exit_code == 0
    engine = sa.create_engine(f"sqlite:///{database_file()}")
    with engine.begin() as connection:
        connection.execute(sa.update(chain_cursor).values(organization=other))
    engine.dispose()

    done = bursar("keeper", "status")
    assert done.exit_code == 1, done.output
    assert f"it is of {other} on chain {book.chain_id}" in done.output
    assert f"nothing of {book.name} ({book.organization} on" in done.output
    done = bursar("keeper", "status", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["others"] == [[book.chain_id, other]]


def test_record__again__adds_nothing(devnet: RunningDevnet) -> None:
    """
    Whoever runs it, however often.
    """
    again = told("record")

    assert (again["added"], again["problem"]) == (0, None)
    assert "Entered 0 of" in bursar("audit", "record").output


def test_log__of_everything__tells_names_amounts_and_who(devnet: RunningDevnet) -> None:
    """
    T34 to T36: a table for people, everything for machines.
    """
    entries = told("log")["entries"]
    last = entries[-1]

    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    assert (last["action"], last["amount"]) == ("agent_spend", "20500000")
    assert (last["balance_before"], last["balance_after"]) == ("9990000000", "9969500000")
    assert last["names"] == {"wallet": "operations", "agent": "shopper"}
    assert {entry["action"] for entry in entries} >= {"refill", "policy_change", "kill_switch"}
    shown = bursar("audit", "log").output
    assert "agent shopper" in shown
    assert "20.50 USDC" in shown
    assert "9,969.50" in shown
    assert "owner" in shown


def test_log__filtered__shows_what_fits(devnet: RunningDevnet) -> None:
    """
    T36: dates, wallet, agent, action, token, least amount, organisation.
    """
    spends = ("--action", "agent_spend")
    assert amounts(*spends) == ["10000000", "20500000"]
    assert amounts(*spends, "--least", "USDC:20.5") == ["20500000"]
    assert amounts(*spends, "--last", "1") == ["20500000"]
    assert amounts(*spends, "--wallet", "trading") == []
    assert amounts(*spends, "--agent", "shopper", "--token", "usdc") == ["10000000", "20500000"]
    assert amounts(*spends, "--until", "2020-01-01") == []
    assert amounts(*spends, "--since", "2020-01-01") == ["10000000", "20500000"]
    assert amounts(*spends, "--organisation", "all") == ["10000000", "20500000"]
    assert amounts("--organisation", devnet.founded.book.safe) == []
    assert {e["action"] for e in told("log", *spends, "--action", "refill")["entries"]} == {
        "agent_spend",
        "refill",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--action", "agent_spent"), "agent_spend"),
        (("--since", "yesterday"), "2026-01-31"),
        (("--wallet", "tradign"), "trading"),
        (("--least", "5"), "USDC:1000"),
        (("--organisation", "acme"), "no address"),
        (("--database", "sqlite:///nowhere.db"), "no database"),
        (("--database", "redis://x"), "postgresql://"),
    ],
)
def test_log__with_what_is_not_there__says_what_to_write(
    devnet: RunningDevnet, options: tuple[str, ...], said: str
) -> None:
    """
    A mistyped name ends with a sentence and status 1, with --json as well.
    """
    done = bursar("audit", "log", *options)

    assert done.exit_code == 1
    assert said in done.output
    assert told("log", *options, status=1)["ok"] is False


def test_verify__untouched__compares_the_heads_that_were_told(devnet: RunningDevnet) -> None:
    """
    By default the head is told to another folder than the database's.
    """
    found = told("verify")

    assert found["ok"] is True
    assert found["heads_compared"] == 1
    assert found["head"]["sequence"] == found["entries"]
    (heads,) = Path(".bursar/heads").iterdir()
    assert heads.parent != database_file().parent
    assert "1 head that was told before is in it" in bursar("audit", "verify").output


def test_verify__tail_cut__ends_with_1_and_says_where(devnet: RunningDevnet) -> None:
    """
    Without the heads nobody could tell, and that is said, too.
    """
    count = told("verify")["entries"]
    cut_tail()

    problems = told("verify", status=1)["problems"]
    assert [problem["sequence"] for problem in problems] == [count]
    assert "cut off" in bursar("audit", "verify").output
    (heads,) = Path(".bursar/heads").iterdir()
    copy = heads.rename("copied-away")
    alone = bursar("audit", "verify")
    assert alone.exit_code == 0
    assert "no head was told" in alone.output
    assert bursar("audit", "verify", "--head", str(copy)).exit_code == 1
    assert bursar("audit", "verify", "--head", "missing").exit_code == 1


def test_verify__with_anchors__asks_the_chain_and_fails_closed(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where anchors are sent they are looked for. That a node is away, or that nothing was there to
    compare, is no success unless somebody says so.
    """
    left_out = told("verify")
    assert (left_out["chain"], "local chain" in left_out["chain_left_out"]) == (None, True)
    monkeypatch.setenv("BURSAR_AUDIT_ANCHORS", "1d")
    assert bursar("keeper", "run", "--once", "--dry-run").exit_code == 0
    assert told("verify")["chain"]["anchors"] == []
    assert bursar("keeper", "run", "--once").exit_code == 0
    found = told("verify")
    (anchor,) = found["chain"]["anchors"]
    assert anchor["sequence"] == found["entries"]
    assert "1 anchor on the chain agrees with it" in bursar("audit", "verify").output

    cut_tail()
    (heads,) = Path(".bursar/heads").iterdir()
    heads.write_text("")
    (problem,) = told("verify", status=1)["problems"]
    assert anchor["transaction"] in problem["what"]
    away = ("--rpc-url", "http://127.0.0.1:9")
    assert "--no-chain" in told("verify", *away, status=1)["error"]["message"]
    assert told("verify", "--no-chain")["ok"] is True
    assert told("verify", "--no-chain", "--require-head", status=1)["ok"] is False
    assert told("verify", "--keeper", "watch", status=1)["chain"]["anchors"] == [anchor]
    assert "no address" in bursar("audit", "verify", "--keeper", "nobody").output


def test_anchors__interval_that_is_none__is_refused(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Before anything is sent: what it says, and what to write.
    """
    for value, said in (("daily", "duration"), ("1s", "each costs gas")):
        monkeypatch.setenv("BURSAR_AUDIT_ANCHORS", value)
        done = bursar("keeper", "run", "--once")
        assert done.exit_code == 1
        assert said in done.output


def test_export__jsonl__can_be_verified_without_bursar(
    devnet: RunningDevnet, tmp_path: Path
) -> None:
    """
    SHA-256 and a JSON reader are enough, and every line names the one before it.
    """
    target = tmp_path / "out.jsonl"
    assert bursar("audit", "export", "-o", str(target)).exit_code == 0

    previous = "00" * 32
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    for number, line in enumerate(lines, start=1):
        assert hashlib.sha256(line["content"].encode()).hexdigest() == line["hash"]
        content = json.loads(line["content"])
        assert (content["sequence"], content["previous"]) == (number, previous)
        previous = line["hash"]
    assert len(lines) == told("verify")["entries"]
    assert bursar("audit", "export").output.splitlines() == target.read_text().splitlines()


def test_export__csv__opens_in_a_spreadsheet_and_runs_nothing(devnet: RunningDevnet) -> None:
    """
    A reason that a stranger chose is text there, whatever it begins with.
    """
    evil = '=HYPERLINK("http://x")'
    stopped = bursar("pause", "shopper", "--reason", evil)
    assert stopped.exit_code == 0, stopped.output
    told("record")

    done = bursar("audit", "export", "--format", "csv", "--action", "agent_spend")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    stops = bursar("audit", "export", "--format", "csv", "--action", "kill_switch").output
    assert [(row["amount_in_tokens"], row["symbol"]) for row in rows] == [
        ("10", "USDC"),
        ("20.5", "USDC"),
    ]
    assert {row["agent_name"] for row in rows} == {"shopper"}
    assert evil in told("log", "--last", "1")["entries"][0]["details"]["reason"]
    cells = [cell for row in csv.reader(io.StringIO(stops)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_audit__on_postgres__works_the_same(
    devnet: RunningDevnet, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The address of the store comes from the environment, too; both stores hold the same hashes.
    """
    before = told("verify")["head"]
    monkeypatch.setenv("BURSAR_DATABASE_URL", postgres_url)
    monkeypatch.setenv("BURSAR_AUDIT_HEADS", "off")

    missing = bursar("audit", "log")
    told("record")

    assert missing.exit_code == 1
    assert "no step at all" in missing.output
    assert told("verify")["head"] == before
    assert told("verify")["heads_compared"] == 0


def test_record__heads_that_cannot_be_told__warns_and_keeps_the_entries(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The record is not held up by whoever should remember its head.
    """
    monkeypatch.setenv("BURSAR_AUDIT_HEADS", "http://127.0.0.1:9/heads")
    bursar("pay", "USDC", "vendor", "1", "--agent", "shopper", "--yes")

    done = bursar("audit", "record")

    assert done.exit_code == 0
    assert "Entered 1 of" in done.output
    assert "warning: The audit's head was not taken" in done.output
