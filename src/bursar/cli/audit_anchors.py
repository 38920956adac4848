"""
What keepers have anchored on the chain, for `bursar audit verify`.

    AuditPlace, node → keepers (the chain's logs and the address book) → their transactions → Seen
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bursar.book import AddressBook
from bursar.chain.anchor_search import Search, search_anchors
from bursar.chain.anchors import Anchor
from bursar.chain.errors import ChainError
from bursar.chain.follower import Endpoint
from bursar.chain.keepers import fetch_keepers
from bursar.errors import BursarError
from bursar.store.audit_anchors import fetch_hints
from bursar.store.database import Database
from bursar.types import Address

# How many of a keeper's latest transactions are looked through: two weeks of a heartbeat every
# twenty minutes.
MOST: Final = 1_000
# Some were replaced by others that offered more.
_HINTS: Final = 2 * MOST


class AnchorError(BursarError):
    """
    What is on the chain could not be read. The audit may be whole or not.
    """


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was found of each keeper's, and what could not be looked at.
    """

    searches: tuple[Search, ...]
    gaps: tuple[str, ...] = ()

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """
        All of them, the newest first.
        """
        found = [anchor for search in self.searches for anchor in search.anchors]
        return tuple(sorted(found, key=lambda one: (one.block, one.nonce), reverse=True))

    def as_json(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        return {
            "anchors": [
                {
                    "keeper": one.keeper,
                    "sequence": one.sequence,
                    "hash": one.hash.hex(),
                    "block": one.block,
                    "transaction": f"0x{one.transaction.hex()}",
                }
                for one in self.anchors
            ],
            "keepers": [
                {"keeper": one.keeper, "sent": one.sent, "looked_at": one.looked}
                for one in self.searches
            ],
            "gaps": list(self.gaps),
        }


def look_for_anchors(
    database: Database,
    book: AddressBook,
    url: str,
    *,
    keepers: Sequence[Address] = (),
    enough: int,
    most: int = MOST,
) -> Seen:
    """
    The latest `enough` of each keeper, of those in `keepers` or else of everybody who ever was one.
    Raises AnchorError where the node does not answer, or is of another chain.
    """
    try:
        return asyncio.run(_look(database, book, url, keepers, enough, most))
    except ChainError as error:
        raise AnchorError(
            f"What was anchored on the chain could not be read: {error} Name another node with "
            "--rpc-url, or give --no-chain to leave it out."
        ) from error


async def _look(
    database: Database,
    book: AddressBook,
    url: str,
    keepers: Sequence[Address],
    enough: int,
    most: int,
) -> Seen:
    endpoint = Endpoint(url)
    try:
        await _validate_chain(endpoint, book)
        gaps: list[str] = []
        who = await _find_keepers(endpoint, book, gaps)
        searches = []
        for keeper in sorted(keepers or who):
            read = partial(fetch_hints, chain_id=book.chain_id, keeper=keeper, most=_HINTS)
            hints = database.read(read)
            searches.append(
                await search_anchors(
                    endpoint,
                    keeper,
                    book.organization,
                    first=book.block,
                    until=who.get(keeper),
                    hints=hints,
                    enough=enough,
                    most=most,
                )
            )
        gaps += [gap for search in searches if (gap := _describe(search, book)) is not None]
        return Seen(tuple(searches), tuple(gaps))
    finally:
        await endpoint.close()


async def _validate_chain(endpoint: Endpoint, book: AddressBook) -> None:
    found = await endpoint.ask("eth_chainId")
    if found != hex(book.chain_id):
        raise AnchorError(
            f"{endpoint.name} is of chain {found}, and the address book of {book.name} is for "
            f"{hex(book.chain_id)}: name a node of that chain with --rpc-url."
        )


async def _find_keepers(
    endpoint: Endpoint, book: AddressBook, gaps: list[str]
) -> dict[Address, int | None]:
    """
    With the block in which each ceased to be one. The address book is a file of this machine, the
    chain's logs are not.
    """
    named: dict[Address, int | None] = {holder.address: None for holder in book.keepers.values()}
    try:
        return named | await fetch_keepers(endpoint, book.organization, book.block)
    except ChainError as error:
        gaps.append(
            "who the keepers are is known from the address book alone, since the node does not "
            f"give the organisation's logs: {error}"
        )
        return named


def _describe(search: Search, book: AddressBook) -> str | None:
    """
    What of a keeper's transactions nobody has seen.
    """
    if not search.unseen:
        return None
    nonces = ", ".join(map(str, search.unseen[:5])) + (", …" if len(search.unseen) > 5 else "")
    why = f" ({search.trouble})" if search.trouble else ""
    return (
        f"{len(search.unseen)} transactions of keeper {book.name_of(search.keeper)} are in no "
        f"journal here, nonces {nonces}, and the node does not tell what they were{why}: name a "
        "node that keeps old state (an archive) with --rpc-url"
    )
