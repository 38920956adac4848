"""
What the SDK says of tokens that are not plain: native currency, fees, balances that change.
"""

from __future__ import annotations

import pytest

from bursar.agent import SignedPayment
from bursar.chain.contracts import token_at
from bursar.chain.reader import Call
from bursar.devnet import USDC, address_of
from bursar.reasons import Reason
from bursar.types import NATIVE
from tests.harness.evm import compiled
from tests.integration.agents import Connect, Relay, allow_native, loosen
from tests.integration.live import GENERAL, LiveWorld, budget

FIGURES = budget(per_payment=10**18, hourly=3 * 10**18, daily=10**19, queue_from=5 * 10**17)


class Hostile:
    """
    A token of six decimals that does what it is told, with a budget for the agent and 1,000 in the
    wallet. It has no symbol: its address stands for it.
    """

    def __init__(self, world: LiveWorld) -> None:
        self.world = world
        artifact = compiled("testing/HostileToken.vy")
        created = world.chain.deploy(world.deployer, artifact.initcode).created
        assert created is not None
        self.address = created
        self.functions = artifact.functions
        self.send("mint", world.wallet.address, 1_000 * USDC)
        loosen(
            world,
            world.wallet.build_call("set_wallet_limit", self.address, 2_000 * USDC),
            world.wallet.build_call(
                "set_budget", address_of(world.agent), self.address, GENERAL, budget()
            ),
        )

    def send(self, name: str, *values: object) -> None:
        """
        A transaction that tells it what to do.
        """
        data = self.functions[name].encode(values)
        self.world.chain.send(self.world.deployer, Call(self.address, data))

    def balance_of(self, who: str) -> int:
        """
        Base units.
        """
        return int(token_at(self.world.chain, self.address).view("balanceOf", who))


@pytest.fixture
def native(world: LiveWorld) -> LiveWorld:
    """
    The agent may spend the chain's own currency; from half of it on a payment waits.
    """
    allow_native(world, FIGURES)
    return world


def test_native__paid_queued_executed_and_cancelled__is_like_any_token(
    native: LiveWorld, connect: Connect
) -> None:
    """
    Everything that an agent does with a token, with amounts of 18 decimals.
    """
    wallet, before = connect(), native.chain.fetch_balance(native.recipient)

    paid = wallet.pay(NATIVE, native.recipient, "0.25", category="general", reference="order-1")
    first = wallet.pay(NATIVE, native.recipient, "0.5", category="general")
    second = wallet.pay(NATIVE, native.recipient, "0.75", category="general")
    assert [p.id for p in wallet.pending()] == [first.id, second.id]
    wallet.cancel(second.id or "")
    native.chain.warp(to=first.ready_at)
    done = wallet.execute(first.id or "")

    assert (paid.executed, paid.amount_formatted) == (True, "0.25 NATIVE")
    assert (first.queued, done.executed) == (True, True)
    assert native.chain.fetch_balance(native.recipient) - before == 75 * 10**16
    assert wallet.remaining(NATIVE, "general").day == 10**19 - 75 * 10**16
    short = wallet.preview(NATIVE, native.recipient, "1.1", category="general")
    assert short.refusal is not None
    assert "one payment is at most 1 NATIVE" in short.refusal.message


def test_native__signed_and_in_a_batch__is_like_any_token(
    native: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    The agent has none of it for gas, and pays it out of its wallet.
    """
    native.chain.fund(address_of(native.agent), 0)
    wallet, before = connect(), native.chain.fetch_balance(native.recipient)

    signed = wallet.sign_payment(NATIVE, native.recipient, "0.1", category="general")
    assert isinstance(signed, SignedPayment)
    payment = relayer().relay(signed)
    native.chain.fund(address_of(native.agent), 10**18)
    batch = wallet.pay_many(NATIVE, [(native.recipient, "0.1")] * 3, category="general")

    assert (payment.executed, payment.amount_formatted) == (True, "0.1 NATIVE")
    assert (batch.executed, batch.total_formatted) == (True, "0.3 NATIVE")
    assert native.chain.fetch_balance(native.recipient) - before == 4 * 10**17


def test_native__more_than_the_wallet_has__is_denied_with_what_it_has(
    native: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Told before it is signed or sent, and again where the money went in between.
    """
    wallet = connect()
    signed = wallet.sign_payment(NATIVE, native.recipient, "0.4", category="general")
    assert isinstance(signed, SignedPayment)
    native.chain.fund(native.wallet.address, 3 * 10**17)

    denied = wallet.pay(NATIVE, native.recipient, "0.4", category="general")

    assert denied.reason is relayer().relay(signed).reason is Reason.PAYMENTS_BALANCE
    assert "0.4 NATIVE asked, the wallet holds 0.3 NATIVE" in denied.message
    batch = wallet.pay_many(NATIVE, [(native.recipient, "0.2")] * 2, category="general")
    assert (batch.reason, batch.entry) == (Reason.PAYMENTS_BALANCE, None)


def test_fee__taken_by_the_token__is_not_the_sdks_amount(
    world: LiveWorld, connect: Connect
) -> None:
    """
    "Paid 10" is what left the wallet and was charged; the recipient has less by the fee.
    """
    token = Hostile(world)
    token.send("set_fee", 100)

    payment = connect().pay(token.address, world.recipient, "10", category="general")

    assert (payment.executed, payment.amount) == (True, 10 * USDC)
    assert token.balance_of(world.recipient) == 9_900_000
    assert token.balance_of(world.wallet.address) == 990 * USDC
    assert payment.remaining is not None
    assert payment.remaining.hour == 290 * USDC


def test_rebase__between_signing_and_relaying__is_denied_and_uses_nothing(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    What the wallet no longer has is told as such, before gas is spent; when it is back, it is paid.
    """
    token = Hostile(world)
    wallet = connect()
    signed = wallet.sign_payment(token.address, world.recipient, "10", category="general")
    assert isinstance(signed, SignedPayment)
    token.send("burn", world.wallet.address, 991 * USDC)

    denied = relayer().relay(signed)
    batch = wallet.pay_many(token.address, [(world.recipient, "5")] * 2, category="general")
    assert denied.reason is batch.reason is Reason.PAYMENTS_BALANCE
    assert "the wallet holds 9 " in denied.message
    assert wallet.remaining(token.address, "general").payments == 100
    token.send("mint", world.wallet.address, USDC)

    assert relayer().relay(signed).executed
