"""
The receipt keys of a file that may come later and be rotated, for a process that runs on.
"""

from pathlib import Path

from bursar.receipts import ReceiptKeys
from bursar.store.key_file import load_receipt_keys


class ReceiptKeyFile:
    """
    The file at `path`, read again when it has changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] | None = None
        self._keys: ReceiptKeys | None = None

    def load(self) -> ReceiptKeys | None:
        """
        The keys; None as long as there is no file: it is made when an agent first connects. Raises
        ReceiptKeyError.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen = self._keys = None
            return None
        seen = (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode)
        if seen != self._seen:
            self._keys = load_receipt_keys(self.path)
            self._seen = seen
        return self._keys
