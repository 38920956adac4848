"""
Compare an organisation and its wallets with what was meant to be deployed.

    ape run verify_deployment --network ethereum:mainnet:node deployments/1-0x....json
    ape run verify_deployment --network ethereum:mainnet:node --organization 0x...
        --file treasury.yaml

What to expect is said by the record of a deployment, or by an organisation's address and the file
that it was deployed from. Code is compared byte for byte with what the package ships, immutables
included. Exits with 1 if anything differs. So does a change that the treasury has made since, such
as another keeper: say what is right now with --file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console
from rich.table import Table

from bursar.chain.client import Client
from bursar.chain.deployment import Deployment, DeploymentError
from bursar.chain.deployment_plan import parse_address
from bursar.chain.verification import Expected, Finding, Status, differs, verify
from bursar.config import load_treasury
from bursar.errors import BursarError
from bursar.treasury.founding import plan_of

STYLES = {Status.OK: "green", Status.DIFFERS: "bold red", Status.NOTE: "yellow"}


def read_expected(
    client: Client, record: Path | None, organization: str | None, file: Path | None
) -> Expected:
    """
    What should stand on the chain. Raises BursarError or ValueError.
    """
    if record is None and (organization is None or file is None):
        raise DeploymentError("Name the record of a deployment, or --organization and --file.")
    if record is None:
        expected = Expected(client.chain_id, parse_address(organization), _parameters(file))
    else:
        expected = Expected.of(Deployment.parse(_read(record)))
        if file is not None:
            expected = expected._replace(parameters=_parameters(file))
    return expected


def _parameters(file: Path | None) -> Any:
    assert file is not None
    return plan_of(load_treasury(file)).parameters


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise DeploymentError(f"{path} cannot be read: {error.strerror}") from error


def findings_table(findings: list[Finding]) -> Table:
    table = Table(title="What was expected, and what stands on the chain", title_justify="left")
    for heading in ("of", "what", "expected", "found", ""):
        table.add_column(heading, overflow="fold")
    for one in findings:
        style = STYLES[one.status]
        table.add_row(
            one.subject, one.what, one.expected, one.found, f"[{style}]{one.status.value}[/]"
        )
    return table


def run(client: Client, expected: Expected) -> int:
    """
    Print the table; 1 if anything differs.
    """
    findings = verify(client, expected)
    # Into a pipe, too, an address stays on one line.
    console = Console(width=None if sys.stdout.isatty() else 250)
    console.print(findings_table(findings))
    different = sum(one.status == Status.DIFFERS for one in findings)
    console.print(f"{different} of {len(findings)} differ." if different else "Nothing differs.")
    return int(differs(findings))


@click.command(cls=ConnectedProviderCommand)
@click.argument("record", type=click.Path(path_type=Path), required=False)
@click.option("--organization", help="its address, instead of a record")
@click.option("--file", type=click.Path(path_type=Path), help="the treasury.yaml that it should be")
def cli(provider: Any, record: Path | None, organization: str | None, file: Path | None) -> None:
    """
    Compare a deployment with what was meant.
    """
    url = str(getattr(provider, "http_uri", None) or getattr(provider, "uri", ""))
    try:
        if not url.startswith("http"):
            raise DeploymentError(f"{provider.name} gives no HTTP address: connect to a URL.")
        client = Client(url)
        status = run(client, read_expected(client, record, organization, file))
    except (BursarError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(status)
