"""
A campaign: organisations of so many random calls each, everything compared, everything counted.

    seed → organisations → moves → both sides → views, invariants → Outcome
"""

import traceback
from collections import Counter
from dataclasses import dataclass, field

from bursar.types import DAY, HOUR
from tests.differential.furnishing import Furnishing
from tests.differential.moves import Moves
from tests.differential.stage import Stage

# Every view of everything, after so many moves; what a call touched is compared after each.
VIEWS_EVERY = 150

# Random calls wear an organisation out; a fresh one teaches more.
MOVES_PER_ORGANIZATION = 1_200
REPLENISH_EVERY = 200

# Organisations of one seed are numbered from here, so that no two seeds share one.
ORGANIZATIONS_PER_SEED = 1_000_003


@dataclass
class Outcome:
    """
    What a campaign has seen. Calls are those that change state, on both sides.
    """

    calls: int = 0
    views: int = 0
    organizations: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Outcome") -> None:
        """
        Count what another has seen as well.
        """
        self.calls += other.calls
        self.views += other.views
        self.organizations += other.organizations
        self.accepted.update(other.accepted)
        self.refused.update(other.refused)
        self.reasons.update(other.reasons)


class ViolationError(AssertionError):
    """
    A disagreement or a broken invariant, with what is needed to see it again.
    """

    def __init__(self, organization: int, cause: str, play: "Play") -> None:
        lines = "\n  ".join(play.trail())
        super().__init__(f"organization {organization}, step {play.step}: {cause}\n  {lines}")
        self.organization = organization
        self.outcome = play.outcome()


def run_campaign(seed: int, calls: int) -> Outcome:
    """
    At least so many calls. Raises ViolationError.
    """
    outcome = Outcome()
    while outcome.calls < calls:
        number = seed * ORGANIZATIONS_PER_SEED + outcome.organizations
        outcome.add(run_organization(number))
    return outcome


def run_organization(seed: int, moves: int = MOVES_PER_ORGANIZATION) -> Outcome:
    """
    One organisation from its founding. The same seed gives the same calls. Raises ViolationError.
    """
    play = Play(seed)
    try:
        play.run(moves)
    # Whatever breaks is a finding, and worthless without the way back to it.
    except Exception as error:
        cause = str(error)
        if not isinstance(error, AssertionError):
            cause = "".join(traceback.format_exception(error))
        raise ViolationError(seed, cause, play) from error
    return play.outcome()


class Play:
    """
    Random calls on a stage.
    """

    def __init__(self, seed: int) -> None:
        # Every other one changes its settings fast enough to be undone and redone within a day.
        self.stage = Stage(change_delay=HOUR if seed % 2 else 2 * DAY)
        self.moves = Moves(self.stage.twin, seed)
        self.furnishing = Furnishing(self.stage, self.moves)
        self.step = 0

    def run(self, moves: int) -> None:
        """
        Set up, then so many random calls.
        """
        stage = self.stage
        self.furnishing.set_up()
        for self.step in range(1, moves + 1):
            stage.twin.evm.warp(self.moves.clock.next())
            if self.moves.is_troubled():
                self.furnishing.release()
            self.furnishing.donate()
            stage.do(self.moves.draw())
            if self.step % VIEWS_EVERY == 0:
                stage.views.compare_all()
            if self.step % REPLENISH_EVERY == 0:
                self.furnishing.replenish()
        stage.views.compare_all()

    def trail(self) -> list[str]:
        """
        The last calls, oldest first.
        """
        return [f"{at} {self.stage.twin.shown(call)}" for at, call in self.stage.recent]

    def outcome(self) -> Outcome:
        """
        What was seen so far.
        """
        twin = self.stage.twin
        return Outcome(
            calls=twin.calls,
            views=self.stage.views.compared,
            organizations=1,
            accepted=twin.accepted,
            refused=twin.refused,
            reasons=twin.reasons,
        )
