"""
The audit in the store, on SQLite and on a real Postgres: it only grows, several may append at once,
nothing half done survives, and whatever somebody does to its rows is found.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bursar.audit import (
    Action,
    Entry,
    Party,
    Place,
    Verdict,
    hash_of,
    place_identity,
    read_content,
    write_content,
)
from bursar.store import audit_heads
from bursar.store.audit_append import append_entries, retract_from
from bursar.store.audit_heads import (
    Head,
    HeadFile,
    HeadPost,
    HeadsError,
    build_head_keeper,
    read_heads,
)
from bursar.store.audit_log import AuditLog, refusal_of
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_table import AUDIT
from bursar.store.audit_verify import Report, verify_audit
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome
from bursar.types import MAX_UINT256, NATIVE, Bytes32, checksummed
from tests.integration.alerting import Receiver, dripping

CHAIN = 31_337
ORGANIZATION = checksummed("0x" + "aa" * 20)
OTHER_ORGANIZATION = checksummed("0x" + "ab" * 20)
WALLET = checksummed("0x" + "bb" * 20)
AGENT = checksummed("0x" + "cc" * 20)
OTHER_AGENT = checksummed("0x" + "cd" * 20)


def entry(number: int, **changed: Any) -> Entry:
    """
    A payment of `number` base units in block `number`, unless changed.
    """
    place = Place(block=number, transaction=Bytes32(number.to_bytes(32, "big")), log=0)
    usual: dict[str, Any] = {
        "chain_id": CHAIN,
        "organization": ORGANIZATION,
        "at": 1_000 + number,
        "action": Action.AGENT_SPEND,
        "event": "Paid",
        "identity": place_identity(place),
        "wallet": WALLET,
        "agent": AGENT,
        "role": "agent",
        "token": NATIVE,
        "amount": number,
        "balance_before": MAX_UINT256,
        "balance_after": MAX_UINT256 - number,
        "authorised_by": (Party(role="agent", address=AGENT),),
        "verdict": Verdict(by="chain", outcome="allowed"),
        "place": place,
        "details": {"reason": "ü\0 “quoted”"},
    }
    return Entry(**{**usual, **changed})


def entries(count: int, first: int = 1) -> list[Entry]:
    """
    So many payments.
    """
    return [entry(number) for number in range(first, first + count)]


@pytest.fixture
def log(database: Database) -> AuditLog:
    """
    An empty audit.
    """
    return AuditLog(database, CHAIN, ORGANIZATION)


def verify(database: Database, heads: list[Head] | None = None) -> Report:
    """
    What verifying says.
    """
    return database.read(lambda c: verify_audit(c, CHAIN, ORGANIZATION, heads or []))


def found(report: Report) -> dict[int, str]:
    """
    The first problem of each entry.
    """
    return {problem.sequence: problem.what for problem in reversed(report.problems)}


def tamper(database: Database, *statements: Any) -> None:
    """
    What somebody with the database's password can do: the triggers are no obstacle to them.
    """

    def work(connection: sa.Connection) -> None:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_update")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(statement)

    database.write(work)


def test_append__entries__are_chained_and_come_back_whole(log: AuditLog) -> None:
    """
    T34, T35: every field is kept to the last bit, and each entry names its predecessor's hash.
    """
    done = log.append(entries(3))

    first, second, third = done.added
    assert (first.sequence, second.sequence, third.sequence) == (1, 2, 3)
    assert first.previous == bytes(32)
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert done.head == Head(3, third.hash)
    stored = log.database.read(lambda c: list(find_audit(c, Filter())))
    assert [one.entry for one in stored] == entries(3)
    assert all(hash_of(one.content) == one.hash for one in stored)
    report = verify(log.database, [Head(1, first.hash), Head(3, third.hash)])
    assert report == Report(3, done.head, 2, ())


def test_append__text_that_is_no_text__is_kept_readable(log: AuditLog) -> None:
    """
    What an agent sends as a reason can neither break the audit nor hide in it.
    """
    (sealed,) = log.append([entry(1, details={"note": "half a pair \ud800"})]).added

    assert sealed.entry.details == {"note": "half a pair \\ud800"}
    assert verify(log.database).problems == ()


def test_append__same_again__adds_nothing(log: AuditLog) -> None:
    """
    A block that is read again, wholly or partly, leaves the audit as it is.
    """
    log.append(entries(3))

    assert log.append(entries(3)).added == ()
    again = log.append([*entries(4), *entries(4)])

    assert [one.entry for one in again.added] == [entry(4)]
    assert verify(log.database).entries == 4


def test_append__more_than_fits_a_transaction__is_one_chain(log: AuditLog) -> None:
    """
    Thousands at once are cut into transactions, in order.
    """
    log.append(entries(2_345))

    report = verify(log.database)
    assert (report.entries, report.problems) == (2_345, ())


def test_append__of_two_organisations__makes_two_chains(log: AuditLog) -> None:
    """
    Each organisation has an audit of its own that can be handed out by itself.
    """
    others = [entry(number, organization=OTHER_ORGANIZATION) for number in (1, 2)]
    log.append([*others, *entries(3)])

    assert log.head() is not None
    assert verify(log.database).entries == 3
    other = log.database.read(lambda c: verify_audit(c, CHAIN, OTHER_ORGANIZATION))
    assert (other.entries, other.problems) == (2, ())


def test_append__in_a_transaction_that_fails__adds_nothing(log: AuditLog) -> None:
    """
    A decision and its entry are kept together or not at all.
    """

    def work(connection: sa.Connection) -> None:
        append_entries(connection, entries(2))
        raise KeyError

    with pytest.raises(KeyError):
        log.database.write(work)

    assert log.head() is None
    assert [one.sequence for one in log.append(entries(1)).added] == [1]


@pytest.mark.parametrize("verb", ["UPDATE audit SET at = 0", "DELETE FROM audit", "TRUNCATE audit"])
def test_rows__changed_by_mistake__are_refused_by_the_database(log: AuditLog, verb: str) -> None:
    """
    Append-only: what is no attack is stopped before it happens.
    """
    if verb.startswith("TRUNCATE") and log.database.is_sqlite:
        verb = "DELETE FROM audit WHERE 1 = 1"
    log.append(entries(2))

    with pytest.raises(DBAPIError, match="never changed or removed"):
        log.database.write(lambda c: c.exec_driver_sql(verb))

    assert verify(log.database) == Report(2, log.head(), 0, ())


def edited_content(database: Database, number: int, **changed: Any) -> str:
    """
    An entry's content as a forger would write it.
    """
    stored = database.read(lambda c: list(find_audit(c, Filter())))[number - 1]
    content, sequence, previous = read_content(stored.content)
    return write_content(content.model_copy(update=changed), sequence, previous)


def test_verify__content_edited__is_found(log: AuditLog) -> None:
    """
    An amount that was made smaller.
    """
    log.append(entries(4))
    forged = edited_content(log.database, 2, amount=1)

    tamper(
        log.database,
        AUDIT.update().where(AUDIT.c.sequence == 2).values(content=forged, amount=1),
    )

    assert found(verify(log.database)) == {
        2: "its content was edited: the hash is of something else"
    }


def test_verify__one_character_for_a_similar_one__is_found(log: AuditLog) -> None:
    """
    Also where what replaces it is no ASCII.
    """
    log.append([entry(1, details={"reason": "why?"}), entry(2)])
    forged = edited_content(log.database, 1).replace("why?", "why\u00bf")
    assert forged.encode("ascii", "replace").decode() == edited_content(log.database, 1)

    tamper(log.database, AUDIT.update().where(AUDIT.c.sequence == 1).values(content=forged))

    assert 1 in found(verify(log.database))


def test_verify__content_edited_with_its_hash__is_found_at_the_next(log: AuditLog) -> None:
    """
    A forger who computes the hash anew breaks the link to the next entry.
    """
    log.append(entries(4))
    forged = edited_content(log.database, 2, amount=1)

    tamper(
        log.database,
        AUDIT.update()
        .where(AUDIT.c.sequence == 2)
        .values(content=forged, hash=hash_of(forged), amount=1),
    )

    assert found(verify(log.database)) == {3: "it does not follow from the entry before it"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("amount", 7), ("wallet", ORGANIZATION), ("agent", None), ("token", WALLET)),
        *(("at", 5), ("action", "refill"), ("block", None), ("identity", "other")),
    ],
)
def test_verify__column_edited__is_found(log: AuditLog, column: str, value: Any) -> None:
    """
    To hide an entry from a search is an edit, too.
    """
    log.append(entries(3))

    tamper(log.database, AUDIT.update().where(AUDIT.c.sequence == 2).values({column: value}))

    assert found(verify(log.database)) == {2: f"what it is searched by was edited: {column}"}


def test_verify__entry_deleted__is_found(log: AuditLog) -> None:
    """
    From the middle, and from the start.
    """
    log.append(entries(5))

    tamper(log.database, AUDIT.delete().where(AUDIT.c.sequence == 3))
    assert found(verify(log.database)) == {4: "entries are missing before it: 3 to 3"}
    tamper(log.database, AUDIT.delete().where(AUDIT.c.sequence == 1))
    assert sorted(found(verify(log.database))) == [2, 4]


def test_verify__deleted_and_renumbered__is_found(log: AuditLog) -> None:
    """
    Closing the gap by numbers leaves the contents and the links.
    """
    log.append(entries(3))

    tamper(
        log.database,
        AUDIT.delete().where(AUDIT.c.sequence == 2),
        AUDIT.update().where(AUDIT.c.sequence == 3).values(sequence=2),
    )

    assert found(verify(log.database)) == {2: "it does not follow from the entry before it"}


def test_verify__two_entries_exchanged__is_found(log: AuditLog) -> None:
    """
    The order is part of what is hashed.
    """
    log.append(entries(4))

    tamper(
        log.database,
        *(
            AUDIT.update().where(AUDIT.c.sequence == old).values(sequence=new)
            for old, new in ((2, 99), (3, 2), (99, 3))
        ),
    )

    assert sorted(found(verify(log.database))) == [2, 3, 4]


def test_verify__tail_cut__is_found_with_the_head_only(log: AuditLog) -> None:
    """
    What is left is a valid chain: only somebody who remembers more can tell.
    """
    log.append(entries(3))
    head = log.append(entries(2, first=4)).head
    assert head is not None

    tamper(log.database, AUDIT.delete().where(AUDIT.c.sequence > 3))

    assert verify(log.database).problems == ()
    assert found(verify(log.database, [head])) == {
        5: "the end was cut off: entry 5 was told of, and the last one here is 3"
    }


def test_verify__everything_written_anew__is_found_with_any_head(log: AuditLog) -> None:
    """
    Who rewrites the whole chain consistently still does not have the hashes that were told before.
    """
    old = log.append(entries(3)).head
    assert old is not None
    tamper(log.database, AUDIT.delete())
    log.append([entry(1), entry(2, amount=9), entry(3), entry(4)])

    assert verify(log.database).problems == ()
    assert found(verify(log.database, [old])) == {
        3: "it is not the entry whose hash was told before"
    }
    empty = found(verify(log.database, [Head(9, old.hash)]))
    assert list(empty) == [9]


def test_verify__all_removed__is_found_with_the_head_only(log: AuditLog) -> None:
    """
    An empty audit is whole as far as it goes.
    """
    head = log.append(entries(3)).head
    assert head is not None
    tamper(log.database, AUDIT.delete())

    assert verify(log.database) == Report(0, None, 0, ())
    assert list(found(verify(log.database, [head]))) == [3]


APPENDER = """
import sys
from tests.integration.test_audit_log import CHAIN, ORGANIZATION, AuditLog, Database, entries
database = Database.open(sys.argv[1])
log = AuditLog(database, CHAIN, ORGANIZATION)
print("ready", flush=True)
for start in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3]), 5):
    log.append(entries(5, first=start))
