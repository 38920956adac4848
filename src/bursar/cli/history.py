"""
`bursar history`: what happened, in words.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import USAGE, BookOption, JsonOption, RpcOption, fail, reporting, say_json

if TYPE_CHECKING:
    from bursar.cli.place import Place
    from bursar.events import Event
    from bursar.treasury.details import Told

_POLL_SECONDS = 0.5
# A heartbeat every few minutes says nothing to people.
_QUIET = "HeartbeatSent"


def history(
    wallet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what concerns this wallet.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what concerns this agent.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="EVENT", help="Only these, such as Paid.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="From this UTC day on: 2026-01-31.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Up to and without this UTC day.")
    ] = None,
    least: Annotated[
        str | None,
        typer.Option(metavar="TOKEN:AMOUNT", help="Only amounts of at least so much of it."),
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the latest so many.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Tell in words what happened: payments, refills, limits, stops, changes.

    Heartbeats are left out unless they are asked for by --kind. `bursar events` has every field.

    Example: bursar history --wallet trading --since 2026-01-31 --least USDC:1000
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.place import Place

        if follow and as_json:
            message = "--follow has no end: use `bursar events --follow --json`."
            fail(as_json, message, code=USAGE)
        place = Place.find(rpc_url, book)
        wanted = _Filter(place, wallet, agent, kind or [], (since, until), least)
        found = wanted.of(place.view.events)[-(last or 0) :]
        if as_json:
            say_json({"ok": True, "events": [one.model_dump(mode="json") for one in found]})
            return
        _print(found)
        if follow:
            _follow(place, wanted)
        elif not found:
            typer.echo("Nothing like that has happened.", err=True)


class _Filter:
    def __init__(
        self,
        place: "Place",
        wallet: str | None,
        agent: str | None,
        kinds: list[str],
        days: tuple[str | None, str | None],
        least: str | None,
    ) -> None:
        from bursar.cli.history_options import read_day, read_least, validate_kinds

        self.book = place.book
        self.kinds = validate_kinds(kinds)
        self.wallet = None if wallet is None else self.book.find_wallet(wallet)
        self.agent = None if agent is None else self.book.find_agent(agent)
        self.since = read_day("--since", days[0]) or 0
        self.until = read_day("--until", days[1])
        self.token, self.least = read_least(self.book, least)

    def of(self, events: "Iterable[Event]") -> "list[Told]":
        """
        The wanted ones, in words.
        """
        from bursar.treasury.details import tell
        from bursar.treasury.history import find_events
        from bursar.treasury.words import Words

        words = Words(self.book)
        found = find_events(
            events,
            kinds=self.kinds,
            wallet=self.wallet,
            agent=self.agent,
            since=self.since,
            until=self.until,
            token=self.token,
            least=self.least,
        )
        kept = (one for one in found if self.kinds or type(one).__name__ != _QUIET)
        return [tell(one, words) for one in kept]


def _print(found: "list[Told]") -> None:
    from bursar.cli.console import show_time

    for one in found:
        typer.echo(f"{show_time(one.at)}  {one.where:14}  {one.text}")


def _follow(place: "Place", wanted: _Filter) -> None:
    from bursar.treasury.watching import LiveViews

    views, told = LiveViews(place.office), len(place.view.events)
    while True:
        events = views.view().events
        _print(wanted.of(events[told:]))
        told = len(events)
        time.sleep(_POLL_SECONDS)
