"""
Payments that an agent signed and anybody submits: what was signed, once, and nothing else.
"""

from dataclasses import replace
from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message

from bursar.signed_payments import SignablePayment
from bursar.types import Address
from tests.contracts.wallet.signing import (
    SIGNER,
    THIEF,
    arguments,
    digest_of,
    sign,
    signable,
    submit,
)
from tests.contracts.wallet.support import (
    NOTHING,
    PAYMENT_DELAY,
    ZERO,
    logged,
    moved,
    observed,
    opened,
    reverts,
)
from tests.harness.evm import Contract, actor, compiled
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, World, ref

NOT_BY_THE_AGENT = "signatures: not by the agent"
USED = "signatures: nonce used"
WRONG, REVERTS, BURNS, SHORT, DIRTY, BOOLEAN = range(6)


@pytest.fixture
def world() -> World:
    """
    A signing agent that holds nothing itself, with two budgets; payments of 50 and more wait.
    """
    own = {"agent": SIGNER.address, "queue_from": 50 * USDC}
    return opened(own, own | {"category": REFUND}, own | {"token": NATIVE})


def refused(world: World, payment: SignablePayment, reason: str, **kwargs: Any) -> None:
    """
    Refused, and nothing has changed, the nonce included.
    """
    before = observed(world)
    used = world.wallet.nonce_used(payment.agent, payment.nonce)
    with reverts(reason):
        submit(world, payment, **kwargs)
    assert observed(world) == before
    assert world.wallet.nonce_used(payment.agent, payment.nonce) == used


def test_pay_signed__by_a_stranger__pays_what_was_signed(world: World) -> None:
    """
    The agent's budget is charged, its nonce is gone, and the relayer has no part in the events.
    """
    payment = signable(world, 10 * USDC, nonce=7)
    assert not world.wallet.nonce_used(SIGNER.address, 7)

    receipt = submit(world, payment)

    assert receipt.result == NOTHING
    assert receipt.events == [
        logged(world.wallet, "NonceVoided", agent=SIGNER.address, nonce=7),
        logged(
            world.wallet,
            "Paid",
            agent=SIGNER.address,
            token=world.token.address,
            to=world.recipient,
            amount=10 * USDC,
            category=GENERAL,
            ref=ref(1),
            hour_remaining=290 * USDC,
            day_remaining=990 * USDC,
        ),
        moved(world.token, world.wallet.address, world.recipient, 10 * USDC),
    ]
    assert world.wallet.nonce_used(SIGNER.address, 7)
    assert world.wallet.remaining(SIGNER.address, world.token.address, GENERAL)[2] == 99


def test_pay_signed__in_native_currency__pays(world: World) -> None:
    """
    Native currency is a token as any other.
    """
    submit(world, signable(world, 5, token=Address(NATIVE)))
    assert world.evm.balance(world.recipient) == 5


def test_pay_signed__large_enough_to_wait__waits_and_is_executed(world: World) -> None:
    """
    As the agent's own call would; the signature is used up all the same.
    """
    payment = signable(world, 50 * USDC)

    receipt = submit(world, payment)

    assert receipt.names() == ["NonceVoided", "PaymentQueued"]
    assert receipt.result != NOTHING
    refused(world, payment, USED)
    world.evm.warp(by=PAYMENT_DELAY)
    p = payment
    args = (p.agent, p.token, p.to, p.amount, p.category, p.ref)
    assert world.wallet.execute(*args, sender=world.stranger).names()[0] == "PaymentExecuted"


def test_pay_signed__twice__pays_once(world: World) -> None:
    """
    A nonce is good for one payment, whoever submits it and whatever is paid with it.
    """
    payment = signable(world, USDC)
    submit(world, payment)
    refused(world, payment, USED)
    refused(world, payment, USED, sender=SIGNER.address)
    refused(world, replace(payment, amount=2 * USDC), USED)


FIELDS: list[dict[str, Any]] = [
    {"token": Address(NATIVE)},
    {"to": Address(actor("thief"))},
    {"amount": USDC + 1},
    {"amount": USDC - 1},
    {"category": REFUND},
    {"ref": ref(2)},
    {"nonce": 1},
    {"deadline": 1_767_571_200 + HOUR + 1},
    {"agent": Address(THIEF.address)},
    {"agent": Address(ZERO)},
]


@pytest.mark.parametrize("change", FIELDS, ids=lambda change: next(iter(change)))
def test_pay_signed__any_field_altered__is_not_by_the_agent(
    world: World, change: dict[str, Any]
) -> None:
    """
    A relayer can change nothing of what was signed.
    """
    payment = signable(world, USDC)
    signature = sign(payment, world.wallet)

    refused(world, replace(payment, **change), NOT_BY_THE_AGENT, signature=signature)
    submit(world, payment, signature)


