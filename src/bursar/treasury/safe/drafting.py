"""
Calls become drafts, and drafts are rejected.

    calls + purpose + author → draft → Draft with the next free nonce, stored
    Draft → reject → a Draft that uses the same nonce for nothing

Drafting asks for no key and gives no right: only owners' signatures do.
"""

from collections.abc import Sequence

from bursar.chain.reader import Call
from bursar.chain.safe_transaction import SafeTransaction
from bursar.treasury.safe.checks import check_transaction, check_worth_drafting
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import DeadDraftError, DraftError
from bursar.treasury.safe.models import PURPOSE_LENGTH, Draft
from bursar.treasury.safe.refreshing import fetch_block_hash, refresh_locked


def draft(
    desk: SafeDesk, calls: Sequence[Call], *, purpose: str, author: str, nonce: int | None = None
) -> Draft:
    """
    Draft one call, or several of which all or none are made, and store it.

    nonce: None takes the next free one. Raises DraftError, ChainError.
    """
    with desk.store.locked():
        refresh_locked(desk)
        number = desk.next_nonce() if nonce is None else nonce
        transaction = desk.safe.build(*calls, nonce=number)
        return desk.store.save(build_draft(desk, transaction, purpose=purpose, author=author))


def build_draft(
    desk: SafeDesk,
    transaction: SafeTransaction,
    *,
    purpose: str,
    author: str,
    rejects: bool = False,
    said_by: str = "",
) -> Draft:
    """
    The draft of a transaction that somebody made, checked and not stored. `said_by` is the file or
    service that names the author, empty for a draft of this machine.

    Raises RefusedCallError, DeadDraftError for a nonce that is used, ThresholdError where one owner
    alone could do it and it does more than tighten, DraftError, ChainError.
    """
    check_transaction(desk, transaction)
    check_worth_drafting(desk, transaction)
    height = desk.safe.client.fetch_height()
    return Draft(
        transaction=transaction,
        purpose=_checked_purpose(purpose),
        author=desk.author(author, said_by),
        created_at=desk.now(),
        block=height,
        block_hash=fetch_block_hash(desk, height),
        rejects=rejects,
    )


def reject(desk: SafeDesk, target: Draft, *, author: str, purpose: str = "") -> Draft:
    """
    Draft what uses up the nonce of `target` and does nothing: an empty call of the Safe by itself.
    Once it is executed, `target` is dead. Raises DeadDraftError, DraftError, ChainError.
    """
    with desk.store.locked():
        refresh_locked(desk)
        target = desk.store.find(target.id)
        if not target.is_open:
            raise DeadDraftError(f"Draft {target.id} is {target.status} already: {target.told}")
        empty = desk.safe.build(Call(desk.safe.address, b""), nonce=target.nonce)
        why = purpose or f"reject: {target.purpose}"[:500]
        made = build_draft(desk, empty, purpose=why, author=author, rejects=True)
        known = {one.hash for one in desk.store.all()}
        return desk.store.find(made.id) if made.hash in known else desk.store.save(made)


def _checked_purpose(purpose: str) -> str:
    said = " ".join(purpose.split())
    if not said.isprintable() or not 0 < len(said) <= PURPOSE_LENGTH:
        raise DraftError(
            "Say why in a sentence: signers read it beside what they sign. "
            f"It may have {PURPOSE_LENGTH} letters."
        )
    return said
