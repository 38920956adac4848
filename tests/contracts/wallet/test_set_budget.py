from typing import Any

import pytest

from tests.contracts.wallet.support import (
    AMOUNT,
    NO_BUDGET,
    NOTHING,
    PAY,
    PAYROLL,
    QUEUE,
    ZERO,
    budget_of,
    judge,
    key_of,
    left,
    logged,
    observed,
    opened,
    reverts,
    waited,
)
from tests.harness.evm import MONDAY, Reverted
from tests.harness.world import DAY, GENERAL, HOUR, MAX, REFUND, USDC, Budget, World

MAY_ONLY_TIGHTEN = "access: may only tighten"
MUST_WAIT = "timelock: must be scheduled"
NOT_AUTHORISED = "access: not authorised"

# Everything is in the middle, so that each figure can go either way alone.
MIDDLE = Budget(
    per_payment=100 * USDC,
    hourly=300 * USDC,
    daily=1000 * USDC,
    queue_from=50 * USDC,
    max_payments=10,
    expires_at=MONDAY + 10 * DAY,
)

# One figure differs from the middle; whether the call tightens.
STEPS = {
    "nothing": ({}, True),
    "per_payment lower": ({"per_payment": 100 * USDC - 1}, True),
    "per_payment higher": ({"per_payment": 100 * USDC + 1}, False),
    "per_payment zero": ({"per_payment": 0}, True),
    "per_payment up to hourly": ({"per_payment": 300 * USDC}, False),
    "hourly lower": ({"hourly": 300 * USDC - 1}, True),
    "hourly higher": ({"hourly": 300 * USDC + 1}, False),
    "hourly down to per_payment": ({"hourly": 100 * USDC}, True),
    "daily lower": ({"daily": 1000 * USDC - 1}, True),
    "daily higher": ({"daily": 1000 * USDC + 1}, False),
    "daily down to hourly": ({"daily": 300 * USDC}, True),
    "queue_from lower": ({"queue_from": 50 * USDC - 1}, True),
    "queue_from higher": ({"queue_from": 50 * USDC + 1}, False),
    "queue_from zero": ({"queue_from": 0}, True),
    "queue_from none": ({"queue_from": MAX}, False),
    "max_payments lower": ({"max_payments": 9}, True),
    "max_payments higher": ({"max_payments": 11}, False),
    "max_payments one": ({"max_payments": 1}, True),
    "expiry earlier": ({"expires_at": MONDAY + 10 * DAY - HOUR}, True),
    "expiry later": ({"expires_at": MONDAY + 10 * DAY + HOUR}, False),
    "expiry now": ({"expires_at": MONDAY}, True),
    "expiry long past": ({"expires_at": HOUR}, True),
    "removed": ({"expires_at": 0}, True),
    "allowlist on": ({"allowlist_only": True}, True),
    "all lower, one higher": (
        {"per_payment": 1, "hourly": 2, "daily": 3, "queue_from": 0, "max_payments": 11},
        False,
    ),
    "all higher, one lower": (
        {
            "per_payment": 101 * USDC,
            "hourly": 301 * USDC,
            "daily": 1001 * USDC,
            "queue_from": 51 * USDC,
            "max_payments": 9,
        },
        False,
    ),
    "lower, but alive for longer": (
        {"per_payment": 1, "hourly": 1, "daily": 1, "expires_at": MONDAY + 11 * DAY},
        False,
    ),
    "everything lower": (
        {
            "per_payment": 10 * USDC,
            "hourly": 30 * USDC,
            "daily": 100 * USDC,
            "queue_from": 5 * USDC,
            "max_payments": 1,
            "expires_at": MONDAY + 1 * DAY,
            "allowlist_only": True,
        },
        True,
    ),
}


def stored(figures: Budget) -> Budget:
    """
    What such a budget reads back as: nothing at all once it is removed, and one `queue_from` for
    all that make none wait.
    """
    if figures.expires_at == 0:
        return Budget(0, 0, 0, 0, 0, 0, 0, False, False)
    if figures.queue_from > figures.per_payment:
        return figures._replace(queue_from=MAX)
    return figures


