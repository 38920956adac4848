"""
What a keeper does where others share its work: only what is its own, and nothing that another's
signature could undo.
"""

from __future__ import annotations

from typing import Any

import pytest

from bursar.chain.errors import NoGasMoneyError, NotMinedError, RevertedError
from bursar.chain.reader import Call
from bursar.chain.sending import HandedOverError
from bursar.keeper import Heartbeat, Outcome, ProblemKind
from bursar.keeper.decisions import find_queued
from bursar.keeper.orders import cancel_key, execute_key
from bursar.reasons import Reason
from tests.unit.keeper.fakes import (
    NO_ANSWER,
    ORGANIZATION,
    START,
    WALLET,
    FakeSharing,
    actor,
    name_of,
    queued,
    refusal,
    say,
)
from tests.unit.keeper.test_keeper import READY, World, problems


def shared(sharing: FakeSharing, *more: Any, **options: Any) -> World:
    """
    A keeper with a payment that is due, among others.
    """
    return World(*more, sharing=sharing, **options)


def test_share__what_is_due_and_under_way__is_what_is_asked_for() -> None:
    """
    The wallets of what is due, and of what was sent; the organisation where it has a heartbeat.
    """
    sharing = FakeSharing()
    world = shared(sharing)
    other = actor("other wallet")
    world.sender.flying.add(f"execute:{other}:0x{'00' * 32}:1")
    world.cycle()
    assert sharing.taken == [({WALLET}, {other}, True)]

    sharing = FakeSharing()
    world = shared(sharing, timeout=600)
    world.sender.address = actor("stranger")
    world.cycle()
    assert sharing.taken == [({WALLET, ORGANIZATION}, set(), False)]


def test_share__anothers_wallet__is_left_and_what_was_signed_for_it_is_burned() -> None:
    """
    Whoever has it now decides, and cannot burn what this key has signed.
    """
    world = shared(FakeSharing(mine=set()))
    (due,) = find_queued(world.keeper._watcher.catch_up().state)
    world.sender.flying.add(execute_key(due))
    report = world.cycle()

    assert [(p.outcome, p.why) for p in report.payments] == [
        (Outcome.LEFT, "another keeper deals with its wallet")
    ]
    assert (world.sender.sent, report.abandoned) == ([], [execute_key(due)])


def test_share__handed_over_while_it_was_sent__is_no_problem() -> None:
    """
    The journal has refused to write down the signature, so nothing was sent.
    """
    world = shared(FakeSharing())
    world.sender.results = lambda call: HandedOverError("another's by now")
    report = world.cycle()

    assert [payment.outcome for payment in report.payments] == [Outcome.LEFT]
    assert report.problems == []


def test_share__dry_run__asks_for_nothing() -> None:
    """
    Who only judges takes nothing away from those who act.
    """
    sharing = FakeSharing(mine=set())
    assert shared(sharing).outcomes(dry_run=True) == [Outcome.WOULD_EXECUTE]
    assert sharing.taken == []


@pytest.mark.parametrize(
    ("error", "rests"),
    [
        (NoGasMoneyError("empty"), 1),
        (NO_ANSWER, 1),
        (NotMinedError("not in time", 1, ()), 0),
        (RevertedError(refusal(Reason.PAYMENTS_DAILY)), 0),
        (None, 0),
    ],
)
def test_share__this_key_or_node_cannot_send__rests(error: Exception | None, rests: int) -> None:
    """
    Another keeper may do better. What the chain refuses it refuses to everybody.
    """
    sharing = FakeSharing()
    world = shared(sharing)
    world.sender.results = lambda call: error  # type: ignore[assignment, return-value]
    world.cycle()
    assert sharing.rests == rests


def test_share__node_answers_no_call__rests() -> None:
    """
    It shows blocks and does not say what would become of a payment: another keeper's may. One
    payment that no node can judge is no reason.
    """
    sharing = FakeSharing()
    world = shared(sharing, queued(1), queued(2, amount=7))
    world.node.refusals = lambda *_: fail()
    assert world.outcomes() == [Outcome.FAILED] * 2
    assert sharing.rests == 1

    world.node.refusals = lambda call, *_: None if amount_of(call) == 7 else fail()
    assert sorted(world.outcomes()) == [Outcome.EXECUTED, Outcome.FAILED]
    assert sharing.rests == 1


def amount_of(call: Call) -> int:
    """
    Of an `execute`.
    """
    return int.from_bytes(call.data[4 + 3 * 32 : 4 + 4 * 32], "big")


def fail() -> None:
    """
    As a node that does not answer.
    """
    raise NO_ANSWER


def test_share__head_too_old__leaves_following_to_another() -> None:
    """
    A node that stands still shows others nothing either.
    """
    sharing = FakeSharing()
    world = shared(sharing)
    world.cycle()
    assert sharing.left == 0
    world.now += 121
    assert problems(world.cycle()) == [ProblemKind.STALE]
    assert sharing.left == 1


def test_cancel__another_keeper_has_signed_the_execute__waits() -> None:
    """
    Until that can do nothing any more. A cancel that was signed before goes on.
    """
    sharing = FakeSharing(obstacle="another has signed it")
    world = shared(sharing)
    world.refuse(Reason.PAYMENTS_AMOUNT)
    (report,) = world.cycle().payments
    assert report.outcome is Outcome.WAITING
    assert report.why == "payments: amount out of bounds; another has signed it"
    assert world.sender.sent == []

    (due,) = find_queued(world.keeper._watcher.catch_up().state)
    world.sender.flying.add(cancel_key(due))
    assert world.outcomes() == [Outcome.CANCELLED]


@pytest.mark.parametrize(
    ("mine", "passed", "sent"),
    [
        ({ORGANIZATION}, 200, True),
        ({ORGANIZATION}, 199, False),
        (set(), 300, True),
        (set(), 299, False),
    ],
)
def test_heartbeat__of_several_keepers__comes_from_one_first_and_from_any_in_time(
    mine: set[Any], passed: int, sent: bool
) -> None:
    """
    From the one that the organisation is, after a third of the timeout; from every other after half
    of it. It is each keeper's own: who does not come first sends it all the same.
    """
    beat = say("HeartbeatSent", by=actor("someone"))
    world = shared(FakeSharing(mine=mine), beat, timeout=600, head=START + passed)
    world.node.last_heartbeat = START
    expected = Heartbeat.SENT if sent else Heartbeat.NOT_DUE

    assert world.cycle().heartbeat is expected
    assert [name_of(call) for _, call, _ in world.sender.sent] == ["heartbeat"] * sent


def test_share__fits_again__is_executed_by_whoever_has_it() -> None:
    """
    An obstacle is in the way of a cancel only: the contract executes once.
    """
    world = shared(FakeSharing(obstacle="another has signed it"))
    assert world.outcomes() == [Outcome.EXECUTED]
    assert world.now == READY
