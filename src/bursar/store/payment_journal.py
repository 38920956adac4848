"""
What an agent declared and what became of it, one JSON object a line: the link from a receipt on
chain to the reference that means something to whoever runs the agent.

    PaymentJournal.append(record) | append_all(records) → payments.jsonl → find(receipt)
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bursar.errors import BursarError


class JournalError(BursarError):
    """
    The journal cannot be written or read.
    """


class PaymentJournal:
    """
    The file at `path`, which is made (mode 0600) with the first record. None keeps nothing. Several
    processes may append to one file.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """
        Add a record, with the time, and return when it is on the disk. Raises JournalError.
        """
        self.append_all([record])

    def append_all(self, records: Iterable[Mapping[str, Any]]) -> None:
        """
        Add records, one after the other and no other process's between them; as `append`.
        """
        if self.path is None:
            return
        at = int(time.time())
        content = "".join(
            json.dumps({"at": at, **record}, separators=(",", ":")) + "\n" for record in records
        ).encode()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                written = os.write(handle, content)  # one write: lines do not mix
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise self._unusable(error) from error
        if written != len(content):
            raise JournalError(f"The journal {self.path} is cut off: is the disk full?")

    def find(self, receipt: str) -> Mapping[str, Any]:
        """
        The latest record of a payment, by its receipt; empty where there is none. Raises
        JournalError.
        """
        found: Mapping[str, Any] = {}
        for record in self._records():
            if record.get("receipt") == receipt:
                found = record
        return found

    def _records(self) -> Iterator[Mapping[str, Any]]:
        if self.path is None or not self.path.exists():
            return
        try:
            lines = self.path.read_text().splitlines()
        except OSError as error:
            raise self._unusable(error) from error
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # a line that a crash cut off
            if isinstance(record, dict):
                yield record

    def _unusable(self, error: OSError) -> JournalError:
        return JournalError(
            f"The journal {self.path} cannot be used: {error.strerror or error}. Make it writable "
            "for the user that runs the agent, or name another receipt key file to move both."
        )
