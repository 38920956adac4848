"""
The timelock as the reference has it: what waits, what applies, and every way a change dies.
"""

from contextlib import suppress
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from bursar.changes import (
    ORGANIZATION_SETTERS,
    WALLET_SETTERS,
    Subject,
    change_id,
    decode_call,
    encode_call,
)
from bursar.errors import MalformedCallError
from bursar.reasons import Reason
from bursar.reference import PLAIN
from bursar.types import DAY, FOREVER, HOUR, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    ORGANIZATION,
    OTHER,
    OTHER_AGENT,
    RECIPIENT,
    REFUND,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    budget,
)

RAISED = budget(daily=2_000 * USDC)
# Around what 31, 32, 63, 64 and 256 bits hold, where readers of other people's calldata fail.
ABSURD = [2**bits + step for bits in (31, 32, 63, 64) for step in (-1, 0)] + [2**256 - 1]


@pytest.fixture
def office() -> Office:
    """
    A sealed wallet whose agent has a budget, in an organisation with a change delay of two days.
    """
    return Office().open()


def schedule_raise(office: Office) -> bytes:
    """
    Schedule a higher daily limit for the agent.
    """
    return office.schedule(office.wallet, "set_budget", AGENT, TOKEN, REFUND, RAISED)


# Calls


def test_setters__their_selectors__are_the_interfaces_signatures():
    """The selectors of the setters that wait, from their signatures spelled out."""
    figures = "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,bool,bool)"
    signatures = [
        "set_guardian(address,bool)",
        "set_heartbeat_timeout(uint256)",
        "set_change_delay(uint256)",
        f"set_budget(address,address,bytes32,{figures})",
        "set_wallet_limit(address,uint256)",
        "set_max_balance(address,uint256)",
        "set_recipients(address[],bool)",
        "set_payment_delay(uint256)",
        "set_grace(uint256)",
    ]
    selectors = [setter.selector for setter in ORGANIZATION_SETTERS + WALLET_SETTERS]
    assert selectors == [keccak(text=signature)[:4] for signature in signatures]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_budget", (AGENT, TOKEN, REFUND, RAISED)),
        ("set_wallet_limit", (TOKEN, 2**256 - 1)),
        ("set_recipients", ((AGENT, STRANGER), True)),
        ("set_recipients", ((), False)),
        ("set_guardian", (GUARDIAN, False)),
        ("set_grace", (DAY,)),
    ],
)
def test_decode_call__what_was_encoded__round_trips(name, arguments):
    """A setter's calldata says which setter and with what."""
    assert decode_call(encode_call(name, *arguments)) == (name, arguments)


@pytest.mark.parametrize("pointer", [*ABSURD, 64])
@pytest.mark.parametrize("count", [*ABSURD, 1])
def test_decode_call__a_place_or_a_length_beyond_the_call__is_malformed(pointer, count):
    """A stranger writes the calldata: no figure in it fails in any other way, or takes long."""
    words = [word.to_bytes(32, "big") for word in (pointer, 1, count)]
    with pytest.raises(MalformedCallError, match="set_recipients"):
        decode_call(encode_call("set_recipients", (), True)[:4] + b"".join(words))


@given(
    st.sampled_from(ORGANIZATION_SETTERS + WALLET_SETTERS),
    st.lists(st.sampled_from([0, 1, 32, 64, *ABSURD]) | st.integers(0, 2**256 - 1), max_size=14),
    st.binary(max_size=33),
)
def test_decode_call__any_bytes__is_read_or_malformed(setter, words, rest):
    """What was read can be written again; nothing else than MalformedCallError comes out."""
    call = setter.selector + b"".join(word.to_bytes(32, "big") for word in words) + rest
    with suppress(MalformedCallError):
        name, arguments = decode_call(call)
        assert decode_call(encode_call(name, *arguments)) == (name, arguments)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 1_024])
def test_change_id__any_length__is_the_hash_of_the_abi_encoding(size):
    """`keccak256(abi_encode(target, call))`."""
    call = bytes(range(256)) * 4
    encoded = encode(["address", "bytes"], [ORGANIZATION, call[:size]])
    assert change_id(ORGANIZATION, call[:size]) == keccak(encoded)


