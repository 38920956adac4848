"""
Payments: now, queued, executed, taken back.
"""

from typing import Any

from bursar.budgets import Budget
from bursar.reference import Call
from bursar.types import MAX_UINT256, ZERO_ADDRESS, Address, Bytes32
from tests.differential.moves.chance import BudgetKey, Chance
from tests.harness.evm import Contract


class Paying:
    """
    Draws what agents, and those who execute and cancel, call.
    """

    def __init__(self, chance: Chance) -> None:
        self.chance = chance

    def _amount(self, wallet: Contract, key: BudgetKey) -> int:
        """
        At a limit or beside it, or well within all of them.
        """
        chance, now = self.chance, self.chance.twin.now
        state, token = chance.state_of(wallet), key[1]
        budget = self.budget(wallet, key)
        if chance.happens(0.02):
            return int(chance.one_of((0, 1, MAX_UINT256, budget.per_payment + 1)))
        if chance.happens(0.35):
            return budget.per_payment // int(chance.one_of((1, 2, 3, 7, 20)))
        which = chance.random.random()
        if which < 0.6:
            # As the contract tells it: whoever signs would ask there.
            hour, day, _ = wallet.view("remaining", *key)
            limit = hour if which < 0.3 else day
        elif which < 0.7:
            limit = budget.queue_from
        elif which < 0.8:
            limit = chance.twin.ledger.balance_of(token, Address(wallet.address))
        elif which < 0.9:
            limit = state.wallet_remaining(token, now)
        else:
            limit = budget.per_payment
        amount = chance.near(limit)
        return min(amount, budget.per_payment) if chance.happens(0.95) else amount

    def budget(self, wallet: Contract, key: BudgetKey) -> Budget:
        """
        The figures of a budget.
        """
        agent, token, category = key
        return self.chance.state_of(wallet).budget(agent, token, Bytes32(category))

    def recipient(self, wallet: Contract, oddity: float = 0.03) -> Address:
        """
        Mostly one that takes what it gets.
        """
        twin = self.chance.twin
        if self.chance.happens(oddity):
            # Nobody, the wallet itself, another wallet, and one that takes no native currency.
            odd = (ZERO_ADDRESS, wallet.address, self.chance.wallet().address)
            return Address(self.chance.one_of((*odd, *odd, *twin.token_addresses)))
        return Address(self.chance.one_of(twin.recipients))

    def payment(self, wallet: Contract, key: BudgetKey) -> tuple[Any, ...]:
        """
        The arguments of `pay`.
        """
        ref = int(8 * self.chance.random.random()).to_bytes(32, "big")
        amount = self._amount(wallet, key)
        return key[1], self.recipient(wallet), amount, key[2], ref

    def source(self, *, signers: bool = False) -> tuple[Contract, BudgetKey]:
        """
        For a stretch mostly one budget. An agent that is a contract only signs.
        """
        chance = self.chance
        if not self._is_payable() or chance.happens(0.03):
            chance.favourite = self._another()
        assert chance.favourite is not None
        found = self._another() if chance.happens(0.2) else chance.favourite
        for _ in range(5):
            if signers or found[1][0] != chance.twin.signer.address:
                return found
            found = self._another()
        wallet, (_, token, category) = found
        return wallet, (chance.keyed_agent(), token, category)

    def _another(self) -> tuple[Contract, BudgetKey]:
        wallet = self.chance.open_wallet()
        return wallet, self.chance.key(wallet)

    def _is_payable(self) -> bool:
        if self.chance.favourite is None:
            return False
        wallet, (agent, token, category) = self.chance.favourite
        line = self.chance.state_of(wallet).line(agent, token, category)  # type: ignore[arg-type]
        return line is not None and line.is_alive(self.chance.twin.now) and line.per_payment > 0

    def pay(self) -> Call:
        wallet, key = self.source()
        sender = key[0] if self.chance.happens(0.96) else self.chance.who()
        return self.chance.call(sender, wallet, "pay", *self.payment(wallet, key))

    def queue(self) -> Call | None:
        """
        A payment that is large enough to wait, where any budget has one wait.
        """
        chance = self.chance
        for _ in range(6):
            wallet, key = self._another()
            budget = self.budget(wallet, key)
            if budget.queue_from <= budget.per_payment and key[0] != chance.twin.signer.address:
                amount = chance.one_of((budget.queue_from, budget.per_payment))
                token, to, _, category, ref = self.payment(wallet, key)
                return chance.call(key[0], wallet, "pay", token, to, amount, category, ref)
        return None

    def _nothing_waits(self) -> bool:
        now = self.chance.twin.now
        wallets = self.chance.twin.model.registry.values()
        return not any(now < q.expires_at for w in wallets for q in w.queue.values())

    def execute(self) -> Call:
        chance, now = self.chance, self.chance.twin.now
        call = self.queue() if self._nothing_waits() and chance.happens(0.8) else None
        if call is not None:
            return call
        wallet = self._with_queue()
        waiting = list(chance.state_of(wallet).queue.values())
        if waiting and chance.happens(0.95):
            due = [q for q in waiting if q.ready_at <= now <= q.expires_at]
            # One that expired long ago teaches nothing.
            fresh = [q for q in waiting if now <= q.expires_at] or waiting
            q = chance.one_of(due if due and chance.happens(0.7) else fresh)
            args: tuple[Any, ...] = (q.agent, q.token, q.to, q.amount, q.category, q.ref)
        else:
            key = chance.key(wallet)
            args = (key[0], *self.payment(wallet, key))
        who = chance.who(chance.twin.stranger, *chance.twin.keepers)
        return chance.call(who, wallet, "execute", *args)

    def _with_queue(self) -> Contract:
        """
        Mostly a wallet in which something waits.
        """
        chance, now = self.chance, self.chance.twin.now
        waiting = [
            w
            for w in chance.twin.wallets
            if any(now < q.expires_at for q in chance.state_of(w).queue.values())
        ]
        if not waiting or chance.happens(0.05):
            return chance.open_wallet()
        found: Contract = chance.one_of(waiting)
        return found

    def cancel(self) -> Call:
        chance, twin = self.chance, self.chance.twin
        call = self.queue() if self._nothing_waits() and chance.happens(0.8) else None
        if call is not None:
            return call
        wallet = self._with_queue()
        known = list(chance.state_of(wallet).queue.items())
        waiting = [(id, q) for id, q in known if twin.now < q.expires_at]
        if not waiting or chance.happens(0.05):
            return chance.call(chance.who(), wallet, "cancel", b"\7" * 32, chance.reason())
        id, payment = chance.one_of(waiting)
        agent = payment.agent if payment.agent != twin.signer.address else twin.stranger
        who = chance.who(agent, twin.stranger, *twin.guardians, *twin.keepers)
        return chance.call(who, wallet, "cancel", id, chance.reason())

    def cancel_all(self) -> Call:
        chance, twin = self.chance, self.chance.twin
        who = chance.who(*twin.guardians, *twin.keepers, twin.stranger, chance.keyed_agent())
        return chance.call(who, chance.wallet(), "cancel_all", chance.reason())

    def pause_self(self) -> Call:
        chance = self.chance
        args = (chance.one_of((1, 60, 600, chance.duration())), chance.reason())
        who = chance.keyed_agent() if chance.happens(0.6) else chance.who()
        return chance.call(who, chance.wallet(), "pause_self", *args)
