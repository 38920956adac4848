"""
When a heartbeat is sent, and what it has to be backed by.
"""

from __future__ import annotations

from typing import Any

import pytest

from bursar.chain.errors import NoAnswerError
from bursar.keeper import Heartbeat, Keeper, KeeperSettings, ProblemKind
from bursar.keeper.funds import USUAL_GAS
from bursar.keeper.pulse import MOST_APART
from tests.unit.keeper.fakes import (
    NO_ANSWER,
    ORGANIZATION,
    START,
    FakeChain,
    FakeNode,
    FakeSender,
    FakeWatcher,
    actor,
    founding,
)

TIMEOUT = 600
GWEI = 10**9


class Watch:
    """
    A keeper whose heartbeat is due, with another node beside its own.
    """

    def __init__(self, **options: Any) -> None:
        self.chain = FakeChain(*founding(TIMEOUT))
        for _ in range(6):
            self.chain.mine(at=START + TIMEOUT // 3)
        self.node, self.other = FakeNode(self.chain), FakeNode(self.chain)
        self.sender = FakeSender()
        self.keeper = Keeper(
            self.node,
            self.sender,
            ORGANIZATION,
            watcher=FakeWatcher(self.node),
            witness=self.other,
            clock=lambda: START + TIMEOUT // 3,
            **options,
        )


def test_heartbeat__other_node_agrees__is_sent_under_a_key_and_expires() -> None:
    """
    One that came late would say that somebody watches who has long been dead.
    """
    watch = Watch()

    assert watch.keeper.run_once().heartbeat is Heartbeat.SENT

    assert watch.sender.keys == ["heartbeat:0"]
    assert watch.sender.expiries == [START + TIMEOUT // 3 + TIMEOUT // 3]


@pytest.mark.parametrize(("apart", "sent"), [(MOST_APART, True), (MOST_APART + 1, False)])
@pytest.mark.parametrize("behind", ["node", "other"])
def test_heartbeat__nodes_apart__is_sent_while_they_are_close(
    behind: str, apart: int, sent: bool
) -> None:
    """
    Whichever of them lags: one does not see what happens.
    """
    watch = Watch()
    getattr(watch, behind).height = len(watch.chain.blocks) - 1 - apart

    report = watch.keeper.run_once()

    assert (report.heartbeat is Heartbeat.SENT) is sent
    assert [problem.kind for problem in report.problems] == (
        [] if sent else [ProblemKind.HEARTBEAT]
    )


def test_heartbeat__other_node_sees_another_chain__is_not_sent() -> None:
    """
    One of the two lies, or follows a fork.
    """
    watch = Watch()
    other = FakeChain(*founding(TIMEOUT))
    other.fork = 1
    for _ in range(6):
        other.mine(at=START + TIMEOUT // 3)
    watch.other.chain = other

    report = watch.keeper.run_once()

    assert report.heartbeat is Heartbeat.FAILED
    assert "another block" in report.problems[0].text
    assert watch.sender.sent == []


def test_heartbeat__other_node_is_away__is_not_sent() -> None:
    """
    Without it nobody agrees.
    """
    watch = Watch()
    watch.other.failing = NO_ANSWER
    assert isinstance(NO_ANSWER, NoAnswerError)

    assert watch.keeper.run_once().heartbeat is Heartbeat.FAILED
    assert watch.sender.sent == []


@pytest.mark.parametrize(("stops", "sent"), [(10, True), (9, False)])
def test_heartbeat__key_that_could_not_pay_for_a_stop__is_not_sent(stops: int, sent: bool) -> None:
    """
    It says that somebody would stop everything: somebody has to be able to.
    """
    watch = Watch(settings=KeeperSettings(least_transactions=0))
    watch.node.holding = stops * USUAL_GAS * GWEI

    assert (watch.keeper.run_once().heartbeat is Heartbeat.SENT) is sent


def test_heartbeat__stops_with_a_key_of_its_own__looks_at_that_one() -> None:
    """
    The account that stops has to have the money, not the one that sends the heartbeat.
    """
    watch = Watch(stopper=actor("stopper"))
    rich = watch.node.holding
    watch.node.fetch_holding = (  # type: ignore[method-assign]
        lambda token, holder: 0 if holder == actor("stopper") else rich
    )

    report = watch.keeper.run_once()

    assert report.heartbeat is Heartbeat.FAILED
    assert actor("stopper") in report.problems[0].text
