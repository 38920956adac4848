"""
The keeper on a real node and under a real Safe: what is due leaves, what no longer fits is
cancelled and told, what is stopped waits.
"""

from __future__ import annotations

import threading

import pytest

from bursar.devnet import USDC, address_of
from bursar.events import PaymentCancelled, PaymentExecuted
from bursar.keeper import MemoryNotices, NoticeKind, Outcome, ProblemKind
from bursar.reasons import Reason
from bursar.types import HOUR
from tests.integration.keeping import (
    events,
    executions,
    lower,
    mine_rhythm,
    new_keeper,
    outcomes,
    queue,
    wait_for_pending,
)
from tests.integration.live import MONDAY, LiveWorld, budget


def test_due__one_second_early_and_on_time__leaves_when_it_is_due(world: LiveWorld) -> None:
    """
    Nothing is due before `ready_at`; from then on the payment leaves in the next block, whole.
    """
    queued, keeper = queue(world), new_keeper(world)
    before = world.usdc_of(world.recipient)

    assert outcomes(keeper.run_once()) == []
    world.chain.warp(to=queued.ready_at)
    height = world.chain.fetch_height()
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]

    (executed,) = executions(world)
    assert (executed.id, executed.block) == (queued.id, height + 1)
    assert world.usdc_of(world.recipient) == before + 90 * USDC
    assert outcomes(keeper.run_once()) == []


def test_due__chain_with_a_rhythm__leaves_in_the_first_block_in_which_it_is_due(
    world: LiveWorld,
) -> None:
    """
    Blocks come every two seconds: the transactions are on their way before the first block of time
    `ready_at`, several payments of several budgets side by side, and that block takes all of them.
    """
    queued = [queue(world, number) for number in range(3)]
    ready_at = max(event.ready_at for event in queued)
    mine_rhythm(world, ready_at - 1)
    keeper, reports = new_keeper(world), []
    world.chain.rpc.request("evm_setAutomine", False)

    thread = threading.Thread(target=lambda: reports.append(keeper.run_once()))
    thread.start()
    wait_for_pending(world, 3)
    world.chain.warp(to=ready_at)
    world.chain.rpc.request("evm_setAutomine", True)
    thread.join()

    assert outcomes(reports[0]) == [(Outcome.EXECUTED, "")] * 3
    assert {event.at for event in executions(world)} == {ready_at}


def test_due__guessed_too_early__is_no_error_and_leaves_later(world: LiveWorld) -> None:
    """
    A block that comes sooner than its predecessors did refuses the payment; it leaves all the same.
    """
    queued = queue(world)
    mine_rhythm(world, queued.ready_at - 10, every=12)
    keeper = new_keeper(world)

    (early,) = keeper.run_once().payments
    assert early.outcome is Outcome.WAITING
    assert Reason.QUEUE_NOT_DUE in early.why
    world.chain.warp(to=queued.ready_at)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def remove_recipient(world: LiveWorld) -> None:
    """
    Only to recipients on the list from now on, and there are none.
    """
    lower(world, allowlist_only=True)


def spend_the_day(world: LiveWorld) -> None:
    """
    Leave 10 USDC of the day.
    """
    for number in range(3):
        world.pay(79 * USDC, key=world.other_agent)
        assert number < 3
    lower(world, daily=300 * USDC, hourly=300 * USDC)
    world.pay(53 * USDC, key=world.other_agent)


