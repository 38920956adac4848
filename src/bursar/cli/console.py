"""
How tables, amounts and times look.
"""

import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from bursar.config import format_amount
from bursar.types import MAX_UINT256

# Into a pipe, too, an address stays on one line.
_PIPE_WIDTH = 250


def build_console() -> Console:
    """
    Standard output.
    """
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(highlight=False, width=width)


def build_table(title: str, **columns: str) -> Table:
    """
    A plain table. Each column is named with its side: `left` or `right`.
    """
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="dim",
    )
    for name, side in columns.items():
        justify: Any = side
        table.add_column(name.replace("_", " "), justify=justify, overflow="fold")
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
