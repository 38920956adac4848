"""
What the contracts would make of a call, asked of the reference model: loosening, refused, and the
state afterwards. Pure but for what `Chain` asks the node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bursar.errors import BursarError
from bursar.reasons import MEANINGS, Reason
from bursar.reference import Accepted, Call, Chain, Refused, decide
from bursar.signed_payments import SignablePayment
from bursar.state import State, fold
from bursar.types import MAX_UINT256, Address


class HopefulChain:
    """
    A chain of which nothing is known: every address may have code, and the treasury has enough.
    What depends on them is told by simulating on the real one.
    """

    def __init__(self, treasury: Address) -> None:
        self.treasury = treasury

    def balance_of(self, token: Address, holder: Address) -> int:
        """
        Enough for the treasury, and nothing for a wallet, so that a refill always fits.
        """
        return MAX_UINT256 if holder == self.treasury else 0

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """
        As much as is asked for.
        """
        return MAX_UINT256

    def has_code(self, address: Address) -> bool:
        """
        It may.
        """
        return True

    def is_delegated(self, address: Address) -> bool:
        """
        It need not be.
        """
        return False

    def is_blueprint(self, address: Address) -> bool:
        """
        It may be.
        """
        return True

    def takes_native(self, address: Address) -> bool:
        """
        It may.
        """
        return True

    def signed_by(self, wallet: Address, payment: SignablePayment, signature: bytes) -> bool:
        """
        Not asked: the treasury brings no agent's payments.
        """
        return False


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    The state before a call, and how to ask about it.
    """

    state: State
    now: int
    chain: Chain

    @property
    def knows_money(self) -> bool:
        """
        Whether balances are those of a real chain.
        """
        return not isinstance(self.chain, HopefulChain)

    def after(self, target: Address, function: str, values: Sequence[Any], value: int = 0) -> State:
        """
        The state after the treasury's call; the same where it would be refused.
        """
        decision = self._decide(self.state, self.state.treasury, target, function, values, value)
        return fold(decision.events, self.state) if isinstance(decision, Accepted) else self.state

    def refusal(
        self, target: Address, function: str, values: Sequence[Any], value: int = 0
    ) -> str | None:
        """
        Why the treasury's call would be refused; None where it would not be.
        """
        decision = self._decide(self.state, self.state.treasury, target, function, values, value)
        if not isinstance(decision, Refused):
            return None
        try:
            return f"{decision.reason}: {MEANINGS[Reason(decision.reason)]}"
        except ValueError:
            return decision.reason or "reverted without a reason"

    def applied(self, target: Address, function: str, values: Sequence[Any]) -> State | None:
        """
        The state after a setter that has waited was applied; None where it would be refused.
        """
        own = self.state.organization
        decision = self._decide(self.state, own, target, function, values, 0)
        return fold(decision.events, self.state) if isinstance(decision, Accepted) else None

    def must_wait(self, target: Address, function: str, values: Sequence[Any]) -> bool:
        """
        Whether the setter loosens: a sealed wallet would not take it from the treasury directly.
        """
        state = self.state
        if target in state.registry and not state.registry[target].sealed:
            state = state.copy()
            state.registry[target].sealed = True
        decision = self._decide(state, state.treasury, target, function, values, 0)
        return isinstance(decision, Refused) and decision.reason == Reason.TIMELOCK_SCHEDULE

    def _decide(
        self,
        state: State,
        sender: Address,
        target: Address,
        function: str,
        values: Sequence[Any],
        value: int,
    ) -> Accepted | Refused:
        call = Call(sender, target, function, tuple(values), value)
        try:
            return decide(state, call, now=self.now, chain=self.chain)
        except BursarError as error:
            return Refused(f"not known: {error}")
