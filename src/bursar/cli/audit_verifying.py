"""
Whether the audit is whole: its own hashes, the heads that were told, and the anchors on the chain.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from bursar.book import AddressBook, require_address
from bursar.cli.audit_anchors import Seen, look_for_anchors
from bursar.cli.audit_place import AuditPlace
from bursar.store.audit_anchors import check_anchors
from bursar.store.audit_verify import Problem, Report, verify_audit
from bursar.types import Address


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What to compare with, as the options say. `enough`: how many of each keeper's latest anchors.
    """

    head: Path | None = None
    rpc_url: str | None = None
    with_chain: bool = True
    keepers: tuple[str, ...] = ()
    enough: int = 3
    needs_proof: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What was found. `seen` is None where the chain was not asked, and `why_not` says why.
    """

    report: Report
    problems: tuple[Problem, ...]
    seen: Seen | None
    why_not: str
    lacks_proof: bool

    @property
    def is_whole(self) -> bool:
        """
        Whether nothing is wrong, and nothing that should have been looked at was not.
        """
        return not (self.problems or self.lacks_proof or (self.seen and self.seen.gaps))

    def as_json(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        head = self.report.head
        return {
            "ok": self.is_whole,
            "entries": self.report.entries,
            "head": head and {"sequence": head.sequence, "hash": head.hash.hex()},
            "heads_compared": self.report.heads,
            "chain": None if self.seen is None else self.seen.as_json(),
            "chain_left_out": self.why_not or None,
            "problems": [problem._asdict() for problem in self.problems],
        }


def verify_place(place: AuditPlace, wish: Wish) -> Verified:
    """
    Compare with everything that the wish and the place name. Raises BursarError.
    """
    heads, known = place.read_heads(wish.head), place.book
    where = (known.chain_id, known.organization)
    url, why_not = place.find_node(wish.rpc_url) if wish.with_chain else (None, "--no-chain")
    seen = None
    if url is not None:
        keepers = tuple(_find_keeper(known, name) for name in wish.keepers)
        seen = look_for_anchors(place.database, known, url, keepers=keepers, enough=wish.enough)
    with place.database.reading() as connection:
        report = verify_audit(connection, *where, heads or ())
        anchors = seen.anchors if seen is not None else ()
        problems = (*report.problems, *check_anchors(connection, *where, anchors))
    lacks_proof = wish.needs_proof and not (report.heads or anchors)
    return Verified(report, problems, seen, why_not, lacks_proof)


def say(found: Verified, book: AddressBook) -> None:
    """
    In lines: what is wrong, or what was compared.
    """
    for problem in found.problems:
        typer.echo(f"entry {problem.sequence}: {problem.what}")
    for gap in found.seen.gaps if found.seen else ():
        typer.echo(f"not seen: {gap}", err=True)
    if found.problems:
        count = len(found.problems)
        many = "1 problem" if count == 1 else f"{count} problems"
        typer.echo(f"error: the audit is not whole: {many}.", err=True)
        return
    _say_whole(found.report)
    _say_compared(found, book)
    if found.seen and found.seen.gaps:
        typer.echo("error: what the chain says could not be looked at in full.", err=True)


def _say_whole(report: Report) -> None:
    if report.head is None:
        typer.echo("The audit is empty.")
        return
    count = "1 entry" if report.entries == 1 else f"{report.entries:,} entries"
    typer.echo(f"{count}, each follows from the one before; the last is {report.head.hash.hex()}.")


def _say_compared(found: Verified, book: AddressBook) -> None:
    heads, seen = found.report.heads, found.seen
    anchors = seen.anchors if seen is not None else ()
    if heads:
        told = (
            "1 head that was told before is"
            if heads == 1
            else f"{heads:,} heads that were told before are"
        )
        typer.echo(f"{told} in it.")
    if anchors:
        _say_anchors(found)
    elif seen is not None:
        names = ", ".join(book.name_of(one.keeper) for one in seen.searches) or "no keeper"
        looked = sum(one.looked for one in seen.searches)
        typer.echo(f"No anchor is on the chain: {looked:,} transactions of {names} were looked at.")
    else:
        typer.echo(f"Not compared with the chain: {found.why_not}.")
    if not (heads or anchors):
        typer.echo(
            f"{'error' if found.lacks_proof else 'warning'}: no head was told that could be "
            "compared: whether the end was cut off cannot be said. Give --head FILE, from another "
            "machine, or let a keeper anchor it on the chain (BURSAR_AUDIT_ANCHORS).",
            err=True,
        )


def _say_anchors(found: Verified) -> None:
    assert found.seen is not None
    anchors = found.seen.anchors
    newest = max(anchors, key=lambda one: one.sequence)
    newer = found.report.entries - newest.sequence
    count = (
        "1 anchor on the chain agrees"
        if len(anchors) == 1
        else f"{len(anchors)} anchors on the chain agree"
    )
    typer.echo(
        f"{count} with it; the newest, of entry {newest.sequence:,}, is in "
        f"block {newest.block:,}, transaction 0x{newest.transaction.hex()}."
    )
    if newer:
        what = "1 entry is" if newer == 1 else f"{newer:,} entries are"
        typer.echo(f"{what} newer than it: of these nothing on the chain tells yet.")


def _find_keeper(book: AddressBook, name: str) -> Address:
    holder = book.keepers.get(name)
    return require_address(name) if holder is None else holder.address
