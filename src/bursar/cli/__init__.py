"""
The `bursar` command. Thin: it reads options, calls, and sets the exit status.

Exit status: 0 done, 1 fault, 2 denied or wrong usage, 130 interrupted.
"""

import sys

import typer

from bursar.cli.demo import demo

app = typer.Typer(
    help="Let software agents spend real money within limits that a contract enforces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo)


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
