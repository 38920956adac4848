"""
Attacks that worked elsewhere, tried here: docs/security/known-attacks.md says where each is from.
"""

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from eth_account import Account

from bursar.types import Address
from tests.contracts.wallet.attacker import LOOT, Attacker
from tests.contracts.wallet.signing import (
    CHAIN_ID,
    SIGNER,
    THIEF,
    arguments,
    sign,
    signable,
    submit,
)
from tests.contracts.wallet.support import (
    PAYMENT_DELAY,
    PAYROLL,
    ZERO,
    execute,
    hostile_token,
    left,
    observed,
    opened,
    queue,
    reverts,
    waited,
)
from tests.harness.evm import MONDAY, Reverted, actor, compiled
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, Budget, World, ref

# The order of secp256k1's group.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signing_world(**figures: Any) -> World:
    """
    A wallet in which the agent that signs has the usual budget.
    """
    return opened({"agent": SIGNER.address, **figures})


def smart_account(world: World, owner: str, name: str) -> str:
    """
    A contract whose ERC-1271 is the naive one of the standard's own example: whatever `owner`'s key
    signed is good, whichever account it was meant for. Written by hand: ecrecover(hash, v, r, s).
    """
    code = (
        "600435600052"  # hash
        "60a43560f81c602052"  # v
        "606435604052"  # r
        "608435606052"  # s
        "602060806080600060015afa50"  # ecrecover
        f"73{owner[2:]}60805114"  # is it the owner?
        "631626ba7e60e01b02"  # then the magic value, else zero
        "60005260206000f3"
    )
    account = actor(name)
    world.evm.set_code(account, bytes.fromhex(code))
    return account


# Nonces and signatures


def test_nonce__at_the_ends_of_its_range__is_good_for_one_payment() -> None:
    """
    A uint16 wrapped and let the first signature in again. Here each of 2^256 is used once: neither
    its neighbours nor the other end of the range bring it back.
    """
    world = signing_world()
    ends = [0, 1, 127, 128, 255, 256, 384, 2**16 - 1, 2**16, 2**128, 2**248, MAX - 256, MAX]

    for n, nonce in enumerate(ends):
        submit(world, signable(world, USDC, nonce=nonce, ref=ref(n)))
    for n, nonce in enumerate(ends):
        payment = signable(world, USDC, nonce=nonce, ref=ref(n))
        with reverts("signatures: nonce used"):
            submit(world, payment)

    assert world.token.balanceOf(world.recipient) == len(ends) * USDC


def test_nonce__skipped_or_held_back__holds_up_no_other() -> None:
    """
    In a queue or a sequence one that fails blocks all that follow. Here there is no order.
    """
    world = signing_world()
    stuck = signable(world, 101 * USDC, nonce=0)
    later = [signable(world, USDC, nonce=n, ref=ref(n)) for n in (7, 3, 5, 1)]

    with reverts("payments: amount out of bounds"):
        submit(world, stuck)
    for payment in later:
        submit(world, payment)

    assert world.token.balanceOf(world.recipient) == 4 * USDC
    assert not world.wallet.nonce_used(SIGNER.address, 0)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_signature__that_recovers_nobody__is_nobodys(v: int) -> None:
    """
    ecrecover answers zero for what is no signature: whoever compares it with an unset agent lets
    everybody in. The zero address is no agent, and cannot be made one.
    """
    world = signing_world()
    garbage = b"\1" * 64 + bytes([v])

    for agent in (ZERO, SIGNER.address, world.agent):
        payment = signable(world, USDC, agent=Address(agent))
        with reverts("signatures: not by the agent"):
            submit(world, payment, garbage)
    with reverts("agents: zero address"):
        World().set_budget(agent=ZERO)


def test_signature__turned_over__pays_no_second_time() -> None:
    """
    Every signature has a twin with another s. It is good for the same payment, and that is paid
    once, because not the signature is remembered but the nonce.
    """
    world = signing_world()
    payment = signable(world, USDC)
    signature = sign(payment, world.wallet)
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    twin = r + (ORDER - s).to_bytes(32) + bytes([55 - v])

    submit(world, payment, twin)
    with reverts("signatures: nonce used"):
        submit(world, payment, signature)

    assert world.token.balanceOf(world.recipient) == USDC


