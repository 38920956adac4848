"""
A person's word, given at a terminal: no option, no variable and no pipe says yes instead.
"""

import sys
from typing import TYPE_CHECKING, Final

import typer

from bursar.cli.options import fail

if TYPE_CHECKING:
    from bursar.treasury.refills.checklist import Item
    from bursar.treasury.refills.record import Refill

_DIGITS: Final = 8


def hear(question: str, as_json: bool) -> None:
    """
    Ends with 1 unless somebody at a terminal says yes.
    """
    _require_person(question, as_json)
    if not typer.confirm(question, err=True):
        fail(as_json, "Not done.", code="unconfirmed")


def _require_person(question: str, as_json: bool) -> None:
    if not sys.stdin.isatty():
        fail(
            as_json,
            f"{question} Only a person at a terminal can say so: refills are never automated.",
            code="no-person",
        )


def hear_digits(found: "Refill", as_json: bool) -> None:
    """
    Ends with 1 unless somebody at a terminal types how the report's hash begins.
    """
    question = f"The first {_DIGITS} digits of the report's hash that you read"
    _require_person(f"{question}?", as_json)
    said = (
        str(typer.prompt(question, default="", show_default=False, err=True))
        .strip()
        .lower()
        .removeprefix("0x")
    )
    if len(said) < _DIGITS or not found.report_hash[2:].startswith(said):
        fail(as_json, "That is another report's hash. Nothing was approved.", code="unconfirmed")


def ask_item(item: "Item", note: str, as_json: bool) -> str:
    """
    What is said to it, once it is confirmed.
    """
    hear(f"{item.text}?", as_json)
    if item.explain and not note:
        return str(typer.prompt(f"Say {item.explain}", err=True))
    return note
