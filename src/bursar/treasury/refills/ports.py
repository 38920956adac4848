"""
What a refill asks of others, so that a store can answer one day what nobody records yet.

Whoever answers None says: nobody recorded it. That is told in the report, never passed over.
"""

from collections.abc import Sequence
from typing import Protocol

from bursar.treasury.office import View
from bursar.treasury.refills.evidence import Alert, Refusal
from bursar.types import Address, Bytes32


class Views(Protocol):
    """
    The history with the state that follows from it. An Office reads the chain's logs; a store may
    have them already.
    """

    def view(self) -> View:
        """
        Everything up to the latest block. Raises ChainError.
        """
        ...


class Alerts(Protocol):
    """
    Which alerts were raised, and the end of those that a refill has settled.
    """

    def fetch_alerts(self, first: int, end: int) -> Sequence[Alert] | None:
        """
        Those that were raised from `first` until before `end` (Unix seconds), by time; before them
        those that are still open from earlier.
        """
        ...

    def clear_low_balance(
        self, wallet: Address, token: Address, by: str, ref: Bytes32, block: int
    ) -> int | None:
        """
        Clear the open low-balance alerts of a wallet that were found before `block`, in which the
        refill with the reference `ref` arrived; how many it has settled.
        """
        ...


class Refusals(Protocol):
    """
    What agents were refused.
    """

    def fetch_refusals(self, first: int, end: int) -> Sequence[Refusal] | None:
        """
        Counted by agent, wallet and reason.
        """
        ...


class NothingRecorded:
    """
    Where there is no store.
    """

    def fetch_alerts(self, first: int, end: int) -> None:
        """
        Nobody recorded alerts.
        """

    def clear_low_balance(
        self, wallet: Address, token: Address, by: str, ref: Bytes32, block: int
    ) -> None:
        """
        There is none to clear.
        """

    def fetch_refusals(self, first: int, end: int) -> None:
        """
        Nobody recorded refusals.
        """