def test_signature__for_another_chain_wallet_or_epoch__is_refused() -> None:
    """
    Signatures were replayed on forks and on copies of a contract. Chain, wallet and epoch are
    signed, and the chain is the one that runs now.
    """
    world = signing_world()
    other = world.new_wallet("other")
    payment = signable(world, USDC)

    for wrong in (
        sign(payment, world.wallet, chain_id=CHAIN_ID + 1),
        sign(payment, other),
        sign(signable(world, USDC, epoch=1), world.wallet),
    ):
        with reverts("signatures: not by the agent"):
            submit(world, payment, wrong)
    signature = sign(payment, world.wallet)
    world.wallet.cancel_all("leak", sender=world.keeper)
    with reverts("signatures: not by the agent"):
        submit(world, payment, signature)


def test_signature__of_one_owner_of_two_smart_accounts__is_good_for_one() -> None:
    """
    ERC-1271 as its standard shows it takes a signature that was meant for another account of the
    same owner. The agent is among what is signed, so the other account's budget stays untouched.
    """
    world = World()
    world.enable()
    first, second = (smart_account(world, SIGNER.address, name) for name in ("first", "second"))
    for account in (first, second, SIGNER.address):
        world.set_budget(agent=account)
    world.open()
    world.fund()
    payment = signable(world, USDC, agent=Address(first))
    signature = sign(payment, world.wallet)

    for other in (second, SIGNER.address):
        with reverts("signatures: not by the agent"):
            submit(world, signable(world, USDC, agent=Address(other)), signature)
    with reverts("signatures: not by the agent"):
        submit(world, payment, sign(payment, world.wallet, THIEF))
    submit(world, payment, signature)

    assert left(world, agent=first)[0] == 299 * USDC
    assert left(world, agent=second)[0] == left(world, agent=SIGNER.address)[0] == 300 * USDC


@pytest.mark.parametrize("field", ["agent", "token", "to", "amount", "category", "ref"])
def test_relayer__that_alters_a_permission__has_none(field: str) -> None:
    """
    Relayers forged or widened what they were given. Each field is signed.
    """
    world = signing_world()
    other = {
        "agent": Address(world.agent),
        "token": Address(NATIVE),
        "to": Address(LOOT),
        "amount": 2 * USDC,
        "category": REFUND,
        "ref": ref(9),
    }
    payment = signable(world, USDC)

    altered = replace(payment, **{field: other[field]})
    with reverts("signatures: not by the agent"):
        submit(world, altered, sign(payment, world.wallet))

    assert world.token.balanceOf(world.wallet.address) == 5_000 * USDC


def test_relayer__that_appends_an_address__is_still_itself() -> None:
    """
    With ERC-2771 the last 20 bytes of calldata say who calls, and batches forged them. Here who
    calls is who calls: calldata with a tail is no call at all, or one by its sender.
    """
    world = opened()
    call = world.wallet.calldata("pay", *world.payment(USDC, to=LOOT))
    tails = [bytes.fromhex(world.agent[2:]), encode(["address"], [world.agent])]

    for tail, sender in itertools.product(tails, (world.stranger, world.keeper, LOOT)):
        with pytest.raises(Reverted):
            world.evm.transact(sender, world.wallet.address, call + tail)

    assert world.token.balanceOf(LOOT) == 0


def test_relayer__that_gives_too_little_gas__uses_up_nothing() -> None:
    """
    Where an inner call may fail alone, a relayer starves it and burns the signature. Here it all
    happens or nothing does, with whatever gas.
    """
    world = signing_world()
    payment = signable(world, USDC)
    wallet = world.wallet
    call = wallet.calldata("pay_signed", *arguments(payment, sign(payment, wallet)))
    nothing = observed(world)
    paid = 0

    for gas in range(30_000, 200_000, 1_000):
        world.evm.revm.reset_transient_storage()
        try:
            world.evm.revm.message_call(world.stranger, wallet.address, call, 0, gas)
        except RuntimeError:
            assert paid or (observed(world) == nothing and not wallet.nonce_used(SIGNER.address, 0))
        else:
            paid += 1

    assert paid == 1
    assert world.token.balanceOf(world.recipient) == USDC


# Limits


