"""
Where drafts are made: the Safe, what is drafted already, and who people are.

    calls + purpose + author → draft → Draft with the next free nonce, stored
    Draft → reject → a Draft that uses the same nonce for nothing
    desk → refresh → what was executed or overtaken is marked, and told

Drafting asks for no key and gives no right: only owners' signatures do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bursar.book import AddressBook
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_multi_send import CANONICAL, BatchError, unpack_calls
from bursar.chain.safe_transaction import DELEGATE_CALL, SafeTransaction
from bursar.treasury.office import Office, View
from bursar.treasury.safe.backing import NoReports, Reports
from bursar.treasury.safe.errors import DeadDraftError, DraftError, RefusedCallError
from bursar.treasury.safe.models import Author, Draft
from bursar.treasury.safe.store import DraftStore


def _now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class SafeDesk:
    """
    One Safe and its drafts. `view` tells what the chain has now, `reports` what stands behind a
    refill, and `now` the time that a draft is dated with.
    """

    safe: Safe
    store: DraftStore
    book: AddressBook
    view: Callable[[], View]
    reports: Reports = field(default_factory=NoReports)
    now: Callable[[], int] = field(default=_now)

    @classmethod
    def of(cls, office: Office, store: DraftStore, reports: Reports | None = None) -> "SafeDesk":
        """
        The desk of an organisation's treasury. What it batches with is what the book names, else
        what Safe has deployed. Without `reports` no refill is signed or sent here.
        """
        multi_send = office.book.multi_send or CANONICAL
        safe = Safe(office.client, office.book.safe, multi_send)
        return cls(safe, store, office.book, office.view, reports or NoReports())

    def author(self, name: str) -> Author:
        """
        The person of that name, or an owner's address; who is no owner has no address.
        """
        for known, holder in self.book.owners.items():
            if name in (known, holder.address):
                return Author(name=known, address=holder.address)
        owners = {owner.lower(): owner for owner in self.safe.fetch_owners()}
        return Author(name=name, address=owners.get(name.lower()))

    def next_nonce(self) -> int:
        """
        The first nonce that neither the chain has used nor an open draft asks for.
        """
        waiting = [draft.nonce + 1 for draft in self.store.open()]
        return max([self.safe.fetch_nonce(), *waiting])


def draft(
    desk: SafeDesk, calls: Sequence[Call], *, purpose: str, author: str, nonce: int | None = None
) -> Draft:
    """
    Draft one call, or several of which all or none are made, and store it.

    nonce: None takes the next free one. Raises DraftError, ChainError.
    """
    with desk.store.locked():
        _refresh(desk)
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
) -> Draft:
    """
    The draft of a transaction that somebody made, checked and not stored.

    Raises RefusedCallError, DeadDraftError for a nonce that is used, DraftError, ChainError.
    """
    check_transaction(desk, transaction)
    used = desk.safe.fetch_nonce()
    if transaction.nonce < used:
        raise DeadDraftError(
            f"Nonce {transaction.nonce} is used up: the Safe is at {used}. Draft it anew."
        )
    height = desk.safe.client.fetch_height()
    return Draft(
        transaction=transaction,
        purpose=_checked_purpose(purpose),
        author=desk.author(author),
        created_at=desk.now(),
        block=height,
        block_hash=_hash_of(desk, height),
        rejects=rejects,
    )


def validate_signable(desk: SafeDesk, transaction: SafeTransaction) -> str:
    """
    See that nothing forbids to sign or send the transaction, and return what is to be told of the
    report behind a refill. Raises DraftError and its kinds, ChainError.
    """
    check_transaction(desk, transaction)
    return desk.reports.judge(transaction)


def check_transaction(desk: SafeDesk, transaction: SafeTransaction) -> None:
    """
    Refuse what is of another Safe or chain, what the Safe itself hashes otherwise, what refunds
    gas, and a delegatecall to anything but a MultiSendCallOnly. Raises DraftError, ChainError.
    """
    here = desk.safe.client.chain_id, desk.safe.address
    if (transaction.chain_id, transaction.safe) != here:
        raise DraftError(
            f"The transaction is of the Safe {transaction.safe} on chain {transaction.chain_id}; "
            f"this organisation's treasury is {here[1]} on chain {here[0]}."
        )
    if transaction.refunds:
        raise RefusedCallError(
            "The transaction sets gas fields: the Safe could pay whoever sends it, and a call that "
            "fails could use up the nonce. Draft it without them."
        )
    if transaction.operation == DELEGATE_CALL:
        _check_delegate(desk, transaction)
    found = desk.safe.fetch_hash(transaction)
    if found != transaction.hash:
        raise DraftError(
            f"The Safe hashes the transaction to 0x{found.hex()} and we to "
            f"0x{transaction.hash.hex()}: it is of another version, or the node lies."
        )


def _check_delegate(desk: SafeDesk, transaction: SafeTransaction) -> None:
    if not desk.safe.delegates_to_known(transaction):
        raise RefusedCallError(
            f"The transaction is a delegatecall to {transaction.to}, whose code is no "
            "MultiSendCallOnly: it could do anything as the Safe itself, such as replace its "
            "owners. Do not sign it anywhere."
        )
    try:
        unpack_calls(transaction.data)
    except BatchError as error:
        raise RefusedCallError(f"The batch is refused. {error} Do not sign it anywhere.") from error


def reject(desk: SafeDesk, target: Draft, *, author: str, purpose: str = "") -> Draft:
    """
    Draft what uses up the nonce of `target` and does nothing: an empty call of the Safe by itself.
    Once it is executed, `target` is dead. Raises DeadDraftError, DraftError, ChainError.
    """
    with desk.store.locked():
        target = _refreshed(desk, target)
        if not target.is_open:
            raise DeadDraftError(f"Draft {target.id} is {target.status} already: {target.told}")
        empty = desk.safe.build(Call(desk.safe.address, b""), nonce=target.nonce)
        why = purpose or f"reject: {target.purpose}"[:500]
        made = build_draft(desk, empty, purpose=why, author=author, rejects=True)
        known = {one.hash for one in desk.store.all()}
        return desk.store.find(made.id) if made.hash in known else desk.store.save(made)


def refresh(desk: SafeDesk) -> list[Draft]:
    """
    Mark what the chain has executed or overtaken since, and return what changed: the signatures of
    a dead draft are cleared, and `told` says why.
    """
    with desk.store.locked():
        return _refresh(desk)


def _refresh(desk: SafeDesk) -> list[Draft]:
    used = desk.safe.fetch_nonce()
    changed = [judged for one in desk.store.open() if (judged := _judge(desk, one, used)) != one]
    return [desk.store.save(one) for one in changed]


def _refreshed(desk: SafeDesk, target: Draft) -> Draft:
    _refresh(desk)
    return desk.store.find(target.id)


def _judge(desk: SafeDesk, one: Draft, used: int) -> Draft:
    if desk.book.devnet and _is_forgotten(desk, one):
        return one.dead("The local chain that it was drafted on has ended.")
    if one.nonce >= used:
        return one
    done = desk.safe.find_execution(one.transaction, one.block)
    if done is None:
        return one.dead(
            f"The Safe has used nonce {one.nonce} for another transaction: this one can never be "
            "executed, and its signatures were cleared."
        )
    end = "Executed" if done.succeeded else "Executed, and its calls failed"
    return one.executed(done.transaction, f"{end} in block {done.block}.")


def _is_forgotten(desk: SafeDesk, one: Draft) -> bool:
    if not one.block_hash:
        return False
    return (
        desk.safe.client.fetch_height() < one.block or _hash_of(desk, one.block) != one.block_hash
    )


def _hash_of(desk: SafeDesk, height: int) -> str:
    block = desk.safe.client.rpc.request_object("eth_getBlockByNumber", hex(height), False)
    return str(block["hash"]) if block else ""


def _checked_purpose(purpose: str) -> str:
    said = " ".join(purpose.split())
    if not said.isprintable() or not said:
        raise DraftError("Say why in a sentence: signers read it beside what they sign.")
    return said
