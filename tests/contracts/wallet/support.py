"""
What the tests of hot wallets share: reasons that match exactly, whole events, and `preview` and
`pay` asked for the same payment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.harness.evm import Contract, Event, Receipt, Reverted, compiled
from tests.harness.world import DAY, GENERAL, NATIVE, USDC, Budget, World

ZERO = "0x" + "00" * 20
NOTHING = b"\0" * 32
PAYROLL = b"payroll".ljust(32, b"\0")

# One more than the most units that a figure of a budget holds, and the greatest unit.
NEVER = 2**30 - 1
MAX_EXPONENT = 31

MAX_WALLET_LIMIT = 2**112 - 1

# What `preview` answers.
PAY, QUEUE, STOPPED, NO_BUDGET, AMOUNT, RECIPIENT, HOURLY, DAILY, COUNT, WALLET, BALANCE = range(11)

REASONS = {
    STOPPED: "payments: stopped",
    NO_BUDGET: "payments: no budget",
    AMOUNT: "payments: amount out of bounds",
    RECIPIENT: "payments: recipient not allowed",
    HOURLY: "payments: over the hourly limit",
    DAILY: "payments: over the daily limit",
    COUNT: "payments: too many today",
    WALLET: "payments: over the wallet limit",
}
NOT_ENABLED = "payments: token is not enabled"
SHORT = "payments: balance too low"
TOKEN_SHORT = "token: insufficient balance"

# Everybody who may be told apart, as `actor` knows them.
ROLES = ("treasury", "guardian", "keeper", "agent", "other agent", "stranger")

# Figures of a wallet's defaults.
PAYMENT_DELAY = 600
GRACE = 86400

# A property over an EVM: the same examples each time, and no shrinking of what takes long to run.
property_settings = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def opened(
    *more: dict[str, Any],
    wallet_limit: int = 10_000 * USDC,
    funds: int = 5_000 * USDC,
    change_delay: int = 2 * DAY,
    **figures: Any,
) -> World:
    """
    An open and funded wallet whose agent has one budget with these figures, and more budgets if
    asked for. Every token of a budget is enabled.
    """
    world = World(change_delay=change_delay)
    for budget in ({}, *more):
        world.enable(budget.get("token"), daily=wallet_limit)
    world.set_budget(**figures)
    for budget in more:
        world.set_budget(**budget)
    world.open()
    world.fund(funds)
    world.evm.fund(world.wallet.address, funds)
    return world


@contextmanager
def reverts(reason: str) -> Iterator[None]:
    """
    The call reverts with exactly this reason; empty: without any.
    """
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.reason == reason


def logged(contract: Contract, name: str, **args: Any) -> Event:
    """
    An event with all of its fields, to compare whole receipts with.
    """
    return Event(contract.address, name, args)


def moved(token: Contract, sender: str, receiver: str, amount: int) -> Event:
    """
    A token's own event of a transfer.
    """
    return logged(token, "Transfer", sender=sender, receiver=receiver, amount=amount)


def judge(world: World, verdict: int, amount: int, reason: str = "", **kwargs: Any) -> None:
    """
    `preview` answers `verdict` to this payment, and then `pay` does just that, and what it says
    is left is left.
    """
    wallet: Contract = kwargs.get("wallet", world.wallet)
    agent = kwargs.get("sender", world.agent)
    token, to, _, category, _ = payment = world.payment(amount, **kwargs)
    assert wallet.preview(agent, token, to, amount, category) == verdict

    if verdict == PAY:
        paid = wallet.pay(*payment, sender=agent)
        assert paid.result == NOTHING
        told = paid.only("Paid")
        left_now = wallet.remaining(agent, token, category)[:2]
        assert (told.hour_remaining, told.day_remaining) == left_now
    elif verdict == QUEUE:
        queued = wallet.pay(*payment, sender=agent)
        assert (queued.result, queued.names()) == (
            wallet.payment_id(agent, *payment),
            ["PaymentQueued"],
        )
    else:
        before = observed(world, wallet)
        with reverts(reason or REASONS[verdict]):
            wallet.pay(*payment, sender=agent)
        assert observed(world, wallet) == before


def observed(world: World, wallet: Contract | None = None) -> dict[str, Any]:
    """
    Everything that a failed call must leave alone, as anyone can read it.
    """
    wallet = wallet or world.wallet
    agents = [wallet.agents(i) for i in range(wallet.agent_count())]
    keys = [(a, *wallet.budget_keys(a, i)) for a in agents for i in range(wallet.budget_count(a))]
    tokens = sorted({world.token.address, NATIVE} | {token for _, token, _ in keys})
    return {
        "agents": agents,
        "budgets": {key: (wallet.budget(*key), wallet.remaining(*key)) for key in keys},
        "limits": {t: (wallet.wallet_limit(t), wallet.wallet_remaining(t)) for t in tokens},
        "most": {t: wallet.max_balance(t) for t in tokens},
        "queue": (wallet.epoch(), wallet.payment_delay(), wallet.grace()),
        "sealed": wallet.sealed(),
        "token": world.token.balanceOf(wallet.address),
        "native": world.evm.balance(wallet.address),
    }


def queue(world: World, amount: int, **kwargs: Any) -> bytes:
    """
    A payment that waits, by the agent unless said otherwise; returns its id.
    """
    receipt = world.pay(amount, **kwargs)
    assert receipt.result != NOTHING, "this payment did not have to wait"
    return bytes(receipt.result)


def execute(world: World, amount: int, **kwargs: Any) -> Receipt:
    """
    By a stranger, of the agent's payment, unless said otherwise. What it says is left is left.
    """
    wallet: Contract = kwargs.pop("wallet", world.wallet)
    agent = kwargs.pop("agent", world.agent)
    sender = kwargs.pop("sender", world.stranger)
    payment = world.payment(amount, **kwargs)
    receipt: Receipt = wallet.execute(agent, *payment, sender=sender)
    told = receipt.only("PaymentExecuted")
    left_now = wallet.remaining(agent, payment[0], payment[3])[:2]
    assert (told.hour_remaining, told.day_remaining) == left_now
    return receipt


def due(world: World) -> None:
    """
    Go on to the first second of a payment that was queued now, under the default delay.
    """
    world.evm.warp(by=PAYMENT_DELAY)


def waited(world: World, target: Contract, function: str, *args: Any) -> Receipt:
    """
    A change that loosens: scheduled by the treasury and applied by a stranger when it is due.
    """
    change = world.schedule(target, function, *args)
    world.evm.warp(world.organization.ready_at(change))
    return world.apply(target, function, *args)


def budget_of(world: World, **kwargs: Any) -> Budget:
    """
    The agent's budget, as it is read back.
    """
    return Budget(*world.wallet.budget(*key_of(world, **kwargs)))


def left(world: World, **kwargs: Any) -> tuple[int, int, int]:
    """
    What the agent's budget has left: of the hour, of the day, and payments.
    """
    wallet: Contract = kwargs.pop("wallet", world.wallet)
    hour, day, payments = wallet.remaining(*key_of(world, **kwargs))
    return hour, day, payments


def key_of(world: World, **kwargs: Any) -> tuple[str, str, bytes]:
    """
    The arguments that name a budget.
    """
    return (
        kwargs.get("agent", world.agent),
        kwargs.get("token", world.token.address),
        kwargs.get("category", GENERAL),
    )


def hostile_token(world: World) -> Contract:
    """
    A token that misbehaves when told to, enabled, budgeted and funded like the world's own. The
    wallet must still be unsealed.
    """
    token = world.evm.deploy(compiled("testing/HostileToken.vy"), sender=world.deployer)
    token.mint(world.wallet.address, 5_000 * USDC, sender=world.deployer)
    world.enable(token.address)
    world.set_budget(token=token.address)
    return token


def hostile_recipient(world: World) -> Contract:
    """
    An account with code that misbehaves when told to.
    """
    return world.evm.deploy(compiled("testing/HostileRecipient.vy"), sender=world.deployer)


def become_hostile(world: World, who: str) -> Contract:
    """
    Give an account the code of the hostile recipient: from now on it acts through `do`.
    """
    model = hostile_recipient(world)
    world.evm.set_code(who, world.evm.revm.basic(model.address).code)
    return world.evm.at_address(model.artifact, who)