def test_limits__two_permissions_for_one_agent__do_not_add_up() -> None:
    """
    Elsewhere an hourly and a daily permission are two, and their sum is what leaves. Here one
    budget holds both, setting it again replaces it, and the narrower one decides.
    """
    world = World()
    world.enable()
    world.set_budget(per_payment=50 * USDC, hourly=50 * USDC, daily=1_000 * USDC)
    world.set_budget(per_payment=60 * USDC, hourly=60 * USDC, daily=70 * USDC)
    world.open()
    world.fund()

    thief = Attacker(world, world.agent, seed=1)
    by_hour = []
    for _ in range(3):
        by_hour.append(thief.drain(world.token.address, GENERAL, 60 * USDC) // USDC)
        world.evm.warp(by=HOUR)

    assert by_hour == [60, 10, 0]


def test_limits__per_payment_again_and_again__is_bounded_by_the_hour_and_the_day() -> None:
    """
    A limit that no counter remembers bounds one call and not their sum.
    """
    world = opened()
    paid = 0

    for hour in range(48):
        world.evm.warp(MONDAY + hour * HOUR)
        for _ in range(10):
            try:
                world.pay(100 * USDC, to=LOOT)
            except Reverted:
                break
            paid += 100

    assert paid == 2 * 1_000
    assert world.token.balanceOf(LOOT) == 2_000 * USDC


def test_limits__failed_transfer__uses_up_nothing() -> None:
    """
    In a mode that goes on after failures, one was counted without having paid. Nothing is counted
    that was not paid, by any way there is to pay.
    """
    world = World()
    token = world.token = hostile_token(world)
    world.set_budget(token=token.address, agent=SIGNER.address)
    world.set_budget(token=token.address, category=REFUND, queue_from=0)
    world.open()
    token.set_refusal("token: frozen", sender=world.deployer)
    world.pay(USDC, category=REFUND, token=token.address)
    world.evm.warp(by=PAYMENT_DELAY)
    before = observed(world)
    many = [(world.recipient, USDC, ref(n)) for n in range(3)]
    payment = signable(world, USDC)

    with reverts("token: frozen"):
        world.pay(USDC, token=token.address)
    with reverts("token: frozen"):
        world.wallet.pay_many(token.address, GENERAL, many, sender=world.agent)
    with reverts("token: frozen"):
        submit(world, payment)
    with reverts("token: frozen"):
        execute(world, USDC, token=token.address, category=REFUND)

    assert observed(world) == before
    assert not world.wallet.nonce_used(SIGNER.address, 0)
    token.set_refusal("", sender=world.deployer)
    submit(world, payment)


@pytest.mark.parametrize("figure", ["per_payment", "hourly", "daily", "max_payments"])
def test_limits__zero__is_nothing_and_never_everything(figure: str) -> None:
    """
    Elsewhere 0 reads as no limit. Here it lets nothing through, or is no budget at all.
    """
    world = World()
    world.enable()
    figures = Budget()._replace(**{figure: 0})
    if figure == "max_payments":
        with reverts("budgets: max_payments invalid"):
            world.set_budget(figures)
        return
    consistent = figures._replace(per_payment=0)
    consistent = consistent._replace(hourly=0) if figure == "daily" else consistent
    world.set_budget(consistent)
    world.open()
    world.fund()

    for amount in (1, USDC, MAX):
        with pytest.raises(Reverted):
            world.pay(amount)
    assert world.token.balanceOf(world.wallet.address) == 5_000 * USDC


def test_limits__zero_of_the_wallet_or_the_queue__is_off_and_all() -> None:
    """
    A wallet's limit of 0 disables the token; `queue_from` 0 makes every payment wait.
    """
    world = opened(queue_from=0)
    queue(world, 1)
    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)

    with reverts("payments: token is not enabled"):
        world.pay(2, ref=ref(2))
    world.evm.warp(by=PAYMENT_DELAY)
    with reverts("payments: token is not enabled"):
        execute(world, 1)


