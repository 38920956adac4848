"""
What the audit is made of, in the order in which it is entered.
"""

from typing import TypeAlias

from bursar.audit import FailedCall, Incoming, NativeMove
from bursar.events import Event

Happened: TypeAlias = Event | Incoming | FailedCall | NativeMove


def position_of(one: Happened) -> tuple[int, int, int]:
    """
    In the chain's order; calls that failed and native money have no log, and come last in their
    block.
    """
    if isinstance(one, FailedCall):
        return one.block, 1, one.index
    if isinstance(one, NativeMove):
        return one.block, 2, 0
    return one.block or 0, 0, one.log or 0
