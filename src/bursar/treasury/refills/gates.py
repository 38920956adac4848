"""
What has to hold before a refill goes on: its order, its checklist, a report that is still true, a
chain that would accept it, and no second refill of the same wallet.

Everything here looks and raises, and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bursar.chain.reader import Call
from bursar.events import Event
from bursar.treasury.refills.checklist import Item, build_items, find_open
from bursar.treasury.refills.errors import (
    ImpossibleRefillError,
    OpenItemError,
    WrongOrderError,
)
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import RefillFolder
from bursar.treasury.refills.funds import find_refills
from bursar.treasury.refills.holding import validate_holds
from bursar.treasury.refills.record import Refill, Stage
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.safe import Draft, DraftStatus, SafeDesk, refresh

_NEXT: Final = {
    Stage.REPORTED: "Confirm the open items, then the treasury manager approves.",
    Stage.APPROVED: "Draft it for the owners next.",
    Stage.DRAFTED: "Owners sign and execute its draft, then confirm the funds.",
    Stage.FUNDED: "Finish it next.",
    Stage.FINISHED: "It is over.",
    Stage.ABANDONED: "It was given up: report again.",
}


def validate_stage(refill: Refill, wanted: Stage) -> None:
    """
    Raises WrongOrderError unless a refill has come exactly so far.
    """
    if refill.stage is not wanted:
        raise WrongOrderError(
            f"Refill {refill.id} is {refill.stage}, and this is for one that is {wanted}. "
            f"{_NEXT[refill.stage]}"
        )


def find_item(report: Report, wanted: str) -> Item:
    """
    An item of the checklist. Raises OpenItemError.
    """
    items = {item.id: item for item in build_items(report)}
    if wanted not in items:
        raise OpenItemError(f"The checklist has no item {wanted!r}: it has {', '.join(items)}.")
    return items[wanted]


def validate_items(report: Report, refill: Refill) -> None:
    """
    Raises OpenItemError while something is not confirmed.
    """
    left = find_open(report, refill)
    if left:
        names = ", ".join(item.id for item in left)
        raise OpenItemError(f"Not confirmed yet: {names}. `bursar refill confirm` asks for them.")


@dataclass(frozen=True)
class Gates:
    """
    The checks that need the chain, the other refills, or the Safe's drafts.
    """

    reporter: Reporter
    folder: RefillFolder
    safe: SafeDesk

    def validate_possible(self, refill: Refill, report: Report) -> None:
        """
        Whether the refill can be made as it was decided, on a report that still holds. Raises
        ImpossibleRefillError, StaleReportError, WrongOrderError, ChainError.
        """
        self._validate_alone(refill, report, validate_holds(self.reporter, report))

    def _validate_alone(self, refill: Refill, report: Report, events: Sequence[Event]) -> None:
        if find_refills(events, report.hash):
            raise WrongOrderError(f"Refill {refill.id} is on the chain already: confirm its funds.")
        mine = {(line.address, line.token_address) for line in report.refilled}
        for other in self.folder.all():
            if other.id == refill.id or self.open_draft(other) is None:
                continue
            theirs = self.folder.report(other).refilled
            if mine & {(one.address, one.token_address) for one in theirs}:
                raise WrongOrderError(
                    f"Refill {other.id} is drafted for the same wallet: finish it or give it up."
                )

    def validate_accepted(self, calls: Sequence[Call]) -> None:
        """
        Raises ImpossibleRefillError where the calls, made by the Safe now, would fail.
        """
        safe = self.safe.safe
        revert = safe.simulate(safe.build(*calls))
        if revert is not None:
            raise ImpossibleRefillError(
                f"The chain would refuse it: {revert.text}. Nothing was drafted."
            )

    def find_draft(self, calls: Sequence[Call]) -> Draft | None:
        """
        A draft of the same calls that waits already: somebody was interrupted right after it.
        """
        refresh(self.safe)
        wanted = self.safe.safe.build(*calls)
        for one in self.safe.store.open():
            if one.transaction.model_copy(update={"nonce": wanted.nonce}) == wanted:
                return one
        return None

    def open_draft(self, refill: Refill) -> Draft | None:
        """
        The draft of a refill that is not over, as long as it is not dead. Where the money was seen
        to arrive, only one that can be executed again: a reorganisation took its end back.
        """
        if refill.draft is None or refill.stage not in (Stage.DRAFTED, Stage.FUNDED):
            return None
        refresh(self.safe)
        if refill.stage is Stage.FUNDED:
            waiting = (one for one in self.safe.store.open() if one.id == refill.draft.safe_hash)
            return next(waiting, None)
        found = self.safe.store.find(refill.draft.safe_hash)
        return None if found.status is DraftStatus.DEAD else found
