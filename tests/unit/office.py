"""
An organisation run by the reference alone, with an actor per role, for the tests of the core.
"""

from typing import Any

from bursar.budgets import Budget
from bursar.changes import encode_call
from bursar.events import Event
from bursar.reference import (
    Accepted,
    Call,
    Decision,
    Ledger,
    Refused,
    create_organization,
    decide,
    view,
)
from bursar.state import apply_event, fold
from bursar.types import (
    DAY,
    EMPTY,
    FOREVER,
    HOUR,
    MAX_UINT256,
    Address,
    Bytes32,
    checksummed,
    keccak,
)

MIDNIGHT = 19_700 * DAY
NOON = MIDNIGHT + 12 * HOUR
USDC = 10**6


def actor(role: str) -> Address:
    """
    A made-up address that always belongs to the same role.
    """
    return checksummed("0x" + keccak(role.encode())[12:].hex())


def name_of(text: str) -> Bytes32:
    """
    A category or a reference.
    """
    return Bytes32(text.encode().ljust(32, b"\0"))


ORGANIZATION = actor("organization")
TREASURY = actor("treasury")
BLUEPRINT = actor("blueprint")
TOKEN = actor("token")
GUARDIAN = actor("guardian")
KEEPER = actor("keeper")
AGENT = actor("agent")
OTHER_AGENT = actor("other agent")
STRANGER = actor("stranger")
RECIPIENT = actor("recipient")
REFUND = name_of("refund")
OTHER = name_of("other")


def budget(**figures: Any) -> Budget:
    """
    A budget of 100 a payment, 300 an hour and 1,000 a day, of which nothing waits.
    """
    ordinary: dict[str, Any] = {
        "per_payment": 100 * USDC,
        "hourly": 300 * USDC,
        "daily": 1_000 * USDC,
        "queue_from": MAX_UINT256,
        "max_payments": 100,
        "expires_at": MIDNIGHT + 300 * DAY,
        "share_bps": 10_000,
        "rolling": False,
        "allowlist_only": False,
    }
    return Budget(**ordinary | figures)


REMOVAL = budget(expires_at=0)


class Office:
    """
    An organisation with one wallet. `open` it to get a sealed one that pays.
    """

    def __init__(self, heartbeat_timeout: int = FOREVER, change_delay: int = 2 * DAY) -> None:
        self.now = NOON
        self.ledger = Ledger(contracts={TREASURY, TOKEN}, blueprints={BLUEPRINT})
        created = create_organization(
            ORGANIZATION,
            TREASURY,
            [GUARDIAN],
            [KEEPER],
            change_delay,
            heartbeat_timeout,
            now=self.now,
            chain=self.ledger,
        )
        assert isinstance(created, Accepted)
        self.history: list[Event] = list(created.events)
        self.state = fold(self.history)
        self.wallet: Address = self.do(TREASURY, ORGANIZATION, "create_wallet", "till", BLUEPRINT)

    def open(self, **figures: Any) -> "Office":
        """
        Give the agent a budget and the wallet a limit and money, seal it and let it run.
        """
        self.do(TREASURY, self.wallet, "set_budget", AGENT, TOKEN, REFUND, budget(**figures))
        self.do(TREASURY, self.wallet, "set_wallet_limit", TOKEN, 10_000 * USDC)
        self.do(TREASURY, self.wallet, "set_max_balance", TOKEN, 5_000 * USDC)
        self.do(TREASURY, self.wallet, "seal")
        self.do(TREASURY, ORGANIZATION, "unpause", self.wallet, 1, "open")
        self.ledger.mint(TOKEN, self.wallet, 5_000 * USDC)
        return self

    def decide(self, sender: Address, target: Address, function: str, *arguments: Any) -> Decision:
        """
        What a call would come to.
        """
        call = Call(sender, target, function, arguments)
        return decide(self.state, call, now=self.now, chain=self.ledger)

    def call(self, call: Call) -> Decision:
        """
        Decide a call and let what it logs and moves happen.
        """
        decision = decide(self.state, call, now=self.now, chain=self.ledger)
        if isinstance(decision, Accepted):
            self.history += decision.events
            for event in decision.events:
                apply_event(self.state, event)
            self.ledger.settle(call, decision, self.state.treasury)
        return decision

    def do(
        self, sender: Address, target: Address, function: str, *arguments: Any, value: int = 0
    ) -> Any:
        """
        Make a call that has to be accepted; returns its result.
        """
        decision = self.call(Call(sender, target, function, arguments, value))
        assert isinstance(decision, Accepted), decision
        return decision.result

    def events(self, sender: Address, target: Address, function: str, *arguments: Any) -> list[str]:
        """
        Make a call that has to be accepted; returns the names of what it logs.
        """
        before = len(self.history)
        self.do(sender, target, function, *arguments)
        return [type(event).__name__ for event in self.history[before:]]

    def refused(self, sender: Address, target: Address, function: str, *arguments: Any) -> str:
        """
        Make a call that has to be refused; returns the reason.
        """
        decision = self.call(Call(sender, target, function, arguments))
        assert isinstance(decision, Refused), decision
        return str(decision.reason)

    def pay(self, amount: int, *, to: Address = RECIPIENT, ref: Bytes32 = EMPTY) -> Any:
        """
        Let the agent pay; returns the id where it waits.
        """
        return self.do(AGENT, self.wallet, "pay", TOKEN, to, amount, REFUND, ref)

    def pay_refused(self, amount: int, *, to: Address = RECIPIENT, ref: Bytes32 = EMPTY) -> str:
        """
        Let the agent try to pay; returns the reason.
        """
        return self.refused(AGENT, self.wallet, "pay", TOKEN, to, amount, REFUND, ref)

    def execute_arguments(self, amount: int, ref: Bytes32 = EMPTY) -> tuple[Any, ...]:
        """
        What `execute` takes for what the agent queued with `pay`.
        """
        return AGENT, TOKEN, RECIPIENT, amount, REFUND, ref

    def set_budget(self, sender: Address = TREASURY, **figures: Any) -> Any:
        """
        Set the agent's budget.
        """
        return self.do(sender, self.wallet, "set_budget", AGENT, TOKEN, REFUND, budget(**figures))

    def schedule(self, target: Address, setter: str, *arguments: Any) -> bytes:
        """
        Let the treasury schedule a setter; returns the calldata.
        """
        call = encode_call(setter, *arguments)
        self.do(TREASURY, ORGANIZATION, "schedule", target, call)
        return call

    def ready_at(self, target: Address, call: bytes) -> int:
        """
        When a change may be applied, or 0.
        """
        return self.state.ready_at(self.state.change_id(target, call), self.now)

    def view(self, target: Address, function: str, *arguments: Any) -> Any:
        """
        What a view returns.
        """
        return view(self.state, target, function, *arguments, now=self.now, chain=self.ledger)

    def remaining(self) -> tuple[int, int, int]:
        """
        What is left of the agent's budget.
        """
        left: tuple[int, int, int] = self.view(self.wallet, "remaining", AGENT, TOKEN, REFUND)
        return left
