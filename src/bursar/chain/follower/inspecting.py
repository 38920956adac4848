"""
A second look at the blocks that touch us: their receipts, or all of their logs.

    (header, logs) → does the filter say that one of ours is in it? → Block with what is certain
"""

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Final, NamedTuple

from bursar.chain.follower.blocks import Header
from bursar.chain.follower.bloom import held
from bursar.chain.follower.emitters import Emitters
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.errors import IncompleteError, TooMuchError
from bursar.chain.follower.layouts import layouts
from bursar.chain.follower.reading import Found, RawLog, complete
from bursar.chain.follower.receipts import RawReceipt, fetch_receipts, logs_of

# Whose receipts are asked for together: about 5 MB of JSON.
_MOST_AT_ONCE: Final = 2_000
# Two epochs of Ethereum until a block is final, and as many for a keeper that is started anew.
_RECENT: Final = 128


class Receipts(StrEnum):
    """
    Of which blocks receipts are read: of none; of those whose filter says that one of ours logged,
    or was named in a log; of these and of every block that is read soon after it was made; or of
    every block. Only where all are read every call that failed is seen.
    """

    NEVER = "never"
    TOUCHED = "touched"
    RECENT = "recent"
    ALWAYS = "always"

    def of_blocks(self, behind: int) -> "Receipts":
        """
        The same for blocks that are at most `behind` behind the head.
        """
        return Receipts.TOUCHED if self is Receipts.RECENT and behind > _RECENT else self


class Block(NamedTuple):
    """
    A block, its logs with a topic of ours, and its receipts where they were read.
    """

    header: Header
    logs: list[RawLog]
    receipts: list[RawReceipt]


def in_parts(found: Found) -> Iterator[Found]:
    """
    With at most `_MOST_AT_ONCE` transactions and logs each, or one block.
    """
    begin = count = 0
    for at, (header, logs) in enumerate(found):
        more = max(header.transactions, len(logs or ()))
        if at > begin and count + more > _MOST_AT_ONCE:
            yield found[begin:at]
            begin, count = at, 0
        count += more
    yield found[begin:]


async def inspect(
    endpoint: Endpoint, found: Found, emitters: Emitters, *, receipts: Receipts
) -> list[Block]:
    """
    What a first look `found`, made sure of. `emitters` learn of the wallets that are created.

    Raises IncompleteError where the node holds something back.
    """
    for _, logs in found:
        emitters.learn(logs or ())
    if receipts is not Receipts.NEVER:
        every = receipts in (Receipts.RECENT, Receipts.ALWAYS)
        return await _read_receipts(endpoint, found, emitters, every=every)
    return [await _read_logs(endpoint, header, logs, emitters) for header, logs in found]


async def _read_logs(
    endpoint: Endpoint, header: Header, logs: list[RawLog] | None, emitters: Emitters
) -> Block:
    """
    By its logs alone, or by its receipts where those are too many for the node to list.
    """
    if logs is not None:
        with suppress(TooMuchError):
            logs = await complete(endpoint, header, logs, emitters.all())
            emitters.learn(logs)
            return Block(header, logs, [])
    (block,) = await _read_receipts(endpoint, [(header, logs)], emitters, every=True)
    return block


async def _read_receipts(
    endpoint: Endpoint, found: Found, emitters: Emitters, *, every: bool
) -> list[Block]:
    """
    Receipts add up to the header or not, so they say better than any query what was logged.
    """
    blocks = {header.number: Block(header, logs or [], []) for header, logs in found}
    unlisted = {header.number for header, logs in found if logs is None}
    left = list(blocks.values())
    while True:
        touched = [
            block
            for block in left
            if every or block.header.number in unlisted or _is_touched(block, emitters)
        ]
        if not touched:
            return list(blocks.values())
        headers = [block.header for block in touched]
        for header, receipts in zip(headers, await fetch_receipts(endpoint, headers), strict=True):
            logs = logs_of(receipts, layouts())
            _validate_all(endpoint, header, len(blocks[header.number].logs), len(logs))
            emitters.learn(logs)
            blocks[header.number] = Block(header, logs, receipts)
        # A wallet that was created in one of them may be in the others.
        done = {header.number for header in headers}
        left = [block for block in left if block.header.number not in done]


def _validate_all(endpoint: Endpoint, header: Header, queried: int, found: int) -> None:
    """
    A filter does not tell how often the same was logged. Raises IncompleteError where a query of
    logs has shown more than the receipts.
    """
    if queried > found:
        raise IncompleteError(
            f"{endpoint.name} showed {queried} logs of block {header.number} when asked for logs, "
            f"and {found} in its receipts. It is not ready, or not to be trusted."
        )


def _is_touched(block: Block, emitters: Emitters) -> bool:
    if any(log["address"].lower() in emitters for log in block.logs):
        return True
    return bool(held(block.header.bloom, emitters.values()))
