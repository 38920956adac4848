"""
Alerts on a real chain and both databases: raised once, ended when it is over, cleared by a refill,
and nothing lost or doubled by whatever dies in between.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bursar.config import AlertKind
from bursar.devnet import USDC, address_of
from bursar.store.alert_clearing import ClearSpool, ToClear, clear_by_hand
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX
from bursar.types import DAY
from tests.integration.alerting import FILE, Receiver, Tower
from tests.integration.followed import DEPTH, mine
from tests.integration.live import LiveWorld, ref

CHANNEL = "alerts:\n  channels: {ops: {url_file: ops.url}}\n"


@pytest.fixture
def tower(world: LiveWorld, database: Database, tmp_path: Path) -> Tower:
    """
    Nothing was looked at yet.
    """
    return Tower(world, database, tmp_path)


def low(tower: Tower) -> list[tuple[bool, str | None]]:
    """
    Of each alert of a low balance whether it is open, and who has cleared it.
    """
    found = [one for one in tower.alerts() if one.found.kind == AlertKind.BALANCE_LOW]
    return [(one.is_open, one.cleared_by) for one in found]


def test_low_balance__around_the_threshold__is_raised_below_it(tower: Tower) -> None:
    """
    T20: at the threshold nothing, one base unit below an alert with its figures in words.
    """
    tower.pay(10)
    tower.look()
    assert low(tower) == []
    tower.world.pay(1)
    tower.look()

    (alert,) = tower.alerts(is_open=True)
    world, found = tower.world, alert.found
    assert (found.kind, found.severity) == ("wallet_balance_low", "warning")
    assert (found.wallet, found.token, found.agent) == (
        world.wallet.address,
        world.usdc.address,
        None,
    )
    assert found.text.startswith("trading has 4,989.999999 USDC: less than 4,990 USDC.")
    assert found.figures == {
        "balance": str(4_990 * USDC - 1),
        "below": str(4_990 * USDC),
        "decimals": 6,
    }
    assert found.block == world.chain.fetch_height()
    assert found.block_at == world.chain.fetch_now()
    assert (alert.raised_at, alert.raised_by) == (2_000_000_000, address_of(world.keeper))


def test_low_balance__looked_at_again_and_by_others__is_one_alert(tower: Tower) -> None:
    """
    Once, not once a block, and also where another process looks, or this one has been restarted.
    """
    tower.pay(20)
    for number in range(3):
        tower.look()
        tower.begin()
        tower.look()
        tower.pay(1, number + 2)

    assert low(tower) == [(True, None)]


def test_low_balance__to_and_fro_around_the_threshold__is_told_once(tower: Tower) -> None:
    """
    It has ended when a tenth more is there than is low; then it may be told anew.
    """
    tower.pay(20)
    tower.look()
    for number in range(2, 5):
        tower.give(30)
        tower.look()
        tower.pay(40, number)
        tower.look()
    assert low(tower) == [(True, None)]

    tower.give(5_489 - tower.world.usdc_of(tower.world.wallet.address) // USDC - 1)
    tower.look()
    assert low(tower) == [(True, None)]
    tower.give(1)
    tower.look()
    assert low(tower) == [(False, "keeper")]
    tower.sweep()
    tower.look()
    assert low(tower) == [(False, "keeper"), (True, None)]


def test_low_balance__refilled__is_cleared_by_the_refill(tower: Tower) -> None:
    """
    T32: with the reference of the refill, and its transaction, also where it is just enough.
    """
    tower.sweep()
    tower.look()
    tower.refill(4_990)
    tower.look()

    (alert,) = tower.alerts()
    assert alert.cleared_by == f"refill 0x{ref(7).hex()}"
    assert alert.cleared_why is not None
    assert f"block {tower.world.chain.fetch_height()}" in alert.cleared_why
    assert alert.ended_at == 2_000_000_000


def test_low_balance__refilled_with_too_little__stays_open(tower: Tower) -> None:
    """
    What people have brought is not what counts, but what is there.
    """
    tower.sweep()
    tower.look()
    tower.refill(4_989)
    tower.look()
    assert low(tower) == [(True, None)]


def test_low_balance__in_blocks_that_are_gone__ends_with_them(tower: Tower) -> None:
    """
    Level-triggered: what is open follows from the chain as it is now.
    """
    chain = tower.world.chain
    tower.give(1_000)
    tower.look()
    mark = chain.snapshot()
    tower.sweep()
    tower.look()
    assert low(tower) == [(True, None)]
    chain.revert(mark)
    mine(tower.world, 2)
    tower.look()
    assert low(tower) == [(False, "keeper")]


def test_low_balance__raises_an_alert_and_nothing_else(tower: Tower) -> None:
    """
    T33: nothing is sent by anybody, and nothing drafted: every account and the Safe are as before.
    """
    tower.sweep()
    world = tower.world
    accounts = [world.safe.address, *map(address_of, (world.keeper, world.guardian, world.relayer))]
    before = [world.chain.rpc.request("eth_getTransactionCount", who, "latest") for who in accounts]
    height, nonce = world.chain.fetch_height(), world.safe.fetch_nonce()

    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        for _ in range(3):
            tower.look()

    after = [world.chain.rpc.request("eth_getTransactionCount", who, "latest") for who in accounts]
    assert (before, height, nonce) == (
        after,
        world.chain.fetch_height(),
        world.safe.fetch_nonce(),
    )
    assert world.chain.rpc.request("txpool_status")["pending"] == "0x0"
    assert [one["kind"] for one in receiver.taken] == ["wallet_balance_low"]
    assert not list(tower.folder.rglob("*draft*"))


def test_daily_limit__from_80_percent_on__is_near(tower: Tower) -> None:
    """
    T21: at 80 % of the daily limit and not one unit before; over with the next UTC day.
    """
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: off"))
    world = tower.world
    for hour in range(3):
        if hour:
            world.chain.warp(by=3_600)
        for number in range(3 if hour < 2 else 1):
            tower.pay(100, 10 * hour + number)
    tower.pay(99, 30)
    tower.look()
    assert tower.alerts() == []  # 799 of 1,000
    tower.pay(1, 31)
    tower.look()

    (alert,) = tower.alerts(is_open=True)
    assert alert.found.kind == "agent_daily_limit_approaching"
    assert alert.found.agent == address_of(world.agent)
    assert "bot has used 80 % for general of its daily limit in trading" in alert.found.text
    assert "800 USDC of 1,000 USDC" in alert.found.text
    world.chain.warp(by=DAY)
    tower.look()
    assert [one.cleared_by for one in tower.alerts()] == ["keeper"]


def test_low_balance__of_a_token_that_does_not_answer__stays_as_it_was(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What nobody knows neither raises nor ends an alert, and nobody else's alert waits for it.
    """
    world = tower.world
    tower.sweep()
    tower.look()
    code = world.chain.rpc.request("eth_getCode", world.usdc.address, "latest")
    world.chain.rpc.request("anvil_setCode", world.usdc.address, "0xfe")
    mine(world, 1)
    try:
        tower.look()
        assert low(tower) == [(True, None)]
        assert "cannot be read" in (tower.alerting._silent or "")
    finally:
        world.chain.rpc.request("anvil_setCode", world.usdc.address, code)
    tower.give(6_000)
    tower.look()
    assert low(tower) == [(False, "keeper")]


