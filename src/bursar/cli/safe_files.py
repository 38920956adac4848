"""
`bursar safe export`, `import` and `sync`: drafts between machines and people.
"""

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import (
    BookOption,
    JsonOption,
    RpcOption,
    fail,
    reporting,
    say_json,
)
from bursar.cli.safe_options import AuthorOption, DraftArgument


def export_draft(
    id: DraftArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: standard output.")
    ] = None,
    builder: Annotated[
        bool, typer.Option("--builder", help="For Safe's Transaction Builder; no signatures.")
    ] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Write a draft with its signatures to a file, for another signer or for a Safe client.

    Example: bursar safe export 0x5f --out raise.json
    """
    with reporting(as_json):
        import time

        from bursar.cli.safe_place import SafePlace
        from bursar.treasury.safe.exchange import export_builder
        from bursar.treasury.safe.exchange import export_draft as export

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        if builder:
            said = place.summary(target).explanation
            text = export_builder(target, said, int(time.time()))
        else:
            text = export(target)
        if out is None:
            typer.echo(text, nl=False)
            return
        out.write_text(text)
        if as_json:
            say_json({"ok": True, "id": target.id, "file": str(out)})
        else:
            typer.echo(f"{out}: draft {target.id}")


def import_draft(
    file: Annotated[Path, typer.Argument(help="A draft, or a Transaction Builder's file.")],
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Why; else its name.")] = "",
    author: AuthorOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Take over a draft from another machine, or a file of Safe's Transaction Builder.

    Example: bursar safe import raise.json
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft
        from bursar.treasury.safe.exchange import import_file, read_draft

        place = SafePlace.find(rpc_url, book)
        name = place.author(author)
        taken = import_file(place.desk, read_draft(file), author=name, purpose=purpose)
        tell_draft(place, taken, as_json)


def sync(
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Exchange drafts and signatures with the Safe Transaction Service at BURSAR_SAFE_SERVICE_URL.

    Its API key, where it asks for one, is BURSAR_SAFE_SERVICE_TOKEN.

    Example: bursar safe sync
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SERVICE_URL, SafePlace, say
        from bursar.cli.safe_show import as_item
        from bursar.treasury.safe.exchange import pull, push

        place = SafePlace.find(rpc_url, book)
        service = place.service()
        if service is None:
            fail(as_json, f"No service is configured: set {SERVICE_URL}.", code="usage")
        taken, refused = pull(place.desk, service)
        sent = [one for one in place.desk.store.open() if one.signatures]
        for one in sent:
            push(place.desk, service, one)
        if as_json:
            told = {"taken": [as_item(one) for one in taken], "sent": [one.id for one in sent]}
            say_json({"ok": True, **told, "refused": refused})
            return
        say(f"{len(taken)} drafts are new or have more signatures; {len(sent)} were left there.")
        for reason in refused:
            say(f"!! refused: {reason}")
