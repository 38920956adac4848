"""
Anchors of the audit on the chain, as far as the store knows of them; and the audit held against
those that the chain has.

    sending_intents → fetch_last_anchor, fetch_hints        anchors + rows → check_anchors → Problem
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from sqlalchemy import Connection, or_, select

from bursar.chain.anchors import Anchor
from bursar.chain.sending import Outcome, Status
from bursar.store.audit_rows import fetch_head
from bursar.store.audit_table import AUDIT
from bursar.store.audit_verify import Problem
from bursar.store.sending_tables import intents, transactions
from bursar.types import Address, Bytes32

PURPOSE: Final = "anchor"


class LastAnchor(NamedTuple):
    """
    The newest anchor that is sent or under way: of which entry, and since when, in Unix seconds.
    """

    sequence: int
    at: int


def anchor_key(organization: Address, sequence: int) -> str:
    """
    What the sender knows an anchor by.
    """
    return f"{PURPOSE}:{organization}:{sequence}"


def fetch_last_anchor(
    connection: Connection, chain_id: int, organization: Address
) -> LastAnchor | None:
    """
    By whichever key of this store; one that was burned or given back is none.
    """
    columns = intents.c
    lives = or_(columns.status != Status.ENDED, columns.outcome == Outcome.SUCCEEDED)
    wanted = (
        select(columns.key, columns.claimed_at)
        .where(columns.chain_id == chain_id, lives)
        .where(columns.key.startswith(f"{PURPOSE}:{organization}:", autoescape=True))
        .order_by(columns.id.desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return LastAnchor(int(row.key.rpartition(":")[2]), row.claimed_at)


def fetch_hints(
    connection: Connection, chain_id: int, keeper: Address, *, most: int
) -> dict[int, tuple[Bytes32, ...]]:
    """
    The latest `most` that were signed with that key, by nonce. The store may have been edited: they
    are hints.
    """
    wanted = (
        select(transactions.c.nonce, transactions.c.hash)
        .join(intents, intents.c.id == transactions.c.intent_id)
        .where(intents.c.chain_id == chain_id, intents.c.sender == keeper)
        .order_by(transactions.c.nonce.desc())
        .limit(most)
    )
    found: dict[int, tuple[Bytes32, ...]] = {}
    for row in connection.execute(wanted):
        found[row.nonce] = (*found.get(row.nonce, ()), row.hash)
    return found


def check_anchors(
    connection: Connection, chain_id: int, organization: Address, anchors: Sequence[Anchor]
) -> Iterator[Problem]:
    """
    Everything in which the audit, or one of them, contradicts an anchor.
    """
    head = fetch_head(connection, chain_id, organization)
    last = 0 if head is None else head.sequence
    rows = connection.execute(
        select(AUDIT.c.sequence, AUDIT.c.hash)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .where(AUDIT.c.sequence.in_({anchor.sequence for anchor in anchors}))
    )
    hashes = {row.sequence: row.hash for row in rows}
    for anchor in anchors:
        where = f"anchored in block {anchor.block} by transaction 0x{anchor.transaction.hex()}"
        if anchor.sequence > last:
            what = f"the end was cut off: it was {where}, and the last one here is {last}"
            yield Problem(anchor.sequence, what)
        elif anchor.sequence not in hashes:
            yield Problem(anchor.sequence, f"it is missing, and was {where}")
        elif hashes[anchor.sequence] != anchor.hash:
            yield Problem(anchor.sequence, f"it is not the entry that was {where}")
    yield from _check_each_other(anchors)


def _check_each_other(anchors: Sequence[Anchor]) -> Iterator[Problem]:
    """
    An audit only grows: of two anchors of one key the later one has as many entries. Of two keys
    one may have signed long before it was mined, but each entry has one hash.
    """
    for before, after in pairwise(sorted(anchors, key=lambda one: (one.keeper, one.nonce))):
        if after.keeper == before.keeper and after.sequence < before.sequence:
            what = f"{_name(before, after)}: {before.sequence} entries, then fewer"
            yield Problem(after.sequence, what)
    for before, after in pairwise(sorted(anchors, key=lambda one: (one.sequence, one.block))):
        if after.sequence == before.sequence and after.hash != before.hash:
            yield Problem(after.sequence, f"{_name(before, after)}: two hashes of one entry")


def _name(before: Anchor, after: Anchor) -> str:
    pair = f"0x{before.transaction.hex()} and 0x{after.transaction.hex()}"
    return f"the anchors {pair} contradict"
