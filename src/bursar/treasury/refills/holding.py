"""
Whether a report still holds: the same report is built again from the chain as it is now.

    Report + Reporter → validate_holds → the history since, or what is stale and since when

Everything here looks and raises, and changes nothing.
"""

from collections.abc import Sequence

from bursar.events import Event
from bursar.treasury.refills.at_block import fetch_block_hash
from bursar.treasury.refills.errors import ImpossibleRefillError, StaleReportError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import build_id
from bursar.treasury.refills.freshness import find_changes
from bursar.treasury.refills.reporting import Reporter
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.words import Words


def validate_holds(reporter: Reporter, report: Report) -> Sequence[Event]:
    """
    See that the refill can be made as it was decided, on a report that still holds, and return all
    events up to now. Raises ImpossibleRefillError, StaleReportError, ChainError.
    """
    _validate_sound(report)
    fresh, view = _report_again(reporter, report), reporter.views.view()
    since = [event for event in view.events if (event.block or 0) > report.block]
    same = fetch_block_hash(reporter.office, report.block) == report.block_hash
    changes = find_changes(report, fresh, since, Words(view.book), same_chain=same)
    if changes:
        told = " ".join(changes)
        raise StaleReportError(
            f"The report of refill {build_id(report)} no longer holds. {told} Report again."
        )
    if fresh.all_problems:
        raise ImpossibleRefillError(
            f"This refill can no longer be made: {' '.join(fresh.all_problems)} Report again."
        )
    return view.events


def _validate_sound(report: Report) -> None:
    if report.all_problems:
        raise ImpossibleRefillError(
            f"This refill cannot be made: {' '.join(report.all_problems)} Report again, "
            "with --wallet for those that can be refilled."
        )
    wrong = [one.wallet for one in report.refilled if one.current + one.amount != one.target]
    if wrong:
        raise ImpossibleRefillError(
            f"The report's figures for {', '.join(wrong)} do not add up: nobody here made it."
        )
    if not report.refilled:
        raise ImpossibleRefillError("Every wallet has enough: there is nothing to refill.")


def _report_again(reporter: Reporter, report: Report) -> Report:
    """
    About the same wallets, with the same balances to reach.
    """
    wished = {(one.address, one.token_address): one.target for one in report.refilled}
    wallets = frozenset(one.address for one in report.refilled)
    return reporter.build(report.prepared_by, Wishes(wallets=wallets, balances=wished))
