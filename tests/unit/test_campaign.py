"""
Random calls by everybody: what holds whatever happens, checked against sums by hand.
"""

import random
from collections import defaultdict
from typing import Any

import pytest

from bursar.changes import WALLET_SETTERS, encode_call
from bursar.events import Paid, PaymentExecuted, Swept
from bursar.reference import Accepted, Call, Refused
from bursar.state import State, fold
from bursar.types import DAY, FOREVER, HOUR, MAX_UINT256, NATIVE, ZERO_ADDRESS, Address
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    ORGANIZATION,
    OTHER,
    OTHER_AGENT,
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

NEW_AGENTS = tuple(actor(f"new agent {number}") for number in range(6))
AGENTS = (AGENT, OTHER_AGENT, *NEW_AGENTS)
TOKENS = (TOKEN, NATIVE)
CATEGORIES = (REFUND, OTHER)


class Campaign:
    """
    An office and a source of random calls, most of which could succeed.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.office = Office(heartbeat_timeout=30 * DAY, change_delay=HOUR)
        self.office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
        for wallet in self.office.state.registry:
            self._set_up(wallet)

    def _set_up(self, wallet: Address) -> None:
        do, ledger = self.office.do, self.office.ledger
        for token in TOKENS:
            ledger.mint(token, wallet, 10**24)
            ledger.mint(token, TREASURY, 10**24)
            ledger.approve(token, TREASURY, wallet, 10**24)
            do(TREASURY, wallet, "set_wallet_limit", token, 5_000 * USDC)
            for agent in (AGENT, OTHER_AGENT):
                for category in CATEGORIES:
                    generous = budget(queue_from=60 * USDC)
                    do(TREASURY, wallet, "set_budget", agent, token, category, generous)
        do(TREASURY, wallet, "seal")
        do(TREASURY, ORGANIZATION, "unpause", wallet, 1, "")

    def payment(self, wallet: Address) -> Call:
        """
        A payment from a budget that was set, mostly of a size that it allows.
        """
        choose, state = self.random.choice, self.office.state.wallet(wallet)
        agent = choose([agent for agent, lines in state.lines.items() if lines])
        token, category = choose(list(state.lines[agent]))
        most = state.budget(agent, token, category).per_payment
        sizes = [most, most // 2, most // 3 + 1, most // 7 + 1, most // 50 + 1]
        amount = choose(sizes * 3 + [0, 1, most + 1, MAX_UINT256])
        to = choose([RECIPIENT] * 9 + [STRANGER, wallet, ZERO_ADDRESS])
        return Call(agent, wallet, "pay", (token, to, amount, category, choose(CATEGORIES)))

    def budget(self) -> Any:
        """
        A budget that makes sense, mostly.
        """
        scale = self.random.choice([1, USDC, USDC, USDC, 10**12, 10**15])
        daily = self.random.randrange(1, 2_000) * scale
        hourly = self.random.randrange(daily + 1)
        per_payment = self.random.randrange(hourly + 1)
        return budget(
            per_payment=per_payment,
            hourly=hourly,
            daily=daily + self.random.choice([0, 0, 0, 1]),
            queue_from=self.random.choice([0, per_payment // 2, FOREVER]),
            max_payments=self.random.choice([1, 5, 100, 16_383]),
            expires_at=self.random.choice([0] + [self.office.now // DAY * DAY + 40 * DAY] * 9),
            allowlist_only=self.random.random() < 0.2,
        )

    def setter(self) -> tuple[str, tuple[Any, ...]]:
        """
        A timelocked setter of the wallet with its arguments.
        """
        choose = self.random.choice
        name = choose(["set_budget"] * 4 + [setter.name for setter in WALLET_SETTERS])
        token = choose(TOKENS)
        arguments: dict[str, tuple[Any, ...]] = {
            "set_budget": (choose(AGENTS), token, choose(CATEGORIES), self.budget()),
            "set_wallet_limit": (token, choose([0, USDC, 10**20, 10**24, 2**112])),
            "set_max_balance": (token, choose([0, 10**25])),
            "set_recipients": ((choose([RECIPIENT, STRANGER]),), choose([True, False])),
            "set_payment_delay": (choose([60, 600, HOUR, 8 * DAY]),),
            "set_grace": (choose([60, HOUR, DAY, 9 * DAY]),),
        }
        return name, arguments[name]

    def call(self) -> Call:
        """
        Any call by anybody.
        """
        choose = self.random.choice
        state = self.office.state
        wallet = choose(list(state.registry))
        if self.random.random() < 0.55:
            return self.payment(wallet)
        return choose([self._of_wallet, self._of_organization])(choose, state, wallet)

    def _of_wallet(self, choose: Any, state: State, wallet: Address) -> Call:
        queue = state.wallet(wallet).queue
        id = choose(list(queue)[-5:] or [b"\0" * 32])
        payment = queue.get(id)
        name, arguments = self.setter()
        calls: list[Call] = [
            Call(choose([TREASURY, GUARDIAN, AGENT]), wallet, name, arguments),
            Call(choose([TREASURY, GUARDIAN, AGENT]), wallet, name, arguments),
            Call(TREASURY, wallet, "refill", (choose(TOKENS), USDC, b"\0" * 32)),
            Call(choose(AGENTS), wallet, "pause_self", (choose([60, 600]), "")),
            Call(STRANGER, wallet, "__default__", (), value=choose([1, USDC])),
        ]
        if payment is not None:
            what = (payment.agent, payment.token, payment.to, payment.amount)
            execute = Call(STRANGER, wallet, "execute", (*what, payment.category, payment.ref))
            calls += [execute] * 9
            calls += [Call(choose([payment.agent, KEEPER, STRANGER]), wallet, "cancel", (id, ""))]
        if self.random.random() < 0.25:
            calls += [
                Call(KEEPER, wallet, "cancel_all", ("",)),
                Call(choose([GUARDIAN, STRANGER]), wallet, "sweep", (choose(TOKENS), "")),
                Call(TREASURY, wallet, "rotate_agent", (choose(AGENTS), choose(NEW_AGENTS))),
                Call(TREASURY, wallet, "seal"),
            ]
        return choose(calls)

    def _of_organization(self, choose: Any, state: State, wallet: Address) -> Call:
        name, arguments = self.setter()
        change = choose(list(state.changes.values())[-3:] or [None])
        scope = choose([ORGANIZATION, wallet, AGENT, OTHER_AGENT])
        calls: list[tuple[Address, str, tuple[Any, ...]]] = [
            (TREASURY, "schedule", (wallet, encode_call(name, *arguments))),
            (TREASURY, "schedule", (wallet, encode_call(name, *arguments))),
            (TREASURY, "unpause", (scope, state.pause_number(scope), "")),
            (TREASURY, "unpause", (scope, state.pause_number(scope), "")),
            (KEEPER, "heartbeat", ()),
            (choose([KEEPER, GUARDIAN, AGENT]), "pause", (scope, choose([60, 600]), "")),
            (STRANGER, "clear", (scope,)),
            (TREASURY, "set_change_delay", (choose([60, HOUR]),)),
            (TREASURY, "set_guardian", (STRANGER, choose([True, False]))),
        ]
        if change is not None:
            calls += [(STRANGER, "apply", (change.subject.target, change.call))] * 9
            calls += [(choose([GUARDIAN, KEEPER]), "veto", (change.id, ""))]
        sender, function, arguments = choose(calls)
        return Call(sender, ORGANIZATION, function, arguments)

    def wait(self) -> None:
        """
        Let some time pass, mostly little.
        """
        self.office.now += self.random.choice([0, 12, 12, 12, 60, 60, 600, 600, HOUR])


class Sums:
    """
    What left in each window, added up by hand.
    """

    def __init__(self) -> None:
        self.windows: defaultdict[tuple[Any, ...], int] = defaultdict(int)

    def add(self, event: Paid | PaymentExecuted, office: Office) -> None:
        """
        Count a payment and compare every window with its limit in force.
        """
        state = office.state.wallet(event.emitter)
        key = (event.emitter, event.agent, event.token, event.category)
        figures = state.budget(*key[1:])
        for window, limit in ((HOUR, figures.hourly), (DAY, figures.daily)):
            self.windows[*key, window, event.at // window] += event.amount
            assert self.windows[*key, window, event.at // window] <= limit
        self.windows[*key, event.at // DAY] += 1
        assert self.windows[*key, event.at // DAY] <= figures.max_payments
        assert event.amount <= figures.per_payment
        assert event.at < figures.expires_at
        day = (event.emitter, event.token, event.at // DAY)
        self.windows[day] += event.amount
        assert self.windows[day] <= state.wallet_limit(event.token)
        assert self.windows[day] == state.limit(event.token).spent_on(event.at)


@pytest.mark.parametrize("seed", range(4))
def test_campaign__random_calls__keep_every_limit_and_fold_to_the_same(seed):
    """
    In every window, what a budget or a wallet paid is at most its limit; nothing leaves while
    stopped; refusals change nothing; the logs alone give the same state.
    """
    campaign, sums = Campaign(seed), Sums()
    office = campaign.office
    accepted = paid = 0
    for step in range(2_500):
        campaign.wait()
        call = campaign.call()
        before = office.state.copy() if step % 50 == 0 else None
        stopped = _stopped(office, call)
        held = {wallet: office.ledger.balance_of(TOKEN, wallet) for wallet in office.state.registry}
        decision = office.call(call)
        if isinstance(decision, Refused):
            assert before is None or office.state == before
            continue
        accepted += 1
        for event in decision.events:
            assert type(event).model_validate(event.__dict__) == event
            if isinstance(event, Paid | PaymentExecuted):
                assert not stopped
                sums.add(event, office)
                paid += 1
        _check_balances(office, decision, held)
    assert accepted > 500
    assert paid > 150
    assert fold(office.history) == office.state


def _stopped(office: Office, call: Call) -> bool:
    agent = call.arguments[0] if call.function == "execute" else call.sender
    return office.state.is_stopped(call.target, agent, office.now)


def _check_balances(office: Office, decision: Accepted, held: dict[Address, int]) -> None:
    """
    A wallet's balance decreases only by what its events say.
    """
    for event in decision.events:
        if isinstance(event, Paid | PaymentExecuted | Swept) and event.token == TOKEN:
            held[event.emitter] -= event.amount
    for wallet, balance in held.items():
        assert office.ledger.balance_of(TOKEN, wallet) >= balance
