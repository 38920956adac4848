"""
What an organisation needs before random calls mean anything, and what wears out meanwhile.
"""

from bursar.reference import Call
from bursar.types import DAY, HOUR, MAX_UINT256, NATIVE, ZERO_ADDRESS, Address
from tests.differential.moves import CATEGORIES, Moves
from tests.differential.plain import plain
from tests.differential.stage import Stage

# How often somebody sends money to a wallet, unasked.
DONATED = 0.03

# How many budgets are made useful again each time.
RENEWED = 6


class Furnishing:
    """
    Sets a stage up, and repairs it.
    """

    def __init__(self, stage: Stage, moves: Moves) -> None:
        self.stage = stage
        self.twin = stage.twin
        self.chance = moves.chance
        self.figures = moves.figures

    def set_up(self) -> None:
        """
        Two wallets with tokens, budgets and money. One is opened: sealing the other is left to
        chance.
        """
        twin, stage = self.twin, self.stage
        for _ in range(4):
            self._found_another()
        for number in range(2):
            stage.by_treasury(
                stage.organization, "create_wallet", f"wallet {number}", twin.blueprint
            )
        for wallet in twin.wallets:
            self._furnish(Address(wallet.address))
        opened = Address(twin.wallets[0].address)
        stage.by_treasury(opened, "seal")
        number = twin.model.pause_number(opened)
        stage.by_treasury(stage.organization, "unpause", opened, number, "")
        self.replenish()

    def _found_another(self) -> None:
        """
        An organisation that nobody uses, or that is refused.
        """
        twin, chance = self.twin, self.chance
        treasury = chance.one_of((twin.stranger, *twin.token_addresses))
        delay = chance.one_of((HOUR, HOUR, 30 * 24 * HOUR, HOUR - 1))
        timeout = chance.one_of((600, MAX_UINT256, MAX_UINT256, 599))
        keepers = chance.one_of(([], twin.keepers, [ZERO_ADDRESS]))
        twin.found(treasury, twin.guardians, keepers, delay, timeout)

    def _furnish(self, wallet: Address) -> None:
        for token in (*self.twin.token_addresses, NATIVE):
            self.stage.by_treasury(wallet, "set_wallet_limit", token, 10**28)
            self.stage.by_treasury(wallet, "set_max_balance", token, 10**29)
        self.stage.by_treasury(wallet, "set_recipients", tuple(self.twin.recipients[:2]), True)
        for agent in (*self.twin.agents, self.twin.signer.address):
            for category in CATEGORIES[:2]:
                self._set_budget(wallet, agent, category)
        if self.chance.happens(0.2):
            self._fill(wallet)

    def _set_budget(self, wallet: Address, agent: Address, category: bytes) -> None:
        token = self.chance.real_token()
        budget = self.figures.fresh((self.twin.now // HOUR + 20_000) * HOUR)
        self.stage.by_treasury(wallet, "set_budget", agent, token, category, budget)

    def _fill(self, wallet: Address) -> None:
        """
        As many budgets as one agent can have, and one more.
        """
        agent = self.twin.agents[-1]
        for number in range(17):
            self._set_budget(wallet, agent, number.to_bytes(32, "big"))

    def release(self) -> None:
        """
        Let the treasury end every stop that it may end, and a keeper show itself.
        """
        twin, stage = self.twin, self.stage
        if twin.model.is_lapsed(twin.now):
            in_office = [keeper for keeper in twin.keepers if keeper in twin.model.keepers]
            who = in_office[0] if in_office else twin.keepers[0]
            stage.do(Call(who, stage.organization, "heartbeat"))
        for scope, stop in list(twin.model.stops.items()):
            wallet = twin.model.registry.get(scope)
            if twin.now < stop.until and (wallet is None or wallet.sealed):
                stage.by_treasury(stage.organization, "unpause", scope, stop.number, "")

    def replenish(self) -> None:
        """
        Money in every wallet, a keeper and guardians in office, fresh agents for rotated ones:
        random calls wear an organisation out, and refusals of the same kind teach nothing.
        """
        twin, stage = self.twin, self.stage
        for contract in twin.wallets:
            wallet = Address(contract.address)
            for token in twin.token_addresses:
                if twin.ledger.balance_of(token, wallet) < 10**25:
                    twin.mint(token, wallet, 10**26)
            stage.by_treasury(wallet, "__default__", value=10**19)
        for keeper in twin.keepers:
            stage.by_treasury(stage.organization, "set_keeper", keeper, True)
        for guardian in twin.guardians:
            stage.by_treasury(stage.organization, "set_guardian", guardian, True)
        twin.set_refusing(self.chance.happens(0.3))
        self._renew()
        active = [a for w in twin.model.registry.values() for a in w.lines if w.is_agent(a)]
        twin.agents = list(dict.fromkeys(active))[-6:] or twin.agents

    def _renew(self) -> None:
        """
        A few budgets and wallet limits as good as new: by themselves they only ever get smaller.
        That takes its time. So does a heartbeat that may be missed for longer.
        """
        twin, stage = self.twin, self.stage
        functions = twin.wallets[0].artifact.functions
        waiting: list[tuple[Address, bytes]] = []
        opened = [self.chance.open_wallet() for _ in range(RENEWED)]
        budgets = [(wallet, self.chance.key(wallet)) for wallet in opened]
        if self.chance.favourite is not None:
            budgets.append(self.chance.favourite)
        for wallet, key in budgets:
            args = self.figures.renewal(wallet, key)
            waiting.append((Address(wallet.address), functions["set_budget"].encode(plain(args))))
        for wallet in twin.wallets:
            call = functions["set_wallet_limit"].encode((self.chance.real_token(), 10**28))
            waiting.append((Address(wallet.address), call))
        timeout = self.chance.one_of((30 * DAY, MAX_UINT256))
        call = twin.organization.calldata("set_heartbeat_timeout", timeout)
        waiting.append((stage.organization, call))
        for change in waiting:
            stage.by_treasury(stage.organization, "schedule", *change)
        twin.evm.warp(by=twin.model.change_delay)
        for change in waiting:
            stage.do(Call(twin.stranger, stage.organization, "apply", change))

    def donate(self) -> None:
        """
        Now and then tokens that nobody asked for: a share of the balance must not follow them
        within a day.
        """
        if not self.chance.happens(DONATED):
            return
        wallet = Address(self.chance.wallet().address)
        amount = 10 ** self.chance.random.randint(0, 27)
        if self.chance.happens(0.02):
            # More than the word that keeps a share's base can hold.
            amount = 2**218
        self.twin.mint(self.chance.one_of(self.twin.token_addresses), wallet, amount)
