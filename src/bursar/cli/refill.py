"""
`bursar refill`: hot wallets are refilled by people, with evidence.

    report → confirm → approve → draft → (bursar safe sign, execute) → confirm-funded → finish

Whatever is a person's word is given at a terminal: no option, no variable and no service says yes
instead. Keys are not asked for: owners sign with `bursar safe`.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption, fail, reporting, say_json

if TYPE_CHECKING:
    from bursar.cli.refill_desk import Opened
    from bursar.treasury.refills.checklist import Item
    from bursar.treasury.refills.evidence import Report
    from bursar.treasury.refills.record import Refill
    from bursar.treasury.safe import Draft

refill = typer.Typer(
    no_args_is_help=True, help="Refill hot wallets: report, confirm, approve, draft, finish."
)

ByOption = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who you are, as treasury.yaml names you.")
]
IdArgument = Annotated[
    str | None, typer.Argument(metavar="ID", help="Which; default: the one under way.")
]
NoteOption = Annotated[str, typer.Option(help="What you found, for those who come after.")]
SHOWN_DIGITS = 8


@refill.command()
def report(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The treasury.yaml to compare with.")
    ] = Path("treasury.yaml"),
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Begin a refill in your name.")
    ] = None,
    wallet: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="WALLET:TOKEN=AMOUNT", help="Another balance to reach."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=90, help="Of average spend, where no balance is planned.")
    ] = 7,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Report on the last seven days and on what each wallet needs. With --by, begin a refill.

    Without --by nothing is kept, and anybody may look. With it, the report is what people confirm,
    approve and sign: its hash goes on chain with the money.

    Example: bursar refill report treasury.yaml --by ana --wallet trading --to trading:USDC=50000
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.refill_desk import open_desk, read_wishes

        opened = open_desk(rpc_url, book, file)
        wishes = read_wishes(opened, wallet or [], to or [], days)
        if by is None:
            _show_report(opened.desk.reporter.build("nobody", wishes), as_json)
            return
        _hear(f"Begin a refill as {by}?", as_json)
        begun, made = opened.desk.begin(by, opened.file, wishes)
        _tell(opened, begun, as_json, report=made.model_dump(mode="json"))


@refill.command("list")
def list_refills(
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    List the refills that were begun here, and how far they have come.

    Example: bursar refill list
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_folder

        found = open_folder(rpc_url, book).all()
        if as_json:
            say_json({"ok": True, "refills": [_brief(one) for one in found]})
        elif not found:
            typer.echo("No refill was begun here.")
        for one in [] if as_json else found:
            typer.echo(f"{one.id}  {one.stage:9}  begun by {one.begun_by}")


@refill.command()
def checklist(
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the dated checklist: what is confirmed, by whom, and what is open.

    Example: bursar refill checklist
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _tell(opened, found, as_json)


@refill.command()
def confirm(
    by: ByOption,
    id: IdArgument = None,
    item: Annotated[
        list[str] | None,
        typer.Option(metavar="ITEM", help="Only this one; default: asks for each open one."),
    ] = None,
    note: NoteOption = "",
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Confirm items of the checklist, each at the terminal, under your name.

    Example: bursar refill confirm --by ana --item patterns --note "a new supplier, invoice 17"
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill
        from bursar.treasury.refills.checklist import find_open
        from bursar.treasury.refills.gates import find_item

        opened, found = open_refill(rpc_url, book, id)
        made = opened.desk.folder.report(found)
        wanted = [find_item(made, one) for one in item or []] or find_open(made, found)
        for one in wanted:
            said = _ask_item(one, note, as_json)
            found = opened.desk.confirm(found, [one.id], by, said)
        _tell(opened, found, as_json)


@refill.command()
def approve(
    by: ByOption,
    id: IdArgument = None,
    note: NoteOption = "",
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Approve a refill as the treasury manager. You type the first digits of the report you read.

    Example: bursar refill approve --by mia
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _hear_digits(found, as_json)
        _tell(opened, opened.desk.approve(found, by, note), as_json)


@refill.command()
def draft(
    by: ByOption,
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Draft the Safe transaction of an approved refill, for the owners to sign. Moves nothing.

    Example: bursar refill draft --by ana
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _hear(f"Draft refill {found.id} for the owners to sign?", as_json)
        found, made = opened.desk.draft(found, by)
        _tell(opened, found, as_json, draft=made)


@refill.command("confirm-funded")
def confirm_funded(
    by: ByOption,
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Confirm that the money has arrived. The chain has to show exactly what was decided.

    Example: bursar refill confirm-funded --by dana
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _hear(f"Confirm as {by} that refill {found.id} has arrived?", as_json)
        _tell(opened, opened.desk.confirm_funded(found, by), as_json)


@refill.command()
def finish(
    by: ByOption,
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Close a refill: note the new balances, clear the low-balance alerts.

    Example: bursar refill finish --by dana
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _hear(f"Finish refill {found.id} as {by}?", as_json)
        _tell(opened, opened.desk.finish(found, by), as_json)


@refill.command()
def abandon(
    by: ByOption,
    note: Annotated[str, typer.Option(help="Why.")],
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Give a refill up. A draft that owners could still sign has to be rejected first.

    Example: bursar refill abandon --by ana --note "the alarm was real"
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill

        opened, found = open_refill(rpc_url, book, id)
        _hear(f"Give up refill {found.id} as {by}?", as_json)
        _tell(opened, opened.desk.abandon(found, by, note), as_json)


# A person's word


def _hear(question: str, as_json: bool) -> None:
    """
    Ends with 1 unless somebody at a terminal says yes.
    """
    _require_person(question, as_json)
    if not typer.confirm(question, err=True):
        fail(as_json, "Not done.", code="unconfirmed")


def _require_person(question: str, as_json: bool) -> None:
    if not sys.stdin.isatty():
        fail(
            as_json,
            f"{question} Only a person at a terminal can say so: refills are never automated.",
            code="no-person",
        )


def _hear_digits(found: "Refill", as_json: bool) -> None:
    question = f"The first {SHOWN_DIGITS} digits of the report's hash that you read"
    _require_person(f"{question}?", as_json)
    said = (
        str(typer.prompt(question, default="", show_default=False, err=True))
        .strip()
        .lower()
        .removeprefix("0x")
    )
    if len(said) < SHOWN_DIGITS or not found.report_hash[2:].startswith(said):
        fail(as_json, "That is another report's hash. Nothing was approved.", code="unconfirmed")


def _ask_item(item: "Item", note: str, as_json: bool) -> str:
    """
    What is said to it, once it is confirmed.
    """
    _hear(f"{item.text}?", as_json)
    if item.explain and not note:
        return str(typer.prompt(f"Say {item.explain}", err=True))
    return note


# What is shown


def _brief(found: "Refill") -> dict[str, Any]:
    return {"id": found.id, "stage": found.stage, "report_hash": found.report_hash}


def _tell(
    opened: "Opened",
    found: "Refill",
    as_json: bool,
    *,
    report: Any = None,
    draft: "Draft | None" = None,
) -> None:
    from bursar.cli.refill_desk import publish, show_checklist, tell_next
    from bursar.treasury.refills.checklist import build_checklist

    made = opened.desk.folder.report(found)
    pages = publish(opened, found, made)
    if as_json:
        items = [
            {"item": one.item.id, "text": one.item.text, "by": one.by, "at": one.at}
            for one in build_checklist(made, found)
        ]
        extra = {} if report is None else {"report": report}
        if draft is not None:
            extra["draft"] = {"safe_hash": draft.id, "nonce": draft.nonce}
        told = found.model_dump(mode="json") | {"stage": found.stage}
        say_json({"ok": True, "refill": told, "checklist": items, "pages": pages, **extra})
        return
    show_checklist(made, found)
    for page in pages:
        typer.echo(page)
    tell_next(made, found)


def _show_report(made: "Report", as_json: bool) -> None:
    if as_json:
        shown = made.model_dump(mode="json")
        say_json({"ok": True, "report": shown, "report_hash": f"0x{made.hash.hex()}"})
        return
    from bursar.cli.refill_desk import preview

    typer.echo(preview(made), nl=False)
