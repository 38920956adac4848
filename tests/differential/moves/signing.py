"""
Payments that somebody else brings: with the agent's signature, or with what only looks like it.
"""

from dataclasses import replace
from typing import Any

from bursar.reference import Call
from bursar.signed_payments import SignablePayment
from bursar.types import DAY, MAX_UINT256, Address, Bytes32
from tests.differential.moves.chance import Chance
from tests.differential.moves.paying import Paying
from tests.harness.evm import Contract
from tests.harness.signing import Key, key, payment_digest, with_high_s

CHAIN_ID = 1

# How many signatures are remembered, to be brought later or once more.
REMEMBERED = 12


class Signing:
    """
    Draws calls of `pay_signed` and `void_nonce`, and tells the model's chain what was signed.
    """

    def __init__(self, chance: Chance, paying: Paying) -> None:
        self.chance = chance
        self.paying = paying
        self.nonce = 0
        self._remembered: list[Call] = []
        self._keys: dict[Address, Key] = {}

    def pay_signed(self) -> Call:
        chance = self.chance
        if self._remembered and chance.happens(0.15):
            call: Call = chance.one_of(self._remembered)
            return replace(call, sender=chance.who(chance.twin.stranger))
        call = self._signed()
        self._remembered = [*self._remembered[1 - REMEMBERED :], call]
        if chance.happens(0.1):
            # Signed, and kept for later.
            return self.pay_signed()
        return call

    def _signed(self) -> Call:
        chance = self.chance
        wallet, (agent, token, category) = self.paying.source(signers=True)
        _, to, amount, _, ref = self.paying.payment(wallet, (agent, token, category))
        payment = SignablePayment(
            agent=agent,
            token=token,
            to=to,
            amount=amount,
            category=Bytes32(category),
            ref=ref,
            epoch=chance.state_of(wallet).epoch,
            nonce=self._nonce(),
            deadline=self._deadline(),
        )
        signature = self._signature(wallet, payment)
        fields = (payment.amount, payment.category, payment.ref, payment.nonce, payment.deadline)
        args = (agent, token, to, *fields, signature)
        return chance.call(chance.who(chance.twin.stranger), wallet, "pay_signed", *args)

    def _nonce(self) -> int:
        """
        Mostly the next, sometimes one that is used, or anything.
        """
        chance = self.chance
        if self.nonce and chance.happens(0.06):
            return max(1, self.nonce - int(20 * chance.random.random()))
        if chance.happens(0.1):
            return int(chance.one_of((0, 255, 256, MAX_UINT256, chance.random.getrandbits(256))))
        self.nonce += 1
        return self.nonce

    def _deadline(self) -> int:
        now = self.chance.twin.now
        if self.chance.happens(0.75):
            return now + int(DAY * self.chance.random.random())
        return now + int(self.chance.one_of((-1, 0, 1, DAY - 1, DAY, DAY + 1)))

    def _signature(self, wallet: Contract, payment: SignablePayment) -> bytes:
        """
        The agent's own, mostly. Whatever is good, the model's chain is told of.
        """
        signed = payment
        if self.chance.happens(0.08):
            signed = self._altered(payment)
        chain_id = CHAIN_ID if self.chance.happens(0.99) else 2
        verifier = wallet if self.chance.happens(0.99) else self.chance.wallet()
        digest = payment_digest(signed, chain_id=chain_id, wallet=verifier.address)
        is_same = signed == payment and chain_id == CHAIN_ID and verifier is wallet
        if payment.agent == self.chance.twin.signer.address:
            return self._word_of_contract(wallet, payment, digest, is_same)
        signature, is_good = self._by_key(payment.agent, digest)
        if is_same and is_good:
            self._tell(wallet, payment, signature)
        return signature

    def _tell(self, wallet: Contract, payment: SignablePayment, signature: bytes) -> None:
        self.chance.twin.ledger.sign(Address(wallet.address), payment, signature)

    def _altered(self, payment: SignablePayment) -> SignablePayment:
        """
        What was signed is another payment than what is brought.
        """
        chance = self.chance
        changes: dict[str, Any] = {
            "agent": chance.agent(),
            "token": chance.real_token(),
            "to": chance.agent(),
            "amount": (payment.amount + 1) % 2**256,
            "category": Bytes32(b"\1" * 32),
            "ref": Bytes32(b"\2" * 32),
            "epoch": payment.epoch + chance.one_of((1, -1 if payment.epoch else 2)),
            "nonce": (payment.nonce + 1) % 2**256,
            "deadline": payment.deadline + 1,
        }
        name = chance.one_of(list(changes))
        return replace(payment, **{name: changes[name]})

    def _by_key(self, agent: Address, digest: bytes) -> tuple[bytes, bool]:
        """
        A signature, and whether it is the agent's.
        """
        chance = self.chance
        own = self._key_of(agent)
        signer = key("stranger") if own is None or chance.happens(0.04) else own
        signature = signer.sign(digest, int(4 * chance.random.random()))
        kind = chance.random.random()
        if kind < 0.04:
            # The same to ecrecover, and so to the wallet: its nonces are used once all the same.
            return with_high_s(signature), signer is own
        if kind < 0.09:
            return self._spoilt(signature), False
        return signature, signer is own

    def _spoilt(self, signature: bytes) -> bytes:
        flipped = signature[:64] + bytes([55 - signature[64]])
        short_v = signature[:64] + bytes([signature[64] - 27])
        spoilt = (b"", signature[:64], signature + b"\0", flipped, short_v, b"\0" * 65)
        return bytes(self.chance.one_of((*spoilt, b"\1" * 1_024, b"\1" * 1_025)))

    def _key_of(self, agent: Address) -> Key | None:
        """
        The key behind an address, as far as it has one here.
        """
        if agent not in self._keys:
            chance = self.chance
            roles = [f"agent {i}" for i in range(4)]
            roles += [f"spare {i + 1}" for i in range(chance.spare_agents)]
            self._keys.update({key(role).address: key(role) for role in roles})
        return self._keys.get(agent)

    def _word_of_contract(
        self, wallet: Contract, payment: SignablePayment, digest: bytes, is_same: bool
    ) -> bytes:
        """
        The contract answers for itself: magic, anything else, or nothing.
        """
        chance, signer = self.chance, self.chance.twin.signer
        signature = chance.random.randbytes(chance.one_of((0, 1, 64, 65, 66, 130, 1_024)))
        if chance.happens(0.8):
            signer.answer(digest, signer.MAGIC)
            if is_same:
                self._tell(wallet, payment, signature)
        elif chance.happens(0.6):
            signer.answer(digest, chance.one_of((1, signer.MAGIC + 1, signer.MAGIC - 1, 2**255)))
        return signature

    def void_nonce(self) -> Call:
        """
        What was signed and not brought yet, mostly.
        """
        chance = self.chance
        agents = [a for a in chance.twin.agents if a != chance.twin.signer.address]
        wallet, agent, nonce = chance.open_wallet(), chance.one_of(agents), self.nonce + 1
        if self._remembered and chance.happens(0.6):
            call = chance.one_of(self._remembered)
            wallet, agent = chance.twin.contract(call.target), call.arguments[0]
            nonce = call.arguments[6]
        if agent == chance.twin.signer.address or chance.happens(0.1):
            agent = chance.who()
        return chance.call(agent, wallet, "void_nonce", nonce)
