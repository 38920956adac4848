"""
How refills look: the checklist as it stands, what comes next, and the pages.
"""

from typing import Any

import typer

from bursar.cli.options import say_json
from bursar.cli.refill_desk import Opened
from bursar.cli.safe_place import say
from bursar.treasury.refills.checklist import build_checklist, build_title, find_open
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import build_id
from bursar.treasury.refills.pages import build_html, build_markdown
from bursar.treasury.refills.record import Refill, Stage
from bursar.treasury.safe import Draft, DraftError
from bursar.treasury.safe.checks import validate_signable
from bursar.treasury.safe.words import printable
from bursar.treasury.words import show_moment


def brief(found: Refill) -> dict[str, Any]:
    """
    A refill in a list.
    """
    return {"id": found.id, "stage": found.stage, "report_hash": found.report_hash}


def tell(
    opened: Opened,
    found: Refill,
    as_json: bool,
    *,
    report: Any = None,
    draft: Draft | None = None,
) -> None:
    """
    Show where a refill stands, and write its pages anew.
    """
    made = opened.desk.folder.report(found)
    pages = _publish(opened, found, made)
    if as_json:
        items = [
            {"item": one.item.id, "text": one.item.text, "by": one.by, "at": one.at}
            for one in build_checklist(made, found)
        ]
        extra = {} if report is None else {"report": report}
        if draft is not None:
            extra["draft"] = {"safe_hash": draft.id, "nonce": draft.nonce}
        told = found.model_dump(mode="json") | {"stage": found.stage}
        say_json({"ok": True, "refill": told, "checklist": items, "pages": pages, **extra})
        return
    _show_checklist(made, found)
    for page in pages:
        typer.echo(page)
    _tell_next(opened, made, found)


def show_report(made: Report, as_json: bool) -> None:
    """
    Show a report that nobody has begun a refill with.
    """
    if as_json:
        shown = made.model_dump(mode="json")
        say_json({"ok": True, "report": shown, "report_hash": f"0x{made.hash.hex()}"})
        return
    typer.echo(_preview(made), nl=False)


def _publish(opened: Opened, refill: Refill, report: Report) -> list[str]:
    """
    Write the pages as they are now, and say where. Raises OSError.
    """
    folder = opened.desk.folder
    pages = {"report.md": build_markdown, "report.html": build_html}
    return [
        str(folder.write(refill, name, build(report, refill).encode()))
        for name, build in pages.items()
    ]


def _preview(report: Report) -> str:
    """
    A report that nobody has begun a refill with, in Markdown.
    """
    nobody = Refill(
        id=build_id(report),
        report_hash=f"0x{report.hash.hex()}",
        file="",
        begun_by=report.prepared_by,
        begun_at=report.at,
    )
    return build_markdown(report, nobody)


def _show_checklist(report: Report, refill: Refill) -> None:
    """
    Print it as it stands.
    """
    typer.echo(f"{build_title(report)}: refill {refill.id}, {refill.stage}")
    typer.echo(f"report {refill.report_hash}")
    for problem in report.all_problems:
        typer.echo(f"cannot be refilled now: {printable(problem)}", err=True)
    for one in report.alarms:
        say(f"alarm: {one.text}")
    section = ""
    for done in build_checklist(report, refill):
        if done.item.section != section:
            section = done.item.section
            typer.echo(f"\n{section}")
        when = f"  ({done.by}, {show_moment(done.at)})" if done.by and done.at else ""
        say(f"  [{'x' if done.by else ' '}] {done.item.text}{when}")
        if done.note:
            say(f"      {done.note}")
    typer.echo("")


def _tell_next(opened: Opened, report: Report, refill: Refill) -> None:
    """
    Say what comes next, and who has to do it.
    """
    id = refill.id
    left = len(find_open(report, refill))
    if refill.stage is Stage.REPORTED and not report.refilled:
        said = (
            "every wallet has enough, so there is nothing to approve: bursar refill abandon "
            f"{id} --by NAME --note WHY"
        )
    elif refill.stage is Stage.REPORTED and left:
        said = f"{left} items are open: bursar refill confirm {id} --by NAME"
    elif refill.stage is Stage.DRAFTED and refill.draft is not None:
        digits = refill.draft.safe_hash
        said = _find_refusal(opened, refill) or (
            f"owners sign it: bursar safe sign {digits[:12]}, on another machine with --report and "
            "the file report.json from beside those pages. Then somebody executes it; after that: "
            f"bursar refill confirm-funded {id} --by NAME"
        )
    else:
        said = {
            Stage.REPORTED: f"the treasury manager approves: bursar refill approve {id} --by NAME",
            Stage.APPROVED: f"draft it for the owners: bursar refill draft {id} --by NAME",
            Stage.FUNDED: f"close it: bursar refill finish {id} --by NAME",
        }.get(refill.stage, "")
    if said:
        say(f"next: {said}")


def _find_refusal(opened: Opened, refill: Refill) -> str:
    """
    Why owners can no longer sign its draft, and what to do; empty where they can, or have.
    """
    made = opened.desk.open_draft(refill)
    if made is None:
        id = refill.id
        return (
            f"its draft is dead. While the report holds: bursar refill draft {id} --by NAME; else "
            f"bursar refill abandon {id} --by NAME --note WHY, and report again"
        )
    if not made.is_open:
        return ""
    try:
        validate_signable(opened.desk.safe, made.transaction)
    except DraftError as error:
        return f"nobody can sign it any more. {error}"
    return ""
