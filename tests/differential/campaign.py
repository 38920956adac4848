"""
A campaign: a seed, so many random calls, everything compared, everything counted.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bursar.reference import Accepted, Call
from bursar.types import HOUR, NATIVE, Address
from tests.differential.invariants import Books
from tests.differential.moves import CATEGORIES, Move, Moves
from tests.differential.twin import Twin
from tests.harness.evm import Contract

# Every view of everything, after so many calls; what a call touched is compared after each.
VIEWS_EVERY = 60

# Random calls wear an organisation out; a fresh one teaches more.
CALLS_PER_ORGANIZATION = 1_400
REPLENISH_EVERY = 200


@dataclass
class Outcome:
    """
    What a campaign has seen.
    """

    calls: int = 0
    views: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


class ViolationError(AssertionError):
    """
    A disagreement or a broken invariant, with what is needed to see it again.
    """


def run_campaign(seed: int, calls: int) -> Outcome:
    """
    Raises ViolationError, which names the seed, the organisation, the step and the last calls.
    """
    outcome = Outcome()
    for number, start in enumerate(range(0, calls, CALLS_PER_ORGANIZATION)):
        _run(seed * 1_000_003 + number, min(CALLS_PER_ORGANIZATION, calls - start), outcome)
    return outcome


def _run(seed: int, calls: int, outcome: Outcome) -> None:
    twin = Twin()
    moves = Moves(twin, seed)
    books = Books(twin)
    _set_up(twin, moves)
    recent: list[str] = []
    for step in range(calls):
        twin.evm.warp(moves.jump())
        if moves.is_troubled():
            _release(twin)
        move = moves.draw()
        sender, target, function, args, value = move
        recent = [*recent[-7:], f"{twin.now} {sender} {target}.{function}{args} value {value}"]
        try:
            _step(twin, books, move)
            if step % VIEWS_EVERY == 0:
                outcome.views += twin.compare_views()
        except (AssertionError, KeyError) as error:
            trail = "\n  ".join(recent)
            raise ViolationError(f"seed {seed}, step {step}: {error!r}\n  {trail}") from error
        if step % REPLENISH_EVERY == REPLENISH_EVERY - 1:
            _replenish(twin)
    outcome.views += twin.compare_views()
    outcome.calls += calls
    outcome.accepted += twin.accepted
    outcome.refused += twin.refused
    outcome.reasons += twin.reasons


def _step(twin: Twin, books: Books, move: Move) -> None:
    sender, target, function, args, value = move
    before = books.look()
    decision = twin.step(sender, target, function, *args, value=value)
    if isinstance(decision, Accepted):
        call = Call(sender, Address(target.address), function, args, value)
        books.check(call, before, decision)
    if function in ("pay", "execute", "set_budget"):
        _compare_touched(twin, function, target, sender, args)


def _release(twin: Twin) -> None:
    """
    Let the treasury end every stop that it may end, and a keeper show itself.
    """
    twin.step(twin.keepers[0], twin.organization, "heartbeat")
    for scope, stop in list(twin.model.stops.items()):
        wallet = twin.model.registry.get(scope)
        if twin.now < stop.until and (wallet is None or wallet.sealed):
            twin.step(twin.treasury, twin.organization, "unpause", scope, stop.number, "")


def _compare_touched(
    twin: Twin, function: str, target: Contract, sender: Address, args: tuple[Any, ...]
) -> None:
    """
    The budget and the wallet's day that the call named.
    """
    agent = sender if function == "pay" else args[0]
    token = args[0] if function == "pay" else args[1]
    category = {"pay": 3, "execute": 4, "set_budget": 2}[function]
    key = (agent, token, args[category])
    twin.compare_view(target, "remaining", *key)
    twin.compare_view(target, "wallet_remaining", token)
    if function == "set_budget":
        twin.compare_view(target, "budget", *key)
    elif token in (*twin.token_addresses, NATIVE):
        to, amount = (args[1], args[2]) if function == "pay" else (args[2], args[3])
        twin.compare_view(target, "preview", agent, token, to, amount, args[category])


def _set_up(twin: Twin, moves: Moves) -> None:
    """
    Enable tokens, give every agent a budget, and open one wallet of two: sealing the other is
    left to chance.
    """
    for wallet in twin.wallets:
        for token in [*twin.token_addresses, NATIVE]:
            twin.step(twin.treasury, wallet, "set_wallet_limit", token, 10**28)
            twin.step(twin.treasury, wallet, "set_max_balance", token, 10**29)
        for agent in twin.agents:
            for category in CATEGORIES[:2]:
                token = moves._real_token()
                expires_at = (twin.now // HOUR + 20_000) * HOUR
                budget = moves._fresh_budget(expires_at, token)
                twin.step(twin.treasury, wallet, "set_budget", agent, token, category, budget)
    opened = twin.wallets[0]
    twin.step(twin.treasury, opened, "seal")
    twin.step(twin.treasury, twin.organization, "unpause", Address(opened.address), 1, "")
    _replenish(twin)


def _replenish(twin: Twin) -> None:
    """
    Money in every wallet, a keeper and guardians in office, fresh agents for rotated ones: random
    calls wear an organisation out, and refusals of the same kind teach nothing.
    """
    for wallet in twin.wallets:
        for token in twin.tokens.values():
            twin.mint(token, Address(wallet.address), 10**26)
        twin.step(twin.treasury, wallet, "__default__", value=10**19)
    for keeper in twin.keepers:
        twin.step(twin.treasury, twin.organization, "set_keeper", keeper, True)
    for guardian in twin.guardians:
        twin.step(twin.treasury, twin.organization, "set_guardian", guardian, True)
    active = [a for w in twin.model.registry.values() for a in w.lines if w.is_agent(a)]
    twin.agents = list(dict.fromkeys(active))[-6:] or twin.agents
