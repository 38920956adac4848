"""
How tables, amounts and times look.
"""

import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

from bursar.config import format_amount
from bursar.types import MAX_UINT256

# Into a pipe, too, an address stays on one line.
_PIPE_WIDTH = 250
_ENDLESS = 10_000
# Enough to tell any two apart, and every command takes the first digits of an id.
_SHORT_ID = 14


def build_console() -> Console:
    """
    Standard output.
    """
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(highlight=False, width=width)


class FittingTable(Table):
    """
    A table that first gives up what nobody misses where a terminal is narrow: the rest of an id,
    then headings on one line, then space between columns. Only then are names and texts folded,
    and figures never.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for give_up in (self._shorten_ids, self._break_headings, self._move_together):
            wide = options.update(max_width=_ENDLESS)
            if Measurement.get(console, wide, self).maximum <= options.max_width:
                break
            give_up()
        yield from super().__rich_console__(console, options)

    def _shorten_ids(self) -> None:
        for column in self.columns:
            if column.overflow == "ellipsis":
                column.max_width = _SHORT_ID

    def _break_headings(self) -> None:
        for column in self.columns:
            column.header = str(column.header).replace(" ", "\n")

    def _move_together(self) -> None:
        self.padding = (0, 1, 0, 0)


def build_table(title: str, **columns: str) -> Table:
    """
    A plain table. Each column is named with its side, `left` or `right`, or with `id` for digits of
    which the first ones do.
    """
    table = FittingTable(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="dim",
    )
    for name, side in columns.items():
        justify: Any = "left" if side == "id" else side
        overflow: Any = "ellipsis" if side == "id" else "fold"
        no_wrap = side != "left"
        heading = name.replace("_", " ")
        table.add_column(heading, justify=justify, overflow=overflow, no_wrap=no_wrap)
    return table


def show_units(amount: int | None, decimals: int) -> str:
    """
    Base units as whole tokens with thousands separated; "off" for what is not limited.
    """
    if amount is None or amount == MAX_UINT256:
        return "off"
    whole, _, rest = format_amount(amount, decimals).partition(".")
    return f"{int(whole):,}" + (f".{rest:0<2}" if rest else "")


def show_time(at: int) -> str:
    """
    Unix seconds as UTC.
    """
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError):
        return "never"
