"""
A chain in memory for tests: balances, allowances, who is a contract and what was signed.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from bursar.events import Paid, PaymentExecuted, Refilled, Swept
from bursar.reference.turn import Accepted, Call
from bursar.signed_payments import SignablePayment
from bursar.types import NATIVE, Address


@dataclass(slots=True)
class Ledger:
    """
    Well-behaved tokens and native currency. Implements `Chain`.
    """

    balances: defaultdict[tuple[Address, Address], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    allowances: defaultdict[tuple[Address, Address, Address], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    contracts: set[Address] = field(default_factory=set)
    delegated: set[Address] = field(default_factory=set)
    blueprints: set[Address] = field(default_factory=set)
    refusing_native: set[Address] = field(default_factory=set)
    signatures: set[tuple[Address, SignablePayment, bytes]] = field(default_factory=set)

    def balance_of(self, token: Address, holder: Address) -> int:
        """
        What `holder` has, in base units.
        """
        return self.balances.get((token, holder), 0)

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """
        What `spender` may take of `owner`'s, in base units.
        """
        return self.allowances.get((token, owner, spender), 0)

    def has_code(self, address: Address) -> bool:
        """
        Whether `address` is a contract, or delegates to one.
        """
        return address in self.contracts or address in self.delegated

    def is_delegated(self, address: Address) -> bool:
        """
        Whether `address` delegates.
        """
        return address in self.delegated

    def is_blueprint(self, address: Address) -> bool:
        """
        Whether `address` is a blueprint.
        """
        return address in self.blueprints

    def takes_native(self, address: Address) -> bool:
        """
        Whether `address` takes native currency.
        """
        return address not in self.refusing_native

    def signed_by(self, wallet: Address, payment: SignablePayment, signature: bytes) -> bool:
        """
        Whether `sign` was told of exactly this.
        """
        return (wallet, payment, signature) in self.signatures

    def sign(self, wallet: Address, payment: SignablePayment, signature: bytes) -> None:
        """
        Let `signature` be the agent's under `payment` from `wallet`.
        """
        self.signatures.add((wallet, payment, signature))

    def mint(self, token: Address, holder: Address, amount: int) -> None:
        """
        Give `holder` base units out of nowhere.
        """
        self.balances[token, holder] += amount

    def approve(self, token: Address, owner: Address, spender: Address, amount: int) -> None:
        """
        Let `spender` take `amount` of `owner`'s.
        """
        self.allowances[token, owner, spender] = amount

    def settle(self, call: Call, accepted: Accepted, treasury: Address) -> None:
        """
        Move the money that an accepted call moves.
        """
        if call.value:
            self._move(NATIVE, call.sender, call.target, call.value)
        for event in accepted.events:
            if isinstance(event, Paid | PaymentExecuted):
                self._move(event.token, event.emitter, event.to, event.amount)
            elif isinstance(event, Swept):
                self._move(event.token, event.emitter, treasury, event.amount)
            elif isinstance(event, Refilled) and event.token != NATIVE:
                self._move(event.token, treasury, event.emitter, event.amount)
                self.allowances[event.token, treasury, event.emitter] -= event.amount

    def _move(self, token: Address, sender: Address, to: Address, amount: int) -> None:
        self.balances[token, sender] -= amount
        self.balances[token, to] += amount
