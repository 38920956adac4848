"""
Logs of blocks that are known by their headers, and whether they are all.

    headers → eth_getLogs by topic → ours, block by block → checked against hash and filter
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from bursar.chain.errors import BadAnswerError
from bursar.chain.follower.blocks import Header, find_gap, read_header
from bursar.chain.follower.bloom import build_bloom, held
from bursar.chain.follower.endpoint import Endpoint, Question
from bursar.chain.follower.errors import IncompleteError, LaggingNodeError, TooMuchError
from bursar.chain.follower.layouts import layouts
from bursar.chain.follower.shapes import is_log, read_quantity

RawLog = dict[str, Any]

Found = Sequence[tuple[Header, list[RawLog] | None]]
"""Blocks, each with its logs that have a topic of ours; None where the node does not list them."""


async def fetch_headers(endpoint: Endpoint, first: int, last: int) -> list[Header]:
    """
    Blocks `first` to `last`, each the parent of the next.

    Raises LaggingNodeError where the node does not have one, or is in the middle of a reorg.
    """
    asked: list[Question] = [
        ("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)
    ]
    headers = []
    for number, block in enumerate(await endpoint.ask_all(asked), first):
        if block is None:
            raise LaggingNodeError(f"{endpoint.name} does not have block {number}.")
        headers.append(read_header(block, number))
    validate_links(endpoint, None, headers)
    return headers


def validate_links(endpoint: Endpoint, before: str | None, headers: Sequence[Header]) -> None:
    """
    Raises LaggingNodeError where a header is not the child of the one before it.
    """
    gap = find_gap(before, headers)
    if gap is not None:
        raise LaggingNodeError(
            f"Block {gap.number} of {endpoint.name} does not follow the one before it: the chain "
            "is being reorganised."
        )


async def fetch_range_logs(endpoint: Endpoint, first: int, last: int) -> list[RawLog]:
    """
    Everything with a topic of ours. The node must have `last`: past its head it would answer as if
    there were nothing. Raises TooMuchError where it is too much.
    """
    wanted = {"fromBlock": hex(first), "toBlock": hex(last), "topics": [list(layouts())]}
    return _validate_logs(await endpoint.ask("eth_getLogs", wanted))


async def fetch_block_logs(
    endpoint: Endpoint, headers: Sequence[Header]
) -> list[list[RawLog] | None]:
    """
    The same for each of these blocks, asked by hash: a node that has another block refuses. None
    where it is too much for the node: anybody may log like one of ours, as often as fits a block.
    """
    asked: list[Question] = [
        ("eth_getLogs", ({"blockHash": header.hash, "topics": [list(layouts())]},))
        for header in headers
    ]
    try:
        answers = await endpoint.ask_all(asked)
    except TooMuchError:
        if len(headers) == 1:
            return [None]
        return [(await fetch_block_logs(endpoint, [header]))[0] for header in headers]
    found: list[list[RawLog] | None] = []
    for header, logs in zip(headers, answers, strict=True):
        # Nodes that do not know the filter by hash answer with another block's.
        grouped = group_by_block(endpoint, [header], _validate_logs(logs))
        found.append(grouped.get(header.number, []))
    return found


async def fetch_all_logs(endpoint: Endpoint, header: Header) -> list[RawLog]:
    """
    Whatever was logged in one block. Raises IncompleteError where it does not add up to the header.
    """
    logs = _validate_logs(await endpoint.ask("eth_getLogs", {"blockHash": header.hash}))
    if build_bloom(logs) != header.bloom:
        raise IncompleteError(
            f"More was logged in block {header.number} than {endpoint.name} shows: {len(logs)} "
            "logs do not add up to its header. It is not ready, or not to be trusted."
        )
    return sort_logs([log for log in logs if log["topics"] and log["topics"][0] in layouts()])


def _validate_logs(logs: Any) -> list[RawLog]:
    if not isinstance(logs, list):
        raise BadAnswerError(f"The node answers logs that are none: {str(logs)[:100]}.")
    for log in logs:
        if not is_log(log):
            raise BadAnswerError(f"The node answers a log that is none: {str(log)[:100]}.")
        if log.get("removed"):
            raise LaggingNodeError("The node shows logs of a block that is gone.")
    # Some nodes do not filter by topic, and there are logs without any.
    return [log for log in logs if log["topics"]]


def group_by_block(
    endpoint: Endpoint, headers: Sequence[Header], logs: Sequence[RawLog]
) -> dict[int, list[RawLog]]:
    """
    Logs by their block's number, in order. Raises LaggingNodeError where one is of another block
    than its header, which happens while a chain is reorganised.
    """
    hashes = {header.number: header.hash for header in headers}
    grouped: dict[int, list[RawLog]] = defaultdict(list)
    for log in logs:
        number = read_quantity(log["blockNumber"])
        if hashes.get(number) != log["blockHash"]:
            raise LaggingNodeError(
                f"{endpoint.name} shows logs of block {number} ({log['blockHash']}) that are not "
                f"of the block that it has shown there ({hashes.get(number)})."
            )
        grouped[number].append(log)
    return {number: sort_logs(found) for number, found in grouped.items()}


def sort_logs(logs: list[RawLog]) -> list[RawLog]:
    """
    In the order of the chain. Raises BadAnswerError where two have one place.
    """
    placed = {read_quantity(log["logIndex"]): log for log in logs}
    if len(placed) != len(logs):
        raise BadAnswerError("The node answers two logs at one place.")
    return [placed[index] for index in sorted(placed)]


async def complete(
    endpoint: Endpoint, header: Header, logs: list[RawLog], emitters: Collection[str]
) -> list[RawLog]:
    """
    `logs`, or what a second look shows where the header's filter says that one of `emitters` has
    logged something of ours and nothing of it is there.
    """
    shown = {log["address"] for log in logs}
    hidden = [who for who in emitters if who not in shown]
    if held(header.bloom, hidden) and held(header.bloom, layouts()):
        return await fetch_all_logs(endpoint, header)
    return logs
