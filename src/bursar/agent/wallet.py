"""
The wallet as an agent sees it: pay, look, cancel, sign.

    names, amount → preview (a denial costs nothing) → receipt → journal → Sender → Payment
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from eth_account.signers.local import LocalAccount

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.batch import Batch, BatchEntry, BatchPreview
from bursar.agent.batches import Batches
from bursar.agent.connecting import Connection, build_connection
from bursar.agent.errors import SigningError
from bursar.agent.names import Names
from bursar.agent.paying import Minting, Paying
from bursar.agent.payment import Payment, PaymentPreview, Remaining
from bursar.agent.queue import Queue
from bursar.agent.record import DenialRecorder, Identity, Record
from bursar.agent.sending import FrugalSender
from bursar.agent.signatures import SignTypedData
from bursar.agent.signed import SignedPayment, Voided
from bursar.agent.signing import USUAL_VALIDITY, Signing
from bursar.agent.tracking import Tracking
from bursar.agent.voiding import void_nonce
from bursar.agent.waiting import Waiting
from bursar.book import AddressBook
from bursar.chain.contracts import organization_at
from bursar.chain.fees import Ceilings
from bursar.chain.sending import Patience, Sender


class AgentWallet:
    """
    One agent's view of one hot wallet. Made by `connect`. Threads may share it; processes with the
    same key may not, except to sign payments for a relayer.

    What the chain or the wallet denies comes back as a value; everything else that goes wrong is an
    exception that says what was found and what to do.
    """

    def __init__(self, connection: Connection, sender: FrugalSender | None) -> None:
        place = connection.place
        self.address = place.wallet.address
        self.organization = place.organization
        self.agent = connection.signer.address
        self.chain_id = place.chain_id
        self._sender = sender
        names = Names(place.wallet, self.agent, place.book)
        identity = Identity(self.chain_id, self.organization, self.address, self.agent)
        answers = Answers(identity, names)
        record = Record(identity, connection.journal, connection.recorder)
        asking = self._asking = Asking(place.wallet, self.agent, self.chain_id, names)
        queue = Queue(place.wallet, place.book.block if place.book else 0)
        minting = Minting(asking, connection.receipt_key)
        self._paying = Paying(asking, answers, record, minting)
        self._batches = Batches(asking, minting, answers, record)
        self._waiting = Waiting(asking, answers, record, queue)
        self._signing = Signing(
            asking, answers, record, minting, connection.signer, connection.nonces
        )
        organization = organization_at(place.client, place.organization)
        self._tracking = Tracking(asking, answers, record, queue, self._waiting, organization)

    @classmethod
    def connect(
        cls,
        *,
        rpc_url: str | None = None,
        wallet: str | None = None,
        key: str | bytes | LocalAccount | None = None,
        agent: str | None = None,
        signer: SignTypedData | None = None,
        chain_id: int | None = None,
        book: AddressBook | Path | str | None = None,
        receipt_key_file: Path | str | None = None,
        timeout: float = 30.0,
        ceilings: Ceilings | None = None,
        patience: Patience | None = None,
        access_lists: bool | None = None,
        recorder: DenialRecorder | None = None,
    ) -> Self:
        """
        Connect to a wallet, and make sure that it is one. What is not given is taken from the
        environment: BURSAR_RPC_URL, BURSAR_WALLET, BURSAR_AGENT_KEY, and if they are set
        BURSAR_CHAIN_ID, BURSAR_BOOK, BURSAR_RECEIPT_KEY_FILE.

        wallet: its address, or its name in the address book. key: the agent's private key.
        agent, signer: where the key is elsewhere or the agent is a smart account, its address and
        what signs EIP-712 typed data for it; it can then sign payments and send nothing itself.
        receipt_key_file: made if it is missing; the journal of payments is written next to it.
        timeout: seconds that the node has for each answer. ceilings: the most to pay for gas.
        patience: how long to wait for a transaction. access_lists: whether transactions may name
        what they touch (EIP-2930) where the node measures that it saves gas, for a question more to
        it; None: on chains where gas is all that they cost. recorder: hears what is denied, for an
        audit (`bursar.agent.denials`).

        Raises SettingsError, NotAWalletError, BookError, ReceiptKeyError, WrongChainError,
        NoAnswerError.
        """
        found = build_connection(
            rpc_url=rpc_url,
            wallet=wallet,
            key=key,
            agent=agent,
            signer=signer,
            chain_id=chain_id,
            book=book,
            receipt_key_file=receipt_key_file,
            timeout=timeout,
        )._replace(recorder=recorder)
        if found.key is None:
            return cls(found, None)
        sender = Sender(
            found.place.client,
            found.key,
            chain_id=found.place.chain_id,
            ceilings=ceilings,
            patience=patience,
        )
        return cls(found, FrugalSender(found.place.client, sender, access_lists))

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
        request = self._asking.build_request(token, to, amount, category, reference, note)
        return self._paying.pay(request, self._need_sender())

    def preview(
        self, token: str, to: str, amount: str | int, *, category: str = ""
    ) -> PaymentPreview:
        """
        What `pay` would come to now. Nothing is signed or sent.
        """
        request = self._asking.build_request(token, to, amount, category, None, None)
        return self._asking.preview(request)

    def remaining(self, token: str, category: str = "") -> Remaining:
        """
        What is left of the agent's budget for a token and category.
        """
        names = self._asking.names
        return self._asking.fetch_remaining(
            names.find_token(token), names.find_category(category).value
        )

    # Several at once

    def pay_many(
        self,
        token: str,
        payments: Iterable[BatchEntry | tuple[str, str | int] | tuple[str, str | int, str | None]],
        *,
        category: str = "",
    ) -> Batch:
        """
        Pay up to 100 at once, in one transaction: all of them or none, executed or denied.

        payments: `(to, amount)`, `(to, amount, reference)` or `BatchEntry`; each as for `pay`. One
        that is large enough to wait is denied, and all others with it: pay it by itself.

        The answer names the entry that is to blame. Raises as `pay` does; for a name or an amount
        that cannot be meant, before anything is sent.
        """
        requests = self._asking.build_requests(token, payments, category)
        return self._batches.pay(requests, self._need_sender())

    def preview_many(
        self,
        token: str,
        payments: Iterable[BatchEntry | tuple[str, str | int] | tuple[str, str | int, str | None]],
        *,
        category: str = "",
    ) -> BatchPreview:
        """
        What `pay_many` would come to now. Nothing is signed or sent.
        """
        return self._batches.preview(self._asking.build_requests(token, payments, category))

    # Signed for somebody else to send

    def sign_payment(
        self,
        token: str,
        to: str,
        amount: str | int,
        *,
        category: str = "",
        reference: str | None = None,
        note: str | None = None,
        valid_for: int = USUAL_VALIDITY,
        nonce: int | None = None,
    ) -> SignedPayment | Payment:
        """
        Sign a payment that anybody may bring to the chain, as `Relayer.relay` does. The agent needs
        no native currency. What the wallet would deny now is not signed: the answer is then a
        `Payment` with the reason.

        valid_for: seconds, at most a day. nonce: of another signed payment, to sign one in its
        place (at most one of both is ever paid); None takes the next that nobody has used.

        Whoever has it may send it at any time until then, so hand it to whom it is meant for;
        `void` takes it back. Raises SignedPaymentError, SigningError, JournalError.
        """
        request = self._asking.build_request(token, to, amount, category, reference, note)
        return self._signing.sign(request, valid_for, nonce)

    def outcome(self, signed: SignedPayment) -> Payment:
        """
        What became of a payment that this agent has signed: executed, queued or what came of it
        after that, still `signed`, expired, or cancelled, which is voided. Raises
        SignedPaymentError where another agent signed it.
        """
        return self._tracking.find(signed)

    def void(self, signed: int | SignedPayment) -> Voided:
        """
        Make sure that a signed payment, or any with its nonce, is never paid. Costs gas; denied
        where it was paid or voided before.
        """
        return void_nonce(self._asking, signed, self._need_sender())

    # Queued payments

    def pending(self) -> tuple[Payment, ...]:
        """
        The agent's own payments that wait or are ready, oldest first.
        """
        return self._waiting.pending()

    def payment(self, id: str | bytes) -> Payment:
        """
        A payment that was queued in this wallet, by its id, and what became of it. Raises
        UnknownPaymentError.
        """
        return self._waiting.find(id)

    def cancel(self, id: str | bytes, reason: str = "") -> Payment:
        """
        Cancel a payment that waits; also while stopped. `reason` goes on chain: 64 bytes at most.

        The answer is `cancelled`, or `denied` where it is too late or not this agent's to cancel.
        Raises UnknownPaymentError.
        """
        return self._waiting.cancel(id, reason, self._need_sender())

    def execute(self, id: str | bytes) -> Payment:
        """
        Make a payment that has waited long enough. Anyone may; usually a keeper does. Denied where
        it is not due, or a limit does not allow it now; it then stays as it is. Raises
        UnknownPaymentError.
        """
        return self._waiting.execute(id, self._need_sender())

    def _need_sender(self) -> FrugalSender:
        if self._sender is None:
            raise SigningError(
                f"Agent {self.agent} has no key here to send transactions with. Sign the payment "
                "with sign_payment() and have it relayed, or send the call from the account itself."
            )
        return self._sender
