"""
Deploy an organisation for a Safe that exists, on any EVM network that Ape reaches.

    ape run deploy --network ethereum:sepolia:node --account deployer --file treasury.yaml
    ape run deploy --network http://127.0.0.1:8545 --account TEST::0 --safe 0x... --guardian 0x...
        --keeper 0x... --change-delay 2d --heartbeat-timeout 1h --wallet trading --wallet support

The same as `bursar init`, for whose account is Ape's: a key file, a hardware wallet. The file is
the treasury.yaml that `bursar init` takes, and options win over it. What is deployed are the
artifacts that the package ships, compared with the sources beside them: Ape's own compiler
does not notice when only a module has changed.

Writes two files into --out: a record of the deployment, for `ape run verify_deployment`, and a
batch for Safe's Transaction Builder that creates the wallets, which only the treasury may do. Such
a batch for more wallets, or once more, deploys nothing:

    ape run deploy --network ... --record deployments/1-0x....json --wallet refunds
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand, account_option
from rich.console import Console

from bursar.chain.client import Client
from bursar.chain.contracts import organization_at
from bursar.chain.deployment import (
    Create,
    Created,
    Deployment,
    DeploymentError,
    check_funds,
    check_plan,
    deploy,
)
from bursar.chain.deployment_plan import Plan, WalletPlan, parse_address, parse_plan
from bursar.chain.deployment_setup import build_setup, check_setup
from bursar.chain.safe_batch import build_batch
from bursar.config import load_treasury
from bursar.errors import BursarError
from bursar.treasury.founding import plan_of
from bursar.types import Address, checksummed

ROOT = Path(__file__).resolve().parent.parent
console = Console(soft_wrap=True)


def read_plan(
    file: Path | None, options: Mapping[str, Any], deployment: Deployment | None = None
) -> Plan:
    """
    What the treasury.yaml says, where no option says otherwise; the parameters of an organisation
    that exists are those. Raises ConfigError, DeploymentError or PlanError.
    """
    values: dict[str, Any] = {}
    given = {name: value for name, value in options.items() if value}
    wallets: tuple[WalletPlan, ...] = ()
    if file is not None:
        safe = given.get("treasury")
        plan = plan_of(load_treasury(file), parse_address(safe) if safe else None)
        values, wallets = plan.model_dump(exclude={"wallets"}), plan.wallets
    values |= given
    if deployment is not None:
        values |= deployment.parameters.model_dump() | {"chain_id": deployment.chain_id}
    plan = parse_plan(values)
    return plan if plan.wallets else plan.model_copy(update={"wallets": wallets})


def read_record(path: Path) -> Deployment:
    """
    What was deployed. Raises DeploymentError.
    """
    try:
        return Deployment.parse(path.read_text())
    except OSError as error:
        raise DeploymentError(f"{path} cannot be read: {error.strerror}") from error


def check_sources() -> None:
    """
    The artifacts are what the sources beside them compile to. Raises DeploymentError.
    """
    command = [sys.executable, str(ROOT / "scripts" / "refresh_artifacts.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeploymentError(
            "The artifacts are not what contracts/ compiles to. Look at what has changed, then "
            f"`make contracts`.\n{done.stdout}{done.stderr}"
        )


def run(
    client: Client,
    plan: Plan,
    create: Create,
    deployer: Address,
    out: Path,
    *,
    smallest_threshold: int = 2,
    blueprint: Address | None = None,
    confirm: Callable[[str], None] = lambda _: None,
) -> Deployment:
    """
    Check, deploy and write both files. Raises BursarError; `confirm` may raise to stop it.
    """
    for warning in check_plan(client, plan, deployer, smallest_threshold=smallest_threshold):
        console.print(f"[yellow]look at this:[/] {warning}")
    cost = check_funds(client, plan.parameters, deployer, with_blueprint=blueprint is None)
    confirm(f"Deploy on chain {client.chain_id} for up to {cost / 10**18:.6g} ether?")

    deployment = deploy(client, plan.parameters, create, deployer, blueprint=blueprint)
    record = out / f"{deployment.chain_id}-{deployment.organization}.json"
    out.mkdir(parents=True, exist_ok=True)
    record.write_text(deployment.model_dump_json(indent=2) + "\n")
    console.print(f"organisation {deployment.organization}, blueprint {deployment.blueprint}")
    console.print(f"record: {record}")
    if plan.wallets:
        write_setup(client, deployment, plan, record)
    return deployment


def write_setup(client: Client, deployment: Deployment, plan: Plan, record: Path) -> None:
    """
    The batch that creates the wallets, tried on the chain before anybody is asked to sign it.
    """
    if client.chain_id != deployment.chain_id:
        raise DeploymentError(
            f"This is chain {client.chain_id}, and the organisation is on {deployment.chain_id}."
        )
    first = organization_at(client, deployment.organization).view("wallet_count")
    path = record.with_suffix(f".wallets-{first}.json")
    calls = build_setup(client, deployment, plan.wallets)
    check_setup(client, plan.treasury, calls)
    names = ", ".join(wallet.name for wallet in plan.wallets)
    batch = build_batch(
        client.chain_id, plan.treasury, f"Create {names}", calls, now=int(time.time())
    )
    path.write_text(json.dumps(batch, indent=2) + "\n")
    console.print(f"for the Safe's owners, in its Transaction Builder: {path}")
    for call in calls:
        console.print(f"  {call}", markup=False)


def http_url(provider: Any) -> str:
    """
    Where Ape's provider is. Raises DeploymentError if not over HTTP.
    """
    url = getattr(provider, "http_uri", None) or getattr(provider, "uri", "")
    if not str(url).startswith("http"):
        raise DeploymentError(f"{provider.name} gives no HTTP address: connect to a URL.")
    return str(url)


def creator(account: Any, provider: Any) -> Create:
    """
    Creation by an account of Ape's: a key file, a hardware wallet, a test account.
    """

    def create(creation_code: bytes) -> Created:
        transaction = provider.network.ecosystem.create_transaction(sender=account.address)
        transaction.data = creation_code
        receipt = account.call(transaction)
        return Created(
            checksummed(receipt.contract_address), str(receipt.txn_hash), int(receipt.block_number)
        )

    return create


def _ask(question: str) -> None:
    click.confirm(question, abort=True)


@click.command(cls=ConnectedProviderCommand)
@account_option(prompt=False)  # type: ignore[untyped-decorator]
@click.option("--file", type=click.Path(path_type=Path), help="the treasury.yaml")
@click.option("--safe", "treasury", help="the treasury: a Safe on this chain")
@click.option("--guardian", "guardians", multiple=True, help="may stop, veto, tighten, sweep")
@click.option("--keeper", "keepers", multiple=True, help="a service: may stop, sends heartbeats")
@click.option("--change-delay", help="how long what loosens waits: 1h to 30d")
@click.option("--heartbeat-timeout", help="10m to 30d, or never")
@click.option("--wallet", "wallets", multiple=True, help="the name of a wallet to create")
@click.option("--chain-id", type=int, help="refuse any other chain")
@click.option("--blueprint", help="one that exists; its code is compared")
@click.option("--allow-single-signer", is_flag=True, help="a Safe of which one signature is enough")
@click.option("--skip-source-check", is_flag=True, help="do not compile contracts/ to compare")
@click.option("--record", type=click.Path(path_type=Path), help="only a batch for more wallets")
@click.option("--out", type=click.Path(path_type=Path), default=Path("deployments"))
@click.option("--yes", is_flag=True, help="do not ask")
def cli(
    account: Any,
    provider: Any,
    file: Path | None,
    wallets: tuple[str, ...],
    blueprint: str | None,
    allow_single_signer: bool,
    skip_source_check: bool,
    record: Path | None,
    out: Path,
    yes: bool,
    **options: Any,
) -> None:
    """
    Deploy an organisation for a Safe that exists, and write what creates its wallets.
    """
    options["wallets"] = [{"name": name} for name in wallets]
    try:
        client = Client(http_url(provider))
        if record is not None:
            deployment = read_record(record)
            write_setup(client, deployment, read_plan(file, options, deployment), record)
            return
        if account is None:
            raise DeploymentError("Name who pays for the deployment: --account.")
        plan = read_plan(file, options)
        if not skip_source_check:
            check_sources()
        run(
            client,
            plan,
            creator(account, provider),
            checksummed(account.address),
            out,
            smallest_threshold=1 if allow_single_signer else 2,
            blueprint=parse_address(blueprint) if blueprint else None,
            confirm=(lambda _: None) if yes else _ask,
        )
    except (BursarError, ValueError) as error:
        raise click.ClickException(str(error)) from error
