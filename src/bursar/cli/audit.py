"""
`bursar audit`: what happened, who authorised it and why; and whether the record is whole.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bursar.cli.audit_options import (
    ActionOption,
    AgentOption,
    DatabaseOption,
    LeastOption,
    OrganisationOption,
    SinceOption,
    TokenOption,
    UntilOption,
    WalletOption,
    Wanted,
)
from bursar.cli.options import FAULT, BookOption, JsonOption, RpcOption, reporting, say_json

audit = typer.Typer(
    help="What happened, who authorised it and why; and whether the record is whole.",
    no_args_is_help=True,
)


@audit.callback()
def _audit() -> None:
    """
    What happened, who authorised it and why; and whether the record is whole.
    """


@audit.command()
def log(
    organisation: OrganisationOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    wallet: WalletOption = None,
    agent: AgentOption = None,
    action: ActionOption = None,
    token: TokenOption = None,
    least: LeastOption = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the latest so many.")] = None,
    database: DatabaseOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the entries: payments, refills, sweeps, deposits, changes, stops and refusals.

    Example: bursar audit log --wallet trading --action agent_spend --least USDC:1000
    """
    wanted = Wanted(organisation, since, until, wallet, agent, action, token, least)
    with reporting(as_json):
        # Here and not above, so that --help does not load the store.
        from bursar.cli.audit_place import AuditPlace
        from bursar.cli.audit_show import as_document, build_entries_table
        from bursar.cli.console import build_console
        from bursar.store.audit_query import find_audit

        place = AuditPlace.open(database, book)
        with place.database, place.database.reading() as connection:
            found = list(find_audit(connection, place.filter(wanted), last=last))
        if as_json:
            entries = [as_document(sealed, place.book) for sealed in found]
            say_json({"ok": True, "entries": entries})
            return
        title = f"Audit of {place.book.name}: {len(found):,} entries"
        build_console().print(build_entries_table(title, found, place.book))


@audit.command()
def verify(
    head: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Heads that were told. Default: BURSAR_AUDIT_HEADS."),
    ] = None,
    rpc_url: RpcOption = None,
    no_chain: Annotated[
        bool, typer.Option("--no-chain", help="Look for no anchors; a node is not needed.")
    ] = False,
    keeper: Annotated[
        list[str] | None,
        typer.Option("--keeper", metavar="NAME", help="Only this one's anchors. Default: all."),
    ] = None,
    anchors: Annotated[
        int, typer.Option("--anchors", min=1, metavar="COUNT", help="The latest so many of each.")
    ] = 3,
    require_head: Annotated[
        bool, typer.Option("--require-head", help="Without any head or anchor, end with 1.")
    ] = False,
    database: DatabaseOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Check every entry: nothing edited, removed, put in between; with heads or anchors, nothing cut.

    Anchors are what keepers wrote into the chain; they are found without what this machine says.
    Exit status 1: something is wrong, or could not be looked at.

    Example: bursar audit verify --head /mnt/other-machine/heads
    """
    with reporting(as_json):
        from bursar.cli.audit_place import AuditPlace
        from bursar.cli.audit_verifying import Wish, say, verify_place

        place = AuditPlace.open(database, book)
        names = tuple(keeper or ())
        wish = Wish(head, rpc_url, not no_chain, names, anchors, require_head)
        with place.database:
            found = verify_place(place, wish)
        if as_json:
            say_json(found.as_json())
        else:
            say(found, place.book)
        if not found.is_whole:
            raise typer.Exit(FAULT)


@audit.command()
def export(
    form: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="jsonl can be verified by anybody.")
    ] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Else standard output.")
    ] = None,
    organisation: OrganisationOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    wallet: WalletOption = None,
    agent: AgentOption = None,
    action: ActionOption = None,
    token: TokenOption = None,
    least: LeastOption = None,
    database: DatabaseOption = None,
    book: BookOption = None,
) -> None:
    """
    Write the entries out for somebody else. Of a line of jsonl, `hash` is the SHA-256 of `content`.

    Example: bursar audit export --format csv --since 2026-01-01 -o january.csv
    """
    wanted = Wanted(organisation, since, until, wallet, agent, action, token, least)
    with reporting(False):
        from bursar.cli.audit_place import AuditPlace
        from bursar.cli.audit_show import CSV_COLUMNS, as_csv, csv_cells
        from bursar.store.audit_query import find_audit

        place = AuditPlace.open(database, book)
        target = sys.stdout if output is None else output.open("w", encoding="utf-8", newline="")
        with place.database, place.database.reading() as connection:
            try:
                if form == "csv":
                    print(as_csv(CSV_COLUMNS), file=target)
                for sealed in find_audit(connection, place.filter(wanted)):
                    line = {"hash": sealed.hash.hex(), "content": sealed.content}
                    text = (
                        as_csv(csv_cells(sealed, place.book)) if form == "csv" else json.dumps(line)
                    )
                    print(text, file=target)
            finally:
                if output is not None:
                    target.close()


@audit.command()
def record(
    database: DatabaseOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Read the chain up to its final block and enter what is new.

    On a local chain every block is final. The last hash is told to BURSAR_AUDIT_HEADS: a file, a
    URL, or `off`. It should be on another machine.

    Example: bursar audit record --database sqlite:///bursar.db
    """
    with reporting(as_json):
        from bursar.cli.audit_place import book_path, default_heads, default_url
        from bursar.cli.audit_recording import record_chain
        from bursar.cli.place import Place

        place = Place.find(rpc_url, book)
        known = place.office.book
        path = book_path(place.environment, book)
        done = record_chain(
            place,
            database or default_url(place.environment, known, path),
            default_heads(place.environment, known, path),
        )
        if as_json:
            say_json(
                {
                    "ok": True,
                    "added": len(done.added),
                    "head": done.head
                    and {"sequence": done.head.sequence, "hash": done.head.hash.hex()},
                    "problem": done.problem,
                }
            )
            return
        entries = done.head.sequence if done.head else 0
        typer.echo(f"Entered {len(done.added):,} of {entries:,} entries.")
        if done.problem:
            typer.echo(f"warning: {done.problem}", err=True)
