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

__all__ = [
    "FIRST_PREVIOUS",
    "Action",
    "Carrier",
    "Context",
    "Entry",
    "Incoming",
    "Party",
    "Place",
    "SafeSigning",
    "Sealed",
    "Verdict",
    "deposit_entry",
    "entries_for",
    "hash_of",
    "party",
    "place_identity",
    "read_content",
    "seal",
    "write_content",
]
