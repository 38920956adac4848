"""
Batches: well within the limits, at them, one base unit or one payment beyond, and spoilt by one.
"""

from typing import Any

from bursar.payments import Payment
from bursar.reference import Call
from bursar.types import MAX_BATCH, MAX_UINT256, Address, Bytes32
from tests.differential.moves.chance import BudgetKey, Chance
from tests.differential.moves.paying import Paying
from tests.harness.evm import Contract


class Batches:
    """
    Draws calls of `pay_many`.
    """

    def __init__(self, chance: Chance, paying: Paying) -> None:
        self.chance = chance
        self.paying = paying

    def pay_many(self) -> Call:
        wallet, key = self.paying.source()
        sender = key[0] if self.chance.happens(0.97) else self.chance.who()
        payments = self._payments(wallet, key)
        return self.chance.call(sender, wallet, "pay_many", key[1], key[2], payments)

    def _payments(self, wallet: Contract, key: BudgetKey) -> tuple[Payment, ...]:
        amounts = self._amounts(wallet, key)
        if amounts and self.chance.happens(0.06):
            amounts[self._place(amounts)] = self._odd_amount(wallet, key)
        recipients = [self.paying.recipient(wallet, 0.01) for _ in amounts]
        payments = [
            Payment(to, amount, self._ref()) for to, amount in zip(recipients, amounts, strict=True)
        ]
        if payments and len(payments) < MAX_BATCH and self.chance.happens(0.3):
            # Nothing is wrong with the same payment twice.
            payments.append(payments[self._place(payments)])
        return tuple(payments)

    def _place(self, items: list[Any]) -> int:
        return int(self.chance.random.random() * len(items))

    def _ref(self) -> Bytes32:
        return Bytes32(int(4 * self.chance.random.random()).to_bytes(32, "big"))

    def _amounts(self, wallet: Contract, key: BudgetKey) -> list[int]:
        """
        A sum, divided more or less evenly.
        """
        chance = self.chance
        budget = self.paying.budget(wallet, key)
        hour, day, count = wallet.view("remaining", *key)
        most = min(budget.per_payment, max(budget.queue_from, 1) - 1)
        length = self._length(count)
        if chance.happens(0.5):
            return [chance.near(most // int(chance.one_of((2, 5, 20, 100)))) for _ in range(length)]
        held = chance.twin.ledger.balance_of(key[1], Address(wallet.address))
        wallets = chance.state_of(wallet).wallet_remaining(key[1], chance.twin.now)
        limit = min(hour, day, wallets, held)
        if chance.happens(0.3):
            limit = chance.one_of((hour, day, wallets, held))
        total = max(0, limit + chance.one_of((-1, 0, 0, 0, 0, 1)))
        if most and chance.happens(0.8):
            # As many as it takes for each to go out at once.
            length = min(max(length, -(-total // most)), MAX_BATCH)
        return _divided(total, length)

    def _length(self, left: int) -> int:
        """
        Mostly a few; sometimes all payments that the day has left, one more, or as many as fit.
        """
        kind = self.chance.random.random()
        if kind < 0.1:
            return min(max(0, left + int(self.chance.one_of((-1, 0, 1)))), MAX_BATCH)
        if kind < 0.12:
            return int(self.chance.one_of((0, MAX_BATCH, MAX_BATCH + 1)))
        return int(self.chance.one_of((1, 2, 2, 3, 5, 8)))

    def _odd_amount(self, wallet: Contract, key: BudgetKey) -> int:
        budget = self.paying.budget(wallet, key)
        return int(
            self.chance.one_of((0, budget.per_payment + 1, min(budget.queue_from, 2**255)))
            if self.chance.happens(0.9)
            else MAX_UINT256
        )


def _divided(total: int, parts: int) -> list[int]:
    """
    `total` in `parts` that differ by one at most.
    """
    if parts == 0:
        return []
    small, more = divmod(total, parts)
    return [small + (number < more) for number in range(parts)]
