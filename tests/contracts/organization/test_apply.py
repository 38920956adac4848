"""
Making a change that has waited.
"""

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    CHANGE_GRACE,
    LARGE,
    LIMIT,
    ROLES,
    TIMEOUT,
    Company,
    logged,
    refused,
)
from tests.contracts.organization.setters import LOOSENING, Case, one_of_each
from tests.harness.evm import compiled
from tests.harness.world import DAY, HOUR, MAX, USDC

SETTERS = one_of_each(LOOSENING)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_apply__before_it_is_due__reverts(company: Company, case: Case) -> None:
    """
    Refused up to the last second of the delay, made at its end.
    """
    case.schedule(company)
    for by in (0, 1, CHANGE_DELAY - 2):
        company.evm.warp(by=by)
        with refused("timelock: not due yet"):
            case.apply(company)

    company.evm.warp(by=1)
    case.apply(company)
    assert case.read(company) == case.wanted(company)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_apply__at_the_end_of_its_grace__reverts(company: Company, case: Case) -> None:
    """
    Seven days after it was due a change is gone; one second before it is made.
    """
    id = case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    with refused("timelock: expired"):
        case.apply(company)
    assert company.organization.ready_at(id) == 0

    case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE - 1)
    assert company.is_live(id)
    case.apply(company)
    assert case.read(company) == case.wanted(company)


def test_apply__long_after__stays_expired(company: Company) -> None:
    """
    Nothing brings an expired change back.
    """
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    for by in (1, DAY, 10_000 * DAY):
        company.evm.warp(by=by)
        with refused("timelock: expired"):
            company.apply_raise()


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_apply__twice__reverts(company: Company, case: Case) -> None:
    """
    A change is made once per scheduling.
    """
    id = case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY)
    case.apply(company)

    assert company.organization.ready_at(id) == 0
    with refused("timelock: no such change"):
        case.apply(company)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_apply__never_scheduled__reverts(untouched: Company, case: Case) -> None:
    """
    Not even the treasury applies what has not waited.
    """
    target, call = case.target(untouched), case.calldata(untouched)
    for sender in (untouched.treasury, untouched.stranger):
        with refused("timelock: no such change"):
            untouched.organization.apply(target.address, call, sender=sender)


def test_apply__other_arguments__are_another_change(company: Company) -> None:
    """
    The id covers target and every byte of the call: nobody can slip in another figure.
    """
    company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    call = company.operations.calldata("set_grace", 2 * DAY)

    for target, other in (
        (company.trading, call),
        (company.organization, call),
        (company.operations, company.operations.calldata("set_grace", 2 * DAY + 1)),
        (company.operations, call + b"\0"),
        (company.operations, call[:-1]),
        (company.operations, b""),
    ):
        with refused("timelock: no such change"):
            company.organization.apply(target.address, other, sender=company.treasury)

    company.organization.apply(company.operations.address, call, sender=company.stranger)


@pytest.mark.parametrize("role", ROLES)
def test_apply__by_anyone__is_made_in_their_name(company: Company, role: str) -> None:
    """
    What has waited needs nobody's permission any more; the event names who made it.
    """
    id = company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    call = company.operations.calldata("set_grace", 2 * DAY)

    receipt = company.act(role, company.organization, "apply", company.operations.address, call)

    by = company.puppet.address if role == "wallet" else getattr(company, role)
    assert receipt.events == [
        logged(company.organization, "ChangeApplied", id=id, by=by),
        logged(company.operations, "GraceSet", seconds=2 * DAY),
    ]


@pytest.mark.parametrize("stop", ["agent", "wallet", "organization", "lapse"])
def test_apply__during_a_stop__is_made(company: Company, stop: str) -> None:
    """
    Stops are about payments; what the treasury has scheduled for others waits for none.
    """
    company.schedule(company.operations, "set_wallet_limit", company.token.address, 2 * LIMIT)
    if stop != "lapse":
        company.pause(company.scope(stop))
    company.evm.warp(by=CHANGE_DELAY)
    if stop == "lapse":
        company.organization.set_heartbeat_timeout(600, sender=company.treasury)
        company.evm.warp(by=601)
    assert company.is_stopped()

    company.apply(company.operations, "set_wallet_limit", company.token.address, 2 * LIMIT)

    assert company.operations.wallet_limit(company.token.address) == 2 * LIMIT


