"""
What policy decided: before anything is signed, with what it looked at and why, refusals too.

    Decision → record_decision → row → find_decision
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, String, Table, Text, insert, select

from bursar.store.columns import count_column, id_column
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata
from bursar.types import Address, Bytes32

DECISIONS: Final = Table(
    "decisions",
    metadata,
    id_column(),
    count_column("at", index=True),
    count_column("chain_id"),
    Column("organization", AddressColumn, nullable=False),
    Column("wallet", AddressColumn),
    Column("agent", AddressColumn, index=True),
    Column("role", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(64)),
    Column("message", Text, nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("token", AddressColumn),
    Column("amount", Uint256Column),
    Column("ref", Bytes32Column, index=True),
    Column("inputs", Text, nullable=False),
)


class Outcome(StrEnum):
    """
    What came of it. `queued` is allowed, to wait.
    """

    ALLOWED = "allowed"
    QUEUED = "queued"
    DENIED = "denied"


class Decision(NamedTuple):
    """
    One decision about one request. `amount` is base units of `token`, `at` Unix seconds; `reason`
    is the stable word of a refusal; `inputs` is whatever the rules looked at, as JSON; `ref` is the
    receipt of what was allowed, which the event on chain carries.
    """

    at: int
    chain_id: int
    organization: Address
    wallet: Address | None
    agent: Address | None
    role: str
    action: str
    outcome: Outcome
    reason: str | None
    message: str
    policy_version: str
    token: Address | None
    amount: int | None
    ref: Bytes32 | None
    inputs: Mapping[str, Any]


def record_decision(connection: Connection, decision: Decision) -> int:
    """
    Keep a decision. Returns its id.
    """
    row = decision._asdict() | {
        "outcome": decision.outcome.value,
        "inputs": json.dumps(decision.inputs, sort_keys=True, separators=(",", ":")),
    }
    done = connection.execute(insert(DECISIONS).values(row))
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def find_decision(connection: Connection, ref: Bytes32) -> tuple[int, Decision] | None:
    """
    The decision, and its id, that allowed the payment with this receipt; None where none did.
    """
    query = select(DECISIONS).where(DECISIONS.c.ref == ref).order_by(DECISIONS.c.id.desc())
    row = connection.execute(query.limit(1)).mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    number = values.pop("id")
    values |= {"outcome": Outcome(values["outcome"]), "inputs": json.loads(values["inputs"])}
    return number, Decision(**values)
