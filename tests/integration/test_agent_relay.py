"""
Bringing what an agent has signed, on a real node: whoever relays can change nothing, and what is
wrong is told before gas is spent.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.agent import (
    PaymentStatus,
    Relayer,
    SignedPayment,
)
from bursar.chain.errors import RevertedError
from bursar.devnet import USDC, address_of
from bursar.reasons import Reason
from bursar.types import DAY, HOUR, checksummed
from tests.integration import proxy
from tests.integration.agents import (
    Connect,
    Relay,
    nonce_of,
    sign,
)
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode


def relayed_before(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    It has been paid.
    """
    assert relayer.relay(signed).executed


def voided(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    The agent has taken it back.
    """
    world.wallet.send(world.agent, "void_nonce", signed.nonce)


def a_new_epoch(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    A keeper has voided everything.
    """
    world.wallet.send(world.keeper, "cancel_all", "drill")


def too_late(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    The second after the deadline.
    """
    world.chain.warp(to=signed.deadline + 1)


def stopped(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    A guardian has stopped the agent.
    """
    world.organization.send(world.guardian, "pause", address_of(world.agent), 0, "drill")


def used_up(world: LiveWorld, relayer: Relayer, signed: SignedPayment) -> None:
    """
    The hour has nothing left.
    """
    for number in range(3):
        world.pay(100 * USDC, ref=bytes([number]) * 32)


@pytest.mark.parametrize(
    ("happened", "reason", "words"),
    [
        (relayed_before, Reason.SIGNATURES_NONCE, "nonce 0 was used or voided"),
        (voided, Reason.SIGNATURES_NONCE, "nonce 0 was used or voided"),
        (a_new_epoch, Reason.SIGNATURES_AGENT, "signed in epoch 0 and the wallet is in 1"),
        (too_late, Reason.SIGNATURES_EXPIRED, "good until 2026-01-05 11:00 UTC"),
        (stopped, Reason.PAYMENTS_STOPPED, "stopped"),
        (used_up, Reason.PAYMENTS_HOURLY, "0 USDC left this hour"),
    ],
)
def test_relay__can_no_longer_be_paid__is_denied_for_free(
    world: LiveWorld,
    connect: Connect,
    relayer: Relay,
    happened: Callable[[LiveWorld, Relayer, SignedPayment], None],
    reason: Reason,
    words: str,
) -> None:
    """
    A replay, an expired one, a voided one: a value with a stable reason, the same that the chain
    would give, and nothing is sent.
    """
    signed, bringing = sign(connect(), world), relayer()
    happened(world, bringing, signed)
    sent, received = nonce_of(world, world.stranger), world.usdc_of(world.recipient)

    denied = bringing.relay(signed)

    assert (denied.status, denied.reason) == (PaymentStatus.DENIED, reason)
    assert denied.code == reason.name.lower()
    assert words in denied.message
    assert bringing.check(signed) == denied
    assert nonce_of(world, world.stranger) == sent
    assert world.usdc_of(world.recipient) == received
    assert chain_says(world, signed) is reason


def chain_says(world: LiveWorld, signed: SignedPayment) -> Reason | None:
    """
    Why the contract itself refuses; None where it does not.
    """
    fields = (signed.agent, signed.token, signed.to, signed.amount, signed.category, signed.ref)
    call = (*fields, signed.nonce, signed.deadline, signed.signature)
    try:
        world.wallet.view("pay_signed", *call, sender=address_of(world.stranger))
    except RevertedError as refused:
        return refused.revert.reason
    return None


def test_signature__after_the_chain_has_forked__is_good_on_one_side(
    world: LiveWorld, connect: Connect
) -> None:
    """
    A fork keeps the contract and its history and gets another chain id, which the wallet notices.
    """
    before = sign(connect(), world)
    after = resign(world.agent, before, chain_id=424_242)
    assert [chain_says(world, one) for one in (before, after)] == [None, Reason.SIGNATURES_AGENT]

    world.chain.rpc.request("anvil_setChainId", 424_242)
    try:
        told = [chain_says(world, one) for one in (before, after)]
    finally:
        world.chain.rpc.request("anvil_setChainId", 31_337)

    assert told == [Reason.SIGNATURES_AGENT, None]


def test_relay__at_the_deadline__is_paid(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    The last second counts.
    """
    signed = sign(connect(), world, valid_for=100)
    world.chain.rpc.request("evm_setNextBlockTimestamp", signed.deadline)

    assert relayer().relay(signed).executed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", checksummed("0x" + "00" * 17 + "facade")),
        ("amount", 10_000_001),
        ("nonce", 1),
        ("category", b"payroll".ljust(32, b"\0")),
        ("ref", b"\1" * 32),
        ("deadline", 1_767_607_200 + 2 * HOUR),
        ("agent", checksummed("0x" + "00" * 17 + "decade")),
        ("signature", b""),
        ("signature", b"\0" * 65),
        ("signature", b"\xff" * 1_024),
    ],
)
def test_relay__altered_in_any_field__is_denied_for_free(
    world: LiveWorld, connect: Connect, relayer: Relay, field: str, value: Any
) -> None:
    """
    Whoever relays can change nothing: not the recipient, not the amount, not the moment it ends.
    """
    signed = sign(connect(), world).model_copy(update={field: value})
    sent = nonce_of(world, world.stranger)

    denied = relayer().relay(signed)

    assert denied.reason is Reason.SIGNATURES_AGENT
    assert "not the signature of agent" in denied.message
    assert nonce_of(world, world.stranger) == sent
    assert chain_says(world, signed) is Reason.SIGNATURES_AGENT


def test_relay__v_of_0_or_1__is_denied_for_free(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Some signers count it from 0; libraries mend that, and the chain does not.
    """
    signed = sign(connect(), world)
    other = signed.signature[:64] + bytes([signed.signature[64] - 27])
    counted = signed.model_copy(update={"signature": other})

    denied = relayer().relay(counted)

    assert denied.reason is chain_says(world, counted) is Reason.SIGNATURES_AGENT
    assert "not the signature of agent" in denied.message


def test_sign__on_a_chain_that_stood_still__counts_from_now(
    world: LiveWorld, connect: Connect, relayer: Relay, node: FaultyNode
) -> None:
    """
    A devnet's latest block may be hours old. A node without a pending block is taken at its latest.
    """
    world.chain.rpc.request("evm_increaseTime", hex(3 * HOUR))
    latest = world.chain.fetch_now()
    signed = sign(connect(), world)
    with node.breaking("eth_getBlockByNumber", by=without_pending):
        plain = sign(connect(rpc_url=node.url), world)

    assert signed.deadline - latest >= 4 * HOUR
    assert plain.deadline - latest == HOUR
    assert relayer().relay(signed).executed
    assert relayer().relay(plain).reason is Reason.SIGNATURES_EXPIRED


def without_pending(params: proxy.Params, forward: proxy.Forward) -> Any:
    """
    As some providers answer.
    """
    return {"result": None} if params[0] == "pending" else forward()


def test_relay__deadline_too_far__is_denied(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Nobody holds a payment for longer than a day: one that was signed by other means, too.
    """
    signed = sign(connect(), world)
    far = resign(world.agent, signed, deadline=world.chain.fetch_now() + DAY + 60)

    assert relayer().relay(far).reason is Reason.SIGNATURES_FAR
    assert chain_says(world, far) is Reason.SIGNATURES_FAR


def resign(key: LocalAccount, signed: SignedPayment, **changed: Any) -> SignedPayment:
    """
    Something else, signed by hand.
    """
    other = signed.model_copy(update=changed)
    typed_data = other.typed_data
    signature = bytes(Account.sign_typed_data(key.key, full_message=typed_data).signature)
    return other.model_copy(update={"signature": signature})


def test_relay__of_another_chain_or_no_wallet__is_denied(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    A contract that only looks like a wallet gets none of the relayer's gas.
    """
    signed = sign(connect(), world)
    elsewhere = signed.model_copy(update={"chain_id": 1})
    no_wallet = signed.model_copy(update={"wallet": world.usdc.address})

    assert relayer().relay(elsewhere).code == "wrong_chain"
    assert relayer().relay(no_wallet).code == "unknown_wallet"


def test_relay__for_another_wallet_of_the_organisation__is_paid(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    One relayer serves all wallets of an organisation; a signature serves one.
    """
    signed = sign(connect(world.clerk, wallet=world.second_wallet.address), world)
    moved = signed.model_copy(update={"wallet": world.wallet.address})

    assert relayer().relay(moved).reason is Reason.SIGNATURES_AGENT
    assert relayer().relay(signed).executed


def test_relay__somebody_was_faster__is_denied_by_the_chain(
    world: LiveWorld, connect: Connect, relayer: Relay, node: FaultyNode
) -> None:
    """
    Two relayers with one payment: it is paid once, and the second hears so.
    """
    signed = sign(connect(), world)
    fast, slow = relayer(key=world.keeper), relayer(rpc_url=node.url)

    def first(_: proxy.Params, forward: proxy.Forward) -> Any:
        assert fast.relay(signed).executed
        return forward()

    with node.breaking("eth_sendRawTransaction", by=first):
        late = slow.relay(signed)

    assert (late.denied, late.reason) == (True, Reason.SIGNATURES_NONCE)
    assert late.transaction is not None
    assert world.usdc_of(world.recipient) == 10 * USDC


def test_relay__many_at_once__pays_each_once(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Nonces are in no order, so that one that is held back holds up none; each twice, once is paid.
    """
    wallet, bringing = connect(), relayer()
    signed = [sign(wallet, world, "1") for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        payments = list(pool.map(bringing.relay, [*signed[::-1], *signed]))

    assert sum(payment.executed for payment in payments) == 6
    assert {p.reason for p in payments if p.denied} == {Reason.SIGNATURES_NONCE}
    assert world.usdc_of(world.recipient) == 6 * USDC
