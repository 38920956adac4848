"""
Whole cycles against a made-up node: what is sent, what is not, and what the report says.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from typing import Any

import pytest

from bursar.chain.errors import NoGasMoneyError, NotMinedError, RevertedError, RpcError
from bursar.chain.reader import Call
from bursar.chain.reverts import Revert
from bursar.keeper import (
    CycleReport,
    Heartbeat,
    Keeper,
    KeeperSettings,
    Outcome,
    ProblemKind,
    run,
    stopping_on_signals,
)
from bursar.keeper.decisions import LOOK_AGAIN
from bursar.keeper.desk import DEFERENCE, FORESEEN_GAS, MOST_AT_ONCE
from bursar.reasons import Reason
from bursar.types import Bytes32
from tests.unit.keeper.fakes import (
    DELAY,
    NO_ANSWER,
    ORGANIZATION,
    START,
    WALLET,
    FakeChain,
    FakeNode,
    FakeSender,
    FakeWatcher,
    actor,
    cancelled,
    founding,
    name_of,
    payment,
    queued,
    refusal,
    say,
)

READY = START + DELAY
HASH = Bytes32(b"\7" * 32)


class World:
    """
    A keeper with everything around it made up, and one payment that is due.
    """

    def __init__(
        self, *more: Any, timeout: int | None = None, head: int = READY, **options: Any
    ) -> None:
        events = founding() if timeout is None else founding(timeout)
        self.chain = FakeChain(*events, *(more or [queued()]))
        self.chain.mine(at=head)
        self.node = FakeNode(self.chain)
        self.sender = FakeSender()
        self.now: float = head
        options = {"clock": lambda: self.now, **options}
        watcher = FakeWatcher(self.node)
        self.keeper = Keeper(self.node, self.sender, ORGANIZATION, watcher=watcher, **options)

    def cycle(self, **options: Any) -> CycleReport:
        return self.keeper.run_once(**options)

    def outcomes(self, **options: Any) -> list[Outcome]:
        return [payment.outcome for payment in self.cycle(**options).payments]

    def refuse(self, reason: Reason, function: str = "execute", pending: bool = False) -> None:
        self.node.refusals = lambda call, at, asked: (
            refusal(reason) if name_of(call) == function and asked >= pending else None
        )


def problems(report: CycleReport) -> list[ProblemKind]:
    """
    What the operator is told.
    """
    return [problem.kind for problem in report.problems]


def test_cycle__due__sends_what_it_estimated() -> None:
    """
    The gas is what the node says at the time of the block; no second estimate at the wrong time.
    """
    world = World()
    assert world.outcomes() == [Outcome.EXECUTED]
    assert [(name, gas) for name, _, gas in world.sender.sent] == [("execute", 85_000)]


def test_cycle__node_cannot_estimate_ahead__uses_a_limit_that_is_enough() -> None:
    """
    A payment must not be late because a node is old.
    """
    world = World()
    world.node.gas = None
    world.cycle()
    assert world.sender.sent[0][2] == FORESEEN_GAS


def test_cycle__next_block_is_the_first__is_judged_at_its_time() -> None:
    """
    Two seconds before it is due on a chain of two seconds: sent now, judged as of then.
    """
    world = World(queued(1, ready_at=READY + 6))
    asked: list[int] = []
    world.node.refusals = lambda call, at, pending: asked.append(at)
    for second in (2, 4):
        assert (world.outcomes(), world.sender.sent) == ([], []), second
        world.chain.mine()
    assert world.outcomes() == [Outcome.EXECUTED]
    assert set(asked) == {READY + 6}


def test_cycle__only_foreseen_not_to_fit__is_not_cancelled_yet() -> None:
    """
    A cancel has no second chance: it is for what is due now.
    """
    world = World(queued(1, ready_at=READY + 6))
    world.refuse(Reason.PAYMENTS_NO_BUDGET)
    world.chain.mine()
    world.chain.mine()
    assert world.outcomes() == [Outcome.WAITING]
    world.chain.mine()
    assert world.outcomes() == [Outcome.CANCELLED]
    assert world.sender.names == ["cancel"]


def test_cycle__stopped__is_not_even_asked() -> None:
    """
    A thousand payments that wait for a stop to end cost the node nothing.
    """
    stop = say("Paused", scope=WALLET, by=actor("guardian"), until=2**256 - 1, number=1, reason="")
    world = World(queued(), stop)
    world.node.refusals = lambda *_: pytest.fail("asked")
    assert world.outcomes() == [Outcome.WAITING]


def test_cycle__waits__is_asked_again_within_five_minutes() -> None:
    """
    Q22 for what waits: looked at again when its window is fresh, and every five minutes.
    """
    world = World()
    world.refuse(Reason.PAYMENTS_HOURLY)
    assert world.outcomes() == [Outcome.WAITING]
    world.node.refusals = lambda *_: pytest.fail("asked")
    world.chain.mine(at=READY + LOOK_AGAIN - 16)
    assert world.outcomes() == [Outcome.WAITING]
    world.node.refusals = lambda *_: None
    world.chain.mine(at=READY + LOOK_AGAIN)
    assert world.outcomes() == [Outcome.EXECUTED]


@pytest.mark.parametrize("late", [0, DEFERENCE - 1, DEFERENCE])
def test_cycle__taken_by_a_pending_transaction__defers_for_a_minute(late: int) -> None:
    """
    Somebody else is at it; but a transaction that is never mined must not keep the payment.
    """
    world = World()
    if late:
        world.chain.mine(at=READY + late)
        world.now += late
    world.refuse(Reason.QUEUE_NO_SUCH_PAYMENT, pending=True)
    expected = Outcome.EXECUTED if late >= DEFERENCE else Outcome.LEFT
    assert world.outcomes() == [expected]


def test_cycle__mined_and_not_seen_yet__is_not_sent_again() -> None:
    """
    Where the node lags behind our own transaction, what it shows is old.
    """
    world = World()
    world.sender.block = 2
    assert world.outcomes() == [Outcome.EXECUTED]
    assert world.outcomes() == [Outcome.LEFT]
    world.chain.mine()
    assert world.outcomes() == [Outcome.EXECUTED]
    assert len(world.sender.sent) == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RevertedError(refusal(Reason.QUEUE_NO_SUCH_PAYMENT), HASH), Outcome.LEFT),
        (RevertedError(refusal(Reason.QUEUE_NO_SUCH_PAYMENT)), Outcome.LEFT),
        (RevertedError(refusal(Reason.QUEUE_NOT_DUE), HASH), Outcome.WAITING),
        (RevertedError(refusal(Reason.PAYMENTS_DAILY), HASH), Outcome.WAITING),
        (RevertedError(Revert("out of gas"), HASH), Outcome.FAILED),
        (NotMinedError("not in time", 1, (HASH,)), Outcome.UNDER_WAY),
        (NoGasMoneyError("empty"), Outcome.FAILED),
        (RpcError("eth_sendRawTransaction", -32000, "busy", None), Outcome.FAILED),
        (NO_ANSWER, Outcome.FAILED),
    ],
)
def test_cycle__sending_fails__is_reported_and_the_cycle_goes_on(
    error: Exception, outcome: Outcome
) -> None:
    """
    One payment's failure is its own: the other leaves.
    """
    world = World(queued(1), queued(2, amount=7))
    calls: list[Call] = []
    world.sender.results = lambda call: error if _amount(call) == 100 else calls.append(call)
    assert sorted(world.outcomes()) == sorted([outcome, Outcome.EXECUTED])
    assert len(calls) == 1


def _amount(call: Call) -> int:
    return int.from_bytes(call.data[4 + 3 * 32 : 4 + 4 * 32], "big")


def test_cycle__reverts_although_it_should_not__does_not_burn_gas_at_once() -> None:
    """
    Where the node promises and the chain refuses, the next attempt is minutes later.
    """
    world = World()
    world.sender.results = lambda call: RevertedError(Revert("odd"), HASH)
    assert world.outcomes() == [Outcome.FAILED]
    world.chain.mine(at=READY + LOOK_AGAIN - 15)
    world.now = READY + LOOK_AGAIN - 15
    assert world.outcomes() == [Outcome.WAITING]
    world.chain.mine(at=READY + LOOK_AGAIN)
    world.sender.results = lambda call: None
    assert world.outcomes() == [Outcome.EXECUTED]


def test_cycle__guessed_too_early__is_sent_again_at_once() -> None:
    """
    Too early is nobody's fault.
    """
    world = World()
    world.sender.results = lambda call: RevertedError(refusal(Reason.QUEUE_NOT_DUE), HASH)
    assert world.outcomes() == [Outcome.WAITING]
    world.sender.results = lambda call: None
    assert world.outcomes() == [Outcome.EXECUTED]


def test_cycle__more_than_fit__go_out_in_several() -> None:
    """
    No more at once than a node keeps of one account, the longest due first.
    """
    many = [queued(n, ready_at=READY - n, amount=n) for n in range(1, MOST_AT_ONCE + 3)]
    world = World(*many)
    found = world.outcomes()
    assert found.count(Outcome.EXECUTED) == MOST_AT_ONCE
    assert found[-2:] == [Outcome.LATER] * 2


def test_cycle__hostile_token__costs_nobody_else_anything() -> None:
    """
    A token without a balance to tell waits; the payment beside it leaves.
    """
    world = World(queued(1), queued(2, amount=7))
    world.node.refusals = lambda call, at, pending: Revert("no") if _amount(call) == 100 else None
    world.node.failing_holding = RevertedError(Revert("no balance either"))
    world.keeper._funds._checked_at = float("inf")
    report = world.cycle()
    assert sorted(p.outcome for p in report.payments) == [Outcome.EXECUTED, Outcome.WAITING]
    assert [notice.kind for notice in report.notices] == ["refused"]


def test_cycle__stop_is_set__sends_nothing_new() -> None:
    """
    Told to stop between looking and sending: nothing goes out.
    """
    world, stop = World(timeout=600), threading.Event()
    world.node.refusals = lambda *_: stop.set()
    report = world.cycle(stop=stop)
    assert world.sender.sent == []
    assert [p.outcome for p in report.payments] == [Outcome.WOULD_EXECUTE]
    assert world.cycle(stop=stop).payments == []


def test_cycle__no_answer__acts_on_nothing() -> None:
    """
    Without the chain there is nothing to act on.
    """
    world = World(timeout=600)
    world.node.failing = NO_ANSWER
    report = world.cycle()
    assert problems(report) == [ProblemKind.NO_ANSWER]
    assert (report.block, report.payments, report.heartbeat) == (None, [], Heartbeat.UNKNOWN)
    assert world.sender.sent == []


def test_cycle__fault_of_its_own__is_reported_and_the_next_one_runs() -> None:
    """
    The service loop survives whatever it is.
    """
    world = World()
    world.node.fetch_gas_price = lambda: 1 // 0  # type: ignore[method-assign, assignment]
    assert problems(world.cycle()) == [ProblemKind.FAULT]
    world = World()
    world.node.failing = RuntimeError("bug")  # type: ignore[assignment]
    assert problems(world.cycle()) == [ProblemKind.FAULT]
    world.node.failing = None
    assert world.outcomes() == [Outcome.EXECUTED]


def test_cycle__wrong_address__is_told() -> None:
    """
    An organisation that has logged nothing is a mistake of the operator's.
    """
    world = World()
    nobody = actor("nobody")
    watcher = FakeWatcher(world.node, nobody)
    keeper = Keeper(world.node, world.sender, nobody, watcher=watcher, clock=lambda: world.now)
    assert problems(keeper.run_once()) == [ProblemKind.NO_ORGANIZATION]
    assert world.sender.sent == []


@pytest.mark.parametrize(("age", "sent"), [(120, True), (121, False)])
def test_cycle__head_too_old__sends_neither_payment_nor_heartbeat(age: int, sent: bool) -> None:
    """
    A head that stands still says nothing about now.
    """
    world = World(timeout=600)
    world.now = READY + age
    report = world.cycle()
    assert (ProblemKind.STALE in problems(report)) is not sent
    assert bool(world.sender.sent) is sent


def test_cycle__without_a_bound__takes_any_head() -> None:
    """
    On a local chain whose time is its own.
    """
    world = World(settings=KeeperSettings(max_head_age=None))
    world.now = READY + 10**9
    assert world.outcomes() == [Outcome.EXECUTED]


@pytest.mark.parametrize(
    ("timeout", "passed", "expected"),
    [(600, 200, Heartbeat.SENT), (600, 199, Heartbeat.NOT_DUE), (None, 10**8, Heartbeat.OFF)],
)
def test_heartbeat__around_a_third_of_the_timeout__is_sent_from_it_on(
    timeout: int | None, passed: int, expected: Heartbeat
) -> None:
    """
    Counted from the last one that the chain knows of.
    """
    beat = say("HeartbeatSent", by=actor("someone"))
    world = World(beat, timeout=timeout, head=START + passed)
    report = world.cycle()
    assert report.heartbeat is expected
    assert world.sender.names == (["heartbeat"] if expected is Heartbeat.SENT else [])


def test_heartbeat__another_keeper_was_quicker__is_not_sent() -> None:
    """
    The chain is asked once more right before.
    """
    world = World(timeout=600)
    world.node.last_heartbeat = READY
    assert world.cycle().heartbeat is Heartbeat.NOT_DUE
    assert world.sender.names == ["execute"]


def test_heartbeat__refused__is_a_problem_and_payments_leave() -> None:
    """
    A key that is no keeper can still execute.
    """
    world = World(timeout=600)
    world.refuse(Reason.ROLES_KEEPER, "heartbeat")
    report = world.cycle()
    assert (report.heartbeat, problems(report)) == (Heartbeat.FAILED, [ProblemKind.HEARTBEAT])
    assert [p.outcome for p in report.payments] == [Outcome.EXECUTED]


def test_heartbeat__sending_fails__is_a_problem() -> None:
    """
    Whoever operates the keeper hears of it while there still is time.
    """
    world = World(timeout=600)
    world.sender.results = lambda call: NO_ANSWER if name_of(call) == "heartbeat" else None
    report = world.cycle()
    assert (report.heartbeat, problems(report)) == (Heartbeat.FAILED, [ProblemKind.HEARTBEAT])


def test_dry_run__of_everything__would() -> None:
    """
    Nothing is sent and nothing told.
    """
    told: list[Any] = []
    world = World(queued(1), queued(2), cancelled(2), timeout=600, tell=told.append)
    report = world.cycle(dry_run=True)
    assert report.heartbeat is Heartbeat.WOULD_SEND
    assert [p.outcome for p in report.payments] == [Outcome.WOULD_EXECUTE]
    assert (world.sender.sent, told, report.notices) == ([], [], [])
    assert len(world.cycle().notices) == len(told) == 1


def test_notice__cancelled_by_somebody_else__is_theirs_to_tell() -> None:
    """
    Each keeper tells of its own cancels: two do not tell the same.
    """
    world = World(queued(1), cancelled(1, by=actor("second keeper")))
    assert world.cycle().notices == []


@pytest.mark.parametrize(("count", "enough"), [(99, False), (100, True)])
def test_funds__around_a_hundred_transactions__are_told_below(count: int, enough: bool) -> None:
    """
    While there still is some; the account is named.
    """
    world = World()
    world.node.holding = count * 120_000 * 10**9
    found = world.cycle().problems
    assert [problem.kind for problem in found] == ([] if enough else [ProblemKind.FUNDS])
    assert all(world.sender.address in problem.text for problem in found)


def test_cancel__key_without_a_role__is_not_sent() -> None:
    """
    It would only revert.
    """
    world = World()
    world.sender.address = actor("stranger")
    world.refuse(Reason.PAYMENTS_AMOUNT)
    report = world.cycle()
    assert [p.outcome for p in report.payments] == [Outcome.FAILED]
    assert problems(report) == [ProblemKind.NOT_A_KEEPER]
    assert world.sender.sent == []


def test_cycle__after_sending__looks_again_and_tells() -> None:
    """
    With `--once` there is no next cycle that would tell.
    """
    world = World()
    world.refuse(Reason.PAYMENTS_AMOUNT)
    world.sender.results = lambda call: world.chain.mine(cancelled()) and None
    report = world.cycle()
    assert [notice.kind for notice in report.notices] == ["cancelled"]


def test_funds__cannot_be_asked__do_not_hold_anything_up() -> None:
    """
    The check is a courtesy.
    """
    world = World()
    world.node.failing_holding = NO_ANSWER
    report = world.cycle()
    assert [p.outcome for p in report.payments] == [Outcome.EXECUTED]
    assert problems(report) == [ProblemKind.NO_ANSWER]


def test_log__of_many_cycles__says_each_thing_once(caplog: pytest.LogCaptureFixture) -> None:
    """
    A payment that waits and a node that is away are a line each, and so is the end of it.
    """
    world = World()
    world.refuse(Reason.PAYMENTS_HOURLY)
    with caplog.at_level(logging.INFO, "bursar.keeper"):
        for _ in range(3):
            world.cycle()
        world.node.failing = NO_ANSWER
        for _ in range(3):
            world.cycle()
        world.node.failing = None
        for _ in range(3):
            world.cycle()
    lines = [json.loads(record.message) for record in caplog.records]
    assert [line["event"] for line in lines if line["event"] != "payment"] == [
        "problem",
        "problem over",
    ]
    assert [line["outcome"] for line in lines if line["event"] == "payment"][:1] == ["waiting"]
    assert sum(line["event"] == "payment" for line in lines) == 1


def test_run__once__is_one_cycle() -> None:
    """
    With `once` the loop ends by itself, without waiting.
    """
    world, reports = World(), []
    last = run(world.keeper, stop=threading.Event(), once=True, poll=60, on_report=reports.append)
    assert reports == [last]


def test_run__signal__ends_after_the_cycle() -> None:
    """
    SIGTERM lets the cycle finish and begins no other; afterwards signals are as they were.
    """
    world, before = World(), signal.getsignal(signal.SIGTERM)
    world.sender.results = lambda call: os.kill(os.getpid(), signal.SIGTERM)
    with stopping_on_signals() as stop:
        report = run(world.keeper, stop=stop, poll=60)
    assert [p.outcome for p in report.payments] == [Outcome.EXECUTED]
    assert signal.getsignal(signal.SIGTERM) is before


def test_report__as_json__is_plain() -> None:
    """
    Amounts as decimal strings, bytes as hex.
    """
    plain = json.loads(json.dumps(World().cycle().as_json()))
    (line,) = plain["payments"]
    assert (line["amount"], line["outcome"]) == (str(payment().amount), "executed")
    assert line["id"].startswith("0x")
