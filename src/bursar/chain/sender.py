"""
Sending from one key: each transaction once, in order, until what became of it is known.

    Call → estimate → nonce → sign → Journal → broadcast → watch, replace → Receipt

One sender per key and process, shared by its threads. Nonces come from the chain and from what is
under way here. What was given up is not left to surface later: the next transaction takes its
nonce.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from eth_account.signers.local import LocalAccount

from bursar.chain.client import Receipt
from bursar.chain.errors import (
    BadAnswerError,
    ChainError,
    CostTooHighError,
    DroppedError,
    NoAnswerError,
    NoGasMoneyError,
    NonceError,
    NotMinedError,
    ReplacedError,
    RevertedError,
    RpcError,
    WrongChainError,
)
from bursar.chain.fees import Ceilings, Fees, fetch_fees, raise_fees
from bursar.chain.reader import Call, Reader, as_revert, transaction_fields
from bursar.chain.refusals import Refusal, read_refusal
from bursar.types import Address, Bytes32, checksummed

# Between the estimate and the block, an hour may begin: then a payment writes to fresh slots.
_GAS_MARGIN_PERCENT: Final = 25
_ATTEMPTS: Final = 3
# A node that has seen the nonce used and not the receipt may be two nodes behind one name.
_LOOKS_BEFORE_REPLACED: Final = 4
# More of one account is under way nowhere; a node that says so is not to be believed.
_MOST_PENDING: Final = 256
_FIRST_POLL: Final = 0.005


@dataclass(frozen=True, slots=True)
class Patience:
    """
    Seconds: how long a transaction may take, after how long it is replaced by one that offers more,
    how long a node may lag behind, and how often it is asked.
    """

    timeout: float = 120.0
    replace_after: float = 20.0
    lag: float = 3.0
    poll: float = 0.5


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """
    What can be broadcast by anyone from now on.
    """

    chain_id: int
    sender: Address
    nonce: int
    call: Call
    gas: int
    fees: Fees
    raw: bytes
    hash: Bytes32


class Journal(Protocol):
    """
    Remembers across crashes what was signed.
    """

    def record_signed(self, transaction: SignedTransaction, /) -> None:
        """
        Called before a broadcast. What is broadcast is only what this has returned for.
        """
        ...

    def record_settled(self, sender: Address, nonce: int, mined: Bytes32 | None, /) -> None:
        """
        The nonce is used: by `mined`, one of those that were signed, or by another transaction.
        """
        ...


class NoJournal:
    """
    Remembers nothing.
    """

    def record_signed(self, transaction: SignedTransaction, /) -> None:
        """
        Nothing.
        """

    def record_settled(self, sender: Address, nonce: int, mined: Bytes32 | None, /) -> None:
        """
        Nothing.
        """


@dataclass(slots=True)
class _Flight:
    """
    A call under way: what was signed for it, and what had its nonce before and was given up.
    `unsure`: nobody answered when it was broadcast.
    """

    nonce: int
    call: Call
    gas: int
    signed: list[SignedTransaction] = field(default_factory=list)
    before: tuple[SignedTransaction, ...] = ()
    given_up: bool = False
    unsure: bool = False

    @property
    def last(self) -> SignedTransaction:
        return self.signed[-1]


class Sender:
    """
    Sends from the account of `key` on chain `chain_id`, which every signature is bound to.
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
        self.address = checksummed(key.address)
        self.chain_id = chain_id
        self._reader = reader
        self._rpc = reader.rpc
        self._key = key
        self._ceilings = ceilings or Ceilings()
        self._patience = patience or Patience()
        self._journal: Journal = journal or NoJournal()
        # Guards what is below, and that nonces are used in the order in which they are chosen.
        self._lock = threading.Lock()
        self._in_flight: dict[int, _Flight] = {}
        self._floor = 0
        self._chain_checked = False

    def send(self, call: Call, *, gas: int | None = None) -> Receipt:
        """
        Send `call` and wait until it is mined.

        gas: the limit; None estimates it, and what would revert is refused without being signed.
        Raises RevertedError, NotMinedError where it is not mined in time, NoAnswerError where it
        was not signed for want of an answer, or a SendError.
        """
        self._check_chain()
        limit = self._estimate(call) if gas is None else gas
        deadline = time.monotonic() + self._patience.timeout
        while True:
            flight = self._launch(call, limit)
            try:
                return self._land(flight, deadline)
            except ReplacedError as error:
                if error.by is None:
                    raise
                # What was given up was mined after all, so this one is still to do.

    # Before signing

    def _check_chain(self) -> None:
        if self._chain_checked:
            return
        found = self._reader.fetch_chain_id()
        if found != self.chain_id:
            raise WrongChainError(self.chain_id, found)
        self._chain_checked = True

    def _estimate(self, call: Call) -> int:
        try:
            fields = transaction_fields(call, self.address)
            gas = self._rpc.request_number("eth_estimateGas", fields)
        except RpcError as error:
            raise as_revert(error) from error
        limit = gas * (100 + _GAS_MARGIN_PERCENT) // 100
        if limit > self._ceilings.max_gas:
            raise CostTooHighError(
                f"The node estimates {gas:,} gas, the ceiling is {self._ceilings.max_gas:,}. Ask "
                "another node, or set a higher ceiling; nothing was signed."
            )
        return limit

    def _check_gas_money(self, call: Call, gas: int, fees: Fees) -> None:
        needed = gas * fees.max_fee + call.value
        found = self._reader.fetch_balance(self.address)
        if found < needed:
            raise NoGasMoneyError(
                f"{self.address} has {found} wei and needs up to {needed} ({gas:,} gas at "
                f"{fees.max_fee} wei). Send it some of the chain's own currency; nothing was "
                "signed."
            )

    # Nonces

    def _launch(self, call: Call, gas: int) -> _Flight:
        """
        Broadcast `call` with a nonce of its own.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                nonce = self._choose_nonce()
                flight = self._build_flight(nonce, call, gas)
                try:
                    self._depart(flight)
                except NonceError as error:
                    refused = error
                else:
                    return flight
        raise refused

    def _choose_nonce(self) -> int:
        used, next_free = self._fetch_nonces()
        self._in_flight = {
            nonce: flight
            for nonce, flight in self._in_flight.items()
            if nonce >= used or not flight.given_up
        }
        given_up = [nonce for nonce, flight in self._in_flight.items() if flight.given_up]
        if given_up:
            return min(given_up)
        if self._in_flight:
            return max(next_free, self._floor, max(self._in_flight) + 1)
        return self._catch_up(next_free)

    def _catch_up(self, next_free: int) -> int:
        """
        Give a node that lags behind what was mined the time to follow; then the chain is right: it
        was rolled back.
        """
        deadline = time.monotonic() + self._patience.lag
        while next_free < self._floor and time.monotonic() < deadline:
            time.sleep(min(self._patience.poll, self._patience.lag / 4))
            _, next_free = self._fetch_nonces()
        self._floor = next_free
        return next_free

    def _fetch_nonces(self) -> tuple[int, int]:
        """
        How many nonces are used, and the first that nothing known to the node has.
        """
        used = self._fetch_count("latest")
        pending = max(self._fetch_count("pending"), used)
        if pending - used > _MOST_PENDING:
            raise BadAnswerError(
                f"{self._rpc.name} says that {pending - used} transactions of {self.address} are "
                "pending. Look at the account in an explorer, or use another node."
            )
        return used, pending

    def _fetch_count(self, block: str) -> int:
        return self._rpc.request_number("eth_getTransactionCount", self.address, block)

    # Signing and broadcasting

    def _build_flight(self, nonce: int, call: Call, gas: int) -> _Flight:
        stale = self._in_flight.get(nonce)
        before = (*stale.before, *stale.signed) if stale else ()
        return _Flight(nonce, call, gas, before=before)

    def _depart(self, flight: _Flight) -> None:
        """
        Sign and broadcast for the first time. Raises what means that it did not go out.
        """
        fees = self._choose_fees(flight)
        self._check_gas_money(flight.call, flight.gas, fees)
        stale = self._in_flight.get(flight.nonce)
        self._sign(flight, fees)
        self._in_flight[flight.nonce] = flight
        try:
            self._broadcast(flight)
        except NoAnswerError:
            flight.unsure = True  # it is looked for, and sent again
        except ChainError:
            self._forget(flight, stale)
            raise

    def _choose_fees(self, flight: _Flight) -> Fees:
        market = fetch_fees(self._rpc, self._ceilings)
        if not flight.before:
            return market
        fees = raise_fees(flight.before[-1].fees, market, self._ceilings)
        if fees is None:
            raise CostTooHighError(
                f"Transaction 0x{flight.before[-1].hash.hex()} with nonce {flight.nonce} is stuck "
                "and offers as much as the ceiling allows. Set a higher one, or wait until it is "
                "mined; nothing was signed."
            )
        return fees

    def _forget(self, flight: _Flight, stale: _Flight | None) -> None:
        if stale is None:
            del self._in_flight[flight.nonce]
        else:
            self._in_flight[flight.nonce] = stale

    def _sign(self, flight: _Flight, fees: Fees) -> None:
        call = flight.call
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": flight.nonce,
            "gas": flight.gas,
            "maxPriorityFeePerGas": fees.tip,
            "maxFeePerGas": fees.max_fee,
            "to": call.to,
            "value": call.value,
            "data": call.data,
        }
        signed = self._key.sign_transaction(fields)
        transaction = SignedTransaction(
            chain_id=self.chain_id,
            sender=self.address,
            nonce=flight.nonce,
            call=call,
            gas=flight.gas,
            fees=fees,
            raw=bytes(signed.raw_transaction),
            hash=Bytes32(bytes(signed.hash)),
        )
        self._journal.record_signed(transaction)
        flight.signed.append(transaction)

    def _broadcast(self, flight: _Flight) -> None:
        """
        Hand the latest to the node. Raises NoAnswerError where it may or may not have arrived.
        """
        transaction = flight.last
        try:
            self._rpc.request("eth_sendRawTransaction", f"0x{transaction.raw.hex()}")
        except RpcError as error:
            if not self._is_known(transaction):
                raise self._explain_refusal(error, flight) from error

    def _is_known(self, transaction: SignedTransaction) -> bool:
        """
        Whether the node has it, whatever it said: some report what they took as failed.
        """
        return self._find("eth_getTransactionByHash", transaction) is not None

    def _explain_refusal(self, error: RpcError, flight: _Flight) -> ChainError:
        refusal = read_refusal(error)
        if refusal is Refusal.NO_MONEY:
            return NoGasMoneyError(
                f"{self.address} cannot pay for the gas: {error.message}. Send it some of the "
                "chain's own currency."
            )
        if refusal in (Refusal.NONCE_TAKEN, Refusal.NONCE_GAP, Refusal.REPLACES_NOTHING):
            return NonceError(
                f"Nonce {flight.nonce} of {self.address} is refused: {error.message}. Something "
                "else sends from this key; give each process a key of its own."
            )
        return error

    # Until it is known what became of it

    def _land(self, flight: _Flight, deadline: float) -> Receipt:
        try:
            return self._watch(flight, deadline)
        except BaseException:
            flight.given_up = flight.nonce in self._in_flight
            raise

    def _watch(self, flight: _Flight, deadline: float) -> Receipt:
        pause, taken = _FIRST_POLL, 0
        wait = self._patience.lag if flight.unsure else self._patience.replace_after
        next_push = time.monotonic() + min(wait, self._patience.replace_after)
        while True:
            trouble: ChainError | None = None
            try:
                receipt = self._find_receipt(flight)
                if receipt is not None:
                    return self._read_receipt(flight, receipt)
                taken = taken + 1 if self._is_taken(flight) else 0
                if taken >= _LOOKS_BEFORE_REPLACED:
                    raise self._build_replaced(flight)
                if time.monotonic() >= next_push:
                    next_push = time.monotonic() + self._patience.replace_after
                    self._push(flight)
            except (NoAnswerError, RpcError) as error:
                trouble = error  # what is under way is not given up for one bad answer
            if time.monotonic() >= deadline:
                raise self._build_not_mined(flight, trouble)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pause = min(pause * 2, self._patience.poll)

    def _is_taken(self, flight: _Flight) -> bool:
        """
        Whether the nonce is used, and by nothing of this flight that the node would know.
        """
        if self._fetch_count("latest") <= flight.nonce:
            return False
        return not any(map(self._is_known, flight.signed))

    def _find_receipt(self, flight: _Flight) -> dict[str, Any] | None:
        for transaction in reversed(flight.signed):
            receipt = self._find("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
        return None

    def _find(self, method: str, transaction: SignedTransaction) -> dict[str, Any] | None:
        return self._rpc.request_object(method, f"0x{transaction.hash.hex()}")

    def _push(self, flight: _Flight) -> None:
        """
        Send again what the node has lost, or replace what it has by one that offers more.
        """
        if any(map(self._is_known, flight.signed)):
            try:
                market = fetch_fees(self._rpc, self._ceilings)
            except CostTooHighError:
                return
            fees = raise_fees(flight.last.fees, market, self._ceilings)
            if fees is None:
                return
            self._sign(flight, fees)
        try:
            self._broadcast(flight)
        except (NonceError, NoGasMoneyError):
            return  # one of them is mined, or the next offers more, or the last one stands

    def _read_receipt(self, flight: _Flight, receipt: dict[str, Any]) -> Receipt:
        try:
            transaction = Bytes32(bytes.fromhex(receipt["transactionHash"][2:]))
            if transaction not in {signed.hash for signed in flight.signed}:
                raise ValueError("another transaction's")
            mined = Receipt(
                transaction=transaction,
                block=int(receipt["blockNumber"], 16),
                at=self._reader.fetch_timestamp(receipt["blockHash"]),
                gas_used=int(receipt["gasUsed"], 16),
                created=None,
                logs=tuple(receipt["logs"]),
            )
            succeeded = int(receipt["status"], 16) == 1
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswerError(f"{self._rpc.name} answers no usable receipt: {error}") from error
        if not succeeded:
            revert = self._reader.explain_revert(
                transaction_fields(flight.call, self.address), receipt
            )
            self._settle(flight, transaction)
            raise RevertedError(revert, transaction)
        self._settle(flight, transaction)
        return mined

    def _settle(self, flight: _Flight, mined: Bytes32 | None) -> None:
        with self._lock:
            self._in_flight.pop(flight.nonce, None)
            self._floor = max(self._floor, flight.nonce + 1)
        self._journal.record_settled(self.address, flight.nonce, mined)

    def _build_replaced(self, flight: _Flight) -> ReplacedError:
        by = self._find_mined(flight.before)
        self._settle(flight, by)
        who = f"0x{by.hex()}, which was given up before," if by else "not sent from here"
        return ReplacedError(
            f"Nonce {flight.nonce} of {self.address} was used by another transaction, {who} so "
            f"0x{flight.last.hash.hex()} will never be mined. Give each process a key of its own; "
            "if nobody else should have this one, stop the agent.",
            flight.nonce,
            by,
        )

    def _find_mined(self, transactions: tuple[SignedTransaction, ...]) -> Bytes32 | None:
        for transaction in transactions:
            if self._find("eth_getTransactionReceipt", transaction) is not None:
                return transaction.hash
        return None

    def _build_not_mined(self, flight: _Flight, trouble: ChainError | None) -> NotMinedError:
        hashes = tuple(transaction.hash for transaction in flight.signed)
        text = (
            f"Transaction 0x{flight.last.hash.hex()} (nonce {flight.nonce} of {self.address}) is "
            f"not mined after {self._patience.timeout:g} s"
        )
        advice = "It may still be: look before doing it again."
        if trouble is not None:
            return NotMinedError(
                f"{text}, and the node is no help: {trouble} {advice}", flight.nonce, hashes
            )
        return self._diagnose(flight, text, advice, hashes)

    def _diagnose(
        self, flight: _Flight, text: str, advice: str, hashes: tuple[Bytes32, ...]
    ) -> NotMinedError:
        try:
            missing = self._fetch_count("latest")
            known = any(map(self._is_known, flight.signed))
        except (NoAnswerError, RpcError) as error:
            return NotMinedError(f"{text}; {error} {advice}", flight.nonce, hashes)
        if missing < flight.nonce and missing not in self._in_flight:
            text += f"; it waits for nonce {missing}, which was not sent from here"
        if not known:
            return DroppedError(f"{text}, and the node dropped it. {advice}", flight.nonce, hashes)
        fee = flight.last.fees.max_fee
        return NotMinedError(f"{text}; it offers {fee} wei per gas. {advice}", flight.nonce, hashes)