def test_limits__set_again__forget_nothing_that_was_spent() -> None:
    """
    An edit of a limit put its counter back to zero. Lowered, raised, removed and set again within a
    day, the budget still knows what it paid.
    """
    world = opened(change_delay=HOUR)
    for _ in range(3):
        world.pay(100 * USDC)
    key = (world.agent, world.token.address, GENERAL)

    world.set_budget(daily=400 * USDC, sender=world.guardian)
    assert left(world) == (0, 100 * USDC, 97)
    world.set_budget(Budget(*[0] * 7, False, False), sender=world.guardian)
    waited(world, world.wallet, "set_budget", *key, tuple(Budget()))

    assert left(world) == (300 * USDC, 700 * USDC, 97)


def test_limits__across_midnight__rolling_lets_out_one_day_and_not_two() -> None:
    """
    Seven peers let twice the limit out within two minutes of a boundary. So does a UTC day here, by
    design; a rolling budget does not.
    """
    out = {}
    for rolling in (False, True):
        world = opened(hourly=1_000 * USDC, per_payment=1_000 * USDC, rolling=rolling)
        thief = Attacker(world, world.agent, seed=1)
        world.evm.warp(MONDAY + DAY - 60)
        thief.drain(world.token.address, GENERAL, 1_000 * USDC)
        world.evm.warp(MONDAY + DAY + 60)
        thief.drain(world.token.address, GENERAL, 1_000 * USDC)
        out[rolling] = world.token.balanceOf(LOOT)

    assert out == {False: 2_000 * USDC, True: 1_000 * USDC}


def test_limits__token_without_one__is_not_spent_by_anybody() -> None:
    """
    A limit in one currency left all other tokens open. What has no budget and no limit of its own
    cannot be paid, however it came in.
    """
    world = opened()
    stray = world.new_token()
    stray.mint(world.wallet.address, 10**12, sender=world.deployer)
    world.evm.fund(world.wallet.address, 10**18)
    thief = Attacker(world, world.agent, seed=1)

    for token in (stray.address, NATIVE):
        for category in (GENERAL, REFUND, PAYROLL):
            assert thief.drain(token, category, 10**12) == 0

    assert stray.balanceOf(world.wallet.address) == 10**12


def test_token__paid_by_any_way__takes_no_native_money_along() -> None:
    """
    A permission for a token said nothing of the native value that went with it. No payment in a
    token sends any, though the wallet has some and the agent may spend it.
    """
    world = opened(
        {"token": NATIVE}, {"category": REFUND, "queue_from": 0}, {"agent": SIGNER.address}
    )
    before = world.evm.balance(world.wallet.address)

    world.pay(USDC)
    batch = [(world.recipient, USDC, ref(2))]
    world.wallet.pay_many(world.token.address, GENERAL, batch, sender=world.agent)
    submit(world, signable(world, USDC))
    queue(world, USDC, category=REFUND)
    world.evm.warp(by=PAYMENT_DELAY)
    execute(world, USDC, category=REFUND)

    assert before == world.evm.balance(world.wallet.address) > 0
    assert world.token.balanceOf(world.recipient) == 4 * USDC


def test_batch__with_one_that_is_not_allowed__pays_none() -> None:
    """
    Batches smuggled forbidden calls behind allowed ones. Every entry is judged, and each counts.
    """
    world = opened(max_payments=5, queue_from=60 * USDC)
    before = observed(world)
    good = (world.recipient, USDC, ref(1))
    smuggled = [
        ((world.recipient, 100 * USDC + 1, ref(2)), "payments: amount out of bounds"),
        ((world.recipient, 0, ref(2)), "payments: amount out of bounds"),
        ((world.wallet.address, USDC, ref(2)), "payments: recipient not allowed"),
        ((ZERO, USDC, ref(2)), "payments: recipient not allowed"),
        ((world.recipient, 60 * USDC, ref(2)), "payments: one has to wait"),
    ]

    for bad, reason in smuggled:
        for batch in ([bad, good], [good, bad], [good, bad, good]):
            with reverts(reason):
                world.wallet.pay_many(world.token.address, GENERAL, batch, sender=world.agent)
    with reverts("payments: too many today"):
        world.wallet.pay_many(world.token.address, GENERAL, [good] * 6, sender=world.agent)

    assert observed(world) == before


