"""
Making sure that a signature is never used: its nonce is used up instead.

    nonce | SignedPayment → void_nonce → Voided
"""

from bursar.agent.asking import Asking
from bursar.agent.errors import SignedPaymentError
from bursar.agent.record import show_hex
from bursar.agent.sending import FrugalSender
from bursar.agent.signed import SignedPayment, Voided, VoidStatus
from bursar.chain.errors import RevertedError
from bursar.reasons import Reason
from bursar.types import MAX_UINT256


def void_nonce(asking: Asking, signed: int | SignedPayment, sender: FrugalSender) -> Voided:
    """
    As `AgentWallet.void`.
    """
    nonce = _read_nonce(asking, signed)
    try:
        receipt = sender.send(asking.wallet.build_call("void_nonce", nonce))
    except RevertedError as error:
        refusal = asking.refusals.explain_revert(error.revert)
        late = " It was paid with, or voided before." if _is_used(error) else ""
        return Voided(
            status=VoidStatus.DENIED,
            nonce=nonce,
            message=f"{refusal.message}{late}",
            code=refusal.code,
            reason=refusal.reason,
            transaction=show_hex(error.transaction) if error.transaction else None,
        )
    return Voided(
        status=VoidStatus.VOIDED,
        nonce=nonce,
        message=f"Nothing that was signed with nonce {nonce} can be paid any more.",
        transaction=show_hex(receipt.transaction),
    )


def _is_used(error: RevertedError) -> bool:
    return error.revert.reason is Reason.SIGNATURES_NONCE


def _read_nonce(asking: Asking, signed: int | SignedPayment) -> int:
    if isinstance(signed, SignedPayment):
        where = (signed.chain_id, signed.wallet, signed.agent)
        if where != (asking.chain_id, asking.wallet.address, asking.agent):
            raise SignedPaymentError(
                f"It was signed by {signed.agent} for wallet {signed.wallet} of chain "
                f"{signed.chain_id}: only that agent can void it, in that wallet."
            )
        return signed.nonce
    if isinstance(signed, bool) or not 0 <= signed <= MAX_UINT256:
        raise SignedPaymentError(f"{signed!r} is no nonce: a whole number from 0 on.")
    return signed
