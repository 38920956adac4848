"""
Receipts: the `ref` of a payment proves that exactly this payment was declared before it was signed.

    PaymentTerms + ReceiptKey + 16 random bytes → mint → ref → (on chain) → Receipts.accept

A payment without a valid, unused receipt is an undeclared spend: somebody uses the agent's key
outside Bursar. Whoever holds the receipt key tells so from the event alone.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from bursar.errors import BursarError
from bursar.types import MAX_UINT256, Address, Bytes32, address_word

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
# What is signed starts with this, so that the key can never vouch for anything else by accident.
_PURPOSE: Final = b"bursar receipt 1".ljust(32, b"\0")


class ReceiptKeyError(BursarError):
    """
    A receipt key that cannot be used, or the file that should hold it.
    """


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """
    What a receipt vouches for: who pays how much of what to whom, out of which budget. `amount` is
    in base units.
    """

    chain_id: int
    wallet: Address
    agent: Address
    token: Address
    to: Address
    amount: int
    category: Bytes32

    def encode(self) -> bytes:
        """
        Every field as 32 bytes, in this order: no two payments have the same encoding. Raises
        ValueError where a field has no such form.
        """
        if len(self.category) != 32:
            raise ValueError(f"A category has 32 bytes, this one has {len(self.category)}.")
        return b"".join(
            (
                _word(self.chain_id),
                address_word(self.wallet),
                address_word(self.agent),
                address_word(self.token),
                address_word(self.to),
                _word(self.amount),
                self.category,
            )
        )


class ReceiptKey:
    """
    The secret that mints and verifies receipts. It is not the key that signs, and not derived from
    it: whoever steals that one must not be able to mint.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ReceiptKeyError(
                f"A receipt key has {KEY_BYTES} bytes, this one has {len(secret)}. "
                "Make it anew; receipts of payments that still wait then no longer verify."
            )
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        return "<ReceiptKey, not shown>"

    def is_secret(self, other: bytes) -> bool:
        """
        Whether `other` is this key.
        """
        return hmac.compare_digest(self._secret, other)

    def mint(self, terms: PaymentTerms, salt: bytes) -> Bytes32:
        """
        The receipt of one payment: `salt`, which is random and never used twice, and the first half
        of HMAC-SHA256 over the terms and the salt.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"A receipt has {SALT_BYTES} random bytes, not {len(salt)}.")
        return Bytes32(salt + self._seal(terms, salt))

    def vouches_for(self, terms: PaymentTerms, ref: bytes) -> bool:
        """
        Whether `ref` is a receipt for exactly these terms. Takes as long whatever is wrong.
        """
        if len(ref) != 32:
            return False
        salt, seal = ref[:SALT_BYTES], ref[SALT_BYTES:]
        return hmac.compare_digest(seal, self._seal(terms, salt))

    def _seal(self, terms: PaymentTerms, salt: bytes) -> bytes:
        message = _PURPOSE + terms.encode() + salt
        return hmac.digest(self._secret, message, hashlib.sha256)[:SALT_BYTES]


class ReceiptProblem(StrEnum):
    """
    Why a payment counts as undeclared.
    """

    FORGED = "forged"
    USED = "used"


class UsedReceipts(Protocol):
    """
    The receipts of payments that have left. A store that is shared must make `add` atomic.
    """

    def __contains__(self, ref: Bytes32, /) -> bool: ...

    def add(self, ref: Bytes32, /) -> bool:
        """
        Remember `ref`. Whether it is new.
        """
        ...


class UsedInMemory:
    """
    For one process that sees every payment.
    """

    def __init__(self) -> None:
        self._refs: set[Bytes32] = set()

    def __contains__(self, ref: Bytes32, /) -> bool:
        return ref in self._refs

    def add(self, ref: Bytes32, /) -> bool:
        """
        Remember `ref`. Whether it is new.
        """
        before = len(self._refs)
        self._refs.add(ref)
        return len(self._refs) > before


class Receipts:
    """
    Tells declared payments from undeclared ones. Each receipt is good for one payment that leaves;
    waiting in the queue uses none.
    """

    def __init__(self, key: ReceiptKey, used: UsedReceipts) -> None:
        self._key = key
        self._used = used

    def check(self, terms: PaymentTerms, ref: Bytes32) -> ReceiptProblem | None:
        """
        What is wrong with the receipt of a payment that is asked for or waits. Uses nothing up.
        """
        if not self._key.vouches_for(terms, ref):
            return ReceiptProblem.FORGED
        return ReceiptProblem.USED if ref in self._used else None

    def accept(self, terms: PaymentTerms, ref: Bytes32) -> ReceiptProblem | None:
        """
        What is wrong with the receipt of a payment that left; uses it up if nothing is. A forged
        one is not remembered, so nobody can make an honest one look used.
        """
        if not self._key.vouches_for(terms, ref):
            return ReceiptProblem.FORGED
        return None if self._used.add(ref) else ReceiptProblem.USED


def _word(number: int) -> bytes:
    if not 0 <= number <= MAX_UINT256:
        raise ValueError(f"{number} does not fit into 256 bits.")
    return number.to_bytes(32, "big")
