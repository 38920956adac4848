"""
Following a chain that is made by hand: no block skipped, none kept that is gone.
"""

from __future__ import annotations

import pytest

from bursar.chain.errors import ChainError
from bursar.keeper.bloom import bits_of, build_bloom, may_hold
from bursar.keeper.follower import Follower, LaggingError, MissingLogsError
from bursar.state import State
from bursar.types import checksummed
from tests.unit.keeper.fakes import (
    NO_ANSWER,
    ORGANIZATION,
    WALLET,
    FakeChain,
    FakeNode,
    actor,
    cancelled,
    founding,
    id_of,
    queued,
    say,
)

DEPTH = 4


def follow(*more: object, first: int = 0) -> tuple[FakeChain, FakeNode, Follower]:
    """
    A founded organisation, and its follower.
    """
    chain = FakeChain(*founding())
    node = FakeNode(chain)
    return chain, node, Follower(node, ORGANIZATION, first=first, depth=DEPTH)


def ids(state: State) -> set[bytes]:
    """
    What waits in the wallet.
    """
    return set(state.wallet(WALLET).queue)


def test_follower__block_by_block__is_at_the_head_with_everything() -> None:
    """
    Each view is at the latest block, and what was logged is folded once.
    """
    chain, node, follower = follow()
    for number in range(1, 20):
        header = chain.mine(queued(number))
        view = follower.catch_up()
        assert view.head == header
        assert ids(view.state) == {id_of(n) for n in range(1, number + 1)}
    assert node.fetched == list(range(20))
    assert node.ranges == []


@pytest.mark.parametrize("blocks", [0, 1, DEPTH - 1, DEPTH, DEPTH + 1, 30])
def test_follower__started_late__reads_every_block_once(blocks: int) -> None:
    """
    The deep part in ranges, the rest one by one, with neither a gap nor an overlap.
    """
    chain, node, follower = follow()
    for number in range(blocks):
        chain.mine(queued(number))
    node.longest_range = 7
    view = follower.catch_up()

    read = [n for first, last in node.ranges for n in range(first, last + 1)] + node.fetched
    assert read == list(range(blocks + 1))
    assert len(ids(view.state)) == blocks


@pytest.mark.parametrize("depth", range(1, 2 * DEPTH + 8))
def test_follower__reorganised_at_any_depth__is_what_a_new_one_is(depth: int) -> None:
    """
    Also where what was thought deep is gone: what a new follower makes of the chain that is left,
    is what this one has.
    """
    chain, node, follower = follow()
    for number in range(1, 20):
        chain.mine(queued(number))
        follower.catch_up()
    chain.drop(depth)
    for number in range(depth):
        chain.mine(queued(100 + number))

    view = follower.catch_up()
    anew = Follower(node, ORGANIZATION, depth=DEPTH).catch_up()
    assert (view.head, view.state) == (anew.head, anew.state)


def test_follower__reorganised_to_a_shorter_chain__follows_it() -> None:
    """
    Shorter and different is another chain, not a node that is late.
    """
    chain, _, follower = follow()
    for number in range(1, 8):
        chain.mine(queued(number))
        follower.catch_up()
    chain.drop(3)
    chain.mine()

    view = follower.catch_up()
    assert view.head == chain.blocks[-1][0]
    assert ids(view.state) == {id_of(n) for n in range(1, 5)}


@pytest.mark.parametrize("back", [1, 3, DEPTH + 10])
def test_follower__node_goes_back__is_late_and_changes_nothing(back: int) -> None:
    """
    The same chain, and less of it: the node lags. Once it has caught up, it goes on.
    """
    chain, node, follower = follow()
    for number in range(1, 20):
        chain.mine(queued(number))
        follower.catch_up()
    node.height = 19 - back
    with pytest.raises(LaggingError):
        follower.catch_up()
    node.height = None
    chain.mine(queued(20))

    assert len(ids(follower.catch_up().state)) == 20
    assert node.fetched == list(range(21))


def test_follower__node_fails_half_way__goes_on_where_it_was() -> None:
    """
    What was read is kept, nothing is read twice, and nothing is left out.
    """
    chain, node, follower = follow()
    for number in range(1, 4):
        chain.mine(queued(number))
    fetch_block, failures = node.fetch_block, [2]

    def flaky(header, emitters):  # type: ignore[no-untyped-def]
        if header.number in failures:
            failures.remove(header.number)
            raise NO_ANSWER
        return fetch_block(header, emitters)

    node.fetch_block = flaky  # type: ignore[method-assign]
    with pytest.raises(ChainError):
        follower.catch_up()

    assert len(ids(follower.catch_up().state)) == 3
    assert node.fetched == [0, 1, 2, 3]


def test_follower__cancelled__is_told_with_what_was_queued() -> None:
    """
    The event names only an id: the payment is taken from the state before it.
    """
    chain, _, follower = follow()
    chain.mine(queued(1), queued(2))
    assert follower.catch_up().cancelled == ()
    chain.mine(cancelled(2))

    (found,) = follower.catch_up().cancelled
    assert (found.due.id, found.due.payment.amount, found.reason) == (id_of(2), 100, "keeper: no")
    assert follower.catch_up().cancelled == ()


