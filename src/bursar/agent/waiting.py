"""
An agent's payments that wait: list, look at, cancel, execute.

    id → PaymentQueued log → (transaction) → Payment
"""

from collections.abc import Mapping
from typing import Any

from bursar.agent.answers import Answers, tell_times
from bursar.agent.asking import Asking
from bursar.agent.errors import UnknownPaymentError
from bursar.agent.payment import Payment, PaymentStatus
from bursar.agent.queue import Queue
from bursar.agent.record import Record, show_hex
from bursar.agent.sending import FrugalSender
from bursar.chain.errors import RevertedError
from bursar.chain.reader import Call
from bursar.events import PaymentQueued
from bursar.reasons import Reason
from bursar.types import MAX_REASON_BYTES, Bytes32


class Waiting:
    """
    Queued payments of one wallet, as one agent sees them.
    """

    def __init__(self, asking: Asking, answers: Answers, record: Record, queue: Queue) -> None:
        self._asking = asking
        self._wallet = asking.wallet
        self._answers = answers
        self._record = record
        self._queue = queue

    def pending(self) -> tuple[Payment, ...]:
        """
        As `AgentWallet.pending`.
        """
        now = self._wallet.client.fetch_now()
        queued = self._queue.fetch_queued(agent=self._asking.agent)
        latest = {event.id: event for event in queued}
        waiting = [event for event in latest.values() if now < event.expires_at]
        found = map(self._describe, waiting)
        return tuple(payment for payment in found if payment.queued)

    def find(self, id: str | bytes) -> Payment:
        """
        As `AgentWallet.payment`.
        """
        return self._describe(self._find(id))

    def cancel(self, id: str | bytes, reason: str, sender: FrugalSender) -> Payment:
        """
        As `AgentWallet.cancel`.
        """
        if len(reason.encode()) > MAX_REASON_BYTES:
            raise ValueError(f"A reason has at most {MAX_REASON_BYTES} bytes: {reason!r}.")
        queued = self._find(id)
        call = self._wallet.build_call("cancel", queued.id, reason)
        return self._act(queued, call, sender, PaymentStatus.CANCELLED, "Cancelled.")

    def execute(self, id: str | bytes, sender: FrugalSender) -> Payment:
        """
        As `AgentWallet.execute`.
        """
        queued = self._find(id)
        call = self._wallet.build_call(
            "execute",
            queued.agent,
            queued.token,
            queued.to,
            queued.amount,
            queued.category,
            queued.ref,
        )
        return self._act(queued, call, sender, PaymentStatus.EXECUTED, "Executed.")

    def _find(self, id: str | bytes) -> PaymentQueued:
        wanted = _read_id(id)
        events = self._queue.fetch_queued(id=wanted)
        if not events:
            raise UnknownPaymentError(
                f"No payment {show_hex(wanted)} was ever queued in wallet {self._wallet.address}. "
                "Payments that never waited have no id."
            )
        return events[-1]

    def _describe(self, queued: PaymentQueued, state: Mapping[str, Any] | None = None) -> Payment:
        known = self._record.find(queued.ref)
        return self._answers.describe(queued, known, state or self._queue.fetch_state(queued))

    def _act(
        self,
        queued: PaymentQueued,
        call: Call,
        sender: FrugalSender,
        status: PaymentStatus,
        words: str,
    ) -> Payment:
        """
        Do something to a queued payment. What is refused is looked at: the queue may have moved on.
        """
        try:
            receipt = sender.send(call)
        except RevertedError as error:
            return self._record.keep(self._describe(queued, self._refused(queued, error)))
        done = {
            "status": status,
            "message": words,
            "transaction": show_hex(receipt.transaction),
        }
        return self._record.keep(self._describe(queued, done))

    def _refused(self, queued: PaymentQueued, error: RevertedError) -> dict[str, Any]:
        refusal = self._asking.refusals.explain_revert(error.revert)
        words = refusal.message
        if error.revert.reason in (Reason.QUEUE_NO_SUCH_PAYMENT, Reason.QUEUE_EXPIRED):
            words = f"{words} {self._queue.fetch_state(queued)['message']}"
        elif error.revert.reason is Reason.QUEUE_NOT_DUE:
            words = f"{words} {tell_times(queued)}"
        return {
            "status": PaymentStatus.DENIED,
            "message": words,
            "code": refusal.code,
            "reason": refusal.reason,
            "transaction": show_hex(error.transaction) if error.transaction else None,
        }


def _read_id(id: str | bytes) -> Bytes32:
    try:
        raw = id if isinstance(id, bytes) else bytes.fromhex(id.removeprefix("0x"))
    except (AttributeError, ValueError):
        raw = b""
    if len(raw) != 32:
        raise UnknownPaymentError(f"{id!r} is no payment's id: 0x and 64 hexadecimal digits.")
    return Bytes32(raw)
