"""
Writing down what was found and what came of it, with what there is to tell of both.

    Changes → one transaction: alerts raised, cleared, ended + a message for each channel
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from bursar.alerts.messages import Audience, Telling, cleared, plain, put_messages, raised
from bursar.alerts.watches import Changes
from bursar.store.alerts import Found, StoredAlert, Whose, clear_alert, end_alert, raise_alert


class Clearing(NamedTuple):
    """
    By whom or what an alert is cleared, and why.
    """

    by: str
    why: str


class Recorder(NamedTuple):
    """
    Who writes down the alerts of an audience: `by` an account, at `now` (Unix seconds).
    """

    audience: Audience
    by: str
    now: int

    @property
    def whose(self) -> Whose:
        """
        The organisation.
        """
        return self.audience.whose

    def record(
        self,
        connection: Connection,
        changes: Changes,
        explain: Callable[[StoredAlert, str], Clearing],
    ) -> None:
        """
        Everything that has changed. `explain` says who has cleared an alert that has ended.
        """
        for alert, why in changes.ended:
            if alert.is_open:
                self.clear(connection, alert.id, explain(alert, why))
            end_alert(connection, self.whose, alert.id, now=self.now)
        self.raise_all(connection, changes.raised)

    def raise_all(self, connection: Connection, found: Iterable[Found]) -> None:
        """
        Those that are not there yet.
        """
        for one in found:
            said = one._replace(text=plain(one.text))
            alert = raise_alert(connection, self.whose, said, by=self.by, now=self.now)
            if alert is not None:
                self._put(connection, raised(alert))

    def clear(self, connection: Connection, id: int, clearing: Clearing) -> StoredAlert | None:
        """
        One that is open; None for any other.
        """
        by, why = clearing
        alert = clear_alert(connection, self.whose, id, by=by, why=why, now=self.now)
        if alert is not None:
            self._put(connection, cleared(alert))
        return alert

    def _put(self, connection: Connection, telling: Telling) -> None:
        put_messages(connection, self.audience, [telling], now=self.now)