def test_subject__its_key__hashes_the_selector_and_the_key_arguments():
    """The first bytes of the calldata, as far as they name what it is about."""
    subject = Subject(AGENT, "set_budget", (AGENT, TOKEN, REFUND))
    call = encode_call("set_budget", AGENT, TOKEN, REFUND, RAISED)
    assert subject.key == keccak(call[:100])
    assert Subject(AGENT, "set_grace", ()).key == keccak(encode_call("set_grace", 5)[:4])


# Scheduling


def test_schedule__its_refusals__come_in_order(office):
    """The treasury, a known target, one of the target's setters, calldata of one reading only."""
    good = encode_call("set_max_balance", TOKEN, 1)
    wallet, refused = office.wallet, office.refused
    dirty = good[:4] + b"\1" + good[5:]
    cases: list[tuple[Any, Any, bytes, str]] = [
        (STRANGER, STRANGER, b"", Reason.ROLES_TREASURY),
        (GUARDIAN, wallet, good, Reason.ROLES_TREASURY),
        (TREASURY, STRANGER, b"", Reason.TIMELOCK_TARGET),
        (TREASURY, ORGANIZATION, good, Reason.TIMELOCK_SETTER),
        (TREASURY, wallet, encode_call("set_guardian", GUARDIAN, True), Reason.TIMELOCK_SETTER),
        (TREASURY, wallet, b"", Reason.TIMELOCK_SETTER),
        (TREASURY, wallet, good[:3], Reason.TIMELOCK_SETTER),
        (TREASURY, wallet, keccak(text="seal()")[:4], Reason.TIMELOCK_SETTER),
        (TREASURY, wallet, good[:4], Reason.TIMELOCK_MALFORMED),
        (TREASURY, wallet, good[:35], Reason.TIMELOCK_MALFORMED),
        (TREASURY, wallet, dirty, Reason.TIMELOCK_MALFORMED),
        (TREASURY, wallet, good[:36], Reason.TIMELOCK_MALFORMED),
        (TREASURY, wallet, good + b"\0", Reason.TIMELOCK_MALFORMED),
        (TREASURY, wallet, good + b"\0" * 1_000, PLAIN),
    ]
    for caller, target, call, reason in cases:
        assert refused(caller, ORGANIZATION, "schedule", target, call) == reason
    office.do(TREASURY, ORGANIZATION, "schedule", wallet, good)


def test_schedule__a_list_out_of_place__is_refused(office):
    """A list starts right after the arguments, is as long as it says, and holds 25 at the most."""
    good = encode_call("set_recipients", (AGENT, STRANGER), True)
    moved = good[:35] + b"\x60" + good[36:]
    wild = good[:4] + b"\1" + good[5:]
    long = encode_call("set_recipients", (AGENT,) * 26, True)
    for call in (good[:-1], good + b"\0" * 32, moved, wild, long, good[:99]):
        assert (
            office.refused(TREASURY, ORGANIZATION, "schedule", office.wallet, call)
            == Reason.TIMELOCK_MALFORMED
        )
    office.do(TREASURY, ORGANIZATION, "schedule", office.wallet, good)


def test_apply__a_word_that_is_no_bool__reverts_plainly(office):
    """What is not a key is read when it is applied."""
    call = encode_call("set_guardian", GUARDIAN, True)[:-1] + b"\2"
    office.do(TREASURY, ORGANIZATION, "schedule", ORGANIZATION, call)
    office.now += 2 * DAY
    assert office.refused(STRANGER, ORGANIZATION, "apply", ORGANIZATION, call) == PLAIN


def test_schedule__a_tightening__may_wait_too(office):
    """Nobody has to know the direction to schedule."""
    call = office.schedule(office.wallet, "set_wallet_limit", TOKEN, 1)
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", office.wallet, call)
    assert office.view(office.wallet, "wallet_limit", TOKEN) == 1


def test_apply__around_its_times__is_refused_before_and_after(office):
    """Applicable from `ready_at` on, until before a week later."""
    call = schedule_raise(office)
    start, refused = office.now, office.refused
    assert office.ready_at(office.wallet, call) == start + 2 * DAY
    arguments = (STRANGER, ORGANIZATION, "apply", office.wallet, call)
    for after, reason in (
        (2 * DAY - 1, Reason.TIMELOCK_NOT_DUE),
        (9 * DAY, Reason.TIMELOCK_EXPIRED),
        (100 * DAY, Reason.TIMELOCK_EXPIRED),
    ):
        office.now = start + after
        assert refused(*arguments) == reason
    assert office.ready_at(office.wallet, call) == 0
    office.now = start + 9 * DAY - 1
    assert office.events(*arguments) == ["ChangeApplied", "BudgetSet"]
    assert office.view(office.wallet, "budget", AGENT, TOKEN, REFUND) == RAISED
    assert refused(*arguments) == Reason.TIMELOCK_NO_SUCH


