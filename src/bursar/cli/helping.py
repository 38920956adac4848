"""
How `--help` looks: plain text that wraps at the terminal's width and can be copied, commands under
headings, no description cut off.
"""

from importlib.metadata import version
from typing import Any, Final

import typer
from typer.core import TyperGroup

CONTEXT: Final = {"help_option_names": ["-h", "--help"]}
_OTHERS: Final = "Commands"
# In the order in which somebody new comes to need them; whatever has another heading comes last.
_HEADINGS: Final = (
    *("Try it on a local chain", "Set up", "Look", "Pay, as an agent", "Stop"),
    *("The treasury's people", "Run a keeper"),
)


class Commands(TyperGroup):
    """
    A group that lists its commands below the headings that they were registered with.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """
        Sections in the order of `_HEADINGS`, commands in that of their registration.
        """
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in _HEADINGS}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if command is None or command.hidden:
                continue
            heading = getattr(command, "rich_help_panel", None)
            rows = sections.setdefault(heading if isinstance(heading, str) else _OTHERS, [])
            rows.append((name, _first_sentence(command.help or "")))
        widest = max((len(name) for rows in sections.values() for name, _ in rows), default=0)
        for heading, rows in sections.items():
            if not rows:
                continue
            with formatter.section(heading):
                # Filled up, so that the descriptions of all sections begin in one column.
                formatter.write_dl([(name.ljust(widest), text) for name, text in rows])


def print_version(wanted: bool) -> None:
    """
    The release, for `bursar --version`.
    """
    if wanted:
        typer.echo(f"bursar {version('bursar')}")
        raise typer.Exit


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".")
