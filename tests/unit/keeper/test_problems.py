"""
What an operator is told, by kind: a node that is away is not a database that is, and neither is a
chain that contradicts itself.
"""

from __future__ import annotations

import pytest

from bursar.chain.follower import HaltedError
from bursar.errors import BursarError
from bursar.keeper import CycleReport, Keeper, ProblemKind
from bursar.keeper.kept import Kept
from bursar.keeper.ports import ChainView
from bursar.store.errors import StoreGoneError
from bursar.store.sending_leases import LeaseHeldError
from tests.unit.keeper.fakes import ORGANIZATION, FakeChain, FakeNode, FakeSender


class Failing:
    """
    A watcher that cannot, and books that note whether they were kept.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.kept = 0

    def catch_up(self) -> ChainView:
        raise self.error

    def keep(self) -> Kept:
        self.kept += 1
        return Kept(entries=2, head=7, troubles=["the head was not told"])


def look(failing: Failing) -> CycleReport:
    """
    One cycle.
    """
    node = FakeNode(FakeChain())
    keeper = Keeper(node, FakeSender(), ORGANIZATION, watcher=failing, books=failing)
    return keeper.run_once()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StoreGoneError("away"), ProblemKind.STORE),
        (HaltedError("two chains"), ProblemKind.HALTED),
        (BursarError("else"), ProblemKind.NO_ANSWER),
        (RuntimeError("a bug"), ProblemKind.FAULT),
    ],
)
def test_problem__by_what_failed__has_its_kind_and_the_books_are_kept(
    error: Exception, kind: ProblemKind
) -> None:
    """
    Whatever is in the way of sending is not in the way of writing down what is stored already; and
    what is in the way of that is told as well.
    """
    failing = Failing(error)
    report = look(failing)

    assert [problem.kind for problem in report.problems] == [kind, ProblemKind.AUDIT]
    assert (report.entries, report.audited, failing.kept) == (2, 7, 1)


def test_problem__another_process_has_the_key__keeps_the_books_all_the_same() -> None:
    """
    Who stands by with its key may be the one that follows: the books ask for that themselves.
    """
    failing = Failing(LeaseHeldError("another"))
    report = look(failing)

    assert report.has(ProblemKind.STANDBY)
    assert failing.kept == 1
