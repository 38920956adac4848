"""
Several payments in one transaction: all of them or none.

    entries → Requests → simulate → receipts → journal → Sender → Paid, Paid, … | refusal → Batch
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.batch import BATCH_TOO_LARGE, Batch, BatchPreview
from bursar.agent.outcomes import find_payments, tell_cost, untold
from bursar.agent.paying import Minting
from bursar.agent.payment import Refusal, Remaining
from bursar.agent.record import Record
from bursar.agent.refusals import Request, code_of
from bursar.agent.sending import FrugalSender
from bursar.chain.client import Receipt
from bursar.chain.errors import ChainError, RevertedError
from bursar.chain.reader import Call
from bursar.events import Paid
from bursar.reasons import Preview, Reason
from bursar.types import EMPTY, MAX_BATCH, MAX_UINT256, Bytes32


class Found(NamedTuple):
    """
    Why a batch is refused, and which entry is to blame; None: their sum, or all of them.
    """

    refusal: Refusal
    entry: int | None = None


class Batches:
    """
    Pays several at once, or hears which one may not and why.
    """

    def __init__(self, asking: Asking, minting: Minting, answers: Answers, record: Record) -> None:
        self._asking = asking
        self._minting = minting
        self._answers = answers
        self._record = record

    def preview(self, requests: Sequence[Request]) -> BatchPreview:
        """
        As `AgentWallet.preview_many`. There is at least one request.
        """
        found = self._check(requests)
        total = _total(requests)
        return BatchPreview(
            refusal=found and found.refusal,
            entry=found and found.entry,
            total=total,
            total_formatted=requests[0].show(total),
            remaining=self._remaining(requests),
        )

    def pay(self, requests: Sequence[Request], sender: FrugalSender) -> Batch:
        """
        As `AgentWallet.pay_many`. There is at least one request.
        """
        preview = self.preview(requests)
        if preview.refusal is not None:
            found = Found(preview.refusal, preview.entry)
            return self._keep(self._answers.deny_batch(requests, *found, preview.remaining))
        refs = [self._minting.mint(request) for request in requests]
        self._record.declare(list(zip(requests, refs, strict=True)))
        try:
            receipt = sender.send(self._build_call(requests, refs))
        except RevertedError as error:
            return self._keep(self._deny_by_chain(requests, refs, error))
        except ChainError as error:
            self._record.keep_failure(refs, error)
            raise
        return self._keep(self._read_outcome(requests, refs, receipt, preview.remaining))

    # Before

    def _check(self, requests: Sequence[Request]) -> Found | None:
        """
        Ask the wallet for all of them at once. Where it refuses, find out which one it is.
        """
        if len(requests) > MAX_BATCH:
            return Found(_too_large(len(requests)))
        try:
            call = self._build_call(requests, [EMPTY] * len(requests))
            self._asking.wallet.client.call(call, sender=self._asking.agent)
        except RevertedError as error:
            return self._explain(requests, error)
        return None

    def _explain(self, requests: Sequence[Request], error: RevertedError) -> Found:
        reason = error.revert.reason
        wanted = _OF_ONE.get(reason)
        for index, request in enumerate(requests if wanted is not None else ()):
            if self._asking.ask_outcome(request) is wanted:
                refusal = self._asking.preview(request).refusal
                return Found(refusal or _has_to_wait(request), index)
        if reason in _OF_TRANSFERS:
            for index, request in enumerate(requests):
                refusal = self._refuse_transfer(request)
                if refusal is not None:
                    return Found(refusal, index)
        return Found(self._refuse_sum(requests, error))

    def _refuse_transfer(self, request: Request) -> Refusal | None:
        """
        What a token or a recipient says to this one alone: some block addresses.
        """
        try:
            call = self._asking.wallet.build_call(
                "pay",
                request.token.address,
                request.recipient.address,
                request.amount,
                request.category.value,
                EMPTY,
            )
            self._asking.wallet.client.call(call, sender=self._asking.agent)
        except RevertedError as error:
            return self._asking.refusals.explain_revert(error.revert)
        return None

    def _refuse_sum(self, requests: Sequence[Request], error: RevertedError) -> Refusal:
        """
        Each of them might pass, and all of them together do not.
        """
        reason = error.revert.reason
        whole = requests[0]._replace(amount=_total(requests))
        if reason is None and whole.amount > self._asking.refusals.fetch_balance(whole.token):
            reason = Reason.PAYMENTS_BALANCE
        if reason is None:
            return self._asking.refusals.explain_revert(error.revert)
        left = self._remaining(requests)
        told = self._asking.refusals.explain(reason, whole, left)
        if reason is Reason.PAYMENTS_COUNT:
            words = f"Denied: {len(requests)} payments asked, {left.payments} left today."
            return told.model_copy(update={"message": words})
        return told

    # After

    def _deny_by_chain(
        self, requests: Sequence[Request], refs: Sequence[Bytes32], error: RevertedError
    ) -> Batch:
        """
        It passed when it was simulated, and then something changed.
        """
        found = Found(self._asking.refusals.explain_revert(error.revert))
        remaining = None
        try:
            remaining = self._remaining(requests)
            found = self._explain(requests, error)
        except ChainError:
            pass  # the denial is certain, only its figures are missing
        words = f"{found.refusal.message} {tell_cost(error)}"
        refusal = found.refusal.model_copy(update={"message": words})
        return self._answers.deny_batch(
            requests, refusal, found.entry, remaining, refs=refs, transaction=error.transaction
        )

    def _read_outcome(
        self,
        requests: Sequence[Request],
        refs: Sequence[Bytes32],
        receipt: Receipt,
        before: Remaining,
    ) -> Batch:
        logged = {
            event.ref: event
            for event in find_payments(receipt, self._asking.wallet.address)
            if isinstance(event, Paid)
        }
        if any(ref not in logged for ref in refs):
            raise untold(receipt)
        return self._answers.build_batch(requests, [logged[ref] for ref in refs], before)

    def _keep(self, batch: Batch) -> Batch:
        self._record.keep_all(batch.payments)
        return batch

    def _remaining(self, requests: Sequence[Request]) -> Remaining:
        first = requests[0]
        return self._asking.fetch_remaining(first.token, first.category.value)

    def _build_call(self, requests: Sequence[Request], refs: Sequence[Bytes32]) -> Call:
        first = requests[0]
        payments = [
            (request.recipient.address, request.amount, ref)
            for request, ref in zip(requests, refs, strict=True)
        ]
        return self._asking.wallet.build_call(
            "pay_many", first.token.address, first.category.value, payments
        )


# What `pay_many` says of one of them, and what `preview` says to that one. None stands for words
# that are a token's own; whatever else is said concerns the sum.
_OF_ONE: Final[dict[Reason | None, Preview]] = {
    Reason.PAYMENTS_AMOUNT: Preview.AMOUNT,
    Reason.PAYMENTS_RECIPIENT: Preview.RECIPIENT,
    Reason.PAYMENTS_WAIT: Preview.QUEUE,
    None: Preview.BALANCE,
}
_OF_TRANSFERS: Final = (None, Reason.TRANSFERS_TOKEN, Reason.TRANSFERS_RECIPIENT)


def _total(requests: Sequence[Request]) -> int:
    return min(sum(request.amount for request in requests), MAX_UINT256)


def _has_to_wait(request: Request) -> Refusal:
    return Refusal(
        code=code_of(Reason.PAYMENTS_WAIT),
        reason=Reason.PAYMENTS_WAIT,
        message=f"Denied: {request.show(request.amount)} is large enough to wait, and a batch "
        "never waits. Pay it by itself with pay().",
    )


def _too_large(count: int) -> Refusal:
    batches = -(-count // MAX_BATCH)
    return Refusal(
        code=BATCH_TOO_LARGE,
        reason=None,
        message=f"Denied: {count} payments; a batch has at most {MAX_BATCH}. Pay them in {batches} "
        "batches: each is all or nothing by itself, so look at each answer before the next.",
    )
