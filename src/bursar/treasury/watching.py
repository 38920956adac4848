"""
A view that is kept up to date: what was read is not read again.

    Office → LiveViews.view() → View, from the logs since the last one
"""

from bursar.events import Event
from bursar.state import State, fold
from bursar.treasury.history import History
from bursar.treasury.office import Office, View, name_wallets


class LiveViews:
    """
    The views of an office, one after the other. After a reorganisation everything is read anew.
    """

    def __init__(self, office: Office) -> None:
        self.office = office
        self._start()

    def _start(self) -> None:
        book = self.office.book
        self._history = History(self.office.client, book.organization, book.block)
        self._events: list[Event] = []
        self._state = State()
        self._last: tuple[int, str] | None = None

    def view(self) -> View:
        """
        Everything that the chain says now. Raises ChainError.
        """
        height = self.office.client.fetch_height()
        if self._last is not None and self._hash(self._last[0]) != self._last[1]:
            self._start()
        if self._last is None or height > self._last[0]:
            new = self._history.read(height)
            self._state = fold(new, self._state)
            self._events += new
            self._last = height, self._hash(height)
        book = name_wallets(self.office.book, self._state)
        return View(self._state, list(self._events), height, self.office.fetch_time(), book)

    def _hash(self, height: int) -> str:
        found = self.office.client.rpc.request_object("eth_getBlockByNumber", hex(height), False)
        return str(found["hash"]) if found else ""
