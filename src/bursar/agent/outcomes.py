"""
What became of a payment that was sent: what the wallet logged, or why it refused.

    Receipt → Paid | PaymentQueued → Payment;  RevertedError → Refusal → Payment
"""

from collections.abc import Iterator

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.payment import Payment, Remaining
from bursar.agent.record import show_hex
from bursar.agent.refusals import Request
from bursar.chain.client import Receipt
from bursar.chain.errors import BadAnswerError, ChainError, RevertedError
from bursar.chain.logs import decode_receipt
from bursar.events import Paid, PaymentQueued
from bursar.types import Address, Bytes32


class Outcomes:
    """
    Reads the outcome of one agent's payments.
    """

    def __init__(self, asking: Asking, answers: Answers) -> None:
        self._asking = asking
        self._answers = answers

    def read(self, request: Request, ref: Bytes32, receipt: Receipt, before: Remaining) -> Payment:
        """
        What the wallet logged of the payment with this `ref`. Raises BadAnswerError for nothing.
        """
        for event in find_payments(receipt, self._asking.wallet.address):
            if (event.agent, event.ref) != (self._asking.agent, ref):
                continue
            if isinstance(event, Paid):
                return self._answers.build_executed(request, event, before)
            return self._answers.build_queued(request, event, before)
        raise untold(receipt)

    def deny(self, request: Request, ref: Bytes32, error: RevertedError) -> Payment:
        """
        The preview passed, and then something changed. Behind a token's own words the preview may
        now know a reason, and then it is that.
        """
        asking = self._asking
        refusal = asking.refusals.explain_revert(error.revert)
        remaining = None
        try:
            remaining = asking.fetch_remaining(request.token, request.category.value)
            if error.revert.reason is not None:
                refusal = asking.refusals.explain(error.revert.reason, request, remaining)
            else:
                refusal = asking.preview(request).refusal or refusal
        except ChainError:
            pass  # the denial is certain, only its figures are missing
        told = refusal.model_copy(update={"message": f"{refusal.message} {tell_cost(error)}"})
        return self._answers.build_denied(
            request, told, remaining, ref=ref, transaction=error.transaction
        )


def find_payments(receipt: Receipt, wallet: Address) -> Iterator[Paid | PaymentQueued]:
    """
    The payments that a wallet logged in a transaction, in order.
    """
    for event in decode_receipt(receipt, [wallet]):
        if isinstance(event, Paid | PaymentQueued):
            yield event


def untold(receipt: Receipt) -> BadAnswerError:
    """
    A success without the wallet's own word is none.
    """
    return BadAnswerError(
        f"Transaction {show_hex(receipt.transaction)} is said to be mined, and the wallet "
        "logged nothing about it. Ask another node before paying again."
    )


def tell_cost(error: RevertedError) -> str:
    """
    Whether a refusal by the chain cost gas.
    """
    if error.transaction is None:
        return "No gas was spent."
    return f"The preview had passed, so gas was spent: {show_hex(error.transaction)}."
