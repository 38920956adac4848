"""
What a keeper's key has anchored, found without an indexer and without trusting this machine.

    nonces, from the newest → journalled hash? → the node's transaction of that sender and nonce
                              else eth_getTransactionCount, halving → the block → its body

A key uses every nonce once: where the transaction of each one was looked at, none was overlooked.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from bursar.chain.anchors import Anchor, read_anchor
from bursar.chain.errors import BadAnswerError, ChainError, RpcError
from bursar.chain.follower import Endpoint
from bursar.chain.keepers import ask_number
from bursar.types import Address, Bytes32

# Looked through together, from the newest on.
_PART: Final = 64
_BODIES_AT_ONCE: Final = 8


class Search(NamedTuple):
    """
    The anchors of one keeper, the newest first, among the latest `looked` of its `sent`
    transactions. `unseen` are nonces of them whose transaction no answer showed, and `trouble` says
    why.
    """

    keeper: Address
    anchors: tuple[Anchor, ...]
    sent: int
    looked: int
    unseen: tuple[int, ...]
    trouble: str | None = None


class _Span(NamedTuple):
    """
    Nonces from `used` up to and without `until` were used after block `low` and up to block `high`.
    """

    low: int
    high: int
    used: int
    until: int


async def search_anchors(
    endpoint: Endpoint,
    keeper: Address,
    organization: Address,
    *,
    first: int,
    until: int | None,
    hints: Mapping[int, Sequence[Bytes32]],
    enough: int,
    most: int,
) -> Search:
    """
    Until `enough` anchors of `organization` are found, in at most `most` transactions, none of them
    before block `first`, and none after block `until`, where it is a keeper no more. `hints` are
    hashes by nonce, as a journal has them: what they name counts only where the node says that it
    is of this sender and nonce. Raises ChainError.
    """
    head = await ask_number(endpoint, "eth_blockNumber")
    sent = await ask_number(endpoint, "eth_getTransactionCount", keeper, hex(head))
    until = head if until is None else until
    found: dict[int, Any] = {}
    unseen: list[int] = []
    anchors: list[Anchor] = []
    trouble, end = None, sent
    lowest = max(0, sent - most)
    while end > lowest and len(anchors) < enough:
        part = range(max(lowest, end - _PART), end)
        found = await _fetch_hinted(endpoint, keeper, part, hints)
        left = [nonce for nonce in part if nonce not in found]
        try:
            if left:
                low, trouble = await _find_oldest(endpoint, keeper, max(first - 1, 0), head)
                found |= await _fetch_located(endpoint, keeper, left, low, head)
        except ChainError as error:
            trouble = str(error)
        unseen += [nonce for nonce in part if nonce not in found]
        told = [read_anchor(found[nonce]) for nonce in sorted(found, reverse=True)]
        ours = [one for one in told if one and one.organization == organization]
        anchors += [one for one in ours if one.block <= until]
        end = part.start
    return Search(keeper, tuple(anchors), sent, sent - end, tuple(unseen), trouble)


async def _fetch_hinted(
    endpoint: Endpoint, keeper: Address, nonces: range, hints: Mapping[int, Sequence[Bytes32]]
) -> dict[int, Any]:
    """
    The mined transactions that hints name, as far as they are what they are said to be.
    """
    hashes = [f"0x{hash.hex()}" for nonce in nonces for hash in hints.get(nonce, ())]
    answers = await endpoint.ask_all([("eth_getTransactionByHash", (one,)) for one in hashes])
    return _sort_out([one for one in answers if one is not None], keeper, nonces)


async def _fetch_located(
    endpoint: Endpoint, keeper: Address, nonces: list[int], low: int, high: int
) -> dict[int, Any]:
    """
    The same for those that nothing names, by when they were used: after block `low`. Raises
    ChainError.
    """
    found: dict[int, Any] = {}
    blocks = await _locate(endpoint, keeper, nonces, low, high)
    for begin in range(0, len(blocks), _BODIES_AT_ONCE):
        part = blocks[begin : begin + _BODIES_AT_ONCE]
        bodies = await endpoint.ask_all([("eth_getBlockByNumber", (hex(n), True)) for n in part])
        for body in bodies:
            found |= _sort_out((body or {}).get("transactions") or [], keeper, nonces)
    return found


async def _find_oldest(
    endpoint: Endpoint, keeper: Address, low: int, high: int
) -> tuple[int, str | None]:
    """
    A block from `low` on of which the node has the state, as old as halving finds it, and what it
    says of older ones. Most nodes keep some hundred blocks.
    """
    trouble = None
    while low < high:
        try:
            await _count(endpoint, keeper, [low])
        except RpcError as error:
            trouble = str(error)
            low = (low + high + 1) // 2
        else:
            break
    return low, trouble


async def _locate(
    endpoint: Endpoint, keeper: Address, nonces: list[int], low: int, high: int
) -> list[int]:
    """
    The blocks in which these nonces were used, those up to block `low` left out: halving all
    intervals with one in them at once, a request each time.
    """
    counts = await _count(endpoint, keeper, [low, high])
    spans = [_Span(low, high, *counts)]
    blocks: set[int] = set()
    while spans:
        spans = [span for span in spans if _holds(span, nonces)]
        blocks |= {span.high for span in spans if span.high - span.low == 1}
        spans = [span for span in spans if span.high - span.low > 1]
        middles = [(span.low + span.high) // 2 for span in spans]
        counts = await _count(endpoint, keeper, middles)
        spans = [
            half
            for span, middle, count in zip(spans, middles, counts, strict=True)
            for half in (
                _Span(span.low, middle, span.used, count),
                _Span(middle, span.high, count, span.until),
            )
        ]
    return sorted(blocks)


def _holds(span: _Span, nonces: list[int]) -> bool:
    position = bisect_left(nonces, span.used)
    return position < len(nonces) and nonces[position] < span.until


async def _count(endpoint: Endpoint, keeper: Address, blocks: list[int]) -> list[int]:
    """
    How many transactions the key had sent after each block.
    """
    asked = [("eth_getTransactionCount", (keeper, hex(block))) for block in blocks]
    try:
        return [int(answer, 16) for answer in await endpoint.ask_all(asked)]
    except (TypeError, ValueError) as error:
        raise BadAnswerError(f"{endpoint.name} answers a count that is none: {error}.") from error


def _sort_out(sent: list[Any], keeper: Address, nonces: Sequence[int]) -> dict[int, Any]:
    """
    Those of the keeper with one of these nonces, that are mined.
    """
    wanted = set(nonces)
    try:
        ours = [
            one
            for one in sent
            if one["from"].lower() == keeper.lower() and one.get("blockNumber") is not None
        ]
        return {nonce: one for one in ours if (nonce := int(one["nonce"], 16)) in wanted}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"The node answers a transaction that is none: {error!r}.") from error
