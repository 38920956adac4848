"""
EIP-2930: naming beforehand what a call will touch, where the node measures that it gets cheaper.

    Call → eth_createAccessList → without the called contract → estimates with and without → Call

An address named costs 2,400 gas and saves 2,500, a slot 1,900 and saves 2,000; that of the called
contract saves nothing, so naming its slots loses unless there are two dozen. A payment touches the
organisation, the token and two or three of their slots: some 500 of 59,000 gas.
"""

import threading
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from bursar.chain.errors import NoAnswerError, RpcError
from bursar.chain.reader import AccessList, Call, Reader, transaction_fields
from bursar.types import Address, Bytes32, checksummed

# Chains on which gas is all that a transaction costs. Rollups also charge for its bytes, and a list
# has 150 of them at least: more than the gas that it saves there.
_GAS_ONLY: Final = frozenset({1, 11_155_111, 31_337})


class Shape(NamedTuple):
    """
    Calls that touch as much as each other: of a function, with as long arguments.
    """

    to: Address
    selector: bytes
    length: int


class Saving(NamedTuple):
    """
    Estimates for one shape of call, in gas.
    """

    without: int
    listed: int

    @property
    def saves(self) -> int:
        """
        What a list saves; negative where it costs.
        """
        return self.without - self.listed


class AccessLists:
    """
    Gives calls of one sender a list where it makes them cheaper. Never keeps one from being sent:
    where a node does not answer, or has no such method, the call stays as it is.
    """

    def __init__(self, reader: Reader, sender: Address) -> None:
        self._reader = reader
        self._sender = sender
        self._lock = threading.Lock()
        self._savings: dict[Shape, Saving] = {}

    @property
    def savings(self) -> Mapping[Shape, Saving]:
        """
        What was measured, once for each shape of call.
        """
        return dict(self._savings)

    def improve(self, call: Call) -> Call:
        """
        `call`, with a list where that saves gas.
        """
        shape = Shape(call.to, call.data[:4], len(call.data))
        known = self._savings.get(shape)
        if call.access_list or (known is not None and known.saves <= 0):
            return call
        try:
            listed = call._replace(access_list=self._fetch_list(call))
            if known is None:
                known = self._measure(shape, call, listed)
        except (RpcError, NoAnswerError):
            return call  # what is wrong with it is for whoever sends it to hear
        return listed if known.saves > 0 else call

    def _measure(self, shape: Shape, call: Call, listed: Call) -> Saving:
        saving = Saving(self._estimate(call), self._estimate(listed))
        with self._lock:
            self._savings[shape] = saving
        return saving

    def _estimate(self, call: Call) -> int:
        fields = transaction_fields(call, self._sender)
        return self._reader.rpc.request_number("eth_estimateGas", fields)

    def _fetch_list(self, call: Call) -> AccessList:
        """
        What the call touches beside the called contract itself, which is warm already.
        """
        method = "eth_createAccessList"
        answer = self._reader.rpc.request_object(method, transaction_fields(call, self._sender))
        try:
            entries = [_read_entry(entry) for entry in (answer or {})["accessList"]]
        except (KeyError, TypeError, ValueError):
            return ()
        return tuple(entry for entry in entries if entry[0] != call.to)


def saves_on(chain_id: int) -> bool:
    """
    Whether fewer gas is all that counts on a chain.
    """
    return chain_id in _GAS_ONLY


def _read_entry(entry: Mapping[str, Any]) -> tuple[Address, tuple[Bytes32, ...]]:
    slots = tuple(Bytes32(bytes.fromhex(slot[2:])) for slot in entry["storageKeys"])
    return checksummed(entry["address"]), slots