def test_apply__what_was_never_scheduled__is_refused(office):
    """The id covers target and calldata."""
    call = schedule_raise(office)
    office.now += 2 * DAY
    refused = office.refused
    assert refused(STRANGER, ORGANIZATION, "apply", ORGANIZATION, call) == Reason.TIMELOCK_NO_SUCH
    assert (
        refused(STRANGER, ORGANIZATION, "apply", office.wallet, call + b"\0")
        == Reason.TIMELOCK_NO_SUCH
    )


def test_apply__refused_by_the_setter__keeps_the_change(office):
    """A revert of the setter reaches the caller with its reason, and the entry survives it."""
    call = office.schedule(office.wallet, "set_wallet_limit", STRANGER, 5)
    office.now += 2 * DAY
    arguments = (STRANGER, ORGANIZATION, "apply", office.wallet, call)
    assert office.refused(*arguments) == Reason.LIMITS_NO_TOKEN
    assert office.ready_at(office.wallet, call) == office.now
    office.ledger.contracts.add(STRANGER)
    office.do(*arguments)


@pytest.mark.parametrize(
    ("setter", "arguments", "view", "expected"),
    [
        ("set_guardian", (GUARDIAN, False), ("roles", GUARDIAN), 0),
        ("set_heartbeat_timeout", (FOREVER,), ("heartbeat_timeout",), FOREVER),
        ("set_change_delay", (HOUR,), ("change_delay",), HOUR),
    ],
)
def test_apply__a_setter_of_the_organisation__loosens_after_waiting(
    setter, arguments, view, expected
):
    """What the treasury may not do at once, it may once it has waited."""
    office = Office(heartbeat_timeout=HOUR)
    assert office.refused(TREASURY, ORGANIZATION, setter, *arguments) == Reason.TIMELOCK_SCHEDULE
    call = office.schedule(ORGANIZATION, setter, *arguments)
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", ORGANIZATION, call)
    assert office.view(ORGANIZATION, *view) == expected


@pytest.mark.parametrize(
    ("setter", "arguments", "view", "expected"),
    [
        ("set_wallet_limit", (TOKEN, 2**112 - 1), ("wallet_limit", TOKEN), 2**112 - 1),
        ("set_max_balance", (TOKEN, 2**112 - 1), ("max_balance", TOKEN), 2**112 - 1),
        ("set_recipients", ((AGENT, RECIPIENT), True), ("is_recipient", RECIPIENT), True),
        ("set_payment_delay", (60,), ("payment_delay",), 60),
        ("set_grace", (30 * DAY,), ("grace",), 30 * DAY),
        ("set_budget", (AGENT, TOKEN, REFUND, RAISED), ("budget", AGENT, TOKEN, REFUND), RAISED),
    ],
)
def test_apply__a_setter_of_a_wallet__loosens_after_waiting(
    office, setter, arguments, view, expected
):
    """Once sealed, nothing loosens before its change delay has passed."""
    assert office.refused(TREASURY, office.wallet, setter, *arguments) == Reason.TIMELOCK_SCHEDULE
    call = office.schedule(office.wallet, setter, *arguments)
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", office.wallet, call)
    assert office.view(office.wallet, *view) == expected


def test_set_change_delay__directly__lengthens_only_and_spares_what_is_scheduled(office):
    """Longer at once; changes already scheduled keep their time."""
    call = schedule_raise(office)
    ready_at = office.ready_at(office.wallet, call)
    for seconds, reason in (
        (HOUR - 1, Reason.TIMELOCK_DELAY_BOUNDS),
        (30 * DAY + 1, Reason.TIMELOCK_DELAY_BOUNDS),
        (2 * DAY - 1, Reason.TIMELOCK_SCHEDULE),
    ):
        assert office.refused(TREASURY, ORGANIZATION, "set_change_delay", seconds) == reason
    refused = office.refused(GUARDIAN, ORGANIZATION, "set_change_delay", 3 * DAY)
    assert refused == Reason.ROLES_TREASURY
    for seconds in (2 * DAY, 30 * DAY):
        office.do(TREASURY, ORGANIZATION, "set_change_delay", seconds)
    assert office.ready_at(office.wallet, call) == ready_at


