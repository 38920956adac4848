"""
`bursar keeper rebuild`: read the chain into the store once more.
"""

import asyncio
from typing import Annotated

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption, reporting, say_json
from bursar.cli.storing import StoreOption


def rebuild(
    database: StoreOption = None,
    final_after: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="BLOCKS", help="How deep a block is final. Default: 64; a devnet's: 0."
        ),
    ] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Read the chain into the store once more, from the organisation's first block on.

    Needed after a reorganisation deeper than what counts as final, which stops a keeper. Only what
    is derived from the chain is thrown away; the audit and what was decided and sent stay. Nothing
    is sent. Stop the keeper first: while it runs on this store, this is refused.

    Example: bursar keeper rebuild --database sqlite:///bursar.db
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.chain.follower import DEPTH
        from bursar.cli.place import Place
        from bursar.cli.storing import find_database
        from bursar.keeper.following_rebuild import rebuild as rebuild_store
        from bursar.store.database import Database

        place = Place.find(rpc_url, book)
        known = place.office.book
        usual = 0 if place.is_devnet else DEPTH
        with Database.open(find_database(place, database)) as store:
            progress = asyncio.run(
                rebuild_store(
                    store,
                    [place.office.client.rpc.url],
                    known.organization,
                    chain_id=known.chain_id,
                    first=known.block,
                    depth=usual if final_after is None else final_after,
                )
            )
        if as_json:
            found = {"block": progress.block, "events": progress.events}
            say_json({"ok": True, **found, "behind": progress.behind})
        else:
            typer.echo(f"Read {progress.events} events up to block {progress.block}.")
