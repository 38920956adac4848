"""
A local chain, where time and money are ours to make: for the demo and the tests.
"""

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.chain.client import Client
from bursar.types import Address, checksummed, keccak

ETHER = 10**18


class LocalChain(Client):
    """
    A client of an anvil.
    """

    def fund(self, who: Address, wei: int) -> None:
        """
        Set what `who` has of the native currency.
        """
        self.rpc.request("anvil_setBalance", who, hex(wei))

    def warp(self, *, to: int | None = None, by: int = 0) -> int:
        """
        Mine a block at Unix time `to` (default: the latest block's) plus `by` seconds.
        """
        at = (self.fetch_now() if to is None else to) + by
        self.rpc.request("evm_setNextBlockTimestamp", at)
        self.rpc.request("evm_mine")
        return at

    def snapshot(self) -> Any:
        """
        A mark to `revert` to, once.
        """
        return self.rpc.request("evm_snapshot")

    def revert(self, mark: Any) -> None:
        """
        Make everything since `mark` undone.
        """
        assert self.rpc.request("evm_revert", mark), f"no snapshot {mark}"

    def new_account(self, name: str, wei: int = 100 * ETHER) -> LocalAccount:
        """
        A funded account of that role. The same name is always the same key, and so is public.
        """
        account = derive_account(name)
        self.fund(checksummed(account.address), wei)
        return account


def derive_account(name: str) -> LocalAccount:
    """
    The local chains' account of that name. Everybody can derive its key: it is public.
    """
    account: LocalAccount = Account.from_key(keccak(f"bursar local chain: {name}".encode()))
    return account
