"""
Reading the chain anew: what is derived from it is thrown away and comes back the same.

    lease → empty → follow to the latest block → Progress
"""

from collections.abc import Callable, Sequence
from typing import Any

from bursar.chain.follower import DEPTH, Endpoint, Endpoints, Rollback, Step
from bursar.keeper.following import Following, Progress
from bursar.store.database import Database
from bursar.store.sending_leases import Lease
from bursar.types import Address


def following_lease(
    database: Database, chain_id: int, organization: Address, **options: Any
) -> Lease:
    """
    The right to follow an organisation into a store that several keepers share.
    """
    return Lease(database, following_name(chain_id, organization), **options)


def following_name(chain_id: int, organization: Address) -> str:
    """
    What that right is called.
    """
    return f"follow:{chain_id}:{organization}"


async def rebuild(
    database: Database,
    urls: Sequence[str],
    organization: Address,
    *,
    chain_id: int,
    first: int = 0,
    depth: int = DEPTH,
    on_block: Callable[[int], None] | None = None,
) -> Progress:
    """
    Empty the tables that are derived from the chain and read them again from block `first` on.
    Nothing is sent, and nothing else in the store is touched. Interrupted, it is begun again, or a
    keeper goes on where it stopped. `events` counts those of the whole history.

    Raises LeaseHeldError while a keeper that shares the store runs, ChainError, StoreError.
    """
    lease = following_lease(database, chain_id, organization)
    lease.hold()

    def on_step(step: Step) -> None:
        lease.hold()
        if on_block is not None and not isinstance(step, Rollback):
            on_block(step.tip.number)

    following = Following(
        database,
        Endpoints([Endpoint(url) for url in urls]),
        organization,
        chain_id=chain_id,
        first=first,
        depth=depth,
        on_step=on_step,
    )
    try:
        await following.empty()
        return await following.run_once()
    finally:
        await following.close()
        await following.endpoints.close()
        lease.give_up()
