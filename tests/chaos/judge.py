"""
What became of everything, read from the chain from its first block on, and compared with the
journal, the events and the audit in the store.

    blocks, logs, store → judge → Verdict
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bursar.chain.logs import fetch_history
from bursar.devnet import address_of
from bursar.events import Paid, Paused, PaymentCancelled, PaymentExecuted, PaymentQueued, Unpaused
from bursar.keeper import NoticeKind
from bursar.keeper.outbox import key_text
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX
from bursar.store.sending_tables import intents, transactions
from bursar.types import Bytes32
from tests.chaos.judging_store import judge_audit, judge_events
from tests.chaos.scene import Scene


@dataclass
class Verdict:
    """
    `lost` and `doubled` say of one thing each what is wrong with it. The figures count what is on
    the chain in the end.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    paid: int = 0
    executed: int = 0
    cancelled: int = 0
    stopped: int = 0
    released: int = 0
    told: int = 0
    transactions: int = 0
    burned: int = 0
    audited: int = 0


def judge(scene: Scene, database: str, jobs: int) -> Verdict:
    """
    Of a scene that has come to rest, with its store at `database`.
    """
    verdict = Verdict()
    organization = scene.world.organization.address
    history = fetch_history(scene.chain, organization)
    _judge_jobs(history, jobs, verdict)
    _judge_queue(history, verdict)
    verdict.stopped = sum(isinstance(event, Paused) for event in history)
    verdict.released = sum(isinstance(event, Unpaused) for event in history)
    with Database.open(database, read_only=True) as store:
        _judge_journal(scene, store, verdict)
        _judge_notices(scene, history, store, verdict)
        with store.reading() as connection:
            wrong = judge_events(connection, scene.chain.chain_id, organization, history)
            verdict.audited, more = judge_audit(
                connection, scene.chain.chain_id, organization, history
            )
    verdict.lost += wrong.lost + more.lost
    verdict.doubled += wrong.doubled + more.doubled
    return verdict


def _judge_jobs(history: list[Any], jobs: int, verdict: Verdict) -> None:
    paid = Counter(int.from_bytes(e.ref, "big") for e in history if isinstance(e, Paid))
    verdict.paid = sum(paid.values())
    verdict.lost += [f"payment {job} was never made" for job in range(1, jobs + 1) if not paid[job]]
    verdict.doubled += [f"payment {job} was made {n} times" for job, n in paid.items() if n > 1]


def _judge_queue(history: list[Any], verdict: Verdict) -> None:
    """
    Everything that was queued has left or was cancelled, each queueing once.
    """
    waiting: set[Bytes32] = set()
    for event in history:
        if isinstance(event, PaymentQueued):
            waiting.add(event.id)
        elif isinstance(event, PaymentExecuted | PaymentCancelled):
            verdict.executed += isinstance(event, PaymentExecuted)
            verdict.cancelled += isinstance(event, PaymentCancelled)
            if event.id not in waiting:
                verdict.doubled.append(f"queued payment 0x{event.id.hex()} ended twice")
            waiting.discard(event.id)
    verdict.lost += [f"queued payment 0x{id.hex()} still waits" for id in waiting]


def _judge_notices(scene: Scene, history: list[Any], store: Database, verdict: Verdict) -> None:
    """
    Whoever queued what the keeper has cancelled is told of it.
    """
    rows = store.read(lambda c: c.execute(select(OUTBOX.c.key)).scalars().all())
    keeper, ready_at = address_of(scene.world.keeper), {}
    for event in history:
        if isinstance(event, PaymentQueued):
            ready_at[event.id] = event.ready_at
        elif isinstance(event, PaymentCancelled) and event.by == keeper:
            key = (NoticeKind.CANCELLED, event.emitter, event.id, ready_at[event.id])
            verdict.told += key_text(key) in rows
            if key_text(key) not in rows:
                verdict.lost.append(f"nobody was told of {key_text(key)}")


def _judge_journal(scene: Scene, store: Database, verdict: Verdict) -> None:
    """
    Every mined transaction of our keys is one in the journal, of each intent at most one was mined,
    and of each key at most one attempt has done what it was for.
    """
    mined = _fetch_mined(scene)
    verdict.transactions = len(mined)
    query = select(
        transactions.c.hash,
        transactions.c.burns,
        intents.c.id,
        intents.c.key,
        intents.c.status,
        intents.c.outcome,
    ).join(intents, intents.c.id == transactions.c.intent_id)
    rows = {row.hash: row for row in store.read(lambda c: c.execute(query).all())}
    for hash in mined.keys() - rows.keys():
        verdict.lost.append(f"0x{hash.hex()} was mined and is not in the journal")
    found = [rows[hash] for hash in mined if hash in rows]
    verdict.burned = sum(row.burns for row in found)
    for id, count in Counter(row.id for row in found).items():
        if count > 1:
            verdict.doubled.append(f"of intent {id}, {count} transactions were mined")
    done = Counter(row.key for row in found if mined[row.hash] and not row.burns)
    verdict.doubled += [f"{key} was done {count} times" for key, count in done.items() if count > 1]
    ended = [row for row in rows.values() if row.outcome == "succeeded" and row.status == "ended"]
    for id in {row.id for row in ended} - {row.id for row in found if mined[row.hash]}:
        verdict.lost.append(f"the journal says that intent {id} succeeded, and the chain does not")


def _fetch_mined(scene: Scene) -> dict[Bytes32, bool]:
    """
    Every transaction of the keeper and the payer, and whether it succeeded.
    """
    ours = {address_of(scene.world.keeper).lower(), address_of(scene.agents["payer"]).lower()}
    found: dict[Bytes32, bool] = {}
    for number in range(scene.chain.fetch_height() + 1):
        receipts = scene.wire.ask("eth_getBlockReceipts", hex(number)) or []
        for receipt in receipts:
            if receipt["from"].lower() in ours:
                hash = Bytes32(bytes.fromhex(receipt["transactionHash"][2:]))
                found[hash] = int(receipt["status"], 16) == 1
    return found
