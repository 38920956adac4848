"""
A slice of `make chaos`: the same kills, a few of them; and what the judge finds where the code is
broken on purpose.
"""

from __future__ import annotations

import pytest

from tests.chaos.campaign import Plan, run
from tests.chaos.record import ANYWHERE, Campaign
from tests.chaos.sabotage import REVEALING, SABOTAGES
from tests.chaos.stores import KINDS, SQLITE


def test_chaos__killed_twenty_times__loses_nothing_and_does_nothing_twice() -> None:
    """
    A crash at any point, on either database: every payment leaves or is cancelled, once, as the
    chain shows, and the store and the audit have each once.
    """
    campaign = run(Plan(kills=20, seed=20_260_105, per_chain=10, kinds=KINDS, show=False))

    assert (campaign.kills, campaign.lost, campaign.doubled) == (20, [], [])
    assert campaign.by_store == dict.fromkeys(KINDS, 10)
    assert campaign.kills - campaign.at_points[ANYWHERE] >= 10
    assert campaign.reorgs > 0
    assert campaign.totals["paid"] == 40
    for name in ("executed", "cancelled", "told", "stopped", "audited"):
        assert campaign.totals[name] > 0, name


@pytest.mark.slow
@pytest.mark.parametrize("name", SABOTAGES)
def test_chaos__code_that_is_broken_on_purpose__is_found(name: str) -> None:
    """
    A judge that cannot fail proves nothing.
    """
    where = {"sabotage": name, "points": REVEALING[name]}

    campaign = run(Plan(kills=16, seed=7, per_chain=16, kinds=[SQLITE], show=False, **where))

    assert campaign.lost or campaign.doubled


def test_campaign__in_which_a_point_was_never_met__says_so() -> None:
    """
    What did not occur was not shown to be harmless.
    """
    missing = Campaign().find_missing()

    assert "no kill at 'taking in'" in missing
    assert "nothing was cancelled" in missing
    assert "no reorganisation of 13 to 30 blocks" in missing
