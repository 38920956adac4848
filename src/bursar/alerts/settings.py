"""
The settings as they are now: the file is read again when it has changed, without a restart.

    treasury.yaml (or none: the defaults) → LiveSettings.look() → Chosen

A file that is broken for a moment changes nothing: what it said last holds, and people are told.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bursar.config import AlertSettings, ConfigError, Treasury, load_treasury


@dataclass(frozen=True)
class Chosen:
    """
    What people have chosen. `own` has what a wallet's token has of its own, by both names.
    """

    settings: AlertSettings = field(default_factory=AlertSettings)
    own: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, treasury: Treasury) -> "Chosen":
        """
        What a file says.
        """
        own = {
            (wallet.name, held.token.symbol): held.alert_below
            for wallet in treasury.wallets
            for held in wallet.tokens
            if held.alert_below is not None
        }
        return cls(treasury.alerts, own)

    @property
    def daily_limit_percent(self) -> int | None:
        """
        From how much of its daily limit on an agent is near it.
        """
        return self.settings.daily_limit_percent

    def low_of(self, wallet: str, symbol: str, decimals: int) -> tuple[int, bool]:
        """
        Less than this is low, in base units, and whether it is the wallet's own figure.
        """
        own = self.own.get((wallet, symbol))
        if own is not None:
            return own, True
        return self.settings.low_of(symbol, decimals), False


class LiveSettings:
    """
    Those of the file at `path`; without one, or as long as there is none, the defaults. Of a file
    for another chain than `chain_id` nothing is taken.
    """

    def __init__(
        self,
        path: Path | None,
        chain_id: int,
        load: Callable[[Path], Treasury] = load_treasury,
    ) -> None:
        self.path = path
        self._chain_id = chain_id
        self._load = load
        self._seen: tuple[int, ...] | None = None
        self.chosen = Chosen()
        self.trouble: str | None = None

    @property
    def folder(self) -> Path:
        """
        Where what the file names lies.
        """
        return Path() if self.path is None else self.path.parent

    def look(self) -> Chosen:
        """
        As they are now. `trouble` says what is wrong with the file.
        """
        if self.path is not None:
            seen = _fingerprint(self.path)
            if seen != self._seen:
                self._seen = seen
                self._read(self.path, seen)
        return self.chosen

    def _read(self, path: Path, seen: tuple[int, ...] | None) -> None:
        if seen is None:
            was_there = self.chosen != Chosen()
            self.trouble = f"{path} is gone: its alerts hold as they were." if was_there else None
            return
        try:
            treasury = self._load(path)
        except ConfigError as error:
            self.trouble = f"Alerts hold as they were, until {path} can be read: {error}"
            return
        if treasury.chain.id != self._chain_id:
            self.trouble = (
                f"{path} is of chain {treasury.chain.id}, not of chain {self._chain_id}: alerts "
                "hold as they were. Name the file of this organisation."
            )
            return
        self.chosen, self.trouble = Chosen.of(treasury), None


def _fingerprint(path: Path) -> tuple[int, ...] | None:
    """
    What changes when the file does; None where there is none.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
