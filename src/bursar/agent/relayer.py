"""
Bringing what an agent has signed to the chain: anybody with gas may, and can change nothing in it.

    SignedPayment → checked → preview → Sender → Paid | PaymentQueued | refusal → Payment
"""

from pathlib import Path
from typing import Self

from eth_account.signers.local import LocalAccount

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.checking import check_signed
from bursar.agent.connecting import build_place, read_relayer_key
from bursar.agent.errors import UnknownNameError
from bursar.agent.names import CategoryInfo, Names, TokenInfo
from bursar.agent.outcomes import Outcomes
from bursar.agent.payment import Payment, PaymentPreview, Refusal, Remaining
from bursar.agent.record import Identity
from bursar.agent.refusals import Request
from bursar.agent.sending import FrugalSender
from bursar.agent.signed import SignedPayment
from bursar.book import AddressBook
from bursar.chain.contracts import Contract, organization_at, wallet_at
from bursar.chain.errors import RevertedError
from bursar.chain.fees import Ceilings
from bursar.chain.reader import Call
from bursar.chain.sending import Patience, Sender
from bursar.types import Address


class Relayer:
    """
    Pays the gas of signed payments out of wallets of one organisation. Made by `connect`. Threads
    may share it; processes with the same key may not.
    """

    def __init__(
        self, organization: Contract, sender: FrugalSender, book: AddressBook | None = None
    ) -> None:
        self.address = sender.address
        self.chain_id = sender.chain_id
        self.organization = organization.address
        self._organization = organization
        self._sender = sender
        self._book = book

    @classmethod
    def connect(
        cls,
        *,
        rpc_url: str | None = None,
        wallet: str | None = None,
        key: str | bytes | LocalAccount | None = None,
        chain_id: int | None = None,
        book: AddressBook | Path | str | None = None,
        timeout: float = 30.0,
        ceilings: Ceilings | None = None,
        patience: Patience | None = None,
        access_lists: bool | None = None,
    ) -> Self:
        """
        Connect to the organisation that `wallet` belongs to: it relays for all of its wallets and
        for no other contract. What is not given is taken from the environment: BURSAR_RPC_URL,
        BURSAR_WALLET, BURSAR_RELAYER_KEY, and if they are set BURSAR_CHAIN_ID, BURSAR_BOOK.

        key: the private key that pays the gas; it has no right in the organisation. ceilings: the
        most to pay for gas. access_lists, and what it raises: as
        `AgentWallet.connect`.
        """
        signer = read_relayer_key(key)
        place = build_place(
            rpc_url=rpc_url, wallet=wallet, chain_id=chain_id, book=book, timeout=timeout
        )
        sender = Sender(
            place.client, signer, chain_id=place.chain_id, ceilings=ceilings, patience=patience
        )
        frugal = FrugalSender(place.client, sender, access_lists)
        return cls(organization_at(place.client, place.organization), frugal, place.book)

    def __repr__(self) -> str:
        return f"<Relayer {self.address} for {self.organization} of chain {self.chain_id}>"

    def relay(self, signed: SignedPayment) -> Payment:
        """
        Pay what an agent has signed: executed, queued or denied.

        Deadline, nonce, signature and budget are looked at before gas is spent; one that is
        expired, replayed, voided or altered is denied with its reason. What changes in between is
        denied by the chain (`transaction` then says where). Raises NotMinedError where it cannot be
        known yet; relaying it again is safe, because its nonce is good for one payment.
        """
        case = _Case(self._organization, signed, self.chain_id, self._book)
        judged = case.judge()
        if isinstance(judged, Payment):
            return judged
        try:
            receipt = self._sender.send(case.build_call())
        except RevertedError as error:
            return case.outcomes.deny(case.request, signed.ref, error)
        return case.outcomes.read(case.request, signed.ref, receipt, judged.remaining)

    def check(self, signed: SignedPayment) -> Payment | None:
        """
        What `relay` would deny it with now; None where it would go through. Nothing is sent.
        """
        judged = _Case(self._organization, signed, self.chain_id, self._book).judge()
        return judged if isinstance(judged, Payment) else None


class _Case:
    """
    One signed payment, and what is asked about it.
    """

    def __init__(
        self,
        organization: Contract,
        signed: SignedPayment,
        chain_id: int,
        book: AddressBook | None,
    ) -> None:
        self._organization = organization
        self._signed = signed
        self._chain_id = chain_id
        self._wallet = wallet_at(organization.client, signed.wallet)
        names = Names(self._wallet, signed.agent, book)
        identity = Identity(chain_id, organization.address, signed.wallet, signed.agent)
        self.request = build_request(signed, names)
        self._asking = Asking(self._wallet, signed.agent, chain_id, names)
        self._answers = Answers(identity, names)
        self.outcomes = Outcomes(self._asking, self._answers)

    def judge(self) -> Payment | PaymentPreview:
        """
        The denial, or what it would come to.
        """
        refusal = check_signed(self._signed, self._organization, self._wallet, self._chain_id)
        if refusal is not None:
            return self._deny(refusal, None)
        preview = self._asking.preview(self.request)
        if preview.refusal is not None:
            return self._deny(preview.refusal, preview.remaining)
        return preview

    def _deny(self, refusal: Refusal, remaining: Remaining | None) -> Payment:
        ref = self._signed.ref
        return self._answers.build_denied(self.request, refusal, remaining, ref=ref)

    def build_call(self) -> Call:
        """
        What to send.
        """
        signed = self._signed
        return self._wallet.build_call(
            "pay_signed",
            signed.agent,
            signed.token,
            signed.to,
            signed.amount,
            signed.category,
            signed.ref,
            signed.nonce,
            signed.deadline,
            signed.signature,
        )


def build_request(signed: SignedPayment, names: Names) -> Request:
    """
    A signed payment in words. Whatever its signer wrote into it, this raises nothing of its own.
    """
    return Request(
        token=_describe_token(signed.token, names),
        recipient=names.name_recipient(signed.to),
        amount=signed.amount,
        category=CategoryInfo(names.name_category(signed.category), signed.category),
        reference=None,
        note=None,
    )


def _describe_token(address: Address, names: Names) -> TokenInfo:
    try:
        return names.describe_token(address)
    except UnknownNameError:
        return TokenInfo(address, address, 0)  # the wallet denies it: nobody has a budget for it
