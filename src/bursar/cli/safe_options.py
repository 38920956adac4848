"""
Options and arguments that several commands of `bursar safe` have.
"""

from pathlib import Path
from typing import Annotated

import typer

DraftArgument = Annotated[
    str, typer.Argument(metavar="DRAFT", help="How its hash begins, or its nonce.")
]
BlindOption = Annotated[
    bool, typer.Option("--blind", help="Although it has calls that nobody here can read.")
]
AuthorOption = Annotated[
    str | None,
    typer.Option("--author", metavar="NAME", help="Who drafts it. Default: BURSAR_AUTHOR."),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="A refill's report.json, if it was begun elsewhere."
    ),
]