def test_batch__whose_sum_overflows__is_refused() -> None:
    """
    Sums of a batch wrapped around and passed the limit. A hundred of the largest payments do not.
    """
    largest = (2**30 - 2) * 10**31
    world = opened(per_payment=largest, hourly=largest, daily=largest)

    with pytest.raises(Reverted):
        batch = [(LOOT, largest, ref(n)) for n in range(100)]
        world.wallet.pay_many(world.token.address, GENERAL, batch, sender=world.agent)
    for amount in (MAX, MAX - 1, 2**255):
        batch = [(LOOT, amount, ref(1)), (LOOT, amount, ref(2))]
        with reverts("payments: amount out of bounds"):
            world.wallet.pay_many(world.token.address, GENERAL, batch, sender=world.agent)


# Ways around


@pytest.mark.parametrize("seed", range(3))
def test_agent__whatever_it_calls__leaves_no_approval_behind(seed: int) -> None:
    """
    A key with a limit on transfers approved itself and transferred later. No call by anybody makes
    the wallet approve anything, sign anything, or call what it is told to.
    """
    world = opened({"category": REFUND, "queue_from": 10 * USDC})
    holders = [LOOT, world.agent, world.guardian, world.keeper, world.stranger, world.treasury]
    thieves = [Attacker(world, who, seed) for who in holders[1:5]]

    for _ in range(150):
        for thief in thieves:
            thief.anything(leave_out=("pause_self", "pause"))
        world.evm.warp(by=random.Random(seed).choice([0, 601]))

    assert sum(thief.passed for thief in thieves) > 20
    for holder in [*holders, world.wallet.address, world.organization.address]:
        assert world.token.allowance(world.wallet.address, holder) == 0
    names = set(world.wallet.artifact.functions)
    assert not names & {"approve", "permit", "multicall", "call", "delegate", "isValidSignature"}


def test_queue__one_that_cannot_be_made__blocks_no_other() -> None:
    """
    In a first-in-first-out queue a transaction that reverts holds up all behind it. Each payment
    waits for itself: they are made, and cancelled, in any order.
    """
    world = opened(queue_from=0, hourly=1_000 * USDC)
    queue(world, 100 * USDC, ref=ref(0))
    for n in range(1, 5):
        queue(world, n * USDC, ref=ref(n))
    world.set_budget(per_payment=50 * USDC, queue_from=0, sender=world.guardian)
    world.evm.warp(by=PAYMENT_DELAY)

    with reverts("payments: amount out of bounds"):
        execute(world, 100 * USDC, ref=ref(0))
    for n in (3, 1, 4):
        execute(world, n * USDC, ref=ref(n))
    second = world.wallet.payment_id(world.agent, *world.payment(2 * USDC, ref=ref(2)))
    world.wallet.cancel(second, "", sender=world.agent)

    assert world.token.balanceOf(world.recipient) == 8 * USDC


def test_operations__that_nobody_executed__do_not_stay_executable() -> None:
    """
    Elsewhere what was once scheduled can be executed for ever. Payments and changes expire.
    """
    world = opened(queue_from=0)
    queue(world, USDC)
    key = (world.agent, world.token.address, GENERAL)
    change = (*key, tuple(Budget(daily=5_000 * USDC)))
    world.schedule(world.wallet, "set_budget", *change)
    payment = signable(world, USDC)

    world.evm.warp(by=PAYMENT_DELAY + DAY)
    with reverts("queue: expired"):
        execute(world, USDC)
    with reverts("signatures: expired"):
        submit(world, payment)
    world.evm.warp(by=30 * DAY)
    with reverts("timelock: expired"):
        world.apply(world.wallet, "set_budget", *change)


def test_blueprint__is_no_wallet_that_anybody_could_take_over() -> None:
    """
    A library that anybody could initialise was taken over and destroyed. The blueprint runs no
    code, a wallet has nothing to initialise, and outside an organisation there is none.
    """
    world = opened()
    for function in world.wallet.artifact.functions.values():
        data = function.selector + b"\0" * 512
        with pytest.raises(Reverted):
            world.evm.transact(world.stranger, world.blueprint, data)
    with pytest.raises(Reverted):
        world.evm.deploy(compiled("HotWallet.vy"), "copy", sender=LOOT)
    for reach, values in (
        ("changed", (b"\0" * 32, world.agent)),
        ("rotated", (world.agent, LOOT)),
    ):
        with reverts("registry: not a wallet"):
            world.organization.call(reach, *values, sender=LOOT)

    assert world.evm.code_size(world.blueprint) > 10_000
    names = set(world.wallet.artifact.functions) | set(world.organization.artifact.functions)
    assert not {name for name in names if "init" in name or "upgrade" in name or "owner" in name}


