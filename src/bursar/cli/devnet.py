"""
`bursar devnet`: a treasury on a local chain, for as long as it runs.
"""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import USAGE, JsonOption, fail, reporting, say_json

if TYPE_CHECKING:
    from rich.console import Console

    from bursar.devnet import RunningDevnet
    from bursar.treasury import Status

# Of the table that has addresses and keys beside each other.
_WHOLE_KEYS = 132


def devnet(
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="The treasury.yaml to set up."),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, metavar="PORT", help="Where the chain answers; 0: any free port."
        ),
    ] = 8545,
    fork_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Fork the chain of this node.")
    ] = None,
    attach: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Set up on an anvil that runs already, and return."),
    ] = None,
    block_time: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="Between blocks; else one per transaction."),
    ] = None,
    env_file: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The environment file; the address book lies beside."),
    ] = Path(".bursar/devnet.env"),
    as_json: JsonOption = False,
) -> None:
    """
    Run a treasury on a local chain: a real Safe, wallets, agents with budgets, funded keys.

    Starts anvil, does what the file says with the signatures of the devnet's owners, prints who
    has what, and runs until Ctrl-C. Run again with --attach, it finds what is there.

    Example: bursar devnet --file examples/treasury.yaml --port 8545
    """
    with reporting(as_json):
        if attach is not None and fork_url is not None:
            fail(as_json, "--attach and --fork-url exclude each other.", code=USAGE)
        # A shell starts what runs in its background with Ctrl-C ignored; `kill` must end it, too.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, _interrupt)
        options = {"port": port, "fork_url": fork_url, "attach": attach, "block_time": block_time}
        _devnet(file, env_file, as_json, **options)


def _interrupt(number: int, frame: object) -> None:
    # As Ctrl-C does, which waits while the chain and its watchdog start or end.
    signal.raise_signal(signal.SIGINT)


def _devnet(file: Path | None, env_file: Path, as_json: bool, **options: Any) -> None:
    # Here and not above, so that --help does not load what talks to a chain.
    from bursar.cli.console import build_console
    from bursar.devnet import (
        load_devnet_treasury,
        open_devnet,
        remove_files,
        remove_store,
        write_files,
    )

    console = build_console()
    treasury = load_devnet_treasury(file)
    spinner = console.status("Starting")
    if console.is_terminal and not as_json:
        spinner.start()
    try:
        with open_devnet(treasury, progress=spinner.update, **options) as running:
            spinner.stop()
            book = running.founded.book
            try:
                if running.own:
                    remove_store(book, env_file)  # of one that was killed
                write_files(book, env_file)
                _tell(console, running, env_file, as_json)
                if running.own:
                    _wait()
            finally:
                if running.own:
                    remove_files(book, env_file)
                    remove_store(book, env_file)
    finally:
        spinner.stop()


def _wait() -> None:
    """
    Until Ctrl-C, which is how a devnet ends: nothing went wrong.
    """
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        typer.echo("The devnet has ended, and its chain with it.", err=True)


def _tell(console: "Console", running: "RunningDevnet", env_file: Path, as_json: bool) -> None:
    from bursar.cli.status import print_status
    from bursar.devnet import book_path
    from bursar.treasury import Office, build_status

    office = Office.open(running.founded.book)
    status = build_status(office, office.view())
    paths = {"env_file": str(env_file), "address_book": str(book_path(env_file))}
    if as_json:
        say_json(
            {
                "ok": True,
                "rpc_url": running.url,
                **paths,
                "created_wallets": running.founded.made,
                "replaced": running.founded.replaced,
                "book": running.founded.book.model_dump(mode="json"),
                "status": status.model_dump(mode="json"),
            }
        )
        return
    print_status(console, status)
    _print_people(console, running)
    _print_notes(console, running, status, env_file)


def _print_people(console: "Console", running: "RunningDevnet") -> None:
    from bursar.cli.console import build_table
    from bursar.devnet import devnet_key

    people = list(running.founded.book.holders())
    title = "Public keys: never use them anywhere else"
    columns = {"role": "left", "name": "left", "address": "left"}
    if console.width >= _WHOLE_KEYS:
        table = build_table(title, **columns, private_key="left")
        for role, name, holder in people:
            table.add_row(role, name, holder.address, devnet_key(holder))
        console.print("", table)
        return
    # A key that is broken over two lines cannot be copied.
    addresses = build_table("Who is who", **columns)
    keys = build_table(title, name="left", key="left")
    for role, name, holder in people:
        addresses.add_row(role, name, holder.address)
        keys.add_row(name, devnet_key(holder))
    console.print("", addresses, "", keys)


def _print_notes(
    console: "Console", running: "RunningDevnet", status: "Status", env_file: Path
) -> None:
    from bursar.cli.console import show_time

    book, founded = running.founded.book, running.founded
    console.print()
    for what, address in founded.replaced.items():
        console.print(f"{what} ({address}) is replaced by one of the devnet's own")
    if not founded.made:
        console.print("Everything was there already; nothing was changed.")
    lapse = status.heartbeat.lapses_at
    if lapse is not None:
        console.print(
            f"Without a heartbeat every wallet stops at {show_time(lapse)} UTC: "
            "`bursar keeper run` sends it."
        )
    tokens = ", ".join(f"{name} {token.address}" for name, token in book.tokens.items())
    for name, value in {
        "node": f"{running.url} (chain {book.chain_id})",
        "organisation": book.organization,
        "treasury": f"{book.safe} ({book.threshold} of {len(book.owners)} owners sign)",
        "tokens": tokens,
        "environment": f"set -a; . {env_file}; set +a",
        "try": "bursar status, in another terminal and in this folder; then docs/quickstart.md",
    }.items():
        console.print(f"{name:13}{value}", soft_wrap=True)
    if running.own:
        console.print("Ctrl-C ends it.")
