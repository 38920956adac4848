"""
Bookkeeping of stops that have ended by themselves: `clear`, and the number of stopped scopes that
makes payments cheap while it is 0.
"""

import random

import pytest

from tests.contracts.organization.company import ROLES, SCOPES, ZERO, Company, refused
from tests.harness.world import MAX


def _cost(company: Company) -> int:
    """
    Gas of the question that every payment asks, for somebody who was never stopped.
    """
    call = company.organization.calldata("is_stopped", company.trading.address, company.other_agent)
    company.evm.transact(company.stranger, company.organization.address, call)
    return company.evm.gas_used()


@pytest.mark.parametrize("scope", SCOPES)
def test_clear__stop_that_runs__reverts(company: Company, scope: str) -> None:
    """
    A running stop is not cleared, up to its last second, nor one without an end; at its end it is.
    """
    target = company.scope(scope)
    company.pause(target, 60)
    for by in (0, 30, 29):
        company.evm.warp(by=by)
        with refused("stops: still stopped"):
            company.organization.clear(target, sender=company.stranger)
        assert company.is_stopped()

    company.evm.warp(by=1)
    company.organization.clear(target, sender=company.stranger)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_clear__stop_without_end__reverts(company: Company, scope: str) -> None:
    """
    What lasts until unpaused never ends by itself.
    """
    target = company.scope(scope)
    company.pause(target)
    company.evm.warp(by=100 * 365 * 86400)

    for by in (company.treasury, company.guardian, company.stranger):
        with refused("stops: still stopped"):
            company.organization.clear(target, sender=by)

    company.unpause(target)
    company.organization.clear(target, sender=company.stranger)


@pytest.mark.parametrize("scope", SCOPES)
def test_clear__stop_that_has_ended__logs_and_changes_nothing(company: Company, scope: str) -> None:
    """
    Clearing is bookkeeping: end and number stay as they were, and no event tells of it.
    """
    target = company.scope(scope)
    paused = company.pause(target, 60).only("Paused")
    company.evm.warp(by=60)

    receipt = company.organization.clear(target, sender=company.stranger)

    assert receipt.events == []
    assert company.organization.paused_until(target) == paused.until
    assert company.organization.pause_number(target) == paused.number
    company.pay(1)


@pytest.mark.parametrize("role", ROLES)
def test_clear__by_anyone__never_reverts(company: Company, role: str) -> None:
    """
    Anyone may clear anything that is not stopped: ended, unpaused, never stopped, repeatedly.
    """
    for scope in SCOPES:
        company.pause(company.scope(scope), 60)
    company.evm.warp(by=60)
    targets = [company.scope(scope) for scope in SCOPES]
    for target in (*targets, *targets, company.stranger, company.trading.address, ZERO):
        company.act(role, company.organization, "clear", target)


@pytest.mark.parametrize("scope", ["agent", "wallet"])
def test_clear__somebody_else_is_stopped__stays_stopped(company: Company, scope: str) -> None:
    """
    A stop is taken off the number once, however often it is cleared or unpaused, so that it takes
    no other one along.
    """
    target = company.scope(scope)
    company.pause(company.other_agent)
    company.pause(target, 60)
    company.pause(target, 60)
    company.evm.warp(by=60)

    for _ in range(3):
        company.organization.clear(target, sender=company.stranger)
        company.unpause(target)
        company.organization.clear(company.stranger, sender=company.stranger)

    assert company.is_stopped(company.other_agent)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", ["agent", "wallet"])
def test_clear__and_stopped_again__counts_again(company: Company, scope: str) -> None:
    """
    A scope that was cleared or unpaused is stopped again like one that never was.
    """
    target = company.scope(scope)
    company.pause(target, 60)
    company.evm.warp(by=60)
    company.organization.clear(target, sender=company.stranger)
    company.pause(target, 60)
    assert company.is_stopped()

    company.unpause(target)
    company.pause(target, 60)
    assert company.is_stopped()


@pytest.mark.parametrize("scope", ["agent", "wallet"])
def test_clear__ended_and_stopped_again_without__counts_once(company: Company, scope: str) -> None:
    """
    A stop that follows one which nobody cleared is not counted twice.
    """
    cheap = _cost(company)
    target = company.scope(scope)
    for _ in range(3):
        company.pause(target, 60)
        company.evm.warp(by=60)
    assert _cost(company) > cheap

    company.organization.clear(target, sender=company.stranger)

    assert _cost(company) == cheap


