"""
Where the demo plays: an organisation on a local chain, one wallet, two agents, and what can be
asked of them. Whatever happens here is compared with what the chain shows afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from bursar.budgets import Budget
from bursar.chain.client import Receipt
from bursar.chain.contracts import Contract
from bursar.chain.errors import RevertedError
from bursar.chain.local import LocalChain
from bursar.demo.report import BudgetLine, Closing, DemoFailed, check
from bursar.devnet import USDC, Devnet, address_of
from bursar.events import Event, Paid
from bursar.reasons import Preview, Reason
from bursar.types import ALL_BPS, DAY, HOUR, MAX_UINT256, Address, Bytes32

# A Monday at ten o'clock UTC, so that every run tells the same times.
OPENING: Final = 1_767_607_200
TRADING: Final = Bytes32(b"trading".ljust(32, b"\0"))
TREASURY: Final = 1_000_000 * USDC
REFILL: Final = 50_000 * USDC
WALLET_DAILY: Final = 40_000 * USDC
# What a transaction may use at most that is sent although it will fail.
FORCED_GAS: Final = 300_000


@dataclass(frozen=True)
class Agent:
    """
    A key that may spend, and how much: per payment, hour and day; from `queue_from` on it waits.
    """

    name: str
    key: LocalAccount
    per_payment: int
    hourly: int
    daily: int
    queue_from: int = MAX_UINT256

    @property
    def address(self) -> Address:
        """
        By which the wallet knows it.
        """
        return address_of(self.key)

    @property
    def budget(self) -> Budget:
        """
        What the treasury sets for it.
        """
        return Budget(
            per_payment=self.per_payment,
            hourly=self.hourly,
            daily=self.daily,
            queue_from=self.queue_from,
            max_payments=1_000,
            expires_at=OPENING + 90 * DAY,
            share_bps=ALL_BPS,
            rolling=False,
            allowlist_only=False,
        )


@dataclass
class Stage:
    """
    The cast. `wallet` exists once the set-up has created it.
    """

    net: Devnet
    agent_1: Agent
    agent_2: Agent
    vendor: Address
    thief: Address
    refs: Any = field(default_factory=lambda: count(1))
    found_wallet: Contract | None = None

    @classmethod
    def build(cls, chain: LocalChain) -> "Stage":
        """
        Deploy the Safe, the token and the organisation.
        """
        net = Devnet.deploy(chain, treasury_usdc=TREASURY)
        first = (1_000 * USDC, 2_500 * USDC, 10_000 * USDC)
        second = (5_000 * USDC, 10_000 * USDC, 25_000 * USDC, 3_000 * USDC)
        return cls(
            net,
            Agent("agent-1", chain.new_account("agent-1"), *first),
            Agent("agent-2", chain.new_account("agent-2"), *second),
            address_of(chain.new_account("vendor", 0)),
            address_of(chain.new_account("thief", 0)),
        )

    @property
    def wallet(self) -> Contract:
        """
        The wallet "trading".
        """
        assert self.found_wallet is not None, "the set-up creates it"
        return self.found_wallet

    @property
    def agents(self) -> tuple[Agent, Agent]:
        """
        Both.
        """
        return self.agent_1, self.agent_2

    def clock(self) -> str:
        """
        The chain's time of day.
        """
        return time_of_day(self.net.chain.fetch_now())

    def arguments(self, amount: int, to: Address) -> tuple[Any, ...]:
        """
        A payment's arguments, with a reference of its own.
        """
        ref = next(self.refs).to_bytes(32, "big")
        return self.net.usdc.address, to, amount, TRADING, ref

    def left(self, agent: Agent) -> tuple[int, int]:
        """
        What is left of the agent's hour and UTC day, in base units.
        """
        hour, day, _ = self.wallet.view("remaining", agent.address, self.net.usdc.address, TRADING)
        return hour, day

    def ask(self, agent: Agent, amount: int, to: Address) -> Preview:
        """
        What `pay` would do. Checks that asking costs nothing.
        """
        before = self.net.chain.fetch_balance(agent.address)
        answer = Preview(
            self.wallet.view("preview", agent.address, *self.arguments(amount, to)[:4])
        )
        check("Asking is free", before, self.net.chain.fetch_balance(agent.address))
        return answer

    def pay(self, agent: Agent, amount: int, to: Address) -> Receipt:
        """
        Pay at once. Checks that exactly this moved, was logged, and was charged to hour and day.
        """
        before = self.money(to), self.left(agent)
        receipt = self.wallet.send(agent.key, "pay", *self.arguments(amount, to))
        event = self.logged(receipt, Paid)
        check("The event names the payment", (agent.address, to, amount), _who(event))
        (wallet, recipient), (hour, day) = before
        check("Exactly the amount moves", (wallet - amount, recipient + amount), self.money(to))
        check("The budget is charged", (hour - amount, day - amount), self.left(agent))
        return receipt

    def money(self, who: Address) -> tuple[int, int]:
        """
        The USDC of the wallet and of `who`.
        """
        return self.net.usdc_of(self.wallet.address), self.net.usdc_of(who)

    def refused(self, reason: Reason, attempt: Callable[[], object]) -> RevertedError:
        """
        Attempt what the chain must refuse with `reason`. Checks that no money moved.
        """
        parties = (self.wallet.address, self.net.safe.address, self.vendor, self.thief)
        before = [self.net.usdc_of(who) for who in parties]
        error = find_refusal(attempt)
        if error is None:
            raise DemoFailed("The chain refuses it", reason, "it was accepted")
        check("The chain says why", reason, error.revert.reason or error.revert.text)
        check("No money moves", before, [self.net.usdc_of(who) for who in parties])
        return error

    def logged(self, receipt: Receipt, kind: type[Event]) -> Any:
        """
        The one event of that kind in a transaction.
        """
        events = [event for event in self.net.decode(receipt) if isinstance(event, kind)]
        check(f"One {kind.__name__} is logged", 1, len(events))
        return events[0]

    def gas_of(self, error: RevertedError) -> int:
        """
        What a refused transaction cost that was sent all the same.
        """
        if error.transaction is None:
            raise DemoFailed("It was sent", "a transaction", "none")
        mined = self.net.chain.rpc.request(
            "eth_getTransactionReceipt", f"0x{error.transaction.hex()}"
        )
        check("It was mined as failed", "0x0", mined["status"])
        return int(mined["gasUsed"], 16)

    def hour_ends(self) -> str:
        """
        When the chain's present hour ends, as a time of day.
        """
        return time_of_day((self.net.chain.fetch_now() // HOUR + 1) * HOUR)

    def next_hour(self) -> str:
        """
        Let the next hour begin; its time of day.
        """
        now = self.net.chain.fetch_now()
        self.net.chain.warp(to=(now // HOUR + 1) * HOUR)
        return self.clock()

    def close(self) -> Closing:
        """
        Where everybody stands. Checks that no money came from nowhere or went there.
        """
        holders = {
            "treasury (Safe)": self.net.safe.address,
            'wallet "trading"': self.wallet.address,
            "vendor": self.vendor,
            "thief": self.thief,
        }
        balances = {name: self.net.usdc_of(who) for name, who in holders.items()}
        check("All money is accounted for", TREASURY, sum(balances.values()))
        lines = tuple(map(self._line, self.agents))
        check(
            "What agents spent is what others have",
            sum(line.spent for line in lines),
            balances["vendor"] + balances["thief"],
        )
        return Closing(self.net.chain.fetch_now(), lines, balances)

    def _line(self, agent: Agent) -> BudgetLine:
        _, left = self.left(agent)
        stopped = self.net.organization.view("is_stopped", self.wallet.address, agent.address)
        return BudgetLine(agent.name, agent.daily - left, agent.daily, left, stopped)


def find_refusal(attempt: Callable[[], object]) -> RevertedError | None:
    """
    The refusal that `attempt` meets, if it does.
    """
    try:
        attempt()
    except RevertedError as error:
        return error
    return None


def time_of_day(at: int) -> str:
    """
    A Unix time as people read it.
    """
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def _who(event: Paid) -> tuple[Address, Address, int]:
    return event.agent, event.to, event.amount
