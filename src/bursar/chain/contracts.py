"""
Our contracts at an address: read, call, send, deploy.

    artifact → ContractType → Contract(client, address) → view | build_call | send
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_account.signers.local import LocalAccount

from bursar.chain.abi import ContractType
from bursar.chain.client import Client, Receipt
from bursar.chain.errors import BadAnswerError
from bursar.chain.reader import Call
from bursar.types import Address


@cache
def organization_type() -> ContractType:
    """
    The switchboard: roles, stops, heartbeat, timelock, registry.
    """
    return ContractType.shipped("Organization")


@cache
def wallet_type() -> ContractType:
    """
    The contract that holds money and lets agents spend it.
    """
    return ContractType.shipped("HotWallet")


@cache
def token_type() -> ContractType:
    """
    A token that anybody can mint, for local chains; its ERC-20 part reads any token.
    """
    return ContractType.shipped("testing/TestToken")


class Contract:
    """
    One deployed contract. Results are decoded, refusals are RevertedError.
    """

    def __init__(self, client: Client, type: ContractType, address: Address) -> None:
        self.client = client
        self.type = type
        self.address = address

    def __repr__(self) -> str:
        return f"<{self.type.name} {self.address}>"

    def build_call(self, function: str, *values: Any, value: int = 0) -> Call:
        """
        What to send, or to put into a Safe's batch. `value` is in wei.
        """
        return Call(self.address, self.type.encode(function, *values), value)

    def view(self, function: str, *values: Any, sender: Address | None = None) -> Any:
        """
        What `function` returns now, to `sender`. Nothing is sent.
        """
        output = self.client.call(self.build_call(function, *values), sender=sender)
        try:
            return self.type.decode(function, output)
        except (DecodingError, ValueError) as error:
            raise BadAnswerError(
                f"{self.address} answers {function} with {len(output)} bytes that cannot be read: "
                f"it is no {self.type.name}, or the node lies. Check the address and the node."
            ) from error

    def send(
        self,
        key: LocalAccount,
        function: str,
        *values: Any,
        value: int = 0,
        gas: int | None = None,
    ) -> Receipt:
        """
        Send a transaction and wait until it is mined; as `Client.send`.
        """
        return self.client.send(key, self.build_call(function, *values, value=value), gas=gas)


def organization_at(client: Client, address: Address) -> Contract:
    """
    An organisation that exists.
    """
    return Contract(client, organization_type(), address)


def wallet_at(client: Client, address: Address) -> Contract:
    """
    A hot wallet that exists.
    """
    return Contract(client, wallet_type(), address)


def token_at(client: Client, address: Address) -> Contract:
    """
    A token that exists.
    """
    return Contract(client, token_type(), address)


def deploy_organization(
    client: Client,
    key: LocalAccount,
    *,
    treasury: Address,
    guardians: Sequence[Address],
    keepers: Sequence[Address],
    change_delay: int,
    heartbeat_timeout: int,
) -> Contract:
    """
    Found an organisation. The deployer keeps no right. Delays are seconds; a `heartbeat_timeout` of
    FOREVER is off.
    """
    code = organization_type().build_deployment(
        treasury, guardians, keepers, change_delay, heartbeat_timeout
    )
    return organization_at(client, _created(client.deploy(key, code)))


def deploy_blueprint(client: Client, key: LocalAccount) -> Address:
    """
    The ERC-5202 blueprint that `Organization.create_wallet` makes wallets from.
    """
    return _created(client.deploy(key, wallet_type().blueprint_code))


def deploy_token(
    client: Client, key: LocalAccount, name: str, symbol: str, decimals: int
) -> Contract:
    """
    A test token, for local chains only: anybody can mint it.
    """
    code = token_type().build_deployment(name, symbol, decimals)
    return token_at(client, _created(client.deploy(key, code)))


def _created(receipt: Receipt) -> Address:
    assert receipt.created is not None, "a creation that was mined has an address"
    return receipt.created
