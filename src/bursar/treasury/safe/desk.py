"""
Where drafts are made: the Safe, what is drafted already, who people are, and which nonce is free.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from bursar.book import AddressBook
from bursar.chain.safe import Safe
from bursar.chain.safe_multi_send import CANONICAL
from bursar.treasury.office import Office, View
from bursar.treasury.safe.backing import NoReports, Reports
from bursar.treasury.safe.errors import DraftError
from bursar.treasury.safe.models import AUTHOR_LENGTH, Author
from bursar.treasury.safe.store import DraftStore


def _now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class SafeDesk:
    """
    One Safe and its drafts. `view` tells what the chain has now, `reports` what stands behind a
    refill, and `now` the time that a draft is dated with.
    """

    safe: Safe
    store: DraftStore
    book: AddressBook
    view: Callable[[], View]
    reports: Reports = field(default_factory=NoReports)
    now: Callable[[], int] = field(default=_now)

    @classmethod
    def of(cls, office: Office, store: DraftStore, reports: Reports | None = None) -> "SafeDesk":
        """
        The desk of an organisation's treasury. What it batches with is what the book names, else
        what Safe has deployed. Without `reports` no refill is signed or sent here.
        """
        multi_send = office.book.multi_send or CANONICAL
        safe = Safe(office.client, office.book.safe, multi_send)
        return cls(safe, store, office.book, office.view, reports or NoReports())

    def author(self, name: str, said_by: str = "") -> Author:
        """
        The person of that name, or an owner's address; who is no owner has no address. `said_by`
        is the file or service that names somebody. Raises DraftError.
        """
        if not name.isprintable() or not 0 < len(name) <= AUTHOR_LENGTH:
            raise DraftError(
                f"{name[:AUTHOR_LENGTH]!r} is nobody's name: 1 to {AUTHOR_LENGTH} letters."
            )
        for known, holder in self.book.owners.items():
            if name in (known, holder.address):
                return Author(name=known, address=holder.address, said_by=said_by)
        owners = {owner.lower(): owner for owner in self.safe.fetch_owners()}
        return Author(name=name, address=owners.get(name.lower()), said_by=said_by)

    def next_nonce(self) -> int:
        """
        The first nonce that neither the chain has used nor an open draft asks for.
        """
        taken = {draft.nonce for draft in self.store.open()}
        return next(number for number in count(self.safe.fetch_nonce()) if number not in taken)
