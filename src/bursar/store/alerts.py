"""
What people were told without asking: when it was found, in which words, and what came of it.

    raise_alert → open → clear_alert (somebody has dealt with it) → end_alert (it is no longer so)

Of one kind and subject there is one alert that has not ended, however often and by how many it is
found: the database says so. What somebody clears while it is still so is not raised again before
it has ended.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Index, String, Table, Text, and_, or_, select, update
from sqlalchemy import text as sql

from bursar.store.columns import count_column, id_column
from bursar.store.inserting import insert_new
from bursar.store.metadata import AddressColumn, metadata
from bursar.types import Address

LONGEST_SUBJECT: Final = 300
LONGEST_NAME: Final = 200
_NOT_ENDED: Final = sql("ended_at IS NULL")

ALERTS: Final = Table(
    "alerts",
    metadata,
    id_column(),
    count_column("chain_id"),
    Column("organization", AddressColumn, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject", String(LONGEST_SUBJECT), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("wallet", AddressColumn),
    Column("token", AddressColumn),
    Column("agent", AddressColumn),
    Column("text", Text, nullable=False),
    Column("figures", Text, nullable=False),
    # The block that it was found at, and its time; the machine's own clock is `raised_at`.
    count_column("block"),
    count_column("block_at", index=True),
    count_column("raised_at"),
    Column("raised_by", String(64), nullable=False),
    count_column("cleared_at", nullable=True),
    Column("cleared_by", String(LONGEST_NAME)),
    Column("cleared_why", Text),
    count_column("ended_at", nullable=True),
    Index(
        "uq_alerts_not_ended",
        *("chain_id", "organization", "kind", "subject"),
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
)


class Found(NamedTuple):
    """
    Something to tell. `figures` are names and plain values, amounts as decimal strings of base
    units; `block` and `block_at` (Unix seconds) are where it was seen.
    """

    kind: str
    subject: str
    severity: str
    wallet: Address | None
    token: Address | None
    agent: Address | None
    text: str
    figures: Mapping[str, Any]
    block: int
    block_at: int


class Whose(NamedTuple):
    """
    The organisation that alerts are about.
    """

    chain_id: int
    organization: Address


class StoredAlert(NamedTuple):
    """
    An alert with what came of it. Times are Unix seconds. `cleared_at` is None while it is open;
    `ended_at` while what was found is still so.
    """

    id: int
    found: Found
    raised_at: int
    raised_by: str
    cleared_at: int | None
    cleared_by: str | None
    cleared_why: str | None
    ended_at: int | None

    @property
    def is_open(self) -> bool:
        """
        Whether nobody has dealt with it, and it has not gone by itself.
        """
        return self.cleared_at is None

    def as_json(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        plain = self._asdict()
        found = plain.pop("found")._asdict()
        return {"id": plain.pop("id"), **found, **plain, "open": self.is_open}


def raise_alert(
    connection: Connection, whose: Whose, found: Found, *, by: str, now: int
) -> StoredAlert | None:
    """
    Keep it; None where one of its kind and subject has not ended yet.
    """
    row = {**whose._asdict(), **found._asdict(), "raised_at": now, "raised_by": by}
    row["figures"] = json.dumps(found.figures, sort_keys=True, separators=(",", ":"))
    if not insert_new(connection, ALERTS, row):
        return None
    same = and_(ALERTS.c.kind == found.kind, ALERTS.c.subject == found.subject)
    (alert,) = _fetch(connection, whose, same, ALERTS.c.ended_at.is_(None))
    return alert


def clear_alert(
    connection: Connection, whose: Whose, id: int, *, by: str, why: str, now: int
) -> StoredAlert | None:
    """
    Somebody or something has dealt with it. The alert; None where it is not open.
    """
    columns = ALERTS.c
    mine = and_(*_of(whose), columns.id == id, columns.cleared_at.is_(None))
    values = {"cleared_at": now, "cleared_by": by, "cleared_why": why}
    done = connection.execute(update(ALERTS).where(mine).values(values).returning(columns.id))
    if done.first() is None:
        return None
    return find_alert(connection, whose, id)


def end_alert(connection: Connection, whose: Whose, id: int, *, now: int) -> None:
    """
    It is no longer so: found once more, it is a new alert.
    """
    mine = and_(*_of(whose), ALERTS.c.id == id, ALERTS.c.ended_at.is_(None))
    connection.execute(update(ALERTS).where(mine).values(ended_at=now))


def find_alert(connection: Connection, whose: Whose, id: int) -> StoredAlert | None:
    """
    The one of that number.
    """
    return next(iter(_fetch(connection, whose, ALERTS.c.id == id)), None)


def fetch_not_ended(
    connection: Connection, whose: Whose, kinds: Sequence[str]
) -> list[StoredAlert]:
    """
    Those of these kinds that are still so as far as anybody knows, cleared or not.
    """
    return _fetch(connection, whose, ALERTS.c.ended_at.is_(None), ALERTS.c.kind.in_(kinds))


def fetch_alerts(
    connection: Connection,
    whose: Whose,
    *,
    is_open: bool = False,
    since: int | None = None,
    until: int | None = None,
) -> list[StoredAlert]:
    """
    In the order in which they were raised: those of blocks from `since` until before `until` (Unix
    seconds), or only those that are open.
    """
    wanted: list[Any] = [ALERTS.c.cleared_at.is_(None)] if is_open else []
    wanted += [ALERTS.c.block_at >= since] if since is not None else []
    wanted += [ALERTS.c.block_at < until] if until is not None else []
    return _fetch(connection, whose, *wanted)


def fetch_of_wallet(
    connection: Connection, whose: Whose, kind: str, wallet: Address, token: Address, by: str
) -> list[StoredAlert]:
    """
    Those of a kind about a wallet's token that are open, or were cleared by `by`.
    """
    columns = ALERTS.c
    about = and_(columns.kind == kind, columns.wallet == wallet, columns.token == token)
    return _fetch(
        connection, whose, about, or_(columns.cleared_at.is_(None), columns.cleared_by == by)
    )


def _fetch(connection: Connection, whose: Whose, *wanted: Any) -> list[StoredAlert]:
    query = select(ALERTS).where(*_of(whose), *wanted).order_by(ALERTS.c.id)
    return [_read(row) for row in connection.execute(query).mappings()]


def _read(row: Mapping[Any, Any]) -> StoredAlert:
    values = {name: row[name] for name in Found._fields}
    values["figures"] = json.loads(values["figures"])
    others = {name: row[name] for name in StoredAlert._fields if name != "found"}
    return StoredAlert(found=Found(**values), **others)


def _of(whose: Whose) -> tuple[Any, Any]:
    columns = ALERTS.c
    return columns.chain_id == whose.chain_id, columns.organization == whose.organization
