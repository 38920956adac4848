"""
Sending from one key: each transaction once, in order, until what became of it is known.

    key, Call → claim → estimate → nonce → sign → Journal → broadcast → watch, replace → Receipt

One sender per key, shared by the threads of one process. The journal knows what was signed and the
chain what was mined; from the two, `advance` goes on after a crash wherever it was.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from eth_account.signers.local import LocalAccount

from bursar.chain.client import Receipt
from bursar.chain.errors import (
    BurnedError,
    ChainError,
    ExpiredError,
    NonceError,
    ReplacedError,
    WrongChainError,
)
from bursar.chain.fees import Ceilings
from bursar.chain.reader import Call, Reader
from bursar.chain.sending.dispatching import Dispatch
from bursar.chain.sending.flights import Flight, Flights, build_flight
from bursar.chain.sending.intents import Intent, Outcome, Status
from bursar.chain.sending.journal import Journal, MemoryJournal
from bursar.chain.sending.landing import Landing
from bursar.chain.sending.looking import Look
from bursar.chain.sending.nonces import Nonces
from bursar.chain.sending.patience import Patience
from bursar.chain.sending.points import CLAIMED, reached
from bursar.chain.sending.signing import Signer
from bursar.chain.sending.upkeep import Upkeep, is_expired
from bursar.chain.sending.waiting import Wait

_ATTEMPTS: Final = 3


class Sender:
    """
    Sends from the account of `key` on chain `chain_id`. Without a journal it remembers what is
    under way until the process ends.
    """

    def __init__(
        self,
        reader: Reader,
        key: LocalAccount,
        *,
        chain_id: int,
        ceilings: Ceilings | None = None,
        patience: Patience | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._signer = Signer(reader, key, chain_id, ceilings or Ceilings())
        self.address = self._signer.address
        self.chain_id = chain_id
        self._reader = reader
        self._patience = patience or Patience()
        self.journal: Journal = journal or MemoryJournal()
        # Guards the flights, and that nonces are used in the order in which they are chosen. Taken
        # after a flight's own lock, never before.
        self._lock = threading.RLock()
        self._flights = Flights()
        self._nonces = Nonces(reader.rpc, self.address, self._patience)
        look = Look(reader)
        self._dispatch = Dispatch(reader.rpc, self._signer, self.journal, look, self._patience)
        self._landing = Landing(
            look, self.journal, self._nonces, self._flights, self._lock, self._patience
        )
        self._wait = Wait(reader, look, self._landing, self._nonces, self._flights, self._patience)
        self._upkeep = Upkeep(
            reader,
            self.address,
            self.journal,
            self._dispatch,
            self._landing,
            self._nonces,
            self._flights,
            self._lock,
        )
        self._chain_checked = False
        self._epoch = 0
        self._is_new = True
        # Whether the flights are what the journal has.
        self._is_sure = False

    def send(
        self,
        call: Call,
        *,
        gas: int | None = None,
        key: str | None = None,
        expires_at: int | None = None,
        repeatable: bool = False,
    ) -> Receipt:
        """
        Send `call` and wait until it is mined.

        gas: the limit; None estimates it, and what would revert is refused without being signed.
        key: what it is for. The same key is never under way twice, and never done twice: whoever
        asks again goes on waiting for the first. expires_at: the chain's time, Unix seconds, from
        which on it must not happen any more. repeatable: the chain itself does it only once, so
        that another attempt may follow one that has reverted before that is final.

        Raises RevertedError, ExpiredError, NotMinedError where it is not mined in time,
        NoAnswerError where it was not signed for want of an answer, or a SendError. After a
        NotMinedError a call without a key is given up: its nonce is burned before the next one
        goes out.
        """
        self._prepare()
        deadline = time.monotonic() + self._patience.timeout
        name = key if key is not None else secrets.token_hex(16)
        refused: ChainError | None = None
        for _ in range(_ATTEMPTS):
            flight = self._board(self.journal.claim(name, call, expires_at, repeatable=repeatable))
            flight.repeatable = repeatable
            reached(CLAIMED)
            with flight.lock, self._giving_up(flight, when=key is None):
                try:
                    self._launch(flight, gas)
                    return self._wait.until_mined(flight, deadline, self._upkeep.hurry)
                except _TakenError as error:
                    refused = error
                except BurnedError as error:
                    refused = error
                    self._check_expiry(flight)
        if isinstance(refused, BurnedError):
            raise refused
        raise NonceError(str(refused)) from refused

    def advance(self) -> list[ChainError]:
        """
        Look once at everything under way that nobody waits for: send again what was dropped or
        reorganised away, replace what is stuck, burn what has expired or is not wanted, fill gaps,
        and end what is final. Returns what went wrong with some of it.
        """
        self._prepare()
        return self._upkeep.look_after_all()

    def abandon(self, key: str) -> None:
        """
        Let what `key` names not happen any more, if it has not: its nonce is burned.
        """
        self._prepare()
        with self._lock:
            flight = self._flights.find(key)
        if flight is None:
            return
        with flight.lock:
            if flight.status is Status.UNDER_WAY and self._landing.find(flight) is None:
                self._dispatch.burn(flight)

    def under_way(self) -> frozenset[str]:
        """
        The keys of what is signed, wanted, and not mined as far as is known.
        """
        self._prepare()
        with self._lock:
            return frozenset(
                flight.key
                for flight in self._flights
                if flight.status is Status.UNDER_WAY and not flight.unwanted
            )

    # Going on

    def _prepare(self) -> None:
        if not self._chain_checked:
            found = self._reader.fetch_chain_id()
            if found != self.chain_id:
                raise WrongChainError(self.chain_id, found)
            self._chain_checked = True
        with self._lock:
            epoch = self.journal.hold()
            if epoch != self._epoch:
                self._flights.clear()
                self._epoch, self._is_new, self._is_sure = epoch, True, False
            if not self._is_sure:
                self._load()

    def _load(self) -> None:
        """
        Go on with what the journal knows. Nothing was signed for what was only claimed before this
        process held the key: it is given back.
        """
        for intent in self.journal.load():
            if intent.status is not Status.CLAIMED:
                if self._flights.get(intent.id) is None:
                    self._flights.add(build_flight(intent))
            elif self._is_new:
                self.journal.record_ended(intent.id, Outcome.GIVEN_BACK)
        self._is_sure, self._is_new = True, False

    # Under way

    def _board(self, intent: Intent) -> Flight:
        with self._lock:
            return self._flights.get(intent.id) or build_flight(intent)

    def _launch(self, flight: Flight, gas: int | None) -> None:
        """
        Broadcast what only is claimed, with a nonce of its own. Where that is impossible the claim
        is given back.
        """
        if flight.status is not Status.CLAIMED:
            return
        try:
            self._check_expiry(flight)
            limit = self._signer.estimate(flight.call) if gas is None else gas
            with self._lock:
                self._upkeep.burn_given_up()
                nonce = self._nonces.choose(self._flights.nonces())
                self._dispatch.depart(flight, nonce, limit)
                self._flights.add(flight)
                self._broadcast(flight)
        except ChainError:
            if flight.status is Status.CLAIMED:
                self.journal.record_ended(flight.id, Outcome.GIVEN_BACK)
            raise
        except BaseException:  # it may be in the journal all the same: read it again
            self._is_sure = False
            raise

    def _broadcast(self, flight: Flight) -> None:
        try:
            self._dispatch.broadcast(flight)
        except NonceError as refused:
            try:
                self._landing.check_replaced(flight, at_once=True)
            except ReplacedError:
                raise _TakenError(str(refused)) from refused
            raise

    def _check_expiry(self, flight: Flight) -> None:
        if flight.expires_at is not None and is_expired(flight, self._reader.fetch_now()):
            raise ExpiredError(
                f"{flight.key} had to happen before {flight.expires_at} (chain time) and has not: "
                "it will not any more."
            )

    # Giving up

    @contextmanager
    def _giving_up(self, flight: Flight, *, when: bool) -> Iterator[None]:
        """
        Whoever leaves without an answer does not come back for it.
        """
        try:
            yield
        except BaseException:
            if when and flight.status is Status.UNDER_WAY and not flight.unwanted:
                flight.unwanted = True
                self.journal.record_unwanted(flight.id)
            raise


class _TakenError(NonceError):
    """
    The node says that the nonce is used, and it is: another one has to be chosen.
    """
