"""
The audit's last hash, off this machine: whoever can edit the database can also cut its end off, and
only somebody who remembers how far it went can tell.

    Head → HeadKeeper.tell → a line in a file | a POST to a URL;   read_heads(file) → Heads
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from bursar.errors import BursarError
from bursar.store.posting import PostError, do_within, post_json
from bursar.store.private_files import make_private_folder
from bursar.types import Address, Bytes32

POST_SECONDS: Final = 5.0
_LONGEST_LINE: Final = 1_000


class HeadsError(BursarError):
    """
    A file of heads that cannot be read.
    """


class Head(NamedTuple):
    """
    The number and the hash of an entry.
    """

    sequence: int
    hash: Bytes32


class HeadKeeper(Protocol):
    """
    Whoever remembers heads.
    """

    def tell(self, chain_id: int, organization: Address, head: Head) -> str | None:
        """
        Remember `head`. Returns why it could not be done, None where it was.
        """
        ...


class HeadFile:
    """
    A file that grows by a line for each head. It should be another machine's: a mounted folder, or
    one that is copied away.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def tell(self, chain_id: int, organization: Address, head: Head) -> str | None:
        """
        Add a line, unless it is the last one already.
        """
        line = json.dumps(_document(chain_id, organization, head), separators=(",", ":"))
        try:
            make_private_folder(self.path.parent)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if _last(handle) != head:
                    os.write(handle, f"{line}\n".encode())
                    os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            return f"The audit's head was not written to {self.path}: {error.strerror or error}."
        return None


class HeadPost:
    """
    Somebody's web server, which gets each head as JSON.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def tell(self, chain_id: int, organization: Address, head: Head) -> str | None:
        """
        Post it, and expect an answer of success.
        """
        body = _document(chain_id, organization, head)
        try:
            do_within(2 * POST_SECONDS, lambda: post_json(self.url, body, seconds=POST_SECONDS))
        except PostError as error:
            return f"The audit's head was not taken by the URL that is set for it. {error}"
        return None


def build_head_keeper(target: str) -> HeadKeeper:
    """
    For a URL one that posts, for anything else a file at that path.
    """
    if target.startswith(("http://", "https://")):
        return HeadPost(target)
    return HeadFile(Path(target).expanduser())


def read_heads(path: Path, chain_id: int, organization: Address) -> list[Head]:
    """
    Every head of that audit in a file, in the order in which they were told; lines of others are
    passed over. Raises HeadsError.
    """
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError as error:
        raise HeadsError(f"The file of heads {path} is no text: name another one.") from error
    except OSError as error:
        raise HeadsError(f"The file of heads {path} cannot be read: {error.strerror}.") from error
    return [head for line in lines for head in _parse(line, chain_id, organization, path)]


def _document(chain_id: int, organization: Address, head: Head) -> dict[str, str | int]:
    return {
        "chain_id": chain_id,
        "organization": organization,
        "sequence": head.sequence,
        "hash": head.hash.hex(),
        "told_at": int(time.time()),
    }


def _parse(line: str, chain_id: int, organization: Address, path: Path) -> Iterator[Head]:
    if not line.strip():
        return
    try:
        told = json.loads(line)
        head = Head(int(told["sequence"]), Bytes32(bytes.fromhex(told["hash"])))
        ours = (told["chain_id"], told["organization"]) == (chain_id, organization)
    except (KeyError, TypeError, ValueError) as error:
        raise HeadsError(
            f"The file of heads {path} has a line that is none: {line[:80]!r}. Restore it from "
            "wherever it is copied to; without it a cut end cannot be told."
        ) from error
    if ours:
        yield head


def _last(handle: int) -> Head | None:
    """
    The head in the last whole line of a file.
    """
    size = os.fstat(handle).st_size
    tail = os.pread(handle, _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    with suppress(ValueError, KeyError, TypeError, IndexError):
        told = json.loads(tail.splitlines()[-1])
        return Head(int(told["sequence"]), Bytes32(bytes.fromhex(told["hash"])))
    return None
