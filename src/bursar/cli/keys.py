"""
`bursar keys`: the keys that receipts of payments are made and verified with. They move no money.

    BURSAR_RECEIPT_KEY_FILE → show | rotate
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import (
    JsonOption,
    YesOption,
    confirm,
    read_duration,
    reporting,
    say_json,
)

if TYPE_CHECKING:
    from bursar.receipts import ReceiptKeys

keys = typer.Typer(help="The keys that payments are declared with.", no_args_is_help=True)

FileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Default: BURSAR_RECEIPT_KEY_FILE, else ~/.bursar/receipt.key."
    ),
]


@keys.callback()
def _keys() -> None:
    """
    The keys that payments are declared with.
    """


@keys.command()
def show(file: FileOption = None, as_json: JsonOption = False) -> None:
    """
    Show which receipt keys there are, by their ids, and until when the old ones vouch.

    Never shows a key. Two machines whose ids are the same have the same keys.

    Example: bursar keys show
    """
    with reporting(as_json):
        # Here and not above, so that --help is quick.
        from bursar.store.key_file import load_receipt_keys

        path = _find(file)
        _tell(path, load_receipt_keys(path), as_json)


@keys.command()
def rotate(
    file: FileOption = None,
    overlap: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="How long the present key still vouches; 0 if it was stolen."
        ),
    ] = "1h",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """
    Put a new receipt key into use, and retire the present one.

    An agent reads the file when it starts, and a keeper as it changes: within --overlap, copy the
    file to every machine that has it and start the agents anew. What is declared with the old key
    later looks like a payment that nobody declared. Old payments still verify.

    Example: bursar keys rotate --overlap 2h
    """
    with reporting(as_json):
        from bursar.cli.console import show_time
        from bursar.store.key_file import load_receipt_keys, rotate_receipt_key

        path, until = _find(file), int(time.time()) + read_duration("--overlap", overlap, as_json)
        present = load_receipt_keys(path).current.id
        question = f"Retire key {present} of {path}, which vouches until {show_time(until)} UTC?"
        confirm(question, yes=yes, as_json=as_json)
        _tell(path, rotate_receipt_key(path, until), as_json)


def _find(file: Path | None) -> Path:
    from bursar.agent.environment import Environment
    from bursar.cli.place import read_environment

    return (file or Environment(read_environment(None)).receipt_key_file()).expanduser()


def _tell(path: Path, found: "ReceiptKeys", as_json: bool) -> None:
    from bursar.cli.console import show_time

    retired: list[dict[str, Any]] = [
        {"id": one.key.id, "until": one.until} for one in found.retired
    ]
    if as_json:
        say_json({"ok": True, "file": str(path), "current": found.current.id, "retired": retired})
        return
    typer.echo(f"file      {path}\nin use    {found.current.id}")
    for one in retired:
        typer.echo(f"retired   {one['id']}, vouches until {show_time(one['until'])} UTC")