print("done", flush=True)
database.close()
"""


def start_appender(url: str, first: int, count: int) -> subprocess.Popen[str]:
    """
    Another process that appends, five at a time.
    """
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", APPENDER, url, str(first), str(count)]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)


def test_append__by_processes_at_once__is_one_valid_chain(postgres_url: str) -> None:
    """
    The lock spans reading the head and appending: without it two entries would name one
    predecessor. Half of the entries are appended by both.
    """
    Database.open(postgres_url).close()
    processes = [start_appender(postgres_url, first, 200) for first in (1, 101)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]

    with Database.open(postgres_url, read_only=True) as database:
        report = verify(database)

    assert (report.entries, report.problems) == (300, ())


def test_append__by_threads_at_once__is_one_valid_chain(log: AuditLog) -> None:
    """
    However many callers, one thread writes.
    """
    threads = [
        threading.Thread(target=log.append, args=(entries(30, first=first),))
        for first in (1, 16, 31, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = verify(log.database)
    assert (report.entries, report.problems) == (60, ())


def test_append__killed_at_any_time__leaves_a_valid_chain(store_url: str) -> None:
    """
    After kill -9 what is there is whole, and appending the same again completes it.
    """
    for delay in (0.03, 0.2):
        process = start_appender(store_url, 1, 100_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.kill()
        process.communicate()

    with Database.open(store_url) as database:
        report = verify(database)
        assert report.problems == ()
        assert 0 < report.entries < 100_000
        assert report.entries % 5 == 0
        AuditLog(database, CHAIN, ORGANIZATION).append(entries(report.entries + 3))
        assert verify(database)[0] == report.entries + 3


def test_retraction__of_what_the_chain_dropped__follows_and_edits_nothing(log: AuditLog) -> None:
    """
    A reorged-out event is marked by an entry after it; mined again, it is entered again.
    """
    log.append(entries(3))

    def retract(block: int) -> list[int]:
        added = log.database.write(
            lambda c: retract_from(c, CHAIN, ORGANIZATION, block, at=5_000, reason="reorg")
        )
        return [one.entry.details["retracts"] for one in added]

    assert retract(2) == [2, 3]
    assert retract(2) == []
    (again,) = log.append([entry(1), entry(3)]).added
    assert again.sequence == 6
    assert log.append(entries(3)).added[0].entry.amount == 2
    assert log.append(entries(3)).added == ()
    assert retract(3) == [6]
    assert [one.entry.amount for one in log.append([entry(3)]).added] == [3]
    assert verify(log.database).problems == ()
    marks = log.database.read(lambda c: list(find_audit(c, Filter(actions=(Action.RETRACTION,)))))
    second = log.database.read(lambda c: list(find_audit(c, Filter())))[1]
    assert marks[0].entry.details["hash"] == second.hash.hex()


QUERIES: list[tuple[Filter, list[int]]] = [
    (Filter(), [1, 2, 3, 4, 5, 6]),
    (Filter(organization=ORGANIZATION), [1, 2, 3, 4, 5, 6]),
    (Filter(organization=OTHER_ORGANIZATION), []),
    (Filter(chain_id=1), []),
    (Filter(since=1_003), [3, 4, 5, 6]),
    (Filter(until=1_003), [1, 2]),
    (Filter(wallet=ORGANIZATION), [2]),
    (Filter(agent=OTHER_AGENT), [3]),
    (Filter(token=WALLET), [4]),
    (Filter(actions=(Action.REFILL, Action.SWEEP)), [5, 6]),
    (Filter(least=256), [4, 6]),
    (Filter(since=1_002, until=1_006, least=1, actions=(Action.AGENT_SPEND,)), [2, 4]),
]


@pytest.mark.parametrize(("wanted", "expected"), QUERIES)
def test_query__by_each_field__finds_what_fits(
    log: AuditLog, wanted: Filter, expected: list[int]
) -> None:
    """
    T36: by organisation, dates, wallet, least amount; and by agent, action, token.
    """
    log.append(
        [
            entry(1),
            entry(2, wallet=ORGANIZATION, amount=255),
            entry(3, agent=OTHER_AGENT, amount=None),
            entry(4, token=WALLET, amount=2**200),
            entry(5, action=Action.REFILL),
            entry(6, action=Action.SWEEP, amount=256),
        ]
    )

    rows = log.database.read(lambda c: list(find_audit(c, wanted)))
    latest = log.database.read(lambda c: list(find_audit(c, wanted, last=2)))

    assert [row.sequence for row in rows] == expected
    assert [row.sequence for row in latest] == expected[-2:]


def test_refusal__of_policy__is_an_entry_with_its_reason(log: AuditLog) -> None:
    """
    T35: refusals too, with the decision that refused.
    """
    decision = Decision(
        *(7_000, CHAIN, ORGANIZATION, WALLET, AGENT, "agent", "payment", Outcome.DENIED),
        *("hourly-limit", "Asked for 5, 3 left.", "v7", NATIVE, 5, None, {"left": "3"}),
    )

    (sealed,) = log.append([refusal_of(12, decision)]).added

    told = sealed.entry
    assert (told.action, told.agent, told.amount) == (Action.REFUSAL, AGENT, 5)
    assert told.verdict == Verdict(
        by="policy",
        outcome="denied",
        reason="hourly-limit",
        message="Asked for 5, 3 left.",
        version="v7",
        number=12,
    )
    assert log.append([refusal_of(12, decision)]).added == ()


def test_heads__told_to_a_file__find_a_cut_tail(database: Database, tmp_path: Path) -> None:
    """
    The file remembers every head; one line for each that differs from the last.
    """
    path = tmp_path / "elsewhere" / "heads"
    log = AuditLog(database, CHAIN, ORGANIZATION, HeadFile(path))

    log.append(entries(2))
    log.append(entries(2))
    last = log.append(entries(3)).head
    AuditLog(database, CHAIN, OTHER_ORGANIZATION, HeadFile(path)).append(
        [entry(1, organization=OTHER_ORGANIZATION)]
    )

    heads = read_heads(path, CHAIN, ORGANIZATION)
    assert [head.sequence for head in heads] == [2, 3]
    assert heads[-1] == last
    assert path.stat().st_mode & 0o077 == 0
    assert verify(database, heads).problems == ()
    tamper(database, AUDIT.delete().where(AUDIT.c.sequence == 3))
    assert list(found(verify(database, heads))) == [3]


def test_heads__that_cannot_be_told__are_told_with_the_next_append(
    log: AuditLog, tmp_path: Path
) -> None:
    """
    The entries are kept, the failure is said, and nothing is skipped for good.
    """
    path = tmp_path / "heads" / "file"
    path.parent.write_text("a file where the folder should be")
    told = AuditLog(log.database, CHAIN, ORGANIZATION, HeadFile(path))

    failed = told.append(entries(1))
    assert failed.problem is not None
    assert str(path) in failed.problem
    assert len(failed.added) == 1
    path.parent.unlink()

    assert told.append(entries(1)).problem is None
    assert read_heads(path, CHAIN, ORGANIZATION) == [failed.head]


@pytest.mark.parametrize("line", ["garbage", '{"sequence": 1}', "[]", '{"sequence":1,"hash":"xy"}'])
def test_heads__file_with_a_broken_line__is_an_error(tmp_path: Path, line: str) -> None:
    """
    A head that cannot be read is not passed over: it may be the one that matters.
    """
    path = tmp_path / "heads"
    path.write_text(line + "\n")

    with pytest.raises(HeadsError, match="has a line that is none"):
        read_heads(path, CHAIN, ORGANIZATION)
    with pytest.raises(HeadsError, match="cannot be read"):
        read_heads(tmp_path / "none", CHAIN, ORGANIZATION)


def posted(answer: int, posts: list[bytes]) -> Callable[..., Any]:
    """
    A handler of a web server that takes posts.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    return Handler