def test_recipient__that_is_the_token_or_a_contract_of_ours__gains_no_say() -> None:
    """
    Money sent to a contract of the system moved its accounts. Paying the token or the organisation
    is a transfer like any other.
    """
    world = opened()
    before = [world.organization.roles(who) for who in (world.agent, LOOT)]

    for to in (world.token.address, world.organization.address, world.blueprint):
        world.pay(USDC, to=to)

    assert [world.organization.roles(who) for who in (world.agent, LOOT)] == before
    assert world.token.balanceOf(world.wallet.address) == 4_997 * USDC
    assert left(world)[0] == 297 * USDC


def steal(world: World, way: str, amount: int, number: int) -> bool:
    """
    One attempt by the thief of the signing agent's key; whether it passed.
    """
    wallet, token, key = world.wallet, world.token.address, SIGNER.address
    try:
        if way == "signatures":
            to, this = Address(LOOT), ref(number)
            submit(world, signable(world, amount, to=to, ref=this, nonce=number))
        elif way == "batches":
            batch = [(LOOT, amount // 4, ref(number))] * 4
            wallet.pay_many(token, GENERAL, batch, sender=key)
        else:
            wallet.pay(token, LOOT, amount, GENERAL, ref(number), sender=key)
    except Reverted:
        return False
    return True


@pytest.mark.parametrize(
    "ways", [["payments"], ["batches"], ["signatures"], ["batches", "payments", "signatures"]]
)
def test_key__stolen__takes_the_same_by_whatever_way_it_pays(ways: list[str]) -> None:
    """
    There is one door: payments, batches and signatures come out of the same windows, to the last
    base unit.
    """
    world = opened({"agent": SIGNER.address, "max_payments": 10_000}, funds=50_000 * USDC)
    number = 0
    by_day = []
    for hour in range(48):
        world.evm.warp(MONDAY + hour * HOUR + 1)
        amount = 100 * USDC
        while amount:
            number += 1
            if not steal(world, ways[number % len(ways)], amount, number):
                amount = amount // 2 if amount > 3 else 0
        if hour % 24 == 23:
            by_day.append(world.token.balanceOf(LOOT))

    assert by_day[0] <= 1_000 * USDC
    assert by_day[1] - by_day[0] <= 1_000 * USDC
    assert by_day[1] > 1_990 * USDC


def test_key__stopped_for_an_hour__can_use_afterwards_what_it_signed_before() -> None:
    """
    What a stop alone does not do: a signature that is good for a day outlives it. Voiding all
    ends that, and so does a new key.
    """
    world = signing_world()
    payments = [
        signable(world, USDC, nonce=n, ref=ref(n), deadline=world.now + DAY) for n in range(3)
    ]
    world.organization.pause(SIGNER.address, HOUR, "alarm", sender=world.guardian)

    with reverts("payments: stopped"):
        submit(world, payments[0])
    world.evm.warp(by=HOUR)
    submit(world, payments[0])
    signature = sign(payments[1], world.wallet)
    world.wallet.cancel_all("alarm", sender=world.keeper)

    with reverts("signatures: not by the agent"):
        submit(world, payments[1], signature)
    assert world.token.balanceOf(world.recipient) == USDC


def test_key__that_is_asked_to_say_yes_to_everything__spends_its_own_budget_only() -> None:
    """
    An agent that does whatever it reads signs whatever it is told. What that can cost is the same
    as for a stolen key: what its own budget lets out, to nobody else's account.
    """
    world = signing_world()
    victim = Account.from_key(b"\x33" * 32)
    others = observed(world)["budgets"][(world.agent, world.token.address, GENERAL)]
    taken = 0

    for nonce in range(20):
        payment = signable(world, 100 * USDC, nonce=nonce, to=Address(LOOT), ref=ref(nonce))
        try:
            submit(world, payment)
        except Reverted:
            continue
        taken += 1
    with reverts("signatures: not by the agent"):
        submit(world, signable(world, USDC, agent=Address(victim.address), nonce=50))

    assert taken == 3
    assert observed(world)["budgets"][(world.agent, world.token.address, GENERAL)] == others
