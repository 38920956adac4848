"""
The fold: what the state is after events, whatever else is in the logs.
"""

from typing import Any

import pytest

from bursar.budgets import figures
from bursar.errors import BrokenHistoryError
from bursar.events import (
    BudgetSet,
    ChangeApplied,
    GraceSet,
    HeartbeatSent,
    KeeperSet,
    OrganizationCreated,
    Paid,
    PaymentDelaySet,
    PaymentExecuted,
    WalletCreated,
)
from bursar.state import State, apply_event, fold
from bursar.types import DAY, EMPTY, HOUR, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    NOON,
    ORGANIZATION,
    RECIPIENT,
    REFUND,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    actor,
    budget,
)


def paid(office: Office, **given: Any) -> Paid:
    """
    A payment of 5 by the agent, of which 100 and 200 are left.
    """
    fields: dict[str, Any] = {
        "emitter": office.wallet,
        "at": office.now,
        "agent": AGENT,
        "token": TOKEN,
        "to": RECIPIENT,
        "amount": 5,
        "category": REFUND,
        "ref": EMPTY,
        "hour_remaining": 100 * USDC,
        "day_remaining": 200 * USDC,
    }
    return Paid(**fields | given)


def test_fold__nothing__is_an_empty_state():
    """Before its creation an organisation has nothing."""
    assert fold([]) == State()


def test_fold__of_a_whole_history__is_what_step_by_step_gave():
    """The state follows from the logs alone."""
    office = Office().open()
    office.pay(5)
    assert fold(office.history) == office.state


@pytest.mark.parametrize("cut", [1, 5, 8, 10, 12])
def test_fold__in_two_parts__is_the_whole(cut):
    """A stored state and the events after it give the same; the stored one stays as it was."""
    office = Office().open()
    office.pay(5)
    stored = fold(office.history[:cut])
    kept = stored.copy()
    assert fold(office.history[cut:], stored) == office.state
    assert stored == kept


def test_copy__changed__leaves_the_original_alone():
    """A copy shares nothing that changes."""
    office = Office().open(queue_from=0)
    office.schedule(office.wallet, "set_grace", 2 * DAY)
    office.pay(5)
    original = office.state
    kept = fold(office.history)
    office.state = original.copy()
    office.now += 600
    office.do(STRANGER, office.wallet, "execute", *office.execute_arguments(5))
    office.do(TREASURY, ORGANIZATION, "set_keeper", STRANGER, True)
    office.do(GUARDIAN, ORGANIZATION, "pause", AGENT, 0, "")
    office.do(GUARDIAN, ORGANIZATION, "veto_all", "")
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, STRANGER_2)
    office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    assert original == kept != office.state


STRANGER_2 = actor("another stranger")


def test_fold__first_events__carry_the_constructors_values():
    """Constructor values are rebuilt from logs."""
    state = Office(heartbeat_timeout=HOUR, change_delay=3 * DAY).state
    assert state.organization == ORGANIZATION
    assert state.treasury == TREASURY
    assert state.change_delay == 3 * DAY
    assert state.heartbeat_timeout == HOUR
    assert state.last_heartbeat == NOON
    assert (state.guardians, state.keepers) == ({GUARDIAN}, {KEEPER})


def test_fold__events_of_strangers__are_ignored():
    """Anybody can log anything: only the organisation's and its wallets' events count."""
    office = Office().open()
    kept = office.state.copy()
    for event in (
        OrganizationCreated(emitter=STRANGER, at=NOON, treasury=STRANGER, change_delay=1),
        KeeperSet(emitter=STRANGER, at=NOON, who=STRANGER, on=True),
        KeeperSet(emitter=office.wallet, at=NOON, who=STRANGER, on=True),
        HeartbeatSent(emitter=STRANGER, at=NOON + 5, by=KEEPER),
        paid(office, emitter=STRANGER),
        paid(office, emitter=ORGANIZATION),
    ):
        apply_event(office.state, event)
    assert office.state == kept


def test_fold__a_wallets_constructor__counts_once_it_is_registered():
    """A wallet logs before `WalletCreated` makes it known."""
    office = Office()
    new = actor("new wallet")
    born = [
        PaymentDelaySet(emitter=new, at=NOON, seconds=777),
        GraceSet(emitter=new, at=NOON, seconds=8_888),
    ]
    state = fold(born, office.state)
    assert not state.is_wallet(new)
    created = WalletCreated(
        emitter=ORGANIZATION, at=NOON, wallet=new, name="new", blueprint=BLUEPRINT
    )
    state = fold([created], state)
    assert state.is_wallet(new)
    assert (state.wallet(new).payment_delay, state.wallet(new).grace) == (777, 8_888)


