"""
What is under way in this process, by intent: the journal's record, and what need not survive.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from bursar.chain.reader import Call
from bursar.chain.sending.intents import Intent, Mined, Outcome, SignedTransaction, Status


@dataclass(slots=True, eq=False)
class Flight:
    """
    An intent under way. `lock` is held by whoever looks at what became of it.

    unsure: nobody answered when it was broadcast. looks: how often in a row its nonce was seen
    used, and by nothing of its own; taken: since when (`time.monotonic`), and at which height.
    next_push: when to send it again (`time.monotonic`). repeatable: the chain itself does it once.
    """

    id: int
    key: str
    call: Call
    expires_at: int | None
    status: Status
    unwanted: bool = False
    nonce: int = -1
    outcome: Outcome | None = None
    mined: Mined | None = None
    signed: list[SignedTransaction] = field(default_factory=list)
    unsure: bool = False
    looks: int = 0
    taken: tuple[float, int] | None = None
    repeatable: bool = False
    next_push: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def last(self) -> SignedTransaction:
        """
        What was signed last.
        """
        return self.signed[-1]

    @property
    def burning(self) -> bool:
        """
        Whether a transaction that uses up its nonce is signed.
        """
        return bool(self.signed) and self.last.burns

    def burned_by(self, transaction: bytes) -> bool:
        """
        Whether the one with that hash does nothing but use up the nonce.
        """
        return any(signed.burns for signed in self.signed if signed.hash == transaction)


def build_flight(intent: Intent) -> Flight:
    """
    What a journal says of an intent, ready to go on.
    """
    return Flight(
        id=intent.id,
        key=intent.key,
        call=intent.call,
        expires_at=intent.expires_at,
        status=intent.status,
        unwanted=intent.unwanted,
        nonce=-1 if intent.nonce is None else intent.nonce,
        outcome=intent.outcome,
        mined=intent.mined,
        signed=list(intent.signed),
    )


class Flights:
    """
    Everything of one key that has not ended and has a nonce. Guarded by the sender's lock.
    """

    def __init__(self) -> None:
        self._by_id: dict[int, Flight] = {}

    def __iter__(self) -> Iterator[Flight]:
        """
        In the order of their nonces.
        """
        return iter(sorted(self._by_id.values(), key=lambda flight: flight.nonce))

    def __bool__(self) -> bool:
        return bool(self._by_id)

    def get(self, id: int) -> Flight | None:
        """
        The flight of an intent.
        """
        return self._by_id.get(id)

    def find(self, key: str) -> Flight | None:
        """
        The latest flight of that key.
        """
        found = [flight for flight in self._by_id.values() if flight.key == key]
        return max(found, key=lambda flight: flight.id, default=None)

    def add(self, flight: Flight) -> None:
        """
        It has a nonce from now on.
        """
        self._by_id[flight.id] = flight

    def drop(self, flight: Flight) -> None:
        """
        It has ended.
        """
        self._by_id.pop(flight.id, None)

    def clear(self) -> None:
        """
        What is known is old.
        """
        self._by_id.clear()

    def nonces(self) -> set[int]:
        """
        Those that are not free.
        """
        return {flight.nonce for flight in self._by_id.values()}