def test_apply__one_of_several__leaves_the_others(company: Company) -> None:
    """
    An applied change is no direct one: it voids nothing, not even of the same agent.
    """
    others = [
        company.schedule_raise(category=b"other".ljust(32, b"\0")),
        company.schedule_raise(wallet=company.trading),
        company.schedule_raise(agent=company.other_agent),
        company.schedule(company.operations, "set_grace", 2 * DAY),
        company.schedule(company.organization, "set_change_delay", HOUR),
    ]
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY)

    receipt = company.apply_raise()

    assert receipt.names() == ["ChangeApplied", "BudgetSet"]
    assert all(company.is_live(id) for id in others)
    company.apply_raise(wallet=company.trading)
    company.apply_raise(category=b"other".ljust(32, b"\0"))


# The setter refuses


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        ("set_change_delay", (0,), "timelock: delay out of bounds"),
        ("set_heartbeat_timeout", (599,), "stops: timeout out of bounds"),
        ("set_guardian", ("0x" + "00" * 20, True), "roles: zero address"),
        ("set_payment_delay", (59,), "queue: delay out of bounds"),
        ("set_grace", (MAX,), "queue: grace out of bounds"),
    ],
)
def test_apply__setter_refuses__says_why_and_leaves_the_change(
    company: Company, function: str, args: tuple[object, ...], reason: str
) -> None:
    """
    A revert of the setter reaches the caller with its own reason, and the change stays as it was.
    """
    on_organization = function in company.organization.artifact.functions
    target = company.organization if on_organization else company.operations
    id = company.schedule(target, function, *args)
    ready_at = company.organization.ready_at(id)
    company.evm.warp(by=CHANGE_DELAY)

    for _ in range(2):
        with refused(reason):
            company.apply(target, function, *args)
        assert company.organization.ready_at(id) == ready_at

    company.evm.warp(by=CHANGE_GRACE)
    with refused("timelock: expired"):
        company.apply(target, function, *args)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"daily": 299 * USDC}, "budgets: limits contradict"),
        ({"max_payments": 0}, "budgets: max_payments invalid"),
        ({"expires_at": 1}, "budgets: expiry not a full hour"),
        ({"agent": "0x" + "00" * 20}, "agents: zero address"),
    ],
)
def test_apply__budget_that_contradicts_itself__says_why(
    company: Company, figures: dict[str, object], reason: str
) -> None:
    """
    A wallet's reasons come through as well.
    """
    args = company.budget_args(**figures)
    id = company.schedule(company.operations, "set_budget", *args)
    company.evm.warp(by=CHANGE_DELAY)

    with refused(reason):
        company.apply(company.operations, "set_budget", *args)

    assert company.is_live(id)


def test_apply__setter_refuses_only_for_now__is_made_later(company: Company) -> None:
    """
    Because a refused change stays, it can be made once the cause is gone.
    """
    token = company.recipient
    company.schedule(company.operations, "set_wallet_limit", token, LIMIT)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("limits: cannot be a token"):
        company.apply(company.operations, "set_wallet_limit", token, LIMIT)

    company.evm.set_code(token, b"\0")
    company.apply(company.operations, "set_wallet_limit", token, LIMIT)

    assert company.operations.wallet_limit(token) == LIMIT


def test_apply__argument_that_its_type_cannot_hold__reverts(company: Company) -> None:
    """
    A flag that is neither 0 nor 1 and a listed recipient with dirty bytes can be scheduled, but the
    setter refuses them without a word.
    """
    flag = bytearray(company.organization.calldata("set_guardian", company.guardian, False))
    flag[67] = 2
    who = bytearray(company.operations.calldata("set_recipients", [company.recipient], True))
    who[100] = 1
    for target, call in ((company.organization, flag), (company.operations, who)):
        company.organization.schedule(target.address, bytes(call), sender=company.treasury)
        company.evm.warp(by=CHANGE_DELAY)
        with refused(""):
            company.organization.apply(target.address, bytes(call), sender=company.stranger)


def test_apply__retired_agent__says_so(company: Company) -> None:
    """
    A raise that was scheduled for an agent after its rotation comes to nothing.
    """
    company.operations.rotate_agent(company.agent, company.stranger, sender=company.treasury)
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY)

    with refused("agents: retired"):
        company.apply_raise()


def test_apply__several_things_wrong__says_the_first(company: Company) -> None:
    """
    Whether the change is there comes before its time, and its time before what the setter says.
    """
    id = company.schedule(company.operations, "set_grace", 0)
    with refused("timelock: not due yet"):
        company.apply(company.operations, "set_grace", 0)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("queue: grace out of bounds"):
        company.apply(company.operations, "set_grace", 0)
    company.evm.warp(by=CHANGE_GRACE)
    with refused("timelock: expired"):
        company.apply(company.operations, "set_grace", 0)

    company.schedule(company.operations, "set_grace", 0)
    company.organization.veto(id, "no", sender=company.guardian)
    with refused("timelock: no such change"):
        company.apply(company.operations, "set_grace", 0)
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    with refused("timelock: no such change"):
        company.apply(company.operations, "set_grace", 0)


