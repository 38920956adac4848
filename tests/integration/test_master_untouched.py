"""
The master treasury stays people's: who owns the Safe, and that no other key moves anything out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from eth_account.signers.local import LocalAccount

from bursar.chain.client import Receipt
from bursar.chain.contracts import Contract
from bursar.chain.errors import RevertedError
from bursar.chain.local import ETHER
from bursar.chain.reader import Call, transaction_fields
from bursar.chain.safe import SENTINEL
from bursar.chain.safe_transaction import safe_contract_type, sign
from bursar.changes import change_id, encode_call
from bursar.devnet import USDC, address_of
from bursar.events import Paid, PaymentExecuted, PaymentQueued, Swept
from bursar.types import (
    DAY,
    EMPTY,
    FOREVER,
    MAX_UINT256,
    NATIVE,
    ZERO_ADDRESS,
    Address,
    checksummed,
    keccak,
)
from tests.integration.live import GENERAL, LiveWorld, budget, ref

# Where a Safe 1.4.1 keeps its linked lists: mapping(address => address), in these slots.
MODULES_SLOT = 1
OWNERS_SLOT = 2
GUARD_SLOT = int.from_bytes(keccak(b"guard_manager.guard.address"), "big")
FALLBACK_SLOT = int.from_bytes(keccak(b"fallback_manager.handler.address"), "big")

CALLERS = (
    "agent",
    "other_agent",
    "clerk",
    "guardian",
    "keeper",
    "deployer",
    "relayer",
    "stranger",
    "one_owner",
)
# What anybody may: execute what is due, apply what has waited, take an ended stop off the count,
# and send money in.
ANYBODY = {"execute", "apply", "clear", "__default__"}
# What each of them may do beyond that.
LEGAL = {
    "agent": {"pay", "pay_many", "void_nonce", "pause_self", "set_budget"},
    "other_agent": {"pay", "pay_many", "void_nonce", "pause_self", "set_budget", "cancel"},
    "clerk": {"pay", "pay_many", "void_nonce", "pause_self", "set_budget"},
    "guardian": {"sweep", "cancel", "cancel_all", "pause", "veto", "veto_all"},
    "keeper": {"pause", "cancel", "cancel_all", "heartbeat"},
}
# Enough for the dearest call, so that one that would revert is mined all the same.
GAS = 6_000_000


class Prepared(NamedTuple):
    """
    What waits to be executed, applied and cancelled when the attackers come.
    """

    world: LiveWorld
    queued: tuple[Any, ...]
    queued_id: bytes
    change: bytes


def prepare(world: LiveWorld) -> Prepared:
    """
    Give attackers all that helps: a payment and a change that are due, and a Safe whose owners have
    left an unlimited approval for both wallets, which they never should.
    """
    change = encode_call("set_max_balance", world.usdc.address, 1_000_000 * USDC)
    world.by_treasury(
        world.usdc.build_call("approve", world.wallet.address, MAX_UINT256),
        world.usdc.build_call("approve", world.second_wallet.address, MAX_UINT256),
        world.organization.build_call("schedule", world.wallet.address, change),
    )
    world.chain.warp(by=2 * DAY)
    payment = world.payment(90 * USDC, ref=ref(9))
    queued = world.logged(world.wallet.send(world.other_agent, "pay", *payment), PaymentQueued)
    world.chain.warp(to=queued.ready_at)
    return Prepared(world, (address_of(world.other_agent), *payment), queued.id, change)


def attacks_on_organization(prepared: Prepared, me: Address) -> dict[str, list[tuple[Any, ...]]]:
    """
    What `me` would pass to every state-changing function of the organisation to get at the money.
    """
    world = prepared.world
    wallet, agent = world.wallet.address, address_of(world.agent)
    refill = world.wallet.type.encode("refill", world.usdc.address, USDC, EMPTY)
    raise_ = encode_call("set_budget", me, world.usdc.address, GENERAL, budget())
    return {
        "clear": [(wallet,), (world.organization.address,)],
        "create_wallet": [("mine", world.blueprint)],
        "set_guardian": [(me, True), (address_of(world.guardian), False)],
        "set_keeper": [(me, True)],
        "pause": [(scope, 0, "") for scope in (wallet, agent, world.organization.address)],
        "unpause": [(wallet, 1, "")],
        "heartbeat": [()],
        "set_heartbeat_timeout": [(FOREVER,), (600,)],
        "set_change_delay": [(3_600,), (30 * DAY,)],
        "schedule": [(wallet, raise_), (wallet, refill), (world.usdc.address, refill)],
        "apply": [(wallet, prepared.change), (wallet, raise_), (wallet, refill)],
        "veto": [(change_id(wallet, prepared.change), "")],
        "veto_all": [("",)],
        "changed": [(EMPTY, agent)],
        "rotated": [(agent, me)],
    }


def attacks_on_wallet(prepared: Prepared, me: Address) -> dict[str, list[tuple[Any, ...]]]:
    """
    What `me` would pass to every state-changing function of a wallet to get at the money.
    """
    world = prepared.world
    usdc, safe, organization = world.usdc.address, world.safe.address, world.organization.address
    tokens = (usdc, NATIVE, safe)
    own = [(usdc, to, amount, GENERAL, ref(1)) for to in (me, safe) for amount in (1, 100 * USDC)]
    return {
        "pay": [*own, *((token, me, 1, GENERAL, ref(1)) for token in (NATIVE, safe, organization))],
        "execute": [prepared.queued, (safe, *prepared.queued[1:]), (me, *own[0])],
        "cancel": [(prepared.queued_id, "")],
        "cancel_all": [("",)],
        "pause_self": [(0, "")],
        "set_budget": [(me, token, GENERAL, budget(per_payment=1)) for token in tokens],
        "set_wallet_limit": [(token, 2**112 - 1) for token in tokens],
        "set_max_balance": [(usdc, 2**112 - 1), (NATIVE, ETHER)],
        "set_recipients": [([me], True)],
        "set_payment_delay": [(60,)],
        "set_grace": [(30 * DAY,)],
        "seal": [()],
        "rotate_agent": [(address_of(world.agent), me)],
        "refill": [(usdc, 1_000 * USDC, ref(1)), (usdc, 1, ref(1)), (NATIVE, ETHER, ref(1))],
        "sweep": [(token, "") for token in (usdc, NATIVE)],
        "void_nonce": [(0,)],
        "pay_many": [(usdc, GENERAL, [(me, USDC, ref(1)), (safe, USDC, ref(2))])],
        "pay_signed": [(agent, *own[0], 0, FOREVER, bytes(65)) for agent in (me, safe)],
    }


def attacks(prepared: Prepared, me: Address) -> Iterator[tuple[str, Call]]:
    """
    Every state-changing function of the organisation and of both wallets, as their ABIs list them;
    money is sent along where it is taken. A function that no table names is a KeyError.
    """
    world = prepared.world
    on_organization = attacks_on_organization(prepared, me)
    on_wallet = attacks_on_wallet(prepared, me)
    for contract in (world.organization, world.wallet, world.second_wallet):
        table = on_organization if contract is world.organization else on_wallet
        for name, function in contract.type.functions.items():
            for arguments in () if function.is_view else table[name]:
                for value in (0, ETHER) if function.is_payable else (0,):
                    yield name, contract.build_call(name, *arguments, value=value)
        yield "__default__", Call(contract.address, b"", 1)
        yield "__default__", Call(contract.address, bytes.fromhex("deadbeef"))


def views(world: LiveWorld) -> Iterator[Call]:
    """
    Every view, as a transaction: its arguments are zeros.
    """
    zeros: dict[str, Any] = {"address": ZERO_ADDRESS, "bytes32": EMPTY, "bytes": b"", "uint256": 0}
    zeros["(" + "uint256," * 7 + "bool,bool)"] = (*[0] * 7, False, False)
    for contract in (world.organization, world.wallet):
        for name, function in contract.type.functions.items():
            if function.is_view:
                values = (zeros[kind] for kind in function.inputs.types)
                yield contract.build_call(name, *values)


def accepted(world: LiveWorld, key: LocalAccount, calls: Iterable[tuple[str, Call]]) -> set[str]:
    """
    Mine every call, whatever comes of it; the names of those that were accepted.

    Each accepted one is looked at alone and undone: what the Safe has then is to the base unit what
    it had before, plus what the wallets say that they sent home. The refused ones are mined, too,
    and the Safe has exactly the same after them all.
    """
    before = world.balances(world.safe.address)[0]
    names = set()
    world.chain.rpc.request("anvil_impersonateAccount", key.address)
    for name, call in calls:
        try:
            world.chain.call(call, sender=address_of(key))
        except RevertedError:
            fields = transaction_fields(call, address_of(key))
            world.chain.rpc.request("eth_sendTransaction", {**fields, "gas": hex(GAS)})
            continue
        names.add(name)
        mark = world.chain.snapshot()
        receipt = world.chain.send(key, call, gas=GAS)
        assert world.balances(world.safe.address)[0] == with_income(world, before, receipt), name
        world.chain.revert(mark)
    assert world.balances(world.safe.address)[0] == before
    return names


def with_income(world: LiveWorld, before: tuple[int, int], receipt: Receipt) -> tuple[int, int]:
    """
    The Safe's USDC and wei after a transaction in which the wallets swept to it, or paid it.
    """
    safe = world.safe.address
    income = dict(zip((world.usdc.address, NATIVE), before, strict=True))
    for event in world.decode(receipt):
        to = safe if isinstance(event, Swept) else getattr(event, "to", None)
        if isinstance(event, Swept | Paid | PaymentExecuted) and to == safe:
            income[event.token] += event.amount
    return income[world.usdc.address], income[NATIVE]


@pytest.mark.parametrize("role", CALLERS)
def test_master__every_function_called_by_every_other_key__is_never_drawn_from(
    world: LiveWorld, role: str
) -> None:
    """
    T6: no call of either contract by anybody but the Safe takes anything out of the funded master,
    not even where the Safe has carelessly approved the wallets.
    """
    prepared = prepare(world)
    key = world.owners[0] if role == "one_owner" else getattr(world, role)

    done = accepted(world, key, attacks(prepared, address_of(key)))

    # What the role allows went through, so the attackers were no straw men; and nothing else did.
    assert done == ANYBODY | LEGAL.get(role, set())


def test_master__every_view_sent_as_a_transaction__is_never_drawn_from(world: LiveWorld) -> None:
    """
    T6: a view is no way in, either.
    """
    before = world.balances(world.safe.address)
    world.chain.rpc.request("anvil_impersonateAccount", world.stranger.address)

    for call in views(world):
        fields = transaction_fields(call, address_of(world.stranger))
        world.chain.rpc.request("eth_sendTransaction", {**fields, "gas": hex(GAS)})

    assert world.balances(world.safe.address) == before


def test_refill__by_the_safe__is_the_only_way_out(world: LiveWorld) -> None:
    """
    T6, the neighbour: the very refill that all the others were refused draws from the master when
    two owners sign it.
    """
    before = world.usdc_of(world.safe.address)

    world.by_treasury(*world.build_refill(world.wallet, 1_000 * USDC, ref(1)))

    assert world.usdc_of(world.safe.address) == before - 1_000 * USDC


def linked_list(world: LiveWorld, slot: int) -> list[Address]:
    """
    One of the Safe's lists, read from its storage and not from what it says.
    """
    found: list[Address] = []
    current = SENTINEL
    while True:
        where = keccak(bytes.fromhex(current[2:]).rjust(32, b"\0") + slot.to_bytes(32, "big"))
        word = world.chain.fetch_storage(world.safe.address, int.from_bytes(where, "big"))
        current = checksummed(f"0x{word:040x}")
        if current in (SENTINEL, ZERO_ADDRESS):
            return found
        found.append(current)


def powers_in(world: LiveWorld) -> dict[str, list[Address]]:
    """
    Everybody who can make the Safe do or not do something, from its storage.
    """

    def at(slot: int) -> Address:
        return checksummed(f"0x{world.chain.fetch_storage(world.safe.address, slot):040x}")

    return {
        "owners": linked_list(world, OWNERS_SLOT),
        "modules": linked_list(world, MODULES_SLOT),
        "guard": [at(GUARD_SLOT)],
        "fallback handler": [at(FALLBACK_SLOT)],
    }


def test_safe__storage__names_the_three_owners_and_no_service(world: LiveWorld) -> None:
    """
    T5: no agent, keeper, guardian, wallet or organisation is an owner, a module (so none is an
    allowance's delegate, either) or a guard; nor may any of them pull the Safe's tokens.
    """
    powers = powers_in(world)
    services = {
        *(address_of(getattr(world, role)) for role in CALLERS if role != "one_owner"),
        *(world.wallet.address, world.second_wallet.address, world.organization.address),
    }

    assert powers["owners"] == list(map(address_of, world.owners))
    assert powers["modules"] == []
    assert powers["guard"] == [ZERO_ADDRESS]
    assert not services & {who for named in powers.values() for who in named}
    for service in services:
        assert world.usdc.view("allowance", world.safe.address, service) == 0


@pytest.mark.parametrize("role", CALLERS)
def test_safe__its_own_functions_called_by_one_key__change_nothing(
    world: LiveWorld, role: str
) -> None:
    """
    T5: nobody makes himself an owner, module or guard, and one signature carries no transaction.
    """
    key = world.owners[0] if role == "one_owner" else getattr(world, role)
    me = address_of(key)
    safe = Contract(world.chain, safe_contract_type("Safe"), world.safe.address)
    theft = world.safe.build(world.usdc.build_call("transfer", me, 1))
    calls = [
        world.safe.build_execution(theft, [sign(theft, key)]),
        safe.build_call("execTransactionFromModule", theft.to, 0, theft.data, 0),
        safe.build_call("setup", [me], 1, ZERO_ADDRESS, b"", me, ZERO_ADDRESS, 0, ZERO_ADDRESS),
        safe.build_call("addOwnerWithThreshold", me, 1),
        safe.build_call("swapOwner", SENTINEL, address_of(world.owners[0]), me),
        safe.build_call("changeThreshold", 1),
        safe.build_call("enableModule", me),
        safe.build_call("setGuard", me),
        safe.build_call("setFallbackHandler", me),
    ]
    before = (powers_in(world), world.safe.fetch_threshold(), world.balances(safe.address))

    for call in calls:
        with pytest.raises(RevertedError):
            world.chain.send(key, call, gas=GAS)

    assert before == (powers_in(world), world.safe.fetch_threshold(), world.balances(safe.address))
