"""
Several nodes of one chain: who is asked next, and who is left alone after it failed.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple

from bursar.chain.errors import BadAnswerError, ChainError, NoAnswerError
from bursar.chain.follower.blocks import Header, read_header
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.errors import DisagreementError, HaltedError, RateLimitedError

# A failed node is tried again after this, doubled with each failure in a row.
FIRST_REST: Final = 0.25
LONGEST_REST: Final = 30.0
# How long one node is waited for that answers later than another.
OTHERS_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


class Sight(NamedTuple):
    """
    What one node says is the latest block.
    """

    endpoint: Endpoint
    head: Header


class Endpoints:
    """
    `all` in the order in which they are preferred. `clock` counts seconds and never goes back.
    Once `chain_id` is set, no node of another chain is read.
    """

    def __init__(
        self, all: Sequence[Endpoint], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.chain_id: int | None = None
        if not all:
            raise ValueError("Name at least one endpoint.")
        self.all = tuple(all)
        self._clock = clock
        self._checked: set[Endpoint] = set()
        self._failures = dict.fromkeys(self.all, 0)
        self._rests_until = dict.fromkeys(self.all, float("-inf"))

    async def close(self) -> None:
        """
        Close all of them.
        """
        for endpoint in self.all:
            await endpoint.close()

    async def look(self) -> list[Sight]:
        """
        The latest block of every node that answers: the best one to read from first.

        Among those with the highest block the preferred one comes first; who is behind comes last.
        Once one has answered, the others have `OTHERS_SECONDS`: a node that hangs keeps nobody from
        reading another. Raises what the last one raised where none answers, NoAnswerError while all
        rest, and HaltedError where one is of another chain.
        """
        awake = self._awake()
        answers = await _gather_soon([self._fetch_head(endpoint) for endpoint in awake])
        sights: list[Sight] = []
        failure: ChainError | None = None
        for endpoint, answer in zip(awake, answers, strict=True):
            if isinstance(answer, Header):
                sights.append(Sight(endpoint, answer))
            elif isinstance(answer, ChainError) and not isinstance(answer, HaltedError):
                self.note_failure(endpoint, answer)
                failure = answer
            else:
                raise answer
        if failure is not None and not sights:
            raise failure
        return sorted(sights, key=lambda sight: -sight.head.number)

    def note_failure(self, endpoint: Endpoint, error: ChainError) -> None:
        """
        Leave a node alone for a while. It may be another one when it comes back.
        """
        self._checked.discard(endpoint)
        self._failures[endpoint] += 1
        rest = min(FIRST_REST * 2 ** min(self._failures[endpoint] - 1, 10), LONGEST_REST)
        if isinstance(error, RateLimitedError):
            rest = max(rest, error.retry_after)
        self._rests_until[endpoint] = self._clock() + rest
        _log.warning("%s rests %.3g s: %s", endpoint.name, rest, error)

    async def validate_chain(self, endpoint: Endpoint) -> None:
        """
        Raises HaltedError where the node is of another chain.
        """
        if self.chain_id is None:
            return
        answer = await endpoint.ask("eth_chainId")
        try:
            found = int(answer, 16)
        except (TypeError, ValueError) as error:
            raise BadAnswerError(f"{endpoint.name} has no chain id that is one.") from error
        if found != self.chain_id:
            raise HaltedError(
                f"{endpoint.name} is of chain {found}, not of chain {self.chain_id}. Take it off "
                "the list of endpoints."
            )
        self._checked.add(endpoint)

    async def _fetch_head(self, endpoint: Endpoint) -> Header:
        if endpoint not in self._checked:
            await self.validate_chain(endpoint)
        return read_header(await endpoint.ask("eth_getBlockByNumber", "latest", False))

    def note_success(self, endpoint: Endpoint) -> None:
        """
        It works.
        """
        self._failures[endpoint] = 0

    def choose(self) -> list[Endpoint]:
        """
        Those that may be asked now, the preferred one first. Raises NoAnswerError while all rest.
        """
        return self._awake()

    def next_awake(self) -> float:
        """
        In how many seconds a node may be asked: 0 where one may now.
        """
        return max(min(self._rests_until.values()) - self._clock(), 0.0)

    def _awake(self) -> list[Endpoint]:
        now = self._clock()
        awake = [endpoint for endpoint in self.all if self._rests_until[endpoint] <= now]
        if not awake:
            names = ", ".join(endpoint.name for endpoint in self.all)
            raise NoAnswerError(
                f"Every endpoint has failed and rests ({names}): the first is asked again in "
                f"{self.next_awake():.3g} s."
            )
        return awake


async def _gather_soon(asked: Sequence[Coroutine[Any, Any, Header]]) -> list[Any]:
    """
    What each comes to, or its error: NoAnswerError for what is not there soon after the first.
    """
    tasks = [asyncio.ensure_future(one) for one in asked]
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task.exception() is None for task in done):
                break
        if waiting:
            await asyncio.wait(waiting, timeout=OTHERS_SECONDS)
    finally:
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    words = f"It has not answered {OTHERS_SECONDS:g} s after another node had."
    return [
        NoAnswerError(words) if isinstance(answer, asyncio.CancelledError) else answer
        for answer in answers
    ]


async def validate_agreement(sights: Sequence[Sight], number: int) -> None:
    """
    Raises DisagreementError where two nodes have different blocks at `number`, which is final. A
    node that has none there, or does not answer, says nothing.
    """
    asked = (fetch_header(sight.endpoint, number) for sight in sights)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    seen: dict[str, str] = {}
    for sight, answer in zip(sights, answers, strict=True):
        if isinstance(answer, Header):
            seen.setdefault(answer.hash, sight.endpoint.name)
    if len(seen) > 1:
        told = "; ".join(f"{name} has {hash}" for hash, name in seen.items())
        raise DisagreementError(
            f"The endpoints do not agree on block {number}, which is final: {told}. Nothing is "
            "read before only nodes of the right chain are named: compare with a block explorer."
        )


async def fetch_header(endpoint: Endpoint, number: int) -> Header | None:
    """
    The block of that number, or None where the node has none.
    """
    block = await endpoint.ask("eth_getBlockByNumber", hex(number), False)
    return None if block is None else read_header(block, number)
