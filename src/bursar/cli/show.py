"""
`bursar show`: everything about one wallet, agent, payment or change on one screen.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.combining import combine
from bursar.cli.options import USAGE, BookOption, JsonOption, RpcOption, fail, reporting, say_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bursar.cli.place import Place
    from bursar.treasury import View
    from bursar.treasury.details import Model

    # What builds a card of the place as it is in a view, and what draws it.
    Looks = tuple[Callable[[Place, View], Model], Callable[[Any], RenderableType]]

show = typer.Typer(no_args_is_help=True, help="Show one wallet, agent, payment or change.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its name or address.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As many digits as name it.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Redraw with every block.")]


def _showing(look: "Callable[..., Looks]") -> Callable[..., None]:
    """
    The command that shows what `look` builds, and how that is drawn, once or with every block.
    """

    def command(
        *,
        watch: WatchOption = False,
        rpc_url: RpcOption = None,
        book: BookOption = None,
        as_json: JsonOption = False,
        **wanted: str,
    ) -> None:
        with reporting(as_json):
            _show((rpc_url, book, as_json, watch), *look(**wanted))

    combine(look, command)
    return show.command()(command)


@_showing
def wallet(name: NameArgument) -> "Looks":
    """
    Show a wallet: money, limits, budgets, recipients, what waits, what happened last.

    Example: bursar show wallet trading
    """
    # Here and not above, so that --help does not load what talks to a chain.
    from bursar.cli.cards import draw_wallet
    from bursar.treasury.details import build_wallet

    return lambda place, view: build_wallet(place.office, view, name), draw_wallet


@_showing
def agent(name: NameArgument) -> "Looks":
    """
    Show an agent over all of its wallets: budgets, whom it paid, what waits, what stops it.

    Example: bursar show agent shopper --watch
    """
    from bursar.cli.cards import draw_agent
    from bursar.treasury.details import build_agent

    return lambda place, view: build_agent(place.office, view, name), draw_agent


@_showing
def payment(id: IdArgument) -> "Looks":
    """
    Show a payment by its id, its transaction or its reference: what became of it, what would now.

    Example: bursar show payment 0x5f3a…
    """
    from bursar.cli.cards import draw_payment
    from bursar.treasury.tracing import build_payment

    return lambda place, view: build_payment(place.office, view, id), draw_payment


@_showing
def change(id: IdArgument) -> "Looks":
    """
    Show a scheduled change: what it sets, what stands there now, when it can be applied.

    Example: bursar show change 0x77aa…
    """
    from bursar.cli.cards import draw_change
    from bursar.treasury.tracing import build_change

    return lambda place, view: build_change(view, id), draw_change


def _show(
    options: tuple[str | None, str | None, bool, bool],
    build: Callable[["Place", "View"], "Model"],
    draw: Callable[[Any], "RenderableType"],
) -> None:
    from bursar.cli.place import Place
    from bursar.cli.watching import show as draw_once_or_always

    rpc_url, book, as_json, watch = options
    if watch and as_json:
        fail(as_json, "--watch draws on a terminal: leave --json out.", code=USAGE)
    place = Place.find(rpc_url, book)
    if as_json:
        say_json({"ok": True, **build(place, place.view).model_dump(mode="json")})
        return
    draw_once_or_always(place, lambda view: draw(build(place, view)), watch=watch)