def attempt(world: World, who: str, figures: Budget, refusal: str = "") -> None:
    """
    The change is made, or refused for this reason with nothing changed.
    """
    if not refusal:
        world.set_budget(figures, sender=who)
        assert budget_of(world) == stored(figures)
        return

    before = observed(world)
    with reverts(refusal):
        world.set_budget(figures, sender=who)
    assert observed(world) == before


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["guardian", "agent"])
def test_set_budget__one_figure_moved_by_guardian_or_its_agent__only_down(
    role: str, step: str
) -> None:
    """
    A guardian, and the agent whose budget it is, may tighten it; a call that loosens any one
    figure loosens as a whole.
    """
    world = opened(**MIDDLE._asdict())
    moved, tightens = STEPS[step]

    attempt(
        world, getattr(world, role), MIDDLE._replace(**moved), "" if tightens else MAY_ONLY_TIGHTEN
    )


@pytest.mark.parametrize("step", STEPS)
def test_set_budget__one_figure_moved_by_the_treasury_once_sealed__down_at_once(step: str) -> None:
    """
    Once the wallet is sealed, the treasury's direct call tightens too, or is refused.
    """
    world = opened(**MIDDLE._asdict())
    moved, tightens = STEPS[step]

    attempt(world, world.treasury, MIDDLE._replace(**moved), "" if tightens else MUST_WAIT)


@pytest.mark.parametrize("step", STEPS)
def test_set_budget__one_figure_moved_by_the_treasury_before_sealing__either_way(
    fresh: World, step: str
) -> None:
    """
    While it is being set up, the treasury sets a wallet's budgets as it likes.
    """
    fresh.set_budget(MIDDLE)

    attempt(fresh, fresh.treasury, MIDDLE._replace(**STEPS[step][0]))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["guardian", "agent"])
def test_set_budget__one_figure_moved_by_others_before_sealing__only_down(
    fresh: World, role: str, step: str
) -> None:
    """
    Nobody but the treasury loosens, sealed or not.
    """
    fresh.set_budget(MIDDLE)
    moved, tightens = STEPS[step]

    attempt(
        fresh, getattr(fresh, role), MIDDLE._replace(**moved), "" if tightens else MAY_ONLY_TIGHTEN
    )


@pytest.mark.parametrize("step", STEPS)
def test_set_budget__one_figure_moved_through_the_timelock__either_way(step: str) -> None:
    """
    Through the timelock the treasury sets anything; a tightening may be scheduled too.
    """
    world = opened(**MIDDLE._asdict())
    figures = MIDDLE._replace(**STEPS[step][0])

    receipt = waited(world, world.wallet, "set_budget", *key_of(world), figures)

    assert budget_of(world) == stored(figures)
    assert receipt.names() == ["ChangeApplied", "BudgetSet"]


@pytest.mark.parametrize("step", ["nothing", "per_payment lower", "per_payment higher", "removed"])
@pytest.mark.parametrize("role", ["keeper", "other_agent", "stranger"])
def test_set_budget__by_anybody_else__is_refused(role: str, step: str) -> None:
    """
    Keepers, other agents of the wallet and strangers set no budget, not even tighter.
    """
    world = opened({"agent": World().other_agent}, **MIDDLE._asdict())

    attempt(world, getattr(world, role), MIDDLE._replace(**STEPS[step][0]), NOT_AUTHORISED)


def test_set_budget__allowlist_switched_off__loosens() -> None:
    """
    Letting a budget pay anyone again is the treasury's, and waits.
    """
    bound = MIDDLE._replace(allowlist_only=True)
    world = opened(**bound._asdict())

    attempt(world, world.guardian, MIDDLE, MAY_ONLY_TIGHTEN)
    attempt(world, world.agent, MIDDLE, MAY_ONLY_TIGHTEN)
    attempt(world, world.treasury, MIDDLE, MUST_WAIT)
    attempt(world, world.guardian, bound._replace(per_payment=1))


