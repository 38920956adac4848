"""
What the owners of a Safe sign: one transaction and its EIP-712 hash. No node is asked.

Keys are handed in by the people who hold them; nothing here keeps or looks for one.
"""

import json
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Self

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from safe_eth.eth.contracts import __file__ as safe_contracts
from safe_eth.safe import SafeTx

from bursar.chain.abi import ContractType
from bursar.chain.errors import ChainError
from bursar.chain.safe_hash import Signable, domain_hash, message_hash, signed_bytes, signed_hash
from bursar.types import (
    MAX_UINT256,
    ZERO_ADDRESS,
    AddressField,
    Bytes32,
    address_word,
    checksummed,
)

VERSION: Final = "1.4.1"
CALL: Final = 0
DELEGATE_CALL: Final = 1
SIGNATURE_SIZE: Final = 65
# Of a contract: some dozens of its own owners, or a proof. A node's calldata ends not much later.
LONGEST_SIGNATURE: Final = 16_384


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


class HashMismatchError(ChainError):
    """
    Two ways of computing what the owners sign disagree. Nothing may be signed.
    """


def _digits(value: object) -> object:
    # Numbers of JSON lose digits beyond 2^53 in other readers, so files have text.
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Quantity = Annotated[
    int,
    Field(ge=0, le=MAX_UINT256),
    BeforeValidator(_digits),
    PlainSerializer(str, return_type=str, when_used="json"),
]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )


class Signature(_Model):
    """
    An owner's agreement to one transaction: 65 bytes, r, s and v as the Safe wants them; or, where
    the owner is a contract that answers for itself, whatever it wants to see.
    """

    owner: AddressField
    data: bytes = Field(max_length=LONGEST_SIGNATURE)
    contract: bool = False

    @model_validator(mode="after")
    def _sized(self) -> Self:
        if not self.contract and len(self.data) != SIGNATURE_SIZE:
            raise ValueError(f"a signature has {SIGNATURE_SIZE} bytes")
        return self

    @property
    def kind(self) -> str:
        """
        How it was given, in words.
        """
        if self.contract:
            return "as a contract (EIP-1271)"
        return {1: "approved on chain", 31: "personal message", 32: "personal message"}.get(
            self.data[-1], "typed data"
        )

    @property
    def encoded(self) -> bytes:
        """
        As it stands alone, and as other Safe clients write it.
        """
        return join_signatures([self])


class SafeTransaction(_Model):
    """
    What the owners sign. The sender pays the gas: the gas fields are 0, so that nothing is
    refunded by the Safe and a call that fails takes the whole transaction with it.
    """

    safe: AddressField
    chain_id: int = Field(ge=1, le=MAX_UINT256)
    to: AddressField
    value: Quantity
    data: bytes
    operation: int = Field(ge=CALL, le=DELEGATE_CALL)
    safe_tx_gas: Quantity = 0
    base_gas: Quantity = 0
    gas_price: Quantity = 0
    gas_token: AddressField = ZERO_ADDRESS
    refund_receiver: AddressField = ZERO_ADDRESS
    nonce: Quantity

    @property
    def domain_hash(self) -> Bytes32:
        """
        What binds signatures to this Safe on this chain; a hardware wallet shows it first.
        """
        return domain_hash(self.chain_id, self.safe)

    @property
    def message_hash(self) -> Bytes32:
        """
        What the transaction says; a hardware wallet shows it second.
        """
        return message_hash(
            *(self.to, self.value, self.data, self.operation),
            *(self.safe_tx_gas, self.base_gas, self.gas_price),
            *(self.gas_token, self.refund_receiver, self.nonce),
        )

    @property
    def signed_bytes(self) -> bytes:
        """
        What is hashed for the owners to sign, which a Safe hands to an owner that is a contract.
        """
        return signed_bytes(self.domain_hash, self.message_hash)

    @property
    def hash(self) -> Bytes32:
        """
        The EIP-712 hash, as each owner's own wallet shows it. Computed here and by safe-eth-py:
        raises HashMismatchError where they disagree.
        """
        return _agreed_hash(self)

    @property
    def does_nothing(self) -> bool:
        """
        Whether it is an empty call of the Safe by itself, which only uses up the nonce.
        """
        plain = self.operation == CALL and not self.refunds
        return plain and self.to == self.safe and not self.data and not self.value

    @property
    def refunds(self) -> bool:
        """
        Whether a gas field is set: then the Safe could pay whoever sends it, and a call that fails
        could still use up the nonce.
        """
        numbers = (self.safe_tx_gas, self.base_gas, self.gas_price)
        return any(numbers) or {self.gas_token, self.refund_receiver} != {ZERO_ADDRESS}


@lru_cache(maxsize=1_024)
def _agreed_hash(transaction: SafeTransaction) -> Bytes32:
    own = signed_hash(transaction.domain_hash, transaction.message_hash)
    theirs = hash_by_library(transaction)
    if own != theirs:
        raise HashMismatchError(
            f"The Safe transaction with nonce {transaction.nonce} hashes to 0x{own.hex()} here and "
            f"to 0x{theirs.hex()} in safe-eth-py: sign nothing, and reinstall Bursar."
        )
    return own


def hash_by_library(transaction: SafeTransaction) -> Bytes32:
    """
    The same hash by safe-eth-py, which knows nothing of ours.
    """
    built = SafeTx(
        *(None, transaction.safe, transaction.to, transaction.value, transaction.data),
        *(transaction.operation, transaction.safe_tx_gas, transaction.base_gas),
        *(transaction.gas_price, transaction.gas_token, transaction.refund_receiver),
        safe_nonce=transaction.nonce,
        safe_version=VERSION,
        chain_id=transaction.chain_id,
    )
    return Bytes32(bytes(built.safe_tx_hash))


def sign(transaction: SafeTransaction, key: LocalAccount) -> Signature:
    """
    An owner's signature, made by the person who holds the key.
    """
    return Signature(owner=checksummed(key.address), data=sign_bare(transaction, key))


def sign_bare(wanted: Signable, key: LocalAccount) -> bytes:
    """
    The 65 bytes of a signature, of a transaction or of what a Safe's owners sign as its message.
    """
    return bytes(key.unsafe_sign_hash(Hash32(wanted.hash)).signature)


def join_signatures(signatures: Iterable[Signature]) -> bytes:
    """
    Signatures one after the other, by owner: the order in which a Safe wants them. What a contract
    is to see stands behind all of them, and 65 bytes with v 0 say whose it is and where.
    """
    ordered = sorted(signatures, key=lambda one: int(one.owner, 16))
    heads, tail = b"", b""
    for one in ordered:
        if one.contract:
            start = len(ordered) * SIGNATURE_SIZE + len(tail)
            heads += address_word(one.owner) + start.to_bytes(32, "big") + b"\0"
            tail += len(one.data).to_bytes(32, "big") + one.data
        else:
            heads += one.data
    return heads + tail
