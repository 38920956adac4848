"""
A follower in a process of its own, to be killed: URL of the node, organisation, URL of the store.
"""

from __future__ import annotations

import asyncio
import sys

from bursar.chain.errors import ChainError
from bursar.chain.follower import Endpoint, Endpoints, HaltedError
from bursar.keeper.following import Following
from bursar.store.database import Database
from bursar.types import checksummed
from tests.integration.followed import DEPTH


async def main(url: str, organization: str, store: str) -> None:
    """
    Follow until killed.
    """
    with Database.open(store) as database:
        following = Following(
            database,
            Endpoints([Endpoint(url)]),
            checksummed(organization),
            chain_id=31337,
            depth=DEPTH,
        )
        print("begun", flush=True)
        while True:
            try:
                progress = await following.run_once()
                print(progress.block, flush=True)
            except HaltedError:
                raise
            except ChainError as error:
                print(error, flush=True)
            await asyncio.sleep(0.005)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
