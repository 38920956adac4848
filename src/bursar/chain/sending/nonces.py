"""
Which nonce is next: what the chain says, and what is under way here.
"""

import time
from typing import Final

from bursar.chain.errors import BadAnswerError
from bursar.chain.rpc import Rpc
from bursar.chain.sending.patience import Patience
from bursar.types import Address

# More of one account is under way nowhere; a node that says so is not to be believed.
_MOST_PENDING: Final = 256


class Nonces:
    """
    The nonces of one account.
    """

    def __init__(self, rpc: Rpc, address: Address, patience: Patience) -> None:
        self._rpc = rpc
        self._address = address
        self._patience = patience
        self._floor = 0
        self._gap: tuple[int, float] | None = None

    def settle(self, nonce: int) -> None:
        """
        It was seen used: a node that says less is late.
        """
        self._floor = max(self._floor, nonce + 1)

    def fetch_used(self) -> int:
        """
        How many are used.
        """
        return self._fetch_count("latest")

    def choose(self, taken: set[int]) -> int:
        """
        The first that is free, where those in `taken` are not.
        """
        _, pending = self._fetch()
        if not taken:
            pending = self._catch_up(pending)
        nonce = max(pending, self._floor)
        while nonce in taken:
            nonce += 1
        return nonce

    def find_gap(self, waiting: set[int]) -> int | None:
        """
        A nonce that nothing has and that those in `waiting` wait for. Only what is seen again a
        while later: the node may be late.
        """
        _, pending = self._fetch()
        if pending in waiting or pending >= max(waiting, default=0):
            self._gap = None
            return None
        now = time.monotonic()
        if self._gap is None or self._gap[0] != pending:
            self._gap = pending, now
        return pending if now >= self._gap[1] + self._patience.lag else None

    def _catch_up(self, pending: int) -> int:
        """
        Give a node that lags behind what was mined the time to follow; then the chain is right: it
        was rolled back.
        """
        deadline = time.monotonic() + self._patience.lag
        while pending < self._floor and time.monotonic() < deadline:
            time.sleep(min(self._patience.poll, self._patience.lag / 4))
            _, pending = self._fetch()
        self._floor = pending
        return pending

    def _fetch(self) -> tuple[int, int]:
        """
        How many are used, and the first that nothing known to the node has.
        """
        used = self.fetch_used()
        pending = max(self._fetch_count("pending"), used)
        if pending - used > _MOST_PENDING:
            raise BadAnswerError(
                f"{self._rpc.name} says that {pending - used} transactions of {self._address} are "
                "pending. Look at the account in an explorer, or use another node."
            )
        return used, pending

    def _fetch_count(self, block: str) -> int:
        return self._rpc.request_number("eth_getTransactionCount", self._address, block)
