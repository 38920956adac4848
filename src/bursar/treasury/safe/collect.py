"""
Signatures that come in → checked → kept in the draft, by owner.

    hex that somebody pasted → add_signature → Draft with one more owner
    Draft → missing, approvers → who is still to sign

Nothing here holds a key: owners sign where their keys are.
"""

from bursar.chain.safe_signatures import read_signature
from bursar.chain.safe_transaction import Signature
from bursar.treasury.safe.desk import SafeDesk, refresh, validate_signable
from bursar.treasury.safe.errors import DeadDraftError, DraftError, ThresholdError
from bursar.treasury.safe.models import Draft
from bursar.types import Address


def add_signature(desk: SafeDesk, target: Draft, data: bytes | str) -> Draft:
    """
    Add an owner's signature, made anywhere: by a wallet, another Safe client, or `sign`.

    data: 65 bytes, or their hexadecimal digits. Raises SignatureError for one that is no owner's of
    this very transaction, DeadDraftError, DraftError, ChainError.
    """
    refresh(desk)
    given = _bytes(data) if isinstance(data, str) else data
    with desk.store.locked():
        target = check_open(desk.store.find(target.id))
        validate_signable(desk, target.transaction)
        owners = desk.safe.fetch_owners()
        signature = read_signature(target.transaction, given, owners, desk.safe.has_approved)
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
    The signatures of those who are owners now, read again: a file may have been changed, and
    owners leave.
    """
    owners = desk.safe.fetch_owners()
    found = [one for one in target.signatures if one.owner in owners]
    for one in found:
        read = read_signature(target.transaction, one.data, owners, desk.safe.has_approved)
        if read != one:
            raise DraftError(f"The draft says that {one.owner} signed, and {read.owner} did.")
    return tuple(found)


def missing(desk: SafeDesk, target: Draft) -> int:
    """
    How many owners are still to sign.
    """
    return max(0, desk.safe.fetch_threshold() - len(usable_signatures(desk, target)))


def check_threshold(desk: SafeDesk) -> int:
    """
    How many owners the Safe asks for. Raises ThresholdError for fewer than two.
    """
    threshold = desk.safe.fetch_threshold()
    if threshold < 2:
        raise ThresholdError(
            f"The Safe {desk.safe.address} asks for {threshold} signature: one owner alone could "
            "loosen limits and move the treasury's money. Raise its threshold to two first."
        )
    return threshold


def others_than_author(target: Draft, approvers: tuple[Address, ...]) -> tuple[Address, ...]:
    """
    Those who approved and did not draft it.
    """
    return tuple(one for one in approvers if one != target.author.address)


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits.strip().removeprefix("0x"))
    except ValueError:
        raise DraftError("A signature is 0x and 130 hexadecimal digits.") from None
