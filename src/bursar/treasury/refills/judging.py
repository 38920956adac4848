"""
What signers are told of the report behind a refill, and when they are refused.

    SafeTransaction → its ref → the report with that hash → still holds? these very calls? → a note

The report is one that is kept here with what people said about it, or one that somebody hands over
as a file; the hash tells that it is the one which the chain will name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bursar.book import AddressBook
from bursar.chain.errors import ChainError
from bursar.chain.safe_transaction import SafeTransaction
from bursar.errors import BursarError
from bursar.treasury.refills.calls import build_calls
from bursar.treasury.refills.errors import RefillError, StaleReportError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import RefillFolder, build_id
from bursar.treasury.refills.funds import find_refills
from bursar.treasury.refills.holding import validate_holds
from bursar.treasury.refills.record import Refill
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.safe.backing import NoReports, find_refs
from bursar.treasury.safe.errors import UnbackedRefillError, UnjudgedRefillError
from bursar.treasury.safe.words.explain import calls_of
from bursar.treasury.words import show_moment
from bursar.types import Bytes32


class _Found(NamedTuple):
    report: Report
    # What people said about it; None where only the report was handed over.
    refill: Refill | None


@dataclass(frozen=True)
class Judge:
    """
    The reports of one organisation. `given` are those that somebody handed over. `open_reporter`
    looks at the chain again, with the treasury.yaml of a refill that was begun here.
    """

    folder: RefillFolder
    book: AddressBook
    open_reporter: Callable[[Report, Refill | None], Reporter]
    given: tuple[Report, ...] = ()

    def judge(self, transaction: SafeTransaction, /) -> str:
        """
        What to tell signers of the report behind a refill; empty for what refills nothing.

        Raises StaleReportError with what is stale and since when, UnjudgedRefillError where the
        report is not here, UnbackedRefillError for whatever else keeps it from being signed.
        """
        refs = find_refs(transaction)
        if not refs:
            return ""
        advice = f"Report again, and reject this draft: `bursar safe reject {_id(transaction)}`."
        try:
            return self._judge(transaction, refs)
        except (ChainError, UnjudgedRefillError):
            raise
        except BursarError as error:
            kind = StaleReportError if isinstance(error, StaleReportError) else UnbackedRefillError
            raise kind(f"{str(error).removesuffix(' Report again.')} {advice}") from error

    def _judge(self, transaction: SafeTransaction, refs: Sequence[Bytes32]) -> str:
        found = self._find(refs[0])
        if found is None:
            return NoReports().judge(transaction)
        report, refill = found
        self._validate_decided(found)
        reporter = self.open_reporter(report, refill)
        if calls_of(transaction) != build_calls(reporter.office, report):
            raise RefillError(
                f"It names the report {_name(report)}, and its calls are not the ones that were "
                "decided there: other wallets, other amounts, or more than that. Sign it nowhere."
            )
        if find_refills(reporter.views.view().events, report.hash):
            raise RefillError(f"The refill of report {_name(report)} is on the chain already.")
        validate_holds(reporter, report)
        return _note(found)

    def _find(self, ref: Bytes32) -> _Found | None:
        kept = self.folder.find_report(ref)
        if kept is not None:
            return _Found(kept[1], kept[0])
        return next((_Found(one, None) for one in self.given if one.hash == ref), None)

    def _validate_decided(self, found: _Found) -> None:
        report, refill = found
        here = self.book.chain_id, self.book.organization
        if (report.chain_id, report.organization) != here:
            raise RefillError(f"The report {_name(report)} is of another organisation or chain.")
        if refill is None:
            return
        if refill.abandoned is not None:
            raise RefillError(f"{refill.abandoned.by} gave up refill {refill.id}.")
        if refill.approval is None or refill.approval.report_hash != refill.report_hash:
            raise RefillError(f"The treasury manager has not approved refill {refill.id}.")


def _note(found: _Found) -> str:
    report, refill = found
    said = f"{_name(report)} of {show_moment(report.at)} UTC still holds"
    if refill is None or refill.approval is None:
        return (
            f"{said}. Not known here: whether its treasury manager approved it, and whether "
            f"{report.source.name} was changed since."
        )
    return f"{said}; {refill.approval.by} approved it, {show_moment(refill.approval.at)} UTC."


def _name(report: Report) -> str:
    return f"{build_id(report)} (0x{report.hash.hex()[:8]}…)"


def _id(transaction: SafeTransaction) -> str:
    return f"0x{transaction.hash.hex()[:10]}"