def test_unusual_day__beside_the_others__is_told_once(tower: Tower) -> None:
    """
    T22: high is what a refill report calls unusual, the median and 5 spreads, of which each is at
    least a twentieth of the daily limit of 1,000; medium is 10 spreads, low 20.
    """
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: off"))
    world = tower.world
    for day in range(4):
        tower.pay(20, day)
        world.chain.warp(by=DAY)
    tower.pay(100, 10)
    tower.pay(100, 11)
    tower.pay(70, 12)
    tower.look()
    assert tower.alerts() == []  # 20 + 5 * 50
    world.pay(1, ref=ref(13))
    for sensitivity in ("low", "medium", "off"):
        text = FILE.replace("alert_below: 4_990", "alert_below: off")
        tower.write(text + f"alerts: {{unusual_spending: {sensitivity}}}\n")
        tower.look()
    assert tower.alerts() == []
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: off"))
    for _ in range(2):
        tower.look()
        tower.begin()
        world.pay(1, ref=ref(14))

    (alert,) = tower.alerts(is_open=True)
    assert (alert.found.kind, alert.found.severity) == ("unusual_spending_pattern", "critical")
    assert alert.found.agent == address_of(world.agent)
    assert "bot has spent 270.000001 USDC from trading today: up to 270 USDC" in alert.found.text


