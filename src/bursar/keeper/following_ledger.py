"""
Steps of a chain → what is written, and the state that they lead to.

    Step → events and blocks up to the tip; projections up to the final height → Batches
         → State at the tip: the final one with the unfinal events folded on top

So a reorganisation undoes nothing by hand: rows after the common ancestor go, and the state at the
tip is folded again.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bursar.chain.follower import (
    NO_TRAFFIC,
    DeepReorgError,
    Extension,
    Header,
    Logged,
    Mark,
    Rollback,
    Step,
    TokenTransfer,
    Traffic,
)
from bursar.errors import BrokenHistoryError
from bursar.state import Charges, State, apply_events
from bursar.store.chain_projections import Touched
from bursar.store.chain_restoring import Stored
from bursar.store.chain_rows import event_rows, failed_call_row, transfer_row, unexplained_row
from bursar.store.chain_tables import (
    chain_blocks,
    chain_events,
    chain_failed_calls,
    chain_transfers,
    chain_unexplained,
)
from bursar.store.chain_writer import Batch, Cursor
from bursar.store.database import BATCH_ROWS

WHOLE: Final = -1
"""In place of a log's index: everything of the block is in."""

# Events that are taken in at once, between two looks at how full a batch is.
_SLICE: Final = 20
# What a slice can come to: an event, a transfer, a payment, and two rows that it changes.
_ROOM: Final = 5 * _SLICE


