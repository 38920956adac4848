"""
Where a round keeps its store: an SQLite file, or a database of its own on a real Postgres.

    Stores().open(kind, folder) → Store: url, forget_the_dead()
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.harness.postgres import Postgres, make_cluster, new_database

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgres"
KINDS: Final = (SQLITE, POSTGRES)


@dataclass
class Store:
    """
    A database at `url` that one process after the other works with.
    """

    kind: str
    url: str

    def forget_the_dead(self) -> None:
        """
        Let half a minute pass since the last process was killed: by then its leases have lapsed. On
        SQLite they lapse with it, because a file has one writer.
        """
        if self.kind != POSTGRES:
            return
        # The first may have been killed before it had made the tables.
        with (
            suppress(psycopg.errors.UndefinedTable),
            psycopg.connect(self.url, autocommit=True) as connection,
        ):
            connection.execute("UPDATE sending_leases SET until = 0")


class Stores:
    """
    Stores of either kind. The server is started for the first that needs it.
    """

    def __init__(self) -> None:
        self._server: Postgres | None = None

    @contextmanager
    def open(self, kind: str, folder: Path) -> Iterator[Store]:
        """
        An empty store, for the length of the block.
        """
        if kind == SQLITE:
            yield Store(SQLITE, f"sqlite:///{folder / 'bursar.db'}")
            return
        with new_database(self._start().url()) as url:
            yield Store(POSTGRES, url)

    def close(self) -> None:
        """
        End the server, and remove what it kept.
        """
        if self._server is not None:
            self._server.remove()
            shutil.rmtree(self._server.cluster.folder, ignore_errors=True)
            self._server = None

    def _start(self) -> Postgres:
        if self._server is None:
            self._server = Postgres(make_cluster()).start()
        return self._server