def test_heads__posted_to_a_server_that_redirects__are_not_taken() -> None:
    """
    What is asked for there instead has no head in it: nobody would remember any.
    """
    with Receiver() as receiver:
        receiver.status = 302
        said = HeadPost(receiver.url).tell(CHAIN, ORGANIZATION, Head(1, Bytes32(b"\1" * 32)))
        assert receiver.paths == ["/hooks/s3cr3t"]
    assert said is not None
    assert said.endswith("It answered with status 302.")


def test_heads__posted_to_a_server_that_never_ends__keep_no_keeper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    It is the keeper's own cycle that waits; and what a URL's error says may be the URL.
    """
    monkeypatch.setattr(audit_heads, "POST_SECONDS", 0.2)
    head = Head(1, Bytes32(b"\1" * 32))
    with dripping() as url:
        said = HeadPost(url).tell(CHAIN, ORGANIZATION, head)
    assert said is not None
    assert said.endswith("It has taken longer than 0.4 s.")
    said = HeadPost("http://127.0.0.1:s3cr3t/").tell(CHAIN, ORGANIZATION, head)
    assert said is not None
    assert "s3cr3t" not in said


@pytest.mark.parametrize(("answer", "works"), [(204, True), (500, False)])
def test_heads__posted__are_taken_or_said_not_to_be(
    database: Database, answer: int, works: bool, tmp_path: Path
) -> None:
    """
    A web server of one's own gets each head; what it was sent is what `--head` reads.
    """
    posts: list[bytes] = []
    with HTTPServer(("127.0.0.1", 0), posted(answer, posts)) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        keeper = build_head_keeper(f"http://127.0.0.1:{server.server_port}/heads")
        done = AuditLog(database, CHAIN, ORGANIZATION, keeper).append(entries(2))
        thread.join()

    assert (done.problem is None) == works
    (tmp_path / "saved").write_bytes(posts[0])
    assert read_heads(tmp_path / "saved", CHAIN, ORGANIZATION) == [done.head]
