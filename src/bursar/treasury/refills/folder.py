"""
Refills on this machine, a folder for each.

    folder / <chain>-<organisation> / <id> / report.json, refill.json, report.md, report.html

Files are written whole or not at all. `report.json` is the canonical form: a report that was
changed after people confirmed its hash is not taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from bursar.treasury.kept_files import (
    lock,
    make_folder,
    read_bounded,
    read_kept,
    write_whole,
)
from bursar.treasury.refills.errors import UnknownRefillError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.record import Refill
from bursar.treasury.words import show_moment
from bursar.types import Address, Bytes32

_REPORT: Final = "report.json"
_REFILL: Final = "refill.json"
# A report of fifty wallets has less than a hundredth of it.
_LARGEST: Final = 16 << 20
# Enough digits of the hash that two refills of a day differ.
_DIGITS: Final = 8


def build_id(report: Report) -> str:
    """
    The day, and the first digits of the report's hash.
    """
    return f"{show_moment(report.at)[:10]}-{report.hash.hex()[:_DIGITS]}"


def read_report(path: Path) -> Report:
    """
    A report as it was written, to the byte. Raises UnknownRefillError.
    """
    try:
        text = read_bounded(path, most=_LARGEST)
        report = Report.model_validate_json(text)
    except (OSError, ValidationError) as error:
        raise UnknownRefillError(f"{path} cannot be read: report again. ({error})") from error
    if report.canonical() != text:
        raise UnknownRefillError(
            f"{path} was changed since `bursar refill report` wrote it: get it again from whoever "
            "drafted the refill, or report again."
        )
    return report


class RefillFolder:
    """
    The refills of one organisation on one chain, below `folder`. Reading makes nothing.
    """

    def __init__(self, folder: Path, chain_id: int, organization: Address) -> None:
        self.folder = folder / f"{chain_id}-{organization.lower()}"

    def all(self) -> list[Refill]:
        """
        Every refill, the youngest last. Raises UnknownRefillError for a file that is none.
        """
        found = [self._read(path) for path in self.folder.glob(f"*/{_REFILL}")]
        return sorted(found, key=lambda one: (one.begun_at, one.id))

    def find(self, id: str | None = None) -> Refill:
        """
        The refill whose id, or whose hash, begins like that; without, the only one that is open.
        Raises UnknownRefillError.
        """
        if id is None:
            return self._only_open()
        wanted = id.lower().removeprefix("0x")
        found = [one for one in self.all() if wanted and _is_called(one, wanted)]
        if len(found) == 1:
            return found[0]
        what = "More than one refill is called" if found else "No refill is called"
        raise UnknownRefillError(f"{what} {id}: `bursar refill list` shows them.")

    def _only_open(self) -> Refill:
        found = [one for one in self.all() if one.is_open]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UnknownRefillError(
                "No refill is under way: `bursar refill report --by NAME` begins one."
            )
        names = ", ".join(one.id for one in found)
        raise UnknownRefillError(f"Several refills are under way, so name one: {names}.")

    def report(self, refill: Refill) -> Report:
        """
        The report of a refill. Raises UnknownRefillError where it is not what it was.
        """
        path = self.path(refill) / _REPORT
        report = read_report(path)
        if f"0x{report.hash.hex()}" != refill.report_hash:
            raise UnknownRefillError(
                f"{path} was changed: its hash is no longer {refill.report_hash}, which people "
                "confirmed. Report again."
            )
        return report

    def find_report(self, hash: Bytes32) -> tuple[Refill, Report] | None:
        """
        The refill of the report with that hash; None where it is not here. Raises
        UnknownRefillError where it is not what it was.
        """
        named = f"0x{hash.hex()}"
        found = [one for one in self.all() if one.report_hash == named]
        return (found[0], self.report(found[0])) if found else None

    def path(self, refill: Refill) -> Path:
        """
        Where its files lie.
        """
        return self.folder / refill.id

    def save(self, refill: Refill) -> Refill:
        """
        Write what has become of a refill. Raises OSError.
        """
        self.write(refill, _REFILL, refill.model_dump_json(indent=2).encode() + b"\n")
        return refill

    def save_report(self, refill: Refill, report: Report) -> Refill:
        """
        Write a new refill, its report first. Raises OSError.
        """
        self.write(refill, _REPORT, report.canonical())
        return self.save(refill)

    def write(self, refill: Refill, name: str, content: bytes) -> Path:
        """
        Write one of its files, whole or not at all. Raises OSError.
        """
        path = self.path(refill) / name
        make_folder(path.parent)
        write_whole(path, content)
        return path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Nobody else reads and writes meanwhile. Not to be nested.
        """
        with lock(self.folder):
            yield

    def _read(self, path: Path) -> Refill:
        try:
            refill = Refill.model_validate_json(read_kept(path, most=_LARGEST))
        except (OSError, ValidationError) as error:
            raise UnknownRefillError(f"{path} cannot be read: {error}") from error
        if path.parent != self.path(refill):
            raise UnknownRefillError(f"{path} is of refill {refill.id}: somebody has moved it.")
        return refill


def _is_called(refill: Refill, wanted: str) -> bool:
    names = refill.id, refill.report_hash.removeprefix("0x")
    return any(name.startswith(wanted) for name in names)
