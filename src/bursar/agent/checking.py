"""
Looking at a signed payment before gas is spent on it, in the order in which the wallet would.

    SignedPayment + what the chain says now → Refusal | None
"""

from bursar.agent.payment import Refusal
from bursar.agent.refusals import code_of, show_time
from bursar.agent.signatures import is_signed
from bursar.agent.signed import SignedPayment
from bursar.agent.signing import fetch_next_time
from bursar.chain.contracts import Contract
from bursar.reasons import Reason
from bursar.types import MAX_SIGNED_AHEAD

WRONG_CHAIN = "wrong_chain"
"""The code of a refusal: signed for another chain than the node is of."""

UNKNOWN_WALLET = "unknown_wallet"
"""The code of a refusal: signed for a contract that is no wallet of the organisation."""


def check_signed(
    signed: SignedPayment, organization: Contract, wallet: Contract, chain_id: int
) -> Refusal | None:
    """
    Why `signed` can never be paid, or cannot now, before any budget is looked at.
    """
    return (
        _check_place(signed, organization, chain_id)
        or _check_deadline(signed, fetch_next_time(wallet.client))
        or _check_nonce(signed, wallet)
        or _check_signature(signed, wallet)
    )


def _check_place(signed: SignedPayment, organization: Contract, chain_id: int) -> Refusal | None:
    """
    A contract that is none of ours would be called with our gas.
    """
    if signed.chain_id != chain_id:
        words = f"Denied: it is signed for chain {signed.chain_id}, the node is of {chain_id}."
        return Refusal(code=WRONG_CHAIN, reason=None, message=words)
    if not organization.view("is_wallet", signed.wallet):
        words = f"Denied: {signed.wallet} is no wallet of organisation {organization.address}."
        return Refusal(code=UNKNOWN_WALLET, reason=None, message=words)
    return None


def _check_deadline(signed: SignedPayment, now: int) -> Refusal | None:
    if signed.deadline < now:
        at = f"{show_time(signed.deadline)}"
        return _refuse(
            Reason.SIGNATURES_EXPIRED, f"it was good until {at}; sign it again to pay it"
        )
    if signed.deadline > now + MAX_SIGNED_AHEAD:
        return _refuse(
            Reason.SIGNATURES_FAR, "its deadline is more than a day ahead; sign a nearer one"
        )
    return None


def _check_nonce(signed: SignedPayment, wallet: Contract) -> Refusal | None:
    if not wallet.view("nonce_used", signed.agent, signed.nonce):
        return None
    return _refuse(
        Reason.SIGNATURES_NONCE,
        f"nonce {signed.nonce} was used or voided; it has been paid, or never will be",
    )


def _check_signature(signed: SignedPayment, wallet: Contract) -> Refusal | None:
    epoch = wallet.view("epoch")
    if epoch != signed.epoch:
        return _refuse(
            Reason.SIGNATURES_AGENT,
            f"it was signed in epoch {signed.epoch} and the wallet is in {epoch}: everything "
            "signed before was voided",
        )
    if not is_signed(wallet.client, signed):
        return _refuse(
            Reason.SIGNATURES_AGENT,
            f"this is not the signature of agent {signed.agent} for this payment",
        )
    return None


def _refuse(reason: Reason, words: str) -> Refusal:
    return Refusal(code=code_of(reason), reason=reason, message=f"Denied: {words}.")
