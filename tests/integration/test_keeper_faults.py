"""
A chain that changes its mind and a node that misbehaves: the keeper goes on, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.client import Client
from bursar.chain.local import LocalChain
from bursar.events import PaymentCancelled
from bursar.keeper import CycleReport, Heartbeat, Keeper, Outcome, ProblemKind
from tests.integration.keeping import events, executions, new_keeper, outcomes, queue
from tests.integration.live import MONDAY, LiveWorld, founded
from tests.integration.proxy import (
    FaultyNode,
    Forward,
    Params,
    Rule,
    answer,
    error,
    hang_up,
    late,
    raw,
    swallow,
)


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states, without which it cannot take blocks back.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


def test_reorg__takes_an_execution_back__executes_it_again(world: LiveWorld) -> None:
    """
    The block with the execution is replaced by one without: the payment is due as before.
    """
    queued, keeper = queue(world), new_keeper(world)
    world.chain.warp(to=queued.ready_at)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
    world.chain.rpc.request("anvil_reorg", 1, [])
    assert executions(world) == []

    kept = [outcome for _ in range(3) for outcome, _ in outcomes(keeper.run_once())]

    assert kept == [Outcome.EXECUTED]
    assert len(executions(world)) == 1


def test_reorg__takes_the_queueing_back__forgets_the_payment(world: LiveWorld) -> None:
    """
    What was never queued on the chain that is left is not executed, and nobody is told anything.
    """
    keeper, told = new_keeper(world), []
    queued = queue(world)
    assert outcomes(keeper.run_once()) == []
    world.chain.rpc.request("anvil_reorg", 1, [])
    world.chain.warp(to=queued.ready_at)

    assert outcomes(keeper.run_once()) == []
    assert told == []
    assert keeper.run_once().problems == []


@pytest.fixture
def node(world: LiveWorld) -> Iterator[FaultyNode]:
    """
    Between the keeper and the chain, well-behaved until it is told otherwise.
    """
    with FaultyNode(world.chain.rpc.url) as node:
        yield node


def keeper_behind(node: FaultyNode, world: LiveWorld, **options: Any) -> Keeper:
    """
    A keeper that sees the chain through `node` only, and waits half a second for an answer.
    """
    return new_keeper(world, client=Client(node.url, timeout=0.5), timeout=0.5, **options)


def kinds(report: CycleReport) -> set[ProblemKind]:
    """
    What the operator is told.
    """
    return {problem.kind for problem in report.problems}


READS = ("eth_getBlockByNumber", "eth_getLogs")
FAULTS: dict[str, tuple[tuple[str, ...], Rule]] = {
    "everything hangs up": (("*",), hang_up),
    "everything is late": (("*",), late(1.0)),
    "no block": (("eth_getBlockByNumber",), answer(None)),
    "half a block": (("eth_getBlockByNumber",), answer({"number": "0x1"})),
    "no JSON": (READS, raw(b"<html>busy</html>")),
    "logs fail": (("eth_getLogs",), error("too many requests")),
    "logs withheld": (("eth_getLogs", "eth_getBlockReceipts"), answer([])),
    "logs null": (("eth_getLogs",), answer(None)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_node__fault__is_told_and_nothing_is_missed(
    world: LiveWorld, node: FaultyNode, fault: str
) -> None:
    """
    What is queued while the node misbehaves is not seen then and not missed later; until the node
    has recovered nothing is sent, and the operator is told.
    """
    methods, rule = FAULTS[fault]
    keeper = keeper_behind(node, world)
    assert keeper.run_once().problems == []
    queued = queue(world)
    world.chain.warp(to=queued.ready_at)
    node.calls.clear()

    with node.breaking(*methods, by=rule):
        for _ in range(2):
            report = keeper.run_once()
            assert kinds(report) == {ProblemKind.NO_ANSWER}
            assert (report.payments, report.heartbeat) == ([], Heartbeat.UNKNOWN)
    assert node.calls["eth_sendRawTransaction"] == 0

    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def test_node__started_on_while_it_fails__begins_when_it_answers(
    world: LiveWorld, node: FaultyNode
) -> None:
    """
    A keeper that comes up before its node does not give up.
    """
    queued = queue(world)
    world.chain.warp(to=queued.ready_at)
    keeper = keeper_behind(node, world)

    with node.breaking("*", by=hang_up):
        assert kinds(keeper.run_once()) == {ProblemKind.NO_ANSWER}
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def test_node__calls_fail__leaves_the_payment_for_the_next_look(
    world: LiveWorld, node: FaultyNode
) -> None:
    """
    An error of the node is no refusal of the chain: nothing is cancelled for it.
    """
    queued, keeper = queue(world), keeper_behind(node, world)
    world.chain.warp(to=queued.ready_at)

    with node.breaking("eth_call", by=error("internal error", -32603)):
        assert [p.outcome for p in keeper.run_once().payments] == [Outcome.FAILED]
    assert events(world, PaymentCancelled) == []
    assert [p.outcome for p in keeper.run_once().payments] == [Outcome.EXECUTED]


def test_node__head_goes_back__acts_on_nothing_until_it_has_caught_up(
    world: LiveWorld, node: FaultyNode
) -> None:
    """
    A node that shows what it showed before, and less, is late: what it says is old.
    """
    queued, keeper = queue(world), keeper_behind(node, world)
    world.chain.warp(to=queued.ready_at - 20)
    old = world.chain.rpc.request("eth_getBlockByNumber", "latest", False)
    world.chain.warp(to=queued.ready_at)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
    queue(world, 2)
    node.calls.clear()

    with node.breaking("eth_getBlockByNumber", by=answer(old)):
        report = keeper.run_once()
    assert kinds(report) == {ProblemKind.LAGGING}
    assert node.calls["eth_sendRawTransaction"] == 0
    assert outcomes(keeper.run_once()) == []
    assert len(executions(world)) == 1


def test_node__broadcast_unanswered__executes_once(world: LiveWorld, node: FaultyNode) -> None:
    """
    The transaction went out and nobody said so: what became of it is looked for, not sent twice.
    """
    queued, keeper = queue(world), keeper_behind(node, world)
    world.chain.warp(to=queued.ready_at)

    with node.breaking("eth_sendRawTransaction", by=swallow, times=1):
        kept = [p.outcome for _ in range(2) for p in keeper.run_once().payments]
    assert Outcome.EXECUTED in kept
    assert len(executions(world)) == 1


def test_node__broadcast_refused__is_tried_again(world: LiveWorld, node: FaultyNode) -> None:
    """
    Q18: a failure before submission leaves the payment as it was.
    """
    queued, keeper = queue(world), keeper_behind(node, world)
    world.chain.warp(to=queued.ready_at)

    with node.breaking("eth_sendRawTransaction", by=error("mempool is full")):
        assert [p.outcome for p in keeper.run_once().payments] == [Outcome.FAILED]
    assert [p.outcome for p in keeper.run_once().payments] == [Outcome.EXECUTED]


def test_node__takes_short_ranges_only__is_asked_in_halves(
    world: LiveWorld, node: FaultyNode
) -> None:
    """
    A provider that answers at most fifty blocks at once is asked for less, and nothing is missed.
    """
    queued = queue(world)
    world.chain.rpc.request("anvil_mine", hex(200), hex(1))
    world.chain.warp(to=queued.ready_at)

    def at_most_50(params: Params, forward: Forward) -> Any:
        wanted = params[0]
        if "fromBlock" in wanted:
            length = int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1
            if length > 50:
                return error("query exceeds max block range 50")(params, forward)
        return forward()

    with node.breaking("eth_getLogs", by=at_most_50):
        assert outcomes(keeper_behind(node, world).run_once()) == [(Outcome.EXECUTED, "")]


def test_node__knows_no_time_in_estimates__payments_leave_all_the_same(
    world: LiveWorld, node: FaultyNode
) -> None:
    """
    Older nodes refuse to estimate at another time: then a limit that is large enough is used.
    """
    queued, keeper = queue(world), keeper_behind(node, world)
    world.chain.warp(to=queued.ready_at)

    def plain_only(params: Params, forward: Forward) -> Any:
        return error("too many arguments")(params, forward) if len(params) > 2 else forward()

    with node.breaking("eth_estimateGas", by=plain_only):
        assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