# Replacement


def test_schedule__the_same_subject_again__replaces_and_restarts(office):
    """One change is pending per subject, however often it is scheduled."""
    first = schedule_raise(office)
    office.now += DAY
    again = ("schedule", office.wallet, first)
    assert office.events(TREASURY, ORGANIZATION, *again) == ["ChangeVoided", "ChangeScheduled"]
    assert office.ready_at(office.wallet, first) == office.now + 2 * DAY
    other = budget(daily=3_000 * USDC)
    second = office.schedule(office.wallet, "set_budget", AGENT, TOKEN, REFUND, other)
    assert office.ready_at(office.wallet, first) == 0
    assert office.ready_at(office.wallet, second) == office.now + 2 * DAY
    office.now += 2 * DAY
    refused = office.refused(STRANGER, ORGANIZATION, "apply", office.wallet, first)
    assert refused == Reason.TIMELOCK_NO_SUCH


def test_schedule__after_the_old_one_expired__voids_nothing(office):
    """Only a live change is told to be void; an expired one is forgotten all the same."""
    first = schedule_raise(office)
    office.now += 9 * DAY
    second = encode_call("set_budget", AGENT, TOKEN, REFUND, budget(daily=3_000 * USDC))
    logged = office.events(TREASURY, ORGANIZATION, "schedule", office.wallet, second)
    assert logged == ["ChangeScheduled"]
    refused = office.refused(STRANGER, ORGANIZATION, "apply", office.wallet, first)
    assert refused == Reason.TIMELOCK_NO_SUCH


def test_schedule__another_key__is_another_subject(office):
    """Agent, token and category of a budget; the token of a limit; the guardian."""
    calls = [
        office.schedule(office.wallet, "set_budget", agent, token, category, RAISED)
        for agent in (AGENT, OTHER_AGENT)
        for token in (TOKEN, STRANGER)
        for category in (REFUND, OTHER)
    ]
    for token in (TOKEN, STRANGER):
        calls.append(office.schedule(office.wallet, "set_wallet_limit", token, 9))
        calls.append(office.schedule(office.wallet, "set_max_balance", token, 9))
    calls.append(office.schedule(office.wallet, "set_recipients", [AGENT], True))
    assert all(office.ready_at(office.wallet, call) for call in calls)
    last = office.schedule(office.wallet, "set_recipients", [STRANGER], True)
    assert office.ready_at(office.wallet, calls[-1]) == 0
    assert office.ready_at(office.wallet, last) > 0


# Vetoes


def test_veto__by_a_guardian__strikes_out_one(office):
    """Guardian and treasury veto; keepers, agents and strangers do not."""
    call = schedule_raise(office)
    id = office.state.change_id(office.wallet, call)
    for caller in (KEEPER, AGENT, STRANGER):
        assert office.refused(caller, ORGANIZATION, "veto", id, "") == Reason.ROLES_GUARDIAN
    assert office.events(GUARDIAN, ORGANIZATION, "veto", id, "no") == ["ChangeVetoed"]
    assert office.ready_at(office.wallet, call) == 0
    assert office.refused(GUARDIAN, ORGANIZATION, "veto", id, "") == Reason.TIMELOCK_NO_SUCH


def test_veto__expired__is_no_such_change(office):
    """What can no longer be applied can no longer be vetoed."""
    id = office.state.change_id(office.wallet, schedule_raise(office))
    office.now += 9 * DAY
    assert office.refused(TREASURY, ORGANIZATION, "veto", id, "") == Reason.TIMELOCK_NO_SUCH
    office.now -= 1
    office.do(TREASURY, ORGANIZATION, "veto", id, "")


def test_veto__removal_of_a_guardian__is_the_treasurys_alone(office):
    """Else one bad guardian stays for ever."""
    removal = office.schedule(ORGANIZATION, "set_guardian", GUARDIAN, False)
    addition = office.schedule(ORGANIZATION, "set_guardian", STRANGER, True)
    veto = Reason.TIMELOCK_TREASURY_VETO
    id = office.state.change_id(ORGANIZATION, removal)
    assert office.refused(GUARDIAN, ORGANIZATION, "veto", id, "") == veto
    office.do(GUARDIAN, ORGANIZATION, "veto", office.state.change_id(ORGANIZATION, addition), "")
    office.do(TREASURY, ORGANIZATION, "veto", id, "")
    assert office.ready_at(ORGANIZATION, removal) == 0


