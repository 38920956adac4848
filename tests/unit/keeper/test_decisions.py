"""
What to do with a payment that is due, as a table; when to beat; when the next block comes.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from bursar.chain.reverts import Revert
from bursar.keeper.decisions import (
    LOOK_AGAIN,
    PATIENCE,
    Action,
    asks_balance,
    count_affordable,
    decide,
    find_due,
    find_expired,
    find_rhythm,
    is_beat_due,
)
from bursar.payments import QueuedPayment
from bursar.reasons import Reason
from bursar.state import State, WalletState
from bursar.types import DAY, FOREVER, HOUR, MAX_REASON_BYTES
from tests.unit.keeper.fakes import AGENT, ORGANIZATION, START, WALLET, id_of, payment, refusal

NOON = START + 2 * HOUR
MIDNIGHT = START // DAY * DAY + DAY

CANCEL, WAIT, LEAVE, EXECUTE = Action.CANCEL, Action.WAIT, Action.LEAVE, Action.EXECUTE


@pytest.mark.parametrize(
    ("reason", "at", "action", "again_at"),
    [
        (None, NOON, EXECUTE, 0),
        (Reason.PAYMENTS_NO_BUDGET, NOON, CANCEL, 0),
        (Reason.PAYMENTS_AMOUNT, NOON, CANCEL, 0),
        (Reason.PAYMENTS_RECIPIENT, NOON, CANCEL, 0),
        (Reason.PAYMENTS_TOKEN_NOT_ENABLED, NOON, CANCEL, 0),
        (Reason.PAYMENTS_BALANCE, NOON, CANCEL, 0),
        (Reason.PAYMENTS_STOPPED, NOON, WAIT, 0),
        (Reason.QUEUE_NOT_DUE, NOON, WAIT, 0),
        (Reason.QUEUE_NO_SUCH_PAYMENT, NOON, LEAVE, 0),
        (Reason.QUEUE_EXPIRED, NOON, LEAVE, 0),
        (Reason.TRANSFERS_TOKEN, NOON, WAIT, NOON + LOOK_AGAIN),
        (Reason.TRANSFERS_RECIPIENT, NOON, WAIT, NOON + LOOK_AGAIN),
        # An hour is fresh within the hour, from its first second to its last.
        (Reason.PAYMENTS_HOURLY, NOON, WAIT, NOON + LOOK_AGAIN),
        (Reason.PAYMENTS_HOURLY, NOON + HOUR - 1, WAIT, NOON + HOUR),
        # A day is, in its last hour only.
        (Reason.PAYMENTS_DAILY, NOON, CANCEL, 0),
        (Reason.PAYMENTS_DAILY, MIDNIGHT - PATIENCE - 1, CANCEL, 0),
        (Reason.PAYMENTS_DAILY, MIDNIGHT - PATIENCE, WAIT, MIDNIGHT - PATIENCE + LOOK_AGAIN),
        (Reason.PAYMENTS_COUNT, NOON, CANCEL, 0),
        (Reason.PAYMENTS_COUNT, MIDNIGHT - 1, WAIT, MIDNIGHT),
        (Reason.PAYMENTS_WALLET_LIMIT, NOON, CANCEL, 0),
        (Reason.PAYMENTS_WALLET_LIMIT, MIDNIGHT - 1, WAIT, MIDNIGHT),
    ],
)
def test_decide__each_refusal__has_one_answer(
    reason: Reason | None, at: int, action: Action, again_at: int
) -> None:
    """
    What is refused for good is cancelled, what ends by itself within the hour or may be a false
    alarm waits, and what somebody else has dealt with is left.
    """
    said = None if reason is None else refusal(reason)
    decision = decide(payment(), said, at=at, wallet_limit=1_000)

    assert (decision.action, decision.again_at) == (action, again_at)
    assert decision.why == (reason or "")
    assert decision.told == (reason in (Reason.TRANSFERS_TOKEN, Reason.TRANSFERS_RECIPIENT))


@pytest.mark.parametrize(("expires_in", "action"), [(HOUR, CANCEL), (HOUR + 1, WAIT)])
def test_decide__fresh_only_after_it_expires__is_cancelled(expires_in: int, action: Action) -> None:
    """
    Waiting for an hour that the payment does not live to see only keeps its sender in the dark.
    """
    queued = payment(expires_at=NOON + expires_in)
    said = refusal(Reason.PAYMENTS_HOURLY)
    assert decide(queued, said, at=NOON, wallet_limit=1_000).action is action


@pytest.mark.parametrize(("limit", "action"), [(99, CANCEL), (100, WAIT)])
def test_decide__larger_than_the_wallets_whole_day__is_cancelled(
    limit: int, action: Action
) -> None:
    """
    No day will ever be fresh enough.
    """
    said = refusal(Reason.PAYMENTS_WALLET_LIMIT)
    assert decide(payment(), said, at=MIDNIGHT - 1, wallet_limit=limit).action is action


@pytest.mark.parametrize(("balance", "action"), [(99, CANCEL), (100, WAIT), (None, WAIT)])
@pytest.mark.parametrize("said", [Revert("ERC20: too little"), refusal(Reason.TRANSFERS_TOKEN)])
def test_decide__token_refuses__is_cancelled_only_for_the_balance(
    said: Revert, balance: int | None, action: Action
) -> None:
    """
    A token reverts in its own words, so the balance decides; without one to know, it waits.
    """
    assert asks_balance(said)
    decision = decide(payment(), said, at=NOON, wallet_limit=1_000, balance=balance)

    assert decision.action is action
    assert decision.why == (Reason.PAYMENTS_BALANCE if action is CANCEL else said.text)
    assert decision.told == (action is WAIT)


def test_decide__every_reason__is_decided_and_fits_on_chain() -> None:
    """
    No reason of the contracts is fatal, and each fits into the reason of a cancel.
    """
    for reason in Reason:
        decision = decide(payment(), refusal(reason), at=NOON, wallet_limit=1_000)
        assert decision.action is not EXECUTE
        assert len(f"keeper: {decision.why}".encode()) <= MAX_REASON_BYTES


def state_with(**queue: QueuedPayment) -> State:
    """
    One wallet with these payments, named `p1`, `p2`…
    """
    wallet = WalletState(WALLET, lines={AGENT: {}})
    wallet.queue = {id_of(int(name[1:])): queued for name, queued in queue.items()}
    return State(organization=ORGANIZATION, registry={WALLET: wallet})


@pytest.mark.parametrize(("after", "due"), [(-1, False), (0, True), (599, True), (600, False)])
def test_due__around_its_times__is_from_ready_until_before_it_expires(
    after: int, due: bool
) -> None:
    """
    As the contract: `ready_at <= now < expires_at`; from then on it has expired.
    """
    state = state_with(p1=payment(ready_at=START, expires_at=START + 600))
    assert bool(find_due(state, START + after)) is due
    assert bool(find_expired(state, START + after)) is (after >= 600)


def test_due__several__the_longest_due_comes_first() -> None:
    """
    Nobody is overtaken.
    """
    state = state_with(p1=payment(ready_at=START + 5), p2=payment(ready_at=START))
    assert [due.id for due in find_due(state, START + 9)] == [id_of(2), id_of(1)]


def test_due__of_a_retired_agent__is_neither_due_nor_expires() -> None:
    """
    Its queue was void when it was rotated.
    """
    state = state_with(p1=payment())
    state.registry[WALLET].retired.add(AGENT)
    assert find_due(state, START + 700) == []
    assert find_expired(state, FOREVER) == []


@pytest.mark.parametrize(
    ("timeout", "passed", "due"),
    [(600, 199, False), (600, 200, True), (601, 200, True), (FOREVER, FOREVER - START, False)],
)
def test_beat__around_a_third_of_the_timeout__is_due_from_it_on(
    timeout: int, passed: int, due: bool
) -> None:
    """
    Two may fail before everything stops; off is never due.
    """
    assert is_beat_due(START, timeout, START + passed) is due


@pytest.mark.parametrize(
    ("gaps", "rhythm"),
    [
        ([], 0),
        ([2, 2, 2], 2),
        ([12, 24, 12], 12),
        ([2, 0, 2], 0),
        ([15], 15),
        ([16, 16], 0),
        ([1, 12, 12, 12, 12, 12, 12, 12], 12),
    ],
)
def test_rhythm__of_recent_blocks__is_the_shortest_gap(gaps: list[int], rhythm: int) -> None:
    """
    The next block comes no sooner than the quickest of the last few; without a rhythm nothing is
    foreseen.
    """
    times = [START]
    for gap in gaps:
        times.append(times[-1] + gap)
    assert [after - before for before, after in pairwise(times)] == gaps
    assert find_rhythm(times) == rhythm


def test_affordable__of_some_wei__is_what_it_pays_for() -> None:
    """
    Rounded down, and no division by a price of zero.
    """
    assert count_affordable(999, 10, 10) == 9
    assert count_affordable(1_000, 10, 10) == 10
    assert count_affordable(5, 0, 10) == 5
