"""
Sending from one key: journalled before it is broadcast, and followed until it is final.

    Call → Sender → Journal → chain → Receipt
"""

from bursar.chain.sending.intents import Intent, Mined, Outcome, SignedTransaction, Status
from bursar.chain.sending.journal import HandedOverError, Journal, MemoryJournal
from bursar.chain.sending.patience import Patience
from bursar.chain.sending.sender import Sender

__all__ = [
    "HandedOverError",
    "Intent",
    "Journal",
    "MemoryJournal",
    "Mined",
    "Outcome",
    "Patience",
    "Sender",
    "SignedTransaction",
    "Status",
]
