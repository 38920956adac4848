"""
One organisation with all that watches it: the twin, its views, the books and their invariants.

    Call → both sides → invariants or reasons → what the call touched
"""

from collections import deque

from bursar.reference import Accepted, Call, Refused
from bursar.types import DAY, NATIVE, Address
from tests.differential.books import Books
from tests.differential.invariants import Invariants
from tests.differential.refusals import Refusals, asked_by
from tests.differential.twin import Twin
from tests.differential.views import Views

# How many of the last calls a violation shows.
SHOWN = 12


class Stage:
    """
    Makes calls, and checks everything that is to hold after each.
    """

    def __init__(self, change_delay: int = 2 * DAY) -> None:
        self.twin = Twin(change_delay)
        self.views = Views(self.twin)
        self.organization = Address(self.twin.organization.address)
        self.books = Books(self.twin.treasury)
        self.invariants = Invariants(self.books, self.organization)
        self.refusals = Refusals(self.books, self.organization)
        self.recent: deque[tuple[int, Call]] = deque(maxlen=SHOWN)
        for event in self.twin.founding:
            self.books.note(event)

    def by_treasury(
        self, target: Address, function: str, *args: object, value: int = 0
    ) -> Accepted | Refused:
        """
        A call by the treasury.
        """
        return self.do(Call(self.twin.treasury, target, function, args, value))

    def do(self, call: Call) -> Accepted | Refused:
        """
        One call on both sides. Raises DisagreementError, or InvariantError.
        """
        twin = self.twin
        self.recent.append((twin.now, call))
        held = {
            token: twin.ledger.balance_of(token, call.target)
            for token in (*twin.token_addresses, NATIVE)
        }
        decision = twin.judge(call)
        if isinstance(decision, Accepted):
            self.invariants.check(call, decision, held)
        else:
            self.refusals.check(call, decision.reason, twin.now, held)
        self._compare_touched(call)
        return decision

    def _compare_touched(self, call: Call) -> None:
        """
        The budget, the wallet's day and the balances that the call named.
        """
        wallet, compare = self.twin.contract(call.target), self.views.compare
        asked = asked_by(call)
        if asked is not None:
            _, agent, token, category = asked.key
            compare(wallet, "remaining", agent, token, category)
            compare(wallet, "wallet_remaining", token)
            if token == NATIVE or token in self.twin.tokens:
                self.views.compare_balance(token, call.target)
                for to, amount in zip(asked.recipients[:1], asked.amounts, strict=False):
                    compare(wallet, "preview", agent, token, to, amount, category)
            if call.function == "pay_signed":
                compare(wallet, "nonce_used", agent, call.arguments[6])
        elif call.function == "set_budget":
            compare(wallet, "budget", *call.arguments[:3])
            compare(wallet, "remaining", *call.arguments[:3])
        elif call.function == "void_nonce":
            compare(wallet, "nonce_used", call.sender, call.arguments[0])
