"""
What the keeper does, in words: a line for what is new, and none for what is as it was.

    CycleReport → Words → lines;   Standing → print_standing
"""

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import typer

from bursar.chain.errors import ChainError
from bursar.cli.console import show_time
from bursar.config.times import format_duration
from bursar.keeper.report import ProblemKind
from bursar.store.engines import parse_url
from bursar.treasury.words import Words as BookWords
from bursar.types import checksummed

if TYPE_CHECKING:
    from bursar.cli.place import Place
    from bursar.keeper import CycleReport, PaymentReport
    from bursar.keeper.building import BookPlaces
    from bursar.keeper.standing import Standing

# What is said again only when it has changed.
_QUIET: Final = ("waiting", "later", "left")
_NODE: Final = dict.fromkeys(
    (ProblemKind.NO_ANSWER, ProblemKind.LAGGING, ProblemKind.STALE), "the node"
)
# Seldom enough to leave the block numbers readable.
_STILL_SECONDS: Final = 10.0


class Words:
    """
    Tells one cycle after the other.
    """

    def __init__(self, place: "Place") -> None:
        self._place = place
        self._words = BookWords(place.book)
        self._problems: dict[str, str] = {}
        self._waiting: dict[Any, tuple[str, str]] = {}
        self._audited: int | None = None

    def tell(self, report: "CycleReport") -> None:
        """
        What this cycle brought.
        """
        at = report.block_at if report.block_at is not None else int(report.clock)
        for line in self._lines(report):
            block = f"block {report.block}" if report.block is not None else "no block"
            typer.echo(f"{show_time(at)}  {block:12}  {line}")
        for spend in report.undeclared:
            self._shout(spend.as_json())
        self._tell_problems(report)

    def conclude(self, report: "CycleReport") -> None:
        """
        For somebody who looked once.
        """
        audited = "nothing" if report.audited is None else f"{report.audited:,} entries"
        typer.echo(
            f"Block {report.block}: {len(report.payments)} payments due, heartbeat "
            f"{report.heartbeat}, {audited} in the audit."
        )

    def _lines(self, report: "CycleReport") -> list[str]:
        lines = [line for one in report.payments if (line := self._payment(one))]
        self._waiting = {one.due.key: (one.outcome, one.why) for one in report.payments}
        for change in report.changes:
            if change.outcome not in _QUIET:
                lines.append(
                    f"change {change.outcome}: {change.change.subject.setter} {change.why}".rstrip()
                )
        lines += [f"gave up {key}: nobody wants it any more" for key in report.abandoned]
        for notice in report.notices:
            amount = self._amount(notice.token, notice.amount)
            lines.append(
                f"told: {amount} to {self._name(notice.to)} {notice.kind}, {notice.reason}"
            )
        if report.heartbeat in ("sent", "would send"):
            lines.append(f"heartbeat {report.heartbeat}")
        if report.entries:
            lines.append(f"audit: {report.entries:,} new, {report.audited or 0:,} in all")
        return lines

    def _payment(self, one: "PaymentReport") -> str | None:
        if self._waiting.get(one.due.key) == (one.outcome, one.why):
            return None
        payment = one.due.payment
        amount, to = self._amount(payment.token, payment.amount), self._name(payment.to)
        agent = self._name(payment.agent)
        why = f" ({one.why})" if one.why else ""
        return f"{one.outcome}: {amount} from {agent} to {to}{why}"

    def _shout(self, spend: dict[str, Any]) -> None:
        amount = self._amount(spend["token"], int(spend["amount"]))
        typer.echo(
            f"UNDECLARED SPEND ({spend['problem']}): {self._name(spend['agent'])} paid {amount} to "
            f"{self._name(spend['to'])} in block {spend['block']} without asking Bursar. Its key "
            f"may be stolen: `bursar pause {self._name(spend['agent'])}`.\n"
            f"  transaction {spend['transaction']}",
            err=True,
        )

    def _tell_problems(self, report: "CycleReport") -> None:
        """
        Each when it begins and when it is over. What is wrong with a node shows in several ways by
        turns, and is one problem.
        """
        at = show_time(int(report.clock))
        found = {_NODE.get(one.kind, one.kind.value): one.text for one in report.problems}
        for kind, text in found.items():
            if kind not in self._problems:
                typer.echo(f"{at}  problem ({kind}): {text}", err=True)
        for kind in self._problems:
            if kind not in found:
                typer.echo(f"{at}  over: {kind}", err=True)
        self._problems = found

    def _amount(self, token: Any, amount: int) -> str:
        return self._words.amount(amount, token)

    def _name(self, address: Any) -> str:
        return self._place.name_of(address)


