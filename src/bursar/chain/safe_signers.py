"""
Who signed a transaction of the Safe that was executed, read from what is on the chain for good.

    calldata → Attempt (what it does, signatures) ┐
    the Safe's own log: the hash that was signed  ┴→ recover_signers → owners

The Safe checks only as many signatures as its threshold asks for: what somebody appends to them
counts only where it is an owner's signature, too.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from eth_abi.exceptions import DecodingError
from eth_account.messages import defunct_hash_message
from eth_keys.datatypes import Signature as KeySignature
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bursar.chain.safe_multi_send import BatchError, unpack_calls
from bursar.chain.safe_transaction import DELEGATE_CALL, safe_contract_type
from bursar.types import Address, Bytes32, checksummed

_SIZE: Final = 65
_CONTRACT: Final = 0
_APPROVED: Final = 1
# A signature of the hash as a personal message has 4 more.
_PERSONAL: Final = 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A call of `execTransaction`: which addresses it calls, those of a batch included, and its
    signatures one after the other.
    """

    targets: tuple[Address, ...]
    signatures: bytes


def find_attempts(data: bytes) -> Iterator[Attempt]:
    """
    Every call of `execTransaction` in some calldata: the whole of it, or what another contract
    passes on to the Safe.
    """
    function = safe_contract_type("Safe").functions["execTransaction"]
    start = data.find(function.selector)
    while start >= 0:
        try:
            values = function.inputs.decode(data[start + 4 :])
            yield Attempt(_targets(values[0], values[2], values[3]), values[9])
        except (DecodingError, ValueError, OverflowError):
            pass  # four bytes that only look like the selector
        start = data.find(function.selector, start + 1)


def recover_signers(
    hash_: Bytes32, signatures: bytes, owners: Collection[Address], threshold: int
) -> tuple[Address, ...]:
    """
    The owners whose signatures of `hash_` these are, in their order; empty unless the first
    `threshold` of them are of different owners, as the Safe demands.
    """
    found: list[Address] = []
    for position in range(len(signatures) // _SIZE):
        checked = position < threshold
        signer = _signer(hash_, signatures[position * _SIZE :][:_SIZE], checked)
        if signer is not None and signer in owners and signer not in found:
            found.append(signer)
        elif checked:
            return ()
    return tuple(found) if len(found) >= threshold else ()


def _targets(to: Address, data: bytes, operation: int) -> tuple[Address, ...]:
    if operation != DELEGATE_CALL:
        return (to,)
    try:
        return tuple(dict.fromkeys(call.to for call in unpack_calls(data)))
    except BatchError:
        return ()


def _signer(hash_: Bytes32, signature: bytes, checked: bool) -> Address | None:
    v = signature[64]
    if v in (_CONTRACT, _APPROVED):
        # Names its owner, and only the Safe's own check says that this is true.
        return checksummed(f"0x{signature[12:32].hex()}") if checked else None
    personal = v > 30
    signed = bytes(defunct_hash_message(hash_)) if personal else hash_
    try:
        key = KeySignature(signature[:64] + bytes([v - 27 - (_PERSONAL if personal else 0)]))
        return checksummed(key.recover_public_key_from_msg_hash(signed).to_address())
    except (BadSignature, ValidationError, ValueError):
        return None
