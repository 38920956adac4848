"""
How far a store is, for whoever asks while the keeper works or does not.

    cursor, audit, journal, leases, outbox → Standing
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from bursar.keeper.declaring import TOPIC
from bursar.keeper.following_rebuild import following_name
from bursar.store.audit_rows import fetch_head
from bursar.store.chain_tables import chain_cursor
from bursar.store.chain_writer import find_cursor
from bursar.store.outbox import OUTBOX
from bursar.store.sending_leases import find_holder
from bursar.store.sending_shares import fetch_keepers, fetch_parts
from bursar.store.sending_tables import intents
from bursar.types import Address


@dataclass(frozen=True, slots=True)
class KeeperStanding:
    """
    A keeper that works, as of its last sign: whether it is the one that follows the chain into the
    store, and which wallets (or the organisation) it deals with at the moment.
    """

    keeper: Address
    follows: bool
    works_on: list[Address]


@dataclass(frozen=True, slots=True)
class Standing:
    """
    `block` is the last one in the store (at `block_at`, Unix seconds) and `final` the last that
    cannot change; None where nothing was read yet. `audited` is the number of the audit's last
    entry and `audit_hash` its hash. `under_way` has the keys of what is signed and not final.
    `keepers` are those that have given a sign of late. `others` are the organisations that the
    store has as well, by chain and address.
    """

    block: int | None
    block_at: int | None
    final: int | None
    audited: int
    audit_hash: str | None
    under_way: list[str]
    keepers: list[KeeperStanding]
    undeclared: list[dict[str, Any]]
    others: list[tuple[int, Address]]

    def as_json(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        return asdict(self)


def fetch_standing(connection: Connection, chain_id: int, organization: Address) -> Standing:
    """
    Everything at once, as one transaction sees it.
    """
    cursor = find_cursor(connection, chain_id, organization)
    head = fetch_head(connection, chain_id, organization)
    return Standing(
        block=None if cursor is None else cursor.number,
        block_at=None if cursor is None else cursor.at,
        final=None if cursor is None else cursor.final_number,
        audited=0 if head is None else head.sequence,
        audit_hash=None if head is None else head.hash.hex(),
        under_way=_fetch_under_way(connection, chain_id),
        keepers=fetch_keeper_standings(connection, chain_id, organization),
        undeclared=_fetch_undeclared(connection, organization),
        others=_fetch_others(connection, chain_id, organization),
    )


def fetch_keeper_standings(
    connection: Connection, chain_id: int, organization: Address
) -> list[KeeperStanding]:
    """
    Who shares the work, and who does what of it.
    """
    parts = fetch_parts(connection, chain_id, organization)
    follower = find_holder(connection, following_name(chain_id, organization))
    return [
        KeeperStanding(
            keeper=live.what,
            follows=live.holder == follower,
            works_on=[part.what for part in parts if part.holder == live.holder],
        )
        for live in fetch_keepers(connection, chain_id, organization)
    ]


def _fetch_under_way(connection: Connection, chain_id: int) -> list[str]:
    wanted = select(intents.c.key).where(
        intents.c.chain_id == chain_id, intents.c.status == "under way"
    )
    return list(connection.execute(wanted.order_by(intents.c.id)).scalars())


def _fetch_others(
    connection: Connection, chain_id: int, organization: Address
) -> list[tuple[int, Address]]:
    columns = chain_cursor.c
    wanted = select(columns.chain_id, columns.organization).order_by(columns.source)
    found = [(row.chain_id, row.organization) for row in connection.execute(wanted)]
    return [one for one in found if one != (chain_id, organization)]


def _fetch_undeclared(connection: Connection, organization: Address) -> list[dict[str, Any]]:
    wanted = select(OUTBOX.c.payload).where(OUTBOX.c.topic == TOPIC).order_by(OUTBOX.c.id)
    found = [json.loads(payload) for payload in connection.execute(wanted).scalars()]
    return [one for one in found if one["organization"] == organization]
