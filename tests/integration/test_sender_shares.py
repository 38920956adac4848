"""
Keepers with keys of their own share what is to do: each part is one keeper's at a time, and who has
lost one can sign nothing for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from bursar.chain.fees import Fees
from bursar.chain.reader import Call
from bursar.chain.sending import HandedOverError, Outcome, SignedTransaction
from bursar.keeper.orders import part_of
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_shares import (
    REST_SECONDS,
    Shares,
    Signed,
    fetch_keepers,
    fetch_parts,
    fetch_signed_by_others,
)
from bursar.store.sending_tables import leases
from bursar.types import Address, Bytes32, checksummed, keccak


def actor(role: str) -> Address:
    """
    A made-up address that always belongs to the same role.
    """
    return checksummed("0x" + keccak(role.encode())[12:].hex())


ORGANIZATION = actor("organization")
WALLETS = [actor(f"wallet {number}") for number in range(5)]
PARTS = [ORGANIZATION, *WALLETS]
FIRST, SECOND = sorted([actor("one keeper"), actor("another keeper")])


class Clock:
    """
    Seconds that pass when told to.
    """

    now = 0.0

    def __call__(self) -> float:
        return self.now


def share(database: Database, who: Address, clock: Clock | None = None) -> Shares:
    """
    A keeper's, who starts now.
    """
    return Shares(
        database,
        1,
        ORGANIZATION,
        who,
        part_of=partial(part_of, ORGANIZATION),
        clock=clock or Clock(),
    )


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Database]:
    """
    A Postgres: nobody shares an SQLite file.
    """
    with Database.open(postgres_url) as database:
        yield database


def let_lapse(database: Database, holder: str) -> None:
    """
    As if a process had been silent for half a minute.
    """
    silent = update(leases).where(leases.c.holder == holder).values(until=0)
    database.write(lambda c: c.execute(silent))


def key(kind: str, wallet: Address) -> str:
    """
    Of something to do about a payment.
    """
    return f"{kind}:{wallet}:0x{'00' * 32}:1767607800"


def test_take__two_who_work__have_parts_of_their_own_by_turns(shared: Database) -> None:
    """
    Nothing is both's, everything is somebody's, and each has half of it.
    """
    first, second = share(shared, FIRST), share(shared, SECOND)
    assert first.take(PARTS, [], []) == second.take(PARTS, [], []) == frozenset()

    mine, theirs = first.take(PARTS, PARTS, []), second.take(PARTS, PARTS, [])

    assert mine == {ORGANIZATION, WALLETS[1], WALLETS[3]}
    assert theirs == {WALLETS[0], WALLETS[2], WALLETS[4]}
    names = {
        live.holder: live.what for live in shared.read(lambda c: fetch_keepers(c, 1, ORGANIZATION))
    }
    parts = shared.read(lambda c: fetch_parts(c, 1, ORGANIZATION))
    assert {part.what for part in parts if names[part.holder] == FIRST} == mine
    assert {part.what for part in parts if names[part.holder] == SECOND} == theirs


def test_take__another_comes__hands_over_what_it_is_not_busy_with(shared: Database) -> None:
    """
    Who was alone had everything. It keeps that for which something is under way.
    """
    first, second = share(shared, FIRST), share(shared, SECOND)
    assert first.take(PARTS, PARTS, []) == set(PARTS)
    assert second.take(PARTS, PARTS, []) == frozenset()  # all of it is still the first's

    assert first.take(PARTS, PARTS, [WALLETS[0]]) == {ORGANIZATION, *WALLETS[:2], WALLETS[3]}
    assert second.take(PARTS, PARTS, []) == {WALLETS[2], WALLETS[4]}
    assert first.take(PARTS, PARTS, []) == {ORGANIZATION, WALLETS[1], WALLETS[3]}
    assert second.take(PARTS, PARTS, []) == {WALLETS[0], WALLETS[2], WALLETS[4]}


def test_take__one_dies__the_other_has_everything_when_its_leases_lapse(shared: Database) -> None:
    """
    Not before: it may only be slow.
    """
    first, second = share(shared, FIRST), share(shared, SECOND)
    for one in (first, second, first, second):
        one.take(PARTS, PARTS, [])
    assert second.take(PARTS, PARTS, []) == {WALLETS[0], WALLETS[2], WALLETS[4]}
    let_lapse(shared, first.holder)

    assert second.take(PARTS, PARTS, []) == set(PARTS)


def test_take__one_ends_in_order__the_other_has_everything_at_once(shared: Database) -> None:
    """
    Nobody waits for who says that it goes.
    """
    first, second = share(shared, FIRST), share(shared, SECOND)
    for one in (first, second, first, second):
        one.take(PARTS, PARTS, [])
    first.give_up()

    assert second.take(PARTS, PARTS, []) == set(PARTS)


def test_take__who_cannot_work__leaves_it_to_others_if_there_are_any(shared: Database) -> None:
    """
    A key without the role, and one without money for a while, do nothing that another could do.
    """
    clock = Clock()
    first, second = share(shared, FIRST, clock), share(shared, SECOND)
    assert first.take(PARTS, PARTS, [], able=False) == set(PARTS)
    second.take(PARTS, PARTS, [])

    assert first.take(PARTS, PARTS, [], able=False) == frozenset()
    assert second.take(PARTS, PARTS, []) == set(PARTS)
    second.give_up()
    first.take(PARTS, PARTS, [])
    second.take(PARTS, PARTS, [])
    first.rest()
    assert first.take(PARTS, PARTS, []) == frozenset()
    assert second.take(PARTS, PARTS, []) == set(PARTS)
    clock.now = REST_SECONDS
    first.take(PARTS, PARTS, [])
    second.take(PARTS, PARTS, [])
    assert ORGANIZATION in first.take(PARTS, PARTS, [])


def test_journal__part_was_taken_over__neither_claims_nor_signs_for_it(shared: Database) -> None:
    """
    The check is in the transaction of the claim: who was away finds its part another's. What is
    each keeper's own goes on.
    """
    first, second = share(shared, FIRST), share(shared, SECOND)
    journal = SqlJournal(shared, 1, FIRST, fence=first.check)
    journal.hold()
    first.take(PARTS, PARTS, [])
    call = Call(WALLETS[0], b"")
    assert journal.claim(key("execute", WALLETS[0]), call, None).attempt == 1
    let_lapse(shared, first.holder)
    assert second.take(PARTS, PARTS, []) == set(PARTS)

    for kind in ("execute", "cancel"):
        with pytest.raises(HandedOverError):
            journal.claim(key(kind, WALLETS[1]), call, None)
    with pytest.raises(HandedOverError):
        journal.claim(f"apply:0x{'00' * 32}:1", call, None)
    assert journal.claim("heartbeat:0", call, None).attempt == 1
    assert [intent.key for intent in journal.load()] == [
        key("execute", WALLETS[0]),
        "heartbeat:0",
    ]


def test_signed_by_others__lives__is_found_whenever_the_payment_was_queued(
    shared: Database,
) -> None:
    """
    What is signed and has not ended, of other keys: under the same id, at whatever time it was due.
    What only was claimed can never be signed by who has lost the wallet.
    """
    theirs, mine = SqlJournal(shared, 1, FIRST), SqlJournal(shared, 1, SECOND)
    stem = f"execute:{WALLETS[0]}:0x{'00' * 32}:"
    ids = []
    for nonce, (journal, name) in enumerate(
        [
            (theirs, f"{stem}1"),
            (theirs, f"{stem}2"),
            (theirs, f"execute:{WALLETS[1]}:0x{'00' * 32}:1"),
            (mine, f"{stem}1"),
        ]
    ):
        journal.hold()
        intent = journal.claim(name, Call(WALLETS[0], b""), None)
        journal.record_signed(intent.id, signed(nonce, journal is mine))
        ids.append(intent.id)
    theirs.claim(f"{stem}3", Call(WALLETS[0], b""), None)

    def find() -> list[Signed]:
        return shared.read(lambda c: fetch_signed_by_others(c, 1, SECOND, stem))

    assert find() == [(FIRST, 0), (FIRST, 1)]
    theirs.record_ended(ids[0], Outcome.BURNED)
    assert find() == [(FIRST, 1)]


def signed(nonce: int, mine: bool) -> SignedTransaction:
    """
    Whatever a key has signed.
    """
    sender = SECOND if mine else FIRST
    hash = Bytes32(keccak(f"{sender}{nonce}".encode()))
    return SignedTransaction(1, sender, nonce, Call(WALLETS[0], b""), 1, Fees(1, 1), b"\2", hash)


def test_take__on_sqlite__everything_is_this_ones(migrated_file: Path, tmp_path: Path) -> None:
    """
    What somebody who has died left behind in a file counts for nothing.
    """
    path = shutil.copy(migrated_file, tmp_path / "bursar.db")
    with Database.open(f"sqlite:///{path}") as database:
        share(database, SECOND).take(PARTS, PARTS, [])

        assert share(database, FIRST).take(PARTS, PARTS, []) == set(PARTS)
