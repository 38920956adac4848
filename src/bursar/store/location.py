"""
Where the store and the audit's heads are, unless somebody says so.

    environment + organisation → database_url, heads_target, anchor_interval

The heads are in another folder than the database, and should be on another machine. Anchors are on
the chain.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bursar.config.problems import WrongError
from bursar.config.times import parse_duration
from bursar.errors import BursarError
from bursar.types import DAY, Address

DATABASE_URL: Final = "BURSAR_DATABASE_URL"
AUDIT_HEADS: Final = "BURSAR_AUDIT_HEADS"
AUDIT_ANCHORS: Final = "BURSAR_AUDIT_ANCHORS"
STATE_FOLDER: Final = "BURSAR_STATE"
LEAST_INTERVAL: Final = 60
_OFF: Final = "off"


class LocationError(BursarError):
    """
    A variable that says nothing that can be used.
    """


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


def anchor_interval(environment: Mapping[str, str], *, is_local: bool) -> int | None:
    """
    BURSAR_AUDIT_ANCHORS: how many seconds apart the audit's head is written into the chain, a day
    unless said otherwise; None where it is `off`, or the chain is a local one and nothing is said.
    Raises LocationError.
    """
    named = environment.get(AUDIT_ANCHORS)
    if not named:
        return None if is_local else DAY
    if named == _OFF:
        return None
    try:
        seconds = parse_duration(named)
    except WrongError as error:
        raise LocationError(f"{AUDIT_ANCHORS}={named}: {error}") from error
    if seconds < LEAST_INTERVAL:
        raise LocationError(
            f"{AUDIT_ANCHORS}={named}: each costs gas, so {LEAST_INTERVAL} s is the least. Write a "
            "duration such as 6h or 1d, or off."
        )
    return seconds
