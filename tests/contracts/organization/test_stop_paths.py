"""
What each stop stops: every scope against every path by which money leaves or enters a wallet.
"""

from collections.abc import Callable

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    LARGE,
    PAYMENT_DELAY,
    SCOPES,
    SMALL,
    TIMEOUT,
    Company,
    refused,
)
from tests.harness.evm import Contract
from tests.harness.world import DAY, NATIVE, ref

STOPS = (*SCOPES, "lapse")
AGENTS = ("agent", "other agent")
WALLETS = ("operations", "trading")

# PUSH4 magic, PUSH1 224, SHL, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN: ERC-1271's yes.
SAYS_YES = bytes.fromhex("631626ba7e60e01b5f5260205ff3")


def _stop(company: Company, stop: str, duration: int = 0) -> None:
    """
    Stop the agent, `operations`, the organisation, or let the heartbeat lapse.
    """
    if stop == "lapse":
        company.evm.warp(company.organization.last_heartbeat() + TIMEOUT + 1)
    else:
        company.pause(company.scope(stop), duration, by=company.keeper)


def _covers(stop: str, agent: str, wallet: str) -> bool:
    """
    Whether a stop from `_stop` covers that agent in that wallet.
    """
    return {
        "agent": agent == "agent",
        "wallet": wallet == "operations",
        "organization": True,
        "lapse": True,
    }[stop]


def _pair(company: Company, agent: str, wallet: str) -> tuple[str, Contract]:
    agents = {"agent": company.agent, "other agent": company.other_agent}
    wallets = {"operations": company.operations, "trading": company.trading}
    return agents[agent], wallets[wallet]


def _pay(company: Company, agent: str, wallet: Contract) -> None:
    company.pay(SMALL, sender=agent, wallet=wallet)


def _queue(company: Company, agent: str, wallet: Contract) -> None:
    company.queue(2, agent, wallet)


def _execute(company: Company, agent: str, wallet: Contract) -> None:
    company.execute(1, agent, wallet)


def _pay_many(company: Company, agent: str, wallet: Contract) -> None:
    token, to, amount, category, reference = company.payment(SMALL)
    wallet.pay_many(token, category, [(to, amount, reference)] * 2, sender=agent)


def _pay_signed(company: Company, agent: str, wallet: Contract) -> None:
    """
    For as long as the call takes, the agent is a contract that says yes to every signature.
    """
    nonce = next(n for n in range(256) if not wallet.nonce_used(agent, n))
    arguments = (agent, *company.payment(SMALL), nonce, company.now, b"")
    company.evm.set_code(agent, SAYS_YES)
    try:
        wallet.pay_signed(*arguments, sender=company.stranger)
    finally:
        company.evm.set_code(agent, b"")


PATHS: dict[str, Callable[[Company, str, Contract], None]] = {
    "pay": _pay,
    "pay_many": _pay_many,
    "pay_signed": _pay_signed,
    "queue": _queue,
    "execute": _execute,
}


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stop", STOPS)
def test_stop__every_path_of_payments__is_closed_to_whom_it_covers(
    company: Company, stop: str, path: str, agent: str, wallet: str
) -> None:
    """
    A stop closes paying, queueing and executing to the agents that it covers, in the wallets that
    it covers, and to nobody else.
    """
    who, where = _pair(company, agent, wallet)
    company.evm.warp(by=TIMEOUT - PAYMENT_DELAY)
    company.queue(1, who, where)
    company.evm.warp(by=PAYMENT_DELAY)
    before = company.token.balanceOf(where.address)

    _stop(company, stop)

    if _covers(stop, agent, wallet):
        with refused("payments: stopped"):
            PATHS[path](company, who, where)
        assert where.preview(who, *company.payment(SMALL)[:4]) == 2
        assert company.token.balanceOf(where.address) == before
    else:
        PATHS[path](company, who, where)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stop", STOPS)
