"""
What became of a payment that was signed and handed over, as the chain tells it.

    SignedPayment → nonce used? → Paid | PaymentQueued logs → Payment
"""

from typing import Any

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.checking import check_signed
from bursar.agent.errors import SignedPaymentError
from bursar.agent.payment import Payment, PaymentStatus
from bursar.agent.queue import Queue
from bursar.agent.record import Record, show_hex
from bursar.agent.refusals import show_time
from bursar.agent.relayer import build_request
from bursar.agent.signed import SignedPayment
from bursar.agent.waiting import Waiting
from bursar.chain.contracts import Contract
from bursar.events import Paid
from bursar.reasons import Reason


class Tracking:
    """
    Looks after the signed payments of one agent.
    """

    def __init__(
        self,
        asking: Asking,
        answers: Answers,
        record: Record,
        queue: Queue,
        waiting: Waiting,
        organization: Contract,
    ) -> None:
        self._asking = asking
        self._answers = answers
        self._record = record
        self._queue = queue
        self._waiting = waiting
        self._organization = organization

    def find(self, signed: SignedPayment) -> Payment:
        """
        As `AgentWallet.outcome`.
        """
        where = (signed.chain_id, signed.wallet, signed.agent)
        if where != (self._asking.chain_id, self._asking.wallet.address, self._asking.agent):
            raise SignedPaymentError(
                f"It was signed by {signed.agent} for wallet {signed.wallet} of chain "
                f"{signed.chain_id}: connect as that agent to that wallet to see."
            )
        if self._asking.wallet.view("nonce_used", signed.agent, signed.nonce):
            return self._find_used(signed)
        return self._find_open(signed)

    def _find_used(self, signed: SignedPayment) -> Payment:
        paid = self._queue.fetch_paid(signed.agent, signed.token, signed.to, signed.ref)
        if paid is not None and (paid.amount, paid.category) == (signed.amount, signed.category):
            return self._describe_paid(signed, paid)
        for queued in self._queue.fetch_queued(agent=signed.agent):
            if queued.ref == signed.ref:
                return self._waiting.find(queued.id)
        words = f"Nonce {signed.nonce} was voided, or used for another payment."
        return self._describe(signed, PaymentStatus.CANCELLED, words)

    def _find_open(self, signed: SignedPayment) -> Payment:
        refusal = check_signed(
            signed, self._organization, self._asking.wallet, self._asking.chain_id
        )
        if refusal is None or refusal.reason is Reason.SIGNATURES_FAR:
            words = f"Signed, and not brought to the chain yet: until {show_time(signed.deadline)}."
            return self._describe(signed, PaymentStatus.SIGNED, words)
        expired = refusal.reason is Reason.SIGNATURES_EXPIRED
        status = PaymentStatus.EXPIRED if expired else PaymentStatus.CANCELLED
        return self._describe(signed, status, f"Never paid. {refusal.message}")

    def _describe_paid(self, signed: SignedPayment, paid: Paid) -> Payment:
        return self._describe(
            signed,
            PaymentStatus.EXECUTED,
            f"Paid at {show_time(paid.at)}.",
            transaction=show_hex(paid.transaction) if paid.transaction else None,
            created_at=paid.at,
        )

    def _describe(
        self, signed: SignedPayment, status: PaymentStatus, words: str, **more: Any
    ) -> Payment:
        told = self._record.find(signed.ref)
        request = build_request(signed, self._asking.names)._replace(
            reference=told.get("reference"), note=told.get("note")
        )
        return self._answers.build(
            request,
            status,
            message=words,
            receipt=signed.receipt,
            **({"expires_at": signed.deadline} | more),
        )
