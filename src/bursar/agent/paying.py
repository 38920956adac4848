"""
One payment by the agent's own transaction.

    Request → preview → receipt → journal → Sender → Payment
"""

import secrets

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.outcomes import Outcomes
from bursar.agent.payment import Payment
from bursar.agent.record import Record
from bursar.agent.refusals import Request
from bursar.agent.sending import FrugalSender
from bursar.chain.errors import ChainError, RevertedError
from bursar.receipts import SALT_BYTES, ReceiptKey
from bursar.types import Bytes32


class Minting:
    """
    Mints the receipts of one agent's payments.
    """

    def __init__(self, asking: Asking, receipt_key: ReceiptKey) -> None:
        self._asking = asking
        self._receipt_key = receipt_key

    def mint(self, request: Request) -> Bytes32:
        """
        A receipt for this payment, and no other.
        """
        terms = self._asking.build_terms(request)
        return self._receipt_key.mint(terms, secrets.token_bytes(SALT_BYTES))


class Paying:
    """
    Pays, or hears why not.
    """

    def __init__(self, asking: Asking, answers: Answers, record: Record, minting: Minting) -> None:
        self._asking = asking
        self._answers = answers
        self._record = record
        self._minting = minting
        self._outcomes = Outcomes(asking, answers)

    def pay(self, request: Request, sender: FrugalSender) -> Payment:
        """
        As `AgentWallet.pay`.
        """
        preview = self._asking.preview(request)
        if preview.refusal is not None:
            return self._record.keep(
                self._answers.build_denied(request, preview.refusal, preview.remaining)
            )
        ref = self._minting.mint(request)
        self._record.declare([(request, ref)])
        call = self._asking.wallet.build_call(
            "pay",
            request.token.address,
            request.recipient.address,
            request.amount,
            request.category.value,
            ref,
        )
        try:
            receipt = sender.send(call)
        except RevertedError as error:
            return self._record.keep(self._outcomes.deny(request, ref, error))
        except ChainError as error:
            self._record.keep_failure([ref], error)
            raise
        return self._record.keep(self._outcomes.read(request, ref, receipt, preview.remaining))
