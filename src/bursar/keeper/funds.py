"""
Whether the keeper's key can pay for what it may have to send.
"""

from typing import Final

from bursar.chain.errors import ChainError
from bursar.keeper.decisions import count_affordable
from bursar.keeper.ports import Clock, Node
from bursar.keeper.settings import KeeperSettings
from bursar.types import NATIVE, Address

# What the key pays for: an `execute`, and room for a token that needs more than usual.
USUAL_GAS: Final = 120_000


class Funds:
    """
    Looks at the balance of `keeper` from time to time, and of `stopper`, which may be the same: the
    account that stops. In wei.
    """

    def __init__(
        self,
        node: Node,
        keeper: Address,
        stopper: Address,
        clock: Clock,
        settings: KeeperSettings,
    ) -> None:
        self._node = node
        self._keeper = keeper
        self._stopper = stopper
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
        # Also where the clock was set back in between.
        if not 0 <= self._clock() - self._checked_at < self._settings.funds_every:
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
            f"a heartbeat says that somebody could stop everything, and {self._stopper} could pay "
            f"for {self._affordable} transactions. It needs enough for {self._settings.least_stops}"
        )

    def _look(self) -> None:
        address, price = self._keeper, self._node.fetch_gas_price()
        wei = self._node.fetch_holding(NATIVE, address)
        count = self._affordable = count_affordable(wei, price, USUAL_GAS)
        if self._stopper != address:
            spare = self._node.fetch_holding(NATIVE, self._stopper)
            self._affordable = count_affordable(spare, price, USUAL_GAS)
        self._lack = None
        if count < self._settings.least_transactions:
            self._lack = (
                f"The keeper's account {address} holds {wei} wei, enough for about {count} "
                f"transactions at {price} wei per gas. Send it some of the chain's own currency: "
                "without it nothing is executed, and a missing heartbeat stops every wallet."
            )
