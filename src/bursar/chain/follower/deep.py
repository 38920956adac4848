"""
The part of a chain that does not change any more: large ranges, the next one fetched while the last
one is worked on.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from bursar.chain.errors import ChainError
from bursar.chain.follower.blocks import Header, Mark
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.errors import IncompleteError, TooMuchError
from bursar.chain.follower.reading import (
    Found,
    RawLog,
    fetch_block_logs,
    fetch_headers,
    fetch_range_logs,
    group_by_block,
    validate_links,
)
from bursar.chain.follower.shapes import read_quantity

# Of what a node did not manage, this part is dared more with each range that it does.
_RECOVERY: Final = 16
# Doubled while little comes, halved where it is too much for the node.
FIRST_RANGE: Final = 16
LONGEST_RANGE: Final = 8_192
# About 8 MB of JSON: larger answers hold up whoever shares the event loop.
_MANY_LOGS: Final = 8_000
_FEW_LOGS: Final = 2_000


class DeepReader:
    """
    Reads ranges, and finds out how long they may be.

    reads_all_headers: check every block's header, which finds logs that a node keeps back anywhere.
    Without, only blocks with events and the last of each range are looked at: much faster on a long
    chain, and good for a node of one's own.

    checks_end: look whether an answer was cut off, for those who do not read receipts.
    """

    def __init__(self, *, reads_all_headers: bool, checks_end: bool) -> None:
        self._reads_all = reads_all_headers
        self._checks_end = checks_end
        self._length = FIRST_RANGE
        self._most = LONGEST_RANGE
        self._ahead: tuple[Endpoint, int, asyncio.Task[Found]] | None = None

    async def close(self) -> None:
        """
        Give up what is under way.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead[2].cancel()
            with suppress(asyncio.CancelledError, ChainError):
                await ahead[2]

    def drop(self) -> None:
        """
        Forget what was fetched ahead: it is of a chain that is gone.
        """
        if self._ahead is not None:
            self._ahead[2].cancel()
            self._ahead = None

    def ask_for_less(self) -> None:
        """
        Something went wrong with what was read last: nodes that are asked for too much need not say
        so. What they managed is gone back to slowly.
        """
        self._most = self._length = max(self._length // 2, 1)

    async def read(self, endpoint: Endpoint, tip: Mark, last: int) -> Found:
        """
        The next blocks after `tip`, at most up to `last`, each with its logs that have a topic of
        ours: all blocks, or those with logs and the last one. Raises ChainError.
        """
        found = await self._take(endpoint, tip.number + 1, last)
        headers = [header for header, _ in found]
        if headers[0].number == tip.number + 1:
            validate_links(endpoint, tip.hash, headers[:1])
        until = headers[-1].number
        if until < last:
            self._start(endpoint, until + 1, last)
        return found

    async def _take(self, endpoint: Endpoint, first: int, last: int) -> Found:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (endpoint, first):
            try:
                return await ahead[2]
            except ChainError:
                self.ask_for_less()
        elif ahead is not None:
            ahead[2].cancel()
        return await self._fetch(endpoint, first, last)

    def _start(self, endpoint: Endpoint, first: int, last: int) -> None:
        task = asyncio.ensure_future(self._fetch(endpoint, first, last))
        # Whoever takes it hears of its failure; one that nobody takes may fail in silence.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._ahead = (endpoint, first, task)

    async def _fetch(self, endpoint: Endpoint, first: int, last: int) -> Found:
        while True:
            until = min(last, first + self._length - 1)
            try:
                headers, logs = await self._fetch_range(endpoint, first, until)
            except TooMuchError:
                if self._length == 1:
                    # Not even one block's logs are listed.
                    return [(one, None) for one in await fetch_headers(endpoint, first, first)]
                self._length = max(self._length // 2, 1)
                continue
            self._adapt(len(logs))
            return await self._check(endpoint, headers, logs)

    def _adapt(self, count: int) -> None:
        if count > _MANY_LOGS:
            self._length = max(self._length * _MANY_LOGS // count, 1)
        elif count < _FEW_LOGS:
            self._most = min(self._most + max(self._most // _RECOVERY, 1), LONGEST_RANGE)
            self._length = min(self._length * 2, self._most)

    async def _fetch_range(
        self, endpoint: Endpoint, first: int, last: int
    ) -> tuple[list[Header], list[RawLog]]:
        """
        Headers of the range (all, or those that matter), and what was logged in it.
        """
        if self._reads_all:
            headers, logs = await asyncio.gather(
                fetch_headers(endpoint, first, last), fetch_range_logs(endpoint, first, last)
            )
            return headers, logs
        logs = await fetch_range_logs(endpoint, first, last)
        numbers = sorted({read_quantity(log["blockNumber"]) for log in logs} | {last})
        parts = (fetch_headers(endpoint, number, number) for number in numbers)
        return [part[0] for part in await asyncio.gather(*parts)], logs

    async def _check(
        self, endpoint: Endpoint, headers: Sequence[Header], logs: Sequence[RawLog]
    ) -> Found:
        grouped = group_by_block(endpoint, headers, logs)
        await self._check_end(endpoint, headers, grouped)
        return [(header, grouped.get(header.number, [])) for header in headers]

    async def _check_end(
        self, endpoint: Endpoint, headers: Sequence[Header], grouped: dict[int, list[RawLog]]
    ) -> None:
        """
        An answer that was cut off ends in a block of which the rest is missing: that one is asked
        for again, alone.
        """
        if not self._checks_end or len(grouped) < 2:
            return
        number = max(grouped)
        header = next(header for header in headers if header.number == number)
        (again,) = await fetch_block_logs(endpoint, [header])
        if again is None or len(again) != len(grouped[number]):
            raise IncompleteError(
                f"{endpoint.name} showed {len(grouped[number])} logs of block {number} in a range, "
                f"and {len(again or ())} when asked for it alone: it cuts answers off."
            )
