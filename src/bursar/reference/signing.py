"""
Payments that somebody else brings, with the agent's signature, and nonces that are used up.
"""

from bursar.events import NonceVoided
from bursar.payments import QueuedPayment
from bursar.reasons import Reason
from bursar.reference.paying import pay_for
from bursar.reference.turn import PLAIN, Accepted, Decision, Refused, Turn, on_wallet
from bursar.signed_payments import SignablePayment
from bursar.types import MAX_SIGNATURE_BYTES, MAX_SIGNED_AHEAD, ZERO_ADDRESS, Address, Bytes32


@on_wallet
def pay_signed(
    turn: Turn,
    agent: Address,
    token: Address,
    to: Address,
    amount: int,
    category: Bytes32,
    ref: Bytes32,
    nonce: int,
    deadline: int,
    signature: bytes,
) -> Decision:
    """
    Anybody brings it, the agent has signed it. Returns what `pay` does.
    """
    if len(signature) > MAX_SIGNATURE_BYTES:
        return Refused(PLAIN)
    epoch = turn.wallet.epoch
    signed = SignablePayment(agent, token, to, amount, category, ref, epoch, nonce, deadline)
    reason = _check_signed(turn, signed, signature)
    if reason is not None:
        return Refused(reason)
    decision = pay_for(turn, QueuedPayment(agent, token, to, amount, category, ref, 0, 0))
    if isinstance(decision, Refused):
        return decision
    return Accepted((_nonce_voided(turn, agent, nonce), *decision.events), decision.result)


def _check_signed(turn: Turn, signed: SignablePayment, signature: bytes) -> Reason | None:
    if turn.now > signed.deadline:
        return Reason.SIGNATURES_EXPIRED
    if signed.deadline > turn.now + MAX_SIGNED_AHEAD:
        return Reason.SIGNATURES_FAR
    if turn.wallet.nonce_used(signed.agent, signed.nonce):
        return Reason.SIGNATURES_NONCE
    # What recovers to nobody must not pass for the zero address.
    by_agent = signed.agent != ZERO_ADDRESS and turn.chain.signed_by(turn.target, signed, signature)
    return None if by_agent else Reason.SIGNATURES_AGENT


@on_wallet
def void_nonce(turn: Turn, nonce: int) -> Decision:
    """
    The caller takes back whatever it signed with this nonce.
    """
    if not turn.wallet.is_agent(turn.sender):
        return Refused(Reason.ACCESS_AGENT)
    if turn.wallet.nonce_used(turn.sender, nonce):
        return Refused(Reason.SIGNATURES_NONCE)
    return Accepted((_nonce_voided(turn, turn.sender, nonce),))


def _nonce_voided(turn: Turn, agent: Address, nonce: int) -> NonceVoided:
    return NonceVoided(emitter=turn.target, at=turn.now, agent=agent, nonce=nonce)
