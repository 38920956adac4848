"""
What a demo tells: steps in chapters, and at the end who has spent what, as the chain says.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bursar.devnet import USDC
from bursar.errors import BursarError
from bursar.reasons import Reason


class Outcome(StrEnum):
    """
    What became of a step.
    """

    DONE = "done"
    PAID = "paid"
    WAITS = "waits"
    REFUSED = "refused"
    STOPPED = "stopped"
    STOLEN = "stolen"


class DemoFailed(BursarError):  # noqa: N818 - a claim that failed, not a fault
    """
    The chain does not show what the demo says. Nothing after it is told.
    """

    def __init__(self, claim: str, expected: object, found: object) -> None:
        super().__init__(f"{claim}: expected {expected}, found {found}")
        self.claim = claim
        self.expected = str(expected)
        self.found = str(found)


def check(claim: str, expected: object, found: object) -> None:
    """
    Raise DemoFailed unless the chain shows what is claimed.
    """
    if expected != found:
        raise DemoFailed(claim, expected, found)


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that somebody does, and what comes of it. `reason` is the chain's own where it
    refuses; `gas` is None where nothing was mined.
    """

    who: str
    does: str
    outcome: Outcome
    detail: str
    reason: Reason | None = None
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """
    An agent's UTC day, in base units.
    """

    agent: str
    spent: int
    limit: int
    left: int
    stopped: bool

    @property
    def used(self) -> float:
        """
        The share of the limit that is spent, 0 to 1.
        """
        return _share(self.spent, self.limit)


@dataclass(frozen=True, slots=True)
class WalletLine:
    """
    A wallet's UTC day and its agents', in base units.
    """

    wallet: str
    balance: int
    spent: int
    limit: int
    left: int
    agents: tuple[BudgetLine, ...]

    @property
    def used(self) -> float:
        """
        The share of the limit that is spent, 0 to 1.
        """
        return _share(self.spent, self.limit)

    @property
    def running(self) -> int:
        """
        How many of its agents may pay.
        """
        return sum(not line.stopped for line in self.agents)


@dataclass(frozen=True, slots=True)
class Status:
    """
    Where a treasury of several wallets stands: its name, the chain's time, each wallet with its
    agents, and who holds how much USDC.
    """

    name: str
    at: int
    wallets: tuple[WalletLine, ...]
    balances: dict[str, int]


@dataclass(slots=True)
class ChapterReport:
    """
    A chapter's steps, in order, and where its own treasury stands afterwards if it has one.
    """

    name: str
    title: str
    about: str
    steps: list[Step] = field(default_factory=list)
    status: Status | None = None

    def tell(
        self,
        who: str,
        does: str,
        outcome: Outcome,
        detail: str = "",
        *,
        reason: Reason | None = None,
        gas: int | None = None,
    ) -> None:
        """
        Add a step that has been checked.
        """
        self.steps.append(Step(who, does, outcome, detail, reason, gas))


@dataclass(frozen=True, slots=True)
class Closing:
    """
    Where everything stands at the end: the chain's time, the agents, and who holds how much USDC.
    """

    at: int
    budgets: tuple[BudgetLine, ...]
    balances: dict[str, int]


@dataclass(slots=True)
class Report:
    """
    A whole run.
    """

    chapters: list[ChapterReport] = field(default_factory=list)
    closing: Closing | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """
        For machines. Amounts are base units of USDC.
        """
        return {
            "ok": True,
            "decimals": 6,
            "seconds": round(self.seconds, 3),
            "chapters": [asdict(chapter) for chapter in self.chapters],
            "closing": asdict(self.closing) if self.closing else None,
        }


def usdc(amount: int) -> str:
    """
    Base units for people, with a fraction only where there is one.
    """
    whole, rest = divmod(amount, USDC)
    fraction = f"{rest:06d}".rstrip("0")
    return f"{whole:,}" + (f".{fraction:0<2}" if fraction else "")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
