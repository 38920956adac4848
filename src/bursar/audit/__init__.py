"""
The audit: what happened, who authorised it and why, as a chain of hashes. Pure; the store keeps it.

    event + Context → entries_for → Entry → seal → Sealed
"""

from bursar.audit.context import Carrier, Context, SafeSigning
from bursar.audit.entries import Incoming, deposit_entry, entries_for
from bursar.audit.entry import (
    FIRST_PREVIOUS,
    Action,
    Entry,
    Party,
    Place,
    Sealed,
    Verdict,
    hash_of,
    party,
    place_identity,
    read_content,
    seal,
    write_content,
)
from bursar.audit.failing import FailedCall, Failure, failure_entry
from bursar.audit.native import (
    Explained,
    Gap,
    NativeMove,
    ValueTransfer,
    find_moves,
    native_entry,
)

__all__ = [
    "FIRST_PREVIOUS",
    "Action",
    "Carrier",
    "Context",
    "Entry",
    "Explained",
    "FailedCall",
    "Failure",
    "Gap",
    "Incoming",
    "NativeMove",
    "Party",
    "Place",
    "SafeSigning",
    "Sealed",
    "ValueTransfer",
    "Verdict",
    "deposit_entry",
    "entries_for",
    "failure_entry",
    "find_moves",
    "hash_of",
    "native_entry",
    "party",
    "place_identity",
    "read_content",
    "seal",
    "write_content",
]