@pytest.mark.parametrize("waited", [0, CHANGE_DELAY, CHANGE_DELAY + CHANGE_GRACE])
def test_apply__dead_change__is_none_at_any_time(company: Company, waited: int) -> None:
    """
    A change that was killed is not called early nor expired: there is none.
    """
    company.schedule(company.operations, "set_grace", 2 * DAY)
    company.organization.veto_all("breach", sender=company.guardian)
    company.schedule_raise()
    company.pause(company.agent)
    company.evm.warp(by=waited)

    with refused("timelock: no such change"):
        company.apply_raise()
    with refused("timelock: no such change"):
        company.apply(company.operations, "set_grace", 2 * DAY)


# From within


def test_apply__to_itself__reaches_setters_as_itself(company: Company) -> None:
    """
    The organisation's own setters are reached by a call to itself, which nobody else can make: the
    treasury's direct call is still refused.
    """
    company.schedule(company.organization, "set_change_delay", HOUR)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: must be scheduled"):
        company.organization.set_change_delay(HOUR, sender=company.treasury)

    company.apply(company.organization, "set_change_delay", HOUR)

    assert company.organization.change_delay() == HOUR


def test_apply__called_back_by_its_target__is_made_once(company: Company) -> None:
    """
    The entry goes before the call: a wallet that calls back finds no change to apply again, and the
    first call fails with it.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    organization.schedule(puppet.address, call, sender=company.treasury)
    company.evm.warp(by=CHANGE_DELAY)
    puppet.when_called(organization, organization.calldata("apply", puppet.address, call))
    with refused("timelock: no such change"):
        organization.apply(puppet.address, call, sender=company.stranger)

    other = organization.calldata("set_heartbeat_timeout", TIMEOUT + DAY)
    company.schedule(organization, "set_heartbeat_timeout", TIMEOUT + DAY)
    company.evm.warp(by=CHANGE_DELAY)
    puppet.when_called(organization, organization.calldata("apply", organization.address, other))
    receipt = organization.apply(puppet.address, call, sender=company.stranger)
    assert receipt.names() == ["ChangeApplied", "ChangeApplied", "HeartbeatTimeoutSet"]
    assert receipt.events[1].by == puppet.address


def test_apply__wallet_that_calls_setters_back__has_no_right_to(company: Company) -> None:
    """
    During `apply` the organisation acts for nobody but itself.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    organization.schedule(puppet.address, call, sender=company.treasury)
    company.evm.warp(by=CHANGE_DELAY)

    puppet.when_called(organization, organization.calldata("set_change_delay", HOUR))
    with refused("roles: not the treasury"):
        organization.apply(puppet.address, call, sender=company.stranger)


def test_apply__wallet_that_stops_an_agent_meanwhile__may(company: Company) -> None:
    """
    No stop waits for anything: the organisation has no lock that would refuse one in mid-call.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    organization.schedule(puppet.address, call, sender=company.treasury)
    company.evm.warp(by=CHANGE_DELAY)
    puppet.when_called(organization, organization.calldata("pause", company.agent, 60, "now"))

    receipt = organization.apply(puppet.address, call, sender=company.stranger)

    assert receipt.names() == ["ChangeApplied", "Paused"]
    assert company.is_stopped()


def test_apply__raise__is_what_the_agent_can_pay_from(company: Company) -> None:
    """
    From end to end: what was too much before is paid after the raise has waited.
    """
    args = company.budget_args(per_payment=200 * USDC, queue_from=MAX)
    with refused("payments: amount out of bounds"):
        company.pay(200 * USDC)
    company.schedule(company.operations, "set_budget", *args)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("payments: amount out of bounds"):
        company.pay(200 * USDC)

    company.apply(company.operations, "set_budget", *args)

    company.pay(200 * USDC)
    assert company.token.balanceOf(company.recipient) == 200 * USDC > LARGE


def test_apply__ether_sent_along__reverts(company: Company) -> None:
    """
    An organisation holds no money, so it takes none on the way either.
    """
    company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    call = compiled("HotWallet.vy").functions["set_grace"].encode((2 * DAY,))
    company.evm.fund(company.stranger, 1)
    with refused(""):
        company.organization.apply(
            company.operations.address, call, sender=company.stranger, value=1
        )
