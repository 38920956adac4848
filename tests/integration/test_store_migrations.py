"""
The tables that the migrations make are those that the code declares, on both databases.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bursar.store import migrations
from bursar.store.database import Database
from bursar.store.errors import StoreVersionError
from bursar.store.tables import metadata

OPEN = "import sys; from bursar.store.database import Database; Database.open(sys.argv[1]).close()"


def test_migrations__run__make_what_the_code_declares(database: Database) -> None:
    """
    If this fails after a change of the tables: `scripts/refresh_migration.py`.
    """

    def compare(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert database.write(compare) == []


def test_migrations__indexes_with_a_condition__are_there_with_it(database: Database) -> None:
    """
    What the comparison does not look at: partial indexes are partial.
    """
    declared = {
        (index.name, table.name)
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert declared
    query = "SELECT sql FROM sqlite_master" if database.is_sqlite else POSTGRES_INDEXES
    made = [
        str(sql).lower()
        for sql in database.read(lambda c: c.execute(sa.text(query)).scalars().all())
        if sql
    ]

    for name, _ in declared:
        (sql,) = [one for one in made if f" {name} " in one or f'"{name}"' in one]
        assert " where " in sql, name


POSTGRES_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"


def test_migrations__head__is_the_one_that_the_code_names() -> None:
    """
    The code knows the latest step without loading alembic.
    """
    script = ScriptDirectory(str(Path(migrations.__file__).parent))

    assert script.get_heads() == [migrations.HEAD]


def test_open__again__changes_nothing(database_url: str) -> None:
    """
    Idempotent, and what was written is still there.
    """
    with Database.open(database_url) as database:
        database.write(lambda c: c.execute(sa.text(PUT)))
    with Database.open(database_url) as database:
        found = database.read(
            lambda c: c.execute(sa.text("SELECT key FROM outbox")).scalars().all()
        )
    assert found == ["kept"]


PUT = (
    "INSERT INTO outbox (topic, key, payload, created_at, due_at, attempts) "
    "VALUES ('topic', 'kept', '{}', 1, 1, 0)"
)


def test_open__by_several_processes_at_once__migrates_once(postgres_url: str) -> None:
    """
    Keepers that start together on an empty Postgres all end up with the same tables.
    """
    started = [
        subprocess.Popen([sys.executable, "-c", OPEN, postgres_url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [(process.communicate()[1].decode(), process.returncode) for process in started]

    assert ends == [("", 0)] * 3
    with Database.open(postgres_url, read_only=True) as database:
        query = sa.text("SELECT version_num FROM alembic_version")
        assert database.read(lambda c: c.execute(query).scalars().all()) == [migrations.HEAD]


@pytest.mark.parametrize("read_only", [False, True])
def test_open__tables_of_a_newer_version__is_refused(database_url: str, read_only: bool) -> None:
    """
    An older Bursar does not touch what it does not understand.
    """
    with Database.open(database_url) as database:
        database.write(
            lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num='9999'"))
        )

    with pytest.raises(StoreVersionError, match="9999"):
        Database.open(database_url, read_only=read_only)


def test_open__read_only_without_tables__says_what_to_do(postgres_url: str) -> None:
    """
    Reading makes nothing.
    """
    with pytest.raises(StoreVersionError, match="no step at all"):
        Database.open(postgres_url, read_only=True)
