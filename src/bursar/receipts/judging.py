"""
Telling declared payments from undeclared ones.

    event → PaymentTerms, ref, time → verify → None | why it counts as undeclared
"""

from enum import StrEnum
from typing import Protocol

from bursar.receipts.keys import RetiredKey
from bursar.receipts.terms import PaymentTerms
from bursar.types import Bytes32


class ReceiptProblem(StrEnum):
    """
    Why a payment counts as undeclared: no key of ours minted its receipt for exactly this payment,
    the key that did was no longer in use, or the receipt was used before.
    """

    FORGED = "forged"
    RETIRED = "retired"
    USED = "used"


class Verifier(Protocol):
    """
    A key or several: `ReceiptKey`, `ReceiptKeys`.
    """

    def find(self, terms: PaymentTerms, ref: bytes, /) -> RetiredKey | None:
        """
        The key that minted `ref` for exactly these terms.
        """
        ...


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


def verify(
    keys: Verifier, terms: PaymentTerms, ref: bytes, at: int | None = None
) -> ReceiptProblem | None:
    """
    What is wrong with the receipt of a payment, as far as the receipt itself tells. Raises nothing,
    whatever `ref` is: it is anybody's to choose.

    at: when the payment was declared at the latest, in Unix seconds: the time of the block of its
    `Paid` or, for one that waited, of its `PaymentQueued`. None accepts retired keys at any time.
    """
    found = keys.find(terms, ref)
    if found is None:
        return ReceiptProblem.FORGED
    if found.until is not None and at is not None and at >= found.until:
        return ReceiptProblem.RETIRED
    return None


class Receipts:
    """
    Tells declared payments from undeclared ones. Each receipt is good for one payment that leaves;
    waiting in the queue uses none.
    """

    def __init__(self, keys: Verifier, used: UsedReceipts) -> None:
        self._keys = keys
        self._used = used

    def check(
        self, terms: PaymentTerms, ref: Bytes32, at: int | None = None
    ) -> ReceiptProblem | None:
        """
        What is wrong with the receipt of a payment that is asked for or waits; as `verify`, and
        whether it was used. Uses nothing up.
        """
        problem = verify(self._keys, terms, ref, at)
        return problem or (ReceiptProblem.USED if ref in self._used else None)

    def accept(
        self, terms: PaymentTerms, ref: Bytes32, at: int | None = None
    ) -> ReceiptProblem | None:
        """
        What is wrong with the receipt of a payment that left; uses it up if nothing is. A forged
        one is not remembered, so nobody can make an honest one look used.
        """
        problem = verify(self._keys, terms, ref, at)
        if problem is not None:
            return problem
        return None if self._used.add(ref) else ReceiptProblem.USED
