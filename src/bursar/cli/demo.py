"""
`bursar demo`: see it work on a chain of its own.
"""

from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Console


def demo(
    only: Annotated[
        str | None,
        typer.Option(metavar="CHAPTER", help="Play one chapter, with the set-up that it needs."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    list_chapters: Annotated[
        bool, typer.Option("--list", help="Print the chapters and stop.")
    ] = False,
) -> None:
    """
    See Bursar work on a local chain: a treasury, a wallet and two agents.

    Starts anvil, plays the chapters, checks every step on the chain, and leaves nothing behind.
    Exit status 0 means that every step did what it says.

    Example: bursar demo --only limit
    """
    try:
        _demo(only, as_json, list_chapters)
    except KeyboardInterrupt:
        typer.echo("Interrupted; the local chain is gone.", err=True)
        raise typer.Exit(130) from None


def _demo(only: str | None, as_json: bool, list_chapters: bool) -> None:
    console = Console(highlight=False)
    with console.status("Loading") if console.is_terminal and not as_json else nullcontext():
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.demo import CHAPTERS, ConsoleNarrator, JsonNarrator, run_demo

    if list_chapters:
        for chapter in CHAPTERS:
            typer.echo(f"{chapter.name:10}{chapter.title}")
        return
    names = [chapter.name for chapter in CHAPTERS]
    if only is not None and only not in names:
        raise typer.BadParameter(f"{only!r} is none of {', '.join(names)}.", param_hint="--only")
    if not run_demo(JsonNarrator() if as_json else ConsoleNarrator(console), only):
        raise typer.Exit(1)
