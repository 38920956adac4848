"""
What is still to be told to somebody outside: alerts, notices, heads of the audit.

    put, in the transaction that causes it → claim → deliver → settle | postpone

A message is delivered at least once: its receiver tells a second copy by its topic and key.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    or_,
    select,
    update,
)

from bursar.store.columns import count_column, id_column
from bursar.store.inserting import insert_new
from bursar.store.metadata import metadata

LONGEST_TOPIC: Final = 128
_LONGEST_ERROR: Final = 500

OUTBOX: Final = Table(
    "outbox",
    metadata,
    id_column(),
    Column("topic", String(LONGEST_TOPIC), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", Text, nullable=False),
    count_column("created_at"),
    count_column("due_at", index=True),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(64)),
    count_column("claimed_until", nullable=True),
    Column("error", String(_LONGEST_ERROR)),
    count_column("done_at", nullable=True),
    UniqueConstraint("topic", "key"),
)


class Message(NamedTuple):
    """
    Something to tell. `attempts` counts this one.
    """

    id: int
    topic: str
    key: str
    payload: Mapping[str, Any]
    attempts: int


def put(
    connection: Connection, topic: str, key: str, payload: Mapping[str, Any], *, now: int
) -> bool:
    """
    Add a message, due at once. Whether it is new: one of each topic and key is ever told.
    """
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    # Not due `now`: another machine tells it, whose clock may be hours behind.
    row = {"topic": topic, "key": key, "payload": text, "created_at": now, "due_at": 0}
    return insert_new(connection, OUTBOX, row | {"attempts": 0})


def claim(
    connection: Connection, topic: str, *, by: str, now: int, seconds: int, limit: int = 100
) -> list[Message]:
    """
    Messages that are due and nobody else's, the oldest first; they are `by`'s for so many seconds,
    after which somebody else takes them, because `by` may be dead.
    """
    table = OUTBOX.c
    free = or_(table.claimed_until.is_(None), table.claimed_until <= now, table.claimed_by == by)
    due = and_(table.topic == topic, table.done_at.is_(None), table.due_at <= now, free)
    query = select(OUTBOX).where(due).order_by(table.id).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    if rows:
        mine = {"claimed_by": by, "claimed_until": now + seconds, "attempts": table.attempts + 1}
        ids = [row.id for row in rows]
        connection.execute(update(OUTBOX).where(table.id.in_(ids)).values(mine))
    return [
        Message(row.id, row.topic, row.key, json.loads(row.payload), row.attempts + 1)
        for row in rows
    ]


def find_due(connection: Connection, topics: Sequence[str], *, now: int) -> set[str]:
    """
    Those of `topics` that have something to be told `now`.
    """
    table = OUTBOX.c
    due = and_(table.topic.in_(topics), table.done_at.is_(None), table.due_at <= now)
    return set(connection.execute(select(table.topic).where(due).distinct()).scalars())


def has_waiting(connection: Connection, topic: str, *, after: int) -> bool:
    """
    Whether `fetch_waiting` would find anything.
    """
    table = OUTBOX.c
    waiting = and_(table.topic == topic, table.done_at.is_(None), table.id > after)
    return connection.execute(select(table.id).where(waiting).limit(1)).first() is not None


def fetch_waiting(connection: Connection, topic: str, *, after: int) -> list[Message]:
    """
    What nobody has been told yet of messages with an id above `after`, the oldest first, for who
    settles them in the same transaction.
    """
    table = OUTBOX.c
    waiting = and_(table.topic == topic, table.done_at.is_(None), table.id > after)
    query = select(OUTBOX).where(waiting).order_by(table.id)
    rows = connection.execute(query.with_for_update())
    return [
        Message(row.id, row.topic, row.key, json.loads(row.payload), row.attempts) for row in rows
    ]


def settle(connection: Connection, id: int, *, now: int) -> None:
    """
    It was told.
    """
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == id).values(done_at=now, error=None))


def postpone(connection: Connection, id: int, *, error: str, until: int) -> None:
    """
    It could not be told; try again at `until`.
    """
    values = {"error": error[:_LONGEST_ERROR], "due_at": until, "claimed_until": None}
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == id).values(values))
