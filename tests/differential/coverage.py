"""
What a campaign has to have seen before its silence means anything.
"""

import re

from tests.differential.campaign import Outcome
from tests.harness.artifacts import SOURCES, compiled

# Of a million calls, so many of each function are to succeed, and so many to be refused.
PER_MILLION = 1_000
# Fewer calls than this prove nothing about what is rare.
FEWEST_CALLS = 100_000

# A revert string: `module: reason`.
_REASON = re.compile(r'"([a-z]+: [^"]+)"')


def functions() -> list[str]:
    """
    Every function of both contracts that changes state, constructors and plain transfers included.
    """
    names = {"__init__", "__default__"}
    for path in ("Organization.vy", "HotWallet.vy"):
        names |= {name for name, f in compiled(path).functions.items() if f.mutates}
    return sorted(names)


def revert_strings() -> list[str]:
    """
    Every reason that the contracts' sources can revert with.
    """
    sources = [path for path in SOURCES.rglob("*.vy") if "testing" not in path.parts]
    return sorted({found for path in sources for found in _REASON.findall(path.read_text())})


def missing(outcome: Outcome) -> list[str]:
    """
    What was seen too seldom, one line each. Not asked of fewer than FEWEST_CALLS calls.
    """
    if outcome.calls < FEWEST_CALLS:
        return []
    least = outcome.calls * PER_MILLION // 1_000_000
    lines = []
    for name in functions():
        for what, counts in (("accepted", outcome.accepted), ("refused", outcome.refused)):
            if counts[name] < least:
                lines.append(f"{name} was {what} {counts[name]:,} times, {least:,} are asked for")
    lines += [f"no call was refused with {r!r}" for r in revert_strings() if not outcome.reasons[r]]
    return lines