@pytest.mark.parametrize("caller", [GUARDIAN, TREASURY])
def test_veto_all__anything_pending__spares_removals_of_guardians(office, caller):
    """All but pending removals of guardians, and nothing that is scheduled later."""
    removal = office.schedule(ORGANIZATION, "set_guardian", GUARDIAN, False)
    others = [
        (ORGANIZATION, office.schedule(ORGANIZATION, "set_guardian", STRANGER, True)),
        (ORGANIZATION, office.schedule(ORGANIZATION, "set_change_delay", HOUR)),
        (office.wallet, schedule_raise(office)),
    ]
    assert office.refused(KEEPER, ORGANIZATION, "veto_all", "") == Reason.ROLES_GUARDIAN
    assert office.events(caller, ORGANIZATION, "veto_all", "no") == ["ChangesVetoed"]
    assert office.ready_at(ORGANIZATION, removal) > 0
    assert not any(office.ready_at(*other) for other in others)
    assert office.ready_at(office.wallet, schedule_raise(office)) > 0


# Overtaken


@pytest.mark.parametrize(
    ("setter", "pending", "direct", "same"),
    [
        ("set_budget", (AGENT, TOKEN, REFUND, RAISED), budget(daily=999 * USDC), budget()),
        ("set_wallet_limit", (TOKEN, 20_000 * USDC), 1, 10_000 * USDC),
        ("set_max_balance", (TOKEN, 20_000 * USDC), 1, 5_000 * USDC),
        ("set_payment_delay", (60,), 601, 600),
        ("set_grace", (2 * DAY,), HOUR, DAY),
    ],
)
def test_direct_change__of_a_pending_subject__voids_it_unless_nothing_changes(
    office, setter, pending, direct, same
):
    """A direct change to the subject voids what is pending; one that changes nothing does not."""
    call = office.schedule(office.wallet, setter, *pending)
    keys = pending[:-1]
    assert len(office.events(TREASURY, office.wallet, setter, *keys, same)) == 1
    assert office.ready_at(office.wallet, call) > 0
    logged = office.events(TREASURY, office.wallet, setter, *keys, direct)
    assert logged[1:] == ["ChangeVoided"]
    assert office.ready_at(office.wallet, call) == 0


def test_direct_change__after_the_pending_one_expired__is_not_told_to_void(office):
    """Only a live change is told to be void."""
    office.schedule(office.wallet, "set_max_balance", TOKEN, 20_000 * USDC)
    office.now += 9 * DAY
    assert office.events(TREASURY, office.wallet, "set_max_balance", TOKEN, 1) == ["MaxBalanceSet"]


def test_direct_change__of_recipients__voids_the_pending_list(office):
    """The list is one subject, whoever is on it."""
    call = office.schedule(office.wallet, "set_recipients", [RECIPIENT], True)
    remove = (TREASURY, office.wallet, "set_recipients")
    assert office.events(*remove, [STRANGER], False) == ["RecipientSet"]
    assert office.events(*remove, [], False) == []
    assert office.ready_at(office.wallet, call) > 0
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", office.wallet, call)
    call = office.schedule(office.wallet, "set_recipients", [STRANGER], True)
    logged = office.events(*remove, [STRANGER, RECIPIENT], False)
    assert logged == ["RecipientSet", "RecipientSet", "ChangeVoided"]
    assert office.ready_at(office.wallet, call) == 0


def test_direct_change__of_the_organisations_own__voids_too():
    """Adding a guardian, a shorter timeout and a longer delay overtake what is pending for them."""
    office = Office(heartbeat_timeout=HOUR)
    call = office.schedule(ORGANIZATION, "set_guardian", STRANGER, False)
    logged = office.events(TREASURY, ORGANIZATION, "set_guardian", STRANGER, True)
    assert logged == ["GuardianSet", "ChangeVoided"]
    assert office.ready_at(ORGANIZATION, call) == 0
    call = office.schedule(ORGANIZATION, "set_guardian", STRANGER, False)
    logged = office.events(TREASURY, ORGANIZATION, "set_guardian", STRANGER, True)
    assert logged == ["GuardianSet"]
    assert office.ready_at(ORGANIZATION, call) > 0
    office.schedule(ORGANIZATION, "set_heartbeat_timeout", FOREVER)
    logged = office.events(TREASURY, ORGANIZATION, "set_heartbeat_timeout", HOUR - 1)
    assert logged == ["HeartbeatTimeoutSet", "HeartbeatSent", "ChangeVoided"]
    office.schedule(ORGANIZATION, "set_change_delay", HOUR)
    logged = office.events(TREASURY, ORGANIZATION, "set_change_delay", 3 * DAY)
    assert logged == ["ChangeDelaySet", "ChangeVoided"]


