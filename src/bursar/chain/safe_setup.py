"""
A real Safe on a chain that has none: its contracts, from safe-eth-py's bytecode, and a proxy.
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from eth_account.signers.local import LocalAccount

from bursar.chain.abi import ContractType
from bursar.chain.client import Client
from bursar.chain.contracts import Contract
from bursar.chain.safe import Safe
from bursar.chain.safe_transaction import VERSION, load_safe_artifact, safe_contract_type
from bursar.types import ZERO_ADDRESS, Address


class SafeContracts(NamedTuple):
    """
    What all Safes of a chain share.
    """

    singleton: Address
    factory: Address
    fallback_handler: Address
    multi_send: Address


def deploy_safe_contracts(
    client: Client, key: LocalAccount, version: str = VERSION
) -> SafeContracts:
    """
    Deploy them. On a public chain they exist already, at the same addresses everywhere.
    """
    return SafeContracts(
        singleton=_deploy(client, key, "Safe", version),
        factory=_deploy(client, key, "ProxyFactory", version),
        fallback_handler=_deploy(client, key, "CompatibilityFallbackHandler", version),
        multi_send=_deploy(client, key, "MultiSendCallOnly", version),
    )


def create_safe(
    client: Client,
    key: LocalAccount,
    contracts: SafeContracts,
    owners: Sequence[Address],
    threshold: int,
) -> Safe:
    """
    A new Safe of which `threshold` of `owners` must sign. `key` pays for it and keeps no right.
    """
    setup = safe_contract_type("Safe").encode(
        "setup",
        *(owners, threshold, ZERO_ADDRESS, b"", contracts.fallback_handler),
        *(ZERO_ADDRESS, 0, ZERO_ADDRESS),
    )
    factory = Contract(client, safe_contract_type("ProxyFactory"), contracts.factory)
    wanted = (contracts.singleton, setup, secrets.randbits(256))
    address = factory.view("createProxyWithNonce", *wanted)
    factory.send(key, "createProxyWithNonce", *wanted)
    return Safe(client, address, contracts.multi_send)


def _deploy(client: Client, key: LocalAccount, name: str, version: str) -> Address:
    kind = ContractType(load_safe_artifact(name, version))
    created = client.deploy(key, kind.creation_code).created
    assert created is not None, "a creation that was mined has an address"
    return created
