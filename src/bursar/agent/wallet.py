"""
The wallet as an agent sees it: pay, look, cancel.

    names, amount → preview (a denial costs nothing) → receipt → journal → Sender → Payment
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from eth_account.signers.local import LocalAccount

from bursar.agent.amounts import read_amount
from bursar.agent.answers import Answers, build_remaining, tell_times
from bursar.agent.connecting import build_connection
from bursar.agent.errors import UnknownPaymentError
from bursar.agent.names import Names, TokenInfo
from bursar.agent.payment import Payment, PaymentPreview, PaymentStatus, Remaining
from bursar.agent.queue import Queue
from bursar.agent.record import Identity, Record, show_hex
from bursar.agent.refusals import Refusals, Request
from bursar.book import AddressBook
from bursar.chain.client import Receipt
from bursar.chain.contracts import Contract
from bursar.chain.errors import BadAnswerError, ChainError, RevertedError
from bursar.chain.fees import Ceilings
from bursar.chain.logs import decode_receipt
from bursar.chain.reader import Call
from bursar.chain.sender import Patience, Sender
from bursar.events import Paid, PaymentQueued
from bursar.reasons import Preview, Reason
from bursar.receipts import SALT_BYTES, PaymentTerms, ReceiptKey
from bursar.store.payment_journal import PaymentJournal
from bursar.types import MAX_REASON_BYTES, Address, Bytes32


class AgentWallet:
    """
    One agent's view of one hot wallet. Made by `connect`. Threads may share it; processes with the
    same key may not.

    What the chain or the wallet denies comes back as a `Payment`; everything else that goes wrong
    is an exception that says what was found and what to do.
    """

    def __init__(
        self,
        wallet: Contract,
        organization: Address,
        sender: Sender,
        *,
        receipt_key: ReceiptKey,
        journal: PaymentJournal,
        book: AddressBook | None = None,
    ) -> None:
        self.address = wallet.address
        self.organization = organization
        self.agent = sender.address
        self.chain_id = sender.chain_id
        self._wallet = wallet
        self._sender = sender
        self._receipt_key = receipt_key
        self._names = Names(wallet, self.agent, book)
        identity = Identity(self.chain_id, organization, self.address, self.agent)
        self._answers = Answers(identity, self._names)
        self._record = Record(identity, journal)
        self._refusals = Refusals(wallet, self.agent)
        self._queue = Queue(wallet, book.block if book else 0)

    @classmethod
    def connect(
        cls,
        *,
        rpc_url: str | None = None,
        wallet: str | None = None,
        key: str | bytes | LocalAccount | None = None,
        chain_id: int | None = None,
        book: AddressBook | Path | str | None = None,
        receipt_key_file: Path | str | None = None,
        timeout: float = 30.0,
        ceilings: Ceilings | None = None,
        patience: Patience | None = None,
    ) -> Self:
        """
        Connect to a wallet, and make sure that it is one. What is not given is taken from the
        environment: BURSAR_RPC_URL, BURSAR_WALLET, BURSAR_AGENT_KEY, and if they are set
        BURSAR_CHAIN_ID, BURSAR_BOOK, BURSAR_RECEIPT_KEY_FILE.

        wallet: its address, or its name in the address book. key: the agent's private key.
        receipt_key_file: made if it is missing; the journal of payments is written next to it.
        timeout: seconds that the node has for each answer. ceilings: the most to pay for gas.
        patience: how long to wait for a transaction.

        Raises SettingsError, NotAWalletError, BookError, ReceiptKeyError, WrongChainError,
        NoAnswerError.
        """
        found = build_connection(
            rpc_url=rpc_url,
            wallet=wallet,
            key=key,
            chain_id=chain_id,
            book=book,
            receipt_key_file=receipt_key_file,
            timeout=timeout,
        )
        sender = Sender(
            found.client,
            found.key,
            chain_id=found.chain_id,
            ceilings=ceilings,
            patience=patience,
        )
        return cls(
            found.wallet,
            found.organization,
            sender,
            receipt_key=found.receipt_key,
            journal=found.journal,
            book=found.book,
        )

    def __repr__(self) -> str:
        return f"<AgentWallet {self.address} of chain {self.chain_id}, agent {self.agent}>"

    # Paying

    def pay(
        self,
        token: str,
        to: str,
        amount: str | int,
        *,
        category: str = "",
        reference: str | None = None,
        note: str | None = None,
    ) -> Payment:
        """
        Pay `amount` of `token` to `to`: executed, queued or denied.

        to: an address, or the name of an agent or recipient in the address book.
        amount: text in whole tokens ("10.50"), or an int in base units; never a float.
        category: which budget is charged; it has to have been set for this agent.
        reference, note: yours; they stay on this machine.

        It previews first, so that a denial costs no gas; what changes in between is denied by the
        chain itself, which does (`transaction` then says where). Raises NotMinedError where it
        cannot be known yet whether it was paid: look before paying again.
        """
        request = self._request(token, to, amount, category, reference, note)
        preview = self._preview(request)
        if preview.refusal is not None:
            return self._record.keep(
                self._answers.build_denied(request, preview.refusal, preview.remaining)
            )
        ref = self._receipt_key.mint(self._terms(request), secrets.token_bytes(SALT_BYTES))
        self._record.declare(request, ref)
        call = self._wallet.build_call(
            "pay",
            request.token.address,
            request.recipient.address,
            request.amount,
            request.category.value,
            ref,
        )
        try:
            receipt = self._sender.send(call)
        except RevertedError as error:
            return self._record.keep(self._deny_by_chain(request, ref, error))
        except ChainError as error:
            self._record.keep_failure(ref, error)
            raise
        return self._record.keep(self._read_outcome(request, ref, receipt, preview.remaining))

    def preview(
        self, token: str, to: str, amount: str | int, *, category: str = ""
    ) -> PaymentPreview:
        """
        What `pay` would come to now. Nothing is signed or sent.
        """
        return self._preview(self._request(token, to, amount, category, None, None))

    def remaining(self, token: str, category: str = "") -> Remaining:
        """
        What is left of the agent's budget for a token and category.
        """
        return self._remaining(
            self._names.find_token(token), self._names.find_category(category).value
        )

    # Queued payments

    def pending(self) -> tuple[Payment, ...]:
        """
        The agent's own payments that wait or are ready, oldest first.
        """
        now = self._wallet.client.fetch_now()
        latest = {event.id: event for event in self._queue.fetch_queued(agent=self.agent)}
        waiting = [event for event in latest.values() if now < event.expires_at]
        found = map(self._describe, waiting)
        return tuple(payment for payment in found if payment.queued)

    def payment(self, id: str | bytes) -> Payment:
        """
        A payment that was queued in this wallet, by its id, and what became of it. Raises
        UnknownPaymentError.
        """
        return self._describe(self._find(id))

    def cancel(self, id: str | bytes, reason: str = "") -> Payment:
        """
        Cancel a payment that waits; also while stopped. `reason` goes on chain: 64 bytes at most.

        The answer is `cancelled`, or `denied` where it is too late or not this agent's to cancel.
        Raises UnknownPaymentError.
        """
        if len(reason.encode()) > MAX_REASON_BYTES:
            raise ValueError(f"A reason has at most {MAX_REASON_BYTES} bytes: {reason!r}.")
        queued = self._find(id)
        call = self._wallet.build_call("cancel", queued.id, reason)
        return self._act(queued, call, PaymentStatus.CANCELLED, "Cancelled.")

    def execute(self, id: str | bytes) -> Payment:
        """
        Make a payment that has waited long enough. Anyone may; usually a keeper does. Denied where
        it is not due, or a limit does not allow it now; it then stays as it is. Raises
        UnknownPaymentError.
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
        return self._act(queued, call, PaymentStatus.EXECUTED, "Executed.")

    # Asking

    def _request(
        self,
        token: str,
        to: str,
        amount: str | int,
        category: str,
        reference: str | None,
        note: str | None,
    ) -> Request:
        found = self._names.find_token(token)
        return Request(
            token=found,
            recipient=self._names.find_recipient(to),
            amount=read_amount(amount, found.symbol, found.decimals),
            category=self._names.find_category(category),
            reference=reference,
            note=note,
        )

    def _terms(self, request: Request) -> PaymentTerms:
        return PaymentTerms(
            chain_id=self.chain_id,
            wallet=self.address,
            agent=self.agent,
            token=request.token.address,
            to=request.recipient.address,
            amount=request.amount,
            category=request.category.value,
        )

    def _preview(self, request: Request) -> PaymentPreview:
        number = self._wallet.view(
            "preview",
            self.agent,
            request.token.address,
            request.recipient.address,
            request.amount,
            request.category.value,
        )
        try:
            outcome = Preview(number)
        except ValueError as error:
            raise BadAnswerError(
                f"{self.address} previews with {number}, which means nothing to this release. Is "
                "the wallet newer? Then update Bursar."
            ) from error
        remaining = self._remaining(request.token, request.category.value)
        refusal = self._refusals.explain_preview(outcome, request, remaining)
        return PaymentPreview(outcome=outcome, refusal=refusal, remaining=remaining)

    def _remaining(self, token: TokenInfo, category: Bytes32) -> Remaining:
        left = self._wallet.view("remaining", self.agent, token.address, category)
        return build_remaining(left, token, self._wallet.client.fetch_now())

    # What became of it

    def _read_outcome(
        self, request: Request, ref: Bytes32, receipt: Receipt, before: Remaining
    ) -> Payment:
        for event in decode_receipt(receipt, [self.address]):
            if isinstance(event, Paid) and event.ref == ref:
                return self._answers.build_executed(request, event, before)
            if isinstance(event, PaymentQueued) and event.ref == ref:
                return self._answers.build_queued(request, event, before)
        raise BadAnswerError(
            f"Transaction {show_hex(receipt.transaction)} is said to be mined, and the wallet "
            "logged nothing about it. Ask another node before paying again."
        )

    def _deny_by_chain(self, request: Request, ref: Bytes32, error: RevertedError) -> Payment:
        """
        The preview passed, and then something changed. Behind a token's own words the preview may
        now know a reason, and then it is that.
        """
        refusal = self._refusals.explain_revert(error.revert)
        remaining = None
        try:
            remaining = self._remaining(request.token, request.category.value)
            if error.revert.reason is not None:
                refusal = self._refusals.explain(error.revert.reason, request, remaining)
            else:
                refusal = self._preview(request).refusal or refusal
        except ChainError:
            pass  # the denial is certain, only its figures are missing
        cost = "No gas was spent."
        if error.transaction is not None:
            cost = f"The preview had passed, so gas was spent: {show_hex(error.transaction)}."
        told = refusal.model_copy(update={"message": f"{refusal.message} {cost}"})
        return self._answers.build_denied(
            request, told, remaining, ref=ref, transaction=error.transaction
        )

    # What was queued

    def _find(self, id: str | bytes) -> PaymentQueued:
        wanted = _read_id(id)
        events = self._queue.fetch_queued(id=wanted)
        if not events:
            raise UnknownPaymentError(
                f"No payment {show_hex(wanted)} was ever queued in wallet {self.address}. Payments "
                "that never waited have no id."
            )
        return events[-1]

    def _describe(self, queued: PaymentQueued, state: Mapping[str, Any] | None = None) -> Payment:
        known = self._record.find(queued.ref)
        return self._answers.describe(queued, known, state or self._queue.fetch_state(queued))

    def _act(self, queued: PaymentQueued, call: Call, status: PaymentStatus, words: str) -> Payment:
        """
        Do something to a queued payment. What is refused is looked at: the queue may have moved on.
        """
        try:
            receipt = self._sender.send(call)
        except RevertedError as error:
            return self._record.keep(self._describe(queued, self._refused(queued, error)))
        done = {
            "status": status,
            "message": words,
            "transaction": show_hex(receipt.transaction),
        }
        return self._record.keep(self._describe(queued, done))

    def _refused(self, queued: PaymentQueued, error: RevertedError) -> dict[str, Any]:
        refusal = self._refusals.explain_revert(error.revert)
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
