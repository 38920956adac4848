"""
`bursar keeper run`: the service that executes what is due and sends the heartbeat.
"""

import json
import logging
from pathlib import Path
from typing import Annotated

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
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Watch until Ctrl-C: execute due payments, cancel what no longer fits, send the heartbeat.

    Signs with BURSAR_KEEPER_KEY or the file BURSAR_KEEPER_KEY_FILE. It can stop money, never move
    it elsewhere. With --json each cycle is one line. Exit status 1: the last cycle had a problem.

    Example: bursar keeper run --once --dry-run
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
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

        place = Place.find(rpc_url, book)
        known = place.office.book
        # A local chain's time is its own, and it makes no blocks while nobody sends anything.
        settings = KeeperSettings(max_head_age=None) if place.is_devnet else KeeperSettings()
        service = Keeper(
            ClientNode(place.office.client),
            Sender(place.office.client, place.find_key("keeper"), chain_id=known.chain_id),
            known.organization,
            first=known.block,
            notices=FileNotices(notices) if notices is not None else None,
            settings=settings,
        )
        if not as_json:
            logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)

        def tell(report: CycleReport) -> None:
            if as_json and not once:
                typer.echo(json.dumps(report.as_json()))

        with stopping_on_signals() as stop:
            last = run_keeper(service, stop=stop, once=once, dry_run=dry_run, on_report=tell)
        if once and as_json:
            say_json({"ok": not last.problems, **last.as_json()})
        elif once:
            typer.echo(f"block {last.block}: {len(last.payments)} due, heartbeat {last.heartbeat}")
        if last.problems:
            raise typer.Exit(FAULT)