@pytest.mark.parametrize(
    ("old", "new", "tightens"),
    [
        ((100, 50), (100, 50), True),
        ((100, 50), (100, 51), False),
        ((100, 50), (50, 51), False),
        ((100, 50), (50, MAX), False),
        ((100, 50), (49, 50), True),
        ((100, 50), (49, 49), True),
        ((100, 50), (49, MAX), True),
        ((100, 100), (99, MAX), True),
        ((100, 100), (100, MAX), False),
        ((100, 0), (0, MAX), False),
        ((100, 0), (0, 0), True),
        ((100, 1), (0, MAX), True),
        ((100, MAX), (100, 100), True),
        ((100, MAX), (100, 101), True),
        ((100, MAX), (99, MAX), True),
        ((100, MAX), (101, MAX), False),
        ((100, MAX), (100, 0), True),
    ],
)
def test_set_budget__queue_from__tightens_when_nothing_that_waited_passes(
    old: tuple[int, int], new: tuple[int, int], tightens: bool
) -> None:
    """
    A higher `queue_from` loosens, unless the new `per_payment` is below the old `queue_from`: then
    nothing that waited before passes now.
    """
    before = MIDDLE._replace(per_payment=old[0], queue_from=old[1])
    world = opened(**before._asdict())

    attempt(
        world,
        world.guardian,
        MIDDLE._replace(per_payment=new[0], queue_from=new[1]),
        "" if tightens else MAY_ONLY_TIGHTEN,
    )


def test_set_budget__dead_budget__comes_alive_only_by_the_treasury() -> None:
    """
    A budget that has expired is not brought back by anyone but the treasury, whatever its figures.
    """
    world = opened(**MIDDLE._replace(expires_at=MONDAY + HOUR)._asdict())
    world.evm.warp(MONDAY + HOUR)
    alive = MIDDLE._replace(per_payment=1, hourly=1, daily=1, expires_at=MONDAY + 2 * HOUR)

    attempt(world, world.guardian, alive, MAY_ONLY_TIGHTEN)
    attempt(world, world.agent, alive, MAY_ONLY_TIGHTEN)
    attempt(world, world.treasury, alive, MUST_WAIT)
    judge(world, NO_BUDGET, 1)

    # Dead figures may still go down.
    attempt(world, world.guardian, alive._replace(expires_at=MONDAY + HOUR))
    judge(world, NO_BUDGET, 1)

    waited(world, world.wallet, "set_budget", *key_of(world), MIDDLE)
    judge(world, QUEUE, 100 * USDC)


def test_set_budget__removed_budget__comes_back_only_by_the_treasury() -> None:
    """
    A removed budget has no figures below which anyone could set it, dead or alive.
    """
    world = opened(**MIDDLE._asdict())
    world.set_budget(expires_at=0, sender=world.agent)
    nothing = Budget(0, 0, 0, 0, 1, HOUR)

    attempt(world, world.guardian, nothing, MAY_ONLY_TIGHTEN)
    attempt(world, world.agent, nothing._replace(expires_at=MONDAY + HOUR), MAY_ONLY_TIGHTEN)
    attempt(world, world.treasury, nothing, MUST_WAIT)

    waited(world, world.wallet, "set_budget", *key_of(world), MIDDLE)
    judge(world, PAY, 1)


def test_set_budget__never_set__is_the_treasurys_alone() -> None:
    """
    A guardian sets no new budget, and nobody gives themselves one.
    """
    world = opened()

    for who in (world.guardian, world.stranger, world.agent):
        with reverts(MAY_ONLY_TIGHTEN):
            world.set_budget(Budget(), agent=who, category=PAYROLL, sender=who)
        with reverts(MAY_ONLY_TIGHTEN):
            world.set_budget(Budget(0, 0, 0, 0, 1, HOUR), agent=who, category=PAYROLL, sender=who)
    with reverts(MUST_WAIT):
        world.set_budget(category=PAYROLL)
    assert (world.wallet.agent_count(), world.wallet.budget_count(world.agent)) == (1, 1)

    waited(world, world.wallet, "set_budget", *key_of(world, category=PAYROLL), Budget())
    judge(world, PAY, 1, category=PAYROLL)


