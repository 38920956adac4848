"""
An explanation as lines of text, safe to print: what a stranger wrote cannot move the cursor.
"""

from collections.abc import Iterator

from bursar.book import AddressBook
from bursar.reference import Chain
from bursar.state import State
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.words.explain import explain
from bursar.treasury.safe.words.model import CallWords, Effect, Explanation


def describe(
    draft: Draft,
    book: AddressBook,
    state: State,
    now: int | None = None,
    chain: Chain | None = None,
) -> list[str]:
    """
    What signers read: why, what it does with figures before and after, and what to beware of.

    now: of the state; None takes the draft's own time.
    """
    at = draft.created_at if now is None else now
    return list(describe_lines(draft, explain(draft.transaction, book, state, at, chain)))


def describe_lines(draft: Draft, said: Explanation) -> Iterator[str]:
    """
    The same from an explanation that is made already.
    """
    yield printable(f"why: {draft.purpose} (drafted by {draft.author.name})")
    for warning in said.warnings:
        yield printable(f"!! {warning}")
    for number, call in enumerate(said.calls, 1):
        yield from map(printable, _call(call, f"{number}. " if len(said.calls) > 1 else ""))


def _call(call: CallWords, number: str) -> Iterator[str]:
    yield f"{number}{call.sentence}"
    for figure in call.figures:
        yield f"   {figure.label}: {figure.before} → {figure.after}"
    if call.effect is not Effect.NOTHING:
        yield f"   {call.effect}, {call.when}"
    for warning in call.warnings:
        yield f"   ! {warning}"


def printable(text: str) -> str:
    """
    The text with everything that a terminal would obey written out.
    """
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
