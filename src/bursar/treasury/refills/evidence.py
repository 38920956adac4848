"""
What a refill report says: the evidence on which people decide, and the hash that they decide about.

    Report → canonical JSON → keccak-256 → the `ref` of every refill on chain

Amounts are base units, in JSON decimal strings; times are Unix seconds. The hash is of the whole
report with sorted keys and without spaces, so that whoever has the file can check it.
"""

import json
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, PlainSerializer

from bursar.types import Address, Bytes32, keccak

Units = Annotated[int, PlainSerializer(str, return_type=str)]
"""Base units. Numbers of JSON lose digits beyond 2^53, so a string."""

FORMAT: Final = 1


class Model(BaseModel):
    """
    Frozen, and nothing unknown is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Activity(Model):
    """
    What one agent did with one budget. `days` has the sum of each UTC day of the period, the last
    one so far; `busiest_hour` is when its hour with the largest sum began, None without payments.
    """

    wallet: str
    agent: str
    address: Address
    token: str
    decimals: int
    category: str
    daily_limit: Units
    days: tuple[Units, ...]
    total: Units
    payments: int
    largest: Units
    recipients: int
    busiest_hour: int | None
    busiest_hour_total: Units


class Refusal(Model):
    """
    How often an agent was refused, and why. Refusals leave nothing on chain.
    """

    agent: str
    wallet: str
    reason: str
    times: int


class Finding(Model):
    """
    An anomaly in words. `alarm` says that it has to be explained before money moves.
    """

    rule: str
    alarm: bool
    at: int
    wallet: str
    agent: str
    text: str


class Alert(Model):
    """
    An alert that was raised in the period. `cleared_at` is None while it is open.
    """

    at: int
    kind: str
    text: str
    cleared_at: int | None


class Incident(Model):
    """
    What is open: a stop, a payment that waits, a change that waits, the heartbeat.
    """

    kind: str
    subject: str
    text: str


class Master(Model):
    """
    The treasury: what it has of a token, and what this refill takes of it.
    """

    token: str
    decimals: int
    balance: Units
    needed: Units


class Line(Model):
    """
    One decision: a wallet's balance of a token, current and after. `problems` say why it cannot be
    refilled now; then `amount` is 0.
    """

    wallet: str
    address: Address
    token: str
    token_address: Address
    decimals: int
    current: Units
    target: Units
    amount: Units
    maximum: Units
    reason: str
    average: Units
    last_refill: int | None
    problems: tuple[str, ...]

    @property
    def item(self) -> str:
        """
        What the checklist calls it.
        """
        return f"refill:{self.wallet}:{self.token}"


class SafeFacts(Model):
    """
    Who has to sign, as the Safe itself says. `problems` are those of the whole refill.
    """

    address: Address
    owners: tuple[str, ...]
    threshold: int
    modules: tuple[Address, ...]
    guard: Address | None


class Source(Model):
    """
    The treasury.yaml that was compared: its name, and the SHA-256 of its bytes.
    """

    name: str
    sha256: str


class Report(Model):
    """
    Everything, at one block. `alerts` and `refusals` are None where nobody records them.
    """

    format: int = FORMAT
    organisation: str
    organization: Address
    chain_id: int
    block: int
    block_hash: str
    at: int
    first: int
    prepared_by: str
    source: Source
    activity: tuple[Activity, ...]
    refusals: tuple[Refusal, ...] | None
    findings: tuple[Finding, ...]
    unjudged: tuple[str, ...]
    differences: tuple[str, ...]
    alerts: tuple[Alert, ...] | None
    incidents: tuple[Incident, ...]
    safe: SafeFacts
    master: tuple[Master, ...]
    lines: tuple[Line, ...]
    problems: tuple[str, ...]

    def canonical(self) -> bytes:
        """
        The one way to write it: JSON in ASCII, keys sorted, no spaces.
        """
        document = self.model_dump(mode="json")
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def hash(self) -> Bytes32:
        """
        keccak-256 of the canonical form: the `ref` on chain.
        """
        return keccak(self.canonical())

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """
        The findings that have to be explained.
        """
        return tuple(one for one in self.findings if one.alarm)

    @property
    def refilled(self) -> tuple[Line, ...]:
        """
        The lines that bring money.
        """
        return tuple(line for line in self.lines if line.amount)

    @property
    def all_problems(self) -> tuple[str, ...]:
        """
        What keeps the refill from being drafted.
        """
        own = (f"{one.wallet}: {problem}" for one in self.lines for problem in one.problems)
        return (*self.problems, *own)
