"""
`bursar status`: what every wallet has and every agent has used.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import USAGE, BookOption, JsonOption, RpcOption, fail, reporting, say_json

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

    from bursar.treasury import Status, View
    from bursar.treasury.arranging import Overview
    from bursar.treasury.status import AgentStatus

# With more lines than this nobody reads those that say nothing.
QUIET_FROM = 30


def status(
    wallet: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    sort: Annotated[
        str, typer.Option(metavar="ORDER", help="name, balance, spent, used, or as created.")
    ] = "created",
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the first so many wallets.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Agents that have spent nothing today as well.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Redraw with every block.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show each wallet's balance, capacity and agents, and what each agent has spent today.

    Of many wallets, agents that have spent nothing and are not stopped are only counted.

    Example: bursar status --sort used --limit 10
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.alerts_place import add_open, fetch_open
        from bursar.cli.place import Place
        from bursar.cli.watching import show
        from bursar.treasury import build_status
        from bursar.treasury.arranging import arrange, find_order

        if watch and as_json:
            fail(as_json, "--watch draws on a terminal: leave --json out.", code=USAGE)
        place, order = Place.find(rpc_url, book), find_order(sort)
        names = wallet or []

        def build(view: "View") -> "Overview":
            only = frozenset(map(view.book.find_wallet, names)) if names else None
            return arrange(build_status(place.office, view, only), order, limit)

        if as_json:
            told, alerts = build(place.view).status, fetch_open(place)
            count = None if alerts is None else len(alerts)
            say_json({"ok": True, **told.model_dump(mode="json"), "open_alerts": count})
        else:
            show(
                place,
                lambda view: add_open(place, draw_status(build(view), everything)),
                watch=watch,
            )


def print_status(console: "Console", status: "Status") -> None:
    """
    The whole status as it is, for whoever has one.
    """
    from bursar.treasury.arranging import Order, arrange

    console.print(draw_status(arrange(status, Order.CREATED, None)))


def draw_status(overview: "Overview", everything: bool = True) -> "Group":
    """
    Wallets, then agents below the name of theirs, and a line for whatever stops everything.
    """
    from rich.console import Group
    from rich.text import Text

    status = overview.status
    parts: list[Table | Text] = [_wallets_table(overview), Text()]
    if not status.wallets and not overview.left_out:
        return Group(
            parts[0], Text("No wallet yet: the Safe's owners sign what `bursar init` wrote.")
        )
    lines, quiet = overview.lines(everything or len(status.agents) <= QUIET_FROM)
    parts.append(_agents_table(status, lines))
    if quiet:
        agents = "agents have" if quiet > 1 else "agent has"
        parts.append(Text(f"{quiet} more {agents} spent nothing today: --all shows them.", "dim"))
    if status.stopped:
        parts += [Text(), Text(f"Everything is stopped: {status.stopped}", "bold red")]
    return Group(*parts)


def _wallets_table(overview: "Overview") -> "Table":
    from bursar.cli.console import build_table, show_time, show_units
    from bursar.treasury.status import utilisation

    status = overview.status
    table = build_table(
        f"{status.name}, chain {status.chain_id}, block {status.block}, {show_time(status.at)} UTC",
        wallet="left",
        token="left",
        balance="right",
        spent_today="right",
        of_limit="right",
        used="right",
        capacity_left="right",
        active_agents="right",
        waiting="right",
        state="left",
    )
    for wallet in status.wallets:
        state = _state(wallet.stopped, "running" if wallet.sealed else "not sealed")
        counts = str(wallet.active_agents), str(wallet.waiting_payments), state
        for token in wallet.tokens:
            table.add_row(
                wallet.name,
                token.symbol,
                show_units(token.balance, token.decimals),
                show_units(token.spent_today, token.decimals),
                show_units(token.daily_limit, token.decimals),
                _percent(utilisation(token.spent_today, token.daily_limit or 0)),
                show_units(token.capacity, token.decimals),
                *counts,
            )
        if not wallet.tokens:
            table.add_row(wallet.name, *[""] * 6, *counts)
    _add_sums(table, overview)
    return table


def _add_sums(table: "Table", overview: "Overview") -> None:
    from bursar.cli.console import show_units

    if overview.left_out:
        table.add_row(f"[dim]{overview.left_out} more[/]")
    if len(overview.status.wallets) + overview.left_out < 2:
        return
    for one in overview.sums:
        balance, spent = (show_units(n, one.decimals) for n in (one.balance, one.spent_today))
        table.add_row("[bold]all[/]", one.token, f"[bold]{balance}[/]", f"[bold]{spent}[/]")


def _agents_table(status: "Status", lines: list["AgentStatus"]) -> "Table":
    from bursar.cli.console import build_table, show_time, show_units

    # Of the others it is midnight, as the title says.
    rolling = any(line.rolling and line.more_from for line in lines)
    table = build_table(
        f"Budgets of the UTC day{' or the last 24 hours' if rolling else ''}",
        wallet="left",
        agent="left",
        token="left",
        category="left",
        spent_today="right",
        of_limit="right",
        used="right",
        left_this_hour="right",
        **({"more_from": "left"} if rolling else {}),
        state="left",
    )
    before = ""
    for line in lines:
        table.add_row(
            line.wallet if line.wallet != before else "",
            line.agent,
            line.token,
            line.category,
            show_units(line.spent_today, line.decimals),
            show_units(line.daily_limit, line.decimals),
            _percent(line.utilisation),
            show_units(line.remaining_this_hour, line.decimals),
            *([show_time(line.more_from) if line.more_from else ""] if rolling else []),
            _state(line.stopped, "ended" if line.expires_at <= status.at else "running"),
        )
        before = line.wallet
    return table


def _state(stopped: str, otherwise: str) -> str:
    return f"[red]{stopped}[/]" if stopped else otherwise


def _percent(used: float) -> str:
    shown = f"{used:.1f} %"
    if used >= 100:
        return f"[red]{shown}[/]"
    return f"[yellow]{shown}[/]" if used >= 80 else shown
