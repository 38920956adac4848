"""
An organisation's events in the order of the chain, read in as few questions as the node allows, and
those that somebody asks for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from bursar.chain.client import Client
from bursar.chain.errors import RpcError
from bursar.chain.logs import decode_log, event_types
from bursar.chain.reader import RawLog
from bursar.events import Event, WalletCreated
from bursar.types import Address, checksummed

# Below that a node that refuses does so for another reason than the size of the answer.
_SMALLEST: Final = 16


class History:
    """
    What the organisation and its wallets have logged from block `first` on; each `read` goes on
    where the last one has ended.
    """

    def __init__(self, client: Client, organization: Address, first: int = 0) -> None:
        self._client = client
        self._organization = organization
        self._emitters = {organization}
        self._timestamp = cache(client.fetch_timestamp)
        self.next_block = first

    def read(self, last: int) -> list[Event]:
        """
        The events up to and including block `last`. Raises ChainError.
        """
        if last < self.next_block:
            return []
        logs = self._fetch(self.next_block, last)
        self._emitters |= set(self._created(logs))
        ours = [log for log in logs if checksummed(log["address"]) in self._emitters]
        events = [decode_log(log, self._time(log)) for log in ours]
        self.next_block = last + 1
        return [event for event in events if event is not None]

    def _created(self, logs: list[RawLog]) -> list[Address]:
        found = [log for log in logs if checksummed(log["address"]) == self._organization]
        events = [decode_log(log, 0) for log in found]
        return [event.wallet for event in events if isinstance(event, WalletCreated)]

    def _time(self, log: RawLog) -> int:
        given = log.get("blockTimestamp")
        return int(given, 16) if given else self._timestamp(log["blockHash"])

    def _fetch(self, first: int, last: int) -> list[RawLog]:
        """
        By topic, because a new wallet logs before it is registered; in halves where it is too much
        for one answer.
        """
        try:
            return self._client.fetch_logs(topics=event_types(), first=first, last=last)
        except RpcError:
            if last - first < _SMALLEST:
                raise
        middle = (first + last) // 2
        return [*self._fetch(first, middle), *self._fetch(middle + 1, last)]


def find_events(
    events: Iterable[Event],
    *,
    kinds: Sequence[str] = (),
    wallet: Address | None = None,
    agent: Address | None = None,
    since: int = 0,
    until: int | None = None,
    token: Address | None = None,
    least: int = 0,
) -> Iterator[Event]:
    """
    The events of a history that fit all of it. `since` is included, `until` not; `least` is the
    smallest amount in base units, and leaves out what has none.
    """
    for event in events:
        concerned = (getattr(event, name, None) for name in ("agent", "scope", "old", "new"))
        where = (event.emitter, getattr(event, "wallet", None), getattr(event, "scope", None))
        if (
            (not kinds or type(event).__name__ in kinds)
            and (wallet is None or wallet in (*where, getattr(event, "target", None)))
            and (agent is None or agent in concerned)
            and since <= event.at
            and (until is None or event.at < until)
            and (token is None or getattr(event, "token", None) == token)
            and (not least or getattr(event, "amount", 0) >= least)
        ):
            yield event
