import pytest

from tests.contracts.wallet.support import (
    GRACE,
    NOTHING,
    PAYMENT_DELAY,
    QUEUE,
    ZERO,
    due,
    execute,
    judge,
    logged,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import Reverted, actor
from tests.harness.world import USDC, World, ref

NO_SUCH_PAYMENT = "queue: no such payment"
NOT_AUTHORISED = "access: not authorised"
CANCELLERS = ["agent", "guardian", "keeper", "treasury"]


@pytest.mark.parametrize("role", CANCELLERS)
def test_cancel__by_its_agent_or_a_role__takes_it_out(waiting: World, role: str) -> None:
    """
    Its agent, a guardian, a keeper and the treasury cancel a payment, with a reason that is logged.
    """
    id = queue(waiting, 60 * USDC)
    before = observed(waiting)

    receipt = waiting.wallet.cancel(id, "looks wrong", sender=getattr(waiting, role))

    assert receipt.events == [
        logged(
            waiting.wallet,
            "PaymentCancelled",
            id=id,
            by=getattr(waiting, role),
            reason="looks wrong",
        )
    ]
    assert observed(waiting) == before
    due(waiting)
    with reverts(NO_SUCH_PAYMENT):
        execute(waiting, 60 * USDC)


@pytest.mark.parametrize("role", ["other_agent", "stranger", "recipient"])
def test_cancel__by_another_agent_or_a_stranger__is_refused(role: str) -> None:
    """
    Nobody cancels somebody else's payment without a role, not even who would receive it.
    """
    world = opened({"agent": actor("other agent")}, queue_from=0)
    id = queue(world, 60 * USDC)

    with reverts(NOT_AUTHORISED):
        world.wallet.cancel(id, "", sender=getattr(world, role))

    due(world)
    execute(world, 60 * USDC)


@pytest.mark.parametrize("role", CANCELLERS)
@pytest.mark.parametrize("scope", ["agent", "wallet", "organization"])
def test_cancel__while_stopped__works(waiting: World, scope: str, role: str) -> None:
    """
    A stop of any scope keeps nobody from cancelling.
    """
    id = queue(waiting, 60 * USDC)
    target = getattr(waiting, scope)
    address = target if isinstance(target, str) else target.address
    waiting.organization.pause(address, 0, "", sender=waiting.guardian)

    waiting.wallet.cancel(id, "", sender=getattr(waiting, role))

    assert waiting.wallet.payment(id) == (ZERO, 0, 0)


@pytest.mark.parametrize(
    ("second", "works"),
    [
        (0, True),
        (PAYMENT_DELAY, True),
        (PAYMENT_DELAY + GRACE - 1, True),
        (PAYMENT_DELAY + GRACE, False),
    ],
)
def test_cancel__around_its_times__works_to_its_last_second(
    waiting: World, second: int, works: bool
) -> None:
    """
    A payment can be cancelled as long as it could be made; expired, there is none.
    """
    id = queue(waiting, 60 * USDC)
    waiting.evm.warp(by=second)

    if works:
        waiting.wallet.cancel(id, "", sender=waiting.agent)
        return
    for role in CANCELLERS:
        with reverts(NO_SUCH_PAYMENT):
            waiting.wallet.cancel(id, "", sender=getattr(waiting, role))


def test_cancel__twice__is_refused(waiting: World) -> None:
    """
    A cancelled payment is none.
    """
    id = queue(waiting, 60 * USDC)
    waiting.wallet.cancel(id, "", sender=waiting.keeper)

    with reverts(NO_SUCH_PAYMENT):
        waiting.wallet.cancel(id, "", sender=waiting.keeper)


def test_cancel__executed__is_refused(waiting: World) -> None:
    """
    What has been paid cannot be cancelled.
    """
    id = queue(waiting, 60 * USDC)
    due(waiting)
    execute(waiting, 60 * USDC)

    with reverts(NO_SUCH_PAYMENT):
        waiting.wallet.cancel(id, "", sender=waiting.treasury)


def test_cancel__immediate_payment__is_refused(waiting: World) -> None:
    """
    A payment that was made at once is in no queue.
    """
    id = waiting.wallet.payment_id(waiting.agent, *waiting.payment(49 * USDC))
    waiting.pay(49 * USDC)

    with reverts(NO_SUCH_PAYMENT):
        waiting.wallet.cancel(id, "", sender=waiting.agent)


def test_cancel__voided_with_the_epoch__is_refused(waiting: World) -> None:
    """
    What a new epoch has voided is none, for whoever asks.
    """
    id = queue(waiting, 60 * USDC)
    waiting.wallet.cancel_all("", sender=waiting.keeper)

    with reverts(NO_SUCH_PAYMENT):
        waiting.wallet.cancel(id, "", sender=waiting.agent)


def test_cancel__of_a_retired_agent__is_refused(waiting: World) -> None:
    """
    A retired agent's payments are void already; it may not pretend otherwise in the log.
    """
    id = queue(waiting, 60 * USDC)
    waiting.wallet.rotate_agent(waiting.agent, waiting.other_agent, sender=waiting.treasury)

    for role in [*CANCELLERS, "other_agent"]:
        with reverts(NO_SUCH_PAYMENT):
            waiting.wallet.cancel(id, "", sender=getattr(waiting, role))


def test_cancel__never_queued__is_refused_before_the_caller_is_judged(waiting: World) -> None:
    """
    First whether there is such a payment, then who asks.
    """
    for id in (NOTHING, b"\xff" * 32):
        for role in [*CANCELLERS, "stranger"]:
            with reverts(NO_SUCH_PAYMENT):
                waiting.wallet.cancel(id, "", sender=getattr(waiting, role))


def test_cancel__one_of_several__leaves_the_others(waiting: World) -> None:
    """
    Cancelling takes out one payment.
    """
    one, other = (queue(waiting, 60 * USDC, ref=ref(n)) for n in (1, 2))

    waiting.wallet.cancel(one, "", sender=waiting.agent)
    due(waiting)

    with reverts(NO_SUCH_PAYMENT):
        execute(waiting, 60 * USDC, ref=ref(1))
    assert execute(waiting, 60 * USDC, ref=ref(2)).only("PaymentExecuted").id == other


def test_cancel__by_an_agent_whose_budget_is_gone__works(waiting: World) -> None:
    """
    Its agent needs no live budget to cancel.
    """
    id = queue(waiting, 60 * USDC)
    waiting.set_budget(expires_at=0)

    waiting.wallet.cancel(id, "", sender=waiting.agent)


@pytest.mark.parametrize(("length", "fits"), [(0, True), (64, True), (65, False)])
def test_cancel__reason__has_up_to_64_bytes(waiting: World, length: int, fits: bool) -> None:
    """
    The reason for signers to read is at most 64 bytes long.
    """
    id = queue(waiting, 60 * USDC)

    if fits:
        receipt = waiting.wallet.cancel(id, "x" * length, sender=waiting.agent)
        assert receipt.only("PaymentCancelled").reason == "x" * length
    else:
        with pytest.raises(Reverted):
            waiting.wallet.cancel(id, "x" * length, sender=waiting.agent)


@pytest.mark.parametrize("role", ["guardian", "keeper", "treasury"])
def test_cancel_all__by_any_role__voids_everything_that_waits(waiting: World, role: str) -> None:
    """
    A guardian, a keeper or the treasury starts a new epoch, in which nothing waits.
    """
    ids = [queue(waiting, 60 * USDC, ref=ref(n)) for n in range(3)]

    receipt = waiting.wallet.cancel_all("stolen key", sender=getattr(waiting, role))

    assert receipt.events == [
        logged(
            waiting.wallet,
            "QueueVoided",
            by=getattr(waiting, role),
            epoch=1,
            reason="stolen key",
        )
    ]
    assert waiting.wallet.epoch() == 1
    due(waiting)
    for n, id in enumerate(ids):
        assert waiting.wallet.payment(id) == (ZERO, 0, 0)
        with reverts(NO_SUCH_PAYMENT):
            execute(waiting, 60 * USDC, ref=ref(n))


@pytest.mark.parametrize("role", ["agent", "other_agent", "stranger"])
def test_cancel_all__by_anybody_else__is_refused(waiting: World, role: str) -> None:
    """
    An agent cancels its own payments one by one; the whole queue is not its.
    """
    with reverts(NOT_AUTHORISED):
        waiting.wallet.cancel_all("", sender=getattr(waiting, role))

    assert waiting.wallet.epoch() == 0


@pytest.mark.parametrize("scope", ["agent", "wallet", "organization"])
def test_cancel_all__while_stopped_and_unsealed__works(fresh: World, scope: str) -> None:
    """
    Neither a stop nor an unsealed wallet keeps a queue from being voided.
    """
    target = getattr(fresh, scope)
    address = target if isinstance(target, str) else target.address
    fresh.organization.pause(address, 0, "", sender=fresh.guardian)

    for epoch in (1, 2, 3):
        fresh.wallet.cancel_all("", sender=fresh.keeper)
        assert fresh.wallet.epoch() == epoch


def test_cancel_all__settings_and_budgets__stay(waiting: World) -> None:
    """
    A new epoch changes nothing but the epoch.
    """
    waiting.wallet.set_payment_delay(PAYMENT_DELAY + 1, sender=waiting.treasury)
    waiting.wallet.set_grace(GRACE - 1, sender=waiting.treasury)
    before = observed(waiting)

    waiting.wallet.cancel_all("", sender=waiting.keeper)

    assert observed(waiting) == before | {"queue": (1, PAYMENT_DELAY + 1, GRACE - 1)}
    judge(waiting, QUEUE, 60 * USDC)
