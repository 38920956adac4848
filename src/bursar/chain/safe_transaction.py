"""
What the owners of a Safe sign: one transaction and its EIP-712 hash. No node is asked.

Keys are handed in by the people who hold them; nothing here keeps or looks for one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from safe_eth.eth.contracts import __file__ as safe_contracts
from safe_eth.safe import SafeTx

from bursar.chain.abi import ContractType
from bursar.types import ZERO_ADDRESS, Address, Bytes32, checksummed

VERSION: Final = "1.4.1"
CALL: Final = 0
DELEGATE_CALL: Final = 1


@cache
def safe_contract_type(name: str) -> ContractType:
    """
    One of the Safe's contracts, from safe-eth-py: `Safe`, `ProxyFactory`, `MultiSendCallOnly` and
    `CompatibilityFallbackHandler`.
    """
    return ContractType(load_safe_artifact(name, VERSION))


def load_safe_artifact(name: str, version: str) -> Any:
    """
    The ABI and bytecode of a Safe's contract, as safe-eth-py carries them.
    """
    path = Path(safe_contracts).parent / "abis" / f"{name}_V{version.replace('.', '_')}.json"
    return json.loads(path.read_text())


class Signature(NamedTuple):
    """
    An owner's agreement to one transaction: r, s and v.
    """

    owner: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class SafeTransaction:
    """
    What the owners sign. The sender pays the gas: nothing is refunded by the Safe.
    """

    safe: Address
    chain_id: int
    to: Address
    value: int
    data: bytes
    operation: int
    nonce: int

    @property
    def hash(self) -> Bytes32:
        """
        The EIP-712 hash, as each owner's own wallet shows it.
        """
        built = SafeTx(
            *(None, self.safe, self.to, self.value, self.data, self.operation),
            *(0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS),
            safe_nonce=self.nonce,
            safe_version=VERSION,
            chain_id=self.chain_id,
        )
        return Bytes32(bytes(built.safe_tx_hash))


def sign(transaction: SafeTransaction, key: LocalAccount) -> Signature:
    """
    An owner's signature, made by the person who holds the key.
    """
    signed = key.unsafe_sign_hash(Hash32(transaction.hash))
    return Signature(checksummed(key.address), bytes(signed.signature))


def join_signatures(signatures: Iterable[Signature]) -> bytes:
    """
    Signatures one after the other, by owner: the order in which a Safe wants them.
    """
    return b"".join(s.data for s in sorted(signatures, key=lambda s: int(s.owner, 16)))
