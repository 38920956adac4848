"""
A keeper with everything that it remembers in one database: what it sends, what it has seen, and
what there is to tell.

    store URL, node URL, key → keeping → Keeper, with its Following and its Books
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.chain.carriers import CarrierReader
from bursar.chain.client import Client
from bursar.chain.failures import FailureReader
from bursar.chain.follower import DEPTH, Endpoint, Endpoints, Step
from bursar.chain.sending import Patience, Sender
from bursar.keeper.bookkeeping import Books
from bursar.keeper.declaring import Declarations
from bursar.keeper.following import Following
from bursar.keeper.following_rebuild import following_lease
from bursar.keeper.node import ClientNode
from bursar.keeper.notices import Notices
from bursar.keeper.outbox import OutboxNotices
from bursar.keeper.service import Keeper
from bursar.keeper.settings import KEEPER_PATIENCE
from bursar.keeper.watching import FollowAlone, StoreWatcher
from bursar.state import State
from bursar.store.audit_heads import build_head_keeper
from bursar.store.audit_log import AuditLog
from bursar.store.database import Database
from bursar.store.receipt_keys import ReceiptKeyFile
from bursar.store.refusal_spool import RefusalSpool
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_leases import Lease, LeaseHeldError
from bursar.types import Address, checksummed


@dataclass(frozen=True, slots=True)
class BookPlaces:
    """
    What the books are kept with: the Safe whose owners sign, where heads of the audit are told (a
    file or a URL), the file of the receipt key, and that of refusals on their way in.
    """

    safe: Address
    heads: str | None = None
    receipt_key: Path | None = None
    refusals: Path | None = None


@contextmanager
def keeping(
    store: str,
    client: Client,
    key: LocalAccount,
    organization: Address,
    *,
    chain_id: int,
    first: int = 0,
    depth: int = DEPTH,
    notices: Notices | None = None,
    patience: Patience = KEEPER_PATIENCE,
    witness: Client | None = None,
    books: BookPlaces | None = None,
    **options: Any,
) -> Iterator[Keeper]:
    """
    A keeper on the database at `store` (`sqlite:///<file>` or `postgresql://…`), for the length of
    the block; afterwards another process may have its key at once. Blocks deeper than `depth` are
    final. Without `books` nothing is audited. `options` are the Keeper's.

    Raises StoreError: StoreInUseError where another process writes to the SQLite file.
    """
    sender_address = checksummed(key.address)
    with Database.open(store) as database:
        journal = SqlJournal(database, chain_id, sender_address)
        sender = Sender(client, key, chain_id=chain_id, patience=patience, journal=journal)
        turn = following_lease(database, chain_id, organization)
        urls = [client.rpc.url] + ([witness.rpc.url] if witness is not None else [])
        following = Following(
            database,
            Endpoints([Endpoint(url) for url in urls]),
            organization,
            chain_id=chain_id,
            first=first,
            depth=depth,
            on_step=_holding(turn),
        )
        with closing(FollowAlone(following)) as follow:
            watcher = StoreWatcher(
                database,
                _in_turn(turn, follow),
                chain_id=chain_id,
                organization=organization,
                by=sender_address,
            )
            yield Keeper(
                ClientNode(client),
                sender,
                organization,
                watcher=watcher,
                witness=ClientNode(witness) if witness is not None else None,
                notices=notices or OutboxNotices(database),
                books=build_books(database, client, organization, chain_id, books),
                **options,
            )
        journal.lease.give_up()
        turn.give_up()


def build_books(
    database: Database,
    client: Client,
    organization: Address,
    chain_id: int,
    places: BookPlaces | None,
) -> Books | None:
    """
    Who writes down what `database` has of the organisation; None without places.
    """
    if places is None:
        return None
    declarations = None
    if places.receipt_key is not None:
        keys = ReceiptKeyFile(places.receipt_key)
        declarations = Declarations(database, chain_id, organization, keys.load)
    return Books(
        AuditLog(database, chain_id, organization),
        CarrierReader(client, places.safe),
        heads=build_head_keeper(places.heads) if places.heads else None,
        declarations=declarations,
        spools=[RefusalSpool(places.refusals)] if places.refusals is not None else [],
        failures=FailureReader(client),
    )


def _holding(turn: Lease) -> Callable[[Step], None]:
    """
    Renews the turn at each step: the first look at a long chain takes longer than a lease lasts.
    """

    def hold(_: Step) -> None:
        turn.hold()

    return hold


def _in_turn(turn: Lease, follow: Callable[[], State]) -> Callable[[], State]:
    """
    Of keepers that share a store one follows and works; the others stand by, and take over when it
    ends or falls silent.
    """

    def in_turn() -> State:
        try:
            turn.hold()
        except LeaseHeldError as error:
            raise LeaseHeldError(
                "Another keeper works with this store. This one stands by, and takes over when it "
                "ends, or half a minute after it has fallen silent."
            ) from error
        return follow()

    return in_turn
