"""
Keepers with keys of their own share an organisation's work: each part of it is one keeper's at a
time.

    Shares.take(parts, …) → the parts that are mine      Shares.check(connection, key), as a fence

Who works says so by a lease of its own, and each part goes to one of those who do, by turns. That
is for balance only. What counts is the part's lease: it is checked in the transaction that journals
a signature, so that who was away while another took the part over can sign nothing for it.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from bursar.chain.sending import HandedOverError, Status
from bursar.store.database import Database
from bursar.store.sending_leases import (
    LEASE_SECONDS,
    Lease,
    LeaseHeldError,
    LeaseLostError,
    build_holder,
    read_clock,
)
from bursar.store.sending_tables import intents, leases
from bursar.types import Address, checksummed

# Who cannot send leaves its parts to the others for as long; then it tries again.
REST_SECONDS: Final = 60.0

# What the names of leases begin with.
_KEEPER: Final = "keeper:"
_PART: Final = "work:"


class Shares:
    """
    The share of `sender` in the work of `organization`. `part_of` says which part what a key names
    belongs to: a wallet or the organisation, None for what each keeper does for itself.
    """

    def __init__(
        self,
        database: Database,
        chain_id: int,
        organization: Address,
        sender: Address,
        *,
        part_of: Callable[[str], Address | None],
        holder: str | None = None,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder = holder or build_holder()
        self._database = database
        self._place = f"{chain_id}:{organization}"
        self._sender = sender
        self._part_of = part_of
        self._seconds = seconds
        self._clock = clock
        self._held: dict[Address, Lease] = {}
        self._works = self._build_lease(f"{_KEEPER}{self._place}:{sender}")
        self._rests_until = float("-inf")

    def take(
        self,
        parts: Sequence[Address],
        wanted: Collection[Address],
        busy: Collection[Address],
        *,
        able: bool = True,
    ) -> frozenset[Address]:
        """
        Which of `wanted` and `busy` are this keeper's until the next call. `parts` are all there
        are, in an order that every keeper sees alike. What it is `busy` with it keeps as long as it
        can, also when it is another's turn. Who is not `able` leaves everything to the others, if
        there are any.

        Raises LeaseHeldError where another process has the same key.
        """
        others = self._find_others()
        if others and not (able and self._clock() >= self._rests_until):
            self.give_up()
            return frozenset()
        self._works.hold()
        by_turns = sorted({*others, self._sender})
        for part in self._held.keys() - {*wanted, *busy}:
            self._release(part)
        return frozenset(
            part
            for part in sorted({*wanted, *busy})
            if self._try(part, mine=part in busy or _whose(part, parts, by_turns) == self._sender)
        )

    def rest(self) -> None:
        """
        Leave everything to the others for a while.
        """
        self._rests_until = self._clock() + REST_SECONDS

    def check(self, connection: Connection, key: str) -> None:
        """
        Raises HandedOverError where what `key` names is not this keeper's to do; nobody takes it
        over before this transaction ends.
        """
        part = self._part_of(key)
        if part is None:
            return
        lease = self._held.get(part)
        try:
            if lease is not None:
                lease.check(connection)
                return
        except LeaseLostError:
            self._held.pop(part, None)
        raise HandedOverError(
            f"{key} is another keeper's to do since this one was away. Nothing was signed."
        )

    def give_up(self) -> None:
        """
        Let the others have everything at once.
        """
        for part in list(self._held):
            self._release(part)
        self._works.give_up()

    def _try(self, part: Address, *, mine: bool) -> bool:
        """
        Hold a part, or let go of it. Whether it is held.
        """
        if not mine:
            self._release(part)
            return False
        lease = self._held.get(part) or self._build_lease(f"{_PART}{self._place}:{part}")
        try:
            lease.hold()
        except LeaseHeldError:
            self._held.pop(part, None)
            return False
        self._held[part] = lease
        return True

    def _release(self, part: Address) -> None:
        lease = self._held.pop(part, None)
        if lease is not None:
            lease.give_up()

    def _find_others(self) -> set[Address]:
        """
        On SQLite there are none: what a process that has died left behind counts for nothing.
        """
        if self._database.is_sqlite:
            return set()
        rows = self._database.read(lambda c: _fetch_live(c, f"{_KEEPER}{self._place}:"))
        return {row.what for row in rows} - {self._sender}

    def _build_lease(self, name: str) -> Lease:
        return Lease(
            self._database, name, seconds=self._seconds, holder=self.holder, clock=self._clock
        )


class Live(NamedTuple):
    """
    A lease that has not lapsed: of a keeper, or of a part of the work.
    """

    what: Address
    holder: str


class Signed(NamedTuple):
    """
    What another key has signed, and may still happen as far as is known here.
    """

    sender: Address
    nonce: int


def fetch_keepers(connection: Connection, chain_id: int, organization: Address) -> list[Live]:
    """
    Who works for an organisation now.
    """
    return list(_fetch_live(connection, f"{_KEEPER}{chain_id}:{organization}:"))


def fetch_parts(connection: Connection, chain_id: int, organization: Address) -> list[Live]:
    """
    What of its work is somebody's now.
    """
    return list(_fetch_live(connection, f"{_PART}{chain_id}:{organization}:"))


def fetch_signed_by_others(
    connection: Connection, chain_id: int, sender: Address, stem: str
) -> list[Signed]:
    """
    Signatures by accounts other than `sender` for what keys that begin with `stem` name, of which
    nobody has written down that they can do nothing any more.
    """
    columns = intents.c
    wanted = select(columns.sender, columns.nonce).where(
        columns.chain_id == chain_id,
        columns.sender != sender,
        columns.key.startswith(stem, autoescape=True),
        columns.nonce.is_not(None),
        columns.status != Status.ENDED,
    )
    return [Signed(row.sender, row.nonce) for row in connection.execute(wanted)]


def _fetch_live(connection: Connection, prefix: str) -> Iterable[Live]:
    columns = leases.c
    named = columns.name.startswith(prefix, autoescape=True)
    wanted = select(columns.name, columns.holder).where(
        named, columns.until > read_clock(connection)
    )
    return [
        Live(checksummed(row.name.removeprefix(prefix)), row.holder)
        for row in connection.execute(wanted.order_by(columns.name))
    ]


def _whose(part: Address, parts: Sequence[Address], by_turns: Sequence[Address]) -> Address | None:
    """
    Whose turn a part is. What nobody knows of is nobody's.
    """
    return by_turns[parts.index(part) % len(by_turns)] if part in parts else None
