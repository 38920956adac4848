"""
What makes up a native balance that is not as events say, without a chain.
"""

from __future__ import annotations

from bursar.audit import Explained, Gap, NativeMove, ValueTransfer, find_moves
from bursar.types import Bytes32, checksummed

WALLET = checksummed("0x" + "0b" * 20)
OTHER = checksummed("0x" + "0c" * 20)
SENDER = checksummed("0x" + "0d" * 20)


def word(number: int) -> Bytes32:
    """
    A transaction's hash.
    """
    return Bytes32(bytes([number]) * 32)


def sent(amount: int, number: int, *, block: int = 8, position: int = 0) -> ValueTransfer:
    """
    A transfer to the wallet.
    """
    return ValueTransfer(block, block * 12, position, word(number), SENDER, WALLET, amount)


def gap(balance: int, *events: Explained, held: int = 100) -> Gap:
    """
    Between blocks 5 and 10.
    """
    return Gap(WALLET, 5, held, 10, 120, balance, events)


def told(moves: list[NativeMove]) -> list[tuple[int, int, int | None, int | None]]:
    """
    What moved, and the balances around it.
    """
    return [(one.came, one.went, one.before, one.after) for one in moves]


def test_moves__of_transfers_and_payments__have_the_balances_in_their_order() -> None:
    """
    Within a block the transactions' positions decide, and not that only some of them have logs.
    """
    paid = Explained(8, 0, word(9), -30)
    positions = {word(1): 0, word(9): 1, word(2): 2}
    found = find_moves(gap(77, paid), [sent(2, 2, position=2), sent(5, 1)], positions)
    assert sorted(told(found)) == [(2, 0, 75, 77), (5, 0, 100, 105)]


def test_moves__that_an_event_tells_of__are_left_out() -> None:
    """
    A refill by a treasury that is a plain account sends the money to the wallet itself.
    """
    refilled = Explained(8, 3, word(1), 50)
    transfers = [sent(50, 1), sent(7, 2, position=1)]
    found = find_moves(gap(157, refilled), transfers, {word(1): 0, word(2): 1})
    assert told(found) == [(7, 0, 150, 157)]


def test_moves__with_a_rest__are_named_as_far_as_they_can_be() -> None:
    """
    What nothing names may have come at any time, so that no balance in between is known.
    """
    named, rest = find_moves(gap(120), [sent(5, 1)], {})
    assert told([named, rest]) == [(5, 0, None, None), (15, 0, None, None)]
    assert (rest.transaction, rest.since, rest.block) == (None, 5, 10)
    assert told(find_moves(gap(120), [], {})) == [(20, 0, 100, 120)]


def test_moves__where_something_was_lost__say_how_much() -> None:
    """
    Also where more came at the same time.
    """
    assert told(find_moves(gap(99), [], {})) == [(0, 1, 100, 99)]
    assert told(find_moves(gap(101), [sent(5, 1)], {})) == [(5, 0, None, None), (0, 4, None, None)]


def test_moves__to_another_wallet__are_not_this_ones() -> None:
    """
    Bodies are read for several wallets at once.
    """
    other = sent(5, 1)._replace(wallet=OTHER)
    assert told(find_moves(gap(105), [other], {})) == [(5, 0, 100, 105)]
    (found,) = find_moves(gap(105), [other], {})
    assert found.transaction is None


def test_identity__of_a_move__tells_it_from_every_other() -> None:
    """
    The same move found twice is one entry, and two of one block are two.
    """
    first, second = find_moves(gap(110), [sent(5, 1), sent(5, 2, position=1)], {word(2): 1})
    assert first.identity != second.identity
    assert find_moves(gap(110), [sent(5, 1), sent(5, 2)], {})[0].identity == first.identity
