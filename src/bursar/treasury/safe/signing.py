"""
An owner signs, in a command that a person runs.

    Draft + OwnerSigner → its signature → collected as if it had been pasted

Nothing but the command line imports this: no service signs as an owner (a test holds it to that).
"""

from typing import Protocol

from bursar.chain.safe import Safe
from bursar.chain.safe_hash import SafeText, Signable
from bursar.treasury.safe.checks import check_threshold, validate_signable
from bursar.treasury.safe.collect import add_signature, check_open
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import DraftError
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.refreshing import refresh
from bursar.types import Address


class OwnerSigner(Protocol):
    """
    Whoever can sign for one owner: a key, or a device that asks its holder.
    """

    @property
    def address(self) -> Address:
        """
        The owner.
        """
        ...

    def sign(self, wanted: Signable, /) -> bytes:
        """
        65 bytes.
        """
        ...


def sign(desk: SafeDesk, target: Draft, signer: OwnerSigner, *, strict: bool = True) -> Draft:
    """
    Sign a draft as one owner and keep the signature. A refill only while its report holds.

    strict: False only for what does nothing but tighten, which one owner alone may do where the
    Safe asks for one. Raises DraftError for somebody who is no owner, DeadDraftError,
    UnbackedRefillError, ThresholdError, ChainError.
    """
    target = _check_signable(desk, target, strict)
    _check_owner(signer, desk.safe)
    return add_signature(desk, target, signer.sign(target.transaction))


def sign_part(
    desk: SafeDesk, target: Draft, owner: Address, signer: OwnerSigner, *, strict: bool = True
) -> bytes:
    """
    Sign for an owner that is a Safe, as one of its own owners. What comes back is kept by nobody:
    enough of these together are `owner`'s signature. Raises as `sign`.
    """
    target = _check_signable(desk, target, strict)
    text = find_text(desk, target, owner)
    _check_owner(signer, Safe(desk.safe.client, owner, desk.safe.multi_send))
    return signer.sign(text)


def find_text(desk: SafeDesk, target: Draft, owner: Address) -> SafeText:
    """
    What is signed for an owner that is a Safe: a message of its own, whose hashes a device shows
    instead of the draft's. Raises DraftError where `owner` is no contract that owns the treasury,
    ChainError.
    """
    text = desk.safe.fetch_owners_text(owner, target.transaction)
    if text is None or owner not in desk.safe.fetch_owners():
        raise DraftError(
            f"{owner} is no contract that owns the Safe {desk.safe.address}. Nothing was signed."
        )
    return text


def _check_signable(desk: SafeDesk, target: Draft, strict: bool) -> Draft:
    refresh(desk)
    target = check_open(desk.store.find(target.id))
    validate_signable(desk, target.transaction)
    if strict:
        check_threshold(desk)
    return target


def _check_owner(signer: OwnerSigner, safe: Safe) -> None:
    owners = safe.fetch_owners()
    if signer.address not in owners:
        raise DraftError(
            f"{signer.address} is no owner of the Safe {safe.address}; they are "
            f"{', '.join(owners)}. Nothing was signed."
        )
