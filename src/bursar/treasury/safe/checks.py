"""
What no draft may be, whoever made it, and what stands behind it. Nothing is changed here.

    SafeTransaction → check_transaction: this Safe, this chain, this hash, plain calls, no refunds
                    → validate_signable: a refill only on a report that holds
                    → check_worth_drafting, check_threshold: no single owner does more than tighten
"""

from typing import Final

from bursar.chain.safe_multi_send import BatchError, unpack_calls
from bursar.chain.safe_transaction import DELEGATE_CALL, SafeTransaction
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import (
    DeadDraftError,
    DraftError,
    RefusedCallError,
    ThresholdError,
)
from bursar.treasury.safe.node_chain import NodeChain
from bursar.treasury.safe.words.explain import explain

# One signature could be one stolen key.
SMALLEST_THRESHOLD: Final = 2
# More drafts than ever wait at once: what is beyond could only be there to be in the way.
FARTHEST_NONCE: Final = 100


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


def check_threshold(desk: SafeDesk) -> int:
    """
    How many owners the Safe asks for. Raises ThresholdError for fewer than two.
    """
    threshold = desk.safe.fetch_threshold()
    if threshold < SMALLEST_THRESHOLD:
        raise ThresholdError(
            f"The Safe {desk.safe.address} asks for {threshold} signature: one owner alone could "
            "loosen limits and move the treasury's money. Raise its threshold to "
            f"{SMALLEST_THRESHOLD} first, in Safe's own app."
        )
    return threshold


def check_worth_drafting(desk: SafeDesk, transaction: SafeTransaction) -> None:
    """
    Refuse a nonce that is used or far away, and with fewer than two owners to sign whatever does
    more than tighten. Raises DeadDraftError, DraftError, ThresholdError, ChainError.
    """
    used = desk.safe.fetch_nonce()
    if transaction.nonce < used:
        raise DeadDraftError(
            f"Nonce {transaction.nonce} is used up: the Safe is at {used}. Draft it anew."
        )
    if transaction.nonce > used + FARTHEST_NONCE:
        raise DraftError(
            f"Nonce {transaction.nonce} is far beyond {used}, at which the Safe is: it could not "
            "be executed for a long time. Draft it anew."
        )
    if desk.safe.fetch_threshold() < SMALLEST_THRESHOLD and not _only_tightens(desk, transaction):
        check_threshold(desk)


def _only_tightens(desk: SafeDesk, transaction: SafeTransaction) -> bool:
    view = desk.view()
    chain = NodeChain(desk.safe.client)
    return explain(transaction, view.book, view.state, view.now, chain).only_tightens
