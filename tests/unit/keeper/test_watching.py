"""
Following a chain that is made by hand into a store, and what a keeper sees of it: no block skipped,
none kept that is gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.errors import ChainError, RpcError
from bursar.chain.follower import Endpoint, Endpoints, LaggingNodeError, Receipts
from bursar.chain.follower.endpoint import Question
from bursar.chain.follower.errors import TooMuchError
from bursar.keeper.following import Following
from bursar.keeper.watching import (
    MOST_APART,
    BehindError,
    FollowAlone,
    StoredView,
    StoreWatcher,
)
from bursar.store.database import Database
from tests.unit.keeper.fakes import (
    KEEPER,
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


class FakeEndpoint(Endpoint):
    """
    Answers what `chain` has up to block `height` (None: all). At block `fails_at` it does not.
    """

    def __init__(self, chain: FakeChain) -> None:
        super().__init__("http://fake")
        self.chain = chain
        self.height: int | None = None
        self.longest_range = 10**9
        self.fails_at: int | None = None
        self.read: list[int] = []

    async def ask_all(self, questions: Sequence[Question]) -> list[Any]:
        return [await self.ask(method, *params) for method, params in questions]

    async def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_chainId":
            return "0x1"
        if method == "eth_getBlockByNumber":
            return self._block(params[0])
        if method == "eth_getLogs":
            return self._logs(params[0])
        raise RpcError(method, -32601, "no such method", None)

    @property
    def _last(self) -> int:
        return len(self.chain.blocks) - 1 if self.height is None else self.height

    def _block(self, tag: str) -> Any:
        number = self._last if tag == "latest" else int(tag, 16)
        return self.chain.show(number) if number <= self._last else None

    def _logs(self, wanted: dict[str, Any]) -> list[Any]:
        hashes = [header.hash for header, _ in self.chain.blocks]
        if "blockHash" in wanted:
            if wanted["blockHash"] not in hashes:
                raise RpcError("eth_getLogs", -32000, "unknown block", None)
            first = last = hashes.index(wanted["blockHash"])
        else:
            first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        if last - first + 1 > self.longest_range:
            raise TooMuchError("eth_getLogs", -32005, "too many blocks", None)
        if self.fails_at is not None and first <= self.fails_at <= last:
            raise NO_ANSWER
        self.read += range(first, last + 1)
        return [
            {**log, "address": log["address"].lower()}
            for _, logs in self.chain.blocks[first : last + 1]
            for log in logs
        ]


class Watch:
    """
    A founded organisation that is followed into a store.
    """

    def __init__(self, path: str) -> None:
        self.chain = FakeChain(*founding())
        self.node = FakeEndpoint(self.chain)
        self.database = Database.open(f"sqlite:///{path}")
        seconds = iter(range(0, 10**6, 60))
        self.follow = FollowAlone(
            Following(
                self.database,
                Endpoints([self.node], clock=lambda: next(seconds)),
                ORGANIZATION,
                chain_id=1,
                depth=DEPTH,
                receipts=Receipts.NEVER,
            )
        )
        self.watcher = StoreWatcher(
            self.database, self.follow, chain_id=1, organization=ORGANIZATION, by=KEEPER
        )

    def look(self) -> StoredView:
        return self.watcher.catch_up()

    def waiting(self) -> set[int]:
        """
        The numbers of the payments that wait, after a look.
        """
        return {int.from_bytes(id) for id in self.look().state.wallet(WALLET).queue}

    def mine_payments(self, *numbers: int) -> None:
        """
        A block for each, and a look after it.
        """
        for number in numbers:
            self.chain.mine(queued(number))
            self.look()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A store that nobody has used: to copy it is quicker than to migrate for each test.
    """
    path = tmp_path_factory.mktemp("migrated") / "bursar.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def watch(migrated: Path, tmp_path: Path) -> Iterator[Watch]:
    """
    On SQLite.
    """
    watch = Watch(str(shutil.copy(migrated, tmp_path)))
    yield watch
    watch.follow.close()
    watch.database.close()


@pytest.mark.parametrize("blocks", [0, 1, DEPTH - 1, DEPTH, DEPTH + 1, 30])
def test_watch__started_late__reads_every_block(watch: Watch, blocks: int) -> None:
    """
    The deep part in ranges that get shorter where the node wants it, the rest one by one, without
    a gap. (A payment that is queued twice would not fold.)
    """
    for number in range(blocks):
        watch.chain.mine(queued(number))
    watch.node.longest_range = 7

    assert watch.waiting() == set(range(blocks))
    assert set(watch.node.read) == set(range(blocks + 1))
    assert watch.look().head.number == blocks


def test_watch__reorganised_to_a_shorter_chain__follows_it(watch: Watch) -> None:
    """
    Shorter and different is another chain, not a node that is late.
    """
    watch.mine_payments(*range(1, 8))
    watch.chain.drop(3)
    watch.chain.mine()

    assert watch.waiting() == {1, 2, 3, 4}
    assert watch.look().head.hash == watch.chain.blocks[-1][0].hash


@pytest.mark.parametrize("back", [1, 3, DEPTH + 10])
def test_watch__node_goes_back__is_late_and_changes_nothing(watch: Watch, back: int) -> None:
    """
    The same chain, and less of it: the node lags. Once it has caught up, it goes on.
    """
    watch.mine_payments(*range(1, 20))
    read = len(watch.node.read)
    watch.node.height = 19 - back
    with pytest.raises(LaggingNodeError):
        watch.look()
    watch.node.height = None
    watch.chain.mine(queued(20))

    assert watch.waiting() == set(range(1, 21))
    assert watch.node.read[read:] == [20]


