"""
The `bursar` command. Thin: it reads options, calls, and sets the exit status.

Exit status: 0 done, 1 fault, 2 denied or wrong usage, 130 interrupted.
"""

import os
import sys

import typer

from bursar.cli.audit import audit
from bursar.cli.changes import pending_changes, veto
from bursar.cli.demo import demo
from bursar.cli.devnet import devnet
from bursar.cli.events import events
from bursar.cli.history import history
from bursar.cli.init import init
from bursar.cli.keeper import keeper
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
    help="Let software agents spend real money within limits that a contract enforces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _command in (
    *(demo, devnet, validate, init),
    *(status, pay, pending, cancel, execute),
    *(sign, relay, void),
    *(pause, unpause, pending_changes, veto, events, history),
):
    app.command()(_command)
app.add_typer(keeper, name="keeper")
app.add_typer(audit, name="audit")
app.add_typer(refill, name="refill")
app.add_typer(show, name="show")
app.add_typer(safe, name="safe")


@app.callback()
def bursar() -> None:
    """
    Let software agents spend real money within limits that a contract enforces.
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