def test_pay_signed__for_another_wallet_chain_or_epoch__is_not_by_the_agent(world: World) -> None:
    """
    The domain names the wallet and the chain that runs now, and the epoch is signed.
    """
    payment = signable(world, USDC)
    other = world.new_wallet("trading")
    refused(world, payment, NOT_BY_THE_AGENT, signature=sign(payment, other))
    refused(world, payment, NOT_BY_THE_AGENT, signature=sign(payment, world.wallet, chain_id=2))
    later = replace(payment, epoch=1)
    refused(world, later, NOT_BY_THE_AGENT, signature=sign(later, world.wallet))
    world.wallet.cancel_all("", sender=world.keeper)
    refused(world, payment, NOT_BY_THE_AGENT, signature=sign(payment, world.wallet))
    submit(world, later)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\0" * 64,
        b"\0" * 65,
        b"\xff" * 65,
        b"\0" * 66,
        b"\1" * 1024,
    ],
    ids=lambda signature: str(len(signature)),
)
def test_pay_signed__malformed_signature__is_not_by_the_agent(
    world: World, signature: bytes
) -> None:
    """
    Whatever its length; also for the zero address, which failed recoveries give.
    """
    refused(world, signable(world, USDC), NOT_BY_THE_AGENT, signature=signature)
    nobody = signable(world, USDC, agent=Address(ZERO))
    refused(world, nobody, NOT_BY_THE_AGENT, signature=signature)


def test_pay_signed__longer_than_a_signature_can_be__reverts(world: World) -> None:
    """
    1,025 bytes are malformed calldata.
    """
    refused(world, signable(world, USDC), "", signature=b"\0" * 1025)


def test_pay_signed__by_another_key__is_not_by_the_agent(world: World) -> None:
    """
    Not even by a key that is an agent too.
    """
    payment = signable(world, USDC)
    refused(world, payment, NOT_BY_THE_AGENT, signature=sign(payment, world.wallet, THIEF))


def test_pay_signed__deadline__holds_to_its_last_second(world: World) -> None:
    """
    Good while now is at most the deadline, and the deadline at most a day ahead.
    """
    payment = signable(world, USDC, deadline=world.now + HOUR)
    ahead = signable(world, USDC, nonce=1, deadline=world.now + DAY + 1)
    refused(world, ahead, "signatures: deadline too far")
    refused(world, replace(ahead, deadline=MAX), "signatures: deadline too far")
    refused(world, replace(ahead, deadline=0), "signatures: expired")
    submit(world, replace(ahead, deadline=world.now + DAY))
    world.evm.warp(payment.deadline + 1)
    refused(world, payment, "signatures: expired")
    world.evm.warp(payment.deadline)
    submit(world, payment)


def test_pay_signed__order_of_checks__is_the_interfaces(world: World) -> None:
    """
    Deadline, nonce, signature, and then what `pay` checks.
    """
    submit(world, signable(world, USDC))
    late = signable(world, 0, deadline=world.now - 1)
    refused(world, late, "signatures: expired", signature=b"")
    refused(world, replace(late, deadline=world.now), USED, signature=b"")
    fresh = replace(late, deadline=world.now, nonce=1)
    refused(world, fresh, NOT_BY_THE_AGENT, signature=b"")
    refused(world, fresh, "payments: amount out of bounds")
    world.organization.pause(SIGNER.address, 0, "", sender=world.guardian)
    refused(world, fresh, "payments: stopped")


def test_pay_signed__refused_for_the_moment__can_be_submitted_later(world: World) -> None:
    """
    A refusal uses up nothing: when the budget has room again, the same signature pays.
    """
    cut = {"hourly": 100 * USDC, "queue_from": 50 * USDC}
    world.set_budget(agent=SIGNER.address, sender=world.guardian, **cut)
    for nonce in (0, 1):
        submit(world, signable(world, 49 * USDC, nonce=nonce))
    payment = signable(world, 49 * USDC, nonce=2, deadline=world.now + DAY)
    refused(world, payment, "payments: over the hourly limit")
    world.evm.warp(by=HOUR)
    submit(world, payment)


def test_pay_signed__after_rotation__is_void(world: World) -> None:
    """
    What the old key signed is void: it has no budget any more, and its successor did not sign.
    """
    payment = signable(world, USDC)
    signature = sign(payment, world.wallet)
    world.wallet.rotate_agent(SIGNER.address, THIEF.address, sender=world.treasury)
    refused(world, payment, "payments: no budget", signature=signature)
    taken = replace(payment, agent=Address(THIEF.address))
    refused(world, taken, NOT_BY_THE_AGENT, signature=signature)
    submit(world, taken, sign(taken, world.wallet, THIEF))


