"""
Who was ever a keeper, by the organisation's own logs.

    KeeperSet(who, on) → fetch_keepers → who: until which block
"""

from typing import Any, Final

from bursar.chain.errors import BadAnswerError
from bursar.chain.follower import Endpoint, TooMuchError
from bursar.chain.logs import decode_log, event_types
from bursar.chain.reader import RawLog
from bursar.events import KeeperSet
from bursar.types import Address

# Of fewer blocks a node that refuses does so for another reason than the size of the answer.
_SMALLEST: Final = 16


async def fetch_keepers(
    endpoint: Endpoint, organization: Address, first: int
) -> dict[Address, int | None]:
    """
    Everybody who was ever made a keeper, in block `first`, that of the organisation's creation, or
    later; and the block in which it was taken back, where it was. Raises ChainError, also where the
    node gives no logs that are so old.
    """
    head = await ask_number(endpoint, "eth_blockNumber")
    until: dict[Address, int | None] = {}
    for log in await _fetch_logs(endpoint, organization, first, head):
        event = decode_log(log, 0)
        if isinstance(event, KeeperSet):
            until[event.who] = None if event.on else int(log["blockNumber"], 16)
    return until


async def _fetch_logs(
    endpoint: Endpoint, organization: Address, first: int, last: int
) -> list[RawLog]:
    """
    In halves where it is too much for one answer.
    """
    topic = next(topic for topic, kind in event_types().items() if kind.model is KeeperSet)
    wanted = {
        "address": organization,
        "topics": [f"0x{topic.hex()}"],
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }
    try:
        logs: list[RawLog] = await endpoint.ask("eth_getLogs", wanted)
        return logs
    except TooMuchError:
        if last - first < _SMALLEST:
            raise
    middle = (first + last) // 2
    return [
        *await _fetch_logs(endpoint, organization, first, middle),
        *await _fetch_logs(endpoint, organization, middle + 1, last),
    ]


async def ask_number(endpoint: Endpoint, method: str, *params: Any) -> int:
    """
    What a node answers with a number. Raises ChainError.
    """
    try:
        return int(await endpoint.ask(method, *params), 16)
    except (TypeError, ValueError) as error:
        raise BadAnswerError(f"{endpoint.name} answers a number that is none: {error}.") from error
