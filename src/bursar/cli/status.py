"""
`bursar status`: what every wallet has and every agent has used.
"""

from typing import TYPE_CHECKING

from bursar.cli.options import BookOption, JsonOption, RpcOption, reporting, say_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bursar.treasury import Status


def status(rpc_url: RpcOption = None, book: BookOption = None, as_json: JsonOption = False) -> None:
    """
    Show each wallet's balance, capacity and agents, and what each agent has spent today.

    Example: bursar status --json
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.console import build_console
        from bursar.cli.place import Place
        from bursar.treasury import build_status

        place = Place.find(rpc_url, book)
        found = build_status(place.office, place.view)
        if as_json:
            say_json({"ok": True, **found.model_dump(mode="json")})
        else:
            print_status(build_console(), found)


def print_status(console: "Console", status: "Status") -> None:
    """
    Two tables, and a line for whatever stops everything.
    """
    console.print(_wallets_table(status))
    console.print()
    console.print(_agents_table(status))
    if status.stopped:
        console.print()
        console.print(f"[bold red]Everything is stopped[/]: {status.stopped}")


def _wallets_table(status: "Status") -> "Table":
    from bursar.cli.console import build_table, show_time, show_units

    table = build_table(
        f"{status.name}, chain {status.chain_id}, {show_time(status.at)} UTC",
        wallet="left",
        token="left",
        balance="right",
        spent_today="right",
        of_limit="right",
        capacity_left="right",
        active_agents="right",
        waiting="right",
        state="left",
    )
    for wallet in status.wallets:
        state = wallet.stopped or ("running" if wallet.sealed else "not sealed")
        for token in wallet.tokens:
            table.add_row(
                wallet.name,
                token.symbol,
                show_units(token.balance, token.decimals),
                show_units(token.spent_today, token.decimals),
                show_units(token.daily_limit, token.decimals),
                show_units(token.capacity, token.decimals),
                str(wallet.active_agents),
                str(wallet.waiting_payments),
                state,
            )
        if not wallet.tokens:
            table.add_row(wallet.name, *[""] * 5, str(wallet.active_agents), "0", state)
    return table


def _agents_table(status: "Status") -> "Table":
    from bursar.cli.console import build_table, show_units

    table = build_table(
        "Budgets of the UTC day",
        agent="left",
        wallet="left",
        token="left",
        category="left",
        spent_today="right",
        of_limit="right",
        used="right",
        left_this_hour="right",
        state="left",
    )
    for line in status.agents:
        ended = "ended" if line.expires_at <= status.at else "running"
        table.add_row(
            line.agent,
            line.wallet,
            line.token,
            line.category,
            show_units(line.spent_today, line.decimals),
            show_units(line.daily_limit, line.decimals),
            f"{line.utilisation:.1f} %",
            show_units(line.remaining_this_hour, line.decimals),
            line.stopped or ended,
        )
    return table
