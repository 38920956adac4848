"""
What a store has recorded of the period: the refusals that the audit keeps.

    store → audit's refusals → RecordedRefusals → how often who was refused, and why
"""

from collections import Counter
from collections.abc import Sequence

from bursar.audit import Action, Entry
from bursar.book import AddressBook
from bursar.store.audit_query import Filter, find_audit
from bursar.store.database import Database
from bursar.store.engines import parse_url, sqlite_path
from bursar.treasury.refills.evidence import Refusal
from bursar.types import Address


class RecordedRefusals:
    """
    Those of an organisation, read from the database at `url` whenever they are asked for.
    """

    def __init__(self, url: str, book: AddressBook) -> None:
        self.url = url
        self.book = book

    def fetch_refusals(self, first: int, end: int) -> Sequence[Refusal] | None:
        """
        From `first` until before `end`, counted by agent, wallet and reason, the most frequent
        first. None where there is no store: reading makes none. Raises StoreError.
        """
        path = sqlite_path(parse_url(self.url))
        if path is not None and not path.exists():
            return None
        wanted = Filter(
            chain_id=self.book.chain_id,
            organization=self.book.organization,
            since=first,
            until=end,
            actions=(Action.REFUSAL,),
        )
        with Database.open(self.url, read_only=True) as database:
            found = database.read(lambda connection: list(find_audit(connection, wanted)))
        counted = Counter(self._key(sealed.entry) for sealed in found)
        return tuple(
            Refusal(agent=agent, wallet=wallet, reason=reason, times=times)
            for (agent, wallet, reason), times in counted.most_common()
        )

    def _key(self, entry: Entry) -> tuple[str, str, str]:
        reason = entry.verdict.reason if entry.verdict is not None else None
        return self._name(entry.agent), self._name(entry.wallet), reason or "no reason given"

    def _name(self, address: Address | None) -> str:
        return "nobody" if address is None else self.book.name_of(address)
