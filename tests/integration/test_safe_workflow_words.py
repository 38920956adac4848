"""
What signers read: names, figures before and after, warnings; and an unknown call never as harmless.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.chain.contracts import Contract
from bursar.chain.local import derive_account
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import CALL
from bursar.devnet import RunningDevnet
from bursar.devnet.contracts import created_address
from bursar.treasury import View
from bursar.treasury.safe import (
    BudgetWish,
    DraftError,
    Explanation,
    NodeChain,
    describe,
    explain,
)
from bursar.treasury.safe.words import CallWords, Effect
from bursar.types import DAY, EMPTY, FOREVER, HOUR, MAX_UINT256
from tests.integration.signing_room import REFUND, USDC, Room


def explained(room: Room, *calls: Call) -> Explanation:
    """
    What a transaction of these calls is said to do.
    """
    view = room.view()
    transaction = room.desk.safe.build(*calls)
    return explain(transaction, view.book, view.state, view.now, NodeChain(room.chain))


def only(room: Room, call: Call) -> CallWords:
    """
    The words of one call.
    """
    (said,) = explained(room, call).calls
    return said


def figures(said: CallWords) -> dict[str, tuple[str, str]]:
    """
    Label → before and after.
    """
    return {one.label: (one.before, one.after) for one in said.figures}


# The direction decides whether it waits


def test_budget__raised__waits_and_is_said_with_both_figures(room: Room) -> None:
    """
    T17: raising goes through the timelock, and signers read from what to what and when.
    """
    said = only(room, room.policy().set_budget(*room.line, BudgetWish(daily=800 * USDC)))

    assert said.sentence == (
        "raise the refund budget of agent shopper in wallet operations from 200 to 800 USDC a day, "
        "effective 2 days after execution"
    )
    assert said.effect is Effect.LOOSENS
    assert figures(said) == {"most a day": ("200 USDC", "800 USDC")}
    assert any("loosens" in warning for warning in said.warnings)
    assert said.when.startswith("2 days after execution; anybody may apply it then, for 7 days")


def test_budget__lowered__acts_at_once_and_takes_smaller_limits_down(room: Room) -> None:
    """
    T17: lowering is immediate, and needs no second figure to be typed.
    """
    said = only(room, room.policy().set_budget(*room.line, BudgetWish(daily=20 * USDC)))

    assert said.effect is Effect.TIGHTENS
    assert said.when == "at once"
    assert said.sentence.startswith("lower the refund budget of agent shopper")
    assert figures(said) == {
        "most for one payment": ("50 USDC", "20 USDC"),
        "most an hour": ("200 USDC", "20 USDC"),
        "most a day": ("200 USDC", "20 USDC"),
    }


def test_budget__raised_and_lowered_in_one__is_no_plain_raise(room: Room) -> None:
    """
    One figure up makes the whole loosen, and the sentence does not pretend otherwise.
    """
    wish = BudgetWish(daily=800 * USDC, per_payment=10 * USDC)
    said = only(room, room.policy().set_budget(*room.line, wish))

    assert said.effect is Effect.LOOSENS
    assert said.sentence.startswith("change the refund budget")
    assert len(said.figures) == 2


def test_budget__new__needs_every_figure_that_decides_over_money(room: Room) -> None:
    """
    Nothing about money is guessed.
    """
    wallet, _, token, _ = room.line
    line = wallet, room.book.agents["trader"].address, token, REFUND
    with pytest.raises(DraftError, match="--per-payment, --queue-from"):
        room.policy().set_budget(*line, BudgetWish(daily=10 * USDC))

    wish = BudgetWish(daily=10 * USDC, per_payment=5 * USDC, queue_from=MAX_UINT256)
    said = only(room, room.policy().set_budget(*line, wish))

    assert said.sentence.startswith("give a refund budget of agent trader in wallet operations: ")
    assert figures(said)["most a day"] == ("none", "10 USDC")
    assert figures(said)["most an hour"] == ("none", "10 USDC")


def test_budget__removed__is_said_as_such(room: Room) -> None:
    """
    Everything goes, at once; what is not there cannot be removed.
    """
    said = only(room, room.policy().remove_budget(*room.line))

    assert said.sentence == "remove the refund budget of agent shopper in wallet operations"
    assert said.effect is Effect.TIGHTENS
    assert figures(said)["most a day"] == ("200 USDC", "none")
    with pytest.raises(DraftError, match="no such budget"):
        room.policy().remove_budget(*room.line[:3], EMPTY[:31] + b"\1")


def test_policy__what_the_contracts_would_refuse__is_not_drafted(room: Room) -> None:
    """
    With the contracts' own reason.
    """
    policy = room.policy()
    wallet = room.wallet.address
    with pytest.raises(DraftError, match="delay out of bounds"):
        policy.set(wallet, "set_payment_delay", 59)
    with pytest.raises(DraftError, match="limits contradict"):
        policy.set_budget(*room.line, BudgetWish(daily=10 * USDC, hourly=20 * USDC))
    with pytest.raises(DraftError, match="already sealed"):
        policy.seal(wallet)
    with pytest.raises(DraftError, match="not the stop that was seen"):
        policy.unpause(wallet, 9, "")
    with pytest.raises(DraftError, match="not a new agent"):
        policy.rotate_agent(room.line[1], room.book.guardians["dana"].address)
    with pytest.raises(DraftError, match="Say what is to change"):
        policy.set_budget(*room.line, BudgetWish())


@pytest.mark.parametrize(
    ("setter", "values", "loosens", "words", "label", "figure"),
    [
        ("set_payment_delay", (60,), True, "payment delay", "payment delay", ("10m", "1m")),
        ("set_payment_delay", (HOUR,), False, "1 hour", "payment delay", ("10m", "1h")),
        ("set_grace", (2 * DAY,), True, "2 days", "payment grace", ("1d", "2d")),
        ("set_grace", (HOUR,), False, "1 hour", "payment grace", ("1d", "1h")),
        ("set_change_delay", (HOUR,), True, "1 hour", "change delay", ("2d", "1h")),
        ("set_change_delay", (4 * DAY,), False, "4 days", "change delay", ("2d", "4d")),
        ("set_heartbeat_timeout", (HOUR,), False, "1 hour", "heartbeat timeout", ("off", "1h")),
    ],
)
def test_delays__each_way__wait_only_where_they_loosen(
    room: Room,
    setter: str,
    values: tuple[int],
    loosens: bool,
    words: str,
    label: str,
    figure: tuple[str, str],
) -> None:
    """
    The contracts' rules say which way is which; a draft that the contract refuses would not do.
    """
    own = setter in ("set_change_delay", "set_heartbeat_timeout")
    target = room.book.organization if own else room.wallet.address
    call = room.policy().set(target, setter, *values)
    said = only(room, call)

    assert (call.to == room.book.organization and said.function.startswith("schedule")) is loosens
    assert said.effect is (Effect.LOOSENS if loosens else Effect.TIGHTENS)
    assert words in said.sentence
    assert figures(said) == {label: figure}
    room.by_safe(call)


def test_roles__added_and_removed__are_said_with_what_they_can_do(room: Room) -> None:
    """
    Adding a guardian is at once and cannot be undone within a day; removing waits.
    """
    policy, organization = room.policy(), room.book.organization
    dana, watch = room.book.guardians["dana"].address, room.book.keepers["watch"].address
    added = only(room, policy.set(organization, "set_guardian", room.stranger.address, True))
    removed = only(room, policy.set(organization, "set_guardian", dana, False))
    keeper = only(room, policy.set_keeper(watch, False))

    assert (added.effect, added.when) == (Effect.CHANGES, "at once")
    assert "can stop everything" in added.sentence
    assert room.stranger.address in added.sentence
    assert removed.effect is Effect.LOOSENS
    assert removed.sentence == "remove the guardian dana, effective 2 days after execution"
    assert keeper.sentence == "remove the keeper watch"
    assert any("no keeper is left" in warning for warning in keeper.warnings)


def test_rotate__hands_budgets_to_another_key__loosens_at_once(room: Room) -> None:
    """
    Whoever signs it gives somebody the right to spend.
    """
    (call,) = room.policy().rotate_agent(room.line[1], room.stranger.address)
    said = only(room, call)

    assert said.effect is Effect.LOOSENS
    assert room.stranger.address in said.sentence
    assert any("takes effect at once" in warning for warning in said.warnings)


def test_unpause__names_the_stop_and_warns_of_a_later_one(room: Room) -> None:
    """
    The number that was looked at is in the call: a later stop makes it fail.
    """
    key = derive_account(room.book.guardians["dana"].devnet_key or "")
    room.organization.send(key, "pause", room.wallet.address, 0, "odd")
    call = room.policy().unpause(room.wallet.address, 2, "looked at it")
    said = only(room, call)
    assert said.sentence == "release wallet operations from stop 2: 'looked at it'"
    assert said.warnings == ("loosens, and takes effect at once",)

    room.organization.send(key, "pause", room.wallet.address, 0, "again")
    later = only(room, call)

    assert any("the latest stop is 3, not 2" in warning for warning in later.warnings)
    assert any("would fail as things stand" in warning for warning in later.warnings)
    assert room.desk.safe.simulate(room.desk.safe.build(call)) is not None


def test_schedule__of_what_is_pending_already__says_that_it_replaces(room: Room) -> None:
    """
    The clock starts again, and signers must know.
    """
    room.by_safe(room.policy().set_budget(*room.line, BudgetWish(daily=800 * USDC)))
    said = only(room, room.policy().set_budget(*room.line, BudgetWish(daily=900 * USDC)))

    assert any("replaces what is pending already" in warning for warning in said.warnings)


# Money


def refill(room: Room, amount: int) -> tuple[Call, Call]:
    """
    Approve, and bring.
    """
    return (
        room.usdc.build_call("approve", room.wallet.address, amount),
        room.wallet.build_call("refill", room.usdc.address, amount, EMPTY),
    )


def test_refill__is_said_with_the_balance_before_and_after(room: Room) -> None:
    """
    From the chain, now. The approval is used up by the next call, so it is no standing one.
    """
    approval, brought = explained(room, *refill(room, 500 * USDC)).calls

    assert figures(brought) == {"balance of the wallet": ("10,000 USDC", "10,500 USDC")}
    assert (approval.effect, brought.effect) == (Effect.MOVES, Effect.MOVES)
    assert approval.warnings == ()
    assert brought.sentence.startswith("refill wallet operations with 500 USDC")


@pytest.mark.parametrize("case", ["alone", "other amount", "other wallet", "wrong order"])
def test_approval__that_no_refill_uses_up__is_a_standing_one(room: Room, case: str) -> None:
    """
    Whoever is approved may take it at any time.
    """
    approve, bring = refill(room, 500 * USDC)
    trading = Contract(room.chain, room.wallet.type, room.book.wallets["trading"])
    elsewhere = trading.build_call("refill", room.usdc.address, 500 * USDC, EMPTY)
    calls = {
        "alone": [approve],
        "other amount": [approve, refill(room, 499 * USDC)[1]],
        "other wallet": [approve, elsewhere],
        "wrong order": [bring, approve],
    }[case]

    said = [one for one in explained(room, *calls).calls if one.sentence.startswith("let ")]

    assert len(said) == 1
    assert any("standing approval" in warning for warning in said[0].warnings)


def test_money_out_of_the_treasury__is_said_with_a_warning(room: Room) -> None:
    """
    A transfer to anybody, of a token or of native currency.
    """
    token = only(room, room.usdc.build_call("transfer", room.stranger.address, 7 * USDC))
    native = only(room, Call(room.stranger.address, b"", 10**18))

    for said in (token, native):
        assert said.effect is Effect.MOVES
        assert room.stranger.address in said.sentence
        assert any("past every limit" in warning for warning in said.warnings)
    assert "7 USDC" in token.sentence
    assert "1 NATIVE" in native.sentence


# The Safe itself


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("addOwnerWithThreshold", "an owner of the Safe, and ask for 1 signatures"),
        ("enableModule", "do anything as the treasury, without any signature"),
        ("setGuard", "forbid transactions"),
        ("changeThreshold", "ask for 1 signatures"),
    ],
)
def test_safe_itself__changed__is_said_as_what_it_is(room: Room, function: str, words: str) -> None:
    """
    Owners, threshold, modules and guard decide over everything else.
    """
    values: dict[str, tuple[Any, ...]] = {
        "addOwnerWithThreshold": (room.stranger.address, 1),
        "enableModule": (room.stranger.address,),
        "setGuard": (room.stranger.address,),
        "changeThreshold": (1,),
    }
    said = only(room, room.own_call(function, *values[function]))

    assert said.effect is Effect.OWNS
    assert words in said.sentence
    alone = [one for one in said.warnings if "ONE OWNER ALONE" in one]
    assert len(alone) == ("1 signature" in words)
    assert any("who rules the treasury" in warning for warning in said.warnings)


# What cannot be read


def unknown_calls(room: Room) -> dict[str, Call]:
    """
    Bytes that look like something and are not.
    """
    good = room.wallet.build_call("seal").data
    budget = room.policy().set_budget(*room.line, BudgetWish(daily=20 * USDC)).data
    return {
        "stranger": Call(room.stranger.address, good),
        "no function": Call(room.wallet.address, b"\xde\xad\xbe\xef"),
        "more bytes": Call(room.wallet.address, budget + b"\0"),
        "fewer bytes": Call(room.wallet.address, budget[:-1]),
        "dirty address": Call(room.wallet.address, budget[:4] + b"\1" + budget[5:]),
        "token mint": room.usdc.build_call("mint", room.stranger.address, 1),
        "token with value": Call(*refill(room, 1)[0][:2], 1),
        "safe": room.own_call("execTransactionFromModule", room.stranger.address, 0, b"", CALL),
        "view": room.organization.build_call("treasury"),
    }


@pytest.mark.parametrize(
    "case",
    [
        *("stranger", "no function", "more bytes", "fewer bytes", "dirty address"),
        *("token mint", "token with value", "safe", "view"),
    ],
)
def test_unknown_call__is_never_shown_as_harmless(room: Room, case: str) -> None:
    """
    A loud warning above all lines, and the threshold rule treats it as the worst.
    """
    said = explained(room, unknown_calls(room)[case])

    assert said.calls[0].effect is Effect.UNKNOWN
    assert said.calls[0].sentence.startswith("UNKNOWN CALL")
    assert not said.is_known
    assert not said.only_tightens
    assert "do not sign what nobody knows" in said.warnings[0]


def test_unknown_call__hidden_in_a_batch__is_counted(room: Room) -> None:
    """
    Between two harmless ones it is as loud as alone.
    """
    said = explained(room, room.lowered(), unknown_calls(room)["stranger"], room.lowered())

    assert [one.effect for one in said.calls] == [
        Effect.TIGHTENS,
        Effect.UNKNOWN,
        Effect.NOTHING,
    ]
    assert said.warnings[0].startswith("1 of 3 calls cannot be read")


@pytest.mark.parametrize("inner", ["other target", "no setter", "more bytes"])
def test_schedule__of_what_cannot_be_read__is_no_tightening(room: Room, inner: str) -> None:
    """
    What would be applied later is read as strictly as what is called now.
    """
    budget = room.policy().set_budget(*room.line, BudgetWish(daily=20 * USDC)).data
    target, data = {
        "other target": (room.stranger.address, budget),
        "no setter": (room.wallet.address, room.wallet.build_call("seal").data),
        "more bytes": (room.wallet.address, budget + b"\0" * 32),
    }[inner]
    said = only(room, room.organization.build_call("schedule", target, data))

    assert said.effect in (Effect.UNKNOWN, Effect.LOOSENS)
    assert any("would fail as things stand" in warning for warning in said.warnings)


def test_delegatecall__to_what_is_not_known__is_said_aloud(room: Room) -> None:
    """
    Also where its bytes look like a batch of harmless calls.
    """
    view = room.view()
    batch = room.desk.safe.build(room.lowered(), room.lowered())
    bad = batch.model_copy(update={"to": room.stranger.address})

    said = explain(bad, view.book, view.state, view.now)

    assert not said.is_known
    assert said.warnings[0].startswith("A DELEGATECALL that acts as the Safe itself")


# Batches and lines


def test_batch__each_call_is_judged_after_those_before_it(room: Room) -> None:
    """
    The second change of one figure starts where the first has ended.
    """
    policy = room.policy()
    first = policy.set_budget(*room.line, BudgetWish(daily=100 * USDC))
    second = policy.set_budget(*room.line, BudgetWish(daily=60 * USDC))

    said = explained(room, first, second).calls

    assert figures(said[0])["most a day"] == ("200 USDC", "100 USDC")
    assert figures(said[1])["most a day"] == ("100 USDC", "60 USDC")


def test_batch__that_creates_a_wallet__reads_the_calls_of_the_new_one(room: Room) -> None:
    """
    Its address follows from how many there are.
    """
    organization, blueprint = room.organization, room.book.blueprint
    create = organization.build_call("create_wallet", "support", blueprint)
    asked = organization.address, "latest"
    nonce = int(room.chain.rpc.request("eth_getTransactionCount", *asked), 16)
    wallet = Contract(room.chain, room.wallet.type, created_address(organization.address, nonce))
    limit = wallet.build_call("set_wallet_limit", room.usdc.address, 100 * USDC)

    said = explained(room, create, limit).calls

    assert said[0].sentence.startswith("create the wallet 'support'")
    assert "enable USDC in wallet" in said[1].sentence
    assert any("loosens at once: the wallet is not sealed" in one for one in said[1].warnings)


def test_lines__whatever_strangers_wrote__print_no_control_characters(room: Room) -> None:
    """
    A reason on chain cannot move the cursor of whoever reads it.
    """
    reason = "\x1b[2J\x1b[1;1Hharmless\r\n"
    call = room.organization.build_call("pause", room.wallet.address, FOREVER, reason)
    view = room.view()
    lines = describe(room.draft(call), view.book, view.state, view.now)

    assert all(line.isprintable() for line in lines)
    assert lines[0] == "why: because (drafted by ana)"
    assert any("stop wallet operations until unpaused" in line for line in lines)


def test_lines__wallet_with_a_name_that_moves_the_cursor__is_printed_harmless(room: Room) -> None:
    """
    Names come from the chain, too: whoever created the wallet chose it.
    """
    name = "ops\x1b[2J\r"
    room.by_safe(room.organization.build_call("create_wallet", name, room.book.blueprint))
    view = room.view()
    wallet = Contract(room.chain, room.wallet.type, view.book.wallets[name])
    made = room.draft(wallet.build_call("seal"))

    lines = describe(made, view.book, view.state, view.now)

    assert any("seal wallet ops\\x1b[2J\\x0d" in line for line in lines)
    assert all(line.isprintable() for line in lines)


# Whatever bytes come


@pytest.fixture(scope="module")
def still(
    running: RunningDevnet, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Room, View, list[Call]]:
    """
    A room in which nothing is sent, what it looks like, and calls that can be read there.
    """
    room = Room(running, tmp_path_factory.mktemp("still"))
    return room, room.view(), known_calls(room)


def known_calls(room: Room) -> list[Call]:
    """
    One of each kind that can be read.
    """
    policy = room.policy()
    wallet, organization = room.wallet.address, room.book.organization
    return [
        policy.set_budget(*room.line, BudgetWish(daily=800 * USDC)),
        policy.set_budget(*room.line, BudgetWish(daily=20 * USDC)),
        policy.set(wallet, "set_recipients", (room.stranger.address,), True),
        policy.set(organization, "set_guardian", room.stranger.address, True),
        policy.unpause(wallet, 1, "because"),
        room.own_call("changeThreshold", 1),
        *refill(room, 500 * USDC),
    ]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_words__of_any_bytes__never_fail_and_never_read_as_other_bytes_do(
    still: tuple[Room, View, list[Call]], data: st.DataObject
) -> None:
    """
    Bytes changed, cut off or added: another call, or an unknown one, and never an error that would
    keep signers from seeing it.
    """
    room, view, readable = still
    good = data.draw(st.sampled_from(readable))
    at = data.draw(st.integers(0, len(good.data) - 1))
    cut = data.draw(st.integers(0, 64))
    bad = bytearray(good.data[: len(good.data) - cut] + data.draw(st.binary(max_size=64)))
    if at < len(bad):
        bad[at] ^= data.draw(st.integers(0, 255))
    transaction = room.desk.safe.build(good._replace(data=bytes(bad)), nonce=99)

    said = explain(transaction, view.book, view.state, view.now)

    original = room.desk.safe.build(good, nonce=99)
    if bytes(bad) != good.data and said.is_known and said.calls[0].function:
        before = explain(original, view.book, view.state, view.now)
        assert said.calls[0].function != before.calls[0].function
