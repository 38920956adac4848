"""
Transactions that simply send the chain's own currency: in block bodies, since no log tells of them.

    blocks, wallets → eth_getBlockByNumber with transactions → receipts of those that fit → Values
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from bursar.audit import ValueTransfer
from bursar.chain.errors import BadAnswerError, NoAnswerError
from bursar.chain.follower.blocks import find_gap, read_header
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.words import spell
from bursar.types import Address, Bytes32

# A body of a busy chain has half a megabyte.
_BODIES_AT_ONCE: Final = 8


class Values(NamedTuple):
    """
    What was sent to wallets, and the positions of all transactions in blocks where something was.
    """

    transfers: tuple[ValueTransfer, ...] = ()
    positions: Mapping[Bytes32, int] = MappingProxyType({})


async def fetch_values(
    endpoint: Endpoint, wallets: Collection[Address], *, after: int, last: int, hash: str
) -> Values:
    """
    Of the blocks after `after` up to `last`, whose hash is `hash` (hex, lower case). What a
    contract sent in the middle of a transaction to another address is not in a body, and not here.
    Raises ChainError.
    """
    ours = {who.lower(): who for who in wallets}
    found: list[tuple[Any, ValueTransfer]] = []
    positions: dict[Bytes32, int] = {}
    end = last
    while end > after:
        first = max(after + 1, end - _BODIES_AT_ONCE + 1)
        bodies = await _fetch_bodies(endpoint, first, end, hash)
        for body in bodies:
            sent = _read_body(endpoint, body, ours)
            found += sent
            if sent:
                positions |= {_hash(t["hash"]): place for place, t in enumerate(_sent(body))}
        end, hash = first - 1, str(bodies[0]["parentHash"]).lower()
    return Values(await _leave_out_failed(endpoint, found), positions)


async def _fetch_bodies(endpoint: Endpoint, first: int, last: int, hash: str) -> list[Any]:
    """
    In order, each the next one's parent, and the last one that of `hash`.
    """
    numbers = range(first, last + 1)
    bodies = await endpoint.ask_all([("eth_getBlockByNumber", (hex(n), True)) for n in numbers])
    if any(body is None for body in bodies):
        raise NoAnswerError(f"{endpoint.name} does not have all of blocks {first} to {last}.")
    headers = [read_header(body) for body in bodies]
    if headers[-1].hash != hash or find_gap(None, headers) is not None:
        raise BadAnswerError(
            f"The blocks {first} to {last} that {endpoint.name} shows are not of the chain whose "
            "balances were read."
        )
    return bodies


def _read_body(
    endpoint: Endpoint, body: Any, ours: dict[str, Address]
) -> list[tuple[str, ValueTransfer]]:
    try:
        block, at = int(body["number"], 16), int(body["timestamp"], 16)
        return [
            (
                sent["hash"],
                ValueTransfer(
                    block=block,
                    at=at,
                    position=position,
                    transaction=_hash(sent["hash"]),
                    sender=spell(sent["from"][2:]),
                    wallet=ours[sent["to"].lower()],
                    amount=int(sent["value"], 16),
                ),
            )
            for position, sent in enumerate(_sent(body))
            if (sent["to"] or "").lower() in ours and int(sent["value"], 16)
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"{endpoint.name} answers a body that is none: {error!r}.") from error


async def _leave_out_failed(
    endpoint: Endpoint, found: list[tuple[Any, ValueTransfer]]
) -> tuple[ValueTransfer, ...]:
    """
    What reverted brought nothing.
    """
    asked = [("eth_getTransactionReceipt", (hash,)) for hash, _ in found]
    receipts = await endpoint.ask_all(asked)
    if not all(isinstance(receipt, dict) for receipt in receipts):
        raise NoAnswerError(f"{endpoint.name} does not have the receipt of what a block contains.")
    pairs = zip(found, receipts, strict=True)
    return tuple(transfer for (_, transfer), receipt in pairs if receipt.get("status") == "0x1")


def _sent(body: Any) -> list[Any]:
    sent: list[Any] = body["transactions"]
    return sent


def _hash(digits: str) -> Bytes32:
    return Bytes32(bytes.fromhex(digits[2:]))
