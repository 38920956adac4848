"""
`bursar refill`: hot wallets are refilled by people, with evidence.

    report → confirm → approve → draft → (bursar safe sign, execute) → confirm-funded → finish

Whatever is a person's word is given at a terminal: no option, no variable and no service says yes
instead. Keys are not asked for: owners sign with `bursar safe`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption, reporting, say_json
from bursar.cli.refill_end import abandon, confirm_funded, finish
from bursar.cli.refill_options import ByOption, IdArgument, NoteOption
from bursar.cli.refill_words import ask_item, hear, hear_digits

refill = typer.Typer(
    no_args_is_help=True, help="Refill hot wallets: report, confirm, approve, draft, finish."
)


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
        from bursar.cli.refill_show import show_report, tell

        opened = open_desk(rpc_url, book, file)
        wishes = read_wishes(opened, wallet or [], to or [], days)
        if by is None:
            show_report(opened.desk.reporter.build("nobody", wishes), as_json)
            return
        hear(f"Begin a refill as {by}?", as_json)
        begun, made = opened.desk.begin(by, opened.file, wishes)
        tell(opened, begun, as_json, report=made.model_dump(mode="json"))


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
        from bursar.cli.refill_show import brief

        found = open_folder(rpc_url, book).all()
        if as_json:
            say_json({"ok": True, "refills": [brief(one) for one in found]})
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
        from bursar.cli.refill_show import tell

        opened, found = open_refill(rpc_url, book, id)
        tell(opened, found, as_json)


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
        from bursar.cli.refill_show import tell
        from bursar.treasury.refills.checklist import find_open
        from bursar.treasury.refills.gates import find_item

        opened, found = open_refill(rpc_url, book, id)
        made = opened.desk.folder.report(found)
        wanted = [find_item(made, one) for one in item or []] or find_open(made, found)
        for one in wanted:
            said = ask_item(one, note, as_json)
            found = opened.desk.confirm(found, [one.id], by, said)
        tell(opened, found, as_json)


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
        from bursar.cli.refill_show import tell

        opened, found = open_refill(rpc_url, book, id)
        hear_digits(found, as_json)
        tell(opened, opened.desk.approve(found, by, note), as_json)


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
        from bursar.cli.refill_show import tell

        opened, found = open_refill(rpc_url, book, id)
        hear(f"Draft refill {found.id} for the owners to sign?", as_json)
        found, made = opened.desk.draft(found, by)
        tell(opened, found, as_json, draft=made)


_ENDS: Final[dict[str, Callable[..., None]]] = {
    "confirm-funded": confirm_funded,
    "finish": finish,
    "abandon": abandon,
}
for _name, _command in _ENDS.items():
    refill.command(_name)(_command)
