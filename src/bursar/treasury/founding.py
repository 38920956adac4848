"""
Founding an organisation from a treasury.yaml, for a Safe that exists.

    Treasury + Safe → plan_of → found → record, address book, and what the Safe's owners sign

The deployer pays and keeps no right: everything that is the treasury's to do goes into one batch
for the owners. Done again, nothing is deployed twice: what stands there is verified instead.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from eth_account.signers.local import LocalAccount

from bursar.book import AddressBook, Holder, TokenEntry
from bursar.chain.client import Client
from bursar.chain.contracts import organization_at, wallet_at
from bursar.chain.deployment import (
    Created,
    Deployment,
    DeploymentError,
    check_funds,
    check_plan,
    deploy,
    fetch_safe,
)
from bursar.chain.deployment_plan import (
    BudgetPlan,
    Plan,
    TokenLimits,
    WalletPlan,
    parse_plan,
)
from bursar.chain.deployment_setup import build_setup, check_setup
from bursar.chain.safe_batch import NamedCall, build_batch
from bursar.chain.verification import Expected, Finding, differs, verify
from bursar.config import Treasury
from bursar.config.model import Account
from bursar.config.treasury import Wallet
from bursar.types import NATIVE, Address, checksummed

WORDS: Final = 64


class Files(NamedTuple):
    """
    What is written, by what it is for. The batch is None where nothing is left to sign.
    """

    record: Path
    book: Path
    batch: Path | None


class Founding(NamedTuple):
    """
    What came of it. `findings` are what was verified; `made` tells whether it was deployed now.
    """

    deployment: Deployment
    files: Files
    calls: tuple[NamedCall, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    made: bool


def plan_of(treasury: Treasury, safe: Address | None = None) -> Plan:
    """
    What is to be deployed and set up. Raises DeploymentError, PlanError.

    safe: the treasury, where the file does not name one.
    """
    named = treasury.safe.address
    if safe is not None and named is not None and safe != named:
        raise DeploymentError(f"The file names the Safe {named}, and --safe is {safe}: drop one.")
    if safe is None and named is None:
        raise DeploymentError("No Safe is named: give --safe 0x…, or safe.address in the file.")
    _check_people(treasury)
    values: Mapping[str, object] = {
        "treasury": safe or named,
        "guardians": [one.address for one in treasury.guardians],
        "keepers": [one.address for one in treasury.keepers],
        "change_delay": treasury.change_delay,
        "heartbeat_timeout": treasury.heartbeat_timeout,
        "chain_id": treasury.chain.id,
    }
    wallets = tuple(_wallet_plan(wallet) for wallet in treasury.wallets)
    return parse_plan(values).model_copy(update={"wallets": wallets})


def _check_people(treasury: Treasury) -> None:
    people: tuple[Account, ...] = (*treasury.guardians, *treasury.keepers, *treasury.agents)
    public = [one.name for one in people if one.devnet_key is not None]
    if public and not treasury.chain.is_devnet:
        raise DeploymentError(f"{', '.join(public)}: a devnet key is public. Give an address.")


def _wallet_plan(wallet: Wallet) -> WalletPlan:
    return WalletPlan(
        name=wallet.name,
        limits=tuple(
            TokenLimits(
                token=_address(one.token.symbol, one.token.address),
                daily=one.daily,
                max_balance=one.max_balance,
            )
            for one in wallet.tokens
        ),
        budgets=tuple(
            BudgetPlan.model_validate(
                {
                    "agent": one.agent.address,
                    "token": _address(one.token.symbol, one.token.address),
                    "category": f"0x{one.category.value.hex()}",
                    **dict(one.budget),
                }
            )
            for one in wallet.budgets
        ),
        recipients=tuple(one.address for one in wallet.recipients),
        payment_delay=wallet.payment_delay,
        grace=wallet.grace,
        open=True,
    )


def _address(symbol: str, address: Address | None) -> Address:
    if address is None:
        raise DeploymentError(f"{symbol} has no address: only `bursar devnet` deploys tokens.")
    return address


def found(
    client: Client,
    treasury: Treasury,
    plan: Plan,
    key: LocalAccount | None,
    out: Path,
    *,
    now: int,
    smallest_threshold: int = 2,
    confirm: Callable[[str], None] = lambda _: None,
) -> Founding:
    """
    Deploy what does not stand yet, verify what does, and write down what the owners are to sign.

    key: who pays; None where everything stands already. `confirm` may raise to stop it before
    anything is sent. Raises DeploymentError, ChainError, OSError.
    """
    stem = out / f"{_file_name(treasury.name)}-{client.chain_id}"
    record = stem.with_suffix(".json")
    warnings: tuple[str, ...] = ()
    made = not record.exists()
    if made:
        deployment, warnings = _deploy(client, plan, key, smallest_threshold, confirm)
        _write(record, deployment.model_dump_json(indent=2) + "\n")
    else:
        deployment = Deployment.parse(record.read_text())
        _check_same(deployment, plan, record)
    findings = verify(client, Expected.of(deployment))
    if differs(findings):
        return Founding(deployment, Files(record, record, None), (), tuple(findings), (), made)
    book = record.with_suffix(".book.json")
    _write(book, _book(client, treasury, deployment).to_json())
    calls = _missing(client, deployment, plan)
    batch = _write_batch(client, plan, calls, record, now) if calls else None
    files = Files(record, book, batch)
    return Founding(deployment, files, tuple(calls), tuple(findings), warnings, made)


def _deploy(
    client: Client,
    plan: Plan,
    key: LocalAccount | None,
    smallest_threshold: int,
    confirm: Callable[[str], None],
) -> tuple[Deployment, tuple[str, ...]]:
    if key is None:
        raise DeploymentError(
            "Somebody has to pay for the deployment, and keeps no right: set BURSAR_DEPLOYER_KEY "
            "or BURSAR_DEPLOYER_KEY_FILE."
        )
    deployer = checksummed(key.address)
    warnings = check_plan(client, plan, deployer, smallest_threshold=smallest_threshold)
    cost = check_funds(client, plan.parameters, deployer, with_blueprint=True)
    confirm(f"Deploy on chain {client.chain_id} for up to {cost / 10**18:.6g} ether?")

    def create(creation_code: bytes) -> Created:
        receipt = client.deploy(key, creation_code)
        assert receipt.created is not None, "a creation that was mined has an address"
        return Created(receipt.created, f"0x{receipt.transaction.hex()}", receipt.block)

    return deploy(client, plan.parameters, create, deployer), tuple(warnings)


def _check_same(deployment: Deployment, plan: Plan, record: Path) -> None:
    """
    An organisation that stands is not founded again with other words.
    """
    differing = [
        name
        for name in type(plan.parameters).model_fields
        if getattr(plan.parameters, name) != getattr(deployment.parameters, name)
    ]
    if differing:
        raise DeploymentError(
            f"{record} tells of an organisation that was founded with another "
            f"{', '.join(differing)}. Change what stands through its treasury, or found another "
            "one under another name."
        )


def _missing(client: Client, deployment: Deployment, plan: Plan) -> list[NamedCall]:
    """
    What the owners sign: creation and setting up of the wallets that do not exist yet.
    """
    registry = organization_at(client, deployment.organization)
    addresses = [registry.view("wallets", i) for i in range(registry.view("wallet_count"))]
    existing = {wallet_at(client, address).view("name") for address in addresses}
    wallets = [wallet for wallet in plan.wallets if wallet.name not in existing]
    if not wallets:
        return []
    calls = build_setup(client, deployment, wallets)
    check_setup(client, plan.treasury, calls)
    return calls


def _write_batch(
    client: Client, plan: Plan, calls: list[NamedCall], record: Path, now: int
) -> Path:
    path = record.with_suffix(".sign.json")
    names = ", ".join(wallet.name for wallet in plan.wallets)
    batch = build_batch(client.chain_id, plan.treasury, f"Create {names}"[:WORDS], calls, now=now)
    _write(path, json.dumps(batch, indent=2) + "\n")
    return path


def _book(client: Client, treasury: Treasury, deployment: Deployment) -> AddressBook:
    registry = organization_at(client, deployment.organization)
    addresses = [registry.view("wallets", i) for i in range(registry.view("wallet_count"))]
    safe = fetch_safe(client, deployment.parameters.treasury)
    return AddressBook(
        name=treasury.name,
        chain_id=client.chain_id,
        # Where it holds a key it is not in the file, and not in the book.
        rpc_url=treasury.chain.rpc_url,
        organization=deployment.organization,
        block=deployment.block,
        blueprint=deployment.blueprint,
        safe=deployment.parameters.treasury,
        threshold=safe.threshold,
        owners=_holders(treasury.safe.owners),
        guardians=_holders(treasury.guardians),
        keepers=_holders(treasury.keepers),
        agents={
            one.name: Holder(address=one.address, role=one.role, wallets=_wallets_of(treasury, one))
            for one in treasury.agents
        },
        tokens={
            one.symbol: TokenEntry(address=one.address, decimals=one.decimals)
            for one in treasury.tokens
            if one.address not in (None, NATIVE)
        },
        wallets={wallet_at(client, a).view("name"): a for a in addresses},
        recipients={one.name: one.address for one in treasury.recipients},
        categories={one.name: f"0x{one.value.hex()}" for one in treasury.categories if one.name},
    )


def _holders(people: tuple[Account, ...]) -> dict[str, Holder]:
    return {one.name: Holder(address=one.address) for one in people}


def _wallets_of(treasury: Treasury, agent: Account) -> tuple[str, ...]:
    return tuple(
        wallet.name
        for wallet in treasury.wallets
        if any(one.agent.address == agent.address for one in wallet.budgets)
    )


def _file_name(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name.lower()).strip("-") or "bursar"


def _write(path: Path, text: str) -> None:
    """
    Whole or not at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
