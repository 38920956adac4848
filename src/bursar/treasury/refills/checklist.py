"""
The dated checklist of a refill: what people have to have looked at, and what closes it. Pure.

    Report → items of a checklist; + Refill → which are done, by whom, when
"""

from enum import StrEnum
from typing import Final, NamedTuple

from bursar.treasury.refills.evidence import Line, Report
from bursar.treasury.refills.record import Refill
from bursar.treasury.words import show_amount, show_day

ACTIVITY: Final = "activity"
PATTERNS: Final = "patterns"
POLICIES: Final = "policies"
ALERTS: Final = "alerts"


class Section(StrEnum):
    """
    The parts of the checklist, in their order.
    """

    CHECKS = "Pre-refill checks"
    DECISION = "Refill decision"
    APPROVAL = "Approval"
    AFTER = "Post-refill"


class Item(NamedTuple):
    """
    Something to confirm. `explain` is set where a note is needed, and says what about.
    """

    id: str
    section: Section
    text: str
    explain: str | None = None


class Done(NamedTuple):
    """
    An item with who confirmed it when; all None while it is open.
    """

    item: Item
    by: str | None
    at: int | None
    note: str


def build_title(report: Report) -> str:
    """
    What it is called: the day is the report's.
    """
    return f"Hot wallet refill, {show_day(report.at)}"


def build_items(report: Report) -> tuple[Item, ...]:
    """
    What people confirm before the treasury manager approves.
    """
    return (*_checks(report), *map(_decision, report.refilled))


def _checks(report: Report) -> tuple[Item, ...]:
    alarms, differing = len(report.alarms), len(report.differences)
    flagged = [one for one in report.alerts or () if one.cleared_at is None]
    checks = Section.CHECKS
    return (
        Item(ACTIVITY, checks, "Past 7 days of agent activity reviewed"),
        Item(
            PATTERNS,
            checks,
            "Spending patterns verified: "
            + (f"{alarms} found, each explained" if alarms else "none is anomalous"),
            "why what was found is in order" if alarms else None,
        ),
        Item(
            POLICIES,
            checks,
            "Agent policies confirmed: "
            + (f"{differing} differ from the file" if differing else "current"),
            "why the chain differs from the file" if differing else None,
        ),
        Item(
            ALERTS,
            checks,
            "Alert history checked: " + _said_of_alerts(report, len(flagged)),
            "what came of the open alerts" if flagged else None,
        ),
    )


def _said_of_alerts(report: Report, flagged: int) -> str:
    if report.alerts is None:
        return "none is recorded here"
    return f"{len(report.alerts)} raised, {flagged} open"


def _decision(line: Line) -> Item:
    return Item(
        line.item,
        Section.DECISION,
        f"{line.wallet}: current {show_amount(line.current, line.decimals)}, refill to "
        f"{show_amount(line.target, line.decimals)} {line.token}",
    )


def build_checklist(report: Report, refill: Refill) -> tuple[Done, ...]:
    """
    The whole of it as it stands, in the order of the source.
    """
    confirmed = {one.item: one for one in refill.confirmations}
    checked = []
    for item in build_items(report):
        one = confirmed.get(item.id)
        said = (one.by, one.at, one.note) if one is not None else (None, None, "")
        checked.append(Done(item, *said))
    return (*checked, *_approval(report, refill), *_after(refill))


def _approval(report: Report, refill: Refill) -> tuple[Done, ...]:
    approval, funding = refill.approval, refill.funding
    # Whoever executes through another client leaves no names here; the Safe has checked them.
    signers = ", ".join(funding.signers) or "owners, as the Safe checked" if funding else None
    signed = Item(
        "signed",
        Section.APPROVAL,
        f"Multisig transaction signed by {report.safe.threshold} owners",
    )
    when = funding.at if funding is not None else None
    return (
        Done(
            Item("manager", Section.APPROVAL, "Treasury manager approval"),
            approval.by if approval else None,
            approval.at if approval else None,
            approval.note if approval else "",
        ),
        Done(signed, signers, when, ""),
        Done(
            Item("funded", Section.APPROVAL, "Funds confirmed in hot wallets"),
            funding.by if funding else None,
            when,
            "",
        ),
    )


def _after(refill: Refill) -> tuple[Done, ...]:
    closing = refill.closing
    by, at = (closing.by, closing.at) if closing is not None else (None, None)
    cleared = ""
    if closing is not None:
        none = closing.alerts_cleared is None
        cleared = "no alerts are recorded" if none else f"{closing.alerts_cleared} cleared"
    return (
        Done(Item("balances", Section.AFTER, "Balance tracking updated"), by, at, ""),
        Done(Item("cleared", Section.AFTER, "Low-balance alerts cleared"), by, at, cleared),
    )


def find_open(report: Report, refill: Refill) -> tuple[Item, ...]:
    """
    What nobody has confirmed yet of what comes before the approval.
    """
    confirmed = {one.item for one in refill.confirmations}
    return tuple(item for item in build_items(report) if item.id not in confirmed)
