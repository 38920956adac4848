"""
Which calls of the nine setters wait, and which take effect at once.
"""

import pytest

from tests.contracts.organization.company import CHANGE_DELAY, ROLES, Company, logged, refused
from tests.contracts.organization.setters import (
    CHANGING_NOTHING,
    LOOSENING,
    TIGHTENING,
    Case,
    names,
    one_of_each,
)
from tests.harness.evm import Event, Reverted

SETTERS = {case.function for case in LOOSENING}
ON_WALLETS = tuple(
    c
    for c in LOOSENING
    if c.function not in ("set_guardian", "set_heartbeat_timeout", "set_change_delay")
)


def _direct_events(case: Case, company: Company) -> list[Event]:
    """
    What a direct call logs when nothing is pending on its subject.
    """
    events = case.events(company)
    if case.function == "set_heartbeat_timeout":
        events.append(logged(company.organization, "HeartbeatSent", by=company.treasury))
    return events


def test_setters__each_of_the_nine__has_calls_of_every_direction() -> None:
    """
    The tables behind these tests leave out no setter.
    """
    assert len(SETTERS) == 9
    assert SETTERS == {c.function for c in TIGHTENING} == {c.function for c in CHANGING_NOTHING}


@pytest.mark.parametrize("case", LOOSENING, ids=names(LOOSENING))
def test_setter__loosening_directly__must_be_scheduled(untouched: Company, case: Case) -> None:
    """
    What loosens any one figure is refused to the treasury's own call, and nothing changes.
    """
    before = case.read(untouched)

    with refused("timelock: must be scheduled"):
        case.call(untouched)

    assert case.read(untouched) == before != case.wanted(untouched)


@pytest.mark.parametrize("case", LOOSENING, ids=names(LOOSENING))
def test_setter__loosening_after_its_delay__is_made(company: Company, case: Case) -> None:
    """
    The same call is made once it has waited, and logs `ChangeApplied` before its own event.
    """
    id = case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY)

    receipt = case.apply(company)

    applied = logged(company.organization, "ChangeApplied", id=id, by=company.stranger)
    assert receipt.events == [applied, *case.events(company)]
    assert case.read(company) == case.wanted(company)


@pytest.mark.parametrize("case", TIGHTENING, ids=names(TIGHTENING))
def test_setter__tightening_directly__takes_effect_at_once(company: Company, case: Case) -> None:
    """
    What tightens every figure or leaves it equal needs no delay, and logs the setter's own event.
    """
    before = case.read(company)

    receipt = case.call(company)

    assert receipt.events == _direct_events(case, company)
    assert before != case.read(company) == case.wanted(company)


@pytest.mark.parametrize("case", TIGHTENING, ids=names(TIGHTENING))
def test_setter__tightening_scheduled__is_made_too(company: Company, case: Case) -> None:
    """
    A tightening may be scheduled as well, and is made after the delay like any other.
    """
    id = case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY)

    receipt = case.apply(company)

    applied = logged(company.organization, "ChangeApplied", id=id, by=company.stranger)
    assert receipt.events == [applied, *case.events(company)]
    assert case.read(company) == case.wanted(company)


@pytest.mark.parametrize("case", TIGHTENING, ids=names(TIGHTENING))
def test_setter__direct_change_of_a_pending_subject__voids_it(company: Company, case: Case) -> None:
    """
    A direct change drops what was pending on the same subject and says so, after its own event.
    """
    id = case.schedule(company)

    receipt = case.call(company)

    voided = logged(company.organization, "ChangeVoided", id=id)
    assert receipt.events == [*_direct_events(case, company), voided]
    assert not company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: no such change"):
        case.apply(company)


@pytest.mark.parametrize("case", CHANGING_NOTHING, ids=names(CHANGING_NOTHING))
def test_setter__direct_call_that_changes_nothing__voids_nothing(
    company: Company, case: Case
) -> None:
    """
    Setting what is set already is no change: what is pending on the subject stays pending.
    """
    id = case.schedule(company)
    before = case.read(company)

    receipt = case.call(company)

    assert receipt.events == _direct_events(case, company)
    assert case.read(company) == before
    company.evm.warp(by=CHANGE_DELAY)
    assert case.apply(company).events[0].id == id


@pytest.mark.parametrize("case", CHANGING_NOTHING, ids=names(CHANGING_NOTHING))
def test_setter__applied_call_that_changes_nothing__is_made(company: Company, case: Case) -> None:
    """
    What changes nothing may be scheduled like anything else.
    """
    before = case.read(company)
    case.schedule(company)
    company.evm.warp(by=CHANGE_DELAY)

    case.apply(company)

    assert case.read(company) == before


@pytest.mark.parametrize("case", ON_WALLETS, ids=names(ON_WALLETS))
def test_setter__loosening_before_seal__takes_effect_at_once(unsealed: Company, case: Case) -> None:
    """
    While a wallet is being set up its treasury waits for nothing.
    """
    case.call(unsealed)

    assert case.read(unsealed) == case.wanted(unsealed)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
@pytest.mark.parametrize("case", one_of_each(LOOSENING), ids=lambda case: case.function)
def test_setter__loosening_by_anyone_else__is_not_theirs(
    untouched: Company, case: Case, role: str
) -> None:
    """
    Only the treasury's calls are even asked whether they have waited.
    """
    reason = "access: not the treasury"
    if case.target(untouched) is untouched.organization:
        reason = "roles: not the treasury"
    elif case.function == "set_budget":
        tightens = role in ("guardian", "agent")
        reason = "access: may only tighten" if tightens else "access: not authorised"

    with refused(reason):
        untouched.act(role, case.target(untouched), case.function, *case.args(untouched))


@pytest.mark.parametrize("case", one_of_each(TIGHTENING), ids=lambda case: case.function)
@pytest.mark.parametrize("role", ["keeper", "wallet", "stranger", "deployer"])
def test_setter__tightening_by_who_may_not_set__is_refused(
    untouched: Company, case: Case, role: str
) -> None:
    """
    Tightening is no free-for-all: it could stop an organisation's work.
    """
    with pytest.raises(Reverted, match=r"^(roles|access): not (the treasury|authorised)$"):
        untouched.act(role, case.target(untouched), case.function, *case.args(untouched))


def test_set_budget__lowered_by_its_agent_or_a_guardian__takes_effect_at_once(
    company: Company,
) -> None:
    """
    Of all setters, only `set_budget` is open to others, and only to tighten.
    """
    args = company.budget_args(daily=999 * 10**6)
    company.operations.set_budget(*args, sender=company.agent)
    args = company.budget_args(daily=998 * 10**6)
    company.operations.set_budget(*args, sender=company.guardian)

    assert company.operations.budget(*args[:3])[2] == 998 * 10**6
