"""
`bursar init`: an organisation for a Safe that exists.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import (
    FAULT,
    JsonOption,
    RpcOption,
    YesOption,
    confirm,
    reporting,
    say_json,
    working,
)

if TYPE_CHECKING:
    from bursar.treasury.founding import Founding


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The treasury.yaml.")],
    safe: Annotated[
        str | None,
        typer.Option(metavar="0x…", help="The Safe, where the file does not name it."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where record, address book and batch go.")
    ] = Path("deployments"),
    allow_single_signer: Annotated[
        bool,
        typer.Option(
            "--allow-single-signer", help="A Safe of which one signature is enough. Do not."
        ),
    ] = False,
    rpc_url: RpcOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """
    Found an organisation for a Safe that exists, on any EVM chain.

    Deploys with BURSAR_DEPLOYER_KEY or the file BURSAR_DEPLOYER_KEY_FILE, compares the code on the
    chain with what this release ships, and writes what the Safe's owners sign, in its Transaction
    Builder or with `bursar safe`. The deployer keeps no right. Run again, it verifies, and writes
    what is still to be signed.

    Example: bursar init treasury.yaml --safe 0x… --rpc-url https://…
    """
    with reporting(as_json):
        threshold = 1 if allow_single_signer else 2

        with working("Looking at the chain") as spinner:

            def ask(question: str) -> None:
                spinner.stop()
                confirm(question, yes=yes, as_json=as_json)
                spinner.update("Deploying, and comparing what stands there")
                spinner.start()

            done = _found(file, safe, out, threshold, rpc_url, ask)
        if as_json:
            _say(done)
        else:
            _print(done)
        if _differing(done):
            raise typer.Exit(FAULT)


def _found(
    file: Path,
    safe: str | None,
    out: Path,
    threshold: int,
    rpc_url: str | None,
    ask: Callable[[str], None],
) -> "Founding":
    # Here and not above, so that --help does not load what talks to a chain.
    from bursar.book import require_address
    from bursar.chain.client import Client
    from bursar.cli.place import RPC_URL, read_key
    from bursar.config import load_treasury
    from bursar.treasury import OfficeError
    from bursar.treasury.founding import found, plan_of

    treasury = load_treasury(file)
    url = rpc_url or os.environ.get(RPC_URL) or treasury.chain.rpc_url
    if not url:
        raise OfficeError(f"No node is named: give --rpc-url, or set {RPC_URL}.")
    plan = plan_of(treasury, None if safe is None else require_address(safe))
    key = read_key(os.environ, "deployer")
    return found(
        Client(url),
        treasury,
        plan,
        key,
        out,
        now=int(time.time()),
        smallest_threshold=threshold,
        confirm=ask,
    )


def _differing(done: "Founding") -> list[str]:
    return [
        f"{one.subject}: {one.what}: expected {one.expected}, found {one.found}"
        for one in done.findings
        if one.status == "differs"
    ]


def _print(done: "Founding") -> None:
    for warning in done.warnings:
        typer.echo(f"look at this: {warning}")
    deployment = done.deployment
    typer.echo(f"organisation  {deployment.organization}  {'deployed' if done.made else 'stands'}")
    typer.echo(f"blueprint     {deployment.blueprint}")
    for line in _differing(done):
        typer.echo(f"differs       {line}", err=True)
    if _differing(done):
        return
    typer.echo(f"verified      {len(done.findings)} things, none differs")
    typer.echo(f"record        {done.files.record}")
    typer.echo(f"address book  {done.files.book}")
    if done.files.batch is None:
        typer.echo("Nothing is left to sign: every wallet of the file exists.")
        return
    typer.echo(f"to sign       {done.files.batch}, one transaction of {len(done.calls)} calls")
    typer.echo(
        "Import it in the Safe's Transaction Builder, or let Bursar show each call in words:\n"
        f"  export BURSAR_BOOK={done.files.book}\n"
        f'  bursar safe import {done.files.batch} --author YOUR_NAME -p "set up the wallets"'
    )
    for call in done.calls:
        typer.echo(f"  {call}")


def _say(done: "Founding") -> None:
    say_json(
        {
            "ok": not _differing(done),
            "deployed": done.made,
            "organization": done.deployment.organization,
            "blueprint": done.deployment.blueprint,
            "record": str(done.files.record),
            "book": str(done.files.book),
            "batch": None if done.files.batch is None else str(done.files.batch),
            "calls": [str(call) for call in done.calls],
            "differs": _differing(done),
            "warnings": list(done.warnings),
        }
    )
