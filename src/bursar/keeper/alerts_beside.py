"""
The alerts beside a keeper: a thread of their own, and a connection to the node of their own.

    Watcher → ShownTo → the keeper, and Alerting.see
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from eth_abi.exceptions import DecodingError

from bursar.chain.client import Client
from bursar.chain.contracts import token_at
from bursar.chain.errors import BadAnswerError
from bursar.keeper.alerting import Alerting, AlertPlaces
from bursar.keeper.ports import ChainView, Watcher
from bursar.store.alerts import Whose
from bursar.store.database import Database
from bursar.types import NATIVE, Address

_NODE_SECONDS: Final = 10.0


class ShownTo(Watcher):
    """
    A watcher whose views the alerts see as well.
    """

    def __init__(self, watcher: Watcher, alerting: Alerting) -> None:
        self._watcher = watcher
        self._alerting = alerting

    def catch_up(self) -> ChainView:
        """
        As the watcher does.
        """
        view = self._watcher.catch_up()
        self._alerting.see(view)
        return view


class NodeBalances:
    """
    What a node says of balances, on a connection of the alerts' own.
    """

    def __init__(self, url: str) -> None:
        self._client = Client(url, timeout=_NODE_SECONDS)

    def fetch_balance_at(self, token: Address, who: Address, block: int) -> int:
        """
        In base units, after that block. Raises a ChainError.
        """
        if token == NATIVE:
            return self._client.fetch_balance(who, block)
        contract = token_at(self._client, token)
        output = self._client.call(contract.build_call("balanceOf", who), block=block)
        try:
            return int(contract.type.decode("balanceOf", output))
        except (DecodingError, ValueError) as error:
            raise BadAnswerError(f"{token} answers balanceOf with no number.") from error


@contextmanager
def alerting(
    database: Database, url: str, whose: Whose, places: AlertPlaces | None, by: Address
) -> Iterator[Callable[[Watcher], Watcher]]:
    """
    For the length of the block, what shows a watcher's views to the alerts as well; balances are
    asked of the node at `url`. Without places, a watcher stays as it is.
    """
    if places is None:
        yield lambda watcher: watcher
        return
    beside = Alerting(database, NodeBalances(url), whose, places, by=by)
    with beside.working():
        yield lambda watcher: ShownTo(watcher, beside)
