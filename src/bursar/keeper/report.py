"""
What became of one cycle of the keeper: a typed report, and the same as lines for a log.
"""

import json
import logging
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bursar.changes import Change
from bursar.keeper.decisions import Due
from bursar.keeper.declaring import Undeclared
from bursar.keeper.kept import Kept
from bursar.keeper.notices import Notice
from bursar.types import Bytes32


class Outcome(StrEnum):
    """
    What became of a payment that was due.
    """

    EXECUTED = "executed"
    CANCELLED = "cancelled"
    APPLIED = "applied"  # a scheduled change
    UNDER_WAY = "under way"  # sent and not mined yet; gone on with in the next cycle
    WAITING = "waiting"  # the chain refuses for now, or it is tried again in a while
    LEFT = "left"  # somebody else has dealt with it, or is about to
    LATER = "later"  # there are more than go out in one cycle
    FAILED = "failed"  # nobody answered, or the transaction did not happen
    WOULD_EXECUTE = "would execute"
    WOULD_CANCEL = "would cancel"
    WOULD_APPLY = "would apply"


class Heartbeat(StrEnum):
    """
    What became of the heartbeat.
    """

    OFF = "off"
    NOT_DUE = "not due"
    SENT = "sent"
    FAILED = "failed"
    WOULD_SEND = "would send"
    UNKNOWN = "unknown"  # nothing could be read, so nothing was sent


