"""
Out of this machine: sign, write down, broadcast, in this order and no other.

    nonce → sign → Journal → broadcast
"""

import time

from bursar.chain.errors import (
    ChainError,
    CostTooHighError,
    NoAnswerError,
    NoGasMoneyError,
    NonceError,
    RpcError,
)
from bursar.chain.refusals import Refusal, read_refusal
from bursar.chain.rpc import Rpc
from bursar.chain.sending.flights import Flight
from bursar.chain.sending.intents import SignedTransaction, Status
from bursar.chain.sending.journal import Journal
from bursar.chain.sending.looking import Look
from bursar.chain.sending.patience import Patience
from bursar.chain.sending.points import BROADCAST, BURNING, JOURNALLED, SIGNED, reached
from bursar.chain.sending.signing import Signer


class Dispatch:
    """
    Sends what a flight is for, more urgently where it is stuck, or what burns its nonce.
    """

    def __init__(
        self, rpc: Rpc, signer: Signer, journal: Journal, look: Look, patience: Patience
    ) -> None:
        self._rpc = rpc
        self._signer = signer
        self._journal = journal
        self._look = look
        self._patience = patience

    def depart(self, flight: Flight, nonce: int, gas: int) -> None:
        """
        Sign for the first time. Nothing is signed where this raises a ChainError.
        """
        self._record(flight, self._signer.sign(nonce, flight.call, gas))

    def fill(self, flight: Flight, nonce: int) -> None:
        """
        Use up a nonce that nothing has.
        """
        self._record(flight, self._signer.fill(nonce))
        self.broadcast(flight)

    def burn(self, flight: Flight) -> None:
        """
        Use up the nonce of a flight that nobody wants any more. Raises CostTooHighError where it
        already offers as much as the ceiling allows.
        """
        if not flight.unwanted:
            self._journal.record_unwanted(flight.id)
            flight.unwanted = True
        if flight.burning:
            return
        reached(BURNING)
        burn = self._signer.burn(flight.last)
        if burn is None:
            raise CostTooHighError(
                f"Transaction 0x{flight.last.hash.hex()} with nonce {flight.nonce} is stuck "
                "and offers as much as the ceiling allows. Set a higher one, or wait until it is "
                "mined; nothing was signed."
            )
        self._record(flight, burn)
        self._broadcast_again(flight)

    def push(self, flight: Flight) -> None:
        """
        Send again what the node has lost, or replace what it has by one that offers more.
        """
        known = self._look.knows_any(flight)
        arrived = known and (flight.unsure or flight.next_push == 0)
        flight.unsure = False
        flight.next_push = time.monotonic() + self._patience.replace_after
        if arrived:
            return  # it is not known how long it has waited
        if known or self._signer.is_outpriced(flight.last):
            more = self._signer.replace(flight.last)
            if more is None:
                return
            self._record(flight, more)
        self._broadcast_again(flight)

    def broadcast(self, flight: Flight) -> None:
        """
        Hand the latest to the node. Raises what it says against it, and where that is so.
        """
        flight.next_push = time.monotonic() + self._patience.replace_after
        transaction = flight.last
        try:
            self._rpc.request("eth_sendRawTransaction", f"0x{transaction.raw.hex()}")
        except NoAnswerError:
            flight.unsure = True  # it is looked for, and sent again
            soon = min(self._patience.lag, self._patience.replace_after)
            flight.next_push = time.monotonic() + soon
        except RpcError as error:
            if read_refusal(error) is not Refusal.KNOWN and not self._look.is_known(transaction):
                raise self._explain(error, transaction) from error
        reached(BROADCAST)

    def _broadcast_again(self, flight: Flight) -> None:
        try:
            self.broadcast(flight)
        except (NonceError, NoGasMoneyError):
            return  # one of them is mined, or the next offers more, or the last one stands

    def _record(self, flight: Flight, transaction: SignedTransaction) -> None:
        reached(SIGNED)
        self._journal.record_signed(flight.id, transaction)
        flight.signed.append(transaction)
        flight.nonce = transaction.nonce
        flight.status = Status.UNDER_WAY
        reached(JOURNALLED)

    def _explain(self, error: RpcError, transaction: SignedTransaction) -> ChainError:
        refusal = read_refusal(error)
        if refusal is Refusal.NO_MONEY:
            return NoGasMoneyError(
                f"{transaction.sender} cannot pay for the gas: {error.message}. Send it some of "
                "the chain's own currency."
            )
        if refusal in (Refusal.NONCE_TAKEN, Refusal.NONCE_GAP, Refusal.REPLACES_NOTHING):
            return NonceError(
                f"Nonce {transaction.nonce} of {transaction.sender} is refused: {error.message}. "
                "Something else sends from this key; give each process a key of its own."
            )
        return error
