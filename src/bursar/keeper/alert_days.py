"""
Days that are unlike an agent's other days, for the alerts: today from the state, the others from
the store, read once a day.

    Sight + store → Days.find_new → Found, each once
"""

from sqlalchemy import Connection

from bursar.alerts.rules import Balances, Names, Sight
from bursar.alerts.unusual import Past, find_unusual
from bursar.alerts.usual import MOST_DAYS
from bursar.store.alerts import Found, Whose
from bursar.store.chain_writer import find_cursor
from bursar.store.database import Database
from bursar.store.day_sums import fetch_day_sums
from bursar.types import DAY


class Days:
    """
    What was usual for `whose` agents.
    """

    def __init__(self, database: Database, whose: Whose) -> None:
        self._database = database
        self._whose = whose
        self._today = -1
        self._past: Past = {}
        self._told: set[str] = set()

    def find_new(
        self, sight: Sight, balances: Balances, names: Names, sensitivity: str | None
    ) -> list[Found]:
        """
        What this process has not found yet; the store knows what others have. Raises StoreError.
        """
        if sensitivity is None:
            return []
        self._begin(sight.at // DAY)
        found = find_unusual(sight, self._past, balances, names, sensitivity)
        return [one for one in found if one.subject not in self._told]

    def note(self, found: list[Found]) -> None:
        """
        They are in the store.
        """
        self._told |= {one.subject for one in found}

    def _begin(self, today: int) -> None:
        if today == self._today:
            return
        self._past = self._database.read(lambda c: self._fetch(c, today))
        self._today, self._told = today, set()

    def _fetch(self, connection: Connection, today: int) -> Past:
        cursor = find_cursor(connection, *self._whose)
        if cursor is None:
            return {}
        since = (today - MOST_DAYS) * DAY
        return fetch_day_sums(connection, cursor.source, since=since, until=today * DAY)