@pytest.mark.parametrize("role", ["treasury", "guardian", "agent"])
def test_set_budget__removal__leaves_zeros_and_keeps_its_place(role: str) -> None:
    """
    Removing always tightens. A removed budget reads as zeros and stays on the agent's list.
    """
    world = opened(**MIDDLE._asdict())
    world.pay(40 * USDC)

    receipt = world.set_budget(expires_at=0, sender=getattr(world, role))

    assert receipt.events == [
        logged(
            world.wallet,
            "BudgetSet",
            agent=world.agent,
            token=world.token.address,
            category=GENERAL,
            budget=tuple(stored(MIDDLE._replace(expires_at=0))),
            hour_spent=40 * USDC,
            day_spent=40 * USDC,
        )
    ]
    assert budget_of(world) == (0,) * 7 + (False, False)
    assert left(world) == (0, 0, 0)
    assert world.wallet.budget_count(world.agent) == 1
    assert world.wallet.budget_keys(world.agent, 0) == (world.token.address, GENERAL)
    judge(world, NO_BUDGET, 1)


@pytest.mark.parametrize("role", ["treasury", "guardian", "agent"])
def test_set_budget__removal_of_one_bound_to_the_list__tightens(role: str) -> None:
    """
    Nothing is left that a flag could loosen.
    """
    world = opened(allowlist_only=True, queue_from=0)

    world.set_budget(expires_at=0, sender=getattr(world, role))

    judge(world, NO_BUDGET, 1)


def test_set_budget__removal_with_figures__ignores_them() -> None:
    """
    With `expires_at` 0 no other figure is looked at, however wrong.
    """
    world = opened()

    world.set_budget(Budget(MAX, MAX - 1, 1, MAX, 0, 0, MAX, True, True), sender=world.guardian)

    assert budget_of(world) == (0,) * 7 + (False, False)


