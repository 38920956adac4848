"""
Whether the keeper's key can pay for what it may have to send.
"""

from typing import Final

from bursar.chain.errors import ChainError
from bursar.keeper.decisions import count_affordable
from bursar.keeper.ports import Clock, Node, Sender
from bursar.keeper.settings import KeeperSettings
from bursar.types import NATIVE

# What the key pays for: an `execute`, and room for a token that needs more than usual.
USUAL_GAS: Final = 120_000


class Funds:
    """
    Looks at the key's balance from time to time, in wei.
    """

    def __init__(self, node: Node, sender: Sender, clock: Clock, settings: KeeperSettings) -> None:
        self._node = node
        self._sender = sender
        self._clock = clock
        self._settings = settings
        self._checked_at = float("-inf")
        self._affordable: int | None = None
        self._lack: str | None = None

    def check(self) -> tuple[str | None, ChainError | None]:
        """
        What an operator has to know, and why it could not be asked.
        """
        trouble = None
        if self._clock() >= self._checked_at + self._settings.funds_every:
            try:
                self._look()
            except ChainError as error:
                trouble = error
            self._checked_at = self._clock()
        return self._lack, trouble

    def find_lack_for_stop(self) -> str | None:
        """
        Why the key could not pay for the stops that may be needed, as far as is known.
        """
        if self._affordable is None or self._affordable >= self._settings.least_stops:
            return None
        return (
            f"the key could pay for {self._affordable} transactions, and says by a heartbeat that "
            f"it could stop everything: it needs enough for {self._settings.least_stops}"
        )

    def _look(self) -> None:
        address = self._sender.address
        wei, price = self._node.fetch_holding(NATIVE, address), self._node.fetch_gas_price()
        self._affordable = count = count_affordable(wei, price, USUAL_GAS)
        self._lack = None
        if count < self._settings.least_transactions:
            self._lack = (
                f"The keeper's account {address} holds {wei} wei, enough for about {count} "
                f"transactions at {price} wei per gas. Send it some of the chain's own currency: "
                "without it nothing is executed, and a missing heartbeat stops every wallet."
            )
