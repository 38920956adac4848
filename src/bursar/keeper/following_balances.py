"""
The chain's own currency, which leaves no log when it moves: balances are compared with events.

    final block → eth_getBalance of each wallet, one batch → as events say? → record_quiet
                                              not → block bodies → record_moves → NativeMove
"""

import logging
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

from bursar.audit import Gap, NativeMove
from bursar.chain.errors import BadAnswerError, ChainError, NoAnswerError
from bursar.chain.follower import Endpoint, Endpoints
from bursar.chain.follower.endpoints import fetch_header
from bursar.chain.follower.values import Values, fetch_values
from bursar.store.chain_writer import Cursor
from bursar.store.database import Database
from bursar.store.native_balances import fetch_last_reading, record_moves, record_quiet
from bursar.store.native_moves import fetch_readings, rewind_moves
from bursar.types import Address

_MOST: Final = 2**256 - 1
# Of more blocks the bodies are not read: what moved in them is not named. Two epochs of Ethereum,
# and what a keeper misses while it is started anew.
MOST_BODIES: Final = 128

_log = logging.getLogger(__name__)


class Balances:
    """
    Reads what wallets hold, once for each final block that following stops at.
    """

    def __init__(self, database: Database, endpoints: Endpoints) -> None:
        self._database = database
        self._endpoints = endpoints
        self._read: int | None = None
        self._missing = False

    def forget(self) -> None:
        """
        Look at the store again before the next reading.
        """
        self._read = None

    async def look(self, cursor: Cursor, wallets: Collection[Address]) -> list[NativeMove]:
        """
        What moved up to the cursor's final block, and no event tells of. A node that does not have
        the balances of that block is named once, and a newer block is tried next time: what moved
        until then is found there. Raises StoreError.
        """
        if cursor.final_hash is None or not wallets or cursor.final_number == self._read:
            return []
        try:
            if not await self._is_due(cursor):
                return []
            balances = await self._fetch(cursor, tuple(wallets))
        except ChainError as error:
            self._tell_missing(cursor, error)
            return []
        moves = await self._record(cursor, balances)
        self._read, self._missing = cursor.final_number, False
        for move in moves:
            _tell(move)
        return moves

    async def _record(self, cursor: Cursor, balances: dict[Address, int]) -> list[NativeMove]:
        """
        Usually nothing moved that no event tells of, and no block is read for it.
        """
        write = self._database.write_async
        gaps = await write(partial(record_quiet, cursor=cursor, balances=balances), repeatable=True)
        if not gaps:
            return []
        values = await self._find_values(cursor, gaps)
        transfers, positions = values.transfers, values.positions
        record = partial(record_moves, cursor=cursor, balances=balances)
        return await write(
            partial(record, transfers=transfers, positions=positions), repeatable=True
        )

    async def _find_values(self, cursor: Cursor, gaps: Sequence[Gap]) -> Values:
        """
        The transactions that brought it, as far as bodies tell; none where no node has them.
        """
        near = [gap for gap in gaps if gap.block - gap.since <= MOST_BODIES]
        if not near or cursor.final_hash is None:
            return Values()
        after, wallets = min(gap.since for gap in near), [gap.wallet for gap in near]
        hash = f"0x{cursor.final_hash.hex()}"
        for endpoint in self._endpoints.choose():
            try:
                return await fetch_values(
                    endpoint, wallets, after=after, last=cursor.final_number, hash=hash
                )
            except ChainError as error:
                _log.warning("What brought native money is not named: %s", error)
        return Values()

    async def _is_due(self, cursor: Cursor) -> bool:
        """
        Whether the block is newer than what is recorded, which is checked to be of this chain.
        """
        if self._read is not None:
            return cursor.final_number > self._read
        last = await self._database.read_async(partial(fetch_last_reading, cursor=cursor))
        if last is None:
            return True
        number, hash = last
        if number > cursor.final_number:
            return False  # a rebuild is not there yet
        header = await fetch_header(self._endpoints.choose()[0], number)
        if header is None:
            raise NoAnswerError(f"No block {number}, of which balances were recorded, is shown.")
        if header.hash != f"0x{hash.hex()}":
            await self._rewind(cursor, number)
            return True
        return number < cursor.final_number

    async def _rewind(self, cursor: Cursor, number: int) -> None:
        """
        Go back to the last reading that found a move and whose block is still there.
        """
        chain_id, organization, at = cursor.chain_id, cursor.organization, cursor.final_at
        readings = await self._database.read_async(
            lambda c: fetch_readings(c, chain_id, organization)
        )
        readings = [one for one in readings if one[0] < number]
        low, high = 0, len(readings)
        while low < high:  # once a block has gone, so have all after it
            middle = (low + high) // 2
            block, hash = readings[middle]
            header = await fetch_header(self._endpoints.choose()[0], block)
            if header is not None and header.hash == f"0x{hash.hex()}":
                low = middle + 1
            else:
                high = middle
        good = readings[low - 1][0] if low else cursor.first - 1
        retracted = await self._database.write_async(
            lambda c: rewind_moves(c, chain_id, organization, good, at=at), repeatable=True
        )
        _log.error(
            "The native balances of block %s were of a chain that is gone: those after block %s "
            "are dropped and read anew, and %s entries of the audit retracted.",
            *(number, good, retracted),
        )

    async def _fetch(self, cursor: Cursor, wallets: tuple[Address, ...]) -> dict[Address, int]:
        """
        In wei, of the first node that has them.
        """
        assert cursor.final_hash is not None, "looked at before"
        failure: ChainError | None = None
        for endpoint in self._endpoints.choose():
            try:
                return await _fetch_balances(endpoint, cursor.final_hash, wallets)
            except ChainError as error:
                if isinstance(error, NoAnswerError):
                    self._endpoints.note_failure(endpoint, error)
                failure = error
        assert failure is not None, "one is chosen at least"
        raise failure

    def _tell_missing(self, cursor: Cursor, error: ChainError) -> None:
        level = logging.DEBUG if self._missing else logging.WARNING
        self._missing = True
        _log.log(
            level,
            "No node has the wallets' native balances at final block %s: %s. They are asked for "
            "at newer blocks; until then deposits of native currency are not seen. Name an "
            "endpoint that keeps the state of that many blocks.",
            cursor.final_number,
            error,
        )


async def _fetch_balances(
    endpoint: Endpoint, hash: bytes, wallets: tuple[Address, ...]
) -> dict[Address, int]:
    # By hash (EIP-1898), so that no other block of that number can answer.
    block = {"blockHash": f"0x{hash.hex()}"}
    answers = await endpoint.ask_all([("eth_getBalance", (who, block)) for who in wallets])
    try:
        found = {who: int(wei, 16) for who, wei in zip(wallets, answers, strict=True)}
    except (TypeError, ValueError) as error:
        raise BadAnswerError(f"{endpoint.name} answers a balance that is none: {error}.") from error
    if not all(0 <= wei <= _MOST for wei in found.values()):
        raise BadAnswerError(f"{endpoint.name} answers a balance that no account can have.")
    return found


def _tell(move: NativeMove) -> None:
    where = (move.wallet, move.since, move.block)
    if move.went:
        _log.error(
            "%s wei left wallet %s after block %s and up to block %s, and no event says so. The "
            "contract does not allow it: stop the organisation, and find out whether the node or "
            "the wallet lies.",
            move.went,
            *where,
        )
    else:
        _log.info("%s wei came into wallet %s after block %s, up to %s.", move.came, *where)