def test_unusual_day__of_an_agent_that_nobody_knows_yet__is_not_judged(tower: Tower) -> None:
    """
    Three days before decide nothing.
    """
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: off"))
    for day in range(3):
        tower.pay(1, day)
        tower.world.chain.warp(by=DAY)
    for number in range(3):
        tower.pay(100, 10 + number)
    tower.look()
    assert tower.alerts() == []


def test_cleared_by_a_person__while_it_is_so__is_not_raised_again(
    tower: Tower, store_url: str
) -> None:
    """
    Who says that they know of it is not told every second; once it is over it may come again.
    """
    tower.sweep()
    tower.look()
    (alert,) = tower.alerts()
    wish = ToClear(tower.whose, alert.id, "dana", "A refill is on its way.", 5)
    if tower.database.is_sqlite:
        # The keeper has the file: the wish waits beside it.
        assert clear_by_hand(store_url, [wish]) is False
        assert low(tower) == [(True, None)]
    else:
        assert clear_by_hand(store_url, [wish]) is True
    for _ in range(2):
        tower.look()
    (alert,) = tower.alerts()
    assert (alert.cleared_by, alert.cleared_why) == ("dana", "A refill is on its way.")
    spool = ClearSpool.beside(store_url)
    assert spool is None or spool.path.stat().st_size == 0

    tower.refill(6_000)
    tower.look()
    tower.sweep()
    tower.look()
    assert low(tower) == [(False, "dana"), (True, None)]


def test_settings__changed__hold_without_a_restart(tower: Tower) -> None:
    """
    T39: at the next look, also without another block. A file that is broken changes nothing.
    """
    tower.look()
    assert tower.alerts() == []
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: 5_001"))
    tower.look()
    assert low(tower) == [(True, None)]
    tower.write("organisation: {")
    tower.look()
    assert low(tower) == [(True, None)]
    tower.write(FILE.replace("alert_below: 4_990", "alert_below: off"))
    tower.look()
    assert low(tower) == [(False, "keeper")]


def test_settings__without_a_file__are_the_defaults(tower: Tower) -> None:
    """
    T39's 10,000 USDC, and of a wallet that may hold 10,000 a quarter of that.
    """
    tower.file.unlink()
    tower.begin()
    tower.look()
    assert tower.alerts() == []
    tower.sweep()
    tower.give(2_500)
    tower.look()
    assert tower.alerts() == []
    tower.pay(1)
    tower.look()
    assert "less than 2,500 USDC" in tower.alerts()[0].found.text


