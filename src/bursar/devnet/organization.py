"""
An organisation on a local chain, for those who build on Bursar: a real Safe of three owners, two of
whom sign, a test USDC, and a funded account for every role.

    Anvil → LocalChain → Devnet → create_wallet, by_treasury, …
"""

from typing import Final, Self

from eth_account.signers.local import LocalAccount

from bursar.chain.client import Receipt
from bursar.chain.contracts import (
    Contract,
    deploy_blueprint,
    deploy_organization,
    deploy_token,
    wallet_at,
)
from bursar.chain.local import ETHER, LocalChain
from bursar.chain.logs import decode_receipt, fetch_history
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_setup import create_safe, deploy_safe_contracts
from bursar.chain.safe_transaction import sign
from bursar.events import Event, WalletCreated
from bursar.types import DAY, FOREVER, Address, checksummed

OWNERS: Final = 3
THRESHOLD: Final = 2
USDC: Final = 10**6
"""Base units in one USDC."""


class Devnet:
    """
    What `deploy` deploys, and the keys of everybody in it. The keys are public.
    """

    def __init__(
        self,
        chain: LocalChain,
        safe: Safe,
        usdc: Contract,
        organization: Contract,
        blueprint: Address,
    ) -> None:
        self.chain = chain
        self.safe = safe
        self.usdc = usdc
        self.organization = organization
        self.blueprint = blueprint
        self.owners = _owners(chain)
        self.deployer = chain.new_account("deployer")
        self.guardian = chain.new_account("guardian")
        self.keeper = chain.new_account("keeper")
        self.relayer = chain.new_account("relayer")

    @classmethod
    def deploy(
        cls,
        chain: LocalChain,
        *,
        treasury_usdc: int = 0,
        change_delay: int = 2 * DAY,
        heartbeat_timeout: int = FOREVER,
    ) -> Self:
        """
        Found everything, with `treasury_usdc` base units and ten ether in the Safe.
        """
        deployer = chain.new_account("deployer")
        owners = [address_of(owner) for owner in _owners(chain)]
        contracts = deploy_safe_contracts(chain, deployer)
        safe = create_safe(chain, deployer, contracts, owners, THRESHOLD)
        usdc = deploy_token(chain, deployer, "USD Coin", "USDC", 6)
        usdc.send(deployer, "mint", safe.address, treasury_usdc)
        chain.fund(safe.address, 10 * ETHER)
        organization = deploy_organization(
            chain,
            deployer,
            treasury=safe.address,
            guardians=[address_of(chain.new_account("guardian"))],
            keepers=[address_of(chain.new_account("keeper"))],
            change_delay=change_delay,
            heartbeat_timeout=heartbeat_timeout,
        )
        return cls(chain, safe, usdc, organization, deploy_blueprint(chain, deployer))

    def by_treasury(self, *calls: Call) -> Receipt:
        """
        Make calls as the treasury, all or none: two owners sign, somebody else sends it.
        """
        transaction = self.safe.build(*calls)
        signatures = [sign(transaction, owner) for owner in self.owners[:THRESHOLD]]
        return self.safe.execute(self.relayer, transaction, signatures)

    def create_wallet(self, name: str) -> Contract:
        """
        A wallet, not sealed yet.
        """
        receipt = self.by_treasury(
            self.organization.build_call("create_wallet", name, self.blueprint)
        )
        created = [e for e in self.decode(receipt) if isinstance(e, WalletCreated)]
        return wallet_at(self.chain, created[0].wallet)

    def build_opening(self, wallet: Contract) -> tuple[Call, Call]:
        """
        The two calls that end the setting up: seal, and lift the wallet's first stop.
        """
        number = self.organization.view("pause_number", wallet.address)
        return (
            wallet.build_call("seal"),
            self.organization.build_call("unpause", wallet.address, number, "set up"),
        )

    def build_refill(self, wallet: Contract, amount: int, ref: bytes) -> tuple[Call, Call]:
        """
        The two calls of a refill: approve exactly that many base units of USDC, and bring them.
        """
        return (
            self.usdc.build_call("approve", wallet.address, amount),
            wallet.build_call("refill", self.usdc.address, amount, ref),
        )

    def usdc_of(self, who: Address) -> int:
        """
        The USDC of `who`, in base units.
        """
        return int(self.usdc.view("balanceOf", who))

    def decode(self, receipt: Receipt) -> list[Event]:
        """
        What the organisation and its wallets logged in one transaction.
        """
        count = self.organization.view("wallet_count")
        wallets = [self.organization.view("wallets", index) for index in range(count)]
        return decode_receipt(receipt, [self.organization.address, *wallets])

    def fetch_history(self) -> list[Event]:
        """
        Everything that the organisation and its wallets have logged.
        """
        return fetch_history(self.chain, self.organization.address)


def address_of(key: LocalAccount) -> Address:
    """
    The address of a key.
    """
    return checksummed(key.address)


def _owners(chain: LocalChain) -> tuple[LocalAccount, ...]:
    return tuple(chain.new_account(f"owner {number}") for number in range(1, OWNERS + 1))
