"""
A refill from its report to its end, one person's word at a time.

    begin → confirm … → approve → draft → (owners sign and execute) → confirm_funded → finish

Every step checks that it is this person's to take and that what comes before is done; where it
refuses, nothing is kept and nothing is sent. Only `draft` makes something that owners could sign,
and nothing here signs or sends. Times are the chain's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bursar.config import Treasury
from bursar.treasury.refills.calls import build_calls
from bursar.treasury.refills.closing import build_closing, build_funding
from bursar.treasury.refills.errors import OpenItemError, UnknownPersonError, WrongOrderError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import RefillFolder, build_id
from bursar.treasury.refills.funds import (
    find_refills,
    validate_no_approval_left,
)
from bursar.treasury.refills.gates import Gates, find_item, validate_items, validate_stage
from bursar.treasury.refills.people import validate_manager, validate_person
from bursar.treasury.refills.record import (
    Abandoning,
    Approval,
    Confirmation,
    Drafted,
    Funding,
    Refill,
    Stage,
)
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.safe import Draft, SafeDesk, draft

MANY: Final = 6
"""So many wallets are named where owners read what a draft is for."""


@dataclass(frozen=True)
class RefillDesk:
    """
    One organisation's refills: where the evidence comes from, where they are kept, and the Safe's
    drafts.
    """

    reporter: Reporter
    folder: RefillFolder
    safe: SafeDesk

    @property
    def _treasury(self) -> Treasury:
        named = self.reporter.file.treasury
        if named is None:
            raise UnknownPersonError("Who may refill is said in treasury.yaml, which is not here.")
        return named

    @property
    def _gates(self) -> Gates:
        return Gates(self.reporter, self.folder, self.safe)

    def begin(self, by: str, file: str, wishes: Wishes | None = None) -> tuple[Refill, Report]:
        """
        Build the report and keep it as a new refill. `file` is where its treasury.yaml lies.
        Raises RefillError, ChainError.
        """
        validate_person(self._treasury, by)
        report = self.reporter.build(by, wishes)
        refill = Refill(
            id=build_id(report),
            report_hash=f"0x{report.hash.hex()}",
            file=file,
            begun_by=by,
            begun_at=report.at,
        )
        with self.folder.locked():
            if any(one.id == refill.id for one in self.folder.all()):
                raise WrongOrderError(f"Refill {refill.id} was begun just now with this report.")
            return self.folder.save_report(refill, report), report

    def confirm(self, refill: Refill, items: Iterable[str], by: str, note: str = "") -> Refill:
        """
        Keep a person's word about items of the checklist. Raises OpenItemError for an item that
        does not exist or needs a note, WrongOrderError once it is approved.
        """
        validate_person(self._treasury, by)
        report = self.folder.report(refill)
        wanted, said = [find_item(report, item) for item in items], note.strip()
        for item in wanted:
            if item.explain and not said:
                raise OpenItemError(f"{item.id} needs a note ({item.text}): say {item.explain}.")
        at = self._now()
        words = tuple(Confirmation(item=item.id, by=by, at=at, note=said) for item in wanted)
        with self.folder.locked():
            refill = self._again(refill, Stage.REPORTED)
            new = {word.item for word in words}
            others = (one for one in refill.confirmations if one.item not in new)
            return self._save(refill, confirmations=(*others, *words))

    def approve(self, refill: Refill, by: str, note: str = "") -> Refill:
        """
        Keep the treasury manager's approval of this very report. Raises OpenItemError while an item
        is open, StaleReportError, ImpossibleRefillError.
        """
        validate_manager(self._treasury, by)
        report = self.folder.report(refill)
        with self.folder.locked():
            refill = self._again(refill, Stage.REPORTED)
            validate_items(report, refill)
            self._gates.validate_possible(refill, report)
            at, said = self._now(), note.strip()
            approval = Approval(by=by, at=at, report_hash=refill.report_hash, note=said)
            return self._save(refill, approval=approval)

    def draft(self, refill: Refill, by: str) -> tuple[Refill, Draft]:
        """
        Draft the Safe transaction for the owners to sign. Moves nothing. Drafted again only where
        the first draft is dead. Raises RefillError, ChainError, DraftError.
        """
        validate_person(self._treasury, by)
        with self.folder.locked():
            refill = self.folder.find(refill.id)
            report = self.folder.report(refill)
            self._validate_draftable(refill, report)
            calls = build_calls(self.reporter.office, report)
            self._gates.validate_accepted(calls)
            made = self._gates.find_draft(calls) or draft(
                self.safe, calls, purpose=_purpose(report, refill), author=by
            )
            drafted = Drafted(by=by, at=self._now(), safe_hash=made.id, nonce=made.nonce)
            return self._save(refill, draft=drafted), made

    def _validate_draftable(self, refill: Refill, report: Report) -> None:
        approval = refill.approval
        is_dead = refill.stage is Stage.DRAFTED and self._gates.open_draft(refill) is None
        if not is_dead or approval is None:
            validate_stage(refill, Stage.APPROVED)
        assert approval is not None, "what is approved has an approval"
        if approval.report_hash != refill.report_hash:
            raise WrongOrderError(
                f"The approval is of report {approval.report_hash}, and this is "
                f"{refill.report_hash}: report again."
            )
        validate_manager(self._treasury, approval.by)
        validate_items(report, refill)
        self._gates.validate_possible(refill, report)

    def confirm_funded(self, refill: Refill, by: str) -> Refill:
        """
        Keep that the money has arrived, which the chain has to show. Raises NotFundedError.
        """
        validate_person(self._treasury, by)
        report = self.folder.report(refill)
        with self.folder.locked():
            refill = self._again(refill, Stage.DRAFTED)
            funding = build_funding(self.reporter, report, by, self._now())
            validate_no_approval_left(self.reporter.office, report)
            return self._save(refill, funding=funding)

    def finish(self, refill: Refill, by: str) -> Refill:
        """
        Close it: note the balances from which on they are watched again, and clear the low-balance
        alerts. Raises WrongOrderError before the money has arrived, NotFundedError where the chain
        no longer shows it.
        """
        validate_person(self._treasury, by)
        report = self.folder.report(refill)
        with self.folder.locked():
            refill = self._again(refill, Stage.FUNDED)
            # Blocks can be reorganised away after somebody has seen them, and it may be in another.
            funding = build_funding(self.reporter, report, by, self._now())
            if refill.funding is not None and _is_same(refill.funding, funding):
                funding = refill.funding
            closing = build_closing(self.reporter, report, by, self._now(), funding.block)
            return self._save(refill, funding=funding, closing=closing)

    def abandon(self, refill: Refill, by: str, note: str) -> Refill:
        """
        Give it up. Raises WrongOrderError where owners could still sign its draft, or the money has
        arrived.
        """
        validate_person(self._treasury, by)
        with self.folder.locked():
            refill = self.folder.find(refill.id)
            if not refill.is_open or self._has_arrived(refill):
                raise WrongOrderError(f"Refill {refill.id} is {refill.stage}: nothing to give up.")
            waiting = self._gates.open_draft(refill)
            if waiting is not None:
                raise WrongOrderError(
                    f"Owners could still sign its draft: `bursar safe reject {waiting.id}` first, "
                    "and execute that."
                )
            return self._save(refill, abandoned=Abandoning(by=by, at=self._now(), note=note))

    def open_draft(self, refill: Refill) -> Draft | None:
        """
        Its draft, as long as it is not dead; None where it has none, or the money has arrived.
        """
        return self._gates.open_draft(refill)

    def _has_arrived(self, refill: Refill) -> bool:
        """
        Whether somebody has seen the money come, and the chain has not taken that back.
        """
        if refill.funding is None:
            return False
        events = self.reporter.views.view().events
        return bool(find_refills(events, self.folder.report(refill).hash))

    # What is kept

    def _now(self) -> int:
        return self.reporter.office.fetch_time()

    def _again(self, refill: Refill, wanted: Stage) -> Refill:
        """
        As it is kept now. Raises WrongOrderError unless it has come exactly so far.
        """
        refill = self.folder.find(refill.id)
        validate_stage(refill, wanted)
        return refill

    def _save(self, refill: Refill, **changed: object) -> Refill:
        return self.folder.save(refill.model_copy(update=changed))


def _is_same(one: Funding, other: Funding) -> bool:
    return (one.transaction, one.block) == (other.transaction, other.block)


def _purpose(report: Report, refill: Refill) -> str:
    names = list(dict.fromkeys(line.wallet for line in report.refilled))
    # Short enough for whoever signs to read.
    wallets = ", ".join(names) if len(names) <= MANY else f"{len(names)} wallets"
    return f"Refill {wallets} (refill {refill.id}, report {refill.report_hash})"
