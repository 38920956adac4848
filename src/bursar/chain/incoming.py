"""
Tokens that came into wallets, from the tokens' own logs.

    Transfer(from, to = a wallet, amount) → Incoming

Native money that is simply sent comes in without a log.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from bursar.audit import Incoming
from bursar.chain.client import Client
from bursar.chain.reader import Block, RawLog
from bursar.types import Address, Bytes32, address_word, checksummed, keccak

_TRANSFER: Final = keccak(b"Transfer(address,address,uint256)")
_WORD: Final = 32


def fetch_incoming(
    client: Client, wallets: Iterable[Address], *, first: Block = 0, last: Block = "latest"
) -> list[Incoming]:
    """
    What came into `wallets` in some blocks, both ends included, refills as well. Raises ChainError.
    """
    timestamp = cache(client.fetch_timestamp)
    found: list[Incoming] = []
    for wallet in wallets:
        indexed = [None, address_word(wallet)]
        logs = client.fetch_logs(topics=[_TRANSFER], indexed=indexed, first=first, last=last)
        found += [_read(log, wallet, timestamp) for log in logs if _is_fungible(log)]
    return sorted(found, key=lambda one: (one.block, one.log))


def _is_fungible(log: RawLog) -> bool:
    """
    A token with an id in place of an amount logs the same topic, with one more and no data.
    """
    return len(log["topics"]) == 3 and len(_bytes(log["data"])) == _WORD


def _read(log: RawLog, wallet: Address, timestamp: Callable[[str], int]) -> Incoming:
    given = log.get("blockTimestamp")
    return Incoming(
        at=int(given, 16) if given else timestamp(log["blockHash"]),
        block=int(log["blockNumber"], 16),
        transaction=Bytes32(_bytes(log["transactionHash"])),
        log=int(log["logIndex"], 16),
        token=checksummed(log["address"]),
        sender=checksummed(f"0x{_bytes(log['topics'][1])[12:].hex()}"),
        wallet=wallet,
        amount=int.from_bytes(_bytes(log["data"]), "big"),
    )


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