def test_set_budget__removal_repeated__is_harmless() -> None:
    """
    A budget that was removed can be removed again; one that was never set cannot.
    """
    world = opened()
    for who in (world.treasury, world.guardian, world.agent):
        world.set_budget(expires_at=0, sender=who)

    for who in (world.treasury, world.guardian, world.agent):
        with reverts("budgets: no such budget"):
            world.set_budget(expires_at=0, category=REFUND, sender=who)
    with reverts("budgets: no such budget"):
        world.set_budget(expires_at=0, agent=world.stranger, sender=world.stranger)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"expires_at": MONDAY + 1}, "budgets: expiry not a full hour"),
        ({"expires_at": MONDAY + HOUR - 1}, "budgets: expiry not a full hour"),
        ({"expires_at": 1}, "budgets: expiry not a full hour"),
        ({"expires_at": MAX}, "budgets: expiry not a full hour"),
        ({"expires_at": MAX - MAX % HOUR}, "budgets: expiry too far"),
        ({"expires_at": 2**20 * HOUR}, "budgets: expiry too far"),
        ({"expires_at": (2**20 - 1) * HOUR}, ""),
        ({"expires_at": HOUR}, ""),
        ({"max_payments": 0}, "budgets: max_payments invalid"),
        ({"max_payments": 1}, ""),
        ({"max_payments": 16_383}, ""),
        ({"max_payments": 16_384}, "budgets: max_payments invalid"),
        ({"max_payments": MAX}, "budgets: max_payments invalid"),
        ({"share_bps": 0}, "budgets: share out of bounds"),
        ({"share_bps": 10_001}, "budgets: share out of bounds"),
        ({"share_bps": MAX}, "budgets: share out of bounds"),
        ({"share_bps": 9_999}, ""),
        ({"share_bps": 1}, ""),
        ({"rolling": True}, ""),
        ({"rolling": True, "share_bps": 9_999}, "budgets: rolling and share"),
        ({"per_payment": 300 * USDC}, ""),
        ({"per_payment": 300 * USDC + 1}, "budgets: limits contradict"),
        ({"per_payment": MAX}, "budgets: limits contradict"),
        ({"hourly": 100 * USDC}, ""),
        ({"hourly": 100 * USDC - 1}, "budgets: limits contradict"),
        ({"hourly": 1000 * USDC}, ""),
        ({"hourly": 1000 * USDC + 1}, "budgets: limits contradict"),
        ({"daily": 300 * USDC}, ""),
        ({"daily": 300 * USDC - 1}, "budgets: limits contradict"),
        ({"daily": 0}, "budgets: limits contradict"),
        ({"daily": MAX}, "budgets: limit too large"),
        ({"queue_from": 0}, ""),
        ({"queue_from": MAX}, ""),
    ],
)
def test_set_budget__figures_at_their_bounds__pass_inside_them(
    fresh: World, figures: dict[str, Any], reason: str
) -> None:
    """
    Each figure has bounds, and the one outside of them is named.
    """
    attempt(fresh, fresh.treasury, Budget(**figures), reason)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ((MAX, 1, MAX, 1, 0, 1, 0, True, False), "budgets: expiry not a full hour"),
        ((MAX, 1, MAX, 1, 0, 2**20 * HOUR, 0, True, False), "budgets: expiry too far"),
        ((MAX, 1, MAX, 1, 0, HOUR, 0, True, False), "budgets: max_payments invalid"),
        ((MAX, 1, MAX, 1, 1, HOUR, 0, True, False), "budgets: share out of bounds"),
        ((MAX, 1, MAX, 1, 1, HOUR, 1, True, False), "budgets: rolling and share"),
        ((MAX, 1, MAX, 1, 1, HOUR, 10_000, False, False), "budgets: limits contradict"),
        ((1, 1, MAX, 1, 1, HOUR, 10_000, False, False), "budgets: limit too large"),
        ((1, 1, 2**99, 1, 1, 2**19 * HOUR, 10_000, False, False), "budgets: figure too fine"),
    ],
)
def test_set_budget__several_things_wrong__names_the_first(
    fresh: World, figures: tuple[Any, ...], reason: str
) -> None:
    """
    Figures are checked in one order, whoever calls.
    """
    fresh.set_budget()

    attempt(fresh, fresh.treasury, Budget(*figures), reason)
    if reason != "budgets: figure too fine":
        attempt(fresh, fresh.guardian, Budget(*figures), reason)


def test_set_budget__who_and_for_whom__is_asked_before_the_figures(fresh: World) -> None:
    """
    First the caller, then the agent, then the figures, then whether it loosens.
    """
    wrong = Budget(expires_at=1)
    fresh.set_budget(agent=fresh.other_agent)
    fresh.wallet.rotate_agent(fresh.other_agent, fresh.recipient, sender=fresh.treasury)

    with reverts(NOT_AUTHORISED):
        fresh.set_budget(wrong, agent=ZERO, sender=fresh.stranger)
    with reverts("agents: zero address"):
        fresh.set_budget(wrong, agent=ZERO, sender=fresh.guardian)
    with reverts("agents: retired"):
        fresh.set_budget(wrong, agent=fresh.other_agent, sender=fresh.guardian)
    with reverts("agents: retired"):
        fresh.set_budget(wrong, agent=fresh.other_agent, sender=fresh.other_agent)
    with reverts("budgets: expiry not a full hour"):
        fresh.set_budget(wrong, sender=fresh.guardian)


