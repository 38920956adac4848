"""
The chain's own currency in the audit, on a real node: everything that moved, once and in order,
named where a transaction names it.
"""

from __future__ import annotations

import asyncio
from secrets import token_hex

import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import delete

from bursar.audit import Action, Entry
from bursar.chain.errors import RevertedError
from bursar.chain.reader import Call
from bursar.devnet import address_of
from bursar.keeper.building import BookPlaces, build_books
from bursar.keeper.kept import Kept
from bursar.store.audit_dropped import retract_dropped
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.native_moves import rewind_moves
from bursar.store.native_tables import native_moves
from bursar.types import NATIVE, Address
from tests.integration.agents import loosen
from tests.integration.followed import build_following, follow, mine, reorganise
from tests.integration.live import GENERAL, LiveWorld, budget, ref
from tests.integration.proxy import FaultyNode, error

ETHER = 10**18
# Anvil keeps the state of ten blocks at least, and these tests want it at the final one.
DEPTH = 4
MONEY = (Action.AGENT_SPEND, Action.REFILL, Action.SWEEP, Action.DEPOSIT, Action.LOSS)


class Office:
    """
    A store, what follows the chain into it, and who keeps the books.
    """

    def __init__(self, world: LiveWorld, database: Database) -> None:
        self.world, self.database = world, database
        self.begin()

    def begin(self) -> None:
        """
        A keeper that starts now.
        """
        where = (self.world.organization.address, self.world.chain.chain_id)
        places = BookPlaces(self.world.safe.address)
        self.books = build_books(self.database, self.world.chain, *where, places)

    def follow(self, *urls: str, anew: bool = False) -> None:
        """
        The chain into the store, once everything so far is final.
        """
        mine(self.world, DEPTH)

        async def run() -> None:
            following = build_following(self.world, self.database, *urls, depth=DEPTH)
            if anew:
                await following.empty()
            await follow(following)

        asyncio.run(run())

    def look(self, *, anew: bool = False) -> Kept:
        """
        One cycle.
        """
        self.follow(anew=anew)
        assert self.books is not None
        return self.books.keep()

    def entries(self, *actions: Action) -> list[Entry]:
        """
        What the audit has of native money; it is whole, too.
        """
        known = self.world
        where = (known.chain.chain_id, known.organization.address)
        with self.database.reading() as connection:
            assert verify_audit(connection, *where).problems == ()
            wanted = Filter(*where, actions=actions or MONEY, token=NATIVE)
            return [one.entry for one in find_audit(connection, wanted)]


@pytest.fixture
def office(world: LiveWorld, database: Database) -> Office:
    """
    The agent may spend the chain's own currency.
    """
    # New in each test, so that no block is one that anvil has dropped the state of.
    world.chain.fund(Address(f"0x{token_hex(20)}"), 1)
    figures = budget(per_payment=ETHER, hourly=ETHER, daily=ETHER, queue_from=ETHER)
    build = world.wallet.build_call
    loosen(
        world,
        build("set_wallet_limit", NATIVE, 10 * ETHER),
        build("set_max_balance", NATIVE, 100 * ETHER),
        build("set_budget", address_of(world.agent), NATIVE, GENERAL, figures),
    )
    return Office(world, database)


def donate(world: LiveWorld, wei: int) -> None:
    """
    A stranger simply sends money.
    """
    world.chain.send(world.stranger, Call(world.wallet.address, b"", wei))


def fail(world: LiveWorld, wei: int) -> None:
    """
    A stranger sends money with a call that the wallet does not have: it is mined, and reverts.
    """
    with pytest.raises(RevertedError):
        world.chain.send(world.stranger, Call(world.wallet.address, b"\1\2\3\4", wei), gas=100_000)


def force(world: LiveWorld, wei: int) -> None:
    """
    A stranger's contract destroys itself, and the wallet gets what it had: no call, no log.
    """
    code = b"\x73" + bytes.fromhex(world.wallet.address[2:]) + b"\xff"
    submit(world, world.stranger, code, wei=wei)


