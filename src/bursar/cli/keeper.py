"""
`bursar keeper run`: the service that executes what is due and sends the heartbeat.
"""

import json
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.cli.options import (
    FAULT,
    BookOption,
    JsonOption,
    RpcOption,
    reporting,
    say_json,
)

keeper = typer.Typer(
    help="The service that watches: executes what is due, cancels, sends the heartbeat.",
    no_args_is_help=True,
)


@keeper.callback()
def _keeper() -> None:
    """
    The service that watches: executes what is due, cancels, sends the heartbeat.
    """


@keeper.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, and send nothing.")] = False,
    notices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where senders are told, a line each.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="BURSAR_STORE",
            help="Where everything is journalled: sqlite:///FILE or postgresql://…",
        ),
    ] = None,
    witness: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Another node, which a heartbeat needs to agree."),
    ] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Watch until Ctrl-C: execute due payments, cancel what no longer fits, send the heartbeat.

    Signs with BURSAR_KEEPER_KEY or the file BURSAR_KEEPER_KEY_FILE. It can stop money, never move
    it elsewhere. With --store a crash anywhere loses nothing and does nothing twice. With --json
    each cycle is one line. Exit status 1: the last cycle had a problem.

    Example: bursar keeper run --store sqlite:///keeper.db
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.chain.client import Client
        from bursar.chain.sending import Sender
        from bursar.cli.place import Place
        from bursar.keeper import (
            ClientNode,
            CycleReport,
            FileNotices,
            Keeper,
            KeeperSettings,
            stopping_on_signals,
        )
        from bursar.keeper import run as run_keeper
        from bursar.keeper.building import keeping

        place = Place.find(rpc_url, book)
        known = place.office.book
        # A local chain's time is its own, and it makes no blocks while nobody sends anything.
        settings = KeeperSettings(max_head_age=None) if place.is_devnet else KeeperSettings()
        client, key = place.office.client, place.find_key("keeper")
        options: dict[str, Any] = {
            "first": known.block,
            "notices": FileNotices(notices) if notices is not None else None,
            "settings": settings,
            "witness": ClientNode(Client(witness)) if witness is not None else None,
        }
        if not as_json:
            logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)

        def tell(report: CycleReport) -> None:
            if as_json and not once:
                typer.echo(json.dumps(report.as_json()))

        with ExitStack() as stack:
            if store is not None:
                chain_id = known.chain_id
                kept = keeping(store, client, key, known.organization, chain_id=chain_id, **options)
                service = stack.enter_context(kept)
            else:
                sender = Sender(client, key, chain_id=known.chain_id)
                service = Keeper(ClientNode(client), sender, known.organization, **options)
            stop = stack.enter_context(stopping_on_signals())
            last = run_keeper(service, stop=stop, once=once, dry_run=dry_run, on_report=tell)
        if once and as_json:
            say_json({"ok": not last.problems, **last.as_json()})
        elif once:
            typer.echo(f"block {last.block}: {len(last.payments)} due, heartbeat {last.heartbeat}")
        if last.problems:
            raise typer.Exit(FAULT)
