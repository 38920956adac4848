"""
The options of `bursar audit`. Nothing here loads the store, so that --help is quick.
"""

from dataclasses import dataclass
from typing import Annotated

import typer

DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The store. Default: BURSAR_DATABASE_URL."),
]
ActionOption = Annotated[
    list[str] | None, typer.Option("--action", metavar="NAME", help="Only these: agent_spend, …")
]
WalletOption = Annotated[
    str | None, typer.Option("--wallet", metavar="NAME", help="Only this wallet's.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="NAME", help="Only this agent's.")
]
TokenOption = Annotated[str | None, typer.Option("--token", metavar="NAME", help="Only of this.")]
LeastOption = Annotated[
    str | None, typer.Option("--least", metavar="TOKEN:AMOUNT", help="At least so much of it.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="From this UTC day on: 2026-01-31.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Up to and without this UTC day.")
]
OrganisationOption = Annotated[
    str | None,
    typer.Option(
        "--organisation", metavar="ADDRESS", help="Another one's in the same store, or `all`."
    ),
]


@dataclass
class Wanted:
    """
    What the options ask for, as they were given.
    """

    organisation: str | None = None
    since: str | None = None
    until: str | None = None
    wallet: str | None = None
    agent: str | None = None
    actions: list[str] | None = None
    token: str | None = None
    least: str | None = None
