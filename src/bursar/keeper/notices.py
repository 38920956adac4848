"""
Telling whoever queued a payment that it will not leave, or not yet: once, across restarts.

    what the chain says → Notice → callback → one line in a file

A notice is in the file only after the callback has returned, so after a crash it is told again
rather than never.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from bursar.errors import BursarError
from bursar.payments import QueuedPayment
from bursar.types import Address, AddressField, Bytes32, Bytes32Field, Uint256


class NoticeKind(StrEnum):
    """
    What the sender of a payment has to know.
    """

    CANCELLED = "cancelled"  # by this keeper: it no longer fitted
    EXPIRED = "expired"  # nobody could execute it in time
    REFUSED = "refused"  # the token or the recipient refuses; tried again until it expires


class Notice(BaseModel):
    """
    One thing told about one payment. `ready_at` belongs to its identity: after a payment has gone
    the same arguments may be queued again, under the same id.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )

    kind: NoticeKind
    wallet: AddressField
    id: Bytes32Field
    agent: AddressField
    token: AddressField
    to: AddressField
    amount: Uint256
    category: Bytes32Field
    ref: Bytes32Field
    ready_at: Uint256
    expires_at: Uint256
    reason: str

    @property
    def key(self) -> "NoticeKey":
        """
        What is told once.
        """
        return self.kind, self.wallet, self.id, self.ready_at


NoticeKey: TypeAlias = tuple[NoticeKind, Address, Bytes32, int]


def build_notice(
    kind: NoticeKind, wallet: Address, id: Bytes32, payment: QueuedPayment, reason: str
) -> Notice:
    """
    The notice of that kind about a payment.
    """
    return Notice(
        kind=kind,
        wallet=wallet,
        id=id,
        agent=payment.agent,
        token=payment.token,
        to=payment.to,
        amount=payment.amount,
        category=payment.category,
        ref=payment.ref,
        ready_at=payment.ready_at,
        expires_at=payment.expires_at,
        reason=reason,
    )


class NoticesFileError(BursarError):
    """
    The file of notices cannot be read. Nothing is told before a person has looked at it.
    """


class Notices(Protocol):
    """
    Remembers what was told.
    """

    def has(self, key: NoticeKey) -> bool:
        """
        Whether it was told.
        """

    def add(self, notice: Notice) -> None:
        """
        It is told.
        """


class MemoryNotices:
    """
    Forgets when the process ends, and then tells everything again.
    """

    def __init__(self) -> None:
        self.all: list[Notice] = []
        self._keys: set[NoticeKey] = set()

    def has(self, key: NoticeKey) -> bool:
        """
        Whether it was told since the process began.
        """
        return key in self._keys

    def add(self, notice: Notice) -> None:
        """
        It is told.
        """
        self.all.append(notice)
        self._keys.add(notice.key)


class FileNotices:
    """
    One JSON object a line, synced to the disk. Whoever cannot be called back can follow the file.

    A last line that a crash has cut off is dropped: its notice is told again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys = {notice.key for notice in self._load()}

    def has(self, key: NoticeKey) -> bool:
        """
        Whether it was ever told.
        """
        return key in self._keys

    def add(self, notice: Notice) -> None:
        """
        It is told; returns once that is on the disk.
        """
        with self._path.open("ab") as file:
            file.write(notice.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._keys.add(notice.key)

    def _load(self) -> list[Notice]:
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            os.truncate(self._path, len(whole))
        return [self._read(line, number) for number, line in enumerate(whole.splitlines(), 1)]

    def _read(self, line: bytes, number: int) -> Notice:
        try:
            return Notice.model_validate_json(line)
        except ValidationError as error:
            raise NoticesFileError(
                f"{self._path}, line {number} is no notice: {error}. Repair or move the file; "
                "without it every notice is told again."
            ) from error
