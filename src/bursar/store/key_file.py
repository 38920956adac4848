"""
The receipt keys' file, which nobody but its owner can read: 64 hex digits for the key in use, and
a line for each one before it, `<64 hex digits> until <Unix seconds>`.

    path → load_receipt_key(s) → ReceiptKey, ReceiptKeys (made when there is no file yet)
    path → rotate_receipt_key → a new key on top, the present one retired
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bursar.receipts import KEY_BYTES, ReceiptKey, ReceiptKeyError, ReceiptKeys, RetiredKey

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
# Some seven hundred keys; more than that is another file.
_LONGEST: Final = 65_536
_RETIRED: Final = re.compile(rf"([0-9a-fA-F]{{{2 * KEY_BYTES}}}) until ([0-9]{{1,12}})")


def load_receipt_key(path: Path, *, create: bool = True) -> ReceiptKey:
    """
    The key in use of the file at `path`, which is made (mode 0600) where there is none and `create`
    is on.

    Raises ReceiptKeyError: it cannot be read or made, others can read it, or it holds no key.
    """
    return load_receipt_keys(path, create=create).current


def load_receipt_keys(path: Path, *, create: bool = False) -> ReceiptKeys:
    """
    All keys of the file at `path`: what a watcher verifies with. It must not invent a key, so
    `create` is off. Raises ReceiptKeyError, as `load_receipt_key`.
    """
    with _explaining(path):
        if create and not path.exists():
            _create(path)
        return _read(path)


def rotate_receipt_key(path: Path, until: int) -> ReceiptKeys:
    """
    Put a new key into use; the present one vouches for what is declared before `until`, in Unix
    seconds, and stays in the file so that history verifies. Agents read it when they connect.

    The file is replaced whole or not at all. One rotation at a time: of two at once, one is lost.
    Raises ReceiptKeyError.
    """
    with _explaining(path):
        _read(path)  # a file that holds no key is not made to look as if it did
        present, *older = path.read_text().strip().splitlines()
        lines = [secrets.token_hex(KEY_BYTES), f"{present} until {until}", *older]
        draft = _write_draft(path, "\n".join(lines).rstrip() + "\n")
        try:
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return _read(path)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
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
    draft = _write_draft(path, f"{secrets.token_hex(KEY_BYTES)}\n")
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _write_draft(path: Path, content: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _read(path: Path) -> ReceiptKeys:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise ReceiptKeyError(f"{path} is no file. Name the file of the receipt key.")
        if mode & _OTHERS:
            raise ReceiptKeyError(
                f"The receipt key file {path} has mode {stat.S_IMODE(mode):04o}: others can use "
                f"it. Run `chmod 600 {path}`; if others may have read it, put a new one into use."
            )
        content = file.read(_LONGEST).strip()
    try:
        return _parse(content.decode("ascii"))
    except (ValueError, ReceiptKeyError) as error:
        raise ReceiptKeyError(
            f"The receipt key file {path} does not hold {2 * KEY_BYTES} hex digits, and then a "
            "line `<64 hex digits> until <Unix seconds>` for each retired key. Restore it, or "
            "delete it for a new one; receipts of payments that still wait then no longer verify."
        ) from error


def _parse(content: str) -> ReceiptKeys:
    """
    Raises ValueError or ReceiptKeyError, which the caller does not show: they may hold a key.
    """
    first, *rest = content.splitlines() or [""]
    current = ReceiptKey(bytes.fromhex(first))
    return ReceiptKeys(current, map(_parse_retired, rest))


def _parse_retired(line: str) -> RetiredKey:
    found = _RETIRED.fullmatch(line.strip())
    if found is None:
        raise ValueError("no retired key")
    return RetiredKey(ReceiptKey(bytes.fromhex(found[1])), int(found[2]))
