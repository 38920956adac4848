"""
A chain, block after block, as steps that a store can take in one by one.

    heads of all nodes → agree? → common ancestor → deep ranges → the last blocks one by one → Step

Nothing is skipped: what cannot be read raises a ChainError, and the next call goes on where this
one stopped. Blocks deeper than `depth` are final: they are read in ranges, and must never change.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from bursar.chain.errors import BadAnswerError, ChainError
from bursar.chain.follower.blocks import Header, Mark, mark_of
from bursar.chain.follower.decoding import Logged, decode_logs
from bursar.chain.follower.deep import DeepReader
from bursar.chain.follower.emitters import Emitters
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.endpoints import Endpoints, fetch_header, validate_agreement
from bursar.chain.follower.errors import DeepReorgError, HaltedError, LaggingNodeError
from bursar.chain.follower.inspecting import Block, Receipts, in_parts, inspect
from bursar.chain.follower.reading import (
    Found,
    fetch_block_logs,
    fetch_headers,
    validate_links,
)
from bursar.chain.follower.receipts import NO_TRAFFIC, Traffic, read_traffic
from bursar.types import Address

# Two epochs of Ethereum. A reorganisation that goes deeper stops everything.
DEPTH: Final = 64
# Of the last blocks, which are asked for one by one but sent for together.
_BLOCKS_AT_ONCE: Final = 16
# Above that the next ones are sent for alone, so that a step stays small.
_MANY_LOGS: Final = 1_000
# About 2 ms of decoding.
_SLICE: Final = 250

_ANEW: Final = (
    " It lacks blocks that were final: where it does not come back, find out whether the chain was "
    "begun anew, as a devnet is at each start; then run `bursar keeper rebuild`."
)

_log = logging.getLogger(__name__)


class Extension(NamedTuple):
    """
    Blocks that follow what was read before, up to `tip`. `headers` are those worth keeping: the
    ones with events, and all that are not final. `traffic` is what the receipts of some of these
    blocks show beside. Everything up to `final` cannot change any more.
    """

    headers: tuple[Header, ...]
    logs: tuple[Logged, ...]
    traffic: Mapping[int, Traffic]
    tip: Mark
    final: Mark


class Rollback(NamedTuple):
    """
    Everything after `tip` is gone.
    """

    tip: Mark


Step: TypeAlias = Extension | Rollback


class Position(NamedTuple):
    """
    Where to go on: `tip` was read last and `tail` are the headers after `final`, in order. Of the
    block after `tip`, where it is final, logs up to index `taken` are in already.
    """

    tip: Mark
    final: Mark
    tail: tuple[Header, ...] = ()
    wallets: Mapping[Address, int] = {}
    taken: int = -1


class Follower:
    """
    Reads what `organization` and its wallets log. A step that was given out counts as taken: who
    could not keep it begins a new follower at the position of what was kept.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        organization: Address,
        position: Position,
        *,
        depth: int = DEPTH,
        reads_all_headers: bool = True,
        receipts: Receipts = Receipts.TOUCHED,
    ) -> None:
        self._endpoints = endpoints
        self._receipts = receipts
        self._depth = depth
        self._emitters = Emitters(organization, position.wallets)
        self._tip = position.tip
        self._final = position.final
        self._tail = deque(position.tail)
        self._taken = position.taken
        self._deep = DeepReader(
            reads_all_headers=reads_all_headers, checks_end=receipts is Receipts.NEVER
        )
        self._agreed_on = -1
        self._at_once = _BLOCKS_AT_ONCE
        self.head: Header | None = None

    @property
    def tip(self) -> Mark:
        """
        The last block that was read.
        """
        return self._tip

    @property
    def behind(self) -> int:
        """
        How many blocks the best node has that were not read yet, as of the last look.
        """
        return 0 if self.head is None else max(self.head.number - self._tip.number, 0)

    async def close(self) -> None:
        """
        Give up what is under way.
        """
        await self._deep.close()

    async def catch_up(self) -> AsyncIterator[Step]:
        """
        Every step to the latest block of the best node.

        Raises a ChainError where no node gives what is needed: HaltedError where only people can
        help, any other where the next call may do better.
        """
        sights = await self._endpoints.look()
        self.head = sights[0].head
        lowest = min(sight.head.number for sight in sights) - self._depth
        if len(sights) > 1 and lowest > self._agreed_on:
            await validate_agreement(sights, lowest)
            self._agreed_on = lowest
        failure: ChainError | None = None
        for endpoint, head in sights:
            try:
                async for step in self._advance(endpoint, head):
                    yield step
            except HaltedError:
                raise
            except ChainError as error:
                self._endpoints.note_failure(endpoint, error)
                self._deep.ask_for_less()
                self._at_once = max(self._at_once // 2, 1)
                failure = error
            else:
                self._endpoints.note_success(endpoint)
                return
        assert failure is not None, "a look without sights raises"
        raise failure

    async def _advance(self, endpoint: Endpoint, head: Header) -> AsyncIterator[Step]:
        ancestor = await self._find_ancestor(endpoint, head)
        if ancestor is not None:
            yield self._roll_back(ancestor)
        last = head.number - self._depth
        self._emitters.forget_after(self._tip.number)
        while self._tip.number < last:
            async for step in self._read_deep(endpoint, last):
                yield step
        while self._tip.number < head.number:
            yield await self._read_next(endpoint, head)

    async def _find_ancestor(self, endpoint: Endpoint, head: Header) -> Mark | None:
        """
        The last block that the node still has, where it has not our tip any more.
        """
        tip = self._tip
        if tip.hash is None:
            return None
        if head.number < tip.number:
            self._check_late(endpoint, head)
        elif await self._hash_at(endpoint, tip.number, head) == tip.hash:
            return None
        await self._endpoints.validate_chain(endpoint)
        top = min(head.number, tip.number)
        first = max(self._final.number, 0)
        theirs = {header.number: header for header in await fetch_headers(endpoint, first, top)}
        for mark in self._marks():
            if mark.hash is None or (
                mark.number in theirs and theirs[mark.number].hash == mark.hash
            ):
                return mark
        raise DeepReorgError(
            f"Block {self._final.number} ({self._final.hash}) is deeper than {self._depth} blocks, "
            f"and {endpoint.name} has another one there "
            f"({theirs[self._final.number].hash}). Find out which chain is right; if it is the "
            "node's, run `bursar keeper rebuild`."
        )

    def _check_late(self, endpoint: Endpoint, head: Header) -> None:
        """
        Raises LaggingNodeError unless the node is on another chain than ours.
        """
        known = {mark.number: mark.hash for mark in self._marks()}
        if known.get(head.number, head.hash) == head.hash:
            anew = "" if head.number >= self._final.number else _ANEW
            raise LaggingNodeError(
                f"The latest block of {endpoint.name} is {head.number}, and {self._tip.number} was "
                f"shown before.{anew}"
            )

    def _marks(self) -> list[Mark]:
        """
        What may be the common ancestor, the latest first.
        """
        return [*map(mark_of, reversed(self._tail)), self._final]

    async def _hash_at(self, endpoint: Endpoint, number: int, head: Header) -> str:
        if number == head.number:
            return head.hash
        if number == head.number - 1:
            return head.parent
        header = await fetch_header(endpoint, number)
        if header is None:
            raise LaggingNodeError(f"{endpoint.name} does not have block {number}.")
        return header.hash

    def _roll_back(self, ancestor: Mark) -> Rollback:
        gone = self._tip.number - ancestor.number
        _log.warning("Reorganised: the last %s blocks are gone.", gone)
        while self._tail and self._tail[-1].number > ancestor.number:
            self._tail.pop()
        self._emitters.forget_after(ancestor.number)
        self._tip = ancestor
        self._deep.drop()
        return Rollback(ancestor)

    async def _read_deep(self, endpoint: Endpoint, last: int) -> AsyncIterator[Extension]:
        """
        A range, a part after the other: what comes of one is written while the next is decoded.
        """
        receipts = self._receipts.of_blocks(self.behind)
        for part in in_parts(await self._deep.read(endpoint, self._tip, last)):
            events, traffic = await self._read_content(endpoint, part, receipts)
            self._tail.clear()
            self._final = self._tip = mark_of(part[-1][0])
            busy = {logged.block for logged in events} | traffic.keys()
            kept = [header for header, _ in part if header.number in busy]
            yield Extension(tuple(kept), tuple(events), traffic, self._tip, self._final)

    async def _read_next(self, endpoint: Endpoint, head: Header) -> Extension:
        """
        One of the last blocks, or a few of them.
        """
        first = self._tip.number + 1
        last = min(first + self._at_once - 1, head.number)
        headers = [head] if first == head.number else await fetch_headers(endpoint, first, last)
        validate_links(endpoint, self._tip.hash, headers)
        found = await fetch_block_logs(endpoint, headers)
        content = list(zip(headers, found, strict=True))
        events, traffic = await self._read_content(endpoint, content, self._receipts)
        self._at_once = 1 if len(events) > _MANY_LOGS else min(2 * self._at_once, _BLOCKS_AT_ONCE)
        self._tail.extend(headers)
        self._tip = mark_of(headers[-1])
        while self._tail[0].number <= self._tip.number - self._depth:
            self._final = mark_of(self._tail.popleft())
        return Extension(tuple(headers), tuple(events), traffic, self._tip, self._final)

    async def _read_content(
        self, endpoint: Endpoint, found: Found, receipts: Receipts
    ) -> tuple[list[Logged], dict[int, Traffic]]:
        """
        A part after the other: receipts are large, and all of a long range are more than fits into
        an answer, or into memory.
        """
        events: list[Logged] = []
        traffic: dict[int, Traffic] = {}
        for part in in_parts(found):
            blocks = await inspect(endpoint, part, self._emitters, receipts=receipts)
            some, moved = await self._decode(blocks)
            events += some
            traffic |= moved
        return events, traffic

    async def _decode(self, blocks: Sequence[Block]) -> tuple[list[Logged], dict[int, Traffic]]:
        """
        In slices: whoever shares the event loop must not wait for a block of thousands.
        """
        decoded: list[Logged] = []
        traffic: dict[int, Traffic] = {}
        for header, logs, receipts in blocks:
            ours = self._emitters.pick(logs)
            found: list[Logged] = []
            for begin in range(0, len(ours), _SLICE):
                found += decode_logs(ours[begin : begin + _SLICE], header.at)
                await asyncio.sleep(0)
            _validate_places(header, found)
            decoded += found
            if receipts:
                read = partial(read_traffic, header, receipts, self._emitters, found)
                is_large = sum(len(receipt["logs"]) for receipt in receipts) > _MANY_LOGS
                # On another thread the loop has its turns in between.
                seen = await asyncio.to_thread(read) if is_large else read()
                if seen != NO_TRAFFIC:
                    traffic[header.number] = seen
                await asyncio.sleep(0)
        return self._leave_out_taken(decoded, traffic), traffic

    def _leave_out_taken(self, decoded: list[Logged], traffic: dict[int, Traffic]) -> list[Logged]:
        """
        What is stored already of the block after the tip, where a crash came in the middle of it.
        """
        taken, self._taken = self._taken, -1
        if taken < 0:
            return decoded
        first = self._tip.number + 1
        if first in traffic:
            left = tuple(one for one in traffic[first].transfers if one.log > taken)
            traffic[first] = traffic[first]._replace(transfers=left)
        return [one for one in decoded if one.block > first or one.log > taken]


def _validate_places(header: Header, found: Sequence[Logged]) -> None:
    """
    Raises BadAnswerError where one of a block's logs says that it is of another block.
    """
    for logged in found:
        if logged.block != header.number:
            raise BadAnswerError(
                f"The node answers a log of block {logged.block} with those of {header.number}."
            )
