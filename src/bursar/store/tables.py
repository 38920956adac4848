"""
Every module that adds tables to the shared metadata, so that migrations see all of them.
"""

from bursar.store import (
    alerts,
    audit_table,
    chain_tables,
    decisions,
    native_tables,
    outbox,
    sending_tables,
    used_receipts,
)
from bursar.store.metadata import metadata

__all__ = [
    "alerts",
    "audit_table",
    "chain_tables",
    "decisions",
    "metadata",
    "native_tables",
    "outbox",
    "sending_tables",
    "used_receipts",
]
