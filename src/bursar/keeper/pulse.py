"""
The heartbeat: proof that somebody watches, and not only that something runs.

    view, witness, funds → plan → Order | None

It is sent where the node is near the present, another node (if there is one) sees the same chain,
and the key could pay for a stop. Else it is not, and after the timeout everything stops by itself.

Each keeper's is its own: what it proves can be shared with no other. One of several comes first, so
that not all of them pay for the same; the others send theirs where that one does not.
"""

from typing import Final

from bursar.chain.contracts import organization_type
from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.keeper.decisions import BEATS_PER_TIMEOUT, is_beat_due
from bursar.keeper.orders import Order, heartbeat_key
from bursar.keeper.ports import ChainView, Node, Sender, Witness
from bursar.keeper.report import Heartbeat
from bursar.types import FOREVER, Address

# Two nodes of one chain are a block or two apart; more, and one of them does not see what happens.
MOST_APART: Final = 3


class Pulse:
    """
    Plans heartbeats of `organization`.
    """

    def __init__(
        self, node: Node, sender: Sender, organization: Address, witness: Witness | None
    ) -> None:
        self._node = node
        self._sender = sender
        self._organization = organization
        self._witness = witness

    def plan(
        self, view: ChainView, lack: str | None, *, first: bool = True
    ) -> tuple[Heartbeat, Order | None, str]:
        """
        Whether it is time for one, the order if so, and what is in the way. Another keeper's counts
        as well. `lack` says why the key could not pay for a stop; `first`, whether this keeper's
        comes before others'.
        """
        state, at = view.state, view.head.at + view.rhythm
        if state.heartbeat_timeout == FOREVER:
            return Heartbeat.OFF, None, ""
        if not is_beat_due(state.last_heartbeat, state.heartbeat_timeout, at, first=first):
            return Heartbeat.NOT_DUE, None, ""
        try:
            last = self._node.fetch_last_heartbeat(self._organization)
            if not is_beat_due(last, state.heartbeat_timeout, at, first=first):
                return Heartbeat.NOT_DUE, None, ""
            call = Call(self._organization, organization_type().encode("heartbeat"))
            trouble = lack or self._find_disagreement(view) or self._find_refusal(call, at)
        except ChainError as error:
            trouble = str(error)
        if trouble:
            return Heartbeat.FAILED, None, trouble
        # One that comes late would say that somebody watches who has long been dead.
        expires_at = at + state.heartbeat_timeout // BEATS_PER_TIMEOUT
        return Heartbeat.NOT_DUE, Order(heartbeat_key(last), call, None, expires_at), ""

    def _find_refusal(self, call: Call, at: int) -> str:
        refusal = self._node.simulate(call, self._sender.address, at=at)
        return "" if refusal is None else str(refusal)

    def _find_disagreement(self, view: ChainView) -> str:
        """
        What another node sees else, at the highest block that both have.
        """
        if self._witness is None:
            return ""
        ours, theirs = view.head, self._witness.fetch_head()
        if abs(ours.number - theirs.number) > MOST_APART:
            return (
                f"the other node is at block {theirs.number} and this one at {ours.number}: one of "
                "them does not see what happens"
            )
        if ours.number <= theirs.number:
            mine, other = ours.hash, self._witness.fetch_header(ours.number)
        else:
            header = self._node.fetch_header(theirs.number)
            mine, other = header.hash if header else "", theirs
        if other is None or other.hash.lower() != mine.lower():
            return f"the other node has another block {min(ours.number, theirs.number)}"
        return ""