def submit(
    world: LiveWorld, key: LocalAccount, data: bytes, to: Address | None = None, wei: int = 0
) -> None:
    """
    Send a transaction without waiting for it.
    """
    sender, rpc = address_of(key), world.chain.rpc
    rpc.request("anvil_impersonateAccount", sender)
    fields = {"from": sender, "data": f"0x{data.hex()}", "value": hex(wei), "gas": hex(500_000)}
    rpc.request("eth_sendTransaction", fields | ({"to": to} if to else {}))
    rpc.request("anvil_stopImpersonatingAccount", sender)


def refill(world: LiveWorld, wei: int) -> None:
    """
    By the treasury, which sends the money along.
    """
    world.chain.fund(world.safe.address, 10 * wei)
    call = world.wallet.build_call("refill", NATIVE, wei, ref(7))
    world.by_treasury(Call(call.to, call.data, wei))


def told(entries: list[Entry]) -> list[tuple[str, int | None, int | None, int | None]]:
    """
    What moved, and the balances around it.
    """
    return [(e.action.value, e.amount, e.balance_before, e.balance_after) for e in entries]


def test_native__that_moves_in_any_way__is_entered_once_and_in_order(office: Office) -> None:
    """
    T34, T35: a refill, a gift, money that is forced in, a payment, a fee to the wallet: each once,
    with the balances around it and whoever is known to have sent it; also where the keeper starts
    anew, and where everything derived is read again.
    """
    world = office.world
    refill(world, ETHER)
    office.look()
    donate(world, 7)
    office.look()
    force(world, 50)
    office.look()
    fail(world, 5)
    donate(world, 9)
    world.pay(ETHER // 20, token=NATIVE)
    office.look()
    assert office.look().troubles == []

    found = office.entries()
    start, after = ETHER + 57, ETHER + 66 - ETHER // 20
    assert told(found) == [
        ("refill", ETHER, 0, ETHER),
        ("deposit", 7, ETHER, ETHER + 7),
        ("deposit", 50, ETHER + 7, start),
        ("deposit", 9, start, start + 9),
        ("agent_spend", ETHER // 20, start + 9, after),
    ]
    named, forced = found[1], found[2]
    assert named.authorised_by[0].address == address_of(world.stranger)
    assert named.place is not None
    assert named.place.transaction is not None
    assert forced.place is not None
    assert (forced.role, forced.place.transaction) == ("unknown", None)
    assert world.chain.fetch_balance(world.wallet.address) == after

    office.begin()
    assert office.look().entries == 0
    office.begin()
    assert office.look(anew=True).entries == 0
    assert office.entries() == found


def test_native__block_fee__is_a_deposit_that_nobody_sent(office: Office) -> None:
    """
    Whoever builds a block chooses where its fees go: no transaction sends them.
    """
    world = office.world
    office.look()
    world.chain.rpc.request("anvil_setCoinbase", world.wallet.address)
    donate(world, 7)
    world.chain.rpc.request("anvil_setCoinbase", str(Address(f"0x{token_hex(20)}")))
    office.look()

    entries = office.entries()
    assert [(e.amount, e.role) for e in entries[:1]] == [(7, "sender")]
    assert [e.role for e in entries] == ["sender", "unknown"]
    fees = world.chain.fetch_balance(world.wallet.address) - 7
    assert fees > 0
    assert entries[1].amount == fees


def test_native__found_while_nobody_kept_the_books__is_entered_by_the_next(
    office: Office,
) -> None:
    """
    A crash between the reading and the entry, and one between the entry and what comes after it.
    """
    office.look()
    donate(office.world, 7)
    office.follow()
    assert office.entries() == []
    office.begin()
    assert office.look().entries == 1
    office.begin()
    assert office.look().entries == 0
    assert [e.amount for e in office.entries()] == [7]


def test_native__found_late__loses_no_event_and_is_entered(
    office: Office, node: FaultyNode
) -> None:
    """
    A node that lacks the state for a while: events are entered, and the money when it is seen,
    still named.
    """
    world = office.world
    office.look()
    donate(world, 7)
    with node.breaking("eth_getBalance", by=error("missing trie node")):
        office.follow(node.url)
    assert office.books is not None
    office.books.keep()
    assert office.entries() == []
    world.chain.fund(Address(f"0x{token_hex(20)}"), 1)
    office.look()

    (entry,) = office.entries()
    assert (entry.amount, entry.role) == (7, "sender")


def test_native__that_goes_without_an_event__is_a_loss_and_said(office: Office) -> None:
    """
    The contract does not allow it: the audit has it, and the cycle that finds it says so.
    """
    world = office.world
    refill(world, ETHER)
    office.look()
    world.chain.fund(world.wallet.address, ETHER - 5)
    (trouble,) = office.look().troubles

    assert "5 wei left wallet" in trouble
    (entry,) = office.entries(Action.LOSS)
    assert told([entry]) == [("loss", 5, ETHER, ETHER - 5)]
    assert entry.verdict is not None
    assert entry.verdict.outcome == "unexplained"
    assert office.look().troubles == []


def test_native__of_final_blocks_that_go__is_retracted_and_what_is_there_entered(
    office: Office,
) -> None:
    """
    Nothing is removed and nothing counted twice: what is still there stays as it is.
    """
    world = office.world
    force(world, 7)
    office.look()
    height = world.chain.fetch_height()
    donate(world, 8)
    office.look()
    office.look()
    reorganise(world, world.chain.fetch_height() - height)
    donate(world, 9)
    mine(world, DEPTH)
    office.begin()
    office.look(anew=True)
    office.begin()
    assert office.look().entries == 0

    every = (*MONEY, Action.RETRACTION)
    found = [(e.action.value, e.amount) for e in office.entries(*every)]
    assert found == [("deposit", 7), ("deposit", 8), ("retraction", 8), ("deposit", 9)]
    assert told(office.entries())[-1] == ("deposit", 9, 7, 16)


def test_native__forced_in_beside_a_payment__leaves_open_what_cannot_be_told(
    office: Office,
) -> None:
    """
    In one block, with an order that nobody knows: no balance is made up.
    """
    world = office.world
    refill(world, ETHER)
    office.look()
    pay = world.wallet.build_call("pay", *world.payment(ETHER // 20, token=NATIVE))
    world.chain.rpc.request("evm_setAutomine", False)
    force(world, 50)
    submit(world, world.agent, pay.data, pay.to)
    world.chain.rpc.request("evm_setAutomine", True)
    mine(world, 1)
    office.look()

    _, spent, forced = office.entries()
    assert (spent.amount, forced.amount) == (ETHER // 20, 50)
    assert spent.place is not None
    assert forced.place is not None
    assert forced.place.block >= spent.place.block
    balances = [(e.balance_before, e.balance_after) for e in (spent, forced)]
    assert balances == [(None, None), (None, None)]


def test_native__dropped_again_and_again__is_retracted_each_time(office: Office) -> None:
    """
    Whoever finds out first, the books or the balances: the reading goes with its entry, and what is
    mined again, even in the same place, is entered again.
    """
    world = office.world
    where = (world.chain.chain_id, world.organization.address)
    office.look()
    donate(world, 7)
    block = world.chain.fetch_height()
    office.look()
    for take_back in (
        lambda c: retract_dropped(c, *where, block),
        lambda c: rewind_moves(c, *where, block - 1, at=1),
        lambda c: rewind_moves(c, *where, block - 1, at=1),
    ):
        office.database.write(take_back)
        office.begin()
        office.look()
    office.begin()
    assert office.look().entries == 0

    found = office.entries(Action.DEPOSIT, Action.RETRACTION)
    assert [e.action.value for e in found] == [*("deposit", "retraction") * 3, "deposit"]
    retracted = [e.details["retracts"] for e in found if e.action is Action.RETRACTION]
    assert len(set(retracted)) == 3


def test_native__same_move_recorded_again__is_one_entry(office: Office) -> None:
    """
    The key of a move is what it is, not when it was found.
    """
    world = office.world
    donate(world, 7)
    office.look()
    with office.database.reading() as connection:
        (row,) = connection.execute(native_moves.select()).mappings().all()
    again = {name: value for name, value in row.items() if name != "id"}
    office.database.write(lambda c: c.execute(delete(native_moves)))
    office.database.write(lambda c: c.execute(native_moves.insert().values(again)))
    office.begin()
    assert office.look().entries == 0
    assert len(office.entries()) == 1
