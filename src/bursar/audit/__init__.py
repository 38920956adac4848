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

__all__ = [
    "FIRST_PREVIOUS",
    "Action",
    "Carrier",
    "Context",
    "Entry",
    "FailedCall",
    "Failure",
    "Incoming",
    "Party",
    "Place",
    "SafeSigning",
    "Sealed",
    "Verdict",
    "deposit_entry",
    "entries_for",
    "failure_entry",
    "hash_of",
    "party",
    "place_identity",
    "read_content",
    "seal",
    "write_content",
]
