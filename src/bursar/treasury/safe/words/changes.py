"""
Timelocked setters: what each does once it is applied, whether it loosens, and what it replaces.
"""

from typing import Any

from bursar.changes import decode_call, encode_call, subject_of
from bursar.errors import MalformedCallError
from bursar.treasury.safe.words.figures import setter_figures
from bursar.treasury.safe.words.model import Effect, Figure
from bursar.treasury.safe.words.outlook import Outlook
from bursar.treasury.safe.words.saying import Saying
from bursar.treasury.safe.words.setters import say_setter
from bursar.treasury.words import Words, short, show_moment
from bursar.types import Address


def say_change(words: Words, outlook: Outlook, target: Address, data: bytes) -> Saying:
    """
    What a setter's calldata does once it is applied. Its `when` is left open.
    """
    try:
        name, values = decode_call(data)
        subject_of(target, data)
        if encode_call(name, *values) != data:
            raise MalformedCallError("it has bytes that belong to no argument")
    except MalformedCallError as error:
        return Saying(
            f"a change of {words.name(target)} that cannot be read: {error}", Effect.UNKNOWN
        )
    return say_setter_call(words, outlook, target, name, values, data)


def say_setter_call(
    words: Words,
    outlook: Outlook,
    target: Address,
    name: str,
    values: tuple[Any, ...],
    data: bytes,
) -> Saying:
    """
    A setter that was read, as it acts once it is called.
    """
    after = outlook.applied(target, name, values)
    if after is None:
        return Saying(
            f"change {words.change(target, data)}",
            Effect.LOOSENS,
            warnings=["would be refused if it were applied as things stand"],
        )
    loosens = outlook.must_wait(target, name, values)
    figures = setter_figures(words, outlook.state, after, target, name, values)
    effect = Effect.LOOSENS if loosens else _tame(name, values, figures)
    sentence = say_setter(words, outlook.state, after, target, name, values)
    return Saying(sentence, effect, figures=figures)


def _tame(name: str, values: tuple[Any, ...], figures: list[Figure]) -> Effect:
    if not figures:
        return Effect.NOTHING
    # Whoever becomes a guardian can stop everything, and is not removed within a day.
    return Effect.CHANGES if name == "set_guardian" and values[1] else Effect.TIGHTENS


def say_pending(outlook: Outlook, target: Address, data: bytes) -> str | None:
    """
    The change of the same subject that waits already; None where there is none.
    """
    try:
        id = outlook.state.pending.get(subject_of(target, data))
    except MalformedCallError:
        return None
    change = outlook.state.live_change(id, outlook.now) if id is not None else None
    return f"{short(change.id)}, due {show_moment(change.ready_at)} UTC" if change else None
