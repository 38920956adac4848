"""
Every module that adds tables to the shared metadata, so that migrations see all of them.
"""

from bursar.store import (
    audit_table,
    chain_tables,
    decisions,
    native_balances,
    outbox,
    sending_tables,
    used_receipts,
)
from bursar.store.metadata import metadata

__all__ = [
    "audit_table",
    "chain_tables",
    "decisions",
    "metadata",
    "native_balances",
    "outbox",
    "sending_tables",
    "used_receipts",
]
