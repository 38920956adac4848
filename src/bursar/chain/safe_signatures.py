"""
65 bytes that somebody pasted → whose they are, and how the Safe wants them.

    transaction + bytes → candidates → the owner among them → Signature

A Safe takes four kinds: of its EIP-712 hash (v 27, 28), of that hash as a personal message (v 31,
32), a hash that its owner has approved on chain (v 1, r the owner), and a contract's (v 0), which
is not taken here. Wallets write the first two with other values of v, so each reading is tried.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from eth_account.messages import defunct_hash_message
from eth_keys.datatypes import Signature as KeySignature
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bursar.chain.errors import ChainError
from bursar.chain.safe_transaction import SafeTransaction, Signature
from bursar.types import Address, Bytes32, checksummed

SIZE: Final = 65
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


class _Reading(NamedTuple):
    signer: Address
    v: int


def read_signature(
    transaction: SafeTransaction,
    data: bytes,
    owners: Collection[Address],
    has_approved: Callable[[Address, Bytes32], bool],
) -> Signature:
    """
    Whose signature of `transaction` these bytes are, in the form that the Safe takes.

    has_approved: asks the Safe whether an owner approved a hash on chain. Raises SignatureError.
    """
    if len(data) != SIZE:
        raise SignatureError(f"A signature has {SIZE} bytes, and this has {len(data)}.")
    r, v = data[:32], data[64]
    if v in (0, _APPROVED) and not any(r[:12]):
        return _read_approval(transaction, data, owners, has_approved)
    readings = list(_read(transaction.hash, data))
    for signer, wanted in readings:
        if signer in owners:
            return Signature(owner=signer, data=data[:64] + bytes([wanted]))
    raise SignatureError(_diagnose(transaction, data, owners, readings))


def build_approval(owner: Address) -> Signature:
    """
    What stands for an owner's signature where it approved the hash on chain.
    """
    word = bytes.fromhex(owner[2:]).rjust(32, b"\0")
    return Signature(owner=owner, data=word + bytes(32) + bytes([_APPROVED]))


def _read_approval(
    transaction: SafeTransaction,
    data: bytes,
    owners: Collection[Address],
    has_approved: Callable[[Address, Bytes32], bool],
) -> Signature:
    owner = checksummed(f"0x{data[12:32].hex()}")
    if data[64] != _APPROVED:
        raise SignatureError(
            f"This is the signature of a contract, {owner}. Let it call approveHash on the Safe "
            "instead, and add that."
        )
    if owner not in owners:
        raise SignatureError(f"{owner} is no owner of the Safe {transaction.safe}.")
    if not has_approved(owner, transaction.hash):
        raise SignatureError(
            f"{owner} has not approved 0x{transaction.hash.hex()} on chain: it calls approveHash "
            "on the Safe first."
        )
    return build_approval(owner)


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
