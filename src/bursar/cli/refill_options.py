"""
Options and arguments that several commands of `bursar refill` have.
"""

from typing import Annotated

import typer

ByOption = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who you are, as treasury.yaml names you.")
]
IdArgument = Annotated[
    str | None, typer.Argument(metavar="ID", help="Which; default: the one under way.")
]
NoteOption = Annotated[str, typer.Option(help="What you found, for those who come after.")]
