"""
`docs/signing.md`: every command that it shows exists, with the options that it shows.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from bursar.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "signing.md").read_text()
COMMANDS = [
    match.replace("\\\n", " ").split("#")[0].strip()
    for match in re.findall(r"^\$ bursar ((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
]
INLINE = re.findall(r"`bursar ([^`]+)`", PAGE)


def find(words: list[str]) -> tuple[Any, list[str]]:
    """
    The command or group that the words name, and what they give it.
    """
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("line", COMMANDS)
def test_page__each_command_line__is_understood(line: str) -> None:
    """
    As somebody would type it.
    """
    command, words = find(shlex.split(line.replace("…", "0")))

    assert not hasattr(command, "commands"), line
    command.make_context("bursar", words, resilient_parsing=False)


@pytest.mark.parametrize("line", INLINE)
def test_page__each_command_in_its_text__exists(line: str) -> None:
    """
    With every option that is named.
    """
    command, words = find(shlex.split(line))
    known = {option for one in command.params for option in one.opts}

    assert command.name != typer.main.get_command(app).name
    assert {word for word in words if word.startswith("--")} <= known


def test_page__drafts_in_its_table__are_all_that_there_are() -> None:
    """
    A new kind of draft is described, or this fails.
    """
    group, _ = find(["safe", "draft"])
    table = PAGE[PAGE.index("| drafts | waits |") :].split("\n\n")[0]

    named = {words.split()[0] for words in re.findall(r"`([^`]+)`", table)}

    assert named == set(group.commands)
