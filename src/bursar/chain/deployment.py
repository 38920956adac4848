"""
Founding an organisation: look first, deploy what the package ships, write down what was deployed.

    Plan → check_plan, check_funds → deploy → Deployment, a JSON record → chain.deployment_setup

Whoever pays for the deployment keeps no right.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Self

from eth_abi.exceptions import DecodingError
from pydantic import BaseModel, ConfigDict, ValidationError

from bursar import __version__
from bursar.chain.bytecode import blueprint_code, organization_code
from bursar.chain.client import Client
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.deployment_plan import AnyAddress, Parameters, Plan
from bursar.chain.errors import ChainError, RevertedError, RpcError
from bursar.chain.reader import as_revert
from bursar.chain.safe import Safe
from bursar.types import ZERO_ADDRESS, Address, keccak

# Until both transactions are mined the base fee may double.
_FEE_HEADROOM: Final = 2
_ETHER: Final = 10**18


class DeploymentError(ChainError):
    """
    It cannot be deployed like this; the message says what was found and what to do.
    """


class SafeState(NamedTuple):
    """
    Who holds the treasury.
    """

    owners: tuple[Address, ...]
    threshold: int
    modules: tuple[Address, ...]


class Created(NamedTuple):
    """
    A contract that was created, by which transaction and in which block.
    """

    address: Address
    transaction: str
    block: int


Create = Callable[[bytes], Created]
"""Sends creation code from the deployer's account and waits until it is mined."""


class Deployment(BaseModel):
    """
    What was deployed, where and how: enough to verify it later from nothing else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bursar: str
    chain_id: int
    organization: AnyAddress
    blueprint: AnyAddress
    deployer: AnyAddress
    block: int
    """The organisation's: its history starts there."""
    parameters: Parameters
    transactions: dict[str, str]
    code_hashes: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        A record that was written before. Raises DeploymentError.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DeploymentError(
                f"This is no record of a deployment: {where}: {first['msg']}"
            ) from error


def fetch_safe(client: Client, address: Address) -> SafeState:
    """
    What a Safe says of itself. Raises DeploymentError where there is none.
    """
    if not client.fetch_code(address):
        raise DeploymentError(
            f"treasury: {address} has no code on chain {client.chain_id}. Is this the chain that "
            "the Safe is on, and has it been created there?"
        )
    safe = Safe(client, address, ZERO_ADDRESS)
    try:
        return SafeState(safe.fetch_owners(), safe.fetch_threshold(), safe.fetch_modules())
    except (RevertedError, DecodingError) as error:
        raise DeploymentError(
            f"treasury: {address} has code, and does not answer getOwners, getThreshold and "
            "getModulesPaginated as a Safe does. Name the Safe itself, not one of its owners or "
            "modules."
        ) from error


def check_plan(
    client: Client, plan: Plan, deployer: Address, *, smallest_threshold: int = 2
) -> list[str]:
    """
    Look at everything that can be known before a transaction is sent. Raises DeploymentError.

    Returns what people should look at all the same.
    """
    if plan.chain_id not in (None, client.chain_id):
        raise DeploymentError(
            f"This is chain {client.chain_id}, and the plan is for chain {plan.chain_id}: connect "
            "to the other network, or correct chain_id."
        )
    safe = fetch_safe(client, plan.treasury)
    if safe.threshold < smallest_threshold:
        raise DeploymentError(
            f"treasury: {plan.treasury} asks for {safe.threshold} of {len(safe.owners)} "
            "signatures: whoever has that one key has the treasury. Raise the Safe's threshold to "
            "2 or more."
        )
    if deployer in (*plan.guardians, *plan.keepers):
        raise DeploymentError(
            f"{deployer} deploys, and is to be a guardian or keeper: the deployer keeps no right. "
            "Deploy from another account, or name another key."
        )
    return list(_warnings(plan, safe))


def _warnings(plan: Plan, safe: SafeState) -> Iterator[str]:
    if safe.threshold < 2:
        yield f"one of {len(safe.owners)} signatures moves the treasury"
    for module in safe.modules:
        yield f"module {module} can act for the Safe without any signature"
    if not plan.guardians:
        yield "no guardian: nobody but the treasury can veto, tighten or sweep"
    if not plan.keepers:
        yield "no keeper: nobody watches"
    for keeper in plan.keepers:
        if keeper in safe.owners:
            yield f"keeper {keeper} is an owner of the Safe: a service should not hold such a key"


def check_funds(
    client: Client, parameters: Parameters, deployer: Address, *, with_blueprint: bool = True
) -> int:
    """
    The wei that deploying costs at most. Raises DeploymentError where the deployer has less, and
    RevertedError where the organisation's constructor refuses.
    """
    codes = [_founding_code(parameters)]
    if with_blueprint:
        codes.append(wallet_type().blueprint_code)
    gas = sum(_estimate(client, deployer, code) for code in codes)
    cost = gas * int(client.rpc.request("eth_gasPrice"), 16) * _FEE_HEADROOM
    has = client.fetch_balance(deployer)
    if has < cost:
        raise DeploymentError(
            f"{deployer} has {_ether(has)} and deploying takes up to {_ether(cost)} ({gas:,} gas): "
            f"send it {_ether(cost - has)} or deploy from another account."
        )
    return cost


def deploy(
    client: Client,
    parameters: Parameters,
    create: Create,
    deployer: Address,
    *,
    blueprint: Address | None = None,
) -> Deployment:
    """
    Deploy the blueprint of wallets, unless one exists already, and the organisation. What then
    stands on the chain has been compared, byte for byte, with what the package ships.

    Raises DeploymentError, and whatever `create` raises; a blueprint that was created by then can
    be named in the next attempt.
    """
    transactions = {}
    if blueprint is None:
        created = create(wallet_type().blueprint_code)
        blueprint, transactions["blueprint"] = created.address, created.transaction
    _check_code(client, "blueprint", blueprint, blueprint_code())

    founded = create(_founding_code(parameters))
    transactions["organization"] = founded.transaction
    expected = organization_code(parameters.treasury)
    _check_code(client, "organisation", founded.address, expected)
    return Deployment(
        bursar=__version__,
        chain_id=client.chain_id,
        organization=founded.address,
        blueprint=blueprint,
        deployer=deployer,
        block=founded.block,
        parameters=parameters,
        transactions=transactions,
        code_hashes={
            "organization": code_hash(expected),
            "blueprint": code_hash(blueprint_code()),
        },
    )


def code_hash(code: bytes) -> str:
    """
    keccak-256 in hexadecimal, as EXTCODEHASH gives it.
    """
    return f"0x{keccak(code).hex()}"


def _founding_code(parameters: Parameters) -> bytes:
    return organization_type().build_deployment(
        parameters.treasury,
        parameters.guardians,
        parameters.keepers,
        parameters.change_delay,
        parameters.heartbeat_timeout,
    )


def _estimate(client: Client, sender: Address, creation_code: bytes) -> int:
    fields = {"from": sender, "data": f"0x{creation_code.hex()}"}
    try:
        return int(client.rpc.request("eth_estimateGas", fields), 16)
    except RpcError as error:
        raise as_revert(error) from error


def _check_code(client: Client, what: str, address: Address, expected: bytes) -> None:
    found = client.fetch_code(address)
    if found != expected:
        raise DeploymentError(
            f"The {what} at {address} has {len(found):,} bytes of code with the hash "
            f"{code_hash(found)}; what this version of Bursar ships has {len(expected):,} with "
            f"{code_hash(expected)}. Do not use it."
        )


def _ether(wei: int) -> str:
    return f"{wei / _ETHER:.6g} ether"