# Deaths of what concerns an agent


@pytest.fixture
def pending(office: Office) -> list[tuple[Any, bytes]]:
    """
    Three changes of the agent's budgets, in two wallets, then one of another agent's.
    """
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    keys = [
        (office.wallet, AGENT, REFUND),
        (office.wallet, AGENT, OTHER),
        (second, AGENT, REFUND),
        (office.wallet, OTHER_AGENT, REFUND),
    ]
    return [
        (wallet, office.schedule(wallet, "set_budget", agent, TOKEN, category, RAISED))
        for wallet, agent, category in keys
    ]


def alive(office: Office, pending: list[tuple[Any, bytes]]) -> list[bool]:
    """
    Which of the changes are still to come.
    """
    return [office.ready_at(wallet, call) > 0 for wallet, call in pending]


ALL = [True, True, True, True]
DEAD = [False, False, False, True]


@pytest.mark.parametrize("caller", [TREASURY, GUARDIAN, AGENT])
def test_agents_changes__one_of_its_budgets_changed_directly__die_in_every_wallet(
    office, pending, caller
):
    """What is scheduled on Monday does not undo Tuesday's cut; only the subject's own is told."""
    unchanged = (office.wallet, "set_budget", AGENT, TOKEN, REFUND, budget())
    assert office.events(caller, *unchanged) == ["BudgetSet"]
    assert alive(office, pending) == ALL
    cut = (office.wallet, "set_budget", AGENT, TOKEN, REFUND, budget(daily=999 * USDC))
    assert office.events(caller, *cut) == ["BudgetSet", "ChangeVoided"]
    assert alive(office, pending) == DEAD
    office.now += 2 * DAY
    refused = office.refused(STRANGER, ORGANIZATION, "apply", *pending[1])
    assert refused == Reason.TIMELOCK_NO_SUCH


def test_agents_changes__one_of_them_applied__live_on(office, pending):
    """An applied change is no direct one."""
    office.now += 2 * DAY
    office.do(STRANGER, ORGANIZATION, "apply", *pending[0])
    assert alive(office, pending) == [False, True, True, True]
    office.do(TREASURY, office.wallet, "set_budget", AGENT, TOKEN, REFUND, budget())
    assert alive(office, pending) == DEAD


def test_agents_changes__agent_rotated__die_for_both(office, pending):
    """A rotation kills what concerns the old agent and the new."""
    new = STRANGER
    to_new = office.schedule(office.wallet, "set_budget", new, TOKEN, REFUND, RAISED)
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, new)
    assert alive(office, pending) == DEAD
    assert office.ready_at(office.wallet, to_new) == 0


@pytest.mark.parametrize("caller", [KEEPER, GUARDIAN, AGENT])
def test_agents_changes__its_scope_stopped__die_but_not_by_a_repeated_stop(office, pending, caller):
    """From running to stopped kills; a repeat does not, or a stolen keeper blocks for ever."""
    if caller == AGENT:
        office.do(AGENT, office.wallet, "pause_self", HOUR, "")
    else:
        office.do(caller, ORGANIZATION, "pause", AGENT, HOUR, "")
    assert alive(office, pending) == DEAD
    again = office.schedule(*pending[0][:1], "set_budget", AGENT, TOKEN, REFUND, RAISED)
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 2 * HOUR, "")
    assert office.ready_at(office.wallet, again) > 0
    office.now += 2 * HOUR
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, HOUR, "")
    assert office.ready_at(office.wallet, again) == 0


def test_agents_changes__another_scope_stopped__live_on(office, pending):
    """Only the agent's own scope counts."""
    for scope in (ORGANIZATION, office.wallet, STRANGER, ZERO_ADDRESS):
        office.do(KEEPER, ORGANIZATION, "pause", scope, 0, "")
    assert alive(office, pending) == ALL


def test_agents_changes__unrelated_subjects__outlive_the_agent(office, pending):
    """Limits of the wallet concern no agent."""
    call = office.schedule(office.wallet, "set_max_balance", TOKEN, 9_000 * USDC)
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 0, "")
    assert office.ready_at(office.wallet, call) > 0
