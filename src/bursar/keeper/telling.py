"""
Every notice reaches its sender at least once, and is then remembered.

    Notice → Tell → Notices
"""

from collections.abc import Callable

from bursar.keeper.notices import Notice, NoticeKey, Notices
from bursar.keeper.ports import Tell

Complain = Callable[[str], None]


class Teller:
    """
    Keeps what could not be told yet and tries again. `tell` is not called twice in one process for
    the same notice, once it has returned.
    """

    def __init__(self, notices: Notices, tell: Tell | None = None) -> None:
        self._notices = notices
        self._tell = tell
        self._untold: dict[NoticeKey, Notice] = {}
        self._delivered: set[NoticeKey] = set()

    def knows(self, key: NoticeKey) -> bool:
        """
        Whether it was told, or is about to be.
        """
        return key in self._untold or self._notices.has(key)

    def add(self, notice: Notice) -> None:
        """
        Something to tell.
        """
        self._untold.setdefault(notice.key, notice)

    def tell_all(self, complain: Complain) -> list[Notice]:
        """
        Tell what is left to tell. Returns what was; `complain` gets what went wrong.
        """
        told = [notice for notice in self._untold.values() if self._tell_one(notice, complain)]
        for notice in told:
            del self._untold[notice.key]
            self._delivered.discard(notice.key)
        return told

    def _tell_one(self, notice: Notice, complain: Complain) -> bool:
        if not self._deliver(notice, complain):
            return False
        try:
            self._notices.add(notice)
        except OSError as error:
            complain(f"A notice was told and cannot be written down: {error}. Free the disk.")
            return False
        return True

    def _deliver(self, notice: Notice, complain: Complain) -> bool:
        if self._tell is None or notice.key in self._delivered:
            return True
        try:
            self._tell(notice)
        except Exception as error:  # noqa: BLE001 - somebody else's code must not stop the keeper
            complain(f"The sender of 0x{notice.id.hex()} could not be told: {error!r}")
            return False
        self._delivered.add(notice.key)
        return True
