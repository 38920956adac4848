"""
A keeper with everything that it remembers in one database: what it sends, what it has seen, and
what there is to tell.

    store URL, node URL, key → keeping → Keeper
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.chain.client import Client
from bursar.chain.follower import DEPTH, Endpoint, Endpoints
from bursar.chain.sending import Patience, Sender
from bursar.keeper.following import Following
from bursar.keeper.node import ClientNode
from bursar.keeper.notices import Notices
from bursar.keeper.outbox import OutboxNotices
from bursar.keeper.service import Keeper
from bursar.keeper.settings import KEEPER_PATIENCE
from bursar.keeper.watching import FollowAlone, StoreWatcher
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from bursar.types import Address, checksummed


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
    **options: Any,
) -> Iterator[Keeper]:
    """
    A keeper on the database at `store` (`sqlite:///<file>` or `postgresql://…`), for the length of
    the block; afterwards another process may have its key at once. `options` are the Keeper's.

    Raises StoreError: StoreInUseError where another process writes to the SQLite file.
    """
    sender_address = checksummed(key.address)
    with Database.open(store) as database:
        journal = SqlJournal(database, chain_id, sender_address)
        sender = Sender(client, key, chain_id=chain_id, patience=patience, journal=journal)
        following = Following(
            database,
            Endpoints([Endpoint(client.rpc.url)]),
            organization,
            chain_id=chain_id,
            first=first,
            depth=depth,
        )
        with closing(FollowAlone(following)) as follow:
            watcher = StoreWatcher(
                database, follow, chain_id=chain_id, organization=organization, by=sender_address
            )
            yield Keeper(
                ClientNode(client),
                sender,
                organization,
                watcher=watcher,
                notices=notices or OutboxNotices(database),
                **options,
            )
        journal.lease.give_up()
