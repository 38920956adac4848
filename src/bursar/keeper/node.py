"""
The keeper's reads, on a real node.

    Node (port) ← ClientNode → Client → JSON-RPC
"""

from collections.abc import Mapping
from typing import Any, Final

from bursar.chain.client import Client
from bursar.chain.contracts import organization_at, token_at
from bursar.chain.errors import NoAnswerError, RpcError
from bursar.chain.reader import Call, as_revert, find_revert, transaction_fields
from bursar.chain.reverts import Revert
from bursar.keeper.ports import Header
from bursar.types import NATIVE, Address, Role

_GAS_MARGIN_PERCENT: Final = 25


class ClientNode:
    """
    What `client`'s node answers. Nothing is retried: the keeper looks again in its next cycle.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def fetch_head(self) -> Header:
        """
        The latest block.
        """
        return _header(self._fetch("eth_getBlockByNumber", "latest", False))

    def fetch_header(self, number: int) -> Header | None:
        """
        The block of that number, or None.
        """
        block = self.client.rpc.request("eth_getBlockByNumber", hex(number), False)
        return None if block is None else _header(block)

    def simulate(
        self, call: Call, sender: Address, *, at: int, pending: bool = False
    ) -> Revert | None:
        """
        The refusal that `call` would meet in a block of time `at`.
        """
        fields, tag = transaction_fields(call, sender), "pending" if pending else "latest"
        try:
            self.client.rpc.request("eth_call", fields, tag, {}, {"time": hex(at)})
        except RpcError as error:
            return as_revert(error).revert
        return None

    def estimate(self, call: Call, sender: Address, *, at: int) -> int | None:
        """
        What it needs and a quarter more: an hour may begin before the block.
        """
        fields = transaction_fields(call, sender)
        try:
            gas = self._fetch("eth_estimateGas", fields, "latest", {}, {"time": hex(at)})
        except RpcError as error:
            if find_revert(error) is not None:
                raise as_revert(error) from error
            return None
        return int(gas, 16) * (100 + _GAS_MARGIN_PERCENT) // 100

    def fetch_holding(self, token: Address, holder: Address) -> int:
        """
        Balance in base units. A token that answers with nonsense raises ChainError.
        """
        if token == NATIVE:
            return self.client.fetch_balance(holder)
        return int(token_at(self.client, token).view("balanceOf", holder))

    def fetch_last_heartbeat(self, organization: Address) -> int:
        """
        In Unix seconds.
        """
        return int(organization_at(self.client, organization).view("last_heartbeat"))

    def is_keeper(self, organization: Address, who: Address) -> bool:
        """
        Whether it is one now.
        """
        held = organization_at(self.client, organization).view("roles", who)
        return Role.KEEPER in Role(held)

    def fetch_gas_price(self) -> int:
        """
        In wei.
        """
        return int(self._fetch("eth_gasPrice"), 16)

    def _fetch(self, method: str, *params: Any) -> Any:
        answer = self.client.rpc.request(method, *params)
        if answer is None:
            raise NoAnswerError(f"{method}: the node answers that there is nothing.")
        return answer


def _header(block: Mapping[str, Any]) -> Header:
    try:
        return Header(
            number=int(block["number"], 16),
            hash=block["hash"],
            parent=block["parentHash"],
            at=int(block["timestamp"], 16),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoAnswerError(f"The node answers a block that is none: {error!r}") from error
