"""
The first wallets of an organisation: what the treasury's owners sign.

    Deployment and WalletPlans → build_setup → check_setup → chain.safe_batch

Only the treasury creates wallets, and what it sets before it seals one does not wait.
"""

from collections.abc import Iterator, Sequence

from eth_typing import HexAddress, HexStr
from web3.types import Nonce
from web3.utils.address import get_create_address

from bursar.chain.client import Client
from bursar.chain.contracts import organization_at, organization_type, wallet_type
from bursar.chain.deployment import Deployment, DeploymentError
from bursar.chain.deployment_plan import WalletPlan
from bursar.chain.safe import Safe
from bursar.chain.safe_batch import NamedCall, name_call
from bursar.types import Address, checksummed


def build_setup(
    client: Client, deployment: Deployment, wallets: Sequence[WalletPlan]
) -> list[NamedCall]:
    """
    What the treasury calls to create the wallets and set them up, in this order.

    A wallet's address follows from how many were created before it. So execute the batch before
    the treasury creates another wallet, or build it anew.
    """
    asked = deployment.organization, "latest"
    nonce = int(client.rpc.request("eth_getTransactionCount", *asked), 16)
    calls: list[NamedCall] = []
    for number, plan in enumerate(wallets):
        address = _created_address(deployment.organization, nonce + number)
        calls += _build_wallet(client, deployment, plan, address)
    return calls


def _build_wallet(
    client: Client, deployment: Deployment, plan: WalletPlan, address: Address
) -> Iterator[NamedCall]:
    def by_organization(function: str, *values: object) -> NamedCall:
        return name_call(organization_type(), deployment.organization, function, *values)

    def by_wallet(function: str, *values: object) -> NamedCall:
        return name_call(wallet_type(), address, function, *values)

    yield by_organization("create_wallet", plan.name, deployment.blueprint)
    for limits in plan.limits:
        yield by_wallet("set_wallet_limit", limits.token, limits.daily)
        yield by_wallet("set_max_balance", limits.token, limits.max_balance)
    if plan.payment_delay is not None:
        yield by_wallet("set_payment_delay", plan.payment_delay)
    if plan.grace is not None:
        yield by_wallet("set_grace", plan.grace)
    if plan.recipients:
        yield by_wallet("set_recipients", plan.recipients, True)
    for one in plan.budgets:
        yield by_wallet("set_budget", one.agent, one.token, one.category, one.budget)
    if plan.open:
        organization = organization_at(client, deployment.organization)
        yield by_wallet("seal")
        # Creating it is the next stop of its address.
        number = organization.view("pause_number", address) + 1
        yield by_organization("unpause", address, number, "set up")


def check_setup(client: Client, treasury: Address, calls: Sequence[NamedCall]) -> None:
    """
    Try the batch without sending it. Raises DeploymentError with the reason where it would fail.
    """
    # The contract that makes the calls is only pretended, so that any address will do.
    safe = Safe(client, treasury, checksummed(f"0x{'b0' * 20}"))
    revert = safe.simulate(safe.build(*(call.call for call in calls), nonce=0))
    if revert is not None:
        raise DeploymentError(f"The Safe's batch would fail: {revert}. Correct the plan's wallets.")


def _created_address(creator: Address, nonce: int) -> Address:
    return checksummed(get_create_address(HexAddress(HexStr(creator)), Nonce(nonce)))