def test_follower__cancelled_in_a_block_that_is_gone__is_not_told() -> None:
    """
    What was not seen before the block went, did not happen.
    """
    chain, node, follower = follow()
    chain.mine(queued(1))
    chain.mine(cancelled(1))
    node.height = 1
    follower.catch_up()
    node.height = None
    chain.drop(1)
    chain.mine()
    assert follower.catch_up().cancelled == ()


def test_follower__cancel_read_and_gone_before_it_was_told__is_not_told() -> None:
    """
    The node failed after the block with the cancel, and that block is gone when it is back.
    """
    chain, node, follower = follow()
    chain.mine(queued(1))
    follower.catch_up()
    chain.mine(cancelled(1))
    chain.mine()
    fetch_block = node.fetch_block

    def flaky(header, emitters):  # type: ignore[no-untyped-def]
        if header.number == 3:
            raise NO_ANSWER
        return fetch_block(header, emitters)

    node.fetch_block = flaky  # type: ignore[method-assign]
    with pytest.raises(ChainError):
        follower.catch_up()
    node.fetch_block = fetch_block  # type: ignore[method-assign]
    chain.drop(2)
    chain.mine()

    view = follower.catch_up()
    assert (view.cancelled, ids(view.state)) == ((), {id_of(1)})


def test_follower__reorganised_while_it_reads__builds_on_no_mixture() -> None:
    """
    Headers of two chains do not follow from one another: nothing is taken from the second before
    what is left of the first is off.
    """
    chain, node, follower = follow()
    for number in range(1, 4):
        chain.mine(queued(number))
    fetch_block = node.fetch_block

    def reorganised(header, emitters):  # type: ignore[no-untyped-def]
        logs = fetch_block(header, emitters)
        if header.number == 2 and chain.fork == 0:
            chain.drop(2)
            chain.mine(queued(12))
            chain.mine(queued(13))
            chain.mine(queued(14))
        return logs

    node.fetch_block = reorganised  # type: ignore[method-assign]
    node.height = None
    with pytest.raises(ChainError):
        follower.catch_up()
    assert ids(follower.catch_up().state) == {id_of(n) for n in (1, 12, 13, 14)}


def test_follower__head_of_another_chain__is_not_put_on_top() -> None:
    """
    The block after the last one known names another parent than that: late, or being reorganised.
    """
    chain, node, follower = follow()
    chain.mine(queued(1))
    follower.catch_up()
    fetch_header = node.fetch_header
    before = chain.blocks[-1][0]
    chain.drop(1)
    chain.mine(queued(2), at=before.at + 1)
    chain.mine(queued(3))
    node.fetch_header = lambda n: before if n == 1 else fetch_header(n)  # type: ignore[method-assign]
    with pytest.raises(LaggingError):
        follower.catch_up()
    node.fetch_header = fetch_header  # type: ignore[method-assign]
    assert ids(follower.catch_up().state) == {id_of(2), id_of(3)}


def test_follower__all_that_can_go_is_gone__keeps_the_deep_part() -> None:
    """
    As deep as it keeps blocks apart, nothing is read anew.
    """
    chain, node, follower = follow()
    for number in range(1, 19):
        chain.mine(queued(number))
        follower.catch_up()
    chain.drop(DEPTH)
    for number in range(DEPTH):
        chain.mine(queued(100 + number))
    follower.catch_up()
    assert (node.fetched.count(0), node.ranges) == (1, [])


def test_follower__strangers_logs__are_no_events() -> None:
    """
    Anybody may log anything, shaped as ours or not at all.
    """
    chain, _, follower = follow()
    chain.mine(say("PaymentQueued", actor("copycat"), **queued(1).values), queued(2))
    logs = chain.blocks[-1][1]
    logs[0] = {**logs[0], "data": "0x12"}
    assert ids(follower.catch_up().state) == {id_of(2)}


def test_follower__history_with_a_hole__is_read_anew() -> None:
    """
    Logs that cannot follow from one another are missing some: nothing is built on that, and the
    next look begins at the creation.
    """
    chain, node, follower = follow()
    values = {**queued(1).values, "hour_remaining": 0, "day_remaining": 0}
    chain.mine(say("PaymentExecuted", WALLET, **values))
    with pytest.raises(MissingLogsError):
        follower.catch_up()
    chain.drop(1)
    chain.mine(queued(1))

    assert ids(follower.catch_up().state) == {id_of(1)}
    assert node.fetched.count(0) == 2


def test_follower__rhythm__is_of_the_last_blocks() -> None:
    """
    The fake chain mines every two seconds.
    """
    chain, _, follower = follow()
    assert follower.catch_up().rhythm == 0
    for _ in range(3):
        chain.mine()
    assert follower.catch_up().rhythm == 2


def test_bloom__of_a_known_log__has_its_bits() -> None:
    """
    Yellow paper: three bits of the hash each, and all of a block's values together.
    """
    who = checksummed("0x" + "ab" * 20)
    log = {"address": who, "topics": ["0x" + "cd" * 32]}
    bloom = build_bloom([log])

    assert bin(int.from_bytes(bloom, "big")).count("1") <= 6
    assert may_hold(bloom, [actor("stranger"), who])
    one_bit = 1 << (bits_of(bytes.fromhex(who[2:])).bit_length() - 1)
    assert not may_hold(one_bit.to_bytes(256, "big"), [who])
    assert not may_hold(bloom, [actor("stranger")])
    assert not may_hold(build_bloom([]), [who])
