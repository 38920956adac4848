"""
An explanation as lines of text, safe to print: what a stranger wrote cannot move the cursor.
"""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from bursar.book import AddressBook
from bursar.reference import Chain
from bursar.state import State
from bursar.treasury.letters import find_lookalikes, printable
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.words.explain import explain
from bursar.treasury.safe.words.model import CallWords, Effect, Explanation

# Of a terminal, so that it breaks no line by itself.
_WIDTH: Final = 78


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
    yield from _why(draft)
    for warning in said.warnings:
        yield printable(f"!! {warning}")
    for number, call in enumerate(said.calls, 1):
        yield from map(printable, _call(call, f"{number}. " if len(said.calls) > 1 else ""))


def _why(draft: Draft) -> Iterator[str]:
    """
    What somebody wrote, in lines of their own mark, so that none can pass for one of ours.
    """
    author = draft.author
    by = f"drafted by {author.name}" + (f", says {author.said_by}" if author.said_by else "")
    if author.address is None:
        by += ", who is no owner"
    yield from wrap(
        printable(f"{draft.purpose} ({by})"),
        width=_WIDTH,
        initial_indent="why: ",
        subsequent_indent="   | ",
    )
    alike = list(find_lookalikes(f"{draft.purpose} {author.name}"))
    if alike:
        words = ", ".join(ascii(word)[1:-1] for word in alike)
        yield f"!! letters of several alphabets in a word, which may not be what they seem: {words}"


def _call(call: CallWords, number: str) -> Iterator[str]:
    yield f"{number}{call.sentence}"
    for figure in call.figures:
        yield f"   {figure.label}: {figure.before} → {figure.after}"
    if call.effect is not Effect.NOTHING:
        yield f"   {call.effect}, {call.when}"
    for warning in call.warnings:
        yield f"   ! {warning}"
