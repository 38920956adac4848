"""
Between rows of the journal and what they stand for.
"""

import time
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from bursar.chain.fees import Fees
from bursar.chain.reader import Call
from bursar.chain.sending.intents import Intent, Mined, Outcome, SignedTransaction, Status
from bursar.chain.sending.signing import read_access_list
from bursar.store.sending_tables import transactions


def transaction_row(intent: int, position: int, signed: SignedTransaction) -> dict[str, Any]:
    """
    The columns of a transaction that is signed now.
    """
    return {
        "hash": signed.hash,
        "intent_id": intent,
        "position": position,
        "nonce": signed.nonce,
        "to": signed.call.to,
        "data": signed.call.data,
        "value": signed.call.value,
        "gas": signed.gas,
        "max_fee": signed.fees.max_fee,
        "tip": signed.fees.tip,
        "burns": signed.burns,
        "raw": signed.raw,
        "signed_at": int(time.time()),
    }


def read_intents(connection: Connection, wanted: "Select[Any]") -> tuple[Intent, ...]:
    """
    The intents that `wanted` selects, each with all that was signed for it.
    """
    rows = connection.execute(wanted).all()
    signed: dict[int, list[SignedTransaction]] = defaultdict(list)
    senders = {row.id: row for row in rows}
    of_these = transactions.c.intent_id.in_(senders)
    if senders:
        found = select(transactions).where(of_these).order_by(transactions.c.position)
        for row in connection.execute(found):
            signed[row.intent_id].append(_build_signed(senders[row.intent_id], row))
    return tuple(_build_intent(row, tuple(signed[row.id])) for row in rows)


def _build_signed(intent: "Row[Any]", row: "Row[Any]") -> SignedTransaction:
    return SignedTransaction(
        chain_id=intent.chain_id,
        sender=intent.sender,
        nonce=row.nonce,
        call=Call(row.to, row.data, row.value, read_access_list(row.raw)),
        gas=row.gas,
        fees=Fees(row.max_fee, row.tip),
        raw=row.raw,
        hash=row.hash,
        burns=row.burns,
    )


def _build_intent(row: "Row[Any]", signed: tuple[SignedTransaction, ...]) -> Intent:
    return Intent(
        id=row.id,
        key=row.key,
        attempt=row.attempt,
        call=Call(row.to, row.data, row.value),
        expires_at=row.expires_at,
        status=Status(row.status),
        unwanted=row.unwanted,
        nonce=row.nonce,
        outcome=Outcome(row.outcome) if row.outcome else None,
        mined=Mined(row.mined, row.block, row.block_hash) if row.mined else None,
        signed=signed,
    )
