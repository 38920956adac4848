"""
Entries of the audit, without a chain: every event has its place, and the bytes that are hashed stay
what they are.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.audit import (
    Action,
    Carrier,
    Context,
    Entry,
    Incoming,
    Party,
    Place,
    SafeSigning,
    Verdict,
    deposit_entry,
    entries_for,
    read_content,
    seal,
    write_content,
)
from bursar.audit.memory import AuditMemory
from bursar.budgets import Budget
from bursar.changes import encode_call
from bursar.events import (
    EVENTS,
    AgentRotated,
    BudgetSet,
    Event,
    Paid,
    Paused,
    Refilled,
    ShareBaseSet,
    Swept,
)
from bursar.types import MAX_UINT256, NATIVE, Bytes32, checksummed

ORGANIZATION = checksummed("0x" + "0a" * 20)
WALLET = checksummed("0x" + "0b" * 20)
TREASURY = checksummed("0x" + "0c" * 20)
AGENT = checksummed("0x" + "0d" * 20)
NEW_AGENT = checksummed("0x" + "0e" * 20)
OWNER = checksummed("0x" + "0f" * 20)
TOKEN = checksummed("0x" + "01" * 20)
WORD = Bytes32(b"\x42" * 32)
SILENT = {"HeartbeatSent", "NonceVoided", "PaymentQueued"}
AT = {"at": 1_000, "block": 7, "transaction": WORD, "log": 3}


def budget(**changed: Any) -> Budget:
    """
    A budget of a tenth of the balance, at most 1,000 a day.
    """
    usual: dict[str, Any] = {
        "per_payment": 10,
        "hourly": 100,
        "daily": 1_000,
        "queue_from": MAX_UINT256,
        "max_payments": 5,
        "expires_at": 7_200,
        "share_bps": 1_000,
        "rolling": False,
        "allowlist_only": False,
    }
    return Budget(**(usual | changed))


def sample(kind: type[Event]) -> Event:
    """
    Any event of that kind.
    """
    values: dict[str, Any] = {}
    for name in kind.argument_names():
        annotation = kind.model_fields[name].annotation
        if name == "call":
            values[name] = encode_call("set_grace", 3_600)
        elif annotation is Budget:
            values[name] = budget()
        else:
            samples: dict[Any, Any] = {str: "text", bool: True, int: 5}
            values[name] = samples.get(annotation, WORD if _is_bytes(annotation) else WALLET)
    return kind(emitter=WALLET, **AT, **values)


def _is_bytes(annotation: Any) -> bool:
    return "Bytes32" in str(annotation) or annotation is bytes


def context(**changed: Any) -> Context:
    """
    A treasury whose one owner has signed what called the wallet.
    """
    signing = SafeSigning(hash=WORD, owners=(OWNER,), targets=(WALLET,))
    usual: dict[str, Any] = {
        "chain_id": 1,
        "organization": ORGANIZATION,
        "treasury": TREASURY,
        "carrier": Carrier(sender=AGENT, signings=(signing,)),
        "wallets": frozenset({WALLET}),
    }
    return Context(**(usual | changed))


@pytest.mark.parametrize("name", EVENTS)
def test_entries__of_every_event__are_made_and_come_back(name: str) -> None:
    """
    T34: no event is forgotten. An entry names somebody who authorised it, and nothing of it is lost
    in what is hashed.
    """
    event = sample(EVENTS[name])

    found = entries_for(event, context())

    assert (not found) == (name in SILENT)
    for entry in found:
        assert entry.event == name
        assert entry.authorised_by
        assert set(entry.details) >= set(type(event).argument_names())
        assert read_content(seal(entry, 5, WORD).content) == (entry, 5, WORD)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (Paid, Action.AGENT_SPEND),
        (Refilled, Action.REFILL),
        (BudgetSet, Action.POLICY_CHANGE),
        (Paused, Action.KILL_SWITCH),
        (Swept, Action.SWEEP),
    ],
)
def test_entries__of_the_kinds_that_are_asked_for__have_their_action(
    kind: type[Event], action: Action
) -> None:
    """
    T34 and T40, in their words.
    """
    (entry,) = entries_for(sample(kind), context())

    assert entry.action is action


@pytest.mark.parametrize(
    ("balance", "daily", "effective"),
    [(9_999, 1_000, "999"), (10_000, 1_000, "1000"), (10_001, 1_000, "1000"), (0, 1_000, "0")],
)
def test_share__of_a_day__is_entered_as_the_limit_that_it_gives(
    balance: int, daily: int, effective: str
) -> None:
    """
    T15: the effective limit of each window is a `policy_change`, made by the rule that people set.
    """
    memory = AuditMemory(1, ORGANIZATION)
    keys: dict[str, Any] = {"agent": AGENT, "token": TOKEN, "category": WORD}
    set_ = BudgetSet(
        emitter=WALLET, **AT, **keys, budget=budget(daily=daily), hour_spent=0, day_spent=0
    )
    memory.remember(set_)
    base = ShareBaseSet(emitter=WALLET, **AT, **keys, balance=balance)

    (entry,) = entries_for(base, memory.context(base, Carrier(), balance=None))

    assert (entry.action, entry.role) == (Action.POLICY_CHANGE, "rule")
    assert entry.details["effective_daily"] == effective


def test_share__of_a_rotated_agent__is_of_the_budget_that_it_took_over() -> None:
    """
    A rotation moves the budgets, so the limit is still known.
    """
    memory = AuditMemory(1, ORGANIZATION)
    keys: dict[str, Any] = {"token": TOKEN, "category": WORD}
    memory.remember(
        BudgetSet(
            emitter=WALLET, **AT, agent=AGENT, **keys, budget=budget(), hour_spent=0, day_spent=0
        )
    )
    memory.remember(AgentRotated(emitter=WALLET, **AT, old=AGENT, new=NEW_AGENT))
    base = ShareBaseSet(emitter=WALLET, **AT, agent=NEW_AGENT, **keys, balance=500)

    (entry,) = entries_for(base, memory.context(base, Carrier(), balance=None))

    assert entry.details["effective_daily"] == "50"


def test_authorised__signatures_that_could_not_be_read__is_unknown_and_not_nobody() -> None:
    """
    What cannot be told is said to be unknown; it is never left out or guessed.
    """
    unread = context(carrier=Carrier(sender=AGENT, signings=None))

    (entry,) = entries_for(sample(Refilled), unread)

    assert [party.role for party in entry.authorised_by] == ["unknown"]


def test_authorised__signed_for_another_contract__is_unknown() -> None:
    """
    Two transactions of the Safe in one, and neither called the event's contract.
    """
    signings = tuple(
        SafeSigning(hash=WORD, owners=(owner,), targets=(TOKEN,)) for owner in (OWNER, AGENT)
    )

    (entry,) = entries_for(sample(Refilled), context(carrier=Carrier(None, signings)))

    assert [party.role for party in entry.authorised_by] == ["unknown"]


def test_deposit__of_an_unknown_balance__says_that_it_is_not_known() -> None:
    """
    None is no zero.
    """
    incoming = Incoming(5, 7, WORD, 3, NATIVE, OWNER, WALLET, 10)

    entry = deposit_entry(incoming, context(balance=None))

    assert (entry.balance_before, entry.balance_after) == (None, None)
    assert deposit_entry(incoming, context(balance=5)).balance_after == 15


def golden() -> Entry:
    """
    An entry with everything in it.
    """
    return Entry(
        chain_id=8453,
        organization=ORGANIZATION,
        at=1_767_607_200,
        action=Action.AGENT_SPEND,
        event="Paid",
        identity="7:00:3",
        wallet=WALLET,
        agent=AGENT,
        role="agent",
        token=TOKEN,
        amount=MAX_UINT256,
        balance_before=MAX_UINT256,
        balance_after=0,
        authorised_by=(Party(role="agent", address=AGENT),),
        verdict=Verdict(by="policy", outcome="allowed", version="v1", number=9),
        place=Place(block=7, transaction=WORD, log=3),
        details={"note": "für «Miete» 家賃", "list": ["1", "2"]},
    )


# Written by hand; whoever changes the form of an entry breaks every audit that exists.
GOLDEN_DOCUMENT: dict[str, Any] = {
    "action": "agent_spend",
    "agent": AGENT,
    "amount": str(MAX_UINT256),
    "at": 1_767_607_200,
    "authorised_by": [{"address": AGENT, "role": "agent"}],
    "balance_after": "0",
    "balance_before": str(MAX_UINT256),
    "chain_id": 8453,
    "details": {"list": ["1", "2"], "note": "f\u00fcr \u00abMiete\u00bb \u5bb6\u8cc3"},
    "event": "Paid",
    "identity": "7:00:3",
    "organization": ORGANIZATION,
    "place": {"block": 7, "log": 3, "transaction": "42" * 32},
    "previous": "00" * 32,
    "role": "agent",
    "sequence": 1,
    "token": TOKEN,
    "verdict": {
        "by": "policy",
        "message": "",
        "number": 9,
        "outcome": "allowed",
        "reason": None,
        "version": "v1",
    },
    "wallet": WALLET,
}
GOLDEN_HASH = "3c48646c93be73165db5613df9f7aa52a8c784985544452bcae6e63720372b11"


def test_content__of_an_entry__never_changes_its_form() -> None:
    """
    The same entry has the same hash in every version, or two keepers could not compare.
    """
    sealed = seal(golden(), 1, Bytes32(bytes(32)))

    assert sealed.content == json.dumps(GOLDEN_DOCUMENT, sort_keys=True, separators=(",", ":"))
    assert sealed.hash.hex() == GOLDEN_HASH
    assert sealed.entry == golden()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sequence":1,"previous":"xy"}'])
def test_content__that_is_none__is_an_error(content: str) -> None:
    """
    Whatever stands in the database in its place.
    """
    with pytest.raises(ValueError):  # noqa: PT011
        read_content(content)


def test_content__of_two_entries__differs_in_every_field() -> None:
    """
    Nothing of an entry is outside of what is hashed.
    """
    changes: dict[str, Any] = {
        "chain_id": 1,
        "organization": WALLET,
        "at": 1,
        "action": Action.REFILL,
        "event": "x",
        "identity": "x",
        "wallet": None,
        "agent": None,
        "role": None,
        "token": None,
        "amount": 1,
        "balance_before": None,
        "balance_after": None,
        "authorised_by": (),
        "verdict": None,
        "place": None,
        "details": {},
    }
    assert set(changes) == set(Entry.model_fields)
    start = Bytes32(bytes(32))
    contents = {
        write_content(golden().model_copy(update={name: value}), 1, start)
        for name, value in changes.items()
    }
    contents |= {write_content(golden(), 1, start), write_content(golden(), 2, start)}
    contents.add(write_content(golden(), 1, WORD))

    assert len(contents) == len(changes) + 3
