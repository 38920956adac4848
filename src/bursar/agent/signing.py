"""
Signing a payment for somebody else to bring to the chain: the agent needs no native currency.

    Request → preview → nonce, deadline → receipt → journal → signer → verified → SignedPayment
"""

from typing import Final

from bursar.agent.answers import Answers
from bursar.agent.asking import Asking
from bursar.agent.errors import SignedPaymentError, SigningError
from bursar.agent.paying import Minting
from bursar.agent.payment import Payment, Refusal
from bursar.agent.record import Record
from bursar.agent.refusals import Request, code_of
from bursar.agent.signatures import Signer, is_signed
from bursar.agent.signed import SignedPayment
from bursar.chain.contracts import Contract
from bursar.chain.errors import BadAnswerError, RpcError
from bursar.chain.reader import Reader
from bursar.reasons import Reason
from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.store.nonce_file import NonceFile
from bursar.types import HOUR, MAX_SIGNED_AHEAD, MAX_UINT256, Address

USUAL_VALIDITY: Final = HOUR


class Signing:
    """
    Signs the payments of one agent.
    """

    def __init__(
        self,
        asking: Asking,
        answers: Answers,
        record: Record,
        minting: Minting,
        signer: Signer,
        nonces: NonceFile,
    ) -> None:
        self._asking = asking
        self._wallet = asking.wallet
        self._answers = answers
        self._record = record
        self._minting = minting
        self._signer = signer
        self._nonces = nonces

    def sign(
        self, request: Request, valid_for: int, nonce: int | None = None
    ) -> SignedPayment | Payment:
        """
        As `AgentWallet.sign_payment`.
        """
        if not 0 < valid_for <= MAX_SIGNED_AHEAD:
            raise SignedPaymentError(
                f"A signed payment is good for 1 to {MAX_SIGNED_AHEAD} seconds, not {valid_for}."
            )
        if nonce is not None and not 0 <= nonce <= MAX_UINT256:
            raise SignedPaymentError(f"{nonce} is no nonce: a whole number from 0 on.")
        preview = self._asking.preview(request)
        refusal = preview.refusal or self._refuse_used(nonce)
        if refusal is not None:
            return self._record.keep(
                self._answers.build_denied(request, refusal, preview.remaining)
            )
        signable = SignablePayment(
            agent=self._asking.agent,
            token=request.token.address,
            to=request.recipient.address,
            amount=request.amount,
            category=request.category.value,
            ref=self._minting.mint(request),
            epoch=self._wallet.view("epoch"),
            nonce=self._reserve() if nonce is None else nonce,
            deadline=fetch_next_time(self._wallet.client) + valid_for,
        )
        numbers = {"nonce": str(signable.nonce), "deadline": signable.deadline}
        self._record.declare([(request, signable.ref)], signed=numbers)
        return self._seal(signable)

    def _refuse_used(self, nonce: int | None) -> Refusal | None:
        """
        In place of what was paid or voided nothing can be signed.
        """
        if nonce is None or not self._wallet.view("nonce_used", self._asking.agent, nonce):
            return None
        return Refusal(
            code=code_of(Reason.SIGNATURES_NONCE),
            reason=Reason.SIGNATURES_NONCE,
            message=f"Denied: nonce {nonce} was used or voided; leave nonce= out for a new one.",
        )

    def _seal(self, signable: SignablePayment) -> SignedPayment:
        """
        Signed, and looked at: what the chain would refuse is not handed out.
        """
        chain_id, wallet = self._asking.chain_id, self._wallet.address
        typed_data = build_typed_data(signable, chain_id=chain_id, wallet=wallet)
        signed = SignedPayment(
            chain_id=chain_id,
            wallet=wallet,
            **{name: getattr(signable, name) for name in signable.__slots__},
            signature=self._signer.sign(typed_data),
        )
        if not is_signed(self._wallet.client, signed):
            raise SigningError(
                f"What the signer answered is no signature of agent {self._signer.address} on "
                f"chain {chain_id}. Is it another key's, or is the smart account not deployed? "
                "Nothing was handed out."
            )
        return signed

    def _reserve(self) -> int:
        account = f"{self._asking.chain_id}:{self._wallet.address}:{self._asking.agent}"
        return self._nonces.reserve(
            account, lambda first: find_unused(self._wallet, self._asking.agent, first)
        )


def fetch_next_time(reader: Reader) -> int:
    """
    The time that a transaction sent now would see. A local chain that nobody used for hours has a
    latest block from then, and nodes that know no pending block answer none.
    """
    latest = reader.fetch_now()
    try:
        pending = reader.rpc.request_object("eth_getBlockByNumber", "pending", False)
        told = int((pending or {})["timestamp"], 16)
    except (RpcError, BadAnswerError, KeyError, TypeError, ValueError):
        return latest
    return max(latest, told)


def find_unused(wallet: Contract, agent: Address, first: int) -> int:
    """
    A nonce from `first` on that the chain has not seen used, in a number of questions that grows
    with the logarithm: nonces are numbered in sequence, so mostly those before it were used.
    """

    def is_used(nonce: int) -> bool:
        return bool(wallet.view("nonce_used", agent, nonce))

    if not is_used(first):
        return first
    used, step = first, 1
    while is_used(used + step):
        used, step = used + step, step * 2
    free = used + step
    while free - used > 1:
        middle = (used + free) // 2
        used, free = (middle, free) if is_used(middle) else (used, middle)
    return free