def test_stop__ended__opens_every_path_again(company: Company, stop: str, path: str) -> None:
    """
    After an unpause, or a heartbeat after a lapse, the same payments go; what waited is not lost.
    """
    company.organization.heartbeat(sender=company.keeper)
    company.evm.warp(by=TIMEOUT - PAYMENT_DELAY)
    company.queue(1)
    company.evm.warp(by=PAYMENT_DELAY)
    _stop(company, stop)
    with refused("payments: stopped"):
        PATHS[path](company, company.agent, company.operations)

    if stop == "lapse":
        company.organization.heartbeat(sender=company.keeper)
    else:
        company.unpause(company.scope(stop))

    PATHS[path](company, company.agent, company.operations)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scope", SCOPES)
def test_stop__timed__closes_every_path_until_that_second(
    company: Company, scope: str, path: str
) -> None:
    """
    A timed stop ends by itself: refused in its last second, made at its end.
    """
    company.queue(1)
    company.evm.warp(by=PAYMENT_DELAY)
    _stop(company, scope, 600)

    company.evm.warp(by=599)
    with refused("payments: stopped"):
        PATHS[path](company, company.agent, company.operations)

    company.evm.warp(by=1)
    PATHS[path](company, company.agent, company.operations)


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize("by", ["guardian", "treasury"])
@pytest.mark.parametrize("stop", STOPS)
def test_sweep__during_any_stop__brings_the_money_home(
    company: Company, stop: str, by: str, wallet: str
) -> None:
    """
    A guardian and the treasury can always move a wallet's money to the treasury.
    """
    _, where = _pair(company, "agent", wallet)
    _stop(company, stop)
    held = company.token.balanceOf(where.address)

    company.sweep(company.guardian if by == "guardian" else company.treasury, where)

    assert held > 0 == company.token.balanceOf(where.address)
    assert company.token.balanceOf(company.treasury) == held


@pytest.mark.parametrize("stop", STOPS)
def test_sweep__of_native_currency_during_any_stop__brings_it_home(
    company: Company, stop: str
) -> None:
    """
    Native currency comes home like any token.
    """
    company.evm.fund(company.operations.address, 10**18)
    _stop(company, stop)

    company.operations.sweep(NATIVE, "home", sender=company.guardian)

    assert company.evm.balance(company.operations.address) == 0
    assert company.evm.balance(company.treasury) == 10**18


@pytest.mark.parametrize("stop", STOPS)
def test_sweep__during_any_stop__is_still_nobody_elses(company: Company, stop: str) -> None:
    """
    A stop gives nobody a right that they did not have.
    """
    _stop(company, stop)
    for who in (company.keeper, company.agent, company.stranger, company.deployer):
        with refused("access: not guardian or treasury"):
            company.sweep(who)


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize("stop", STOPS)
def test_refill__during_a_stop__only_where_no_wallet_is_stopped(
    company: Company, stop: str, wallet: str
) -> None:
    """
    No money goes to where it could not be used, or where something is wrong. An agent alone being
    stopped is no reason: the wallet's other agents go on.
    """
    _, where = _pair(company, "agent", wallet)
    _stop(company, stop)

    if stop != "agent" and _covers(stop, "agent", wallet):
        with refused("refill: stopped"):
            company.refill(wallet=where)
    else:
        company.refill(wallet=where)


@pytest.mark.parametrize("stop", ["wallet", "organization", "lapse"])
def test_refill__stop_ended__is_open_again(company: Company, stop: str) -> None:
    """
    Refused up to the last second of a timed stop, open at its end; likewise with a heartbeat.
    """
    _stop(company, stop, 600)
    if stop != "lapse":
        company.evm.warp(by=599)
    with refused("refill: stopped"):
        company.refill()

    if stop == "lapse":
        company.organization.heartbeat(sender=company.keeper)
    else:
        company.evm.warp(by=1)
    company.refill()


