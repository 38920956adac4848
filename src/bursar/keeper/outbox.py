"""
Notices by way of the store's outbox: told to nobody twice, and lost by no crash.

    Notice → outbox row → whoever delivers topic `payment`
"""

import time
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from bursar.keeper.notices import Notice, NoticeKey
from bursar.keeper.ports import Clock
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX, put

TOPIC: Final = "payment"


class OutboxNotices:
    """
    A notice is told once it is in the outbox: from there it reaches its receiver at least once.
    """

    def __init__(self, database: Database, *, clock: Clock = time.time) -> None:
        self._database = database
        self._clock = clock
        self._known: set[NoticeKey] = set()

    def has(self, key: NoticeKey) -> bool:
        """
        Whether it is in the outbox, delivered or not.
        """
        if key not in self._known and self._database.read(partial(_has, key=key_text(key))):
            self._known.add(key)
        return key in self._known

    def add(self, notice: Notice) -> None:
        """
        Returns once it is on the disk.
        """
        payload, now = notice.model_dump(mode="json"), int(self._clock())
        key = key_text(notice.key)
        self._database.write(lambda c: put(c, TOPIC, key, payload, now=now), repeatable=True)
        self._known.add(notice.key)


def key_text(key: NoticeKey) -> str:
    """
    What names a notice in the outbox.
    """
    kind, wallet, id, ready_at = key
    return f"{kind}:{wallet}:0x{id.hex()}:{ready_at}"


def _has(connection: Connection, key: str) -> bool:
    wanted = select(OUTBOX.c.id).where(OUTBOX.c.topic == TOPIC, OUTBOX.c.key == key)
    return connection.execute(wanted).first() is not None
