"""
A Safe that owns another Safe, and the people who own it.
"""

from __future__ import annotations

from eth_typing import Hash32

from bursar.chain.reader import Call
from bursar.chain.safe_setup import create_safe, deploy_safe_contracts
from bursar.chain.safe_transaction import sign as sign_with
from bursar.types import Address, Bytes32
from tests.integration.signing_room import Owner, Room


class Vault:
    """
    A Safe of two of `una`, `vic` and `wes`, which becomes an owner of the treasury.
    """

    def __init__(self, room: Room, version: str = "1.4.1") -> None:
        chain = room.chain
        deployer = chain.new_account("deployer")
        contracts = deploy_safe_contracts(chain, deployer, version)
        self.una, self.vic, self.wes = (
            Owner(chain.new_account(name)) for name in ("una", "vic", "wes")
        )
        owners = [one.address for one in (self.una, self.vic, self.wes)]
        self.safe = create_safe(chain, deployer, contracts, owners, 2)
        self.address: Address = self.safe.address

    def part(self, hash: Bytes32, owner: Owner) -> bytes:
        """
        One of its owners' signature of a message.
        """
        return bytes(owner.key.unsafe_sign_hash(Hash32(hash)).signature)

    def call(self, room: Room, call: Call) -> None:
        """
        Make a call as the vault.
        """
        transaction = self.safe.build(call)
        signatures = [sign_with(transaction, one.key) for one in (self.una, self.vic)]
        self.safe.execute(room.chain.new_account("relayer"), transaction, signatures)
