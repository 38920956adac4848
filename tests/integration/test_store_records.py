"""
What the store records: used receipts, decisions, and what is still to be told.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.receipts import PaymentTerms, ReceiptKey, ReceiptProblem, Receipts
from bursar.store import outbox
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome, find_decision, record_decision
from bursar.store.used_receipts import Use, UsedBy, release_from
from bursar.types import NATIVE, Address, Bytes32, checksummed

WALLET = checksummed("0x" + "11" * 20)
AGENT = checksummed("0x" + "22" * 20)
REF = Bytes32(b"\7" * 32)
FIRST = Use(chain_id=1, block=10, transaction=Bytes32(b"\1" * 32), log=3, at=1_000)
SECOND = FIRST._replace(block=12, transaction=Bytes32(b"\2" * 32))


def use(database: Database, by: Use, ref: Bytes32 = REF) -> bool:
    """
    Use a receipt up.
    """
    return database.write(lambda connection: UsedBy(connection, by).add(ref))


def test_receipt__used_by_one_payment__is_not_good_for_another(database: Database) -> None:
    """
    Single use, and a payment that is read again has not used it twice.
    """
    assert use(database, FIRST)
    assert use(database, FIRST)
    assert not use(database, SECOND)
    assert not use(database, FIRST._replace(log=4))
    assert use(database, SECOND._replace(chain_id=2))
    with database.reading() as connection:
        assert REF in UsedBy(connection, SECOND)
        assert REF not in UsedBy(connection, FIRST)


def test_receipt__of_a_block_that_the_chain_dropped__is_free_again(database: Database) -> None:
    """
    A payment that is mined again elsewhere is the same payment.
    """
    use(database, FIRST)

    database.write(lambda connection: release_from(connection, 1, 11))
    assert not use(database, SECOND)
    database.write(lambda connection: release_from(connection, 1, 10))
    assert use(database, SECOND)


def test_receipt__judged_with_the_store__is_told_as_used(database: Database) -> None:
    """
    The store is what `Receipts` asks, so that one that left yesterday is known today.
    """
    key = ReceiptKey(b"k" * 32)
    terms = PaymentTerms(
        chain_id=1, wallet=WALLET, agent=AGENT, token=NATIVE, to=WALLET, amount=5, category=REF
    )
    ref = key.mint(terms, b"s" * 16)

    def accept(by: Use) -> ReceiptProblem | None:
        return database.write(
            lambda connection: Receipts(key, UsedBy(connection, by)).accept(terms, ref)
        )

    assert accept(FIRST) is None
    assert accept(FIRST) is None
    assert accept(SECOND) is ReceiptProblem.USED


def test_receipt__two_keepers_at_once__one_payment_has_it(postgres_url: str) -> None:
    """
    Of two processes that use one receipt for two payments, one is told no.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as other:
        results: list[bool] = []
        meeting = threading.Barrier(2)

        def race(database: Database, by: Use) -> None:
            def work(connection: sa.Connection) -> bool:
                meeting.wait(20)
                return UsedBy(connection, by).add(REF)

            results.append(database.write(work))

        threads = [
            threading.Thread(target=race, args=arguments)
            for arguments in ((one, FIRST), (other, SECOND))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(results) == [False, True]


def decision(**changed: Any) -> Decision:
    """
    A refusal, unless changed.
    """
    usual: dict[str, Any] = {
        "at": 1_000,
        "chain_id": 1,
        "organization": Address(WALLET),
        "wallet": WALLET,
        "agent": AGENT,
        "role": "agent",
        "action": "payment",
        "outcome": Outcome.DENIED,
        "reason": "hourly-limit",
        "message": "Asked for 5, 3 left this hour.",
        "policy_version": "v1",
        "token": NATIVE,
        "amount": 2**200,
        "ref": None,
        "inputs": {"remaining": "3", "rules": ["shape", "hourly"]},
    }
    return Decision(**{**usual, **changed})


def test_decision__recorded__comes_back_with_its_inputs(database: Database) -> None:
    """
    T12: organisation, wallet, agent and role are stored with each request, refusals too.
    """
    allowed = decision(outcome=Outcome.ALLOWED, reason=None, ref=REF)
    ids = [
        database.write(lambda connection, one=one: record_decision(connection, one))
        for one in (decision(), allowed)
    ]

    assert ids[0] < ids[1]
    assert database.read(lambda c: find_decision(c, REF)) == (ids[1], allowed)
    assert database.read(lambda c: find_decision(c, Bytes32(b"\0" * 32))) is None


def claim(database: Database, by: str, now: int) -> list[str]:
    """
    The keys that somebody gets to deliver.
    """
    messages = database.write(
        lambda c: outbox.claim(c, "alert", by=by, now=now, seconds=30, limit=10)
    )
    return [message.key for message in messages]


def put(database: Database, key: str, now: int = 100) -> bool:
    """
    Add an alert.
    """
    return database.write(lambda c: outbox.put(c, "alert", key, {"text": key}, now=now))


def test_outbox__same_key_twice__is_told_once(database: Database) -> None:
    """
    What causes a message twice, such as a block that is read again, makes one message.
    """
    assert put(database, "low-balance")
    assert not put(database, "low-balance")
    assert claim(database, "keeper", 100) == ["low-balance"]


def test_outbox__rolled_back_cause__leaves_no_message(database: Database) -> None:
    """
    A message is in the same transaction as what causes it.
    """

    def work(connection: sa.Connection) -> None:
        outbox.put(connection, "alert", "a", {}, now=100)
        raise KeyError

    with pytest.raises(KeyError):
        database.write(work)

    assert claim(database, "keeper", 100) == []


def test_outbox__claimed__is_nobody_elses_until_its_holder_is_late(database: Database) -> None:
    """
    Delivered at least once: a dead keeper's messages go to the next.
    """
    put(database, "a")

    assert claim(database, "one", 100) == ["a"]
    assert claim(database, "two", 129) == []
    assert claim(database, "two", 130) == ["a"]


def test_outbox__settled_and_postponed__are_told_when_due(database: Database) -> None:
    """
    What was told is not told again, what failed is, later.
    """
    put(database, "a")
    put(database, "b")
    first, second = database.write(
        lambda c: outbox.claim(c, "alert", by="one", now=100, seconds=30)
    )

    database.write(lambda c: outbox.settle(c, first.id, now=101))
    database.write(lambda c: outbox.postpone(c, second.id, error="e" * 900, until=200))

    assert claim(database, "one", 199) == []
    (again,) = database.write(lambda c: outbox.claim(c, "alert", by="two", now=200, seconds=30))
    assert (again.key, again.attempts, again.payload) == ("b", 2, {"text": "b"})


def test_outbox__two_keepers_at_once__share_the_messages(postgres_url: str) -> None:
    """
    Rows that one has locked are passed over by the other, so neither waits nor doubles.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as other:
        for number in range(4):
            put(one, str(number))
        inside, go_on = threading.Event(), threading.Event()
        taken: list[str] = []

        def slowly(connection: sa.Connection) -> None:
            found = outbox.claim(connection, "alert", by="one", now=100, seconds=30, limit=2)
            taken.extend(message.key for message in found)
            inside.set()
            assert go_on.wait(20)

        thread = threading.Thread(target=one.write, args=(slowly,))
        thread.start()
        assert inside.wait(20)
        rest = claim(other, "two", 100)
        go_on.set()
        thread.join()

    assert (taken, rest) == (["0", "1"], ["2", "3"])
