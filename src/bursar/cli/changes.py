"""
`bursar pending-changes` and `veto`: what will loosen, and how to stop it in time.
"""

from typing import Annotated

import typer

from bursar.cli.options import (
    BookOption,
    JsonOption,
    ReasonOption,
    RpcOption,
    YesOption,
    confirm,
    reporting,
    say_json,
    validate_reason,
)


def pending_changes(
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the changes that the treasury has scheduled: what each does, and how much time is left.

    Example: bursar pending-changes
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.console import show_time
        from bursar.cli.place import Place
        from bursar.cli.safe_place import say
        from bursar.treasury.pending import pending_changes as find

        place = Place.find(rpc_url, book)
        found = find(place.view)
        if as_json:
            told = [one.model_dump(mode="json") for one in found]
            say_json({"ok": True, "at": place.view.now, "changes": told})
            return
        if not found:
            say("No change is pending.")
        for one in found:
            say(f"{one.id[:12]}  {one.sentence}")
            for figure in one.figures:
                say(f"   {figure.label}: {figure.before} → {figure.after}")
            whose = "guardians may veto it" if one.vetoable else "only the treasury may veto it"
            say(f"   {one.time}, from {show_time(one.ready_at)} UTC on; {whose}")


def veto(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `bursar pending-changes` shows it.")],
    reason: ReasonOption,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Strike out a pending change, as a guardian.

    Signs with BURSAR_GUARDIAN_KEY or the file BURSAR_GUARDIAN_KEY_FILE.

    Example: bursar veto 0x5f --reason "nobody agreed to this"
    """
    with reporting(as_json):
        from bursar.cli.place import Place
        from bursar.cli.safe_place import say
        from bursar.treasury.pending import find_change
        from bursar.treasury.pending import pending_changes as find

        validate_reason(reason, as_json, least=1)
        place = Place.find(rpc_url, book)
        change = find_change(place.view, id)
        told = next(one for one in find(place.view) if one.id == f"0x{change.id.hex()}")
        confirm(f"Veto this: {told.sentence}?", yes=yes, as_json=as_json)
        key = place.find_key("guardian")
        receipt = place.office.organization.send(key, "veto", change.id, reason)
        transaction = f"0x{receipt.transaction.hex()}"
        if as_json:
            change_told = told.model_dump(mode="json")
            say_json({"ok": True, "vetoed": change_told, "transaction": transaction})
            return
        say(f"vetoed: {told.sentence}")
        say(f"transaction {transaction}")
