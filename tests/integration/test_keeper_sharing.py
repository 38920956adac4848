"""
Several keepers on one Postgres, each with its own key: one follows, all of them work, and no item
is two keepers' at a time.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bursar.chain.anvil import Anvil
from bursar.chain.client import Client
from bursar.chain.errors import RpcError
from bursar.chain.local import LocalChain
from bursar.chain.sending import points
from bursar.devnet import USDC, address_of
from bursar.events import PaymentCancelled, PaymentQueued
from bursar.keeper import CycleReport, Keeper, Outcome, ProblemKind, bookkeeping
from bursar.keeper.orders import execute_key
from bursar.keeper.standing import KeeperStanding, fetch_keeper_standings
from bursar.store.audit_log import AuditLog
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.sending_tables import intents, leases, transactions
from bursar.store.settled import fetch_settled
from tests.integration.keeping import events
from tests.integration.live import MONDAY, LiveWorld, founded, ref
from tests.integration.proxy import FaultyNode, hang_up
from tests.integration.sharing import DEPTH, LEASE, NAMES, Town

# Nobody's lease lapses but by `fall_silent`.
LONG = 600.0


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states: nonces are asked for at final blocks.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


@pytest.fixture
def town(world: LiveWorld, postgres_url: str, tmp_path: Path) -> Town:
    """
    With an empty Postgres.
    """
    return Town(world, postgres_url, tmp_path)


@pytest.fixture
def store(town: Town) -> Iterator[Database]:
    """
    To look at what keepers have written.
    """
    with Database.open(town.url) as database:
        yield database


def standings(town: Town, store: Database) -> list[KeeperStanding]:
    """
    As `bursar keeper status` says it.
    """
    where = town.world.chain.chain_id, town.world.organization.address
    return store.read(lambda c: fetch_keeper_standings(c, *where))


def fall_silent(store: Database, keeper: Keeper) -> None:
    """
    As if it had given no sign for as long as its leases last.
    """
    holder = keeper._sharing._shares.holder  # type: ignore[attr-defined]
    silent = update(leases).where(leases.c.holder == holder).values(until=0)
    store.write(lambda c: c.execute(silent))


def outcomes(report: CycleReport) -> list[Outcome]:
    """
    What became of each payment. A cycle that met a problem is no proof of anything.
    """
    assert report.problems == []
    return [payment.outcome for payment in report.payments]


def wait_for_two(town: Town, store: Database) -> None:
    """
    Until both say that they work.
    """
    deadline = time.monotonic() + 60
    while len(standings(town, store)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_all_once(town: Town, store: Database, queued: list[PaymentQueued]) -> None:
    """
    Each payment has left once, nothing was sent in vain, and the audit has it all.
    """
    executed = town.executions()
    assert sorted(event.id for event in executed) == sorted(event.id for event in queued)
    assert sum(town.sent(key) for key in town.keys) == len(executed)
    log = AuditLog(store, town.world.chain.chain_id, town.world.organization.address)
    where = log.chain_id, log.organization
    assert not store.read(lambda c: verify_audit(c, *where)).problems
    entries = store.read(lambda c: [sealed.entry for sealed in find_audit(c, Filter())])
    places = Counter(entry.place for entry in entries if entry.event == "PaymentExecuted")
    assert set(places.values()) <= {1}


def test_processes__one_is_killed__the_other_takes_over_following_and_its_share(
    town: Town, store: Database
) -> None:
    """
    Q16: of two processes one follows and both work, each on wallets of its own. `kill -9` the one
    that follows, and the other does all of it. Nothing is sent twice or in vain.
    """
    with town.running(NAMES[0]) as first, town.running(NAMES[1]) as second:
        for process in (first, second):
            process.wait_for(lambda report: report["block"] is not None)
        wait_for_two(town, store)
        queued = town.queue(*town.wallets)
        town.world.chain.warp(to=queued[-1].ready_at)
        town.wait_for_executions(4)
        shares = town.executed_by(store)
        following = [one.keeper for one in standings(town, store) if one.follows]

        assert sorted(map(len, shares.values())) == [2, 2]
        assert set().union(*shares.values()) == {wallet.address for wallet in town.wallets}
        assert len(following) == 1
        by_address = {address_of(key): p for key, p in zip(town.keys, (first, second), strict=True)}
        by_address[following[0]].end()
        queued += town.queue(*town.wallets)
        town.world.chain.warp(to=queued[-1].ready_at)
        town.wait_for_executions(8)
        (survivor,) = by_address.keys() - set(following)
        by_address[survivor].wait_for(
            lambda report: report["block"] == town.world.chain.fetch_height()
        )

        assert len(town.executed_by(store)[survivor]) == 4
    check_all_once(town, store, queued)


def test_processes__one_was_frozen_while_another_took_over__signs_and_writes_nothing(
    town: Town, store: Database
) -> None:
    """
    SIGSTOP between a signature and the journal, for longer than its leases last; the other executes
    everything; SIGCONT. Its signature is not written down, so it is not sent; and afterwards it has
    its share of what comes next.
    """
    armed = town.folder / "armed"
    frozen_at = {"freeze_at": points.SIGNED, "armed_by": str(armed)}
    with town.running(NAMES[0], **frozen_at) as frozen, town.running(NAMES[1]) as other:
        for process in (frozen, other):
            process.wait_for(lambda report: report["block"] is not None)
        wait_for_two(town, store)
        queued = town.queue(*town.wallets)
        armed.touch()
        town.world.chain.warp(to=queued[-1].ready_at)
        frozen.wait_until_frozen()
        town.wait_for_executions(4)
        before = len(frozen.reports)
        frozen.signal(signal.SIGCONT)
        frozen.wait_for(lambda report: len(frozen.reports) > before + 1)

        assert town.executed_by(store)[address_of(town.keys[0])] == set()
        assert town.sent(town.keys[0]) == 0
        told = [p for r in frozen.reports for p in r["payments"] if p["outcome"] == "executed"]
        assert told == []

        wait_for_two(town, store)
        queued += town.queue(*town.wallets)
        town.world.chain.warp(to=queued[-1].ready_at)
        town.wait_for_executions(8)
        assert len(town.executed_by(store)[address_of(town.keys[0])]) == 2
    check_all_once(town, store, queued)


def mine(town: Town, count: int) -> None:
    """
    Empty blocks.
    """
    town.world.chain.rpc.request("anvil_mine", hex(count), "0x1")


class Stuck:
    """
    A payment whose `execute` the first keeper has signed and broadcast, and that is not mined. The
    first keeper has fallen silent, and the payment fits no more.
    """

    def __init__(self, town: Town, store: Database, first: Keeper) -> None:
        self.town, self.chain = town, town.world.chain
        self.wallet = town.wallets[0]
        (self.queued,) = town.queue(self.wallet)
        self.chain.warp(to=self.queued.ready_at)
        self.chain.rpc.request("evm_setAutomine", False)
        assert outcomes(first.run_once()) == [Outcome.UNDER_WAY]
        self.key = execute_key(town.due(self.queued))
        wanted = select(transactions.c.raw).join(intents).where(intents.c.key == self.key)
        signed = wanted.order_by(transactions.c.position)
        self.raw = store.read(lambda c: c.execute(signed).scalars().all())[0]
        self.chain.rpc.request("anvil_dropAllTransactions")
        self.chain.rpc.request("evm_setAutomine", True)
        fall_silent(store, first)
        world = town.world
        self.wallet.send(world.guardian, "sweep", world.usdc.address, "all of it")

    def broadcast(self) -> None:
        """
        Whoever has kept the old bytes sends them now.
        """
        self.chain.rpc.request("eth_sendRawTransaction", f"0x{self.raw.hex()}")

    def queue_again(self) -> PaymentQueued:
        """
        The very same arguments, which have the same id; the wallet has money again.
        """
        world = self.town.world
        world.by_treasury(*world.build_refill(self.wallet, 1_000 * USDC, ref(7)))
        receipt = world.pay(10 * USDC, wallet=self.wallet, ref=self.queued.ref)
        again: PaymentQueued = world.logged(receipt, PaymentQueued)
        assert again.id == self.queued.id
        return again


def test_cancel__another_has_signed_the_execute__waits_until_that_can_do_nothing_any_more(
    town: Town, store: Database
) -> None:
    """
    Who took the wallet over has not the key that could burn the old `execute`. Were the payment
    cancelled and queued again, the old bytes would be good for it: so the cancel waits until their
    nonce is used, for good. The payment cannot leave meanwhile: it does not fit.
    """
    with (
        town.keeping(town.keys[0], lease_seconds=LONG) as first,
        town.keeping(town.keys[1], lease_seconds=LONG) as second,
    ):
        stuck = Stuck(town, store, first)

        (waiting,) = second.run_once().payments
        assert waiting.outcome is Outcome.WAITING
        assert f"{address_of(town.keys[0])} has signed its execution" in waiting.why
        stuck.broadcast()  # refused by the contract, which uses the nonce up
        assert outcomes(second.run_once()) == [Outcome.WAITING]
        mine(town, DEPTH)
        assert outcomes(second.run_once()) == [Outcome.CANCELLED]

        again = stuck.queue_again()
        town.world.chain.warp(to=again.ready_at)
        with pytest.raises(RpcError, match="nonce too low"):
            stuck.broadcast()
        assert town.executions() == []
        assert outcomes(second.run_once()) == [Outcome.EXECUTED]


def test_cancel__who_signed_the_execute_comes_back__burns_it_and_the_cancel_goes_out(
    town: Town, store: Database
) -> None:
    """
    The wallet is another's by now, so what was signed for it is burned before anything else is
    sent; that is what the other's cancel has waited for.
    """
    with (
        town.keeping(town.keys[0], lease_seconds=LONG) as first,
        town.keeping(town.keys[1], lease_seconds=LONG) as second,
    ):
        stuck = Stuck(town, store, first)
        assert outcomes(second.run_once()) == [Outcome.WAITING]

        woken = first.run_once()
        assert woken.abandoned == [stuck.key]
        assert outcomes(woken) == [Outcome.LEFT]
        mine(town, DEPTH + 1)
        assert outcomes(second.run_once()) == [Outcome.CANCELLED]

        assert len(events(town.world, PaymentCancelled)) == 1
        with pytest.raises(RpcError, match="nonce too low"):
            stuck.broadcast()


def test_keeper__that_does_not_follow__acts_on_nothing_old_and_takes_over_from_who_is_silent(
    town: Town, store: Database
) -> None:
    """
    What is stored is a few blocks behind its own node: it sends nothing. Once the other has been
    silent for as long as a lease lasts, it follows itself; and the other does not, when it is back.
    """
    with (
        town.keeping(town.keys[0], lease_seconds=LONG) as first,
        town.keeping(town.keys[1], lease_seconds=LONG) as second,
    ):
        queued = town.queue(*town.wallets)
        assert outcomes(first.run_once()) == []
        assert outcomes(second.run_once()) == []  # sees what the first has stored
        town.world.chain.warp(to=queued[-1].ready_at)
        mine(town, 4)

        behind = second.run_once()
        assert [problem.kind for problem in behind.problems] == [ProblemKind.LAGGING]
        assert "is behind" in behind.problems[0].text
        assert (behind.payments, behind.entries, town.sent(town.keys[1])) == ([], 0, 0)

        fall_silent(store, first)
        taken_over = second.run_once()
        assert outcomes(taken_over) == [Outcome.EXECUTED] * 4
        assert taken_over.audited is not None
        back = first.run_once()
        assert outcomes(back) == []
        assert (back.block, back.audited) == (town.world.chain.fetch_height(), None)
        assert [one.follows for one in standings(town, store)].count(True) == 1
    check_all_once(town, store, queued)


def test_keeper__that_cannot_read_the_chain__leaves_following_to_another(
    town: Town, store: Database
) -> None:
    """
    A node that is away is no reason for nobody to follow: the next keeper does at once.
    """
    with FaultyNode(town.world.chain.rpc.url) as node:
        client = Client(node.url, timeout=2.0)
        with (
            town.keeping(town.keys[0], client=client, lease_seconds=LONG) as first,
            town.keeping(town.keys[1], lease_seconds=LONG) as second,
        ):
            assert first.run_once().problems == []
            queued = town.queue(*town.wallets)
            town.world.chain.warp(to=queued[-1].ready_at)
            with node.breaking("*", by=hang_up):
                assert first.run_once().has(ProblemKind.NO_ANSWER)
                report = second.run_once()

    assert report.block is not None
    assert report.problems == []
    assert Outcome.EXECUTED in [payment.outcome for payment in report.payments]


def test_books__of_one_that_was_away_in_the_middle__write_nothing(
    town: Town, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    While the first reads what it is going to write down, it falls silent, and the second takes over
    and writes it down. What the first had in mind is refused, whether or not it would be the same.
    """
    with (
        town.keeping(town.keys[0], lease_seconds=LONG) as first,
        town.keeping(town.keys[1], lease_seconds=LONG) as second,
    ):
        assert outcomes(first.run_once()) == []
        town.queue(town.wallets[0])
        mine(town, 2 * DEPTH)
        away = [True]

        def read_and_fall_silent(*args: Any, **kwargs: Any) -> Any:
            part = fetch_settled(*args, **kwargs)
            if away:
                away.clear()
                fall_silent(store, first)
                assert second.run_once().entries > 0
            return part

        monkeypatch.setattr(bookkeeping, "fetch_settled", read_and_fall_silent)
        late = first.run_once()

        assert not away
        assert late.entries == 0
        assert any("Another process writes" in problem.text for problem in late.problems)
        assert outcomes(first.run_once()) == []


