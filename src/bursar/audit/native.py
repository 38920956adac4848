"""
The chain's own currency, which moves without a log: found by balances, named by block bodies.

    what was held, what is held, events, plain transfers → find_moves → NativeMove → native_entry
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bursar.audit.context import Context
from bursar.audit.entry import Action, Entry, Party, Place, Verdict, party
from bursar.types import NATIVE, Address, Bytes32

_LOSS: Final = Verdict(
    by="balances",
    outcome="unexplained",
    message="Native money left and no event says so. The contract does not allow it.",
)


class ValueTransfer(NamedTuple):
    """
    A transaction that brought `amount` wei to `wallet` and succeeded, the `position`-th of its
    block.
    """

    block: int
    at: int
    position: int
    transaction: Bytes32
    sender: Address
    wallet: Address
    amount: int


class Explained(NamedTuple):
    """
    By how many wei an event changed its wallet's balance.
    """

    block: int
    log: int
    transaction: Bytes32
    change: int


class Gap(NamedTuple):
    """
    A wallet held `held` wei after block `since` and `balance` after block `block`, whose timestamp
    is `at`; `events` tell of some of the difference.
    """

    wallet: Address
    since: int
    held: int
    block: int
    at: int
    balance: int
    events: tuple[Explained, ...] = ()

    @property
    def surplus(self) -> int:
        """
        What came beyond what events tell of; below 0 what went.
        """
        return self.balance - self.held - sum(one.change for one in self.events)


@dataclass(frozen=True, slots=True)
class NativeMove:
    """
    After block `since` and up to `block`, `came` wei came into `wallet` beyond what events say, or
    `went` left it: one of both is 0. `transaction` and `sender` are None where nothing names them;
    `before` and `after` are None where the order of several moves cannot be told.
    """

    wallet: Address
    since: int
    block: int
    at: int
    came: int
    went: int
    transaction: Bytes32 | None = None
    sender: Address | None = None
    before: int | None = None
    after: int | None = None

    @property
    def identity(self) -> str:
        """
        The same whenever the same move is found.
        """
        named = "unnamed" if self.transaction is None else self.transaction.hex()
        return f"{self.block}:{named}:native:{self.wallet}"


def find_moves(
    gap: Gap, transfers: Collection[ValueTransfer], positions: Mapping[Bytes32, int]
) -> list[NativeMove]:
    """
    What makes up the gap: each transfer that no event tells of, and what is left as one move that
    nothing names. `positions` are those of the transactions in blocks with transfers.
    """
    told = {one.transaction for one in gap.events}
    named = [t for t in transfers if t.wallet == gap.wallet and t.transaction not in told]
    rest = gap.surplus - sum(one.amount for one in named)
    if rest:
        alone = not named and not gap.events
        figures = (gap.held, gap.balance) if alone else (None, None)
        return [*(_name(one, None) for one in named), _build_rest(gap, rest, *figures)]
    return _add_up(gap, named, positions)


def _add_up(
    gap: Gap, named: Sequence[ValueTransfer], positions: Mapping[Bytes32, int]
) -> list[NativeMove]:
    """
    Everything is known, and in which order: so are the balances in between.
    """
    order = [((one.block, one.position, 0), one.amount, one) for one in named]
    steps: list[tuple[tuple[int, int, int], int, ValueTransfer | None]] = [*order]
    for event in gap.events:
        place = (event.block, positions.get(event.transaction, 0), event.log)
        steps.append((place, event.change, None))
    moves, held = [], gap.held
    for _, change, transfer in sorted(steps, key=lambda step: step[0]):
        if transfer is not None:
            moves.append(_name(transfer, held))
        held += change
    return moves


def _name(one: ValueTransfer, before: int | None) -> NativeMove:
    return NativeMove(
        wallet=one.wallet,
        since=one.block - 1,
        block=one.block,
        at=one.at,
        came=one.amount,
        went=0,
        transaction=one.transaction,
        sender=one.sender,
        before=before,
        after=None if before is None else before + one.amount,
    )


def _build_rest(gap: Gap, rest: int, before: int | None, after: int | None) -> NativeMove:
    return NativeMove(
        wallet=gap.wallet,
        since=gap.since,
        block=gap.block,
        at=gap.at,
        came=max(rest, 0),
        went=max(-rest, 0),
        before=before,
        after=after,
    )


def native_entry(move: NativeMove, context: Context) -> Entry:
    """
    What the audit says of it: a deposit, or a loss that nobody has authorised.
    """
    sender: Party = party("unknown") if move.sender is None else party("sender", move.sender)
    lost = move.went > 0
    return Entry(
        chain_id=context.chain_id,
        organization=context.organization,
        at=move.at,
        action=Action.LOSS if lost else Action.DEPOSIT,
        event="NativeLoss" if lost else "NativeDeposit",
        identity=move.identity,
        wallet=move.wallet,
        role=sender.role,
        token=NATIVE,
        amount=move.went or move.came,
        balance_before=move.before,
        balance_after=move.after,
        authorised_by=(sender,),
        verdict=_LOSS if lost else None,
        place=Place(block=move.block, transaction=move.transaction, log=None),
        details={"after_block": str(move.since), "up_to_block": str(move.block)},
    )
