"""
The points at which a crash would hurt most, by name, so that tests can crash there.
"""

from collections.abc import Callable
from typing import Final

CLAIMED: Final = "claimed"  # in the journal, nothing signed
SIGNED: Final = "signed"  # signed, not in the journal
JOURNALLED: Final = "journalled"  # in the journal, not broadcast
BROADCAST: Final = "broadcast"  # the node has it, and nobody has read its answer
MINED: Final = "mined"  # seen in a block, not in the journal
RECORDED: Final = "recorded"  # in the journal as mined
BURNING: Final = "burning"  # in the journal as unwanted, its burn is not signed
COMMITTING: Final = "committing"  # inside a transaction of the database
ALL: Final = (CLAIMED, SIGNED, JOURNALLED, BROADCAST, MINED, RECORDED, BURNING, COMMITTING)

TAKING_IN: Final = "taking in"  # in the transaction in which the cursor has moved on, before events
ENTERING: Final = "entering"  # in the transaction in which the audit has grown
OF_THE_STORE: Final = (TAKING_IN, ENTERING)

_hooks: list[Callable[[str], None]] = []


def reached(point: str) -> None:
    """
    Tell whoever asked that this point is reached. Usually nobody has.
    """
    for hook in _hooks:
        hook(point)


def watch(hook: Callable[[str], None]) -> Callable[[], None]:
    """
    Let `hook` be called at every point, in the thread that reaches it. Returns what ends that.
    """
    _hooks.append(hook)
    return lambda: _hooks.remove(hook)
