"""
Which alerts a command is about: the organisation's, in its store, read without a node.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.book import AddressBook, BookError
from bursar.cli.audit_place import default_url
from bursar.cli.place import BOOK, read_environment
from bursar.store.alerts import StoredAlert, Whose, fetch_alerts, find_alert
from bursar.store.database import Database
from bursar.store.engines import parse_url, sqlite_path

if TYPE_CHECKING:
    from rich.console import Group

    from bursar.cli.place import Place


@dataclass(frozen=True)
class AlertsPlace:
    """
    Whose alerts, and the address of the store.
    """

    url: str
    name: str
    whose: Whose

    @classmethod
    def find(cls, database: str | None, book: str | None) -> "AlertsPlace":
        """
        Those of the address book's organisation. Raises BursarError.
        """
        environment = read_environment(book)
        path = book or environment.get(BOOK)
        if not path:
            raise BookError(
                f"No organisation is named: set {BOOK} to an address book, give --book, or start "
                "`bursar devnet` in this folder."
            )
        known = AddressBook.load(Path(path).expanduser())
        url = database or default_url(environment, known, Path(path))
        return cls(url, known.name, Whose(known.chain_id, known.organization))

    def fetch(self, *, is_open: bool = False, since: int | None = None) -> list[StoredAlert]:
        """
        In the order in which they were raised. Raises StoreError.
        """
        with Database.open(self.url, read_only=True) as database:
            return database.read(
                lambda c: fetch_alerts(c, self.whose, is_open=is_open, since=since)
            )

    def find_one(self, id: int) -> StoredAlert | None:
        """
        The one of that number. Raises StoreError.
        """
        with Database.open(self.url, read_only=True) as database:
            return database.read(lambda c: find_alert(c, self.whose, id))


def fetch_open(place: "Place") -> list[StoredAlert] | None:
    """
    The open ones of a place's organisation; None where this machine has no store. Raises
    StoreError.
    """
    from bursar.cli.storing import find_database

    url, known = find_database(place), place.office.book
    path = sqlite_path(parse_url(url))
    if path is not None and not path.is_file():
        return None
    whose = Whose(known.chain_id, known.organization)
    return AlertsPlace(url, known.name, whose).fetch(is_open=True)


def add_open(place: "Place", drawn: "Group") -> "Group":
    """
    What is drawn, with a line about the open ones where there are any.
    """
    from rich.console import Group
    from rich.text import Text

    found = fetch_open(place)
    if not found:
        return drawn
    count = "1 alert is open" if len(found) == 1 else f"{len(found)} alerts are open"
    latest = f"{count} (bursar alerts --open). The latest: {found[-1].found.text}"
    return Group(*drawn.renderables, Text(), Text(latest, "yellow"))
