from collections import Counter

import pytest

from bursar import reference
from tests.differential.campaign import run_campaign

SEEDS = (1, 2, 3, 4)
CALLS = 5_500


@pytest.mark.parametrize("seed", SEEDS)
def test_contracts__random_calls__do_what_the_model_says(seed: int) -> None:
    """
    Random calls of every function by every role: contracts and model agree on each, the invariants
    hold after each, and in each campaign every function was both accepted and refused.
    """
    outcome = run_campaign(seed, CALLS)

    names = {name for part in reference.functions().values() for name in part}
    assert outcome.calls * len(SEEDS) >= 20_000
    assert _missing(names, outcome.accepted) == set()
    assert _missing(names, outcome.refused) == set()


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(100, 200))
def test_contracts__many_more_random_calls__do_what_the_model_says(seed: int) -> None:
    """
    The same with other seeds and ten thousand calls each, a million in all.
    """
    assert run_campaign(seed, 10_000).calls == 10_000


def _missing(names: set[str], counts: Counter[str]) -> set[str]:
    return {name for name in names if not counts[name]}
