"""
The audit's head on a real chain: a keeper writes it there once a day, and whoever has the machine
cannot take it back, whatever is edited in its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import delete, func, insert, select, update

from bursar.audit import FIRST_PREVIOUS, Action, Entry, seal
from bursar.book import AddressBook, Holder
from bursar.chain.anchors import build_anchor
from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.chain.reader import Call
from bursar.chain.sending import Patience, points
from bursar.cli.audit_anchors import Seen, look_for_anchors
from bursar.devnet import USDC, address_of
from bursar.keeper import CycleReport
from bursar.keeper.anchoring import Anchors
from bursar.keeper.building import BookPlaces, keeping
from bursar.store.audit_anchors import check_anchors
from bursar.store.audit_log import AuditLog
from bursar.store.audit_rows import as_sealed, columns_of, fetch_head
from bursar.store.audit_table import AUDIT
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.sending_tables import intents, transactions
from bursar.types import DAY
from tests.integration.followed import mine, reorganise
from tests.integration.keeping import PATIENCE
from tests.integration.live import MONDAY, LiveWorld, founded
from tests.integration.proxy import FaultyNode, Rule, error

DEPTH = 2
EVERY = DAY


@pytest.fixture(scope="module")
def founded_world() -> Iterator[LiveWorld]:
    """
    A chain that keeps all of its states, as an archive does.
    """
    with Anvil(timestamp=MONDAY, history=None) as anvil:
        yield founded(LocalChain(anvil.url))


class Killed(BaseException):
    """
    The process ends here.
    """


class Office:
    """
    A keeper's store, what somebody does to it, and who verifies it.
    """

    def __init__(self, world: LiveWorld, folder: Path, url: str | None = None) -> None:
        self.world, self.folder = world, folder
        self.url = url or f"sqlite:///{folder}/bursar.db"
        self.where = (world.chain.chain_id, world.organization.address)
        self.book = AddressBook(
            name="Acme",
            chain_id=world.chain.chain_id,
            organization=world.organization.address,
            blueprint=world.organization.address,
            safe=world.safe.address,
            threshold=2,
            keepers={"ops": Holder(address=address_of(world.keeper))},
        )

    def run(self, *, every: int | None = EVERY, **options: Any) -> CycleReport:
        """
        A keeper that starts, looks twice and ends: the second look anchors what the first entered.
        """
        with self.keeper(every=every, **options) as look:
            look()
            return look()

    @contextmanager
    def keeper(
        self, *, every: int | None = EVERY, patience: Patience = PATIENCE
    ) -> Iterator[Callable[[], CycleReport]]:
        """
        One that goes on.
        """
        world = self.world
        with keeping(
            self.url,
            world.chain,
            world.keeper,
            world.organization.address,
            chain_id=world.chain.chain_id,
            depth=DEPTH,
            patience=replace(patience, final_after=DEPTH),
            books=BookPlaces(safe=world.safe.address, anchor_every=every),
            clock=world.chain.fetch_now,
        ) as keeper:
            yield keeper.run_once

    def pay(self) -> None:
        """
        A payment, and the blocks that make it final.
        """
        self.world.pay(USDC)
        mine(self.world, DEPTH)

    @contextmanager
    def store(self) -> Iterator[Database]:
        """
        The store between two keepers.
        """
        with Database.open(self.url) as database:
            yield database

    def count(self) -> int:
        """
        How many entries there are.
        """
        with self.store() as database:
            head = database.read(lambda c: fetch_head(c, *self.where))
        return 0 if head is None else head.sequence

    def look(self, url: str | None = None, **options: Any) -> Seen:
        """
        What is on the chain.
        """
        with self.store() as database:
            node = url or self.world.chain.rpc.url
            return look_for_anchors(database, self.book, node, **{"enough": 10, **options})

    def problems(self, url: str | None = None) -> list[str]:
        """
        What a verification finds, hashes and anchors.
        """
        anchors = self.look(url).anchors
        with self.store() as database, database.reading() as connection:
            report = verify_audit(connection, *self.where)
            found = [*report.problems, *check_anchors(connection, *self.where, anchors)]
        return [f"{one.sequence}: {one.what}" for one in found]

    def rewrite(self, *, keep: int | None = None, edit: int | None = None) -> None:
        """
        What somebody does who has the whole machine: entries after `keep` cut off, or one of them
        edited, and all hashes after it made anew. The journal is emptied, too.
        """
        with self.store() as database, database.reading() as connection:
            rows = connection.execute(select(AUDIT).order_by(AUDIT.c.sequence)).all()
        entries = [as_sealed(row).entry for row in rows][:keep]
        if edit is not None:
            entries[edit - 1] = entries[edit - 1].model_copy(update={"amount": 1})
        previous, made = FIRST_PREVIOUS, []
        for number, entry in enumerate(entries, start=1):
            sealed = seal(entry, number, previous)
            previous = sealed.hash
            made.append(columns_of(entry) | sealed.model_dump())

        def work(connection: Any) -> None:
            connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
            connection.execute(delete(AUDIT))
            connection.execute(insert(AUDIT), made)
            connection.execute(delete(transactions))
            connection.execute(delete(intents))

        with self.store() as database:
            database.write(work)


@pytest.fixture
def office(world: LiveWorld, tmp_path: Path) -> Office:
    """
    A payment was made, and no keeper has run yet.
    """
    made = Office(world, tmp_path)
    made.pay()
    return made


def nonce(world: LiveWorld, key: LocalAccount | None = None) -> int:
    """
    How many transactions the keeper's key has sent.
    """
    who = address_of(key or world.keeper)
    return int(world.chain.rpc.request("eth_getTransactionCount", who, "latest"), 16)


def test_anchor__of_the_head__is_on_the_chain_and_found(office: Office) -> None:
    """
    One transaction of about 24,000 gas says how far the audit is; verifying finds it and agrees.
    """
    before = nonce(office.world)
    assert office.run().problems == []

    (anchor,) = office.look().anchors
    assert nonce(office.world) == before + 1
    assert anchor.keeper == address_of(office.world.keeper)
    assert anchor.sequence == office.count() > 10
    receipt = office.world.chain.rpc.request(
        "eth_getTransactionReceipt", f"0x{anchor.transaction.hex()}"
    )
    assert int(receipt["gasUsed"], 16) < 25_000
    assert office.problems() == []


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ({"keep": -1}, "the end was cut off"),
        ({"edit": 12}, "it is not the entry that was anchored"),
    ],
    ids=["cut", "edited"],
)
def test_verify__every_file_rewritten_consistently__is_found(
    office: Office, attack: dict[str, int], found: str
) -> None:
    """
    The store is whole by itself, and the journal knows nothing: the chain does.
    """
    office.run()
    count = office.count()
    office.rewrite(**attack)
    with office.store() as database, database.reading() as connection:
        assert verify_audit(connection, *office.where).problems == ()

    (problem,) = office.problems()
    assert problem.startswith(f"{count}: ")
    assert found in problem


def test_anchor__of_a_store_on_postgres__is_the_same(
    world: LiveWorld, tmp_path: Path, postgres_url: str
) -> None:
    """
    Once, also where keepers follow one another; the journal's hashes and the nonces agree.
    """
    office = Office(world, tmp_path, postgres_url)
    office.pay()
    before = nonce(world)
    office.run()
    assert office.run().problems == []
    assert nonce(world) == before + 1
    assert office.problems() == []
    assert office_anchors(office) == office.look().anchors != ()


def test_verify__thief_anchors_the_rewritten_audit__is_found_by_the_one_before(
    office: Office,
) -> None:
    """
    Whoever has the keeper's key may add an anchor, and cannot remove one.
    """
    office.run()
    count = office.count()
    office.rewrite(keep=-3)
    with office.store() as database:
        head = database.read(lambda c: fetch_head(c, *office.where))
    assert head is not None
    keeper = office.world.keeper
    forged = build_anchor(address_of(keeper), office.book.organization, *head)
    office.world.chain.send(keeper, forged)

    problems = office.problems()
    assert problems[0].startswith(f"{count}: the end was cut off")
    assert any("contradict" in problem for problem in problems)


def test_verify__key_that_is_no_keeper_any_more__is_not_believed(office: Office) -> None:
    """
    A key that was taken back may send what it likes: it neither hides a cut nor feigns one.
    """
    office.run()
    world, keeper = office.world, office.world.keeper
    (anchor,) = office.look().anchors
    revoke = world.organization.build_call("set_keeper", address_of(keeper), False)
    world.by_treasury(revoke)
    forged = build_anchor(address_of(keeper), anchor.organization, 9_999, anchor.hash)
    world.chain.send(keeper, forged)

    assert office.look().anchors == (anchor,)
    assert office.problems() == []


def test_anchor__is_sent_once_a_day_and_only_where_something_is_new(office: Office) -> None:
    """
    However often a keeper looks and is started anew; what is off sends nothing.
    """
    before = nonce(office.world)
    office.run(every=None)
    assert nonce(office.world) == before
    office.run()
    office.run()
    office.pay()
    office.run()
    assert nonce(office.world) == before + 1

    with office.store() as database:
        database.write(_a_day_passes)
    office.run()
    office.run()
    assert nonce(office.world) == before + 2
    assert [one.sequence for one in office.look().anchors] == [office.count(), office.count() - 1]
    with office.store() as database:
        database.write(_a_day_passes)
    office.run()
    assert nonce(office.world) == before + 2


@pytest.mark.parametrize(
    "point", [points.CLAIMED, points.SIGNED, points.JOURNALLED, points.BROADCAST, points.MINED]
)
def test_anchor__killed_on_the_way__is_sent_once(office: Office, point: str) -> None:
    """
    Wherever the process ends, the next one finds what is under way in the journal.
    """
    before = nonce(office.world)

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    office.run(every=None)
    stop = points.watch(kill)
    try:
        with pytest.raises(Killed):
            office.run()
    finally:
        stop()
    office.run()
    mine(office.world, DEPTH)
    office.run()

    assert nonce(office.world) == before + 1
    assert len(office.look().anchors) == 1
    assert office.problems() == []


def test_anchor__that_is_not_mined_yet__is_not_sent_again(office: Office) -> None:
    """
    Though there is more to tell by the time that the next keeper looks.
    """
    office.run(every=None)
    rpc = office.world.chain.rpc
    rpc.request("evm_setAutomine", False)
    try:
        office.run(patience=replace(PATIENCE, timeout=0.2))
        with office.store() as database:
            AuditLog(database, *office.where).append([_refusal(office)])
        assert office.run(patience=replace(PATIENCE, timeout=0.2)).problems == []
        assert int(rpc.request("txpool_status")["pending"], 16) == 1
    finally:
        rpc.request("evm_setAutomine", True)
        rpc.request("evm_mine")


def test_anchor__whose_block_goes__is_mined_again(office: Office) -> None:
    """
    A reorganisation takes it back, and the journal brings it again.
    """
    with office.keeper() as look:
        look()
        look()
        (before,) = office_anchors(office)
        reorganise(office.world, 1)
        assert office_anchors(office) == ()
        look()
        mine(office.world, 1)
        look()
    (after,) = office.look().anchors
    assert (after.sequence, after.hash) == (before.sequence, before.hash)
    assert office.problems() == []


def office_anchors(office: Office) -> Any:
    """
    Found without the store, while a keeper has it.
    """
    other = Office(office.world, office.folder / "elsewhere")
    (office.folder / "elsewhere").mkdir(exist_ok=True)
    return other.look().anchors


def test_anchor__without_money__is_said_and_comes_later(office: Office) -> None:
    """
    What there is is kept for stops. Nothing else suffers, and the next day's is sent.
    """
    chain, keeper = office.world.chain, address_of(office.world.keeper)
    wealth = chain.fetch_balance(keeper)
    chain.fund(keeper, 1)
    before = nonce(office.world)
    report = office.run()
    (said,) = [one.text for one in report.problems if one.kind == "audit"]
    assert "too little of the chain's own currency" in said
    assert nonce(office.world) == before
    assert office.count() > 10

    chain.fund(keeper, wealth)
    assert office.run().problems == []
    assert len(office.look().anchors) == 1


def test_keeper__audit_shorter_than_its_anchor__says_so(office: Office) -> None:
    """
    What the chain tells of comes back by itself, with the same hashes. What only this store knew
    does not, and the journal remembers that it was there.
    """
    office.run()
    with office.store() as database:
        database.write(_cut)
    assert office.run().problems == []
    assert office.problems() == []

    with office.store() as database:
        AuditLog(database, *office.where).append([_refusal(office)])
        database.write(_a_day_passes)
    count = office.count()
    assert office.run().problems == []
    with office.store() as database:
        database.write(_cut)
    (said,) = [one.text for one in office.run().problems if one.kind == "audit"]
    assert f"entry {count} was anchored on the chain" in said
    assert "cut off" in office.problems()[0]


def test_anchor__of_a_key_that_is_no_keeper__is_not_sent(office: Office) -> None:
    """
    Nobody would believe it, and it would keep a keeper from sending one for a day.
    """
    world, keeper = office.world, address_of(office.world.keeper)
    world.by_treasury(world.organization.build_call("set_keeper", keeper, False))
    before = nonce(world)
    said = [one.text for one in office.run().problems if one.kind == "audit"]
    assert "is no keeper of" in said[0]
    assert nonce(world) == before


def test_anchor__after_a_clock_that_was_far_ahead__is_sent(office: Office) -> None:
    """
    One of the year 2100 would else be the last one until then.
    """
    before = nonce(office.world)
    office.run()
    office.pay()
    with office.store() as database:
        database.write(lambda c: c.execute(update(intents).values(claimed_at=4_102_444_800)))
    office.run()
    assert nonce(office.world) == before + 2


def test_look__after_the_clock_was_set_back__goes_on() -> None:
    """
    What is in the way is looked at again, though the last look was years later by this clock.
    """
    looks: list[float] = []
    now = [4_102_444_800.0]

    class Log:
        chain_id, organization = 1, "0x"

        def head(self) -> None:
            looks.append(now[0])

        class database:  # noqa: N801
            @staticmethod
            def read(_: object) -> None:
                return None

    log: Any = Log()
    anchors = Anchors(log, log, log, lambda: 0, clock=lambda: now[0])
    for seconds in (0, 1, -2_302_444_800, 1):
        now[0] += seconds
        anchors.send()
    assert looks == [4_102_444_800.0, 1_800_000_001.0]


def test_anchors__of_two_keys_mined_the_other_way_round__contradict_nothing(
    office: Office,
) -> None:
    """
    A keeper that has died may leave one behind that is mined after its successor's.
    """
    office.run()
    (anchor,) = office.look().anchors
    other = anchor._replace(keeper=office.world.safe.address, block=anchor.block - 1)
    with office.store() as database, database.reading() as connection:
        rows = connection.execute(select(AUDIT.c.hash).where(AUDIT.c.sequence == 1)).one()
        late = other._replace(sequence=1, hash=rows.hash, block=anchor.block + 1)
        assert list(check_anchors(connection, *office.where, [anchor, late])) == []
        own = late._replace(keeper=anchor.keeper, nonce=anchor.nonce + 1)
        assert len(list(check_anchors(connection, *office.where, [anchor, own]))) == 1
        lies = other._replace(hash=rows.hash)
        found = [one.what for one in check_anchors(connection, *office.where, [anchor, lies])]
        assert "two hashes of one entry" in found[-1]


def _refusal(office: Office) -> Entry:
    """
    What no chain tells of.
    """
    return Entry(
        chain_id=office.where[0],
        organization=office.where[1],
        at=1,
        action=Action.REFUSAL,
        event="pay",
        identity="decision:1",
    )


def _a_day_passes(connection: Any) -> None:
    connection.execute(update(intents).values(claimed_at=intents.c.claimed_at - EVERY))


def _cut(connection: Any) -> None:
    connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_delete")
    last = select(func.max(AUDIT.c.sequence)).scalar_subquery()
    connection.execute(delete(AUDIT).where(AUDIT.c.sequence == last))


def test_search__with_and_without_the_journal__finds_the_same(
    office: Office, node: FaultyNode
) -> None:
    """
    The journal saves questions, and is believed in nothing: false hashes and missing ones are made
    good by the key's nonces, as far as the node has old state; where it has not, it is said.
    """
    office.run()
    send_others(office.world)
    known = office.look()
    assert known.gaps == ()
    assert office.look(node.url).anchors == known.anchors

    with node.breaking("eth_getTransactionCount", by=pruned(office.world)):
        lost = office.look(node.url)
    assert lost.anchors == known.anchors  # of the journal
    assert "3 transactions of keeper ops are in no journal here" in lost.gaps[0]
    assert "archive" in lost.gaps[0]

    # Another account's transaction of the same nonce, which is no anchor.
    strange = office.world.chain.send(office.world.stranger, Call(office.world.recipient, b"", 1))
    with office.store() as database:
        named = update(transactions).values(hash=strange.transaction)
        database.write(lambda c: c.execute(named))
    assert office.look().anchors == known.anchors
    assert office.look().gaps == ()
    with node.breaking("eth_getTransactionCount", by=pruned(office.world)):
        lost = office.look(node.url)
    assert lost.anchors == ()
    assert "nonces" in lost.gaps[0]


def send_others(world: LiveWorld) -> None:
    """
    Transactions of the keeper's that look like an anchor, and are none.
    """
    call = build_anchor(address_of(world.keeper), world.organization.address, 1, FIRST_PREVIOUS)
    for other in (
        call._replace(data=call.data[:-1]),
        call._replace(data=b"x" + call.data[1:]),
        call._replace(to=world.recipient),
    ):
        world.chain.send(world.keeper, other)


def pruned(world: LiveWorld) -> Rule:
    """
    A node that has the state of the latest block alone.
    """

    def rule(params: list[Any], forward: Callable[[], Any]) -> Any:
        if params[1] == hex(world.chain.fetch_height()):
            return forward()
        return error("missing trie node")(params, forward)

    return rule
