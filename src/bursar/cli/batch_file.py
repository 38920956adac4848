"""
Many payments from a file: CSV with a head, `to,amount` and, if wanted, `reference` and `note`.

    payments.csv → [BatchEntry]
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.errors import BursarError

if TYPE_CHECKING:
    from bursar.agent import BatchEntry

_REQUIRED = ("to", "amount")
_KNOWN = (*_REQUIRED, "reference", "note")


class BatchFileError(BursarError):
    """
    A file of payments that cannot be read as one; the message names the line.
    """


def read_batch(path: Path) -> list["BatchEntry"]:
    """
    The payments of a file, in its order. Raises BatchFileError.
    """
    return [entry for _, entry in _read(path)]


def name_line(path: Path, message: str) -> str:
    """
    What was said of an entry, counted from 0, with the line of the file that it stands in.
    """

    def name(found: re.Match[str]) -> str:
        lines = [line for line, _ in _read(path)]
        return f"{path}, line {lines[int(found[1])]}"

    return re.sub(r"^Entry (\d+)(?: of \d+)?(?=: )", name, message)


def _read(path: Path) -> list[tuple[int, "BatchEntry"]]:
    from bursar.agent import BatchEntry

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, strict=True)
            _check_head(path, rows.fieldnames or ())
            return [
                (rows.line_num, BatchEntry(*_read_row(path, rows.line_num, row))) for row in rows
            ]
    except (csv.Error, UnicodeDecodeError) as error:
        raise BatchFileError(f"{path} is no CSV file: {error}.") from error


def _check_head(path: Path, head: Sequence[str]) -> None:
    missing = [name for name in _REQUIRED if name not in head]
    unknown = [name for name in head if name not in _KNOWN]
    if missing or unknown or len(set(head)) != len(head):
        raise BatchFileError(
            f"{path} begins with {','.join(head)!r}: its first line names the columns, "
            f"{','.join(_REQUIRED)} and if you like reference,note, each once."
        )


def _read_row(
    path: Path, line: int, row: "dict[str | None, str | None]"
) -> tuple[str, str, str | None, str | None]:
    to, amount = row["to"], row["amount"]
    if None in row or not to or not amount:
        raise BatchFileError(
            f"{path}, line {line}: every payment needs `to` and `amount`, and no more than the "
            "columns of the first line. A comma inside a field needs quotes around it."
        )
    return to, amount, row.get("reference") or None, row.get("note") or None
