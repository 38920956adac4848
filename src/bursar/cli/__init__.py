"""
The `bursar` command. Thin: it reads options, calls, and sets the exit status.

Exit status: 0 done, 1 fault, 2 denied or wrong usage, 130 interrupted.
"""

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from bursar.cli.alerts import alerts
from bursar.cli.audit import audit
from bursar.cli.changes import pending_changes, veto
from bursar.cli.demo import demo
from bursar.cli.devnet import devnet
from bursar.cli.events import events
from bursar.cli.helping import CONTEXT, Commands, print_version
from bursar.cli.history import history
from bursar.cli.init import init
from bursar.cli.keeper import keeper
from bursar.cli.keys import keys
from bursar.cli.pay import pay
from bursar.cli.queue import cancel, execute, pending
from bursar.cli.refill import refill
from bursar.cli.safe import safe
from bursar.cli.show import show
from bursar.cli.signed import relay, sign, void
from bursar.cli.status import status
from bursar.cli.stops import pause, unpause
from bursar.cli.validate import validate

app = typer.Typer(
    cls=Commands,
    context_settings=CONTEXT,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # Plain: boxes break lines that somebody wants to copy, and cost a quarter of the width.
    rich_markup_mode=None,
)
_SINGLE: dict[str, tuple[Callable[..., None], ...]] = {
    "Try it on a local chain": (demo, devnet),
    "Set up": (validate, init),
    "Look": (status, pending, pending_changes, history, events),
    "Pay, as an agent": (pay, sign, relay, void, cancel, execute),
    "Stop": (pause, unpause, veto),
}
for _heading, _commands in _SINGLE.items():
    for _command in _commands:
        app.command(rich_help_panel=_heading)(_command)
for _heading, _name, _group in (
    ("Look", "show", show),
    ("Look", "alerts", alerts),
    ("The treasury's people", "safe", safe),
    ("The treasury's people", "refill", refill),
    ("Run a keeper", "keeper", keeper),
    ("Run a keeper", "audit", audit),
    ("Run a keeper", "keys", keys),
):
    app.add_typer(_group, name=_name, cls=Commands, rich_help_panel=_heading)


@app.callback()
def bursar(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=print_version, help="Say which release."),
    ] = False,
) -> None:
    """
    Let software agents spend real money within limits that a contract enforces.

    Begin with `bursar demo`, or with `bursar devnet` and docs/quickstart.md. Exit status: 0 done,
    1 fault, 2 denied or wrong usage, 130 interrupted. Every command has --help with an example.
    """


def main() -> None:
    """
    Run the command line.
    """
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody listens any more, as in `bursar events | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
