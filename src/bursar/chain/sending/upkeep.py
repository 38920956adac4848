"""
Looking after what is under way and nobody waits for: after a crash, after a reorganisation, or
because whoever sent it has given it up.

    flight → landed? → wanted? → push or burn
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from bursar.chain.errors import ChainError, NoAnswerError, ReplacedError, RpcError
from bursar.chain.reader import Call, Reader
from bursar.chain.sending.dispatching import Dispatch
from bursar.chain.sending.flights import Flight, Flights, build_flight
from bursar.chain.sending.intents import Status
from bursar.chain.sending.journal import Journal
from bursar.chain.sending.landing import Landing
from bursar.chain.sending.nonces import Nonces
from bursar.types import Address


class _Head(NamedTuple):
    number: int
    hash: str
    at: int


class Upkeep:
    """
    Works on the flights of one sender, under its lock.
    """

    def __init__(
        self,
        reader: Reader,
        address: Address,
        journal: Journal,
        dispatch: Dispatch,
        landing: Landing,
        nonces: Nonces,
        flights: Flights,
        lock: threading.RLock,
    ) -> None:
        self._reader = reader
        self._address = address
        self._journal = journal
        self._dispatch = dispatch
        self._landing = landing
        self._nonces = nonces
        self._flights = flights
        self._lock = lock
        self._seen: _Head | None = None

    def look_after_all(self) -> list[ChainError]:
        """
        Look once at every flight, and fill a gap. Returns what went wrong with some of it.
        """
        troubles: list[ChainError] = []
        head = self._fetch_head()
        with self._lock:
            flights = [
                f for f in self._flights if f.status is Status.UNDER_WAY or head != self._seen
            ]
        for flight in flights:
            try:
                with _unless_watched(flight) as free:
                    if free:
                        self._look_after(flight, head.number, head.at)
            except ChainError as error:
                troubles.append(error)
        self._seen = None if troubles else head
        self._fill_gap()
        return troubles

    def hurry(self, flight: Flight) -> None:
        """
        Push a flight that somebody waits for, and before it what it has to wait for itself.
        """
        self._journal.hold()
        with self._lock:
            before = [other for other in self._flights if other.nonce < flight.nonce]
        for other in before:
            with suppress(ChainError), _unless_watched(other) as free:
                if free:
                    self._push(other)
        self._push(flight)

    def burn_given_up(self) -> None:
        """
        See to it that nothing that was given up can surface after what is sent next. Raises
        CostTooHighError where that is impossible.
        """
        for flight in [flight for flight in self._flights if flight.unwanted]:
            with _unless_watched(flight) as free:
                if free:
                    self._burn(flight)

    def _fetch_head(self) -> "_Head":
        method = "eth_getBlockByNumber"
        block = self._reader.rpc.request_object(method, "latest", False) or {}
        number, at = (
            self._reader.rpc.read_number(method, block.get(name))
            for name in ("number", "timestamp")
        )
        return _Head(number, str(block.get("hash")), at)

    def _burn(self, flight: Flight) -> None:
        try:
            if self._landing.find(flight) is None:
                self._landing.check_replaced(flight)
                self._dispatch.burn(flight)
        except ReplacedError:
            return
        except (NoAnswerError, RpcError):
            if not flight.burning:
                raise

    def _look_after(self, flight: Flight, head: int, now: int) -> None:
        if flight.status is Status.MINED:
            self._landing.confirm(flight, head)
        elif flight.status is Status.UNDER_WAY:
            self._landing.find(flight)
            self._landing.end_if_final(flight, head)
        if flight.status is not Status.UNDER_WAY:
            return
        self._landing.check_replaced(flight)
        if flight.unwanted or is_expired(flight, now):
            self._dispatch.burn(flight)
        if time.monotonic() >= flight.next_push:
            self._dispatch.push(flight)

    def _push(self, flight: Flight) -> None:
        if flight.status is not Status.UNDER_WAY or time.monotonic() < flight.next_push:
            return
        if flight.expires_at is not None and is_expired(flight, self._reader.fetch_now()):
            self._dispatch.burn(flight)
        self._dispatch.push(flight)

    def _fill_gap(self) -> None:
        """
        A nonce that nobody uses keeps all that come after it: use it for nothing.
        """
        with self._lock:
            waiting = self._flights.nonces()
            gap = self._nonces.find_gap(waiting) if waiting else None
            if gap is None:
                return
            nothing = Call(self._address, b"")
            claimed = self._journal.claim(f"fill:{secrets.token_hex(8)}", nothing, None)
            filler = build_flight(claimed)
            self._dispatch.fill(filler, gap)
            self._flights.add(filler)


def is_expired(flight: Flight, now: int) -> bool:
    """
    Whether it must not happen any more at `now`, the chain's time.
    """
    return flight.expires_at is not None and flight.expires_at <= now


@contextmanager
def _unless_watched(flight: Flight) -> Iterator[bool]:
    """
    Whether the flight is free: nobody waits for it. It is held until the end of the block.
    """
    free = flight.lock.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            flight.lock.release()
