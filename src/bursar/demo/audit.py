"""
Chapter `audit`: what has happened on the demo's chain, as the keeper writes it down; and what is
found where somebody edits it.

    chain → Following → store → Books → audit, and its last hash elsewhere → verified
"""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bursar.audit import Action, Entry
from bursar.chain.follower import Endpoint, Endpoints
from bursar.demo.report import ChapterReport, DemoFailed, Outcome, check
from bursar.demo.stage import Stage
from bursar.events import Event, Paid, PaymentExecuted, Refilled, Swept
from bursar.keeper.building import BookPlaces, build_books
from bursar.keeper.following import Following
from bursar.keeper.watching import FollowAlone
from bursar.store.audit_heads import Head, read_heads
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database

TITLE: Final = "What happened, as a record that shows each edit"
ABOUT: Final = (
    "The keeper follows the chain into its store and writes down each movement, stop and change "
    "with who authorised it. Each entry holds the hash of the one before; the last hash is told "
    "elsewhere."
)
_MOVES: Final = (Paid, PaymentExecuted, Refilled, Swept)
_MOVED: Final = (Action.AGENT_SPEND, Action.REFILL, Action.SWEEP)


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Fill a store from the chain, verify its audit, and tamper with copies of it.
    """
    with TemporaryDirectory(prefix="bursar-demo-") as folder:
        desk = _Desk(stage, Path(folder))
        desk.record(report)
        desk.record_again(report)
        desk.verify(report)
        desk.edit_a_copy(report)
        desk.cut_a_copy(report)


class _Desk:
    """
    A store in a folder, and the heads of its audit in another.
    """

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage = stage
        self._chain_id = stage.net.chain.chain_id
        self._organization = stage.net.organization.address
        self._file = folder / "store" / "bursar.db"
        self._heads = folder / "elsewhere" / "heads"

    def record(self, report: ChapterReport) -> None:
        """
        Everything that the stage's organisation has done, into the audit.
        """
        events, added = self._follow()
        entries = self._entries(self._file)
        check("The store has what the chain shows", self._stage.net.fetch_history(), events)
        moves = [(e.block, e.transaction, e.log) for e in events if isinstance(e, _MOVES)]
        found = [_place(entry) for entry in entries if entry.action in _MOVED]
        check("Each movement is there once, in order", moves, found)
        nobody = [one for one in entries if "unknown" in {p.role for p in one.authorised_by}]
        check("Of everything it is known who authorised it", [], nobody)
        report.tell("keeper", "follows the chain", Outcome.DONE, f"{len(events)} events stored")
        counts = Counter(entry.action for entry in entries)
        report.tell(
            "keeper",
            "writes the audit",
            Outcome.DONE,
            f"{added} entries: {_count(counts[Action.AGENT_SPEND], 'payment')}, "
            f"{_count(counts[Action.REFILL], 'refill')}, "
            f"{_count(counts[Action.KILL_SWITCH], 'stop')}, "
            f"{_count(counts[Action.POLICY_CHANGE], 'change')}",
        )

    def record_again(self, report: ChapterReport) -> None:
        """
        A keeper that starts again goes on where it was.
        """
        _, added = self._follow()
        check("Nothing is entered twice", 0, added)
        report.tell("keeper", "starts again", Outcome.DONE, "nothing is entered twice")

    def verify(self, report: ChapterReport) -> None:
        """
        As `bursar audit verify` does.
        """
        heads = self._read_heads()
        problems = self._find_problems(self._file, heads)
        check("The audit is whole", [], problems)
        last = heads[-1]
        report.tell(
            "auditor",
            "verifies it",
            Outcome.DONE,
            f"whole, up to entry {last.sequence}: {last.hash.hex()[:16]}…",
        )

    def edit_a_copy(self, report: ChapterReport) -> None:
        """
        Another amount in one entry, with the database's own guard taken off.
        """
        copy = self._file.with_name("edited.db")
        (spent,) = [one for one in self._entries(self._file) if one.amount][-1:]
        change = f'replace(content, \'"amount":"{spent.amount}"\', \'"amount":"1"\')'
        self._tamper(copy, f"UPDATE audit SET content = {change} WHERE identity = ?", spent)
        problems = self._find_problems(copy, [])
        if not problems:
            raise DemoFailed("The edit is found", "a problem", "none")
        report.tell("thief", "edits an amount in a copy", Outcome.REFUSED, problems[0])

    def cut_a_copy(self, report: ChapterReport) -> None:
        """
        Without its end the rest still fits together: only who remembers the end can tell.
        """
        copy = self._file.with_name("cut.db")
        self._tamper(copy, "DELETE FROM audit WHERE identity = ?", self._entries(self._file)[-1])
        check("The rest looks whole by itself", [], self._find_problems(copy, []))
        problems = self._find_problems(copy, self._read_heads())
        if not problems:
            raise DemoFailed("The cut is found", "a problem", "none")
        report.tell("thief", "cuts the end off a copy", Outcome.REFUSED, problems[0])

    def _follow(self) -> tuple[list[Event], int]:
        """
        What is stored afterwards, and how many entries are new.
        """
        net = self._stage.net
        places = BookPlaces(safe=net.safe.address, heads=str(self._heads))
        seen: list[Event] = []
        with Database.open(f"sqlite:///{self._file}") as database:
            following = Following(
                database,
                Endpoints([Endpoint(net.chain.rpc.url)]),
                self._organization,
                chain_id=self._chain_id,
                depth=0,
                on_step=lambda step: seen.extend(one.event for one in getattr(step, "logs", ())),
            )
            with closing(FollowAlone(following)) as follow:
                follow()
            books = build_books(database, net.chain, self._organization, self._chain_id, places)
            assert books is not None, "there are places"
            kept = books.keep()
        check("Nothing is in the way of the books", [], kept.troubles)
        return seen, kept.entries

    def _entries(self, file: Path) -> list[Entry]:
        with Database.open(f"sqlite:///{file}", read_only=True) as database:
            return database.read(lambda c: [one.entry for one in find_audit(c, Filter())])

    def _read_heads(self) -> list[Head]:
        return read_heads(self._heads, self._chain_id, self._organization)

    def _find_problems(self, file: Path, heads: list[Head]) -> list[str]:
        with Database.open(f"sqlite:///{file}", read_only=True) as database:
            found = database.read(
                lambda c: verify_audit(c, self._chain_id, self._organization, heads)
            )
        return [f"entry {problem.sequence}: {problem.what}" for problem in found.problems]

    def _tamper(self, copy: Path, statement: str, entry: Entry) -> None:
        shutil.copy(self._file, copy)
        with closing(sqlite3.connect(copy)) as connection:
            for verb in ("update", "delete"):
                connection.execute(f"DROP TRIGGER audit_no_{verb}")
            done = connection.execute(statement, (entry.identity,))
            connection.commit()
        check("The copy is another one", 1, done.rowcount)


def _place(entry: Entry) -> tuple[int | None, bytes | None, int | None]:
    place = entry.place
    return (None, None, None) if place is None else (place.block, place.transaction, place.log)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