REFUSALS = {
    "limit per payment lowered": (
        lambda world: lower(world, per_payment=90 * USDC - 1),
        Reason.PAYMENTS_AMOUNT,
    ),
    "budget removed": (lambda world: lower(world, expires_at=0), Reason.PAYMENTS_NO_BUDGET),
    "recipient off the list": (remove_recipient, Reason.PAYMENTS_RECIPIENT),
    "token disabled": (
        lambda world: world.by_treasury(
            world.wallet.build_call("set_wallet_limit", world.usdc.address, 0)
        ),
        Reason.PAYMENTS_TOKEN_NOT_ENABLED,
    ),
    "wallet's limit lowered": (
        lambda world: world.by_treasury(
            world.wallet.build_call("set_wallet_limit", world.usdc.address, 90 * USDC - 1)
        ),
        Reason.PAYMENTS_WALLET_LIMIT,
    ),
    "balance swept": (
        lambda world: world.wallet.send(world.guardian, "sweep", world.usdc.address, "all of it"),
        Reason.PAYMENTS_BALANCE,
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_due__no_longer_fits__is_cancelled_and_its_sender_told(world: LiveWorld, case: str) -> None:
    """
    Q14, Q15, Q17: what the chain refuses for good is cancelled in the block in which it is due, not
    before; the reason is on chain, and the sender is told once.
    """
    change, reason = REFUSALS[case]
    queued, told = queue(world), []
    keeper = new_keeper(world, tell=told.append)
    change(world)

    assert outcomes(keeper.run_once()) == []
    world.chain.warp(to=queued.ready_at)
    report = keeper.run_once()

    assert outcomes(report) == [(Outcome.CANCELLED, reason)]
    (cancelled,) = events(world, PaymentCancelled)
    assert (cancelled.id, cancelled.by, cancelled.reason) == (
        queued.id,
        address_of(world.keeper),
        f"keeper: {reason}",
    )
    assert [(n.kind, n.id, n.agent, n.amount, n.reason) for n in told] == [
        (NoticeKind.CANCELLED, queued.id, queued.agent, queued.amount, f"keeper: {reason}")
    ]
    assert report.notices == told
    assert outcomes(keeper.run_once()) == []
    assert len(told) == 1


def test_due__day_used_up__is_cancelled(world: LiveWorld) -> None:
    """
    A used-up UTC day will not be fresh within the hour: cancelled, as Q14 wants.
    """
    queued = queue(world)
    spend_the_day(world)
    world.chain.warp(to=(MONDAY // HOUR + 1) * HOUR)
    assert world.chain.fetch_now() >= queued.ready_at

    assert outcomes(new_keeper(world).run_once()) == [(Outcome.CANCELLED, Reason.PAYMENTS_DAILY)]


def test_due__hour_used_up__waits_for_the_next_hour_and_leaves(world: LiveWorld) -> None:
    """
    A refusal that ends by itself within the hour, and before the payment expires, cancels nothing.
    """
    queued = queue(world)
    for _ in range(3):
        world.pay(79 * USDC, key=world.other_agent)
    keeper = new_keeper(world)
    world.chain.warp(to=queued.ready_at)

    assert outcomes(keeper.run_once()) == [(Outcome.WAITING, Reason.PAYMENTS_HOURLY)]
    world.chain.warp(to=(MONDAY // HOUR + 1) * HOUR)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
    assert events(world, PaymentCancelled) == []


@pytest.mark.parametrize("scope", ["agent", "wallet", "organisation"])
def test_due__stopped__waits_until_the_stop_ends(world: LiveWorld, scope: str) -> None:
    """
    A stop may be a false alarm: nothing is cancelled, and what waited leaves once it has ended.
    """
    covered = {
        "agent": address_of(world.other_agent),
        "wallet": world.wallet.address,
        "organisation": world.organization.address,
    }[scope]
    queued, keeper = queue(world), new_keeper(world)
    world.organization.send(world.guardian, "pause", covered, 2 * HOUR, "have a look")
    world.chain.warp(to=queued.ready_at)

    assert outcomes(keeper.run_once()) == [(Outcome.WAITING, Reason.PAYMENTS_STOPPED)]
    world.chain.warp(by=2 * HOUR)
    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]


def test_due__stopped_until_it_expires__is_told_once(world: LiveWorld) -> None:
    """
    Nothing is sent for what has expired; its sender learns so, and why it waited, once.
    """
    queued, told = queue(world), []
    notices = MemoryNotices()
    keeper = new_keeper(world, tell=told.append, notices=notices)
    world.organization.send(world.guardian, "pause", world.wallet.address, 0, "have a look")
    world.chain.warp(to=queued.ready_at)
    keeper.run_once()
    world.chain.warp(to=queued.expires_at - 1)
    keeper.run_once()
    assert told == []

    world.chain.warp(to=queued.expires_at)
    assert outcomes(keeper.run_once()) == []
    assert [(n.kind, n.id, n.reason) for n in told] == [
        (NoticeKind.EXPIRED, queued.id, "queue: expired (payments: stopped)")
    ]
    keeper.run_once()
    new_keeper(world, tell=told.append, notices=notices).run_once()
    assert len(told) == 1


def test_due__dry_run__sends_and_tells_nothing(world: LiveWorld) -> None:
    """
    A dry run says what would be done; the next real one does it.
    """
    first, second, told = queue(world, 1), queue(world, 2, 95 * USDC), []
    lower(world, per_payment=90 * USDC)
    keeper = new_keeper(world, tell=told.append)
    world.chain.warp(to=second.ready_at)
    height = world.chain.fetch_height()

    assert outcomes(keeper.run_once(dry_run=True)) == [
        (Outcome.WOULD_EXECUTE, ""),
        (Outcome.WOULD_CANCEL, Reason.PAYMENTS_AMOUNT),
    ]
    assert (world.chain.fetch_height(), told) == (height, [])
    assert first.id != second.id
    assert [outcome for outcome, _ in outcomes(keeper.run_once())] == [
        Outcome.EXECUTED,
        Outcome.CANCELLED,
    ]


def test_due__two_that_fit_only_alone__one_leaves_and_one_is_cancelled(world: LiveWorld) -> None:
    """
    Judged together both fit. The chain lets one through, and the next look sees why not the other.
    """
    last = [queue(world, number) for number in range(2)][-1]
    world.by_treasury(world.wallet.build_call("set_wallet_limit", world.usdc.address, 100 * USDC))
    keeper = new_keeper(world)
    world.chain.warp(to=last.ready_at)

    kept = [payment.outcome for _ in range(3) for payment in keeper.run_once().payments]

    assert kept.count(Outcome.EXECUTED) == 1
    assert kept[-1] is Outcome.CANCELLED
    assert len(executions(world)) == 1


def test_cancel__key_without_the_role__says_so_and_still_executes(world: LiveWorld) -> None:
    """
    Anybody may execute; a key that may not cancel is a problem that the operator is told.
    """
    fits, _, told = queue(world, 1), queue(world, 2, 95 * USDC), []
    lower(world, per_payment=90 * USDC)
    keeper = new_keeper(world, world.stranger, tell=told.append)
    world.chain.warp(to=fits.ready_at + 1)

    report = keeper.run_once()

    assert [payment.outcome for payment in report.payments] == [Outcome.EXECUTED, Outcome.FAILED]
    assert [problem.kind for problem in report.problems] == [ProblemKind.NOT_A_KEEPER]
    assert told == []


def test_wallet__created_while_the_keeper_runs__is_kept_too(world: LiveWorld) -> None:
    """
    A wallet that came later is followed from its first event on.
    """
    keeper = new_keeper(world)
    keeper.run_once()
    wallet = world.create_wallet("defi")
    world.open_wallet(wallet, {world.agent: budget(queue_from=0)})
    keeper.run_once()
    receipt = world.pay(10 * USDC, wallet=wallet)
    world.chain.warp(by=600)

    assert outcomes(keeper.run_once()) == [(Outcome.EXECUTED, "")]
    (executed,) = executions(world)
    assert executed.emitter == wallet.address
    assert receipt.block < (executed.block or 0)
    assert isinstance(executed, PaymentExecuted)
