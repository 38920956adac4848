"""
A keeper with everything that it remembers in one database: what it sends, what it has seen, and
what there is to tell.

    store URL, node URL, key → keeping → Keeper, with its Following and its Books
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.chain.carriers import CarrierReader
from bursar.chain.client import Client
from bursar.chain.failures import FailureReader
from bursar.chain.follower import DEPTH, Endpoint, Endpoints, Receipts, Step
from bursar.chain.sending import Patience, Sender
from bursar.keeper.alerting import AlertPlaces
from bursar.keeper.alerts_beside import alerting
from bursar.keeper.anchoring import Anchors
from bursar.keeper.bookkeeping import Books
from bursar.keeper.declaring import Declarations
from bursar.keeper.following import Following
from bursar.keeper.following_rebuild import following_lease
from bursar.keeper.node import ClientNode
from bursar.keeper.notices import Notices
from bursar.keeper.orders import part_of
from bursar.keeper.outbox import OutboxNotices
from bursar.keeper.service import Keeper
from bursar.keeper.settings import KEEPER_PATIENCE
from bursar.keeper.sharing import BooksInTurn, Crew, Turn
from bursar.keeper.watching import FollowAlone, StoreWatcher
from bursar.store.alerts import Whose
from bursar.store.audit_heads import build_head_keeper
from bursar.store.audit_log import AuditLog
from bursar.store.database import Database
from bursar.store.receipt_keys import ReceiptKeyFile
from bursar.store.refusal_spool import RefusalSpool
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_leases import LEASE_SECONDS, Lease
from bursar.store.sending_shares import Shares
from bursar.types import Address, checksummed


@dataclass(frozen=True, slots=True)
class BookPlaces:
    """
    What the books are kept with: the Safe whose owners sign, where heads of the audit are told (a
    file or a URL), the file of the receipt key, and that of refusals on their way in. Every
    `anchor_every` seconds the head is written into the chain; None for never.
    """

    safe: Address
    heads: str | None = None
    receipt_key: Path | None = None
    refusals: Path | None = None
    anchor_every: int | None = None


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
    alerts: AlertPlaces | None = None,
    receipts: Receipts = Receipts.RECENT,
    lease_seconds: float = LEASE_SECONDS,
    **options: Any,
) -> Iterator[Keeper]:
    """
    A keeper on the database at `store` (`sqlite:///<file>` or `postgresql://…`), for the length of
    the block; afterwards another process may have its key at once. Blocks deeper than `depth` are
    final. Without `books` nothing is audited, without `alerts` nobody is told. Others that share
    the store take over what is this one's `lease_seconds` after it has fallen silent. `options` are
    the Keeper's.

    Raises StoreError: StoreInUseError where another process writes to the SQLite file.
    """
    sender_address = checksummed(key.address)
    with Database.open(store) as database:
        shares = Shares(
            database,
            chain_id,
            organization,
            sender_address,
            part_of=partial(part_of, organization),
            seconds=lease_seconds,
        )
        same: dict[str, Any] = {"seconds": lease_seconds, "holder": shares.holder}
        name = f"key:{chain_id}:{sender_address}"
        lease = Lease(database, name, **same)
        journal = SqlJournal(database, chain_id, sender_address, lease=lease, fence=shares.check)
        sender = Sender(client, key, chain_id=chain_id, patience=patience, journal=journal)
        turn_lease = following_lease(database, chain_id, organization, **same)
        urls = [client.rpc.url] + ([witness.rpc.url] if witness is not None else [])
        # Who was away while another followed writes nothing of what it has seen before.
        in_turn = database.fenced(turn_lease.check)
        following = Following(
            in_turn,
            Endpoints([Endpoint(url) for url in urls]),
            organization,
            chain_id=chain_id,
            first=first,
            depth=depth,
            receipts=receipts,
            on_step=_holding(turn_lease),
        )
        whose = Whose(chain_id, organization)
        beside = alerting(database, client.rpc.url, whose, alerts, by=sender_address)
        with closing(FollowAlone(following)) as follow, beside as shown:
            turn, node = Turn(turn_lease, follow), ClientNode(client)
            where: dict[str, Any] = {"chain_id": chain_id, "organization": organization}
            watcher = StoreWatcher(database, turn, by=sender_address, node=node, **where)
            kept = None
            if books is not None:
                build = partial(build_books, in_turn, client, places=books, sender=sender, **where)
                kept = BooksInTurn(turn, build)
            crew = Crew(
                shares, turn, database, client, chain_id=chain_id, by=sender_address, depth=depth
            )
            yield Keeper(
                node,
                sender,
                organization,
                watcher=shown(watcher),
                witness=ClientNode(witness) if witness is not None else None,
                notices=notices or OutboxNotices(database),
                books=kept,
                sharing=crew,
                **options,
            )
        crew.leave()
        # Last: whoever has waited for the key then finds that everything else is free.
        lease.give_up()


def build_books(
    database: Database,
    client: Client,
    organization: Address,
    chain_id: int,
    places: BookPlaces,
    *,
    sender: Sender | None = None,
) -> Books:
    """
    Who writes down what `database` has of the organisation. `sender` sends the anchors.
    """
    declarations = None
    if places.receipt_key is not None:
        keys = ReceiptKeyFile(places.receipt_key)
        declarations = Declarations(database, chain_id, organization, keys.load)
    log = AuditLog(database, chain_id, organization)
    anchors = None
    if sender is not None and places.anchor_every is not None:
        node = ClientNode(client)
        anchors = Anchors(log, node, sender, client.fetch_now, every=places.anchor_every)
    return Books(
        log,
        CarrierReader(client, places.safe),
        heads=build_head_keeper(places.heads) if places.heads else None,
        declarations=declarations,
        spools=[RefusalSpool(places.refusals)] if places.refusals is not None else [],
        failures=FailureReader(client),
        anchor=anchors.send if anchors is not None else None,
    )


def _holding(turn: Lease) -> Callable[[Step], None]:
    """
    Renews the turn at each step: the first look at a long chain takes longer than a lease lasts.
    """

    def hold(_: Step) -> None:
        turn.hold()

    return hold
