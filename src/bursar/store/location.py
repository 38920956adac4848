"""
Where the store and the audit's heads are, unless somebody says so.

    environment + organisation → database_url, heads_target

The heads are in another folder than the database, and should be on another machine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bursar.types import Address

DATABASE_URL: Final = "BURSAR_DATABASE_URL"
AUDIT_HEADS: Final = "BURSAR_AUDIT_HEADS"
STATE_FOLDER: Final = "BURSAR_STATE"
_OFF: Final = "off"


def state_folder(environment: Mapping[str, str]) -> Path:
    """
    BURSAR_STATE, else `bursar` in the folder where programs of this user keep their state.
    """
    if named := environment.get(STATE_FOLDER):
        return Path(named).expanduser()
    base = environment.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "bursar"


def database_url(
    environment: Mapping[str, str],
    chain_id: int,
    organization: Address,
    *,
    devnet: Path | None = None,
) -> str:
    """
    BURSAR_DATABASE_URL, else an SQLite file of the organisation's own. devnet: the folder of a
    local chain's address book, where everything of it stays.
    """
    if named := environment.get(DATABASE_URL):
        return named
    folder = devnet or state_folder(environment) / "store"
    return f"sqlite:///{folder.absolute()}/{chain_id}-{organization}.db"


def heads_target(
    environment: Mapping[str, str],
    chain_id: int,
    organization: Address,
    *,
    devnet: Path | None = None,
) -> str | None:
    """
    BURSAR_AUDIT_HEADS, a file or a URL, else a file in a folder of its own; None where it is `off`.
    """
    named = environment.get(AUDIT_HEADS)
    if named:
        return None if named == _OFF else named
    folder = (devnet or state_folder(environment)) / "heads"
    return str(folder / f"{chain_id}-{organization}")