@pytest.mark.slow
def test_processes__killed_and_frozen_at_random__deal_with_each_payment_once(
    town: Town, store: Database
) -> None:
    """
    Two processes through a bad quarter of an hour: `kill -9`, SIGSTOP for longer or shorter than a
    lease lasts, payments all the while, some of which fit no more when they are due. In the end
    each has left or was cancelled, once.
    """
    chance, queued = random.Random(7), []
    with ExitStack() as stack:
        running = [stack.enter_context(town.running(name)) for name in NAMES]
        for _ in range(12):
            queued += town.queue(*chance.sample(town.wallets, 3))
            if chance.random() < 0.5:
                town.empty(queued[-1])
            town.world.chain.warp(to=queued[-1].ready_at)
            number = chance.randrange(2)
            if chance.random() < 0.5:
                running[number].end()
                time.sleep(chance.random() * 2 * LEASE)
                running[number] = stack.enter_context(town.running(NAMES[number]))
            else:
                running[number].signal(signal.SIGSTOP)
                time.sleep(chance.random() * 2 * LEASE)
                running[number].signal(signal.SIGCONT)
            town.fill()
        town.wait_until_done(len(queued))
        settled = town.world.chain.fetch_height()
        running[0].wait_for(lambda report: (report["block"] or 0) >= settled)

    executed = [event.id for event in town.executions()]
    cancelled = [event.id for event in events(town.world, PaymentCancelled)]
    assert sorted([*executed, *cancelled]) == sorted(event.id for event in queued)
    assert executed
    assert cancelled
    where = town.world.chain.chain_id, town.world.organization.address
    assert not store.read(lambda c: verify_audit(c, *where)).problems
    twice = select(transactions.c.nonce).join(intents).where(intents.c.status == "under way")
    assert store.read(lambda c: c.execute(twice).all()) == []
