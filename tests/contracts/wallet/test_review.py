"""
Attacks that an independent reading of the contracts thought of, and why each comes to nothing:
calldata that points anywhere, and gas that a relayer chooses.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode

from bursar.signed_payments import SignablePayment
from tests.contracts.wallet.signing import SIGNER, arguments, sign, signable, submit
from tests.contracts.wallet.support import (
    due,
    hostile_recipient,
    left,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import Reverted
from tests.harness.world import DAY, GENERAL, NATIVE, REFUND, USDC, World, ref

# The order of secp256k1: s and ORDER - s sign the same.
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141

# Somebody may add these to an amount, a length or an offset.
WILD = [0, 1, 31, 32, 64, 96, 100, 101, 2**63, 2**64, 2**128, 2**160, 2**255, 2**256 - 32]


# Calldata


def send(world: World, data: bytes) -> bool:
    """
    Raw calldata by the agent; whether it passed. If so: what was logged is what was moved and
    what was charged, payment by payment.
    """
    wallet, before = world.wallet.address, left(world)
    held = world.token.balanceOf(wallet)
    try:
        world.evm.transact(world.agent, wallet, data)
    except Reverted:
        assert (world.token.balanceOf(wallet), left(world)) == (held, before)
        return False
    events = world.evm.events()
    paid = [event for event in events if event.name == "Paid"]
    moves = [event for event in events if event.name == "Transfer"]
    assert [(p.to, p.amount) for p in paid] == [(m.receiver, m.amount) for m in moves]
    assert all(0 < p.amount <= 100 * USDC for p in paid)
    total = held - world.token.balanceOf(wallet)
    assert total == sum(p.amount for p in paid) == before[1] - left(world)[1]
    assert before[2] - left(world)[2] == len(paid)
    return True


def batch_call(world: World) -> bytes:
    """
    Two payments, in calldata as the ABI wants it.
    """
    payments = [(world.recipient, USDC, ref(1)), (world.stranger, 2 * USDC, ref(2))]
    return world.wallet.calldata("pay_many", world.token.address, GENERAL, payments)


def test_review__batch_that_starts_anywhere__is_charged_as_it_is_paid() -> None:
    """
    The list is read twice, to charge and to pay. Wherever its offset points, also around the end
    of 2^256, both readings are the same, and nothing is paid that was not charged.
    """
    world = opened(hourly=1_000 * USDC)
    call = batch_call(world)
    offsets = {*WILD, *range(0, 320, 16), *(2**256 - back for back in range(1, 140))}
    passed = [at for at in sorted(offsets) if send(world, call[:68] + at.to_bytes(32) + call[100:])]
    assert 96 in passed


def test_review__garbled_batches__are_charged_as_they_are_paid() -> None:
    """
    Words replaced, bytes flipped, ends cut off or added to: refused as a whole or paid as charged.
    """
    world = opened(hourly=1_000 * USDC, max_payments=16_383)
    call, dice = batch_call(world), random.Random(6)
    passed = 0
    for _ in range(1_500):
        if min(left(world)) < 300 * USDC:
            world.evm.warp(by=DAY)
            world.fund(1_000 * USDC)
        passed += send(world, garbled(call, dice))
    assert passed > 100


def garbled(call: bytes, dice: random.Random) -> bytes:
    """
    The same calldata with up to three things done to it.
    """
    words = [*WILD, USDC, 100 * USDC, 100 * USDC + 1]
    data = bytearray(call)
    for _ in range(dice.choice([1, 1, 2, 3])):
        at = dice.randrange(4, len(call))
        word = at - (at - 4) % 32
        data = dice.choice(
            [
                data[:word] + dice.choice(words).to_bytes(32) + data[word + 32 :],
                data[:at] + dice.randbytes(1) + data[at + 1 :],
                data[:at],
                data + dice.randbytes(dice.randrange(70)),
            ]
        )
    return bytes(data)


def test_review__recipient_with_dirty_bytes__refuses_the_batch() -> None:
    """
    An address is 20 bytes: with more it is nobody, in the last payment as in the first.
    """
    world = opened()
    call = batch_call(world)
    for at in (4 + 4 * 32, 4 + 7 * 32):
        assert not send(world, call[:at] + b"\1" + call[at + 1 :])
    assert send(world, call)


def test_review__signature_found_elsewhere__is_still_of_one_payment() -> None:
    """
    Where in the calldata the signature lies is not signed. What was signed is paid, and once.
    """
    world = opened({"agent": SIGNER.address})
    payment = signable(world, USDC)
    signature = sign(payment, world.wallet)
    call = world.wallet.calldata("pay_signed", *arguments(payment, signature))
    tail = encode(["uint256"], [65]) + signature
    moved = call[: 4 + 8 * 32] + encode(["uint256"], [len(call) - 4]) + call[4 + 9 * 32 :] + tail
    world.evm.transact(world.stranger, world.wallet.address, moved)
    assert world.token.balanceOf(world.recipient) == USDC
    with reverts("signatures: nonce used"):
        submit(world, payment, signature)


def test_review__other_signature_of_the_same_payment__pays_no_second_time() -> None:
    """
    Anybody can make a second valid signature out of one (s for its opposite): the nonce is used.
    """
    world = opened({"agent": SIGNER.address})
    payment = signable(world, USDC)
    signature = sign(payment, world.wallet)
    opposite = ORDER - int.from_bytes(signature[32:64])
    other = signature[:32] + opposite.to_bytes(32) + bytes([27 + 28 - signature[64]])
    submit(world, payment, other)
    with reverts("signatures: nonce used"):
        submit(world, payment, signature)


# Gas


def by_gas(world: World, data: bytes, most: int) -> Iterator[bool]:
    """
    The same call by a stranger with ever more gas, each on the same state: whether it passed.
    """
    revm = world.evm.revm
    before = observed(world)
    for gas in range(40_000, most, 211):
        kept = revm.snapshot()
        revm.reset_transient_storage()
        try:
            revm.message_call(world.stranger, world.wallet.address, data, 0, gas)
        except RuntimeError:
            assert observed(world) == before
            yield False
        else:
            assert world.evm.events()[-2].amount == USDC
            bases = [event for event in world.evm.events() if event.name == "ShareBaseSet"]
            assert [base.balance for base in bases] == [5_000 * USDC]
            yield True
        revm.revert(kept)


def signed_call(world: World, **changes: Any) -> bytes:
    """
    The calldata of a signed payment of 1 out of the budget with a share.
    """
    payment: SignablePayment = replace(signable(world, USDC, category=REFUND), **changes)
    return world.wallet.calldata("pay_signed", *arguments(payment, sign(payment, world.wallet)))


@pytest.mark.parametrize("token", ["", NATIVE], ids=["token", "native"])
def test_review__relayer_who_chooses_the_gas__gets_all_or_nothing(token: str) -> None:
    """
    Calls that may fail (for the balance, to the recipient) fail when their gas is short. That never
    passes as an empty balance that fixes the share, nor as money that was refused.
    """
    share = {"agent": SIGNER.address, "category": REFUND, "share_bps": 1_000}
    world = opened(share, share | {"token": NATIVE})
    changes = {"token": NATIVE, "to": hostile_recipient(world).address} if token else {}
    passed = list(by_gas(world, signed_call(world, **changes), 110_000))
    assert passed == sorted(passed)
    assert set(passed) == {False, True}


def test_review__executor_who_chooses_the_gas__gets_all_or_nothing() -> None:
    """
    Likewise for who executes what has waited: with too little gas it goes on waiting.
    """
    world = opened(share_bps=1_000, queue_from=USDC)
    queue(world, USDC)
    due(world)
    data = world.wallet.calldata("execute", world.agent, *world.payment(USDC))
    passed = list(by_gas(world, data, 80_000))
    assert passed == sorted(passed)
    assert set(passed) == {False, True}
