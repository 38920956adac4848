"""
What the logs tell of payments: one that waits, how one ended, one that left at once.

    PaymentQueued logs → fetch_queued → [PaymentQueued] → fetch_state → waits, executed, …
"""

from collections.abc import Iterable
from typing import Any

from bursar.agent.answers import tell_times
from bursar.agent.payment import PaymentStatus
from bursar.agent.record import show_hex
from bursar.agent.refusals import show_time
from bursar.chain.client import Client
from bursar.chain.contracts import Contract
from bursar.chain.errors import RpcError
from bursar.chain.logs import decode_log, event_types
from bursar.chain.reader import RawLog
from bursar.events import Event, Paid, PaymentCancelled, PaymentExecuted, PaymentQueued
from bursar.types import ZERO_ADDRESS, Address, Bytes32, address_word

# Nodes that limit the blocks of one question limit them to more than this.
_SMALLEST_RANGE = 256


class Queue:
    """
    The queue of one wallet, as logged from block `first` on.
    """

    def __init__(self, wallet: Contract, first: int) -> None:
        self._wallet = wallet
        self._client: Client = wallet.client
        self._first = first

    def fetch_queued(
        self, *, agent: Address | None = None, id: Bytes32 | None = None
    ) -> list[PaymentQueued]:
        """
        What was ever queued, oldest first: of an agent, or with an id.
        """
        indexed = [id, None if agent is None else address_word(agent)]
        return [
            event
            for event in self._fetch(PaymentQueued, indexed, self._first)
            if isinstance(event, PaymentQueued)
        ]

    def fetch_paid(self, agent: Address, token: Address, to: Address, ref: Bytes32) -> Paid | None:
        """
        The payment with this `ref` that left without waiting; None: none did.
        """
        parties = [address_word(who) for who in (agent, token, to)]
        found = (e for e in self._fetch(Paid, parties, self._first) if isinstance(e, Paid))
        return next((event for event in found if event.ref == ref), None)

    def fetch_state(self, queued: PaymentQueued) -> dict[str, Any]:
        """
        Where a payment stands: `status`, `message`, and the `transaction` that ended its wait.
        """
        agent, _, _ = self._wallet.view("payment", queued.id)
        if agent != ZERO_ADDRESS:
            return {"status": PaymentStatus.QUEUED, "message": tell_times(queued)}
        end = self.fetch_end(queued)
        if isinstance(end, PaymentExecuted):
            status, words = PaymentStatus.EXECUTED, f"Executed at {show_time(end.at)}."
        elif isinstance(end, PaymentCancelled):
            status, words = PaymentStatus.CANCELLED, f"Cancelled by {end.by}: {end.reason!r}."
        elif self._client.fetch_now() >= queued.expires_at:
            status, words = PaymentStatus.EXPIRED, f"Expired at {show_time(queued.expires_at)}."
        else:
            words = "Void with the whole queue, or because its agent's key was rotated."
            return {"status": PaymentStatus.CANCELLED, "message": words}
        by = {"transaction": show_hex(end.transaction)} if end and end.transaction else {}
        return {"status": status, "message": words, **by}

    def fetch_end(self, queued: PaymentQueued) -> PaymentExecuted | PaymentCancelled | None:
        """
        What ended the wait of `queued`, if a log of its own tells: not its expiry, a new epoch or
        its agent's rotation.
        """
        assert queued.block is not None
        parties = [address_word(who) for who in (queued.agent, queued.token, queued.to)]
        events = [
            *self._fetch(PaymentExecuted, parties, queued.block),
            *self._fetch(PaymentCancelled, [queued.id], queued.block),
        ]
        own = [
            event
            for event in events
            if isinstance(event, PaymentExecuted | PaymentCancelled)
            and event.id == queued.id
            and _position(event) > _position(queued)
        ]
        return min(own, key=_position, default=None)

    def _fetch(self, kind: type[Event], indexed: Iterable[bytes | None], first: int) -> list[Event]:
        topic = next(topic for topic, event in event_types().items() if event.model is kind)
        wanted: dict[str, Any] = {
            "emitters": [self._wallet.address],
            "topics": [topic],
            "indexed": _trimmed(indexed),
        }
        logs = self._fetch_range(wanted, first, self._client.fetch_height())
        events = (decode_log(log, self._time_of(log)) for log in logs)
        return [event for event in events if event is not None]

    def _fetch_range(self, wanted: dict[str, Any], first: int, last: int) -> list[RawLog]:
        """
        The logs of a range, which is halved where the node finds it too long.
        """
        try:
            return self._client.fetch_logs(**wanted, first=first, last=last)
        except RpcError:
            if last - first < _SMALLEST_RANGE:
                raise
        middle = (first + last) // 2
        earlier = self._fetch_range(wanted, first, middle)
        return earlier + self._fetch_range(wanted, middle + 1, last)

    def _time_of(self, log: RawLog) -> int:
        told = log.get("blockTimestamp")
        return int(told, 16) if told else self._client.fetch_timestamp(log["blockHash"])


def _trimmed(indexed: Iterable[bytes | None]) -> list[bytes | None]:
    values = list(indexed)
    while values and values[-1] is None:
        values.pop()
    return values


def _position(event: Event) -> tuple[int, int]:
    assert event.block is not None
    assert event.log is not None
    return event.block, event.log
