"""
What became of a flight: looked up on the chain, written down, and followed to its end.

    receipt? → MINED → deep enough → ENDED
       └ gone → UNDER WAY again          └ nonce used by something else → ENDED
"""

import threading
import time
from typing import Any, Final

from bursar.chain.errors import ReplacedError
from bursar.chain.sending.flights import Flight, Flights
from bursar.chain.sending.intents import Mined, Outcome, Status
from bursar.chain.sending.journal import Journal
from bursar.chain.sending.looking import Look
from bursar.chain.sending.nonces import Nonces
from bursar.chain.sending.patience import Patience
from bursar.chain.sending.points import MINED, RECORDED, reached

# A node that has seen the nonce used and not the receipt may be two nodes behind one name.
_LOOKS_BEFORE_REPLACED: Final = 4


class Landing:
    """
    Settles flights. Whoever calls it for one holds the flight's lock.
    """

    def __init__(
        self,
        look: Look,
        journal: Journal,
        nonces: Nonces,
        flights: Flights,
        lock: threading.RLock,
        patience: Patience,
    ) -> None:
        self._look = look
        self._journal = journal
        self._nonces = nonces
        self._flights = flights
        self._lock = lock
        self._patience = patience

    def find(self, flight: Flight) -> dict[str, Any] | None:
        """
        The receipt of whichever of its transactions was mined, written down; None while none is.
        """
        receipt = self._look.find_receipt(flight)
        if receipt is None:
            return None
        mined, succeeded = self._look.read_mined(flight, receipt)
        if flight.mined != mined:
            self._settle(flight, mined, _read_outcome(flight, mined, succeeded))
        return receipt

    def check_replaced(self, flight: Flight, *, at_once: bool = False) -> None:
        """
        Raises ReplacedError where the nonce is used, and by nothing of this flight that the node
        would know: seen so a few times in a row for a while, or `at_once` where the node has said
        it itself. The flight ends with that once it is final, or where to do it again is harmless.
        """
        taken = self._nonces.fetch_used() > flight.nonce and not self._look.knows_any(flight)
        if not taken:
            flight.looks, flight.taken = 0, None
            return
        flight.looks += 1
        height = self._look.fetch_height()
        since, block = flight.taken = flight.taken or (time.monotonic(), height)
        if not at_once:
            too_soon = time.monotonic() - since < self._patience.lag
            if flight.looks < _LOOKS_BEFORE_REPLACED or too_soon:
                return
            if height - block < self._patience.final_after and not flight.repeatable:
                raise self._build_replaced(flight)
        self._nonces.settle(flight.nonce)
        self._end(flight, Outcome.REPLACED)
        raise self._build_replaced(flight)

    def _build_replaced(self, flight: Flight) -> ReplacedError:
        return ReplacedError(
            f"Nonce {flight.nonce} of {flight.last.sender} was used by another transaction, not "
            f"sent from here, so 0x{flight.last.hash.hex()} is not mined unless that one's block "
            "goes again. Give each process a key of its own; if nobody else should have this one, "
            "stop the agent.",
            flight.nonce,
        )

    def confirm(self, flight: Flight, head: int) -> None:
        """
        Look again at what was mined, where `head` is the latest block's number.
        """
        receipt = self.find(flight)
        if receipt is None:
            self._journal.record_gone(flight.id)
            flight.status, flight.mined, flight.outcome = Status.UNDER_WAY, None, None
            flight.next_push = 0.0
        else:
            self.end_if_final(flight, head)

    def revive(self, flight: Flight) -> None:
        """
        What was final is not there any more: a reorganisation was deeper than thought. It is under
        way again with its old nonce. Raises ReplacedError where that is another's by now.
        """
        with self._lock:
            if flight.nonce in self._flights.nonces():
                self._journal.record_ended(flight.id, Outcome.REPLACED)
                raise self._build_replaced(flight)
            self._journal.record_gone(flight.id)
            flight.status, flight.mined, flight.outcome = Status.UNDER_WAY, None, None
            flight.next_push = 0.0
            self._flights.add(flight)

    def end_if_final(self, flight: Flight, head: int) -> None:
        """
        Nothing that deep goes any more.
        """
        if flight.status is not Status.MINED or flight.mined is None or flight.outcome is None:
            return
        if head - flight.mined.block >= self._patience.final_after:
            self._end(flight, flight.outcome, flight.mined)

    def _settle(self, flight: Flight, mined: Mined, outcome: Outcome) -> None:
        reached(MINED)
        self._nonces.settle(flight.nonce)
        if self._patience.final_after == 0:
            self._end(flight, outcome, mined)
        else:
            self._journal.record_mined(flight.id, mined, outcome)
            flight.status, flight.mined, flight.outcome = Status.MINED, mined, outcome
        reached(RECORDED)

    def _end(self, flight: Flight, outcome: Outcome, mined: Mined | None = None) -> None:
        self._journal.record_ended(flight.id, outcome, mined)
        flight.status, flight.mined, flight.outcome = Status.ENDED, mined, outcome
        with self._lock:
            self._flights.drop(flight)


def _read_outcome(flight: Flight, mined: Mined, succeeded: bool) -> Outcome:
    if flight.burned_by(mined.transaction):
        return Outcome.BURNED
    return Outcome.SUCCEEDED if succeeded else Outcome.REVERTED
