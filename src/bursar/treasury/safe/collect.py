"""
Signatures that come in → checked → kept in the draft, by owner.

    hex that somebody pasted → add_signature → Draft with one more owner
    Draft → missing, approvers → who is still to sign

Nothing here holds a key: owners sign where their keys are.
"""

from collections.abc import Callable, Sequence

from eth_abi.exceptions import DecodingError

from bursar.chain.errors import ChainError
from bursar.chain.safe import Safe
from bursar.chain.safe_signatures import (
    NotWitnessedError,
    join_parts,
    read_again,
    read_approval,
    read_contract_signature,
    read_signature,
)
from bursar.chain.safe_transaction import SIGNATURE_SIZE, SafeTransaction, Signature
from bursar.treasury.safe.checks import validate_signable
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import DeadDraftError, DraftError
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.refreshing import refresh
from bursar.types import Address


def add_signature(desk: SafeDesk, target: Draft, data: bytes | str) -> Draft:
    """
    Add an owner's signature, made anywhere: by a wallet, another Safe client, or `sign`.

    data: 65 bytes, more where a contract is the owner, or their hexadecimal digits. Raises
    SignatureError for one that is no owner's of this very transaction, UnbackedRefillError,
    DeadDraftError, DraftError, ChainError.
    """
    given = read_hex(data) if isinstance(data, str) else data

    def read(transaction: SafeTransaction, owners: tuple[Address, ...]) -> Signature:
        return read_signature(transaction, given, owners, desk.safe)

    return _collect(desk, target, read)


def add_approval(desk: SafeDesk, target: Draft, owner: Address) -> Draft:
    """
    Count an owner who has called `approveHash` on the Safe. Raises as `add_signature`.
    """

    def read(transaction: SafeTransaction, owners: tuple[Address, ...]) -> Signature:
        return read_approval(transaction, owner, owners, desk.safe)

    return _collect(desk, target, read)


def add_contract_signature(
    desk: SafeDesk, target: Draft, owner: Address, parts: Sequence[bytes]
) -> Draft:
    """
    Add the signature of an owner that is a contract. `parts` are those of its own owners, in any
    order, where it is a Safe; else the one that the contract wants to see. Raises as
    `add_signature`.
    """

    def read(transaction: SafeTransaction, owners: tuple[Address, ...]) -> Signature:
        content = _join(desk, transaction, owner, parts)
        return read_contract_signature(transaction, owner, content, owners, desk.safe)

    return _collect(desk, target, read)


def _join(
    desk: SafeDesk, transaction: SafeTransaction, owner: Address, parts: Sequence[bytes]
) -> bytes:
    text = desk.safe.fetch_owners_text(owner, transaction)
    if text is None or any(len(part) != SIGNATURE_SIZE for part in parts):
        return b"".join(parts)
    try:
        inner = Safe(desk.safe.client, owner, desk.safe.multi_send).fetch_owners()
    except (ChainError, DecodingError):  # no Safe: the contract is asked about what was given
        return b"".join(parts)
    return join_parts(text.hash, parts, inner)


def _collect(
    desk: SafeDesk,
    target: Draft,
    read: Callable[[SafeTransaction, tuple[Address, ...]], Signature],
) -> Draft:
    refresh(desk)
    with desk.store.locked():
        target = check_open(desk.store.find(target.id))
        validate_signable(desk, target.transaction)
        signature = read(target.transaction, desk.safe.fetch_owners())
        return desk.store.save(target.with_signature(signature))


def check_open(target: Draft) -> Draft:
    """
    The draft itself. Raises DeadDraftError where it is over.
    """
    if not target.is_open:
        raise DeadDraftError(f"Draft {target.id} is {target.status}: {target.told}")
    return target


def usable_signatures(desk: SafeDesk, target: Draft) -> tuple[Signature, ...]:
    """
    The signatures of those who are owners now, one of each, read again: a file may have been
    changed, owners leave, and a contract may have changed its mind since.
    """
    owners = desk.safe.fetch_owners()
    found = {one.owner: one for one in target.signatures if one.owner in owners}
    return tuple(one for one in found.values() if _still_holds(desk, target, one, owners))


def _still_holds(
    desk: SafeDesk, target: Draft, one: Signature, owners: tuple[Address, ...]
) -> bool:
    try:
        read = read_again(target.transaction, one, owners, desk.safe)
    except NotWitnessedError:
        # Counted no longer, and in nobody's way: the others' signatures are as good as before.
        return False
    if read != one:
        raise DraftError(f"The draft says that {one.owner} signed, and {read.owner} did.")
    return True


def find_lapsed(target: Draft, usable: Sequence[Signature]) -> tuple[Address, ...]:
    """
    Who has signed and no longer counts: owners no more, or contracts that changed their mind.
    """
    counted = {one.owner for one in usable}
    return tuple(dict.fromkeys(one for one in target.signers if one not in counted))


def missing(desk: SafeDesk, target: Draft) -> int:
    """
    How many owners are still to sign.
    """
    return max(0, desk.safe.fetch_threshold() - len(usable_signatures(desk, target)))


def others_than_author(target: Draft, approvers: tuple[Address, ...]) -> tuple[Address, ...]:
    """
    Those who approved and did not draft it.
    """
    return tuple(one for one in approvers if one != target.author.address)


def read_hex(digits: str) -> bytes:
    """
    The bytes of hexadecimal digits, with or without 0x. Raises DraftError.
    """
    try:
        return bytes.fromhex(digits.strip().removeprefix("0x"))
    except ValueError:
        raise DraftError(
            "A signature is 0x and hexadecimal digits: 130, or more of a contract."
        ) from None
