"""
The heartbeat on a real node: alive as long as a keeper sees what happens, and no longer.
"""

from __future__ import annotations

from dataclasses import replace

from bursar.devnet import address_of
from bursar.events import HeartbeatSent
from bursar.keeper import Heartbeat, KeeperSettings, Outcome, ProblemKind
from bursar.reasons import Reason
from bursar.types import DAY
from tests.integration.keeping import events, new_keeper, outcomes, queue
from tests.integration.live import LiveWorld


def arm_heartbeat(world: LiveWorld, timeout: int = 600) -> None:
    """
    Let everything stop `timeout` seconds after the last heartbeat.
    """
    world.by_treasury(world.organization.build_call("set_heartbeat_timeout", timeout))


def is_stopped(world: LiveWorld) -> bool:
    """
    Whether the agent is stopped in the wallet.
    """
    stopped: bool = world.organization.view(
        "is_stopped", world.wallet.address, address_of(world.agent)
    )
    return stopped


def test_heartbeat__over_an_hour__keeps_a_timeout_of_ten_minutes_alive(world: LiveWorld) -> None:
    """
    One is sent whenever a third of the timeout has passed, and no more often.
    """
    arm_heartbeat(world)
    keeper = new_keeper(world)

    beats = []
    for _ in range(60):
        world.chain.warp(by=60)
        report = keeper.run_once()
        assert report.problems == []
        beats.append(report.heartbeat)
        assert not is_stopped(world)

    assert set(beats) == {Heartbeat.SENT, Heartbeat.NOT_DUE}
    assert 14 <= len(events(world, HeartbeatSent)) - 1 <= 18


def test_heartbeat__dead_keeper__lapses_and_a_living_one_ends_it(world: LiveWorld) -> None:
    """
    Nobody's heartbeat stops everything one second after the timeout; what was due waits, and leaves
    after a keeper has come back.
    """
    arm_heartbeat(world)
    queued = queue(world)
    last = world.organization.view("last_heartbeat")
    world.chain.warp(to=last + 600)
    assert not is_stopped(world)
    world.chain.warp(to=max(queued.ready_at, last + 601))
    assert is_stopped(world)

    keeper = new_keeper(world)
    back = keeper.run_once()
    assert back.heartbeat is Heartbeat.SENT
    assert outcomes(back) == [(Outcome.WAITING, Reason.PAYMENTS_STOPPED)]
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def test_heartbeat__old_head__is_not_sent(world: LiveWorld) -> None:
    """
    A node that stands still shows nothing of what happens: no heartbeat, no transaction at all, and
    the operator is told.
    """
    arm_heartbeat(world)
    queued = queue(world)
    world.chain.warp(to=queued.ready_at + 300)
    height = world.chain.fetch_height()
    ahead = 0
    keeper = new_keeper(world, clock=lambda: world.chain.fetch_now() + ahead)

    ahead = 121
    report = keeper.run_once()
    assert [problem.kind for problem in report.problems] == [ProblemKind.STALE]
    assert (report.heartbeat, report.payments) == (Heartbeat.UNKNOWN, [])
    assert world.chain.fetch_height() == height

    ahead = 120
    assert keeper.run_once().heartbeat is Heartbeat.SENT


def test_heartbeat__off__is_never_sent(world: LiveWorld) -> None:
    """
    Off is off.
    """
    world.chain.warp(by=300 * DAY)
    report = new_keeper(world).run_once()

    assert report.heartbeat is Heartbeat.OFF
    assert len(events(world, HeartbeatSent)) == 0


def test_funds__almost_empty__are_told_before_they_are_gone(world: LiveWorld) -> None:
    """
    The operator hears how far the money goes, while there still is some.
    """
    price = int(world.chain.rpc.request("eth_gasPrice"), 16)
    world.chain.fund(address_of(world.keeper), 50 * 120_000 * price)

    (problem,) = new_keeper(world).run_once().problems
    assert problem.kind is ProblemKind.FUNDS
    assert address_of(world.keeper) in problem.text
    few = KeeperSettings(least_transactions=40)
    assert new_keeper(world, settings=few).run_once().problems == []


def test_height__of_a_report__is_the_head_it_was_judged_at(world: LiveWorld) -> None:
    """
    The report names the block, and is plain data for a log.
    """
    height, now = world.chain.fetch_height(), world.chain.fetch_now()
    report = new_keeper(world).run_once()

    assert (report.block, report.block_at) == (height, now)
    assert report.as_json()["heartbeat"] == "off"
    assert replace(report, problems=[]).as_json()["payments"] == []
