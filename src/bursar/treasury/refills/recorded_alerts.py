"""
The alerts that a store has recorded, for the report; and the end of those that a refill settles.

    store → fetch_alerts → the report;   clear_low_balance → cleared by the refill, with its hash
"""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from bursar.book import AddressBook
from bursar.config import AlertKind
from bursar.store.alert_clearing import ToClear, clear_by_hand
from bursar.store.alerts import StoredAlert, Whose, fetch_alerts, fetch_of_wallet
from bursar.store.database import Database, Work
from bursar.store.engines import parse_url, sqlite_path
from bursar.treasury.refills.evidence import Alert
from bursar.types import Address, Bytes32


class RecordedAlerts:
    """
    Those of an organisation, in the database at `url`. Without a store nobody recorded any: reading
    makes none.
    """

    def __init__(
        self, url: str, book: AddressBook, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.url = url
        self._whose = Whose(book.chain_id, book.organization)
        self._clock = clock

    def fetch_alerts(self, first: int, end: int) -> Sequence[Alert] | None:
        """
        Those that were raised from `first` until before `end`, and before them those that are still
        open from earlier. Raises StoreError.
        """

        def read(connection: Connection) -> list[StoredAlert]:
            earlier = fetch_alerts(connection, self._whose, is_open=True, until=first)
            return earlier + fetch_alerts(connection, self._whose, since=first, until=end)

        found = self._read(read)
        return None if found is None else [_as_evidence(one) for one in found]

    def clear_low_balance(
        self, wallet: Address, token: Address, by: str, ref: Bytes32, block: int
    ) -> int | None:
        """
        Clear those of a wallet's token that are open and were found before `block`, as settled by
        the refill with the reference `ref` in it, which the person `by` finishes. How many the
        refill has settled: the keeper may have seen it come, and cleared them. Raises StoreError,
        ClearError.
        """
        who = f"refill 0x{ref.hex()}"

        def read(connection: Connection) -> list[StoredAlert]:
            kind = AlertKind.BALANCE_LOW
            known = fetch_of_wallet(connection, self._whose, kind, wallet, token, who)
            # What was found since is another shortage.
            return [one for one in known if one.found.block < block]

        found = self._read(read)
        if found is None:
            return None
        why, now = f"Refilled, and finished by {by}.", int(self._clock())
        wanted = [
            ToClear(self._whose, one.id, who, why, now, ended=True) for one in found if one.is_open
        ]
        if wanted:
            clear_by_hand(self.url, wanted)
        return len(found)

    def _read(self, work: Work[list[StoredAlert]]) -> list[StoredAlert] | None:
        path = sqlite_path(parse_url(self.url))
        if path is not None and not path.exists():
            return None
        with Database.open(self.url, read_only=True) as database:
            return database.read(work)


def _as_evidence(alert: StoredAlert) -> Alert:
    found = alert.found
    return Alert(at=found.block_at, kind=found.kind, text=found.text, cleared_at=alert.cleared_at)
