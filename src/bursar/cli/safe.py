"""
`bursar safe`: what the treasury's owners see, sign and execute. Nobody ever types calldata.
"""

from collections.abc import Callable
from typing import Annotated, Final

import typer

from bursar.cli.options import (
    BookOption,
    JsonOption,
    RpcOption,
    reporting,
    say_json,
)
from bursar.cli.safe_draft import draft
from bursar.cli.safe_files import export_draft, import_draft, sync
from bursar.cli.safe_options import AuthorOption, DraftArgument, ReportOption
from bursar.cli.safe_signing import add_signature, execute, sign

safe = typer.Typer(
    help="Draft, show, sign and execute what the treasury does.", no_args_is_help=True
)


def list_drafts(
    all_: Annotated[bool, typer.Option("--all", help="Executed and dead ones, too.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the drafts that wait, and tell which were executed or overtaken since the last look.

    Example: bursar safe list
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.safe_place import SafePlace, say
        from bursar.cli.safe_show import as_item, print_drafts
        from bursar.treasury.safe import refresh

        place = SafePlace.find(rpc_url, book)
        changed = refresh(place.desk)
        store = place.desk.store
        found = store.all() if all_ else store.open()
        if as_json:
            told = {"drafts": [as_item(one) for one in found]}
            say_json({"ok": True, **told, "changed": [as_item(one) for one in changed]})
            return
        for one in changed:
            say(f"nonce {one.nonce}, {one.id[:12]}, is {one.status}: {one.told}")
        print_drafts(place, found)


def show(
    id: DraftArgument,
    raw: Annotated[bool, typer.Option("--raw", help="Show calldata whole.")] = False,
    report: ReportOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show a draft: what it does in words, figures before and after, and the hashes to compare.

    Example: bursar safe show 0x5f
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft

        place = SafePlace.find(rpc_url, book, report)
        tell_draft(place, place.open_draft(id), as_json, raw=raw)


def reject(
    id: DraftArgument,
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Why.")] = "",
    author: AuthorOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Draft what uses a draft's nonce for nothing. Once it is executed, the other one is dead.

    Example: bursar safe reject 0x5f --purpose "wrong agent"
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft
        from bursar.treasury.safe import reject as reject_draft

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        name = place.author(author)
        made = reject_draft(place.desk, target, author=name, purpose=purpose)
        tell_draft(place, made, as_json)


safe.add_typer(draft, name="draft")
_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "list": list_drafts,
    "show": show,
    "sign": sign,
    "add-signature": add_signature,
    "execute": execute,
    "reject": reject,
    "export": export_draft,
    "import": import_draft,
    "sync": sync,
}
for _name, _command in _COMMANDS.items():
    safe.command(_name)(_command)
