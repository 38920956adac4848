"""
Receipts: the `ref` of a payment proves that exactly this payment was declared before it was signed.

    PaymentTerms + ReceiptKey + 16 random bytes → mint → ref → (on chain) → Receipts.accept

A payment without a valid, unused receipt is an undeclared spend: somebody uses the agent's key
outside Bursar. Whoever holds the receipt key tells so from the event alone.
"""

from bursar.receipts.judging import (
    ReceiptProblem,
    Receipts,
    UsedInMemory,
    UsedReceipts,
    Verifier,
    verify,
)
from bursar.receipts.keys import (
    KEY_BYTES,
    SALT_BYTES,
    ReceiptKey,
    ReceiptKeyError,
    ReceiptKeys,
    RetiredKey,
)
from bursar.receipts.terms import MovesMoney, PaymentTerms

__all__ = [
    "KEY_BYTES",
    "SALT_BYTES",
    "MovesMoney",
    "PaymentTerms",
    "ReceiptKey",
    "ReceiptKeyError",
    "ReceiptKeys",
    "ReceiptProblem",
    "Receipts",
    "RetiredKey",
    "UsedInMemory",
    "UsedReceipts",
    "Verifier",
    "verify",
]
