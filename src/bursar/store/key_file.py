"""
The receipt key's file: 64 hex digits that nobody but its owner can read.

    path → load_receipt_key → ReceiptKey (made when there is no file yet)
"""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from bursar.receipts import KEY_BYTES, ReceiptKey, ReceiptKeyError

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
# A key and a newline; more than that is another file.
_LONGEST: Final = 1_024


def load_receipt_key(path: Path, *, create: bool = True) -> ReceiptKey:
    """
    The key in the file at `path`, which is made (mode 0600) where there is none and `create` is on.

    Raises ReceiptKeyError: it cannot be read or made, others can read it, or it holds no key.
    """
    try:
        if create and not path.exists():
            _create(path)
        return _read(path)
    except OSError as error:
        raise ReceiptKeyError(
            f"The receipt key file {path} cannot be used: {error.strerror or error}. "
            "Name another file, or make this one readable for the user that runs the agent."
        ) from error


def _create(path: Path) -> None:
    """
    Make the file whole or not at all: of two processes that start at once, both use one key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> ReceiptKey:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise ReceiptKeyError(f"{path} is no file. Name the file of the receipt key.")
        if mode & _OTHERS:
            raise ReceiptKeyError(
                f"The receipt key file {path} has mode {stat.S_IMODE(mode):04o}: others can use "
                f"it. Run `chmod 600 {path}`; if others may have read it, delete it for a new one."
            )
        content = file.read(_LONGEST).strip()
    try:
        return ReceiptKey(bytes.fromhex(content.decode("ascii")))
    except (ValueError, ReceiptKeyError) as error:
        raise ReceiptKeyError(
            f"The receipt key file {path} does not hold {2 * KEY_BYTES} hex digits. Restore it, or "
            "delete it for a new one; receipts of payments that still wait then no longer verify."
        ) from error
