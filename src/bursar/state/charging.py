"""
Events → state, with the payments of one budget in one hour charged together.

    Paid, Paid, Paid, … → Charges → one line, one limit

What the last of them says is left of the hour is so after all of them, so nothing in between needs
to be worked out: it is what folding thousands of payments costs.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from bursar.events import (
    Event,
    NonceVoided,
    Paid,
    PaymentCancelled,
    PaymentQueued,
    Refilled,
    Swept,
)
from bursar.state.fold import apply_event
from bursar.state.fold_wallet import charge
from bursar.state.organization import State
from bursar.types import HOUR, Address, Bytes32

Key: TypeAlias = tuple[Address, Address, Address, Bytes32, int]
"""Wallet, agent, token, category, and the number of the hour."""

# They touch no budget and no limit: it is the same whether they come before a payment or after it.
_BESIDE: Final = frozenset({NonceVoided, PaymentQueued, PaymentCancelled, Refilled, Swept})


class Charges:
    """
    Folds events into `state`. Payments are in it after `settle` only; its length is how many lines
    that will change.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[Key, tuple[int, int, Paid]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def apply(self, event: Event) -> bool:
        """
        Take in an event. False where it changes nothing but a line that a payment before it has
        changed since the last `settle`. Raises BrokenHistoryError where events are missing.
        """
        kind = type(event)
        if kind is Paid:
            return self._add(event)  # type: ignore[arg-type]
        if self._open and kind not in _BESIDE:
            self.settle()
        apply_event(self._state, event)
        return True

    def _add(self, event: Paid) -> bool:
        # Straight out of the model, which is half the time of asking it: this is done per payment.
        values = event.__dict__
        hour = values["at"] // HOUR
        key = (values["emitter"], values["agent"], values["token"], values["category"], hour)
        found = self._open.get(key)
        if found is None:
            self._open[key] = (1, values["amount"], event)
            return True
        self._open[key] = (found[0] + 1, found[1] + values["amount"], event)
        return False

    def settle(self) -> None:
        """
        Charge what was paid. Raises BrokenHistoryError where a budget was never set.
        """
        charges, self._open = self._open, {}
        state = self._state
        for count, amount, last in charges.values():
            wallet = state.registry.get(last.emitter)
            if wallet is not None:
                charge(wallet, last, amount=amount, payments=count)
                state.applied = None


def apply_events(state: State, history: Iterable[Event]) -> None:
    """
    Change `state` by all of these events, in place. Raises BrokenHistoryError where some are
    missing.
    """
    charges = Charges(state)
    for event in history:
        charges.apply(event)
    charges.settle()


def fold(history: Iterable[Event], state: State | None = None) -> State:
    """
    The state after `history`, which starts where `state` ends or with the organisation's creation.

    `state` itself stays as it is. Raises BrokenHistoryError where events are missing.
    """
    state = State() if state is None else state.copy()
    apply_events(state, history)
    return state
