"""
How a scheduled change dies other than by being applied: overtaken, or its agent is in trouble.

A change scheduled on Monday must not undo Tuesday's emergency, and nobody else picks its moment.
"""

from bursar.changes import Change, Subject
from bursar.state.organization import State
from bursar.types import ZERO_ADDRESS, Address, Bytes32


def drop_change(state: State, id: Bytes32) -> None:
    """
    Forget a change. Harmless where it is gone already.
    """
    change = state.changes.pop(id, None)
    if change is not None:
        del state.pending[change.subject]


def drop_subject(state: State, subject: Subject) -> None:
    """
    Forget what is pending for `subject`, if anything.
    """
    id = state.pending.get(subject)
    if id is not None:
        drop_change(state, id)


def drop_agent(state: State, agent: Address) -> None:
    """
    Forget every change that concerns `agent`, in any wallet. The zero address is no agent.
    """
    if agent == ZERO_ADDRESS:
        return
    _drop(state, [change for change in state.changes.values() if change.subject.agent == agent])


def drop_vetoable(state: State) -> None:
    """
    Forget every change but the removals of guardians.
    """
    _drop(state, [change for change in state.changes.values() if not change.removes_guardian])


def _drop(state: State, changes: list[Change]) -> None:
    for change in changes:
        drop_change(state, change.id)
