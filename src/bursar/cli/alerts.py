"""
`bursar alerts`: what the keeper has told people, what is open, and that somebody has dealt with it.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.audit_options import DatabaseOption, SinceOption
from bursar.cli.options import BookOption, JsonOption, fail, reporting, say_json

if TYPE_CHECKING:
    from rich.table import Table

    from bursar.store.alerts import StoredAlert

alerts = typer.Typer(invoke_without_command=True)


@alerts.callback()
def show(
    context: typer.Context,
    is_open: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    since: SinceOption = None,
    database: DatabaseOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show what people were told without asking.

    Low balances, daily limits that are near, unusual days, undeclared payments. The keeper raises
    them, each once, and clears those that are over. The latest comes last. Reads only.

    Example: bursar alerts --open
    """
    if context.invoked_subcommand is not None:
        return
    with reporting(as_json):
        # Here and not above, so that --help does not load the store.
        from bursar.cli.alerts_place import AlertsPlace
        from bursar.cli.console import build_console
        from bursar.cli.history_options import read_day

        place = AlertsPlace.find(database, book)
        found = place.fetch(is_open=is_open, since=read_day("--since", since))
        if as_json:
            say_json({"ok": True, "alerts": [one.as_json() for one in found]})
            return
        count = sum(one.is_open for one in found)
        title = f"Alerts of {place.name}: {len(found):,}, {count:,} open"
        build_console().print(_build_table(title, found))


@alerts.command()
def clear(
    id: Annotated[int, typer.Argument(metavar="ID", help="Its number in `bursar alerts`.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What came of it.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who. Default: this machine's user.")
    ] = None,
    database: DatabaseOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Note that somebody has dealt with an alert.

    It is not raised again while what it tells of lasts. What has happened, such as a payment that
    nobody declared, stays open until then.

    Example: bursar alerts clear 3 --by dana --why "the key is stopped, see the incident report"
    """
    with reporting(as_json):
        import getpass
        import time

        from bursar.cli.alerts_place import AlertsPlace
        from bursar.store.alert_clearing import ToClear, clear_by_hand
        from bursar.treasury.words import show_moment

        place, who = AlertsPlace.find(database, book), by or getpass.getuser()
        alert = place.find_one(id)
        if alert is None:
            fail(as_json, f"There is no alert {id}: see `bursar alerts`.", code="unknown-alert")
        if not why.strip():
            fail(as_json, "Say why: whoever looks later has only that.", code="usage")
        if alert.cleared_at is not None:
            when = show_moment(alert.cleared_at)
            message = f"Alert {id} was cleared by {alert.cleared_by} ({when}): {alert.cleared_why}"
            fail(as_json, message, code="not-open")
        wish = ToClear(place.whose, id, who, why.strip(), int(time.time()))
        done = clear_by_hand(place.url, [wish])
        if as_json:
            say_json({"ok": True, "alert": id, "by": who, "done": done})
        elif done:
            typer.echo(f"Alert {id} is cleared.")
        else:
            typer.echo(f"Alert {id}: noted. The keeper, which has the store, clears it now.")


def _build_table(title: str, found: list["StoredAlert"]) -> "Table":
    from bursar.cli.console import build_table, show_time

    table = build_table(
        title, id="right", seen="left", kind="left", severity="left", what="left", state="left"
    )
    for alert in found:
        state = "[yellow]open[/]"
        if not alert.is_open:
            state = _harmless(f"cleared by {_short(alert.cleared_by or '')}")
        one = alert.found
        table.add_row(
            str(alert.id),
            show_time(one.block_at),
            one.kind,
            one.severity,
            _harmless(one.text),
            state,
        )
    return table


def _harmless(text: str) -> str:
    """
    What people have written moves no cursor and sets no colour.
    """
    from rich.markup import escape

    from bursar.treasury.safe.words import printable

    return escape(printable(text))


def _short(by: str) -> str:
    """
    A refill's hash by its beginning.
    """
    word, _, digits = by.partition(" 0x")
    return f"{word} 0x{digits[:8]}…" if digits else by