def test_set_budget__retired_agent__gets_none_by_any_way() -> None:
    """
    A retired agent's budget is neither set, cut nor removed again, scheduled or not.
    """
    world = opened()
    world.wallet.rotate_agent(world.agent, world.other_agent, sender=world.treasury)

    for figures in (Budget(), Budget(per_payment=1), Budget(expires_at=0)):
        for who in (world.treasury, world.guardian, world.agent):
            with reverts("agents: retired"):
                world.set_budget(figures, sender=who)
        with reverts("agents: retired"):
            waited(world, world.wallet, "set_budget", *key_of(world), figures)


def test_set_budget__sixteen__and_not_one_more(fresh: World) -> None:
    """
    An agent has at most 16 budgets in a wallet. A removed one keeps its place, and those that are
    there can still be set; another agent has 16 of its own.
    """
    for i in range(16):
        fresh.set_budget(category=bytes([i]) * 32)
    assert fresh.wallet.budget_count(fresh.agent) == 16

    with reverts("agents: too many budgets"):
        fresh.set_budget(category=GENERAL)
    fresh.set_budget(category=bytes([3]) * 32, expires_at=0)
    with reverts("agents: too many budgets"):
        fresh.set_budget(category=GENERAL)

    fresh.set_budget(category=bytes([3]) * 32, daily=500 * USDC)
    fresh.set_budget(category=GENERAL, agent=fresh.other_agent)
    assert fresh.wallet.budget_count(fresh.agent) == 16
    assert fresh.wallet.budget_count(fresh.other_agent) == 1


def test_set_budget__seventeenth_and_too_fine__is_told_of_the_figure(fresh: World) -> None:
    """
    Whether there is a free slot is the last thing that is asked.
    """
    for i in range(16):
        fresh.set_budget(category=bytes([i]) * 32)

    with reverts("budgets: figure too fine"):
        fresh.set_budget(category=GENERAL, daily=10**15 + 1)


def test_set_budget__first_of_an_agent__lists_it(fresh: World) -> None:
    """
    The first budget puts an agent on the wallet's list, further ones only on its own.
    """
    wallet = fresh.wallet
    assert (wallet.agent_count(), wallet.agents(0)) == (0, ZERO)

    fresh.set_budget()
    fresh.set_budget(agent=fresh.other_agent, category=REFUND)
    fresh.set_budget(category=PAYROLL)
    fresh.set_budget(per_payment=1)

    assert [wallet.agents(i) for i in range(3)] == [fresh.agent, fresh.other_agent, ZERO]
    assert (wallet.agent_count(), wallet.budget_count(fresh.agent)) == (2, 2)
    assert [wallet.budget_keys(fresh.agent, i) for i in range(3)] == [
        (fresh.token.address, GENERAL),
        (fresh.token.address, PAYROLL),
        (ZERO, NOTHING),
    ]
    assert wallet.budget_keys(fresh.other_agent, 0) == (fresh.token.address, REFUND)


def test_set_budget__that_is_refused__lists_nobody(fresh: World) -> None:
    """
    A refused call leaves no trace on the lists.
    """
    with pytest.raises(Reverted):
        fresh.set_budget(max_payments=0)

    assert (fresh.wallet.agent_count(), fresh.wallet.budget_count(fresh.agent)) == (0, 0)


def test_set_budget__logged__with_what_was_stored_and_spent() -> None:
    """
    `BudgetSet` tells the figures as stored, and what was spent in the hour and in the day.
    """
    world = opened()
    world.pay(100 * USDC)
    world.evm.warp(by=HOUR)
    world.pay(30 * USDC)
    figures = Budget(per_payment=90 * USDC, queue_from=91 * USDC)

    receipt = world.set_budget(figures)

    assert receipt.events == [
        logged(
            world.wallet,
            "BudgetSet",
            agent=world.agent,
            token=world.token.address,
            category=GENERAL,
            budget=tuple(figures._replace(queue_from=MAX)),
            hour_spent=30 * USDC,
            day_spent=130 * USDC,
        )
    ]


