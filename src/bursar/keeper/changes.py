"""
Scheduled changes that have waited long enough are applied, as anybody may.

    View → find_due_changes → simulate `apply` → Order

The treasury decided them, and who could veto them had the change delay to do so.
"""

from collections.abc import Iterator, Sequence

from bursar.chain.client import Receipt
from bursar.chain.contracts import organization_type
from bursar.chain.errors import ChainError, NotMinedError
from bursar.chain.reader import Call
from bursar.changes import Change
from bursar.keeper.decisions import LOOK_AGAIN
from bursar.keeper.orders import Order, Sent, apply_key
from bursar.keeper.ports import ChainView, Node, Sender
from bursar.keeper.report import ChangeReport, Outcome
from bursar.state import State
from bursar.types import Bytes32


def find_due_changes(state: State, at: int) -> list[Change]:
    """
    What may be applied at time `at`, the longest due first.
    """
    due = [change for change in state.changes.values() if change.ready_at <= at < change.expires_at]
    return sorted(due, key=lambda change: (change.ready_at, change.id))


class ChangeDesk:
    """
    Decides on due changes. One that is refused is looked at again after a while.
    """

    def __init__(self, node: Node, sender: Sender) -> None:
        self._node = node
        self._sender = sender
        self._refused: dict[tuple[Bytes32, int], tuple[int, str]] = {}

    def judge(self, view: ChainView) -> Iterator[tuple[Change, Order | ChangeReport]]:
        """
        For each due change what to send, or why nothing.
        """
        at = view.head.at + view.rhythm
        for change in find_due_changes(view.state, at):
            again_at, why = self._refused.get((change.id, change.ready_at), (0, ""))
            if at < again_at:
                yield change, ChangeReport(change, Outcome.WAITING, why)
            else:
                yield change, self._judge(view, change, at)

    def conclude(self, change: Change, sent: Sent) -> ChangeReport:
        """
        What became of one that was sent.
        """
        if isinstance(sent, Receipt):
            return ChangeReport(change, Outcome.APPLIED, "", sent.transaction)
        under_way = isinstance(sent, NotMinedError)
        outcome = Outcome.UNDER_WAY if under_way else Outcome.FAILED
        return ChangeReport(change, outcome, str(sent))

    def _judge(self, view: ChainView, change: Change, at: int) -> Order | ChangeReport:
        call = build_apply(view.state, change)
        try:
            refusal = self._node.simulate(call, self._sender.address, at=at)
        except ChainError as error:
            return ChangeReport(change, Outcome.FAILED, str(error))
        if refusal is not None:
            self._refused[change.id, change.ready_at] = at + LOOK_AGAIN, str(refusal)
            return ChangeReport(change, Outcome.WAITING, str(refusal))
        return Order(apply_key(change), call, None, change.expires_at)


def build_apply(state: State, change: Change) -> Call:
    """
    Anybody may send it.
    """
    data = organization_type().encode("apply", change.subject.target, change.call)
    return Call(state.organization, data)


def keys_in_doubt(
    state: State, verdicts: Sequence[tuple[Change, Order | ChangeReport]]
) -> set[str]:
    """
    Of what is pending and was not judged: nobody has said that it is not wanted.
    """
    judged = {apply_key(change) for change, verdict in verdicts if _is_judged(verdict)}
    return {apply_key(change) for change in state.changes.values()} - judged


def _is_judged(verdict: Order | ChangeReport) -> bool:
    return isinstance(verdict, Order) or verdict.outcome is not Outcome.FAILED
