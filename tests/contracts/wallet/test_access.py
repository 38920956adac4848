"""
Who may call what: every function that changes anything, by everybody who may be told apart.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.wallet.signing import SIGNER, arguments, sign, signable
from tests.contracts.wallet.support import (
    due,
    key_of,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import actor
from tests.harness.world import GENERAL, NATIVE, USDC, Budget, World, ref

ROLES = [
    "treasury",
    "guardian",
    "keeper",
    "agent",
    "other agent",
    "retired agent",
    "former guardian",
    "former keeper",
    "recipient",
    "deployer",
    "stranger",
]

NOT_THE_TREASURY = "access: not the treasury"
NOT_AUTHORISED = "access: not authorised"
NO_BUDGET = "payments: no budget"
NOT_AN_AGENT = "access: not an agent"
MAY_ONLY_TIGHTEN = "access: may only tighten"

Args = Callable[[World], tuple[Any, ...]]


@pytest.fixture
def world() -> World:
    """
    An open wallet with everybody in it: two agents and a retired one, former roles, a payment
    that waits and one that is due.
    """
    world = World()
    retired, former, dismissed = (
        actor(name) for name in ("retired agent", "former guardian", "former keeper")
    )
    for token in (None, NATIVE):
        world.enable(token)
    for agent in (world.agent, world.other_agent, retired, SIGNER.address):
        world.set_budget(agent=agent, queue_from=50 * USDC)
    world.wallet.rotate_agent(retired, actor("its successor"), sender=world.treasury)
    world.organization.set_guardian(former, True, sender=world.treasury)
    world.organization.set_keeper(dismissed, True, sender=world.treasury)
    world.organization.set_keeper(dismissed, False, sender=world.treasury)
    world.open()
    world.fund()
    removal = ("set_guardian", former, False)
    id = world.schedule(world.organization, *removal)
    world.evm.warp(world.organization.ready_at(id))
    world.apply(world.organization, *removal)
    queue(world, 60 * USDC)
    due(world)
    queue(world, 70 * USDC)
    world.token.mint(world.treasury, USDC, sender=world.deployer)
    world.token.approve(world.wallet.address, USDC, sender=world.treasury)
    return world


def figures(**changes: Any) -> Args:
    """
    The agent's budget with these changes.
    """
    return lambda w: (*key_of(w), Budget(queue_from=50 * USDC)._replace(**changes))


def signed(world: World) -> tuple[Any, ...]:
    """
    What an agent has signed, whole.
    """
    payment = signable(world, USDC)
    return arguments(payment, sign(payment, world.wallet))


def altered(world: World) -> tuple[Any, ...]:
    """
    The same, but for one base unit more.
    """
    payment = signable(world, USDC)
    return arguments(replace(payment, amount=USDC + 1), sign(payment, world.wallet))


# What is called, with what, by whom it is accepted, and what the others are told. A second entry
# for a function has other arguments.
CALLS: dict[str, tuple[Args, list[str], dict[str, str]]] = {
    "pay": (lambda w: w.payment(USDC), ["agent", "other agent"], {"": NO_BUDGET}),
    "pay_many": (
        lambda w: (w.token.address, GENERAL, [(w.recipient, USDC, ref(1))]),
        ["agent", "other agent"],
        {"": NO_BUDGET},
    ),
    "pay_signed": (signed, ROLES, {}),
    "pay_signed, altered": (altered, [], {"": "signatures: not by the agent"}),
    "void_nonce": (lambda w: (1,), ["agent", "other agent"], {"": NOT_AN_AGENT}),
    "execute": (lambda w: (w.agent, *w.payment(60 * USDC)), ROLES, {}),
    "cancel": (
        lambda w: (w.wallet.payment_id(w.agent, *w.payment(70 * USDC)), ""),
        ["agent", "treasury", "guardian", "keeper"],
        {"": NOT_AUTHORISED},
    ),
    "cancel_all": (lambda w: ("",), ["treasury", "guardian", "keeper"], {"": NOT_AUTHORISED}),
    "pause_self": (lambda w: (1, ""), ["agent", "other agent"], {"": NOT_AN_AGENT}),
    "set_budget, tighter": (
        figures(per_payment=1),
        ["treasury", "guardian", "agent"],
        {"": NOT_AUTHORISED},
    ),
    "set_budget, the same": (
        figures(),
        ["treasury", "guardian", "agent"],
        {"": NOT_AUTHORISED},
    ),
    "set_budget, removed": (
        figures(expires_at=0),
        ["treasury", "guardian", "agent"],
        {"": NOT_AUTHORISED},
    ),
    "set_budget, looser": (
        figures(max_payments=101),
        [],
        {
            "": NOT_AUTHORISED,
            "treasury": "timelock: must be scheduled",
            "guardian": MAY_ONLY_TIGHTEN,
            "agent": MAY_ONLY_TIGHTEN,
        },
    ),
    "set_wallet_limit": (
        lambda w: (w.token.address, 1),
        ["treasury"],
        {"": NOT_THE_TREASURY},
    ),
    "set_max_balance": (lambda w: (w.token.address, 1), ["treasury"], {"": NOT_THE_TREASURY}),
    "set_recipients": (lambda w: ([w.recipient], False), ["treasury"], {"": NOT_THE_TREASURY}),
    "set_payment_delay": (lambda w: (86_400,), ["treasury"], {"": NOT_THE_TREASURY}),
    "set_grace": (lambda w: (3_600,), ["treasury"], {"": NOT_THE_TREASURY}),
    "seal": (
        lambda w: (),
        [],
        {"": NOT_THE_TREASURY, "treasury": "wallet: already sealed"},
    ),
    "rotate_agent": (
        lambda w: (w.agent, actor("new key")),
        ["treasury"],
        {"": NOT_THE_TREASURY},
    ),
    "refill": (lambda w: (w.token.address, USDC, ref(1)), ["treasury"], {"": NOT_THE_TREASURY}),
    "sweep": (
        lambda w: (w.token.address, ""),
        ["treasury", "guardian"],
        {"": "access: not guardian or treasury"},
    ),
}


def test_access__table__has_every_function_that_changes_anything() -> None:
    """
    A function that is added must say here who may call it.
    """
    functions = World().wallet.artifact.functions.values()
    changing = {f.signature.split("(")[0] for f in functions if f.mutates}

    assert {name.split(",")[0] for name in CALLS} == changing


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("call", CALLS)
def test_access__each_function_by_each_role__is_as_the_table_says(
    world: World, call: str, role: str
) -> None:
    """
    A function is its callers' and nobody else's; who is refused is told why, and nothing changed.
    """
    args, accepted, refusals = CALLS[call]
    name = call.split(",")[0]
    if role in accepted:
        world.wallet.call(name, *args(world), sender=actor(role))
        return

    before = observed(world)
    with reverts(refusals.get(role, refusals.get("", ""))):
        world.wallet.call(name, *args(world), sender=actor(role))
    assert observed(world) == before
    assert world.token.balanceOf(world.treasury) == USDC


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
def test_access__before_sealing__gives_nobody_else_more(fresh: World, role: str) -> None:
    """
    While a wallet is being set up it obeys the treasury and nobody else.
    """
    fresh.set_budget()
    for name, args in (
        ("set_wallet_limit", (fresh.token.address, 1)),
        ("set_max_balance", (fresh.token.address, 1)),
        ("set_recipients", ([fresh.recipient], True)),
        ("set_payment_delay", (60,)),
        ("set_grace", (86_401,)),
        ("seal", ()),
        ("rotate_agent", (fresh.agent, actor("new key"))),
        ("refill", (fresh.token.address, 0, ref(1))),
    ):
        with reverts(NOT_THE_TREASURY):
            fresh.wallet.call(name, *args, sender=actor(role))
    loosening = {"guardian": MAY_ONLY_TIGHTEN, "agent": MAY_ONLY_TIGHTEN}
    with reverts(loosening.get(role, NOT_AUTHORISED)):
        fresh.set_budget(daily=1_001 * USDC, sender=actor(role))


@pytest.mark.parametrize("name", ["set_guardian", "set_keeper"])
def test_access__role_given_later__counts_at_once(world: World, name: str) -> None:
    """
    A wallet asks its organisation for roles when it is called.
    """
    with reverts(NOT_AUTHORISED):
        world.wallet.cancel_all("", sender=world.stranger)

    world.organization.call(name, world.stranger, True, sender=world.treasury)

    world.wallet.cancel_all("", sender=world.stranger)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("seal", ()),
        ("sweep", ("token", "")),
        ("rotate_agent", ("agent", "stranger")),
        ("cancel_all", ("",)),
        ("refill", ("token", 1, ref(1))),
    ],
)
def test_access__what_is_no_setter__cannot_come_through_the_timelock(
    world: World, name: str, args: tuple[Any, ...]
) -> None:
    """
    The organisation speaks for the treasury in setters only; anything else it cannot schedule.
    """
    named = {"token": world.token.address, "agent": world.agent, "stranger": world.stranger}
    filled = [named.get(arg, arg) if isinstance(arg, str) else arg for arg in args]

    with reverts("timelock: not a timelocked setter"):
        world.schedule(world.wallet, name, *filled)


def test_access__agent_that_is_guardian_too__may_do_what_both_may() -> None:
    """
    Roles add up, and still raise nothing.
    """
    world = opened()
    world.organization.set_guardian(world.agent, True, sender=world.treasury)

    world.set_budget(per_payment=1, sender=world.agent)
    with reverts(MAY_ONLY_TIGHTEN):
        world.set_budget(per_payment=2, sender=world.agent)
    with reverts(NOT_THE_TREASURY):
        world.wallet.set_wallet_limit(world.token.address, 1, sender=world.agent)
    assert Budget(*world.wallet.budget(*key_of(world))).per_payment == 1
