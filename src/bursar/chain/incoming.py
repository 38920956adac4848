"""
Tokens that came into wallets, from the tokens' own logs.

    Transfer(from, to = a wallet, amount) → Incoming

Native money that is simply sent comes in without a log.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Final

from bursar.audit import Incoming
from bursar.chain.client import Client
from bursar.chain.errors import RpcError
from bursar.chain.reader import RawLog
from bursar.types import Address, Bytes32, address_word, checksummed, keccak

_TRANSFER: Final = keccak(b"Transfer(address,address,uint256)")
_WORD: Final = 32
# Below that a node that refuses does so for another reason than the size of the answer.
_SMALLEST: Final = 16


def fetch_incoming(
    client: Client, wallets: Collection[Address], *, first: int, last: int
) -> list[Incoming]:
    """
    What came into `wallets` in some blocks, both ends included, refills as well. Raises ChainError.
    """
    if not wallets or last < first:
        return []
    timestamp = cache(client.fetch_timestamp)
    logs = _fetch(client, wallets, first, last)
    found = [_read(log, timestamp) for log in logs if _is_fungible(log)]
    return sorted(found, key=lambda one: (one.block, one.log))


def _fetch(client: Client, wallets: Collection[Address], first: int, last: int) -> list[RawLog]:
    """
    In halves where it is too much for one answer.
    """
    words = [f"0x{address_word(wallet).hex()}" for wallet in sorted(wallets)]
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "topics": [f"0x{_TRANSFER.hex()}", None, words],
    }
    try:
        return client.rpc.request_list("eth_getLogs", wanted)
    except RpcError:
        if last - first < _SMALLEST:
            raise
    middle = (first + last) // 2
    return [*_fetch(client, wallets, first, middle), *_fetch(client, wallets, middle + 1, last)]


def _is_fungible(log: RawLog) -> bool:
    """
    A token with an id in place of an amount logs the same topic, with one more and no data.
    """
    return len(log["topics"]) == 3 and len(_bytes(log["data"])) == _WORD


def _read(log: RawLog, timestamp: Callable[[str], int]) -> Incoming:
    given = log.get("blockTimestamp")
    return Incoming(
        at=int(given, 16) if given else timestamp(log["blockHash"]),
        block=int(log["blockNumber"], 16),
        transaction=Bytes32(_bytes(log["transactionHash"])),
        log=int(log["logIndex"], 16),
        token=checksummed(log["address"]),
        sender=checksummed(f"0x{_bytes(log['topics'][1])[12:].hex()}"),
        wallet=checksummed(f"0x{_bytes(log['topics'][2])[12:].hex()}"),
        amount=int.from_bytes(_bytes(log["data"]), "big"),
    )


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
