"""
What the keeper needs from the world outside, so that a test can be that world.

    Watcher (what the chain's events come to) · Node (asks the chain) · Sender (writes with one key)
    Sharing (other keepers) · Witness (another node) · Clock · Tell (reaches who queued a payment)
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bursar.chain.client import Receipt
from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.chain.reverts import Revert
from bursar.keeper.decisions import Due
from bursar.keeper.kept import Kept
from bursar.keeper.notices import Notice
from bursar.state import State
from bursar.types import Address

Clock: TypeAlias = Callable[[], float]
"""Unix seconds, as `time.time`."""

Tell: TypeAlias = Callable[[Notice], None]
"""Brings a notice to whoever queued the payment. Whatever it raises, it is called again later."""


@dataclass(frozen=True, slots=True)
class Header:
    """
    A block without its content.
    """

    number: int
    hash: str
    parent: str
    at: int


class Head(Protocol):
    """
    What is needed of the latest block.
    """

    @property
    def number(self) -> int:
        """
        Its height.
        """

    @property
    def hash(self) -> str:
        """
        With 0x.
        """

    @property
    def at(self) -> int:
        """
        Its timestamp.
        """


class Cancelled(Protocol):
    """
    A payment that somebody cancelled, as it was queued.
    """

    @property
    def due(self) -> Due:
        """
        The payment.
        """

    @property
    def by(self) -> Address:
        """
        Who has.
        """

    @property
    def reason(self) -> str:
        """
        In whose words.
        """


class ChainView(Protocol):
    """
    What all events up to block `head` come to.
    """

    @property
    def head(self) -> Head:
        """
        The latest block.
        """

    @property
    def state(self) -> State:
        """
        The organisation and its wallets. Nobody changes it any more.
        """

    @property
    def rhythm(self) -> int:
        """
        How many seconds after the head the next block is at least; 0 where that is not known.
        """

    @property
    def cancelled(self) -> Sequence[Cancelled]:
        """
        What was cancelled since the last view; the first one has everything since the keeper's last
        notices. To have the same twice is harmless, to miss one is not.
        """


class Watcher(Protocol):
    """
    Follows the chain.
    """

    def catch_up(self) -> ChainView:
        """
        Read up to the latest block. Raises a ChainError where that is impossible.
        """


class Witness(Protocol):
    """
    Another node, which is asked whether it sees the same chain.
    """

    def fetch_head(self) -> Head:
        """
        Its latest block.
        """

    def fetch_header(self, number: int) -> Head | None:
        """
        Its block of that number, or None where it has none.
        """


class Node(Protocol):
    """
    A node to read from. Every method raises a ChainError where there is no answer.
    """

    def fetch_head(self) -> Header:
        """
        The latest block.
        """

    def fetch_header(self, number: int) -> Header | None:
        """
        The block of that number, or None where the node has none.
        """

    def simulate(
        self, call: Call, sender: Address, *, at: int, pending: bool = False
    ) -> Revert | None:
        """
        How `call` would be refused at the latest block, as if its time were `at`; None where it
        would not. `pending` adds what waits to be mined, as far as the node tells.
        """

    def estimate(self, call: Call, sender: Address, *, at: int) -> int | None:
        """
        A gas limit for `call` in a block of time `at`, with a margin; None where the node cannot
        look ahead.
        """

    def fetch_holding(self, token: Address, holder: Address) -> int:
        """
        What `holder` has of a token or the native currency, in base units.
        """

    def fetch_last_heartbeat(self, organization: Address) -> int:
        """
        When the organisation's last heartbeat was, at the latest block.
        """

    def fetch_gas_price(self) -> int:
        """
        What a unit of gas costs now, in wei.
        """


class Sender(Protocol):
    """
    The one that sends with the keeper's key; `bursar.chain.sending.Sender` is one. Threads share
    it.
    """

    @property
    def address(self) -> Address:
        """
        The key's account.
        """

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
        Send `call` and wait until it is mined. `gas` is the limit; None estimates it. The same
        `key` is under way once and done once, however often and after whatever crash it is asked
        for. After `expires_at` (chain time) it cannot happen any more. The chain itself does only
        once what is `repeatable`.

        Raises RevertedError where the chain refuses, NotMinedError where it goes on being under
        way, else a ChainError.
        """

    def under_way(self) -> Collection[str]:
        """
        The keys of what is signed and not mined.
        """

    def abandon(self, key: str) -> None:
        """
        Burn the nonce of what is under way under that key.
        """

    def advance(self) -> Sequence[ChainError]:
        """
        Look after what is under way and nobody waits for. Returns what went wrong with it.
        """


class Sharing(Protocol):
    """
    Other keepers of the same organisation, as far as this one shares its work with them;
    `bursar.keeper.sharing.Crew` is one.
    """

    def take(
        self,
        parts: Sequence[Address],
        wanted: Collection[Address],
        busy: Collection[Address],
        *,
        able: bool,
    ) -> Collection[Address]:
        """
        Which of `wanted` and `busy` are this keeper's until the next call: wallets, and the
        organisation. `parts` are all there are, in the order of their creation. It is `busy` with
        those for which it has something under way. Who is not `able` leaves all to the others.
        """

    def find_obstacle(self, stem: str) -> str:
        """
        Why another keeper may still do what a key that begins with `stem` names, with what it has
        signed; empty where none can. Raises a ChainError where that cannot be said.
        """

    def rest(self) -> None:
        """
        This keeper cannot send: leave the work to the others for a while.
        """

    def let_go(self) -> None:
        """
        This keeper sees nothing new: another may follow.
        """


class Bookkeeper(Protocol):
    """
    Writes down what has happened; `bursar.keeper.bookkeeping.Books` is one.
    """

    def keep(self) -> Kept:
        """
        Write down what is new. Whatever goes wrong is in the answer, never raised.
        """
