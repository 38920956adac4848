"""
`bursar keeper`: the service that watches, how far it is, and reading the chain anew.
"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bursar.cli.keeper_rebuild import rebuild
from bursar.cli.options import FAULT, BookOption, JsonOption, RpcOption, reporting, say_json
from bursar.cli.storing import StoreOption

if TYPE_CHECKING:
    from bursar.cli.place import Place
    from bursar.keeper.alerting import AlertPlaces
    from bursar.keeper.building import BookPlaces

keeper = typer.Typer(
    help="The service that watches: executes what is due, keeps the audit, sends the heartbeat.",
    no_args_is_help=True,
)


keeper.command()(rebuild)


@keeper.callback()
def _keeper() -> None:
    """
    The service that watches: executes what is due, keeps the audit, sends the heartbeat.
    """


@keeper.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, and send nothing.")] = False,
    database: StoreOption = None,
    witness: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Another node, which a heartbeat needs to agree."),
    ] = None,
    final_after: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="BLOCKS", help="How deep a block is final. Default: 64; a devnet's: 0."
        ),
    ] = None,
    receipts: Annotated[
        Literal["recent", "touched", "never"],
        typer.Option(help="Of which blocks receipts are read; only `recent` shows every refusal."),
    ] = "recent",
    notices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where senders are told, a line each.")
    ] = None,
    file: Annotated[
        Path, typer.Option(metavar="FILE", help="The treasury.yaml that says who is told of what.")
    ] = Path("treasury.yaml"),
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Watch until Ctrl-C: execute due payments, cancel what no longer fits, keep the audit.

    Signs with BURSAR_KEEPER_KEY or the file BURSAR_KEEPER_KEY_FILE. It can stop money, never move
    it elsewhere. A crash anywhere loses nothing and does nothing twice: started again, it goes on.
    With --json each cycle is one line. Exit status 1: the last cycle had a problem, or found a
    payment that nobody declared.

    Example: bursar keeper run --database postgresql://bursar@db/bursar
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.chain.client import Client
        from bursar.chain.follower import DEPTH, Receipts
        from bursar.cli.keeper_words import LocalClock, Words, introduce, quieten
        from bursar.cli.place import Place
        from bursar.cli.storing import find_database
        from bursar.keeper import CycleReport, FileNotices, KeeperSettings, stopping_on_signals
        from bursar.keeper import run as run_keeper
        from bursar.keeper.building import keeping
        from bursar.keeper.listening import listening

        place = Place.find(rpc_url, book)
        known = place.office.book
        url = find_database(place, database)
        places = build_places(place, database, anchors=not dry_run)
        if final_after is None:
            final_after = 0 if place.is_devnet else DEPTH
        options: dict[str, Any] = {
            "chain_id": known.chain_id,
            "first": known.block,
            "depth": final_after,
            "receipts": Receipts(receipts),
            "witness": Client(witness) if witness is not None else None,
            "notices": FileNotices(notices) if notices is not None else None,
            "books": places,
            "alerts": None if dry_run else build_alert_places(place, file),
            # A local chain's time is its own, and it makes no blocks while nobody sends anything.
            "settings": KeeperSettings(max_head_age=None if place.is_devnet else 120),
        }
        words = Words(place)
        if not as_json:
            quieten(one_node=witness is None)
        clock = LocalClock(place) if place.is_devnet and not (once or dry_run) else None

        def tell(report: CycleReport) -> None:
            if not as_json:
                words.tell(report)
            elif not once:
                typer.echo(json.dumps(report.as_json()))
            if clock is not None:
                clock.tick(report)

        with ExitStack() as stack:
            key = place.find_key("keeper")
            kept = keeping(url, place.office.client, key, known.organization, **options)
            service = stack.enter_context(kept)
            if not as_json:
                introduce(place, key.address, url, places, final_after)
            node = place.office.client.rpc.url
            news = None if once else stack.enter_context(listening(node))
            stop = stack.enter_context(stopping_on_signals(news))
            last = run_keeper(
                service, stop=stop, once=once, dry_run=dry_run, on_report=tell, news=news
            )
        if once and as_json:
            say_json({"ok": not (last.problems or last.undeclared), **last.as_json()})
        elif once:
            words.conclude(last)
        if last.problems or last.undeclared:
            raise typer.Exit(FAULT)


@keeper.command()
def status(
    database: StoreOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show how far the store is: the chain, the audit, what is under way, what nobody declared.

    Reads only, also while a keeper runs. Exit status 1: a payment was not declared,
    or the store is another organisation's.

    Example: bursar keeper status --json
    """
    with reporting(as_json):
        from bursar.cli.keeper_words import print_standing
        from bursar.cli.place import Place
        from bursar.cli.storing import find_database
        from bursar.keeper.standing import fetch_standing
        from bursar.store.database import Database

        place = Place.find(rpc_url, book)
        known = place.office.book
        with Database.open(find_database(place, database), read_only=True) as store:
            standing = store.read(lambda c: fetch_standing(c, known.chain_id, known.organization))
        head = place.office.client.fetch_height()
        is_wrong = bool(standing.undeclared) or (standing.block is None and standing.others != [])
        if as_json:
            say_json({"ok": not is_wrong, "chain_head": head, **standing.as_json()})
        else:
            print_standing(place, standing, head)
        if is_wrong:
            raise typer.Exit(FAULT)


def build_alert_places(place: "Place", file: Path) -> "AlertPlaces":
    """
    With what and whom alerts are told: the file, as it is whenever it changes, and the environment.
    """
    from bursar.keeper.alerting import AlertPlaces

    known = place.office.book
    return AlertPlaces(known, known.name, file.expanduser().absolute(), place.environment)


def build_places(place: "Place", database: str | None, *, anchors: bool = False) -> "BookPlaces":
    """
    What the books are kept with, as the environment says. Raises BursarError.
    """
    from bursar.cli.storing import (
        find_anchor_interval,
        find_database,
        find_heads,
        find_receipt_key,
        find_spool,
    )
    from bursar.keeper.building import BookPlaces

    return BookPlaces(
        safe=place.office.book.safe,
        heads=find_heads(place),
        receipt_key=find_receipt_key(place),
        refusals=find_spool(find_database(place, database)),
        anchor_every=find_anchor_interval(place) if anchors else None,
    )
