"""
Waiting for one flight: until it is mined, or it is time to tell that nobody knows.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from bursar.chain.client import Receipt
from bursar.chain.errors import (
    BurnedError,
    ChainError,
    DroppedError,
    NoAnswerError,
    NotMinedError,
    RevertedError,
    RpcError,
)
from bursar.chain.reader import Reader, transaction_fields
from bursar.chain.sending.flights import Flight, Flights
from bursar.chain.sending.intents import Outcome, Status
from bursar.chain.sending.landing import Landing
from bursar.chain.sending.looking import Look
from bursar.chain.sending.nonces import Nonces
from bursar.chain.sending.patience import Patience

_FIRST_POLL: Final = 0.005
_ADVICE: Final = "It may still be: look before doing it again."


class Wait:
    """
    Watches flights. Whoever calls it for one holds the flight's lock.
    """

    def __init__(
        self,
        reader: Reader,
        look: Look,
        landing: Landing,
        nonces: Nonces,
        flights: Flights,
        patience: Patience,
    ) -> None:
        self._reader = reader
        self._look = look
        self._landing = landing
        self._nonces = nonces
        self._flights = flights
        self._patience = patience

    def until_mined(
        self, flight: Flight, deadline: float, push: Callable[[Flight], None]
    ) -> Receipt:
        """
        Until `deadline` (`time.monotonic`); `push` is called where it has been under way for long.

        Raises RevertedError, BurnedError, ReplacedError or NotMinedError.
        """
        pause = _FIRST_POLL
        while True:
            trouble: ChainError | None = None
            try:
                receipt = self._landing.find(flight)
                if receipt is not None:
                    return self._read(flight, receipt)
                self._check_gone(flight)
                if time.monotonic() >= flight.next_push:
                    push(flight)
            except (NoAnswerError, RpcError) as error:
                trouble = error  # what is under way is not given up for one bad answer
            if time.monotonic() >= deadline:
                raise self._build_not_mined(flight, trouble)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pause = min(pause * 2, self._patience.poll)

    def _check_gone(self, flight: Flight) -> None:
        if flight.status is Status.ENDED:
            self._landing.revive(flight)
        if flight.status is Status.MINED:
            self._landing.confirm(flight, 0)
        self._landing.check_replaced(flight)

    def _read(self, flight: Flight, receipt: dict[str, Any]) -> Receipt:
        if flight.outcome is Outcome.SUCCEEDED:
            return self._look.build_receipt(receipt)
        if flight.outcome is Outcome.BURNED:
            raise BurnedError(
                f"Nonce {flight.nonce} was burned before 0x{flight.signed[0].hash.hex()} was mined."
            )
        fields = transaction_fields(flight.call, flight.last.sender)
        revert = self._reader.explain_revert(fields, receipt)
        raise RevertedError(revert, flight.mined.transaction if flight.mined else None)

    def _build_not_mined(self, flight: Flight, trouble: ChainError | None) -> NotMinedError:
        hashes = tuple(transaction.hash for transaction in flight.signed)
        text = (
            f"Transaction 0x{flight.last.hash.hex()} (nonce {flight.nonce} of "
            f"{flight.last.sender}) is not mined after {self._patience.timeout:g} s"
        )
        if trouble is None:
            try:
                return self._diagnose(flight, text)
            except (NoAnswerError, RpcError) as error:
                trouble = error
        text = f"{text}, and the node is no help: {trouble} {_ADVICE}"
        return NotMinedError(text, flight.nonce, hashes)

    def _diagnose(self, flight: Flight, text: str) -> NotMinedError:
        hashes = tuple(transaction.hash for transaction in flight.signed)
        missing = self._nonces.fetch_used()
        if missing < flight.nonce and missing not in self._flights.nonces():
            text += f"; it waits for nonce {missing}, which was not sent from here"
        if not self._look.knows_any(flight):
            text = f"{text}, and the node dropped it. {_ADVICE}"
            return DroppedError(text, flight.nonce, hashes)
        fee = flight.last.fees.max_fee
        text = f"{text}; it offers {fee} wei per gas. {_ADVICE}"
        return NotMinedError(text, flight.nonce, hashes)
