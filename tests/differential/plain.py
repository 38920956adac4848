"""
What the model says, as the contracts would put it: calldata, results and logs.
"""

from collections.abc import Callable
from typing import Any

from bursar.budgets import Budget
from bursar.events import Event, Paid, PaymentExecuted, Refilled, Swept
from bursar.reference import Accepted
from bursar.types import NATIVE, Address
from tests.harness.artifacts import Artifact, EventType, Log

TRANSFER = EventType(
    {
        "name": "Transfer",
        "inputs": [
            {"name": "sender", "type": "address", "indexed": True},
            {"name": "receiver", "type": "address", "indexed": True},
            {"name": "amount", "type": "uint256", "indexed": False},
        ],
    }
)
_AS_THEY_ARE = (str, int, bytes, bool)


def plain(value: Any) -> Any:
    """
    A model's value as the ABI takes it: structs and lists are tuples.
    """
    if value.__class__ in _AS_THEY_ARE:
        return value
    if isinstance(value, tuple | list):
        return tuple([plain(v) for v in value])
    if isinstance(value, Budget):
        return tuple(value.__dict__.values())
    return value


class Logs:
    """
    The logs that a decision is to leave, transfers of tokens included.
    """

    def __init__(self, artifacts: tuple[Artifact, ...], treasury: Address) -> None:
        kinds = [kind for artifact in artifacts for kind in artifact.events.values()]
        self._kinds: dict[str, EventType] = {kind.name: kind for kind in kinds}
        self._treasury = treasury

    def expected(self, decision: Accepted) -> list[Log]:
        """
        In the contracts' order.
        """
        logs: list[Log] = []
        for event in decision.events:
            log = self._log(event)
            moved = self._transfer(event)
            if moved is None:
                logs.append(log)
            elif isinstance(event, Refilled):
                # What arrived is measured, so it arrives first.
                logs += (moved, log)
            else:
                logs += (log, moved)
        return logs

    def _log(self, event: Event) -> Log:
        return self._kinds[event.__class__.__name__].encode(event.emitter, _Arguments(event))

    def _transfer(self, event: Event) -> Log | None:
        ends = _ENDS.get(event.__class__)
        if ends is None or event.token == NATIVE:  # type: ignore[attr-defined]
            return None
        return _moved(event, ends, self._treasury)


class _Arguments(dict[str, Any]):
    """
    An event's arguments by name.
    """

    def __init__(self, event: Event) -> None:
        super().__init__(event.__dict__)
        if "budget" in self:
            self["budget"] = plain(self["budget"])


_Ends = Callable[[Any, Address], tuple[Address, Address]]
_ENDS: dict[type[Event], _Ends] = {
    Paid: lambda event, _: (event.emitter, event.to),
    PaymentExecuted: lambda event, _: (event.emitter, event.to),
    Swept: lambda event, treasury: (event.emitter, treasury),
    Refilled: lambda event, treasury: (treasury, event.emitter),
}


def _moved(event: Any, ends: _Ends, treasury: Address) -> Log | None:
    if event.amount == 0 and isinstance(event, Swept):
        return None
    sender, receiver = ends(event, treasury)
    arguments = {"sender": sender, "receiver": receiver, "amount": event.amount}
    return TRANSFER.encode(event.token, arguments)
