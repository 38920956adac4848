from collections import Counter

import pytest

from tests.differential import coverage
from tests.differential.campaign import run_campaign

SEEDS = (1, 2, 3, 4)
CALLS = 6_000


@pytest.mark.parametrize("seed", SEEDS)
def test_contracts__random_calls__do_what_the_model_says(seed: int) -> None:
    """
    Random calls of every function by every role: contracts and model agree on each, the invariants
    hold after each, and in each campaign every function was both accepted and refused.
    """
    outcome = run_campaign(seed, CALLS)

    assert outcome.calls * len(SEEDS) >= 20_000
    assert _missing(outcome.accepted) == set()
    assert _missing(outcome.refused) == set()


def _missing(counts: Counter[str]) -> set[str]:
    return {name for name in coverage.functions() if not counts[name]}
