"""
Changes that have been scheduled and wait: what each will do, and how long it can still be vetoed.

    View → pending_changes → PendingChange …, soonest first
"""

from pydantic import BaseModel, ConfigDict

from bursar.changes import Change
from bursar.errors import BursarError
from bursar.treasury.office import View
from bursar.treasury.safe.words import (
    Effect,
    Figure,
    HopefulChain,
    Outlook,
    say_change,
    say_duration,
)
from bursar.treasury.words import Words


class UnknownChangeError(BursarError):
    """
    No change, or more than one, has an id that begins like that.
    """


class PendingChange(BaseModel):
    """
    `time` says in words how long it waits, or can still be applied. `vetoable` is whether a
    guardian may strike it out: removals of guardians only the treasury may.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    target: str
    sentence: str
    figures: tuple[Figure, ...]
    loosens: bool
    ready: bool
    ready_at: int
    expires_at: int
    time: str
    vetoable: bool


def pending_changes(view: View) -> list[PendingChange]:
    """
    Every change that waits or can be applied.
    """
    return [_build(view, change) for change in live_changes(view)]


def live_changes(view: View) -> list[Change]:
    """
    The changes themselves, soonest first.
    """
    live = [one for id in view.state.changes if (one := view.state.live_change(id, view.now))]
    return sorted(live, key=lambda change: (change.ready_at, change.id))


def find_change(view: View, id: str) -> Change:
    """
    The one whose id begins like that. Raises UnknownChangeError.
    """
    wanted = id.lower().removeprefix("0x").rstrip("…")
    found = [one for one in live_changes(view) if wanted and one.id.hex().startswith(wanted)]
    if len(found) == 1:
        return found[0]
    what = "More than one change waits" if found else "No change waits"
    raise UnknownChangeError(
        f"{what} whose id begins with {id!r}: `bursar pending-changes` shows those that do."
    )


def _build(view: View, change: Change) -> PendingChange:
    outlook = Outlook(view.state, view.now, HopefulChain(view.state.treasury))
    saying = say_change(Words(view.book), outlook, change.subject.target, change.call)
    ready = view.now >= change.ready_at
    left = (change.expires_at if ready else change.ready_at) - view.now
    time = "can be applied by anybody for" if ready else "can be applied in"
    return PendingChange(
        id=f"0x{change.id.hex()}",
        target=view.book.name_of(change.subject.target),
        sentence=saying.sentence,
        figures=tuple(saying.figures),
        loosens=saying.effect in (Effect.LOOSENS, Effect.UNKNOWN),
        ready=ready,
        ready_at=change.ready_at,
        expires_at=change.expires_at,
        time=f"{time} {_rounded(left)}",
        vetoable=not change.removes_guardian,
    )


def _rounded(seconds: int) -> str:
    """
    The two largest units: nobody counts the seconds of two days.
    """
    return " ".join(say_duration(seconds).split()[:4])