# Nonces


@pytest.mark.parametrize("nonce", [0, 1, 255, 256, 257, 2**128, MAX - 1, MAX])
def test_nonces__any_in_any_order__each_once(world: World, nonce: int) -> None:
    """
    256 to a word, and no word or bit touches another.
    """
    neighbours = {max(nonce - 1, 0), min(nonce + 1, MAX), nonce ^ 256, nonce ^ (1 << 200)} - {nonce}
    submit(world, signable(world, USDC, nonce=nonce))
    assert world.wallet.nonce_used(SIGNER.address, nonce)
    assert not world.wallet.nonce_used(THIEF.address, nonce)
    for other in neighbours:
        assert not world.wallet.nonce_used(SIGNER.address, other)
        submit(world, signable(world, USDC, nonce=other))
    refused(world, signable(world, USDC, nonce=nonce), USED)


def test_void_nonce__by_its_agent__takes_the_signature_back(world: World) -> None:
    """
    Also while stopped, and only its own; twice says that it was too late.
    """
    payment = signable(world, USDC, nonce=3)
    world.organization.pause(SIGNER.address, 0, "", sender=world.guardian)
    world.wallet.void_nonce(3, sender=world.agent)
    assert not world.wallet.nonce_used(SIGNER.address, 3)

    receipt = world.wallet.void_nonce(3, sender=SIGNER.address)

    assert receipt.events == [
        logged(world.wallet, "NonceVoided", agent=SIGNER.address, nonce=3),
    ]
    refused(world, payment, USED)
    with reverts(USED):
        world.wallet.void_nonce(3, sender=SIGNER.address)


# Agents that are contracts


def smart_world() -> tuple[World, Contract]:
    """
    A wallet with an agent that is a contract, and one that is a key.
    """
    world = World()
    contract = world.evm.deploy(compiled("testing/SignerAgent.vy"), sender=world.deployer)
    world.enable()
    for agent in (contract.address, SIGNER.address):
        world.set_budget(agent=agent)
    world.open()
    world.fund()
    return world, contract


@pytest.mark.parametrize("signature", [b"", b"yes", b"\7" * 65, b"\7" * 1024])
def test_contract__that_takes_the_signature__pays_once(signature: bytes) -> None:
    """
    ERC-1271: what the contract takes, of any length, is its signature.
    """
    world, contract = smart_world()
    payment = signable(world, USDC, agent=Address(contract.address))
    digest = _hash_eip191_message(digest_of(payment, world.wallet))
    refused(world, payment, NOT_BY_THE_AGENT, signature=signature)

    contract.approve(digest, signature, sender=world.stranger)
    refused(world, payment, NOT_BY_THE_AGENT, signature=b"another")
    refused(world, replace(payment, amount=2), NOT_BY_THE_AGENT, signature=signature)
    submit(world, payment, signature)
    refused(world, payment, USED, signature=signature)


@pytest.mark.parametrize("manner", [WRONG, REVERTS, BURNS, SHORT, DIRTY, BOOLEAN])
def test_contract__that_answers_anything_else__has_not_signed(manner: int) -> None:
    """
    Only the whole magic word is a yes. A contract that burns all gas costs its relayer gas.
    """
    world, contract = smart_world()
    contract.set_manner(manner, sender=world.stranger)
    payment = signable(world, USDC, agent=Address(contract.address))
    for signature in (b"", b"\7" * 65, sign(payment, world.wallet)):
        refused(world, payment, NOT_BY_THE_AGENT, signature=signature)


def test_contract__that_is_a_key_as_well__signs_with_its_key() -> None:
    """
    An account with code (EIP-7702) that signs with its own key is not asked.
    """
    world, contract = smart_world()
    contract.set_manner(REVERTS, sender=world.stranger)
    world.evm.set_code(SIGNER.address, world.evm.revm.basic(contract.address).code)

    submit(world, signable(world, USDC))


def test_contract__that_submits_its_own__is_a_relayer_as_any() -> None:
    """
    A contract may bring what it signed itself.
    """
    world, contract = smart_world()
    payment = signable(world, USDC, agent=Address(contract.address))
    digest = _hash_eip191_message(digest_of(payment, world.wallet))
    contract.approve(digest, b"", sender=world.stranger)
    call = world.wallet.calldata("pay_signed", *arguments(payment, b""))

    contract.do(world.wallet.address, call, sender=world.stranger)

    assert world.token.balanceOf(world.recipient) == USDC
