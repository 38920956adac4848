"""
Drafts on this machine: one JSON file for each, named after its Safe hash.

    folder / <chain>-<safe> / 0x<hash>.json

A file is written whole or not at all. Whoever reads, changes and writes holds the folder's lock, so
that two people at one machine never get one nonce, and no signature is lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bursar.treasury.kept_files import lock, make_folder, read_kept, write_whole
from bursar.treasury.safe.errors import DraftError, UnknownDraftError
from bursar.treasury.safe.models import LARGEST_FILE, Draft
from bursar.types import Address


class DraftStore:
    """
    The drafts of one Safe on one chain, below `folder`. Reading makes nothing.
    """

    def __init__(self, folder: Path, chain_id: int, safe: Address) -> None:
        self.chain_id = chain_id
        self.safe = safe
        self.folder = folder / f"{chain_id}-{safe.lower()}"

    def all(self) -> list[Draft]:
        """
        Every draft, by nonce and then by age. Raises DraftError for a file that is none.
        """
        if not self.folder.is_dir():
            return []
        found = [self._read(path) for path in sorted(self.folder.glob("0x*.json"))]
        return sorted(found, key=lambda draft: (draft.nonce, draft.created_at, draft.id))

    def open(self) -> list[Draft]:
        """
        Those that wait for signatures or execution.
        """
        return [draft for draft in self.all() if draft.is_open]

    def find(self, id: str) -> Draft:
        """
        The draft whose hash begins like `id` (0x…), or the one with that nonce (digits): the open
        one, where there is one.

        Raises UnknownDraftError.
        """
        wanted = id.lower().rstrip("…")
        if wanted.startswith("0x") and len(wanted) > 2:
            found = [draft for draft in self.all() if draft.id.startswith(wanted)]
        else:
            same = [draft for draft in self.all() if str(draft.nonce) == wanted]
            found = [draft for draft in same if draft.is_open] or same
        if len(found) == 1:
            return found[0]
        what = "More than one draft is called" if found else "No draft is called"
        raise UnknownDraftError(
            f"{what} {id}: `bursar safe list` shows them with their hashes (0x…) and nonces."
        )

    def save(self, draft: Draft) -> Draft:
        """
        Write a draft, in place of an earlier state of the same. Raises DraftError, OSError.
        """
        transaction = draft.transaction
        if (transaction.chain_id, transaction.safe) != (self.chain_id, self.safe):
            raise DraftError(
                f"The draft is of the Safe {transaction.safe} on chain {transaction.chain_id}, and "
                f"here is the Safe {self.safe} on chain {self.chain_id}."
            )
        make_folder(self.folder)
        write_whole(self._path(draft), draft.to_json().encode())
        return draft

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Nobody else reads and writes meanwhile. Not to be nested.
        """
        with lock(self.folder):
            yield

    def _path(self, draft: Draft) -> Path:
        return self.folder / f"{draft.id}.json"

    def _read(self, path: Path) -> Draft:
        try:
            text = read_kept(path, most=LARGEST_FILE).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise DraftError(f"{path} cannot be read as a draft: {error}.") from error
        draft = Draft.parse(text, str(path))
        if path != self._path(draft):
            raise DraftError(
                f"{path} holds the draft {draft.id}: somebody has changed it. Remove the file, and "
                "draft anew."
            )
        return draft
