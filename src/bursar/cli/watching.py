"""
Drawing once, or anew with every block until Ctrl-C.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bursar.cli.console import build_console
from bursar.treasury import View
from bursar.treasury.watching import LiveViews

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bursar.cli.place import Place

POLL_SECONDS = 0.5


def show(place: "Place", draw: Callable[[View], "RenderableType"], *, watch: bool) -> None:
    """
    Print what `draw` makes of the chain. With `watch`, in place, whenever there is a new block.
    Raises BursarError, KeyboardInterrupt.
    """
    console = build_console()
    if not watch:
        console.print(draw(place.view))
        return
    from rich.live import Live

    views = LiveViews(place.office)
    view = views.view()
    with Live(draw(view), console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            time.sleep(POLL_SECONDS)
            height = place.office.client.fetch_height()
            if height != view.block:
                view = views.view()
                live.update(draw(view), refresh=True)