def test_fold__strangers_posing_as_newborn__are_forgotten():
    """Only the latest unknown emitter is kept, and only for the wallet that is registered next."""
    office = Office()
    for number in range(50):
        posing = PaymentDelaySet(emitter=actor(f"posing {number}"), at=NOON, seconds=1)
        apply_event(office.state, posing)
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    assert office.state.newborn is None
    assert office.view(second, "payment_delay") == 600
    assert office.state.wallet_count() == 2


def test_fold__a_batch__charges_what_is_left_and_counts_each():
    """Every `Paid` of a batch says what is left after the whole batch."""
    office = Office().open()
    wallet = office.wallet
    left = {"hour_remaining": 200 * USDC, "day_remaining": 900 * USDC}
    batch = [paid(office, amount=50 * USDC, **left), paid(office, amount=50 * USDC, **left)]
    for event in batch:
        apply_event(office.state, event)
    assert office.remaining() == (200 * USDC, 900 * USDC, 98)
    assert office.view(wallet, "wallet_remaining", TOKEN) == 9_900 * USDC


def test_fold__payment_of_a_budget_that_was_never_set__is_a_broken_history():
    """Logs are missing: a wrong state would be worse than none."""
    office = Office().open()
    for missing in ({"agent": STRANGER}, {"token": STRANGER}, {"category": EMPTY}):
        with pytest.raises(BrokenHistoryError, match="never set"):
            apply_event(office.state, paid(office, **missing))
    executed = PaymentExecuted(**paid(office, agent=STRANGER).__dict__ | {"id": EMPTY})
    with pytest.raises(BrokenHistoryError):
        apply_event(office.state, executed)


def test_fold__applied_but_never_scheduled__is_a_broken_history():
    """Logs are missing."""
    office = Office()
    with pytest.raises(BrokenHistoryError, match="never scheduled"):
        apply_event(office.state, ChangeApplied(emitter=ORGANIZATION, at=NOON, id=EMPTY, by=AGENT))


def budget_set(office: Office, **given: Any) -> BudgetSet:
    """
    The agent's budget as lowered.
    """
    fields: dict[str, Any] = {
        "emitter": office.wallet,
        "at": office.now,
        "agent": AGENT,
        "token": TOKEN,
        "category": REFUND,
        "budget": budget(daily=999 * USDC),
        "hour_spent": 0,
        "day_spent": 0,
    }
    return BudgetSet(**fields | given)


@pytest.mark.parametrize(
    ("given", "survives"),
    [
        ({}, True),
        ({"category": EMPTY}, False),
        ({"token": STRANGER}, False),
        ({"budget": budget()}, True),
        ({"agent": STRANGER}, True),
    ],
)
def test_fold__budget_set_after_an_application__is_direct_unless_of_that_subject(given, survives):
    """Right after `ChangeApplied` of its subject it is the applied one, every other is direct."""
    office = Office().open()
    call = office.schedule(
        office.wallet, "set_budget", AGENT, TOKEN, REFUND, budget(daily=2_000 * USDC)
    )
    other = office.schedule(office.wallet, "set_budget", AGENT, STRANGER_2, REFUND, budget())
    id = office.state.change_id(office.wallet, call)
    applied = ChangeApplied(emitter=ORGANIZATION, at=office.now, id=id, by=STRANGER)
    office.state = fold([applied, budget_set(office, **given)], office.state)
    assert (office.ready_at(office.wallet, other) > 0) is survives


def test_fold__second_budget_set_after_an_application__is_direct():
    """Only the event right after is the applied one."""
    office = Office().open()
    call = office.schedule(
        office.wallet, "set_budget", AGENT, TOKEN, REFUND, budget(daily=2_000 * USDC)
    )
    other = office.schedule(office.wallet, "set_budget", AGENT, STRANGER_2, REFUND, budget())
    id = office.state.change_id(office.wallet, call)
    applied = ChangeApplied(emitter=ORGANIZATION, at=office.now, id=id, by=STRANGER)
    second = budget_set(office, budget=budget(daily=998 * USDC))
    office.state = fold([applied, budget_set(office), second], office.state)
    assert office.ready_at(office.wallet, other) == 0


def test_fold__budget_of_an_earlier_day__starts_its_counters_over():
    """What `BudgetSet` logs is of its own day: yesterday's payments do not count."""
    office = Office().open()
    office.pay(5)
    office.now += DAY
    office.set_budget(daily=999 * USDC)
    assert office.remaining() == (300 * USDC, 999 * USDC, 100)
    line = office.state.wallet(office.wallet).line(AGENT, TOKEN, REFUND)
    assert figures(line).daily == 999 * USDC


def test_wallet__not_registered__raises():
    """There is no state of what is no wallet."""
    with pytest.raises(KeyError):
        Office().state.wallet(ZERO_ADDRESS)