@pytest.mark.parametrize("by", ["agent", "guardian", "keeper", "treasury"])
@pytest.mark.parametrize("stop", STOPS)
def test_cancel__during_any_stop__is_open(company: Company, stop: str, by: str) -> None:
    """
    Whoever may cancel a payment may do so while everything is stopped: it moves nothing.
    """
    company.evm.warp(by=TIMEOUT - PAYMENT_DELAY)
    id = company.queue(1)
    _stop(company, stop)
    canceller = getattr(company, by)

    company.operations.cancel(id, "theft", sender=canceller)

    assert company.operations.payment(id)[1] == 0


def test_stop__agent__stops_it_in_every_wallet_in_one_call(company: Company) -> None:
    """
    One transaction, however many wallets an agent has budgets in; the others go on.
    """
    wallets = [company.operations, company.trading]
    company.pause(company.agent, by=company.keeper)

    for wallet in wallets:
        with refused("payments: stopped"):
            company.pay(SMALL, wallet=wallet)
        company.pay(SMALL, sender=company.other_agent, wallet=wallet)


def test_stop__agent__also_stops_it_in_wallets_to_come(company: Company) -> None:
    """
    A stop of an agent is no property of the wallets that exist.
    """
    company.pause(company.agent)
    wallet = company.new_wallet("later")
    company.enable(wallet=wallet)
    company.set_budget(wallet=wallet)
    company.open(wallet)
    company.fund(wallet=wallet)

    with refused("payments: stopped"):
        company.pay(SMALL, wallet=wallet)
    company.unpause(company.agent)
    company.pay(SMALL, wallet=wallet)


def test_stop__wallet__leaves_all_but_its_own_balance_in_use(company: Company) -> None:
    """
    The blast radius of a wallet is its own balance: every agent of it stops, and each of them goes
    on in its other wallets.
    """
    company.pause(company.operations.address)

    for agent in (company.agent, company.other_agent):
        with refused("payments: stopped"):
            company.pay(SMALL, sender=agent)
        company.pay(SMALL, sender=agent, wallet=company.trading)


def test_stop__organization__leaves_the_treasury_able_to_act(company: Company) -> None:
    """
    With every wallet stopped and the heartbeat lapsed, people can still do all that the treasury
    does: take money home, change roles, lower limits, rotate keys, found wallets, schedule, apply
    and start again.
    """
    organization, treasury = company.organization, company.treasury
    company.schedule_raise()
    company.pause(organization.address)
    for wallet in (company.operations, company.trading):
        company.pause(wallet.address)
    company.evm.warp(by=TIMEOUT + 1)

    company.sweep(treasury)
    organization.set_guardian(company.second_guardian, True, sender=treasury)
    organization.set_keeper(company.keeper, False, sender=treasury)
    organization.set_keeper(company.second_keeper, True, sender=treasury)
    company.operations.set_wallet_limit(company.token.address, 1, sender=treasury)
    company.operations.rotate_agent(company.agent, company.stranger, sender=treasury)
    company.trading.cancel_all("fresh start", sender=treasury)
    company.new_wallet("fresh start").seal(sender=treasury)
    id = company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(company.operations, "set_grace", 2 * DAY)
    assert company.operations.grace() == 2 * DAY
    assert not company.is_live(id)

    organization.heartbeat(sender=company.second_keeper)
    for scope in (company.trading.address, organization.address):
        company.unpause(scope)
    company.pay(SMALL, sender=company.other_agent, wallet=company.trading)


def test_stop__organization__does_not_reach_the_treasury_itself(company: Company) -> None:
    """
    Stops are a wallet's business: what the treasury holds it can move whatever is stopped.
    """
    company.token.mint(company.treasury, LARGE, sender=company.deployer)
    company.pause(company.organization.address)
    company.pause(company.treasury)

    company.token.transfer(company.recipient, LARGE, sender=company.treasury)

    assert company.token.balanceOf(company.recipient) == LARGE


def test_stop__two_organizations__do_not_touch_each_other(company: Company) -> None:
    """
    The same agent under another organisation goes on.
    """
    other, _ = company.another_organization()
    for scope in (company.agent, company.operations.address, other.address):
        other.pause(scope, 0, "theirs", sender=company.guardian)

    company.pay(SMALL, ref=ref(9))
