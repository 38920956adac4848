"""
How far the audit has come, for a recorder that starts again.
"""

from typing import NamedTuple, Self

from sqlalchemy import Connection, func, select

from bursar.audit import Action, Entry, Incoming, Party, Place, place_identity
from bursar.errors import BursarError
from bursar.events import Event, OrganizationCreated
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_rows import as_sealed, find_entries
from bursar.store.audit_table import AUDIT
from bursar.store.database import Database
from bursar.types import Address


class OtherChainError(BursarError):
    """
    The audit in this database is of another chain, though both have the same id.
    """


class AuditPast(NamedTuple):
    """
    `block` is the one from which on events may be missing; `birth` is the identity and the time of
    the organisation's creation, where that is there; `deposits` are those of blocks before `block`.
    """

    database: Database
    chain_id: int
    organization: Address
    block: int
    birth: tuple[str, int] | None
    deposits: tuple[Incoming, ...]

    @classmethod
    def fetch(cls, database: Database, chain_id: int, organization: Address) -> Self:
        """
        What the database says. Raises StoreError.
        """
        with database.reading() as connection:
            block = _fetch_block(connection, chain_id, organization)
            birth = _fetch_birth(connection, chain_id, organization)
            wanted = Filter(chain_id, organization, actions=(Action.DEPOSIT,))
            found = [_as_incoming(one.entry) for one in find_audit(connection, wanted)]
        deposits = tuple(one for one in found if one is not None and one.block < block)
        return cls(database, chain_id, organization, block, birth, deposits)

    def validate_same_chain(self, created: OrganizationCreated) -> None:
        """
        Raises OtherChainError where the audit has another beginning than this one.
        """
        if self.birth is None or self.birth == (_identity(created), created.at):
            return
        raise OtherChainError(
            f"The audit in {self.database.name} is of another chain with the id {self.chain_id}: "
            "the organisation was founded at another time there. A local chain that was started "
            "again? Name another database, or remove that one if nobody needs it."
        )

    def find_parties(self, event: Event) -> tuple[Party, ...] | None:
        """
        Who authorised an event, where the audit has it.
        """
        identity = _identity(event)
        with self.database.reading() as connection:
            found = find_entries(connection, self.chain_id, self.organization, [identity])
        return found[identity].entry.authorised_by if identity in found else None


def _identity(event: Event) -> str:
    if event.block is None or event.transaction is None or event.log is None:
        return ""
    return place_identity(Place(block=event.block, transaction=event.transaction, log=event.log))


def _fetch_block(connection: Connection, chain_id: int, organization: Address) -> int:
    """
    The last block with an entry; where the chain has dropped some, the first of those.
    """
    ours = (AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
    is_retraction = AUDIT.c.action == Action.RETRACTION.value
    last = select(func.max(AUDIT.c.block)).where(*ours, ~is_retraction)
    dropped = select(func.min(AUDIT.c.block)).where(*ours, is_retraction)
    found = [connection.execute(query).scalar() for query in (last, dropped)]
    return min((block for block in found if block is not None), default=0)


def _as_incoming(entry: Entry) -> Incoming | None:
    """
    The money that came in, as the entry tells of it.
    """
    place, sender = entry.place, entry.authorised_by[0].address
    if place is None or place.log is None or place.transaction is None or entry.amount is None:
        return None
    if entry.wallet is None or entry.token is None or sender is None:
        return None
    return Incoming(
        at=entry.at,
        block=place.block,
        transaction=place.transaction,
        log=place.log,
        token=entry.token,
        sender=sender,
        wallet=entry.wallet,
        amount=entry.amount,
    )


def _fetch_birth(
    connection: Connection, chain_id: int, organization: Address
) -> tuple[str, int] | None:
    query = (
        select(AUDIT)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .where(AUDIT.c.action == Action.POLICY_CHANGE.value)
        .order_by(AUDIT.c.sequence)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None or as_sealed(row).entry.event != OrganizationCreated.__name__:
        return None
    return row.identity, row.at
