"""
A wallet's setters, and what its treasury does with it.
"""

from collections.abc import Callable
from typing import Any

from bursar.reference import DEFAULT, Call
from bursar.types import DAY, HOUR, MAX_UINT256, NATIVE, Address, Bytes32
from tests.differential.moves.chance import Chance
from tests.differential.moves.figures import Figures
from tests.differential.twin import UNKNOWN
from tests.harness.evm import Contract

SETTERS = (
    "set_budget",
    "set_wallet_limit",
    "set_max_balance",
    "set_recipients",
    "set_payment_delay",
    "set_grace",
)


class Setting:
    """
    Draws what the treasury, mostly, calls on a wallet.
    """

    def __init__(self, chance: Chance, figures: Figures) -> None:
        self.chance = chance
        self.figures = figures

    def arguments(self, wallet: Contract, function: str) -> tuple[Any, ...]:
        """
        Of a setter.
        """
        if function == "set_budget":
            return self.figures.arguments(wallet)
        draw: Callable[[Contract], tuple[Any, ...]] = getattr(self, f"_{function}_arguments")
        return draw(wallet)

    def _set_wallet_limit_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        chance = self.chance
        token = chance.token()
        old = chance.state_of(wallet).wallet_limit(token)
        if old and chance.happens(0.7):
            return token, self.figures.figure(old)
        return token, chance.one_of((10**9, 10**20, 10**28, 10**28, 2**112 - 1, 2**112, 0))

    def _set_max_balance_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        return self.chance.token(), self.chance.one_of((10**12, 10**22, 10**29, 0, MAX_UINT256))

    def _set_recipients_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        recipients = self.chance.twin.recipients
        # One that comes twice changes nothing the second time.
        who = tuple(self.chance.random.choices(recipients, k=self.chance.one_of((0, 1, 2, 3))))
        return who, self.chance.happens(0.7)

    def _set_payment_delay_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        return (self.chance.one_of((60, 600, 601, 3600, 7 * DAY, 59, 7 * DAY + 1)),)

    def _set_grace_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        return (self.chance.one_of((HOUR, DAY, DAY + 1, 30 * DAY, HOUR - 1, 30 * DAY + 1)),)

    def set_budget(self) -> Call:
        chance, twin = self.chance, self.chance.twin
        wallet, key = chance.wallet(), None
        if chance.favourite is not None and chance.happens(0.35):
            # Cut, or changed in kind, while money is spent from it.
            wallet, key = chance.favourite
        args = self.figures.arguments(wallet, key)
        own = args[0] if args[0] != twin.signer.address else twin.stranger
        who = chance.who(twin.treasury, twin.treasury, *twin.guardians, own)
        return chance.call(who, wallet, "set_budget", *args)

    def cut(self) -> Call:
        """
        The budget that is just being spent from, by a guardian.
        """
        chance, twin = self.chance, self.chance.twin
        if chance.favourite is None:
            return self.set_budget()
        wallet, (agent, token, category) = chance.favourite
        old = chance.state_of(wallet).budget(agent, token, Bytes32(category))
        args = (agent, token, category, self.figures.cut(old))
        return chance.call(chance.who(*twin.guardians), wallet, "set_budget", *args)

    def setter(self, function: str) -> Call:
        """
        A direct call of any other setter.
        """
        wallet = self.chance.wallet()
        who = self.chance.who(self.chance.twin.treasury)
        return self.chance.call(who, wallet, function, *self.arguments(wallet, function))

    def seal(self) -> Call:
        return self.chance.call(
            self.chance.who(self.chance.twin.treasury), self._unsealed(), "seal"
        )

    def _unsealed(self) -> Contract:
        """
        Mostly a wallet that can still be sealed.
        """
        chance = self.chance
        unsealed = [w for w in chance.twin.wallets if not chance.state_of(w).sealed]
        found: Contract = chance.one_of(unsealed) if unsealed else chance.wallet()
        return found

    def rotate_agent(self) -> Call:
        chance = self.chance
        wallet = chance.wallet()
        new = chance.spare_agent() if chance.happens(0.6) else chance.who()
        if chance.happens(0.1):
            new = chance.twin.signer.address
        who = chance.who(chance.twin.treasury)
        return chance.call(who, wallet, "rotate_agent", chance.agent(), new)

    def refill(self) -> Call:
        """
        With the exact approval, mostly, and with the value that belongs to it.
        """
        chance, twin = self.chance, self.chance.twin
        wallet, token = chance.open_wallet(), chance.real_token()
        if chance.happens(0.1):
            wallet = self._unsealed()
        held = twin.ledger.balance_of(token, Address(wallet.address))
        room = max(0, chance.state_of(wallet).max_balance(token) - held)
        amount = chance.near(min(room, 10**21 if token == NATIVE else 10**26))
        if token != NATIVE:
            twin.approve(token, wallet, max(0, amount - chance.happens(0.05)))
        who = chance.who(twin.treasury)
        is_right = (token == NATIVE) == chance.happens(0.95)
        owned = twin.ledger.balance_of(NATIVE, twin.treasury)
        value = amount if is_right and amount <= owned and who == twin.treasury else 0
        return chance.call(who, wallet, "refill", token, amount, b"\1" * 32, value=value)

    def sweep(self) -> Call:
        chance, twin = self.chance, self.chance.twin
        who = chance.who(twin.treasury, *twin.guardians, twin.stranger, *twin.keepers)
        return chance.call(who, chance.wallet(), "sweep", chance.real_token(), chance.reason())

    def default(self) -> Call:
        """
        Money by itself, or calldata that names no function.
        """
        chance, twin = self.chance, self.chance.twin
        target = chance.one_of([*twin.wallets, twin.organization])
        if chance.happens(0.4):
            data = chance.random.randbytes(chance.one_of((1, 3, 4, 36)))
            return chance.call(chance.who(), target, UNKNOWN, data)
        return chance.call(twin.treasury, target, DEFAULT, value=chance.one_of((0, 1, 10**18)))
