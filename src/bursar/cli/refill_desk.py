"""
Opening an organisation's refills for the commands of `bursar refill`, and reading what is asked
of them.
"""

from pathlib import Path
from typing import NamedTuple

from bursar.cli.place import Place
from bursar.cli.refill_places import find_folder, find_receipt_keys, read_file
from bursar.cli.safe_place import SafePlace
from bursar.cli.storing import find_database
from bursar.config import parse_amount, to_base_units
from bursar.config.problems import WrongError
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.errors import RefillError
from bursar.treasury.refills.folder import RefillFolder
from bursar.treasury.refills.record import Refill
from bursar.treasury.refills.recorded import RecordedRefusals
from bursar.treasury.refills.recorded_alerts import RecordedAlerts
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.watching import LiveViews
from bursar.types import Address

# Where nobody names one. A devnet's own stands in for this one alone: a mistyped name is no wish
# to have something else compared.
USUAL_FILE = Path("treasury.yaml")


class Opened(NamedTuple):
    """
    The desk, the place it stands in, and where the treasury.yaml lies ("" for a devnet's own).
    """

    place: Place
    desk: RefillDesk
    file: str


def open_folder(rpc_url: str | None, book: str | None) -> RefillFolder:
    """
    Where an organisation's refills are kept: in BURSAR_REFILLS, else beside the address book.
    Raises BursarError.
    """
    return find_folder(Place.find(rpc_url, book), book)


def open_desk(rpc_url: str | None, book: str | None, file: Path) -> Opened:
    """
    The desk for a new report. Raises BursarError.
    """
    safe = SafePlace.find(rpc_url, book)
    own = file == USUAL_FILE and not file.exists() and safe.place.is_devnet
    if not own and not file.exists():
        raise RefillError(f"{file} is not there: name the treasury.yaml to compare the chain with.")
    path = "" if own else str(file.absolute())
    return _open(safe, book, path)


def open_refill(rpc_url: str | None, book: str | None, id: str | None) -> tuple[Opened, Refill]:
    """
    A refill that was begun, with the treasury.yaml that it was begun with. Raises BursarError.
    """
    safe = SafePlace.find(rpc_url, book)
    found = find_folder(safe.place, book).find(id)
    return _open(safe, book, found.file), found


def _open(safe: SafePlace, book: str | None, path: str) -> Opened:
    place = safe.place
    reporter = Reporter(
        place.office,
        LiveViews(place.office),
        read_file(path),
        receipts=find_receipt_keys(place),
        alerts=RecordedAlerts(find_database(place), place.book),
        refusals=RecordedRefusals(find_database(place), place.book),
    )
    return Opened(place, RefillDesk(reporter, find_folder(place, book), safe.desk), path)


def read_wishes(opened: Opened, wallets: list[str], to: list[str], days: int) -> Wishes:
    """
    What the options ask for. Raises BookError, RefillError.
    """
    book = opened.place.book
    balances = dict(_read_balance(opened, each) for each in to)
    only = frozenset(map(book.find_wallet, wallets)) if wallets else None
    left_out = [address for address, _ in balances if only is not None and address not in only]
    if left_out:
        name = book.name_of(left_out[0])
        raise RefillError(f"--to names {name}, and --wallet leaves it out: drop one of them.")
    return Wishes(wallets=only, balances=balances, days=days)


def _read_balance(opened: Opened, text: str) -> tuple[tuple[Address, Address], int]:
    name, colon, rest = text.partition(":")
    symbol, equals, amount = rest.partition("=")
    if not colon or not equals:
        raise RefillError(f"--to {text!r}: write it as trading:USDC=50000.")
    wallet = opened.place.book.find_wallet(name)
    _, token = opened.place.book.find_token(symbol)
    try:
        units = to_base_units(parse_amount(amount), token.decimals)
    except WrongError as wrong:
        raise RefillError(f"--to {text!r}: {wrong.message}; {wrong.fix}.") from wrong
    return (wallet, token.address), units
