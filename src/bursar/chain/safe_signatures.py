"""
Bytes that somebody pasted → whose signature they are, and how the Safe wants them.

    transaction + bytes → candidates → the owner among them → Signature

A Safe takes four kinds: of its EIP-712 hash (v 27, 28), of that hash as a personal message (v 31,
32), a hash that its owner has approved on chain (v 1, r the owner), and a contract's (v 0, r the
owner, s where its bytes begin). Wallets write the first two with other values of v, so each reading
is tried. For the last two the chain is asked.
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple, Protocol

from eth_account.messages import defunct_hash_message
from eth_keys.datatypes import Signature as KeySignature
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bursar.chain.errors import ChainError
from bursar.chain.safe_transaction import (
    LONGEST_SIGNATURE,
    SIGNATURE_SIZE,
    SafeTransaction,
    Signature,
)
from bursar.types import Address, Bytes32, address_word, checksummed

_CONTRACT: Final = 0
_APPROVED: Final = 1
_PERSONAL: Final = 4
_ELECTRUM: Final = 27
# A signature that fits another of these is not taken, but it is told which.
_OTHER_CHAINS: Final = (1, 10, 100, 137, 8453, 42161, 84532, 11155111, 31337)
_NEAR_NONCES: Final = 20


class SignatureError(ChainError):
    """
    What was given is no owner's signature of this transaction; the message says what it is.
    """


class NotWitnessedError(SignatureError):
    """
    What only the chain can tell, and it says no: that an owner has approved a hash, or that a
    contract takes a signature for its own. Either may have been so earlier.
    """


class Witness(Protocol):
    """
    What only the chain can tell: a `bursar.chain.safe.Safe`.
    """

    def has_approved(self, owner: Address, hash: Bytes32, /) -> bool:
        """
        Whether an owner has approved a hash by a call of its own.
        """
        ...

    def is_accepted_by(
        self, owner: Address, transaction: SafeTransaction, signature: bytes, /
    ) -> bool:
        """
        Whether an owner that is a contract says that this is its signature.
        """
        ...


class _Reading(NamedTuple):
    signer: Address
    v: int


def read_signature(
    transaction: SafeTransaction, data: bytes, owners: Collection[Address], chain: Witness
) -> Signature:
    """
    Whose signature of `transaction` these bytes are, in the form that the Safe takes. Raises
    SignatureError, ChainError.
    """
    names_owner = len(data) >= SIGNATURE_SIZE and not any(data[:12])
    if names_owner and data[64] == _CONTRACT:
        owner, content = _split(data)
        return read_contract_signature(transaction, owner, content, owners, chain)
    if len(data) != SIGNATURE_SIZE:
        raise SignatureError(f"A signature has {SIGNATURE_SIZE} bytes, and this has {len(data)}.")
    if names_owner and data[64] == _APPROVED:
        owner = checksummed(f"0x{data[12:32].hex()}")
        return read_approval(transaction, owner, owners, chain)
    readings = list(_read(transaction.hash, data))
    for signer, wanted in readings:
        if signer in owners:
            return Signature(owner=signer, data=data[:64] + bytes([wanted]))
    raise SignatureError(_diagnose(transaction, data, owners, readings))


def read_again(
    transaction: SafeTransaction, kept: Signature, owners: Collection[Address], chain: Witness
) -> Signature:
    """
    A signature that is kept, read as if it had just come in. Raises SignatureError, ChainError.
    """
    return read_signature(transaction, kept.encoded, owners, chain)


def read_approval(
    transaction: SafeTransaction, owner: Address, owners: Collection[Address], chain: Witness
) -> Signature:
    """
    What stands for an owner's signature where it has approved the hash on chain. Raises
    SignatureError, ChainError.
    """
    _validate_owner(transaction, owner, owners)
    if not chain.has_approved(owner, transaction.hash):
        raise NotWitnessedError(
            f"{owner} has not approved 0x{transaction.hash.hex()} on chain: it calls approveHash "
            "on the Safe first."
        )
    return Signature(owner=owner, data=address_word(owner) + bytes(32) + bytes([_APPROVED]))


def read_contract_signature(
    transaction: SafeTransaction,
    owner: Address,
    content: bytes,
    owners: Collection[Address],
    chain: Witness,
) -> Signature:
    """
    The signature of an owner that is a contract, which says itself whether it is one. `content` is
    what the contract wants to see: of a Safe, its own owners' signatures one after the other.
    Raises SignatureError, ChainError.
    """
    _validate_owner(transaction, owner, owners)
    if len(content) > LONGEST_SIGNATURE:
        raise SignatureError(f"A contract's signature has {LONGEST_SIGNATURE:,} bytes at most.")
    if not chain.is_accepted_by(owner, transaction, content):
        raise NotWitnessedError(
            f"The contract {owner} does not take this for its signature of the transaction "
            f"0x{transaction.hash.hex()}. Of a Safe, its own owners sign the message that "
            "`bursar safe show` names; or it calls approveHash."
        )
    return Signature(owner=owner, data=content, contract=True)


def join_parts(hash: Bytes32, parts: Collection[bytes], owners: Collection[Address]) -> bytes:
    """
    What a Safe that is an owner wants to see: its own owners' signatures of `hash`, in their order.
    Raises SignatureError for one that is none of theirs.
    """
    found = dict(_read_part(hash, part, owners) for part in parts)
    return b"".join(found[signer] for signer in sorted(found, key=lambda one: int(one, 16)))


def _read_part(hash: Bytes32, part: bytes, owners: Collection[Address]) -> tuple[Address, bytes]:
    if len(part) != SIGNATURE_SIZE:
        raise SignatureError(f"A signature has {SIGNATURE_SIZE} bytes, and this has {len(part)}.")
    named = checksummed(f"0x{part[12:32].hex()}")
    if not any(part[:12]) and part[64] == _APPROVED and named in owners:
        return named, part  # whether it has approved, their Safe says when it is asked
    readings = list(_read(hash, part))
    for signer, wanted in readings:
        if signer in owners:
            return signer, part[:64] + bytes([wanted])
    who = f": {readings[0].signer} would have" if readings else ""
    raise SignatureError(f"None of {', '.join(owners)} has signed 0x{hash.hex()} like this{who}.")


def _split(data: bytes) -> tuple[Address, bytes]:
    """
    The owner and the bytes of a contract's signature that stands alone.
    """
    owner = checksummed(f"0x{data[12:32].hex()}")
    start, head = int.from_bytes(data[32:64], "big"), SIGNATURE_SIZE + 32
    length = int.from_bytes(data[SIGNATURE_SIZE:head], "big")
    if len(data) < head or start != SIGNATURE_SIZE or length != len(data) - head:
        raise SignatureError(
            f"This names the contract {owner} as the signer, and the bytes that it is to see are "
            f"missing or not whole: give them alone, with --owner {owner}."
        )
    return owner, data[head:]


def _validate_owner(
    transaction: SafeTransaction, owner: Address, owners: Collection[Address]
) -> None:
    if owner not in owners:
        raise SignatureError(f"{owner} is no owner of the Safe {transaction.safe}.")


def _read(hash: Bytes32, data: bytes) -> Iterator[_Reading]:
    """
    Each reading that gives a signer, with the v that the Safe wants for it.
    """
    v = data[64]
    parity = v if v < 2 else (v - _ELECTRUM) % _PERSONAL
    if v not in (0, 1, 27, 28, 31, 32):
        raise SignatureError(f"A signature ends with 1b, 1c, 1f or 20, and this with {v:02x}.")
    plain = _recover(hash, data, parity)
    if plain is not None and v not in (31, 32):
        yield _Reading(plain, _ELECTRUM + parity)
    personal = _recover(defunct_hash_message(hash), data, parity)
    if personal is not None:
        yield _Reading(personal, _ELECTRUM + _PERSONAL + parity)


def _recover(hash: bytes, data: bytes, parity: int) -> Address | None:
    try:
        signature = KeySignature(data[:64] + bytes([parity]))
        return checksummed(signature.recover_public_key_from_msg_hash(hash).to_address())
    except (BadSignature, ValidationError):
        return None


def _diagnose(
    transaction: SafeTransaction,
    data: bytes,
    owners: Collection[Address],
    readings: list[_Reading],
) -> str:
    """
    Why it is of no owner: for another chain or nonce, else for we do not know what.
    """
    for what, other in _others(transaction):
        for signer, _ in _read(other.hash, data):
            if signer in owners:
                return (
                    f"This is {signer}'s signature for {what}, not for "
                    f"chain {transaction.chain_id} and nonce {transaction.nonce}."
                )
    if not readings:
        return "This is no signature: no key can have made it."
    return (
        f"{readings[0].signer} would have signed this, who is no owner of the Safe "
        f"{transaction.safe}: it is of another key, or of another transaction or Safe."
    )


def _others(transaction: SafeTransaction) -> Iterator[tuple[str, SafeTransaction]]:
    for chain_id in _OTHER_CHAINS:
        if chain_id != transaction.chain_id:
            yield f"chain {chain_id}", transaction.model_copy(update={"chain_id": chain_id})
    first = max(0, transaction.nonce - _NEAR_NONCES)
    for nonce in range(first, transaction.nonce + _NEAR_NONCES):
        if nonce != transaction.nonce:
            yield f"nonce {nonce}", transaction.model_copy(update={"nonce": nonce})
