"""
A slice of `make chaos`: the same kills, a few of them.
"""

from __future__ import annotations

from tests.chaos.campaign import run


def test_chaos__killed_twenty_times__loses_nothing_and_does_nothing_twice() -> None:
    """
    A crash at any point: every payment leaves or is cancelled, once, as the chain shows.
    """
    campaign = run(kills=20, seed=20_260_105, per_chain=20, show=False)

    assert (campaign.kills, campaign.lost, campaign.doubled) == (20, [], [])
    assert campaign.totals["paid"] == 40
    assert campaign.totals["executed"] > 0
    assert campaign.totals["cancelled"] > 0
    assert campaign.totals["told"] > 0
