"""
Whom and what the next call is about: mostly what means something, sometimes plainly wrong.
"""

import random
from typing import Any, TypeAlias

from bursar.reference import Call
from bursar.state import WalletState
from bursar.types import DAY, HOUR, MAX_UINT256, NATIVE, Address
from tests.differential.twin import Twin
from tests.harness.evm import Contract
from tests.harness.signing import key

CATEGORIES = [name.ljust(32, b"\0") for name in (b"general", b"refund", b"payroll")]

# Agent, token, category.
BudgetKey: TypeAlias = tuple[Address, Address, bytes]


class Chance:
    """
    Draws parts of calls from what the twin knows.
    """

    def __init__(self, twin: Twin, seed: int) -> None:
        self.twin = twin
        self.random = random.Random(seed)
        self.spare_agents = 0
        # The budget that most payments come from for a while: or no counter would ever come near
        # its limit.
        self.favourite: tuple[Contract, BudgetKey] | None = None

    def happens(self, probability: float) -> bool:
        """
        Whether something happens this time.
        """
        return self.random.random() < probability

    def one_of(self, options: Any) -> Any:
        """
        Any of them, each as likely as the others.
        """
        return options[int(self.random.random() * len(options))]

    def call(
        self, sender: Address, target: Contract, function: str, *args: Any, value: int = 0
    ) -> Call:
        """
        A call as both sides take it.
        """
        return Call(sender, Address(target.address), function, args, value)

    def who(self, *likely: Address) -> Address:
        """
        Mostly one of those that may.
        """
        twin = self.twin
        if likely and self.happens(0.85):
            return Address(self.one_of(likely))
        return Address(
            self.one_of(
                [twin.treasury, *twin.guardians, *twin.keepers, self.keyed_agent(), twin.stranger]
            )
        )

    def keyed_agent(self) -> Address:
        """
        An agent that can call: not the contract that only signs.
        """
        agents = [agent for agent in self.twin.agents if agent != self.twin.signer.address]
        return Address(self.one_of(agents or [self.twin.stranger]))

    def state_of(self, wallet: Contract) -> WalletState:
        """
        What the model knows of a wallet.
        """
        return self.twin.model.registry[Address(wallet.address)]

    def wallet(self) -> Contract:
        """
        Any wallet.
        """
        found: Contract = self.one_of(self.twin.wallets)
        return found

    def open_wallet(self) -> Contract:
        """
        Mostly one that is sealed: in another, nothing can be paid.
        """
        opened = [w for w in self.twin.wallets if self.state_of(w).sealed]
        found: Contract = self.one_of(
            opened if opened and self.happens(0.97) else self.twin.wallets
        )
        return found

    def agent(self) -> Address:
        """
        One of the agents of this time.
        """
        return Address(self.one_of(self.twin.agents))

    def spare_agent(self) -> Address:
        """
        A key that was never seen.
        """
        self.spare_agents += 1
        return key(f"spare {self.spare_agents}").address

    def token(self) -> Address:
        """
        Mostly a token, sometimes what cannot be one.
        """
        if self.happens(0.04):
            odd = [self.twin.stranger, self.twin.treasury, self.twin.organization.address]
            return Address(self.one_of([*odd, self.wallet().address]))
        return self.real_token()

    def real_token(self) -> Address:
        """
        One of the tokens, or native currency.
        """
        return Address(self.one_of([*self.twin.token_addresses, NATIVE]))

    def category(self) -> bytes:
        """
        One of the categories, the first most often.
        """
        return self.random.choices(CATEGORIES, (6, 3, 1))[0]

    def key(self, wallet: Contract) -> BudgetKey:
        """
        Mostly a budget that exists and is alive.
        """
        lines = self.state_of(wallet).lines
        known = [(a, t, c) for a, keys in lines.items() for t, c in keys]
        if known and self.happens(0.95):
            for _ in range(4):
                key: BudgetKey = self.one_of(known)
                if lines[key[0]][key[1:]].is_alive(self.twin.now):  # type: ignore[index]
                    return key
            return key
        return self.agent(), self.token(), self.category()

    def reason(self) -> str:
        """
        What people say when they stop something.
        """
        return str(self.one_of(("", "test", "x" * 64)))

    def duration(self) -> int:
        """
        Of a stop: seconds, or 0 for "until unpaused".
        """
        year = 365 * DAY
        return int(self.one_of((0, 1, 60, HOUR, DAY, year, year + 1, MAX_UINT256)))

    def near(self, amount: int) -> int:
        """
        At, beside, or a fraction of what an amount may be.
        """
        options = (amount, amount, amount - 1, amount + 1, amount // 2, amount // 3, amount // 7)
        return min(max(0, int(self.one_of(options))), MAX_UINT256)
