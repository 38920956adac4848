import pytest

from tests.contracts.wallet.support import (
    PAY,
    RECIPIENT,
    ZERO,
    judge,
    logged,
    opened,
    reverts,
    waited,
)
from tests.harness.evm import Reverted, actor
from tests.harness.world import World

MUST_WAIT = "timelock: must be scheduled"


def people(count: int) -> list[str]:
    """
    So many different recipients.
    """
    return [actor(f"recipient {i}") for i in range(count)]


@pytest.fixture
def listed() -> World:
    """
    An open wallet with the recipient on its list, and an agent that pays nobody else.
    """
    world = World()
    world.enable()
    world.set_budget(allowlist_only=True)
    world.wallet.set_recipients([world.recipient], True, sender=world.treasury)
    world.open()
    world.fund()
    return world


def test_set_recipients__before_sealing__goes_either_way(fresh: World) -> None:
    """
    While it is being set up, the treasury lists whom it likes; each is logged.
    """
    one, other = people(2)

    receipt = fresh.wallet.set_recipients([one, other], True, sender=fresh.treasury)
    assert receipt.events == [
        logged(fresh.wallet, "RecipientSet", who=one, allowed=True),
        logged(fresh.wallet, "RecipientSet", who=other, allowed=True),
    ]
    receipt = fresh.wallet.set_recipients([one], False, sender=fresh.treasury)
    assert receipt.events == [logged(fresh.wallet, "RecipientSet", who=one, allowed=False)]

    assert (fresh.wallet.is_recipient(one), fresh.wallet.is_recipient(other)) == (False, True)
    assert not fresh.wallet.is_recipient(ZERO)


def test_set_recipients__adding_once_sealed__waits(listed: World) -> None:
    """
    Somebody new on the list is somebody new who can be paid.
    """
    with reverts(MUST_WAIT):
        listed.wallet.set_recipients([listed.stranger], True, sender=listed.treasury)
    with reverts(MUST_WAIT):
        listed.wallet.set_recipients(
            [listed.recipient, listed.stranger], True, sender=listed.treasury
        )
    judge(listed, RECIPIENT, 1, to=listed.stranger)

    receipt = waited(listed, listed.wallet, "set_recipients", [listed.stranger], True)

    assert receipt.names() == ["ChangeApplied", "RecipientSet"]
    judge(listed, PAY, 1, to=listed.stranger)


def test_set_recipients__removing_once_sealed__is_at_once(listed: World) -> None:
    """
    Taking somebody off the list tightens, whether they were on it or not.
    """
    judge(listed, PAY, 1)

    listed.wallet.set_recipients([listed.stranger, listed.recipient], False, sender=listed.treasury)

    judge(listed, RECIPIENT, 1)
    with reverts(MUST_WAIT):
        listed.wallet.set_recipients([listed.recipient], True, sender=listed.treasury)


def test_set_recipients__who_is_listed_already__loosens_nothing(listed: World) -> None:
    """
    Adding somebody who is on the list changes nothing and is logged all the same.
    """
    who = [listed.recipient, listed.recipient]

    receipt = listed.wallet.set_recipients(who, True, sender=listed.treasury)

    assert (
        receipt.events
        == [logged(listed.wallet, "RecipientSet", who=listed.recipient, allowed=True)] * 2
    )


@pytest.mark.parametrize("allowed", [True, False])
def test_set_recipients__nobody__is_no_change(listed: World, allowed: bool) -> None:
    """
    An empty list is accepted and does nothing.
    """
    change = listed.schedule(listed.wallet, "set_recipients", [listed.stranger], True)

    assert listed.wallet.set_recipients([], allowed, sender=listed.treasury).events == []

    assert listed.organization.ready_at(change) != 0


@pytest.mark.parametrize(("count", "fits"), [(25, True), (26, False)])
def test_set_recipients__many_at_once__are_up_to_25(fresh: World, count: int, fits: bool) -> None:
    """
    A call takes at most 25 recipients.
    """
    who = people(count)

    if not fits:
        with pytest.raises(Reverted):
            fresh.wallet.set_recipients(who, True, sender=fresh.treasury)
        assert not any(fresh.wallet.is_recipient(each) for each in who)
        return
    receipt = fresh.wallet.set_recipients(who, True, sender=fresh.treasury)
    assert [event.who for event in receipt.events] == who
    assert all(fresh.wallet.is_recipient(each) for each in who)


def test_set_recipients__25_through_the_timelock__fit(world: World) -> None:
    """
    The longest list there is can be scheduled.
    """
    who = people(25)

    waited(world, world.wallet, "set_recipients", who, True)

    assert all(world.wallet.is_recipient(each) for each in who)


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "stranger"])
@pytest.mark.parametrize("allowed", [True, False])
def test_set_recipients__by_anybody_else__is_refused(
    listed: World, role: str, allowed: bool
) -> None:
    """
    The list is the treasury's, whichever way it changes.
    """
    for who in ([], [listed.recipient], [listed.stranger]):
        with reverts("access: not the treasury"):
            listed.wallet.set_recipients(who, allowed, sender=actor(role))

    assert listed.wallet.is_recipient(listed.recipient)


def test_set_recipients__of_one_wallet__is_not_anothers(listed: World) -> None:
    """
    Each wallet has its own list.
    """
    other = listed.new_wallet("trading")

    assert listed.wallet.is_recipient(listed.recipient)
    assert not other.is_recipient(listed.recipient)


def test_set_recipients__changed_directly__voids_what_was_scheduled(listed: World) -> None:
    """
    There is one pending change of the list, and any direct change of the list voids it.
    """
    change = listed.schedule(listed.wallet, "set_recipients", [listed.stranger], True)
    listed.wallet.set_recipients([listed.recipient], True, sender=listed.treasury)
    listed.wallet.set_recipients([listed.stranger], False, sender=listed.treasury)
    assert listed.organization.ready_at(change) != 0

    receipt = listed.wallet.set_recipients([listed.recipient], False, sender=listed.treasury)

    assert receipt.events == [
        logged(listed.wallet, "RecipientSet", who=listed.recipient, allowed=False),
        logged(listed.organization, "ChangeVoided", id=change),
    ]
    assert listed.organization.ready_at(change) == 0


def test_set_recipients__lists_do_not_matter_to_open_budgets() -> None:
    """
    Only a budget that asks for the list is bound by it.
    """
    world = opened()
    world.wallet.set_recipients([world.recipient], False, sender=world.treasury)

    judge(world, PAY, 1)