@pytest.mark.parametrize("role", ["treasury", "guardian", "agent"])
def test_set_budget__direct_change__voids_what_was_scheduled_for_the_agent(role: str) -> None:
    """
    Who cuts a budget directly does not find it raised by what was scheduled before: the change to
    this very budget is voided in so many words, others that concern the agent die with it.
    """
    world = opened({"category": REFUND}, {"agent": World().other_agent})
    raised = Budget(daily=1_050 * USDC)
    same = world.schedule(world.wallet, "set_budget", *key_of(world), raised)
    sister = world.schedule(world.wallet, "set_budget", *key_of(world, category=REFUND), raised)
    other = world.schedule(
        world.wallet, "set_budget", *key_of(world, agent=world.other_agent), raised
    )

    receipt = world.set_budget(daily=999 * USDC, sender=getattr(world, role))

    assert receipt.names() == ["BudgetSet", "ChangeVoided"]
    assert receipt.only("ChangeVoided").id == same
    assert [world.organization.ready_at(id) != 0 for id in (same, sister, other)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("role", ["treasury", "guardian", "agent"])
def test_set_budget__to_what_it_is__voids_nothing(role: str) -> None:
    """
    A call that changes nothing voids nothing, or anyone who may tighten could block for ever.
    """
    world = opened(queue_from=200 * USDC)
    change = world.schedule(world.wallet, "set_budget", *key_of(world), Budget(daily=1_050 * USDC))

    receipt = world.set_budget(queue_from=MAX, sender=getattr(world, role))

    assert receipt.names() == ["BudgetSet"]
    assert world.organization.ready_at(change) != 0
    world.set_budget(expires_at=0, sender=getattr(world, role))
    assert world.organization.ready_at(change) == 0


def test_set_budget__through_the_timelock__voids_nothing_else() -> None:
    """
    What has waited disturbs nothing: another change that was scheduled for the agent can follow.
    """
    world = opened({"category": REFUND})
    raised = Budget(daily=1_050 * USDC)
    sister = world.schedule(world.wallet, "set_budget", *key_of(world, category=REFUND), raised)

    waited(world, world.wallet, "set_budget", *key_of(world), raised)

    assert world.organization.ready_at(sister) != 0
    world.apply(world.wallet, "set_budget", *key_of(world, category=REFUND), raised)
    assert budget_of(world, category=REFUND) == raised


def test_set_budget__removed_twice__voids_only_the_first_time() -> None:
    """
    Removing what is removed changes nothing.
    """
    world = opened()
    world.set_budget(expires_at=0)
    change = world.schedule(world.wallet, "set_budget", *key_of(world), Budget())

    assert world.set_budget(expires_at=0).names() == ["BudgetSet"]
    assert world.organization.ready_at(change) != 0


def test_set_budget__after_spending_more_than_the_cut__goes_through() -> None:
    """
    A limit may go below what was spent; then nothing is left, and nothing reverts.
    """
    world = opened()
    for _ in range(3):
        world.pay(100 * USDC)

    world.set_budget(Budget(1, 1, 1, 0, 1), sender=world.guardian)

    assert left(world) == (0, 0, 0)
    judge(world, QUEUE, 1)
    judge(world, AMOUNT, 2)


def test_set_budget__for_any_kind_of_agent__is_the_treasurys_business(fresh: World) -> None:
    """
    A budget may be given to whom the treasury likes, roles and contracts among them.
    """
    fresh.enable()
    fresh.fund()
    for who in (fresh.guardian, fresh.keeper, fresh.treasury):
        fresh.set_budget(agent=who)
    fresh.open()

    for who in (fresh.guardian, fresh.keeper, fresh.treasury):
        judge(fresh, PAY, 1, sender=who)


def test_set_budget__in_another_wallet__is_another_budget(world: World) -> None:
    """
    What is cut in one wallet stays what it was in the next.
    """
    other = world.new_wallet("trading")
    world.set_budget(wallet=other)

    world.set_budget(expires_at=0)

    assert Budget(*other.budget(*key_of(world))) == Budget()
