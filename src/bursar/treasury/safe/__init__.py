"""
The signers' workflow over a real Safe: they see exactly what they sign, and why.

    calls → draft → Draft → describe → signatures of enough owners → executed

What is here needs no key. An owner signs with `bursar.treasury.safe.signing.sign(desk, draft,
signer)`, and whoever pays the gas sends with `bursar.treasury.safe.execution.execute(desk, draft,
sender)`; both are imported by commands that people run, and by nothing else.

    desk = SafeDesk.of(office, DraftStore(folder, book.chain_id, book.safe))
    made = draft(desk, calls, purpose="Top up for the week", author="ana")
    add_signature(desk, made, "0x…")      # by the hash of a draft: desk.store.find("0x1f…")
    reject(desk, made, author="ben")      # the same nonce, used for nothing
    refresh(desk)                         # marks what was executed or overtaken meanwhile
    describe(made, view.book, view.state, view.now)   # the lines that signers read

A draft is found again by its Safe hash; `draft.status` is open, executed or dead. Several calls go
into one batch, all or none. `purpose` and `author` are kept with it and shown to every signer.
"""

from bursar.chain.safe_transaction import SafeTransaction, Signature
from bursar.treasury.safe.collect import (
    add_approval,
    add_contract_signature,
    add_signature,
    missing,
    usable_signatures,
)
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.drafting import build_draft, draft, reject
from bursar.treasury.safe.errors import (
    DeadDraftError,
    DraftError,
    MissingSignaturesError,
    NotYetError,
    RefusedCallError,
    ThresholdError,
    UnbackedRefillError,
    UnjudgedRefillError,
    UnknownDraftError,
)
from bursar.treasury.safe.models import Author, Draft, DraftStatus
from bursar.treasury.safe.node_chain import NodeChain
from bursar.treasury.safe.policies import BudgetWish, Policy
from bursar.treasury.safe.refreshing import refresh
from bursar.treasury.safe.store import DraftStore
from bursar.treasury.safe.words import Explanation, describe, explain

__all__ = [
    "Author",
    "BudgetWish",
    "DeadDraftError",
    "Draft",
    "DraftError",
    "DraftStatus",
    "DraftStore",
    "Explanation",
    "MissingSignaturesError",
    "NodeChain",
    "NotYetError",
    "Policy",
    "RefusedCallError",
    "SafeDesk",
    "SafeTransaction",
    "Signature",
    "ThresholdError",
    "UnbackedRefillError",
    "UnjudgedRefillError",
    "UnknownDraftError",
    "add_approval",
    "add_contract_signature",
    "add_signature",
    "build_draft",
    "describe",
    "draft",
    "explain",
    "missing",
    "refresh",
    "reject",
    "usable_signatures",
]
