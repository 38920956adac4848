"""
Logs → events: the models of `bursar.events`, with who logged them, when and where.

    eth_getLogs → decode_log → Event → state.fold
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.exceptions import DecodingError

from bursar.chain.abi import Arguments, Entry, signature_of
from bursar.chain.client import Client, Receipt
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.errors import UnreadableLogError
from bursar.chain.reader import RawLog
from bursar.events import EVENTS, Event, WalletCreated
from bursar.types import Address, Bytes32, checksummed, keccak


@dataclass(frozen=True, slots=True)
class EventType:
    """
    How to read one event's topics and data.
    """

    model: type[Event]
    topic: Bytes32
    indexed: Arguments
    plain: Arguments

    @classmethod
    def of(cls, entry: Entry) -> "EventType":
        """
        The event that a JSON ABI describes.
        """
        return cls(
            model=EVENTS[entry["name"]],
            topic=keccak(signature_of(entry).encode()),
            indexed=Arguments.of([item for item in entry["inputs"] if item["indexed"]]),
            plain=Arguments.of([item for item in entry["inputs"] if not item["indexed"]]),
        )

    def read(self, log: RawLog) -> dict[str, Any]:
        """
        The event's own arguments. Raises DecodingError or ValueError.
        """
        topics = _bytes_of("".join(topic[2:] for topic in log["topics"][1:]))
        if len(topics) != 32 * len(self.indexed.names):
            raise ValueError(f"{len(log['topics'])} topics, {1 + len(self.indexed.names)} expected")
        named = dict(zip(self.indexed.names, self.indexed.decode(topics), strict=True))
        data = self.plain.decode(_bytes_of(log["data"]))
        return named | dict(zip(self.plain.names, data, strict=True))


@cache
def event_types() -> dict[Bytes32, EventType]:
    """
    Every event of both contracts, by its first topic.
    """
    entries = organization_type().events + wallet_type().events
    return {event.topic: event for event in map(EventType.of, entries)}


def decode_log(log: RawLog, at: int) -> Event | None:
    """
    The event that `log`, of a block with timestamp `at`, is; None where it is none of ours.

    Whoever logged it is the event's emitter, and may be a stranger who copies us. Raises
    UnreadableLogError where it has an event's topic and not its shape.
    """
    event = event_types().get(Bytes32(_bytes_of(log["topics"][0]))) if log["topics"] else None
    if event is None:
        return None
    try:
        return event.model(
            emitter=checksummed(log["address"]),
            at=at,
            block=int(log["blockNumber"], 16),
            transaction=Bytes32(_bytes_of(log["transactionHash"])),
            log=int(log["logIndex"], 16),
            **event.read(log),
        )
    except (DecodingError, ValueError) as error:
        raise UnreadableLogError(
            f"{log['address']} logged something like {event.model.__name__} in transaction "
            f"{log['transactionHash']} that cannot be read: {error}"
        ) from error


def decode_receipt(receipt: Receipt, emitters: Iterable[Address]) -> list[Event]:
    """
    What `emitters` logged in one transaction.
    """
    ours = set(emitters)
    logs = (log for log in receipt.logs if checksummed(log["address"]) in ours)
    events = (decode_log(log, receipt.at) for log in logs)
    return [event for event in events if event is not None]


def fetch_history(
    client: Client, organization: Address, *, first: int = 0, last: int | str = "latest"
) -> list[Event]:
    """
    Everything that an organisation created from block `first` on and its wallets have logged.

    Logs are read by topic and kept by emitter, so that what a new wallet logs before it is
    registered is not missed.
    """
    logs = client.fetch_logs(topics=event_types(), first=first, last=last)
    ours = {organization, *_created_wallets(logs, organization)}
    find_time = _clock(client)
    events = (
        decode_log(log, find_time(log)) for log in logs if checksummed(log["address"]) in ours
    )
    return [event for event in events if event is not None]


def _created_wallets(logs: Iterable[RawLog], organization: Address) -> list[Address]:
    events = (decode_log(log, 0) for log in logs if checksummed(log["address"]) == organization)
    return [event.wallet for event in events if isinstance(event, WalletCreated)]


def _clock(client: Client) -> Callable[[RawLog], int]:
    """
    The timestamp of a log's block, which not every node puts into the log itself.
    """
    fetch = cache(client.fetch_timestamp)
    return lambda log: (
        int(log["blockTimestamp"], 16) if log.get("blockTimestamp") else fetch(log["blockHash"])
    )


def _bytes_of(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
