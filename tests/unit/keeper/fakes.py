"""
A chain, a node and a sender that do exactly what a test says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bursar.chain.client import Receipt
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.errors import ChainError, NoAnswerError
from bursar.chain.follower.bloom import build_bloom
from bursar.chain.logs import EventType, decode_log, event_types
from bursar.chain.reader import Call, RawLog
from bursar.chain.reverts import Revert, find_reason
from bursar.events import Event, PaymentCancelled, WalletCreated
from bursar.keeper.decisions import Due, find_rhythm
from bursar.keeper.ports import Header
from bursar.keeper.watching import ByWhom, StoredView, Tip
from bursar.payments import QueuedPayment
from bursar.state import State, apply_event
from bursar.types import EMPTY, FOREVER, Address, Bytes32, checksummed, keccak

START = 1_767_607_200  # ten o'clock UTC
DELAY, GRACE = 600, 86_400


def actor(role: str) -> Address:
    """
    A made-up address that always belongs to the same role.
    """
    return checksummed("0x" + keccak(role.encode())[12:].hex())


ORGANIZATION, TREASURY, WALLET = actor("organization"), actor("treasury"), actor("wallet")
KEEPER, AGENT, TOKEN, RECIPIENT = actor("keeper"), actor("agent"), actor("token"), actor("to")


def payment(**changed: Any) -> QueuedPayment:
    """
    A hundred units, due after the usual delay.
    """
    usual: dict[str, Any] = {
        "agent": AGENT,
        "token": TOKEN,
        "to": RECIPIENT,
        "amount": 100,
        "category": EMPTY,
        "ref": EMPTY,
        "ready_at": START + DELAY,
        "expires_at": START + DELAY + GRACE,
    }
    return QueuedPayment(**{**usual, **changed})


def id_of(number: int) -> Bytes32:
    """
    The id of a payment.
    """
    return Bytes32(number.to_bytes(32, "big"))


@dataclass(frozen=True)
class Said:
    """
    An event before it is in a block.
    """

    emitter: Address
    name: str
    values: dict[str, Any]


def say(event: str, emitter: Address = ORGANIZATION, /, **values: Any) -> Said:
    """
    What the organisation, or another, logs.
    """
    return Said(emitter, event, values)


def founding(timeout: int = FOREVER) -> list[Said]:
    """
    An organisation with a keeper and a wallet that nothing stops.
    """
    return [
        say("OrganizationCreated", treasury=TREASURY, change_delay=7_200),
        say("HeartbeatTimeoutSet", seconds=timeout),
        say("KeeperSet", who=KEEPER, on=True),
        say("PaymentDelaySet", WALLET, seconds=DELAY),
        say("GraceSet", WALLET, seconds=GRACE),
        say("WalletCreated", wallet=WALLET, name="w", blueprint=TREASURY),
        say("WalletLimitSet", WALLET, token=TOKEN, daily=1_000),
    ]


def queued(number: int = 1, **changed: Any) -> Said:
    """
    The event of a payment that waits.
    """
    p = payment(**changed)
    fields = {name: getattr(p, name) for name in p.__dataclass_fields__}
    return say("PaymentQueued", WALLET, id=id_of(number), **fields)


def cancelled(number: int = 1, by: Address = KEEPER) -> Said:
    """
    The event of a payment that will not leave.
    """
    return say("PaymentCancelled", WALLET, id=id_of(number), by=by, reason="keeper: no")


class FakeChain:
    """
    Blocks, made by hand. `fork` makes the hashes of what is mined after a reorganisation differ.
    """

    def __init__(self, *events: Said) -> None:
        self.blocks: list[tuple[Header, list[RawLog]]] = []
        self.fork = 0
        self.mine(*events, at=START)

    def mine(self, *events: Said, at: int | None = None) -> Header:
        """
        A block two seconds after the last one.
        """
        number = len(self.blocks)
        parent = self.blocks[-1][0] if self.blocks else None
        at = at if at is not None else (parent.at + 2 if parent else START)
        hash = f"0x{keccak(f'{self.fork} {number} {at}'.encode()).hex()}"
        logs = [_build_log(event, number, hash, at, index) for index, event in enumerate(events)]
        header = Header(number, hash, parent.hash if parent else "0x" + "00" * 32, at)
        self.blocks.append((header, logs))
        return header

    def drop(self, depth: int) -> None:
        """
        Take blocks back; what is mined from now on is another chain.
        """
        del self.blocks[-depth:]
        self.fork += 1

    def show(self, number: int) -> dict[str, Any]:
        """
        A block as a node gives it.
        """
        header, logs = self.blocks[number]
        return {
            "number": hex(number),
            "hash": header.hash,
            "parentHash": header.parent,
            "timestamp": hex(header.at),
            "logsBloom": f"0x{build_bloom(logs):0512x}",
            "transactions": [],
        }


def _build_log(event: Said, number: int, hash: str, at: int, index: int) -> RawLog:
    type = _type_of(event.name)
    indexed = type.indexed.encode([event.values[name] for name in type.indexed.names])
    words = [indexed[start : start + 32] for start in range(0, len(indexed), 32)]
    return {
        "address": event.emitter,
        "topics": [f"0x{topic.hex()}" for topic in (type.topic, *words)],
        "data": f"0x{type.plain.encode([event.values[n] for n in type.plain.names]).hex()}",
        "blockNumber": hex(number),
        "blockHash": hash,
        "blockTimestamp": hex(at),
        "transactionHash": f"0x{keccak(f'{hash} {index}'.encode()).hex()}",
        "logIndex": hex(index),
    }


def _type_of(name: str) -> EventType:
    return next(type for type in event_types().values() if type.model.__name__ == name)


def refusal(text: str) -> Revert:
    """
    What a contract says.
    """
    return Revert(text, find_reason(text), text.encode())


@dataclass
class FakeNode:
    """
    Shows `chain` up to block `height` (None: all). `refusals` is what each simulated call meets.
    """

    chain: FakeChain
    height: int | None = None
    refusals: Callable[[Call, int, bool], Revert | None] = lambda call, at, pending: None
    holding: int = 10**30
    failing: ChainError | None = None
    failing_holding: ChainError | None = None
    gas: int | None = 85_000
    last_heartbeat: int = 0

    def fetch_head(self) -> Header:
        self.check()
        return self.shown[-1][0]

    def fetch_header(self, number: int) -> Header | None:
        self.check()
        return self.shown[number][0] if number < len(self.shown) else None

    @property
    def shown(self) -> list[tuple[Header, list[RawLog]]]:
        return self.chain.blocks[: None if self.height is None else self.height + 1]

    def simulate(
        self, call: Call, sender: Address, *, at: int, pending: bool = False
    ) -> Revert | None:
        self.check()
        return self.refusals(call, at, pending)

    def estimate(self, call: Call, sender: Address, *, at: int) -> int | None:
        self.check()
        return self.gas

    def fetch_holding(self, token: Address, holder: Address) -> int:
        self.check()
        if self.failing_holding is not None:
            raise self.failing_holding
        return self.holding

    def fetch_last_heartbeat(self, organization: Address) -> int:
        return self.last_heartbeat

    def fetch_gas_price(self) -> int:
        return 10**9

    def check(self) -> None:
        if self.failing is not None:
            raise self.failing


class FakeWatcher:
    """
    What the events that `node` shows come to, without a store: for tests of what follows from it.
    """

    def __init__(self, node: FakeNode, organization: Address = ORGANIZATION) -> None:
        self.node = node
        self.organization = organization

    def catch_up(self) -> StoredView:
        """
        Everything from the first block on, each time.
        """
        self.node.check()
        state, cancelled = State(), []
        for event in self._events():
            if isinstance(event, PaymentCancelled):
                payment = state.wallet(event.emitter).queue[event.id]
                due = Due(event.emitter, event.id, payment)
                cancelled.append(ByWhom(due, event.by, event.reason))
            apply_event(state, event)
        headers = [header for header, _ in self.node.shown]
        tip = Tip(headers[-1].number, headers[-1].hash, headers[-1].at)
        return StoredView(tip, state, find_rhythm([header.at for header in headers]), cancelled)

    def _events(self) -> Iterator[Event]:
        ours = {self.organization}
        for header, logs in self.node.shown:
            for log in logs:
                event = decode_log(log, header.at) if log["address"] in ours else None
                if isinstance(event, WalletCreated):
                    ours.add(event.wallet)
                if event is not None:
                    yield event


@dataclass
class FakeSender:
    """
    Notes what is sent; `results` says what becomes of it.
    """

    results: Callable[[Call], ChainError | None] = lambda call: None
    address: Address = KEEPER
    block: int = 0
    sent: list[tuple[str, Call, int | None]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    expiries: list[int | None] = field(default_factory=list)
    flying: set[str] = field(default_factory=set)
    abandoned: list[str] = field(default_factory=list)

    def send(
        self,
        call: Call,
        *,
        gas: int | None = None,
        key: str | None = None,
        expires_at: int | None = None,
        repeatable: bool = False,
    ) -> Receipt:
        self.sent.append((name_of(call), call, gas))
        self.keys.append(key)
        self.expiries.append(expires_at)
        error = self.results(call)
        if error is not None:
            raise error
        return Receipt(Bytes32(keccak(call.data)), self.block, START, 80_000, None, ())

    def under_way(self) -> frozenset[str]:
        return frozenset(self.flying)

    def abandon(self, key: str) -> None:
        self.flying.discard(key)
        self.abandoned.append(key)

    def advance(self) -> list[ChainError]:
        return []

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.sent]


@dataclass
class FakeSharing:
    """
    Other keepers, who have every part but `mine` (None: all of them are this keeper's).
    """

    mine: set[Address] | None = None
    obstacle: str = ""
    taken: list[tuple[set[Address], set[Address], bool]] = field(default_factory=list)
    rests: int = 0
    left: int = 0

    def take(
        self,
        parts: Sequence[Address],
        wanted: Collection[Address],
        busy: Collection[Address],
        *,
        able: bool,
    ) -> set[Address]:
        self.taken.append((set(wanted), set(busy), able))
        return {*wanted, *busy} if self.mine is None else self.mine

    def find_obstacle(self, stem: str) -> str:
        return self.obstacle

    def rest(self) -> None:
        self.rests += 1

    def let_go(self) -> None:
        self.left += 1


def name_of(call: Call) -> str:
    """
    Which function a call is of.
    """
    functions = [*organization_type().functions.values(), *wallet_type().functions.values()]
    return next(f.name for f in functions if f.selector == call.data[:4])


NO_ANSWER = NoAnswerError("nobody is there")