def test_watch__node_fails_half_way__goes_on_where_it_was(watch: Watch) -> None:
    """
    The deep part was read and is kept, only the rest is asked for again, and nothing is left out.
    """
    for number in range(1, 30):
        watch.chain.mine(queued(number))
    watch.node.fails_at = 27
    with pytest.raises(ChainError):
        watch.look()
    watch.node.fails_at = None
    read = len(watch.node.read)

    assert watch.waiting() == set(range(1, 30))
    assert set(watch.node.read[read:]) == set(range(29 - DEPTH + 1, 30))


def test_watch__cancelled__is_told_with_what_was_queued(watch: Watch) -> None:
    """
    The event names only an id: the payment is the one that was queued under it. What others have
    cancelled is theirs to tell.
    """
    watch.chain.mine(queued(1), queued(2), queued(3))
    assert watch.look().cancelled == []
    watch.chain.mine(cancelled(2), cancelled(3, by=actor("somebody else")))

    (found,) = watch.look().cancelled
    assert (found.due.id, found.due.payment.amount, found.reason) == (id_of(2), 100, "keeper: no")


def test_watch__cancelled_in_a_block_that_is_gone__is_not_told(watch: Watch) -> None:
    """
    What was not told before the block went, did not happen, and the payment waits again.
    """
    watch.chain.mine(queued(1))
    watch.chain.mine(cancelled(1))
    watch.node.height = 1
    watch.look()
    watch.node.height = None
    watch.chain.drop(1)
    watch.chain.mine()

    assert watch.look().cancelled == []
    assert watch.waiting() == {1}


def test_watch__strangers_logs__are_no_events(watch: Watch) -> None:
    """
    Anybody may log anything, shaped as ours or not at all.
    """
    watch.chain.mine(say("PaymentQueued", actor("copycat"), **queued(1).values), queued(2))
    logs = watch.chain.blocks[-1][1]
    logs[0] = {**logs[0], "data": "0x12"}

    assert watch.waiting() == {2}


def test_watch__history_with_a_hole__is_not_built_on(watch: Watch) -> None:
    """
    Logs that cannot follow from one another are missing some: nothing of them is stored, and the
    next look asks again.
    """
    values = {**queued(1).values, "hour_remaining": 0, "day_remaining": 0}
    watch.chain.mine(say("PaymentExecuted", WALLET, **values))
    for _ in range(2):
        with pytest.raises(ChainError, match="cannot be everything"):
            watch.look()
    watch.chain.drop(1)
    watch.chain.mine(queued(1))

    assert watch.waiting() == {1}


def test_watch__rhythm__is_of_the_last_blocks(watch: Watch) -> None:
    """
    The made-up chain mines every two seconds.
    """
    assert watch.look().rhythm == 0
    for _ in range(3):
        watch.chain.mine()
    assert watch.look().rhythm == 2


class Beside:
    """
    Another keeper's view of what is stored, with a node of its own.
    """

    def __init__(self, watch: Watch) -> None:
        self.node = FakeNode(watch.chain)
        self.watcher = StoreWatcher(
            watch.database,
            lambda: None,
            chain_id=1,
            organization=ORGANIZATION,
            by=KEEPER,
            node=self.node,
        )

    def look(self) -> StoredView:
        return self.watcher.catch_up()


def test_watch__beside_the_one_that_follows__sees_the_same(watch: Watch) -> None:
    """
    Block by block, over a reorganisation, at the final height and after it: the state that another
    has stored is the one that it has itself.
    """
    beside = Beside(watch)
    with pytest.raises(BehindError, match="in the store yet"):
        beside.look()
    for number in range(1, 12):
        watch.mine_payments(number)
        if number == 7:
            watch.chain.drop(2)
            watch.mine_payments(20, 21)
        theirs, ours = watch.look(), beside.look()
        assert (ours.head, ours.state, ours.rhythm) == (theirs.head, theirs.state, theirs.rhythm)


APART = [(MOST_APART, False), (MOST_APART + 1, True)]


@pytest.mark.parametrize(("blocks", "old"), APART)
def test_watch__who_follows_is_behind__is_not_acted_on(
    watch: Watch, blocks: int, old: bool
) -> None:
    """
    A block or two is how processes are; more is old.
    """
    watch.mine_payments(1)
    for _ in range(blocks):
        watch.chain.mine()
    beside = Beside(watch)
    if old:
        with pytest.raises(BehindError, match="is behind"):
            beside.look()
    else:
        assert beside.look().head.number == 1


@pytest.mark.parametrize(("blocks", "old"), APART)
def test_watch__own_node_is_behind__is_not_acted_on(watch: Watch, blocks: int, old: bool) -> None:
    """
    Likewise the other way round: what it would answer is of another state.
    """
    watch.mine_payments(*range(1, 10))
    beside = Beside(watch)
    beside.node.height = 9 - blocks
    if old:
        with pytest.raises(BehindError, match="node is behind"):
            beside.look()
    else:
        assert beside.look().head.number == 9


@pytest.mark.parametrize("ahead", [0, 2])
def test_watch__own_node_is_on_another_chain__is_not_acted_on(watch: Watch, ahead: int) -> None:
    """
    Also where that is the longer one, or the shorter.
    """
    watch.mine_payments(1, 2, 3)
    watch.chain.drop(2)
    for _ in range(1 + ahead):
        watch.chain.mine()
    with pytest.raises(BehindError, match="as it is stored"):
        Beside(watch).look()