class ProblemKind(StrEnum):
    """
    What an operator has to look at.
    """

    NO_ANSWER = "no answer"
    LAGGING = "lagging"
    HALTED = "halted"  # which chain is right, only people can say: nothing is done before
    STORE = "store"  # the database cannot be used
    STALE = "stale"
    CLOCK = "clock"  # this machine's is wrong
    NO_ORGANIZATION = "no organisation"
    NOT_A_KEEPER = "not a keeper"
    FUNDS = "funds"
    HEARTBEAT = "heartbeat"
    SENDING = "sending"
    AUDIT = "audit"  # something is not written down yet, or its last hash not told
    STANDBY = "standby"  # another process has the key: this one watches, and takes over after it
    NOTICE = "notice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    What is wrong, and what to do about it.
    """

    kind: ProblemKind
    text: str


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """
    One payment that was due. `why` is the chain's own reason where it refused; `told` says that
    its sender has to know that it waits.
    """

    due: Due
    outcome: Outcome
    why: str = ""
    transaction: Bytes32 | None = None
    block: int | None = None
    told: bool = False

    def as_line(self) -> dict[str, Any]:
        """
        Names and plain values, amounts as decimal strings.
        """
        payment = self.due.payment
        return {
            "wallet": self.due.wallet,
            "id": _hex(self.due.id),
            "agent": payment.agent,
            "token": payment.token,
            "to": payment.to,
            "amount": str(payment.amount),
            "ready_at": payment.ready_at,
            "expires_at": payment.expires_at,
            "outcome": self.outcome,
            "why": self.why,
            "transaction": None if self.transaction is None else _hex(self.transaction),
            "block": self.block,
        }


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """
    One scheduled change that was due. `why` is the chain's own reason where it refused.
    """

    change: Change
    outcome: Outcome
    why: str = ""
    transaction: Bytes32 | None = None

    def as_line(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        return {
            "id": _hex(self.change.id),
            "target": self.change.subject.target,
            "setter": self.change.subject.setter,
            "ready_at": self.change.ready_at,
            "outcome": self.outcome,
            "why": self.why,
            "transaction": None if self.transaction is None else _hex(self.transaction),
        }


@dataclass(slots=True)
class CycleReport:
    """
    One look at the chain and what followed. `abandoned` is what was under way and is not wanted any
    more: its nonces are burned. `block` and `block_at` (Unix seconds) are the head that
    it was judged at, None where none could be read; `clock` is the keeper's own time. `entries` is
    how many the audit has gained, `audited` its last one's number; `undeclared` are payments that
    nobody has asked Bursar for.
    """

    clock: float
    block: int | None = None
    block_at: int | None = None
    payments: list[PaymentReport] = field(default_factory=list)
    changes: list[ChangeReport] = field(default_factory=list)
    heartbeat: Heartbeat = Heartbeat.UNKNOWN
    abandoned: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    entries: int = 0
    audited: int | None = None
    undeclared: list[Undeclared] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """
        How many payments came to that.
        """
        return sum(payment.outcome is outcome for payment in self.payments)

    def complain(self, kind: ProblemKind, text: object) -> None:
        """
        Note a problem.
        """
        self.problems.append(Problem(kind, str(text)))

    def has(self, kind: ProblemKind) -> bool:
        """
        Whether there was a problem of that kind.
        """
        return any(problem.kind is kind for problem in self.problems)

    def add(self, kept: Kept) -> None:
        """
        Note what was written down.
        """
        self.entries, self.audited = kept.entries, kept.head
        self.undeclared += kept.undeclared
        for trouble in kept.troubles:
            self.complain(ProblemKind.AUDIT, trouble)

    def as_json(self) -> dict[str, Any]:
        """
        All of it, for `--json`.
        """
        return {
            "clock": self.clock,
            "block": self.block,
            "block_at": self.block_at,
            "payments": [payment.as_line() for payment in self.payments],
            "changes": [change.as_line() for change in self.changes],
            "heartbeat": self.heartbeat,
            "abandoned": self.abandoned,
            "notices": [notice.model_dump(mode="json") for notice in self.notices],
            "entries": self.entries,
            "audited": self.audited,
            "undeclared": [spend.as_json() for spend in self.undeclared],
            "problems": [asdict(problem) for problem in self.problems],
        }


class ReportLog:
    """
    Writes what is new in each report to the logger, one JSON object a line: a payment that waits,
    or a node that is away, is one line and not one a second.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._waiting: dict[Any, tuple[Outcome, str]] = {}
        self._problems: set[ProblemKind] = set()

    def write(self, report: CycleReport) -> None:
        """
        Log a cycle.
        """
        for payment in report.payments:
            self._write_payment(payment)
        if report.heartbeat is not Heartbeat.UNKNOWN:  # else nothing was judged
            self._waiting = {p.due.key: (p.outcome, p.why) for p in report.payments}
        for change in report.changes:
            if change.outcome is not Outcome.WAITING:
                self._line(logging.INFO, "change", **change.as_line())
        for key in report.abandoned:
            self._line(logging.WARNING, "abandoned", key=key)
        for notice in report.notices:
            self._line(logging.WARNING, "notice", **notice.model_dump(mode="json"))
        for spend in report.undeclared:
            self._line(logging.CRITICAL, "undeclared", **spend.as_json())
        self._write_problems(report)
        if report.heartbeat is Heartbeat.SENT:
            self._line(logging.INFO, "heartbeat", block=report.block)
        self._line(
            logging.DEBUG,
            "cycle",
            block=report.block,
            payments=len(report.payments),
            heartbeat=report.heartbeat,
            audited=report.audited,
            problems=len(report.problems),
        )

    def _write_payment(self, payment: PaymentReport) -> None:
        if self._waiting.get(payment.due.key) == (payment.outcome, payment.why):
            return
        level = logging.ERROR if payment.outcome is Outcome.FAILED else logging.INFO
        self._line(level, "payment", **payment.as_line())

    def _write_problems(self, report: CycleReport) -> None:
        found = {problem.kind for problem in report.problems}
        for problem in report.problems:
            if problem.kind not in self._problems:
                self._line(logging.ERROR, "problem", kind=problem.kind, text=problem.text)
        for kind in sorted(self._problems - found):
            self._line(logging.INFO, "problem over", kind=kind)
        self._problems = found

    def _line(self, level: int, event: str, **fields: Any) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", json.dumps({"event": event, **fields}))


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