def test_native_money__that_went_without_an_event__is_told_once_and_until_a_person_clears_it(
    tower: Tower, store_url: str
) -> None:
    """
    What a contract cannot do has been done, or a node does not tell the truth; a deposit is fine.
    """
    chain, wallet = tower.world.chain, tower.world.wallet.address
    tower.look()
    mine(tower.world, DEPTH + 1)
    tower.look()
    chain.fund(wallet, 5 * 10**18)
    mine(tower.world, DEPTH + 1)
    tower.look()
    assert tower.alerts() == []
    chain.fund(wallet, 3 * 10**18)
    mine(tower.world, DEPTH + 1)
    for _ in range(2):
        tower.look()
        tower.begin()

    (alert,) = tower.alerts(is_open=True)
    assert (alert.found.kind, alert.found.severity) == ("unexplained_move", "critical")
    assert alert.found.text.startswith("2 NATIVE left trading between blocks ")
    assert alert.found.figures["went"] == str(2 * 10**18)
    clear_by_hand(store_url, [ToClear(tower.whose, alert.id, "dana", "looked into", 5)])
    tower.look()
    tower.begin()
    tower.look()
    assert [one.cleared_by for one in tower.alerts()] == ["dana"]


# What dies in between


def test_raise__dies_before_the_commit__is_raised_by_the_next(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Alert and messages are one transaction: of one that fails there is nothing, and the next look
    finds the same.
    """
    tower.sweep()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("bursar.alerts.recording.put_messages", die)
        with pytest.raises(KeyboardInterrupt):
            tower.look()
    assert tower.alerts() == []
    tower.begin()
    tower.look()
    assert low(tower) == [(True, None)]


def test_delivery__dies_after_the_raise__is_made_good(tower: Tower) -> None:
    """
    The next process brings what was raised, once.
    """
    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        tower.sweep()
        tower.deliverer.deliver = lambda seconds: 0  # type: ignore[method-assign,assignment]
        tower.look()
        assert receiver.taken == []
        tower.begin()
        for _ in range(2):
            tower.look()

    (told,) = receiver.taken
    assert told["kind"] == "wallet_balance_low"
    assert told["alert"] == tower.alerts()[0].id


def test_delivery__dies_before_it_is_noted__is_told_again_with_the_same_id(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At least once: whoever receives it tells a second copy by its id, in the header as well.
    """

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with Receiver() as receiver:
        tower.write(FILE + CHANNEL + "  routes: {wallet_balance_low: [ops]}\n")
        tower.write_url("ops.url", receiver.url)
        tower.sweep()
        tower.deliverer.deliver = lambda seconds: 0  # type: ignore[method-assign,assignment]
        tower.look()
        tower.begin()
        with monkeypatch.context() as broken:
            broken.setattr("bursar.alerts.delivering.LogChannel.tell", lambda *_: None)
            original = tower.database.write
            count = iter(range(100))

            def write(work, **options):  # type: ignore[no-untyped-def]
                # Claim, settle and claim of the log, claim of the webhook, and its settling.
                return die() if next(count) == 4 else original(work, **options)

            broken.setattr(tower.database, "write", write)
            with pytest.raises(KeyboardInterrupt):
                tower.live.look()
                tower.deliverer.deliver()
        tower.now += 301  # the claim of the one that died has lapsed
        tower.begin()
        tower.look()

    first, second = receiver.taken
    assert first == second
    assert receiver.headers[0]["Idempotency-Key"] == receiver.headers[1]["Idempotency-Key"]
    assert first["id"].endswith(":raised")


def test_outbox__after_all_is_told__has_nothing_left(tower: Tower) -> None:
    """
    Raised and cleared, each told once to the log and to the channel.
    """
    with Receiver() as receiver:
        tower.write(FILE + CHANNEL)
        tower.write_url("ops.url", receiver.url)
        tower.sweep()
        tower.look()
        tower.refill(8_000)
        tower.look()
        tower.look()

    assert [one["event"] for one in receiver.taken] == ["raised", "cleared"]
    assert receiver.taken[1]["text"].startswith("[acme] Cleared by refill 0x")
    left = select(OUTBOX.c.topic).where(OUTBOX.c.done_at.is_(None))
    assert tower.database.read(lambda c: c.execute(left).all()) == []
