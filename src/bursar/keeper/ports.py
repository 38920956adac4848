"""
What the keeper needs from the world outside, so that a test can be that world.

    Node (reads) · Sender (writes with one key) · Clock · Tell (reaches whoever queued a payment)
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bursar.chain.client import Receipt
from bursar.chain.reader import Call, RawLog
from bursar.chain.reverts import Revert
from bursar.keeper.notices import Notice
from bursar.types import Address

Clock: TypeAlias = Callable[[], float]
"""Unix seconds, as `time.time`."""

Tell: TypeAlias = Callable[[Notice], None]
"""Brings a notice to whoever queued the payment. Whatever it raises, it is called again later."""


@dataclass(frozen=True, slots=True)
class Header:
    """
    A block without its content. `bloom` is the 256-byte filter of what was logged in it.
    """

    number: int
    hash: str
    parent: str
    at: int
    bloom: bytes = b""


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

    def fetch_range(self, first: int, last: int) -> Sequence[RawLog]:
        """
        Everything with the topic of one of our events in blocks `first` to `last`, in order.
        """

    def fetch_block(self, header: Header, emitters: Collection[Address]) -> Sequence[RawLog]:
        """
        The same in exactly this block. Raises a ChainError where the node does not have it, or
        shows nothing of `emitters` and less than the header says was logged.
        """

    def fetch_time(self, log: RawLog) -> int:
        """
        The timestamp of a log's block.
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
    The one that sends with the keeper's key; `bursar.chain.sender.Sender` is one. Threads share it.
    """

    @property
    def address(self) -> Address:
        """
        The key's account.
        """

    def send(self, call: Call, *, gas: int | None = None) -> Receipt:
        """
        Send `call` and wait until it is mined. `gas` is the limit; None estimates it.

        Raises RevertedError where the chain refuses, else a ChainError. After one that leaves open
        whether it will be mined, sending again takes the same nonce, so at most one is.
        """
