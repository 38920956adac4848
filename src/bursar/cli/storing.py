"""
Which store a command uses, and what lies beside it.

    Place, --database → database, heads, refusals, receipt key
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from bursar.agent.denials import StoredDenials
    from bursar.cli.place import Place

_SQLITE: Final = "sqlite:///"

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///FILE or postgresql://…  Default: BURSAR_DATABASE_URL, else a file.",
    ),
]


def find_database(place: "Place", option: str | None = None) -> str:
    """
    The address of the place's store. Whether there is one, opening it tells.
    """
    from bursar.store.location import database_url

    known = place.office.book
    devnet = _devnet_folder(place)
    usual = database_url(place.environment, known.chain_id, known.organization, devnet=devnet)
    return option or usual


def find_heads(place: "Place") -> str | None:
    """
    Where the audit's last hash is told: a file or a URL; None for nowhere.
    """
    from bursar.store.location import heads_target

    known = place.office.book
    devnet = _devnet_folder(place)
    return heads_target(place.environment, known.chain_id, known.organization, devnet=devnet)


def find_anchor_interval(place: "Place") -> int | None:
    """
    How many seconds apart the audit's head is written into the chain; None for never. Raises
    BursarError.
    """
    from bursar.store.location import anchor_interval

    return anchor_interval(place.environment, is_local=place.office.book.devnet)


def find_spool(database: str) -> Path | None:
    """
    The file by which refusals reach a store whose one writer is another process; None for Postgres,
    where everybody may write.
    """
    if not database.startswith(_SQLITE):
        return None
    return Path(database.removeprefix(_SQLITE)).expanduser().with_suffix(".refusals")


def find_receipt_key(place: "Place") -> Path:
    """
    The file of the key that receipts are minted and verified with: a devnet's has its own.
    """
    # Here and not above, so that --help does not load what an agent needs.
    from bursar.agent.environment import BOOK, RECEIPT_KEY_FILE, Environment

    environment = Environment(place.environment)
    book = place.environment.get(BOOK)
    if place.is_devnet and book and not environment.has(RECEIPT_KEY_FILE):
        return Path(book).expanduser().with_suffix(".receipts")
    return environment.receipt_key_file()


def build_recorder(place: "Place") -> "StoredDenials | None":
    """
    Who brings what is denied into the audit: nobody where this machine has no store.
    """
    # Here and not above: most commands need no store.
    from bursar.agent.denials import StoredDenials
    from bursar.store.location import DATABASE_URL
    from bursar.store.refusal_spool import RefusalSpool, StoreRefusals

    url = find_database(place)
    spool = find_spool(url)
    if spool is None:
        return StoredDenials(StoreRefusals(url))
    named = place.is_devnet or bool(place.environment.get(DATABASE_URL))
    return StoredDenials(RefusalSpool(spool)) if named or spool.parent.exists() else None


def _devnet_folder(place: "Place") -> Path | None:
    """
    Everything of a devnet stays in the folder of its address book, and goes with it.
    """
    # Here and not above, so that --help does not load what an agent needs.
    from bursar.agent.environment import BOOK

    book = place.environment.get(BOOK)
    return Path(book).expanduser().parent if book and place.office.book.devnet else None
