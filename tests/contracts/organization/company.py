"""
An organisation in full: two wallets, two agents with a budget in each, and a wallet gone bad.
"""

import re
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.contracts.organization.puppet import Puppet, new_puppet, new_puppet_wallet
from tests.harness.evm import MONDAY, Contract, Event, Receipt, Reverted, actor
from tests.harness.world import DAY, GENERAL, MAX, REFUND, USDC, Budget, World, ref

MINUTE = 60
ZERO = "0x" + "00" * 20

# What a company starts with: nothing lapses and nothing expires within a change's life.
CHANGE_DELAY = 2 * DAY
CHANGE_GRACE = 7 * DAY
TIMEOUT = 20 * DAY
LIMIT = 10_000 * USDC
MAX_BALANCE = 100_000 * USDC
PAYMENT_DELAY = 10 * MINUTE
GRACE = DAY

# Payments of so much wait.
LARGE = 60 * USDC
SMALL = 10 * USDC

GENERAL_BUDGET = Budget(queue_from=LARGE)
REFUND_BUDGET = Budget(allowlist_only=True)
OVER = b"over".ljust(32, b"\0")
OVER_BUDGET = Budget(expires_at=MONDAY)

ROLES = ("treasury", "guardian", "keeper", "agent", "wallet", "stranger", "deployer")
SCOPES = ("agent", "wallet", "organization")


class Company(World):
    """
    Each agent has a `GENERAL` budget in each wallet; in `operations` the agent also has one for
    listed recipients only (`REFUND`) and one that is over (`OVER`). `partner` is on the list.
    """

    def __init__(self, *, sealed: bool = True, **kwargs: Any) -> None:
        super().__init__(**{"heartbeat_timeout": TIMEOUT, **kwargs})
        self.partner = actor("partner")
        self.second_guardian = actor("second guardian")
        self.second_keeper = actor("second keeper")
        self.operations = self.wallet
        self.trading = self.new_wallet("trading")
        self.puppet = new_puppet_wallet(self)
        self.set_budget(REFUND_BUDGET, category=REFUND)
        self.set_budget(OVER_BUDGET, category=OVER)
        self.wallet.set_recipients([self.partner], True, sender=self.treasury)
        for wallet in (self.operations, self.trading):
            self._equip(wallet, sealed)

    def _equip(self, wallet: Contract, sealed: bool) -> None:
        self.enable(wallet=wallet)
        for agent in (self.agent, self.other_agent):
            self.set_budget(GENERAL_BUDGET, agent=agent, wallet=wallet)
        if sealed:
            self.open(wallet)
        self.fund(wallet=wallet)

    def another_organization(self) -> tuple[Contract, Puppet]:
        """
        With the same guardian and keeper, and a treasury of its own.
        """
        treasury = new_puppet(self.evm)
        people = ([self.guardian], [self.keeper], CHANGE_DELAY, MAX)
        artifact = self.organization.artifact
        return self.evm.deploy(artifact, treasury.address, *people, sender=self.deployer), treasury

    def act(self, role: str, contract: Contract, function: str, *args: Any) -> Receipt:
        """
        Call a function as somebody; `wallet` is a wallet of the organisation's.
        """
        if role == "wallet":
            return self.puppet.does(contract, function, *args)
        return contract.call(function, *args, sender=actor(role))

    def scope(self, kind: str) -> str:
        """
        The address that names one of `SCOPES`.
        """
        return {
            "agent": self.agent,
            "wallet": self.operations.address,
            "organization": self.organization.address,
        }[kind]

    def pause(self, scope: str, duration: int = 0, by: str | None = None) -> Receipt:
        """
        By the guardian, unless said otherwise.
        """
        receipt: Receipt = self.organization.pause(
            scope, duration, "odd", sender=by or self.guardian
        )
        return receipt

    def unpause(self, scope: str) -> Receipt:
        """
        The stop that is in force, by the treasury.
        """
        number = self.organization.pause_number(scope)
        receipt: Receipt = self.organization.unpause(scope, number, "ok", sender=self.treasury)
        return receipt

    def is_stopped(self, agent: str | None = None, wallet: Contract | None = None) -> bool:
        """
        The agent in `operations`, unless said otherwise.
        """
        wallet = wallet or self.operations
        return bool(self.organization.is_stopped(wallet.address, agent or self.agent))

    def queue(self, n: int = 1, agent: str | None = None, wallet: Contract | None = None) -> bytes:
        """
        Let a large payment wait; returns its id.
        """
        receipt = self.pay(
            LARGE, ref=ref(n), sender=agent or self.agent, wallet=wallet or self.operations
        )
        return bytes(receipt.result)

    def execute(
        self, n: int = 1, agent: str | None = None, wallet: Contract | None = None
    ) -> Receipt:
        """
        What `queue` has queued, by a stranger.
        """
        receipt: Receipt = (wallet or self.operations).execute(
            agent or self.agent,
            self.token.address,
            self.recipient,
            LARGE,
            GENERAL,
            ref(n),
            sender=self.stranger,
        )
        return receipt

    def refill(self, amount: int = 100 * USDC, wallet: Contract | None = None) -> Receipt:
        """
        By the treasury, which approves exactly the amount.
        """
        wallet = wallet or self.operations
        self.token.mint(self.treasury, amount, sender=self.deployer)
        self.token.approve(wallet.address, amount, sender=self.treasury)
        receipt: Receipt = wallet.refill(self.token.address, amount, ref(0), sender=self.treasury)
        return receipt

    def sweep(self, by: str, wallet: Contract | None = None) -> Receipt:
        """
        The token, home to the treasury.
        """
        receipt: Receipt = (wallet or self.operations).sweep(self.token.address, "home", sender=by)
        return receipt

    def budget_args(self, budget: Budget | None = None, **kwargs: Any) -> tuple[Any, ...]:
        """
        Arguments of `set_budget` for the agent's `GENERAL` budget, unless said otherwise.
        """
        agent = kwargs.pop("agent", self.agent)
        token = kwargs.pop("token", self.token.address)
        category = kwargs.pop("category", GENERAL)
        figures = (budget or GENERAL_BUDGET)._replace(**kwargs)
        return (agent, token, category, tuple(figures))

    def schedule_raise(self, wallet: Contract | None = None, **kwargs: Any) -> bytes:
        """
        Schedule a doubled daily limit for the agent; returns the change's id.
        """
        args = self.budget_args(daily=2_000 * USDC, **kwargs)
        return self.schedule(wallet or self.operations, "set_budget", *args)

    def apply_raise(self, wallet: Contract | None = None, **kwargs: Any) -> Receipt:
        """
        What `schedule_raise` has scheduled, by a stranger.
        """
        args = self.budget_args(daily=2_000 * USDC, **kwargs)
        return self.apply(wallet or self.operations, "set_budget", *args)

    def is_live(self, id: bytes) -> bool:
        """
        Whether a change can still be applied.
        """
        return bool(self.organization.ready_at(id) != 0)


def logged(source: Contract, name: str, /, **args: Any) -> Event:
    """
    An event as it must stand in a receipt, with every field.
    """
    return Event(source.address, name, args)


def refused(reason: str) -> AbstractContextManager[Any]:
    """
    The call inside must revert with exactly this reason; empty: without one.
    """
    return pytest.raises(Reverted, match=f"^{re.escape(reason)}$")
