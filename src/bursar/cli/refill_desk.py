"""
What the commands of `bursar refill` share: where refills are kept, and how they are shown.
"""

from pathlib import Path
from typing import NamedTuple

import typer

from bursar.cli.place import Place
from bursar.cli.refill_places import find_folder, find_receipt_keys, read_file
from bursar.cli.safe_place import SafePlace
from bursar.cli.storing import find_database
from bursar.config import parse_amount, to_base_units
from bursar.config.problems import WrongError
from bursar.treasury.refills.checklist import build_checklist, build_title, find_open
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.errors import RefillError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import RefillFolder, build_id
from bursar.treasury.refills.pages import build_html, build_markdown
from bursar.treasury.refills.record import Refill, Stage
from bursar.treasury.refills.recorded import RecordedRefusals
from bursar.treasury.refills.recorded_alerts import RecordedAlerts
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.watching import LiveViews
from bursar.treasury.words import show_moment
from bursar.types import Address


class Opened(NamedTuple):
    """
    The desk, the place it stands in, and where the treasury.yaml lies ("" for a devnet's own).
    """

    place: Place
    desk: RefillDesk
    file: str


def open_folder(rpc_url: str | None, book: str | None) -> RefillFolder:
    """
    Where an organisation's refills are kept: in BURSAR_REFILLS, else beside the address book.
    Raises BursarError.
    """
    return find_folder(Place.find(rpc_url, book), book)


def open_desk(rpc_url: str | None, book: str | None, file: Path) -> Opened:
    """
    The desk for a new report. Raises BursarError.
    """
    safe = SafePlace.find(rpc_url, book)
    path = "" if not file.exists() and safe.place.is_devnet else str(file.absolute())
    return _open(safe, book, path)


def open_refill(rpc_url: str | None, book: str | None, id: str | None) -> tuple[Opened, Refill]:
    """
    A refill that was begun, with the treasury.yaml that it was begun with. Raises BursarError.
    """
    safe = SafePlace.find(rpc_url, book)
    found = find_folder(safe.place, book).find(id)
    return _open(safe, book, found.file), found


def _open(safe: SafePlace, book: str | None, path: str) -> Opened:
    place = safe.place
    reporter = Reporter(
        place.office,
        LiveViews(place.office),
        read_file(path),
        receipts=find_receipt_keys(place),
        alerts=RecordedAlerts(find_database(place), place.book),
        refusals=RecordedRefusals(find_database(place), place.book),
    )
    return Opened(place, RefillDesk(reporter, find_folder(place, book), safe.desk), path)


def read_wishes(opened: Opened, wallets: list[str], to: list[str], days: int) -> Wishes:
    """
    What the options ask for. Raises BookError, RefillError.
    """
    book = opened.place.book
    balances = dict(_read_balance(opened, each) for each in to)
    only = frozenset(map(book.find_wallet, wallets)) if wallets else None
    left_out = [address for address, _ in balances if only is not None and address not in only]
    if left_out:
        name = book.name_of(left_out[0])
        raise RefillError(f"--to names {name}, and --wallet leaves it out: drop one of them.")
    return Wishes(wallets=only, balances=balances, days=days)


def _read_balance(opened: Opened, text: str) -> tuple[tuple[Address, Address], int]:
    name, colon, rest = text.partition(":")
    symbol, equals, amount = rest.partition("=")
    if not colon or not equals:
        raise RefillError(f"--to {text!r}: write it as trading:USDC=50000.")
    wallet = opened.place.book.find_wallet(name)
    _, token = opened.place.book.find_token(symbol)
    try:
        units = to_base_units(parse_amount(amount), token.decimals)
    except WrongError as wrong:
        raise RefillError(f"--to {text!r}: {wrong.message}; {wrong.fix}.") from wrong
    return (wallet, token.address), units


# Showing


def publish(opened: Opened, refill: Refill, report: Report) -> list[str]:
    """
    Write the pages as they are now, and say where. Raises OSError.
    """
    folder = opened.desk.folder
    pages = {"report.md": build_markdown, "report.html": build_html}
    return [
        str(folder.write(refill, name, build(report, refill).encode()))
        for name, build in pages.items()
    ]


def preview(report: Report) -> str:
    """
    A report that nobody has begun a refill with, in Markdown.
    """
    nobody = Refill(
        id=build_id(report),
        report_hash=f"0x{report.hash.hex()}",
        file="",
        begun_by=report.prepared_by,
        begun_at=report.at,
    )
    return build_markdown(report, nobody)


def show_checklist(report: Report, refill: Refill) -> None:
    """
    Print it as it stands.
    """
    typer.echo(f"{build_title(report)}: refill {refill.id}, {refill.stage}")
    typer.echo(f"report {refill.report_hash}")
    for problem in report.all_problems:
        typer.echo(f"cannot be refilled now: {problem}", err=True)
    for one in report.alarms:
        typer.echo(f"alarm: {one.text}")
    section = ""
    for done in build_checklist(report, refill):
        if done.item.section != section:
            section = done.item.section
            typer.echo(f"\n{section}")
        when = f"  ({done.by}, {show_moment(done.at)})" if done.by and done.at else ""
        typer.echo(f"  [{'x' if done.by else ' '}] {done.item.text}{when}")
        if done.note:
            typer.echo(f"      {done.note}")
    typer.echo("")


def tell_next(report: Report, refill: Refill) -> None:
    """
    Say what comes next, and who has to do it.
    """
    id = refill.id
    left = len(find_open(report, refill))
    if refill.stage is Stage.REPORTED and left:
        said = f"{left} items are open: bursar refill confirm {id} --by NAME"
    elif refill.stage is Stage.DRAFTED and refill.draft is not None:
        digits = refill.draft.safe_hash
        said = (
            f"owners sign it: bursar safe sign {digits}, then somebody executes it; after that: "
            f"bursar refill confirm-funded {id} --by NAME"
        )
    else:
        said = {
            Stage.REPORTED: f"the treasury manager approves: bursar refill approve {id} --by NAME",
            Stage.APPROVED: f"draft it for the owners: bursar refill draft {id} --by NAME",
            Stage.FUNDED: f"close it: bursar refill finish {id} --by NAME",
        }.get(refill.stage, "")
    if said:
        typer.echo(f"next: {said}")
