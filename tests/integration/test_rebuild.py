"""
Logs of a real node → events → state, which answers every view as the contracts themselves do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from bursar.chain.contracts import Contract, wallet_at
from bursar.changes import change_id, encode_call
from bursar.devnet import USDC, address_of
from bursar.events import EVENTS, Event, PaymentQueued
from bursar.reference import VIEWS, view
from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.state import State, fold
from bursar.types import DAY, EMPTY, HOUR, NATIVE, Address, Bytes32
from tests.integration.live import GENERAL, LiveWorld, budget, ref

REFUND = Bytes32(b"refund".ljust(32, b"\0"))
AGENTS = ("agent", "other agent", "clerk", "heir", "roller", "sharer", "signer")


def live(world: LiveWorld) -> None:
    """
    Do everything that leaves an event, some of it so that it has overtaken something else.
    """
    usdc, agent, other = world.usdc.address, address_of(world.agent), address_of(world.other_agent)
    wallet, organization = world.wallet, world.organization

    world.pay(100 * USDC)
    world.pay(33_333_333, ref=ref(2))
    world.pay(7, key=world.clerk, wallet=world.second_wallet)
    queued = [
        world.logged(world.pay(80 * USDC + n, key=world.other_agent), PaymentQueued)
        for n in range(3)
    ]
    wallet.send(world.other_agent, "cancel", queued[0].id, "changed my mind")
    world.chain.warp(to=queued[2].ready_at)
    wallet.send(world.stranger, "execute", other, *world.payment(80 * USDC + 1))

    world.by_treasury(
        organization.build_call("set_keeper", address_of(world.relayer), True),
        organization.build_call("set_guardian", address_of(world.stranger), True),
        wallet.build_call("set_recipients", [world.recipient], False),
        wallet.build_call("set_payment_delay", HOUR),
        wallet.build_call("set_grace", HOUR),
        wallet.build_call("set_wallet_limit", usdc, 1_500 * USDC),
        wallet.build_call("set_max_balance", usdc, 9_000 * USDC),
        organization.build_call("set_heartbeat_timeout", 3 * DAY),
    )
    coarse = budget(per_payment=10**12, hourly=10**14, daily=10**18, queue_from=0)
    changes = [
        ("set_budget", agent, usdc, GENERAL, budget(per_payment=150 * USDC)),
        ("set_budget", agent, usdc, REFUND, coarse),
        ("set_budget", other, usdc, GENERAL, budget(per_payment=150 * USDC)),
        ("set_wallet_limit", usdc, 3_000 * USDC),
        ("set_wallet_limit", NATIVE, 10**18),
        ("set_recipients", [world.recipient], True),
        ("set_grace", 2 * DAY),
    ]
    calls = [encode_call(*change) for change in changes]
    world.by_treasury(
        *(organization.build_call("schedule", wallet.address, call) for call in calls),
        organization.build_call(
            "schedule",
            organization.address,
            encode_call("set_guardian", address_of(world.guardian), False),
        ),
    )
    lower = budget(hourly=200 * USDC, queue_from=80 * USDC)
    wallet.send(world.other_agent, "set_budget", other, usdc, GENERAL, lower)
    world.by_treasury(wallet.build_call("set_wallet_limit", usdc, 1_400 * USDC))
    organization.send(world.guardian, "veto", change_id(wallet.address, calls[6]), "no")
    organization.send(world.keeper, "heartbeat")
    world.chain.warp(by=2 * DAY)
    for call in (calls[1], calls[4], calls[5]):
        organization.send(world.stranger, "apply", wallet.address, call)
    organization.send(world.guardian, "veto_all", "start over")

    stop = (address_of(world.clerk), 0, "\N{POLICE CARS REVOLVING LIGHT} odd")
    organization.send(world.keeper, "pause", *stop)
    organization.send(world.guardian, "pause", world.second_wallet.address, 5 * HOUR, "a while")
    wallet.send(world.other_agent, "pause_self", HOUR, "my host is being patched")
    number = organization.view("pause_number", address_of(world.clerk))
    world.by_treasury(
        organization.build_call("unpause", address_of(world.clerk), number, "looked at"),
        organization.build_call("set_change_delay", 3 * DAY),
        wallet.build_call("rotate_agent", agent, address_of(world.chain.new_account("heir"))),
        *world.build_refill(world.wallet, 500 * USDC, ref(3)),
    )
    heir = world.chain.new_account("heir")
    world.pay(44 * USDC, key=heir)
    world.pay(3, key=heir, category=REFUND, ref=ref(4))
    wallet.send(world.keeper, "cancel_all", "clean up")
    world.pay(5, key=heir, category=REFUND, ref=ref(5))
    world.second_wallet.send(world.guardian, "sweep", usdc, "retired")
    world.create_wallet("defi")
    live_on(world)


def live_on(world: LiveWorld) -> None:
    """
    Everything that counts otherwise: any 24 hours, a share of the balance, batches, signatures.
    """
    usdc, chain = world.usdc.address, world.chain
    roller, sharer, signer = (chain.new_account(name) for name in ("roller", "sharer", "signer"))
    desk = world.create_wallet("desk")
    world.open_wallet(
        desk,
        {
            roller: budget(rolling=True, daily=500 * USDC),
            sharer: budget(share_bps=500),
            signer: budget(queue_from=80 * USDC),
        },
    )
    batch = [(world.recipient, amount * USDC, ref(amount)) for amount in (30, 7, 7)]
    for key in (roller, sharer):
        world.pay(60 * USDC, key=key, wallet=desk)
        desk.send(key, "pay_many", usdc, GENERAL, batch)
        chain.warp(by=HOUR)
    world.by_treasury(
        *world.build_refill(desk, 3_000 * USDC, ref(8)),
        desk.build_call("set_budget", address_of(sharer), usdc, GENERAL, budget(share_bps=400)),
    )
    world.pay(5 * USDC, key=sharer, wallet=desk)
    chain.warp(by=17 * HOUR)
    world.pay(5 * USDC, key=sharer, wallet=desk)
    lower = budget(rolling=True, daily=400 * USDC, hourly=250 * USDC)
    desk.send(roller, "set_budget", address_of(roller), usdc, GENERAL, lower)
    world.pay(11 * USDC, key=roller, wallet=desk)
    desk.send(world.stranger, "pay_signed", *sign(world, desk, signer, 33 * USDC, nonce=0))
    desk.send(world.stranger, "pay_signed", *sign(world, desk, signer, 90 * USDC, nonce=300))
    desk.send(signer, "void_nonce", 1)


def sign(
    world: LiveWorld, wallet: Contract, agent: LocalAccount, amount: int, nonce: int
) -> tuple[Any, ...]:
    """
    The arguments of `pay_signed`: a payment that the agent has signed.
    """
    order = SignablePayment(
        address_of(agent),
        *world.payment(amount),
        epoch=wallet.view("epoch"),
        nonce=nonce,
        deadline=world.chain.fetch_now() + HOUR,
    )
    data = build_typed_data(order, chain_id=world.chain.chain_id, wallet=wallet.address)
    signature = agent.sign_message(encode_typed_data(full_message=data)).signature
    *payment, _epoch, nonce, deadline = astuple(order)
    return (*payment, nonce, deadline, bytes(signature))


@dataclass(frozen=True)
class OnChain:
    """
    The balances that the reference asks for, from the node.
    """

    world: LiveWorld

    def balance_of(self, token: Address, holder: Address) -> int:
        native = token == NATIVE
        return self.world.chain.fetch_balance(holder) if native else self.world.usdc_of(holder)


def questions(world: LiveWorld, state: State) -> Iterator[tuple[Contract, str, tuple[Any, ...]]]:
    """
    Every view that the reference answers, about everybody and everything that there is.
    """
    people = [
        address_of(world.chain.new_account(name))
        for name in (*AGENTS, "guardian", "keeper", "stranger")
    ]
    agents = people[: len(AGENTS)]
    scopes = [*people, world.organization.address, *state.registry]
    ids = [*state.changes, EMPTY]
    about = {
        "roles": [(who,) for who in [*scopes, world.safe.address]],
        "wallets": [(index,) for index in range(4)],
        "is_wallet": [(who,) for who in scopes],
        "paused_until": [(scope,) for scope in scopes],
        "pause_number": [(scope,) for scope in scopes],
        "is_stopped": [(wallet, who) for wallet in state.registry for who in people],
        "change_id": [(world.wallet.address, b""), (world.safe.address, b"\1" * 1_024)],
        "ready_at": [(id,) for id in ids],
    }
    for name in VIEWS["Organization"]:
        for arguments in about.get(name, [()]):
            yield world.organization, name, arguments
    for address, wallet in state.registry.items():
        contract = wallet_at(world.chain, address)
        tokens = (world.usdc.address, NATIVE)
        keys = [(a, token, c) for a in agents for token in tokens for c in (GENERAL, REFUND)]
        about = {
            "budget": keys,
            "remaining": keys,
            "wallet_limit": [(token,) for token in tokens],
            "wallet_remaining": [(token,) for token in tokens],
            "max_balance": [(token,) for token in tokens],
            "is_recipient": [(world.recipient,), (people[0],)],
            "agents": [(index,) for index in range(4)],
            "budget_count": [(who,) for who in people],
            "budget_keys": [(who, index) for who in people for index in range(3)],
            "payment": [(id,) for id in [*wallet.queue, EMPTY]],
            "nonce_used": [(who, nonce) for who in agents[-2:] for nonce in (0, 1, 2, 44, 300)],
            "payment_id": [(people[0], *world.payment(5))],
            "preview": [
                (who, token, world.recipient, amount, category)
                for who, token, category in keys
                for amount in (1, 80 * USDC)
            ],
        }
        for name in VIEWS["HotWallet"]:
            for arguments in about.get(name, [()]):
                yield contract, name, arguments


def assert_same_views(world: LiveWorld, state: State) -> int:
    """
    Ask the node and the rebuilt state the same. How many questions there were.
    """
    now, asked = world.chain.fetch_now(), 0
    for contract, name, arguments in questions(world, state):
        expected = contract.view(name, *arguments)
        answer = view(state, contract.address, name, *arguments, now=now, chain=OnChain(world))
        assert answer == expected, (contract, name, arguments)
        asked += 1
    return asked


def test_rebuild__from_logs_alone__answers_every_view_as_the_contracts_do(
    world: LiveWorld,
) -> None:
    """
    The events are enough: the same answers now, in the next hour, and after everything that waited
    has expired and the heartbeat has lapsed.
    """
    live(world)
    events = world.fetch_history()
    state = fold(events)

    assert {type(event).__name__ for event in events} == set(EVENTS)
    assert assert_same_views(world, state) > 300
    for later in (HOUR, 10 * DAY):
        world.chain.warp(by=later)
        assert_same_views(world, state)


def test_history__read_in_two_parts__folds_to_the_same(world: LiveWorld) -> None:
    """
    A reader may stop at any block and go on from there.
    """
    live(world)
    whole = world.fetch_history()
    last = world.chain.fetch_height()

    for split in (whole[0].block, whole[len(whole) // 2].block):
        assert split is not None
        head = [event for event in whole if event.block is not None and event.block <= split]
        tail = [event for event in whole if event.block is not None and event.block > split]
        assert fold(tail, fold(head)) == fold(whole)
    assert max(event.block or 0 for event in whole) <= last


def test_history__event_position__is_the_logs_own(world: LiveWorld) -> None:
    """
    Block, transaction, index and time of an event are those of its log and block.
    """
    receipt = world.pay(USDC)
    event: Event = world.fetch_history()[-1]

    assert (event.block, event.transaction, event.at) == (
        receipt.block,
        receipt.transaction,
        receipt.at,
    )
    assert event.log == int(receipt.logs[0]["logIndex"], 16)
    assert event == world.decode(receipt)[0]


def test_history__a_stranger_who_logs_the_same__is_not_part_of_it(world: LiveWorld) -> None:
    """
    Anybody may found an organisation, and its log tells nothing about ours.
    """
    before = world.fetch_history()
    rival = LiveWorld.deploy(world.chain)
    rival.create_wallet("trading")

    assert world.fetch_history() == before
    assert {event.emitter for event in rival.fetch_history()}.isdisjoint(
        event.emitter for event in before
    )


@pytest.mark.parametrize("reason", ["", "x" * 64, "\N{SNOWMAN}" * 21])
def test_history__any_reason__comes_back_as_it_was_given(world: LiveWorld, reason: str) -> None:
    """
    Strings survive: empty, as long as allowed, and beyond ASCII.
    """
    scope = address_of(world.agent)
    receipt = world.organization.send(world.keeper, "pause", scope, 0, reason)

    assert [event.content()["reason"] for event in world.decode(receipt)] == [reason]
