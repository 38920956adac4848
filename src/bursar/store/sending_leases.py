"""
One writer per key, also where several processes share a database.

    Lease.hold() → epoch      lease.check(connection), inside every transaction that writes

Whoever holds a lease renews it. Once it has lapsed another may take it, with a higher epoch. What
a process that was frozen in between then tries to write is refused, because its epoch is old.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from bursar.store.database import Database
from bursar.store.errors import StoreError
from bursar.store.inserting import insert_new
from bursar.store.sending_tables import leases

# Longer than any pause of a healthy process, and a dead one's work is taken up within the minute.
LEASE_SECONDS: Final = 30.0
# No process takes one for longer.
_LONGEST_SECONDS: Final = 600.0


class LeaseHeldError(StoreError):
    """
    Another process writes for this key. It is no fault: wait, and take over when it ends.
    """


class LeaseLostError(StoreError):
    """
    Another process has taken over while this one was away: nothing of the transaction was kept.
    """


def build_holder() -> str:
    """
    What tells one process from all others.
    """
    return secrets.token_hex(8)


class Lease:
    """
    The right to write for `name`. `holder` is common to all leases of a process. On SQLite nobody
    else writes to the file, so that the right of a process that has died is there to be taken at
    once.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        seconds: float = LEASE_SECONDS,
        holder: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.holder = holder or build_holder()
        self.epoch = 0
        self._database = database
        self._seconds = seconds
        self._clock = clock
        self._held_at = float("-inf")

    @property
    def is_shared(self) -> bool:
        """
        Whether another process may want it.
        """
        return not self._database.is_sqlite

    def hold(self) -> int:
        """
        Take the lease, or renew it where a third of its time is over. Returns the epoch: another
        one than before says that somebody else may have written in between.

        Raises LeaseHeldError while another process has it.
        """
        now = self._clock()
        if now - self._held_at >= self._seconds / 3:
            if not self._database.is_sqlite:
                self._database.write(_shorten, repeatable=True)
            self.epoch = self._database.write(self._take, repeatable=True)
            self._held_at = now
        return self.epoch

    def check(self, connection: Connection) -> int:
        """
        The epoch, where it is still this process that holds it; nobody takes it before this
        transaction ends. Raises LeaseLostError.
        """
        row = self._read(connection)
        if row is None or (row.holder, row.epoch) != (self.holder, self.epoch):
            self._held_at = float("-inf")
            raise LeaseLostError(
                f"Another process writes for {self.name} since this one was away. Nothing was "
                "written and nothing sent; this one waits until the other ends."
            )
        return self.epoch

    def give_up(self) -> None:
        """
        Let the next one have it at once. Harmless where it is another's already.
        """
        mine = (leases.c.name == self.name) & (leases.c.epoch == self.epoch)
        mine &= leases.c.holder == self.holder
        self._database.write(lambda c: c.execute(update(leases).where(mine).values(until=0)))
        self._held_at = float("-inf")

    def _take(self, connection: Connection) -> int:
        now = read_clock(connection)
        until = now + int(self._seconds * 1_000)
        first = {"name": self.name, "holder": self.holder, "epoch": 1, "until": until}
        row = self._read(connection, exclusive=True)
        if row is None and insert_new(connection, leases, first):
            return 1
        # Of two that are the first ones one has made the row meanwhile.
        row = row or self._read(connection, exclusive=True)
        assert row is not None
        mine = (row.holder, row.epoch) == (self.holder, self.epoch)
        if not mine and row.until > now and not self._database.is_sqlite:
            raise LeaseHeldError(
                f"Another process writes for {self.name}, for {(row.until - now) / 1000:.0f} s at "
                "least. Give each process a key of its own, or let this one wait."
            )
        epoch = int(row.epoch) if mine else int(row.epoch) + 1
        changed = {"holder": self.holder, "epoch": epoch, "until": until}
        connection.execute(update(leases).where(leases.c.name == self.name).values(changed))
        return epoch

    def _read(self, connection: Connection, *, exclusive: bool = False) -> "Row[Any] | None":
        wanted = select(leases).where(leases.c.name == self.name)
        return connection.execute(wanted.with_for_update(read=not exclusive)).one_or_none()


def find_holder(connection: Connection, name: str) -> str | None:
    """
    Who has the lease of that name, if it has not lapsed.
    """
    wanted = select(leases.c.holder).where(
        leases.c.name == name, leases.c.until > read_clock(connection)
    )
    return connection.execute(wanted).scalar_one_or_none()


def _shorten(connection: Connection) -> None:
    """
    A lease that lasts for hours was taken before the server's clock was set back. Who lives renews
    it; who has died must not keep others waiting for so long.
    """
    now = read_clock(connection)
    connection.execute(
        update(leases)
        .where(leases.c.until > now + int(_LONGEST_SECONDS * 1_000))
        .values(until=now + int(LEASE_SECONDS * 1_000))
    )


def read_clock(connection: Connection) -> int:
    """
    Unix milliseconds: of the server, where processes on several machines share it.
    """
    if connection.dialect.name == "sqlite":
        return int(time.time() * 1_000)
    seconds = connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar()
    return int(float(seconds or 0) * 1_000)
