"""
Who owned a Safe at any time, from its own logs: no old state is needed.

    SafeSetup, AddedOwner, RemovedOwner, ChangedThreshold → SafeOwners.at(position)
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode

from bursar.chain.client import Client
from bursar.chain.contracts import Contract
from bursar.chain.errors import RpcError
from bursar.chain.reader import RawLog
from bursar.chain.safe_transaction import safe_contract_type
from bursar.types import Address, Bytes32, checksummed, keccak

_SETUP: Final = keccak(b"SafeSetup(address,address[],uint256,address,address)")
_ADDED: Final = keccak(b"AddedOwner(address)")
_REMOVED: Final = keccak(b"RemovedOwner(address)")
_THRESHOLD: Final = keccak(b"ChangedThreshold(uint256)")
_TOPICS: Final = (_SETUP, _ADDED, _REMOVED, _THRESHOLD)


@dataclass(frozen=True, slots=True)
class Owners:
    """
    Who owned it, and how many had to sign.
    """

    who: frozenset[Address]
    threshold: int


class SafeOwners:
    """
    The owners of the Safe at an address, as its logs tell.
    """

    def __init__(self, client: Client, safe: Address) -> None:
        self._client = client
        self._safe = safe

    def fetch(self, block: int, index: int) -> Owners:
        """
        As they were before the transaction at `index` of `block`; where the node does not give the
        logs, as they are now: an owner who has left since is then not found, and nobody is named in
        their place. Raises ChainError.
        """
        try:
            logs = self._client.fetch_logs([self._safe], _TOPICS, last=block)
        except RpcError:  # nodes refuse to look through many blocks at once
            return self._fetch_present()
        owners: set[Address] = set()
        threshold = 0
        for log in logs:
            if (int(log["blockNumber"], 16), int(log["transactionIndex"], 16)) >= (block, index):
                break
            threshold = _apply(log, owners, threshold)
        return Owners(frozenset(owners), threshold) if threshold else self._fetch_present()

    def _fetch_present(self) -> Owners:
        safe = Contract(self._client, safe_contract_type("Safe"), self._safe)
        return Owners(frozenset(safe.view("getOwners")), int(safe.view("getThreshold")))


def _apply(log: RawLog, owners: set[Address], threshold: int) -> int:
    """
    Change `owners` as the log says. Returns the threshold from here on.
    """
    topic, data = _bytes(log["topics"][0]), _bytes(log["data"])
    if topic == _SETUP:
        values: Any = decode(["address[]", "uint256", "address", "address"], data)
        owners.clear()
        owners.update(map(checksummed, values[0]))
        return int(values[1])
    # Indexed by a Safe 1.4.1, and not by those before it.
    word = _bytes(log["topics"][1]) if len(log["topics"]) > 1 else data[:32]
    if topic == _THRESHOLD:
        return int.from_bytes(word, "big")
    who = checksummed(f"0x{word[12:].hex()}")
    if topic == _ADDED:
        owners.add(who)
    else:
        owners.discard(who)
    return threshold


def _bytes(digits: str) -> Bytes32:
    return Bytes32(bytes.fromhex(digits.removeprefix("0x")))
