"""
Where refills are kept, and the files that they speak of.
"""

import hashlib
from pathlib import Path
from typing import Final

from bursar.cli.place import BOOK, Place
from bursar.config import load_treasury
from bursar.devnet import load_devnet_treasury
from bursar.receipts import ReceiptKeys
from bursar.store.key_file import load_receipt_keys
from bursar.treasury.refills.errors import UnknownRefillError
from bursar.treasury.refills.evidence import Source
from bursar.treasury.refills.folder import RefillFolder
from bursar.treasury.refills.reporting import FileRead

REFILLS: Final = "BURSAR_REFILLS"
RECEIPT_KEYS: Final = "BURSAR_RECEIPT_KEY_FILE"
_DEVNETS_OWN: Final = "the devnet's own treasury.yaml"


def find_folder(place: Place, book: str | None) -> RefillFolder:
    """
    The folder of an organisation: in BURSAR_REFILLS, else beside the address book.
    """
    own = place.office.book
    beside = Path(book or place.environment[BOOK]).expanduser().parent / "refills"
    folder = Path(place.environment.get(REFILLS) or beside).expanduser()
    return RefillFolder(folder, own.chain_id, own.organization)


def read_file(path: str) -> FileRead:
    """
    The treasury.yaml of a refill; "" is a devnet's own. Raises BursarError.
    """
    if not path:
        treasury = load_devnet_treasury(None)
        digest = hashlib.sha256(treasury.model_dump_json().encode()).hexdigest()
        return FileRead(treasury, Source(name=_DEVNETS_OWN, sha256=digest))
    if not Path(path).exists():
        raise UnknownRefillError(
            f"{path}, which the refill was begun with, is gone: put it back, or report again."
        )
    treasury = load_treasury(Path(path))
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return FileRead(treasury, Source(name=Path(path).name, sha256=digest))


def find_receipt_keys(place: Place) -> ReceiptKeys | None:
    """
    The keys that tell which payments were declared, where somebody has named them.
    """
    named = place.environment.get(RECEIPT_KEYS)
    path = Path(named).expanduser() if named else None
    return load_receipt_keys(path) if path is not None and path.exists() else None
