"""
The keeper's books on a real chain: receipts that are verified, refusals that are taken in, and what
a crash, a reorganisation or a missing key does to them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import func, select

from bursar.agent import AgentWallet
from bursar.agent.denials import StoredDenials
from bursar.audit import Action, Entry
from bursar.chain.follower import Endpoint, Endpoints, HaltedError
from bursar.devnet import USDC, address_of
from bursar.keeper.building import BookPlaces, build_books
from bursar.keeper.following import Following
from bursar.keeper.kept import Kept
from bursar.keeper.watching import FollowAlone
from bursar.receipts import SALT_BYTES, PaymentTerms
from bursar.store.audit_query import Filter, find_audit
from bursar.store.chain_writer import empty_source, find_cursor
from bursar.store.database import Database
from bursar.store.decisions import DECISIONS
from bursar.store.key_file import load_receipt_key
from bursar.store.outbox import OUTBOX
from bursar.store.refusal_spool import RefusalSpool
from bursar.types import Bytes32
from tests.integration.followed import DEPTH, mine, reorganise
from tests.integration.live import GENERAL, LiveWorld


class Office:
    """
    A store of the world's organisation, and who keeps its books.
    """

    def __init__(self, world: LiveWorld, url: str, folder: Path) -> None:
        self.world = world
        self.database = Database.open(url)
        self.key_file = folder / "receipt.key"
        self.spool = RefusalSpool(folder / "refusals")
        self.begin()

    def begin(self) -> None:
        """
        A keeper that starts now.
        """
        world = self.world
        places = BookPlaces(world.safe.address, receipt_key=self.key_file, refusals=self.spool.path)
        where = (world.organization.address, world.chain.chain_id)
        self.books = build_books(self.database, world.chain, *where, places)

    def look(self) -> Kept:
        """
        One cycle: the chain into the store, and the books.
        """
        kept = self.try_look()
        assert kept.troubles == []
        return kept

    def try_look(self) -> Kept:
        """
        The same where something may be in the way.
        """
        world = self.world
        following = Following(
            self.database,
            Endpoints([Endpoint(world.chain.rpc.url)]),
            world.organization.address,
            chain_id=world.chain.chain_id,
            depth=DEPTH,
        )
        with closing(FollowAlone(following)) as follow:
            follow()
        assert self.books is not None
        return self.books.keep()

    def settle(self) -> Kept:
        """
        The same once everything is final.
        """
        mine(self.world, DEPTH + 1)
        return self.look()

    def pay(self, amount: int, ref: Bytes32 | None = None) -> Bytes32:
        """
        By the agent, declared unless a `ref` is given. Returns the receipt.
        """
        world = self.world
        if ref is None:
            ref = self.mint(amount, world.agent)
        world.pay(amount, ref=ref)
        return ref

    def mint(self, amount: int, key: LocalAccount) -> Bytes32:
        """
        The receipt that Bursar would make.
        """
        world = self.world
        terms = PaymentTerms(
            chain_id=world.chain.chain_id,
            wallet=world.wallet.address,
            agent=address_of(key),
            token=world.usdc.address,
            to=world.recipient,
            amount=amount,
            category=GENERAL,
        )
        return load_receipt_key(self.key_file).mint(terms, secrets.token_bytes(SALT_BYTES))

    def entries(self, *actions: Action) -> list[Entry]:
        """
        What the audit has.
        """
        wanted = Filter(actions=actions)
        return self.database.read(lambda c: [one.entry for one in find_audit(c, wanted)])

    def alarms(self) -> list[str]:
        """
        What the outbox has for people.
        """
        wanted = select(OUTBOX.c.key).where(OUTBOX.c.topic == "undeclared")
        return list(self.database.read(lambda c: c.execute(wanted).scalars().all()))

    def connect(self) -> AgentWallet:
        """
        The agent, whose denials go to the spool.
        """
        world = self.world
        return AgentWallet.connect(
            rpc_url=world.chain.rpc.url,
            wallet=world.wallet.address,
            key=world.agent,
            receipt_key_file=self.key_file,
            recorder=StoredDenials(self.spool),
        )


@pytest.fixture
def office(world: LiveWorld, database_url: str, tmp_path: Path) -> Iterator[Any]:
    """
    A receipt key, and an empty store on each kind of database.
    """
    load_receipt_key(tmp_path / "receipt.key")
    made = Office(world, database_url, tmp_path)
    yield made
    made.database.close()


def test_receipts__valid__raise_no_alarm(office: Office) -> None:
    """
    A payment that Bursar has declared is a payment, before it is final and afterwards, also where
    it waited.
    """
    world = office.world
    office.pay(5 * USDC)
    waiting = office.mint(90 * USDC, world.other_agent)
    world.pay(90 * USDC, key=world.other_agent, ref=waiting)
    world.chain.warp(by=700)
    arguments = (address_of(world.other_agent), *world.payment(90 * USDC, ref=waiting))
    world.wallet.send(world.stranger, "execute", *arguments)

    assert office.look().undeclared == []
    assert office.settle().undeclared == []

    spent = office.entries(Action.AGENT_SPEND)
    assert [one.verdict and one.verdict.outcome for one in spent] == ["allowed", "allowed"]
    assert office.alarms() == []


def test_receipts__forged_or_used__are_said_at_once_and_once(office: Office) -> None:
    """
    T12: whoever has the agent's key and not the receipt key is found from the event alone, and so
    is who copies a receipt, before the block is final. Said once, also after a restart; the audit
    says it of exactly these payments.
    """
    honest = office.pay(5 * USDC)
    office.look()
    office.pay(6 * USDC, Bytes32(b"\7" * 32))
    office.pay(5 * USDC, honest)

    found = office.look().undeclared
    assert [(one.problem.value, one.event.amount) for one in found] == [
        ("forged", 6 * USDC),
        ("used", 5 * USDC),
    ]
    assert office.look().undeclared == []
    office.begin()
    assert office.look().undeclared == []
    assert office.settle().undeclared == []
    assert len(office.alarms()) == 2
    verdicts = [one.verdict for one in office.entries(Action.AGENT_SPEND)]
    assert [one and (one.outcome, one.reason) for one in verdicts] == [
        ("allowed", None),
        ("undeclared", "forged"),
        ("undeclared", "used"),
    ]


def test_receipts__of_a_block_that_goes__are_good_again(office: Office) -> None:
    """
    What a reorganisation takes was not paid: the same payment, mined again, is declared.
    """
    ref = office.pay(5 * USDC)
    office.look()
    reorganise(office.world, 1)
    office.pay(5 * USDC, ref)

    assert office.look().undeclared == []
    assert office.settle().undeclared == []

    (spent,) = office.entries(Action.AGENT_SPEND)
    assert spent.verdict is not None
    assert spent.verdict.outcome == "allowed"


def test_receipts__without_a_key_file__are_not_judged_until_there_is_one(office: Office) -> None:
    """
    The first agent makes the file, maybe after the keeper has started.
    """
    office.key_file.unlink()
    office.pay(5 * USDC, Bytes32(b"\7" * 32))
    assert office.look().undeclared == []

    load_receipt_key(office.key_file)

    assert [one.problem.value for one in office.look().undeclared] == ["forged"]


def test_receipt_key__that_others_can_read__stops_the_books_until_it_is_mended(
    office: Office,
) -> None:
    """
    Fail closed: an entry is for good, so that none is made that could not be judged. The next look
    goes on.
    """
    office.look()
    office.pay(5 * USDC)
    office.key_file.chmod(0o644)
    mine(office.world, DEPTH + 1)

    (trouble,) = office.try_look().troubles
    assert "chmod 600" in trouble
    assert office.entries(Action.AGENT_SPEND) == []
    office.key_file.chmod(0o600)

    office.look()
    assert len(office.entries(Action.AGENT_SPEND)) == 1


def test_refusal__of_the_sdk__is_in_the_audit(office: Office) -> None:
    """
    T35, refusals too: who asked for how much from which wallet, and why not. No store was needed to
    refuse it, and the agent's own words stay with the agent.
    """
    denied = office.connect().pay(
        "USDC", str(office.world.recipient), "101", category="general", note="private"
    )
    assert denied.denied

    assert office.look().entries > 0

    (entry,) = office.entries(Action.REFUSAL)
    world = office.world
    assert (entry.wallet, entry.agent) == (world.wallet.address, address_of(world.agent))
    assert (entry.token, entry.amount) == (world.usdc.address, 101 * USDC)
    assert entry.verdict is not None
    assert (entry.verdict.by, entry.verdict.outcome) == ("chain", "denied")
    assert entry.verdict.reason == "payments: amount out of bounds"
    assert entry.details["to"] == world.recipient
    assert "private" not in entry.model_dump_json()


def test_spool__read_twice_by_a_crash__is_taken_in_once(office: Office) -> None:
    """
    A crash between the store's commit and the emptying of the file leaves lines that are known. A
    line that was cut off was promised to nobody; somebody else's organisation is left alone.
    """
    agent = office.connect()
    for _ in range(2):
        assert agent.pay("USDC", str(office.world.recipient), "101", category="general").denied
    lines = office.spool.path.read_bytes()
    office.look()
    assert office.spool.path.read_bytes() == b""

    ours = str(office.world.organization.address).encode()
    others = lines.splitlines(keepends=True)[0].replace(ours, b"0x" + b"ab" * 20)
    office.spool.path.write_bytes(lines + others + lines[:40])
    office.look()

    assert len(office.entries(Action.REFUSAL)) == 2
    count = select(func.count()).select_from(DECISIONS)
    assert office.database.read(lambda c: c.execute(count).scalar()) == 2
    assert office.spool.path.read_bytes() == others


def test_audit__of_final_blocks_that_go__is_retracted_and_goes_on(office: Office) -> None:
    """
    A reorganisation below what counted as final stops the keeper. After a rebuild the audit marks
    what is gone, removes nothing, and enters what was mined instead; receipts are good again.
    """
    world = office.world
    office.pay(5 * USDC)
    office.settle()
    height = world.chain.fetch_height()
    gone = office.mint(6 * USDC, world.agent)
    office.pay(6 * USDC, gone)
    office.settle()
    reorganise(world, world.chain.fetch_height() - height)
    with pytest.raises(HaltedError):
        office.try_look()

    office.pay(7 * USDC)
    office.pay(6 * USDC, gone)
    mine(world, DEPTH + 1)
    with office.database.reading() as connection:
        cursor = find_cursor(connection, world.chain.chain_id, world.organization.address)
    assert cursor is not None
    while office.database.write(lambda c: empty_source(c, cursor.source)):
        pass
    office.begin()
    (trouble,) = office.try_look().troubles

    assert "1 entries of the audit are retracted" in trouble
    amounts = [one.amount for one in office.entries(Action.AGENT_SPEND)]
    assert amounts == [5 * USDC, 6 * USDC, 7 * USDC, 6 * USDC]
    (retraction,) = office.entries(Action.RETRACTION)
    assert retraction.amount == 6 * USDC
    assert office.alarms() == []
    office.begin()
    assert office.look().entries == 0


def test_balances__of_books_that_begin_again__add_up_from_what_is_past(office: Office) -> None:
    """
    Payments and deposits before the block that the audit ends with are only summed up. Whatever
    comes after says what the wallet really had.
    """
    world = office.world
    for amount in (5 * USDC, 6 * USDC):
        office.pay(amount)
    world.usdc.send(world.deployer, "mint", address_of(world.stranger), 40 * USDC)
    world.usdc.send(world.stranger, "transfer", world.wallet.address, 40 * USDC)
    office.pay(7 * USDC)
    office.settle()
    for amount in (8 * USDC, 9 * USDC):
        office.begin()
        office.pay(amount)
        office.settle()
        last = office.entries(Action.AGENT_SPEND)[-1]
        assert last.amount == amount
        assert last.balance_after == world.usdc_of(world.wallet.address)