@pytest.mark.parametrize("scope", ["agent", "wallet"])
def test_clear__while_a_scope_counts__payments_of_others_cost_more(
    company: Company, scope: str
) -> None:
    """
    Until a stop is cleared or unpaused, also after its end, everybody's payments read two words
    more; afterwards they cost what they did.
    """
    target = company.scope(scope)
    cheap = _cost(company)

    company.pause(target, 60)
    assert _cost(company) > cheap
    company.evm.warp(by=60)
    assert _cost(company) > cheap
    company.organization.clear(target, sender=company.stranger)
    assert _cost(company) == cheap

    company.pause(target)
    assert _cost(company) > cheap
    company.unpause(target)
    assert _cost(company) == cheap


def test_clear__organization__is_not_counted(company: Company) -> None:
    """
    A stop of the organisation needs no further word: it costs nothing after its end.
    """
    cheap = _cost(company)
    company.pause(company.organization.address, 60)
    company.evm.warp(by=60)

    assert _cost(company) == cheap


class _Ledger:
    """
    What is stopped, as a plain dictionary of ends and two figures of the watch.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.agents = [company.agent, company.other_agent, company.stranger]
        self.wallets = [company.operations.address, company.trading.address]
        self.all = company.organization.address
        scopes = [*self.agents, *self.wallets, self.all]
        self.ends = dict.fromkeys(scopes, 0)
        self.numbers = {scope: company.organization.pause_number(scope) for scope in scopes}
        self.last = company.organization.last_heartbeat()
        self.timeout = company.organization.heartbeat_timeout()

    def is_stopped(self, wallet: str, agent: str) -> bool:
        """
        Whether anything covers the agent in the wallet.
        """
        now = self.company.now
        end = max(self.ends[scope] for scope in (agent, wallet, self.all))
        return now < end or now > self.last + self.timeout

    def check(self) -> None:
        """
        Compare every view.
        """
        organization = self.company.organization
        for scope, end in self.ends.items():
            assert organization.paused_until(scope) == end
            assert organization.pause_number(scope) == self.numbers[scope]
        assert organization.last_heartbeat() == self.last
        assert organization.heartbeat_timeout() == self.timeout
        for wallet in self.wallets:
            for agent in self.agents:
                assert organization.is_stopped(wallet, agent) == self.is_stopped(wallet, agent)


@pytest.mark.parametrize("seed", range(6))
def test_stops__random_calls__are_what_a_list_of_ends_says(seed: int) -> None:
    """
    Any sequence of stops, releases, clearings, heartbeats, shorter timeouts and time leaves every
    view saying what a plain dictionary says: nothing that shares a word disturbs its neighbours.
    """
    rng = random.Random(seed)
    company = Company(heartbeat_timeout=MAX if seed % 2 else 40 * 60)
    organization, ledger = company.organization, _Ledger(company)
    cheap = _cost(company)
    for _ in range(100):
        scope = rng.choice(list(ledger.ends))
        step = rng.choice(
            ["pause", "pause", "unpause", "clear", "clear", "wait", "beat", "shorten"]
        )
        if step == "pause":
            duration = rng.choice([0, 1, 30, 60, 90])
            end = company.now + duration if duration else MAX
            ledger.ends[scope] = max(ledger.ends[scope], end)
            ledger.numbers[scope] += 1
            company.pause(scope, duration)
        elif step == "unpause" and ledger.numbers[scope]:
            ledger.ends[scope] = 0
            company.unpause(scope)
        elif step == "clear" and company.now >= ledger.ends[scope]:
            organization.clear(scope, sender=company.stranger)
        elif step == "clear":
            with refused("stops: still stopped"):
                organization.clear(scope, sender=company.stranger)
        elif step == "beat":
            organization.heartbeat(sender=company.keeper)
            ledger.last = company.now
        elif step == "shorten":
            ledger.timeout = max(600, min(ledger.timeout, 40 * 60) - rng.choice([0, 1, 300]))
            organization.set_heartbeat_timeout(ledger.timeout, sender=company.treasury)
            ledger.last = company.now
        else:
            company.evm.warp(by=rng.choice([1, 29, 30, 31, 60, 599, 600, 601]))
        ledger.check()
    organization.heartbeat(sender=company.keeper)
    for scope in ledger.ends:
        if ledger.numbers[scope]:
            company.unpause(scope)
    assert _cost(company) == cheap
