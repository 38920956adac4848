"""
What is under way is compared with what is wanted: the difference is burned, and nothing else is.
"""

from __future__ import annotations

import pytest

from bursar.chain.errors import CostTooHighError
from bursar.keeper import Outcome, ProblemKind
from bursar.keeper.decisions import find_queued
from bursar.keeper.desk import MOST_AT_ONCE
from bursar.keeper.orders import cancel_key, execute_key, find_unwanted
from bursar.reasons import Reason
from tests.unit.keeper.fakes import NO_ANSWER, cancelled, queued
from tests.unit.keeper.test_keeper import READY, World, problems


def keys_of(world: World) -> list[str]:
    """
    Of the executes of everything that is queued.
    """
    return [execute_key(due) for due in find_queued(world.keeper._watcher.catch_up().state)]


def test_order__execute_and_cancel__carry_key_and_end() -> None:
    """
    The payment's own end is the order's.
    """
    world = World()
    (key,) = keys_of(world)
    world.cycle()
    assert world.sender.keys == [key]
    (due,) = find_queued(world.keeper._watcher.catch_up().state)
    assert world.sender.expiries == [due.payment.expires_at]

    world = World()
    world.refuse(Reason.PAYMENTS_AMOUNT)
    world.cycle()
    assert world.sender.keys == [cancel_key(due)]


def test_under_way__still_due__is_gone_on_with_and_neither_asked_nor_burned() -> None:
    """
    Our own pending transaction is not somebody else's.
    """
    world = World()
    (key,) = keys_of(world)
    world.sender.flying.add(key)
    world.refuse(Reason.QUEUE_NO_SUCH_PAYMENT, pending=True)

    assert world.outcomes() == [Outcome.EXECUTED]
    assert (world.sender.keys, world.sender.abandoned) == ([key], [])


def test_under_way__to_be_cancelled__is_burned_before_the_cancel() -> None:
    """
    In this order.
    """
    world = World()
    (key,) = keys_of(world)
    world.sender.flying.add(key)
    world.refuse(Reason.PAYMENTS_AMOUNT)
    world.sender.results = lambda call: pytest.fail("sent first") if world.sender.flying else None

    assert world.outcomes() == [Outcome.CANCELLED]
    assert world.sender.abandoned == [key]


def test_under_way__no_longer_queued__is_burned() -> None:
    """
    Somebody has cancelled it.
    """
    world = World(queued(1))
    (key,) = keys_of(world)
    world.chain.mine(cancelled(1))
    world.sender.flying.add(key)

    assert world.cycle().abandoned == [key]


def test_under_way__of_the_same_arguments_queued_before__is_burned() -> None:
    """
    Queued again it is another payment: `ready_at` is part of the key.
    """
    world = World(queued(1, ready_at=READY - 1))
    (old,) = keys_of(world)
    world.chain.mine(cancelled(1))
    world.chain.mine(queued(1, ready_at=READY + 5_000))
    world.sender.flying.add(old)

    assert world.cycle().abandoned == [old]


def test_under_way__not_known_whether_it_is_due__is_left() -> None:
    """
    No answer, and no room in this cycle, are no reason to give anything up.
    """
    world = World()
    (key,) = keys_of(world)
    world.sender.flying.add(key)
    world.node.refusals = lambda *_: (_ for _ in ()).throw(NO_ANSWER)
    assert world.outcomes() == [Outcome.FAILED]

    many = [queued(n, ready_at=READY - n, amount=n) for n in range(1, MOST_AT_ONCE + 2)]
    crowd = World(*many)
    crowd.sender.flying.update(keys_of(crowd))
    assert crowd.outcomes().count(Outcome.LATER) == 1

    assert world.sender.abandoned == crowd.sender.abandoned == []


def test_under_way__cannot_be_burned__is_told_to_the_operator() -> None:
    """
    It may still happen: that is worth a line.
    """
    world = World()
    (key,) = keys_of(world)
    world.sender.flying.add(key)
    world.refuse(Reason.PAYMENTS_HOURLY)

    def stuck(key: str) -> None:
        raise CostTooHighError("as much as the ceiling allows")

    world.sender.abandon = stuck  # type: ignore[method-assign]
    report = world.cycle()

    assert (report.abandoned, problems(report)) == ([], [ProblemKind.SENDING])


def test_find_unwanted__what_is_not_the_reconcilers__is_left() -> None:
    """
    Heartbeats expire by themselves, and a key may be used for other things, too.
    """
    under_way = ["execute:a", "cancel:b", "apply:c", "heartbeat:1", "fill:1", "stop:d"]
    assert find_unwanted(under_way, {"cancel:b"}) == ["execute:a", "apply:c"]