class Ledger:
    """
    Goes on from what is `stored` at `cursor`. After anything that it raises, or that its batches
    raise when they are written, it is of no more use: begin a new one from the store.
    """

    def __init__(self, cursor: Cursor, stored: Stored, *, most_rows: int = BATCH_ROWS) -> None:
        self.cursor = cursor
        self._most_rows = most_rows
        self._base = stored.state
        self._projections = stored.projections
        self._payments = stored.payments
        self._unfinal = deque(stored.tail)
        self._hashes = {number: hash for number, (hash, *_) in stored.blocks.items()}
        self._charges = Charges(stored.state)
        self._touched = Touched()
        self._open = Batch(cursor)
        self._tip: State | None = None
        if self._unfinal:
            self._fold_tip()

    @property
    def state(self) -> State:
        """
        The state at the tip. It changes with the next step: copy what is to stay.
        """
        return self._base if self._tip is None else self._tip

    @property
    def final_state(self) -> State:
        """
        The state at the cursor's final block. It changes likewise.
        """
        return self._base

    def take(self, step: Step) -> Iterator[Batch]:
        """
        What to write for `step`, in order, none of it with much more than `most_rows` rows.

        Raises BrokenHistoryError where an event cannot follow from those before it.
        """
        if isinstance(step, Rollback):
            yield self._roll_back(step.tip)
        else:
            yield from self._extend(step)

    def _roll_back(self, tip: Mark) -> Batch:
        while self._unfinal and self._unfinal[-1].block > tip.number:
            self._unfinal.pop()
        self._fold_tip()
        batch = Batch(self.cursor)
        batch.roll_back_to = tip.number
        self._move_tip(tip, WHOLE)
        batch.after = self.cursor
        return batch

    def _fold_tip(self) -> None:
        self._tip = self._base.copy()
        apply_events(self._tip, [logged.event for logged in self._unfinal])

    def _extend(self, step: Extension) -> Iterator[Batch]:
        batch = Batch(self.cursor)
        if step.final == step.tip:
            self._tip = None
        elif step.logs and self._tip is None:
            self._fold_tip()
        for header, logs in _by_block(step):
            self._add_block(batch, header)
            traffic = step.traffic.get(header.number, NO_TRAFFIC)
            transfers = deque(traffic.transfers)
            for begin in range(0, len(logs), _SLICE):
                some = logs[begin : begin + _SLICE]
                self._add_events(batch, some, transfers)
                self._move_tip(Mark(header.number, header.hash, header.at), some[-1].log)
                yield from self._settle(batch, step.final)
                batch = self._open
            # After the last event, so that a cursor that stands at an event says what is in.
            self._add_rest(batch, traffic, transfers)
        self._move_tip(step.tip, WHOLE)
        yield from self._settle(batch, step.final)
        self._move_final(step.final)
        yield self._close(self._open)

    def _add_block(self, batch: Batch, header: Header) -> None:
        hash = bytes.fromhex(header.hash[2:])
        if header.number == batch.before.number and batch.before.log != WHOLE:
            self._validate_same(header, hash)
            return  # stopped in the middle of it before
        self._hashes[header.number] = hash
        parent = bytes.fromhex(header.parent[2:])
        source = self.cursor.source
        batch.insert(chain_blocks, (source, header.number, hash, parent, header.at))

    def _validate_same(self, header: Header, hash: bytes) -> None:
        """
        Raises DeepReorgError where the rest of a block would be another block's.
        """
        begun = self._hashes[header.number]
        if hash != begun:
            raise DeepReorgError(
                f"Of block {header.number} (0x{begun.hex()}), which is final, a part is in the "
                f"store, and the chain has another one there now ({header.hash}). Find out which "
                "chain is right; if it is the node's, run `bursar keeper rebuild`."
            )

    def _add_events(
        self, batch: Batch, some: Sequence[Logged], transfers: deque[TokenTransfer]
    ) -> None:
        """
        With the transfers before the last of them, so that a cursor which stands there is right.
        """
        source = self.cursor.source
        while transfers and transfers[0].log < some[-1].log:
            self._add_transfer(batch, transfers.popleft())
        batch.insert_all(chain_events, event_rows(source, some))
        if self._tip is not None:
            apply_events(self._tip, [logged.event for logged in some])
        self._unfinal.extend(some)

    def _add_transfer(self, batch: Batch, transfer: TokenTransfer) -> None:
        batch.insert(chain_transfers, transfer_row(self.cursor.source, transfer))

    def _add_rest(self, batch: Batch, traffic: Traffic, transfers: Iterable[TokenTransfer]) -> None:
        source = self.cursor.source
        for transfer in transfers:
            self._add_transfer(batch, transfer)
        for failed in traffic.failed:
            batch.insert(chain_failed_calls, failed_call_row(source, failed))
        for found in traffic.unexplained:
            batch.insert(chain_unexplained, unexplained_row(source, found))

    def _settle(self, batch: Batch, final: Mark) -> Iterator[Batch]:
        """
        Fold what has become final into the state that is stored, and give out each batch that is
        full. What is not is left in `_open`.
        """
        self._open = batch
        while True:
            settled = self._settle_some(self._open, final)
            if self._open.rows + len(self._touched) >= self._most_rows - _ROOM:
                yield self._close(self._open)
                self._open = Batch(self.cursor)
            if not settled:
                return

    def _settle_some(self, batch: Batch, final: Mark) -> bool:
        unfinal = self._unfinal
        some: list[Logged] = []
        while unfinal and len(some) < _SLICE and unfinal[0].block <= final.number:
            some.append(unfinal.popleft())
        if not some:
            return False
        for logged in some:
            if self._charges.apply(logged.event):
                self._touched.note(logged.event)
        self._payments.write(batch, [logged.event for logged in some])
        last = some[-1]
        self.cursor = self.cursor._replace(
            final_number=last.block,
            final_hash=self._hashes[last.block],
            final_at=last.event.at,
            final_log=last.log,
        )
        return True

    def _move_tip(self, tip: Mark, log: int) -> None:
        self.cursor = self.cursor._replace(
            number=tip.number, hash=_raw(tip.hash), at=tip.at, log=log
        )

    def _move_final(self, final: Mark) -> None:
        self.cursor = self.cursor._replace(
            final_number=final.number,
            final_hash=_raw(final.hash),
            final_at=final.at,
            final_log=WHOLE,
        )
        self._hashes = {n: hash for n, hash in self._hashes.items() if n >= final.number}

    def _close(self, batch: Batch) -> Batch:
        self._charges.settle()
        self._projections.write(batch, self._base, self._touched)
        self._touched = Touched()
        batch.after = self.cursor
        return batch


def _by_block(step: Extension) -> Iterator[tuple[Header, Sequence[Logged]]]:
    at = 0
    for header in step.headers:
        begin = at
        while at < len(step.logs) and step.logs[at].block == header.number:
            at += 1
        yield header, step.logs[begin:at]
    if at < len(step.logs):
        left = step.logs[at]
        raise BrokenHistoryError(f"{left.name} at {left.block}/{left.log} is in none of its blocks")


def _raw(hash: str | None) -> bytes | None:
    return None if hash is None else bytes.fromhex(hash[2:])