class LocalClock:
    """
    A local chain that makes a block per transaction stands still while nobody sends one, and with
    it whatever is due. This lets its time go on.
    """

    def __init__(self, place: "Place") -> None:
        self._rpc = place.office.client.rpc
        self._block: int | None = None
        self._since = time.monotonic()

    def tick(self, report: "CycleReport") -> None:
        """
        Have an empty block mined where there was none for a while.
        """
        if report.block is None or report.block != self._block:
            self._block, self._since = report.block, time.monotonic()
        elif time.monotonic() - self._since >= _STILL_SECONDS:
            with suppress(ChainError):  # the next cycle says what is wrong with the node
                self._rpc.request("evm_mine")


def quieten(*, one_node: bool) -> None:
    """
    Leave to `Words` what the log says for machines, and of one node what it says as well; faults
    and the follower's warnings are still shown.
    """
    logging.basicConfig(
        format="%(asctime)s  %(message)s", datefmt="%Y-%m-%d %H:%M:%S", level=logging.WARNING
    )
    logging.Formatter.converter = time.gmtime
    logging.getLogger("bursar.keeper").addFilter(lambda record: record.exc_info is not None)
    if one_node:
        logging.getLogger("bursar.chain.follower.endpoints").setLevel(logging.ERROR)


def introduce(
    place: "Place", keeper: str, url: str, places: "BookPlaces", final_after: int
) -> None:
    """
    What it works with, at its start.
    """
    key = places.receipt_key
    checked = "no receipt key yet: payments are checked once an agent has made it"
    if key is not None and key.exists():
        checked = f"payments are checked against {key}"
    for what, value in {
        "keeper": f"{place.name_of(checksummed(keeper))} of {place.book.name}",
        "node": place.office.client.rpc.name,
        "store": parse_url(url).render_as_string(hide_password=True).replace("+psycopg", "", 1),
        "final": f"{final_after} blocks deep" if final_after else "at once, on a local chain",
        "heads": places.heads or "told to nobody: whoever edits the store can cut the audit's end",
        "anchors": _describe_anchors(places.anchor_every),
        "receipts": checked,
    }.items():
        typer.echo(f"{what:10}{value}")
    is_here = places.heads is None or "://" not in places.heads
    if places.anchor_every is None and is_here and not place.is_devnet:
        typer.echo(
            "warning: the audit's heads are written to this machine unless that file is another's: "
            "set BURSAR_AUDIT_HEADS to a URL or to a folder of another machine, or do not switch "
            "BURSAR_AUDIT_ANCHORS off.",
            err=True,
        )


def _describe_anchors(every: int | None) -> str:
    if every is None:
        return "none: the audit's head is not written into the chain"
    return f"the audit's head goes into the chain, {format_duration(every)} apart at least"


def _describe_nothing(place: "Place", standing: "Standing") -> str:
    """
    Nobody has begun, or it is the wrong store.
    """
    if not standing.others:
        return "Nothing was read yet: `bursar keeper run` begins."
    known = place.book
    others = ", ".join(f"{whose} on chain {chain}" for chain, whose in standing.others)
    return (
        f"This store has nothing of {known.name} ({known.organization} on chain "
        f"{known.chain_id}): it is of {others}. Name the right store with --database or "
        "BURSAR_DATABASE_URL, or the right address book with --book; where several share it, "
        "`bursar keeper run` begins."
    )


def print_standing(place: "Place", standing: "Standing", head: int) -> None:
    """
    How far the store is.
    """
    if standing.block is None:
        typer.echo(_describe_nothing(place, standing))
        return
    behind = max(head - standing.block, 0)
    typer.echo(
        f"chain     block {standing.block:,} ({show_time(standing.block_at or 0)} UTC), "
        f"{behind:,} behind the node; final up to {standing.final:,}"
    )
    typer.echo(f"audit     {standing.audited:,} entries, the last is {standing.audit_hash or '-'}")
    typer.echo(f"under way {', '.join(standing.under_way) or 'nothing'}")
    if not standing.keepers:
        typer.echo("keepers   none that works: `bursar keeper run`")
    for one in standing.keepers:
        does = ["follows"] if one.follows else []
        does += [f"deals with {place.name_of(part)}" for part in one.works_on]
        typer.echo(f"keeper    {place.name_of(one.keeper)}: {', '.join(does) or 'nothing is due'}")
    if not standing.undeclared:
        typer.echo("receipts  no payment that nobody declared")
    for spend in standing.undeclared:
        amount = BookWords(place.book).amount(int(spend["amount"]), spend["token"])
        typer.echo(
            f"UNDECLARED ({spend['problem']}): {place.name_of(spend['agent'])} paid {amount} to "
            f"{place.name_of(spend['to'])} in block {spend['block']}, {spend['transaction']}",
            err=True,
        )
