"""
Bringing a database's tables up to date when it is opened.

    version → the same: nothing | older or none: migrate, under a lock | unknown: refuse
"""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from bursar.store import migrations
from bursar.store.errors import StoreVersionError

# Any number will do, as long as nothing else of Bursar locks by it.
MIGRATION_LOCK: Final = 0x6275_7273_6172_0001
_VERSIONS: Final = "alembic_version"


def fetch_version(connection: Connection) -> str | None:
    """
    The step that the tables are at; None where there are none.
    """
    if not inspect(connection).has_table(_VERSIONS):
        return None
    version = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()
    return None if version is None else str(version)


def validate_version(connection: Connection, name: str) -> None:
    """
    Raises StoreVersionError unless the tables of the database `name` are this version's.
    """
    version = fetch_version(connection)
    if version == migrations.HEAD:
        return
    found = f"step {version}" if version else "no step at all"
    raise StoreVersionError(
        f"The tables of {name} are at {found}, and this version of Bursar reads step "
        f"{migrations.HEAD}. Start what writes to it (`bursar keeper`) with this version, which "
        "brings them up to date, or read it with the version that wrote it."
    )


def upgrade(connection: Connection, name: str) -> None:
    """
    Bring the tables up to date, in the connection's transaction. Of several processes that do so at
    once, one does the work. Raises StoreVersionError where a newer version of Bursar was here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    version = fetch_version(connection)
    if version == migrations.HEAD:
        return
    # Here and not above: most openings have nothing to do, and alembic takes its time.
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = build_config(connection)
    try:
        ScriptDirectory.from_config(config).get_revision(version or "base")
    except CommandError as error:
        raise StoreVersionError(
            f"The tables of {name} are at step {version}, which this version of Bursar does not "
            "know: a newer one was here. Install that one, or name another database."
        ) from error
    command.upgrade(config, "head")


def build_config(connection: Connection) -> Any:
    """
    Alembic's configuration: where the steps are, and what to run them on.
    """
    from alembic.config import Config

    config = Config()
    folder = Path(migrations.__file__).parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
