"""
A draft's life over a real Safe: nonces, signatures, execution, and every refusal on the way.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.client import Receipt
from bursar.chain.errors import ChainError, NoGasMoneyError, RevertedError, RpcError
from bursar.chain.local import LocalChain, derive_account
from bursar.chain.reader import Call
from bursar.chain.safe_multi_send import pack_calls
from bursar.chain.safe_signatures import SignatureError
from bursar.chain.safe_transaction import CALL, SafeTransaction
from bursar.chain.safe_transaction import sign as sign_with
from bursar.chain.sending import Sender
from bursar.devnet import RunningDevnet, load_devnet_treasury, open_devnet
from bursar.reasons import Reason
from bursar.treasury.safe import (
    DeadDraftError,
    DraftError,
    DraftStatus,
    MissingSignaturesError,
    NotYetError,
    RefusedCallError,
    ThresholdError,
    UnknownDraftError,
    add_signature,
    build_draft,
    draft,
    refresh,
    reject,
)
from bursar.treasury.safe.exchange import export_draft, import_file
from bursar.treasury.safe.execution import execute
from bursar.treasury.safe.signing import sign
from bursar.types import ZERO_ADDRESS
from tests.integration.signing_room import USDC, Owner, Room

# Drafts and their nonces


def test_draft__stored__is_found_by_its_hash_and_its_nonce(room: Room) -> None:
    """
    What is written is read back whole, and the next process sees it.
    """
    made = room.draft(purpose="lower it")
    store = room.new_desk(room.folder).store

    assert store.find(made.id) == store.find(made.id[:9]) == store.find(str(made.nonce)) == made
    assert made.purpose == "lower it"
    assert (made.author.name, made.author.address) == ("ana", room.ana.address)
    for unknown in ("0xffffffff", "99", "0x", ""):
        with pytest.raises(UnknownDraftError):
            store.find(unknown)


def test_next_nonce__counts_what_is_queued_here(room: Room) -> None:
    """
    The chain's nonce alone would give every draft the same one.
    """
    first = room.desk.safe.fetch_nonce()

    assert [room.draft().nonce for _ in range(3)] == [first, first + 1, first + 2]
    assert room.desk.safe.fetch_nonce() == first


def test_next_nonce__several_people_at_once__is_given_once(room: Room) -> None:
    """
    Reading, choosing and writing is one step: no two drafts get one nonce.
    """
    nonces = []

    def make() -> None:
        desk = room.new_desk(room.folder)
        nonces.append(draft(desk, [room.lowered()], purpose="race", author="ana").nonce)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    first = room.desk.safe.fetch_nonce()
    assert sorted(nonces) == list(range(first, first + 6))


def test_draft__nonce_used_by_another_client__is_dead_and_its_signatures_are_gone(
    room: Room,
) -> None:
    """
    Signatures of a nonce that is used up are good for nothing, and it is told why.
    """
    made, later = room.sign(room.draft()), room.draft()
    room.by_safe(room.lowered(), room.lowered())

    (dead,) = refresh(room.desk)

    assert (dead.id, dead.status, dead.signatures) == (made.id, DraftStatus.DEAD, ())
    assert "for another transaction" in dead.told
    assert room.desk.store.find(later.id).is_open
    with pytest.raises(DeadDraftError, match="another transaction"):
        room.sign(made)
    with pytest.raises(DeadDraftError):
        room.execute(made)
    with pytest.raises(DeadDraftError):
        reject(room.desk, made, author="ana")


def test_draft__executed_elsewhere__is_recognised_by_its_hash(room: Room) -> None:
    """
    Whoever sends it: the Safe's own log says that it was this one.
    """
    made = room.sign(room.draft())
    receipt = room.desk.safe.execute(
        room.chain.new_account("relayer"), made.transaction, made.signatures
    )

    (done,) = refresh(room.desk)

    assert done.status is DraftStatus.EXECUTED
    assert done.executed_in == receipt.transaction
    assert done.signers == made.signers


def test_draft__executed_elsewhere_long_ago__is_found_where_the_node_takes_few_blocks(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Providers refuse wide ranges: what was executed must not look as if it had been overtaken.
    """
    made = room.sign(room.draft())
    room.desk.safe.execute(room.chain.new_account("relayer"), made.transaction, made.signatures)
    room.chain.rpc.request("anvil_mine", hex(500))
    fetch = room.desk.safe.client.fetch_logs

    def narrow(*arguments: Any, first: int, last: int) -> Any:
        if last - first > 100:
            raise RpcError("eth_getLogs", -32005, "query exceeds 100 blocks", None)
        return fetch(*arguments, first=first, last=last)

    monkeypatch.setattr(room.desk.safe.client, "fetch_logs", narrow)

    (done,) = refresh(room.desk)

    assert done.status is DraftStatus.EXECUTED


def test_draft__local_chain_started_again__is_dead(
    room: Room, running: RunningDevnet, tmp_path: Path
) -> None:
    """
    A devnet has the same Safe each time: yesterday's drafts must not take today's nonces.
    """
    made = room.draft()
    with open_devnet(load_devnet_treasury(None), port=0) as other:
        again = Room(other, room.folder)
        assert again.desk.safe.address == room.desk.safe.address

        (dead,) = refresh(again.desk)

        assert (dead.id, dead.status) == (made.id, DraftStatus.DEAD)
        assert "has ended" in dead.told


def test_draft__reorganised_away__is_open_again(room: Room) -> None:
    """
    The block that used the nonce is gone, or a node was wrong about it: who was executed keeps its
    signatures, who was overtaken is signed again.
    """
    first = room.sign(room.draft())
    second = room.sign(room.draft(room.lowered(), purpose="next"), room.ana)
    mark = room.chain.snapshot()
    room.execute(first)
    room.by_safe(Call(room.stranger.address, b""))
    refresh(room.desk)
    states = [room.desk.store.find(one.id).status for one in (first, second)]
    assert states == [DraftStatus.EXECUTED, DraftStatus.DEAD]

    room.chain.revert(mark)
    refresh(room.desk)

    assert room.desk.store.find(first.id) == first
    again = room.desk.store.find(second.id)
    assert (again.is_open, again.told, again.signatures) == (True, "", ())
    assert room.execute(first).status is DraftStatus.EXECUTED


def test_reject__executed__kills_what_it_rejects(room: Room) -> None:
    """
    An empty call of the Safe by itself with the same nonce; whichever is executed first wins.
    """
    made, other = room.sign(room.draft()), room.draft()
    empty = reject(room.desk, made, author="ben", purpose="not agreed")
    assert reject(room.desk, made, author="ben") == empty
    told = empty.transaction
    assert (told.to, told.value, told.data, told.operation) == (told.safe, 0, b"", CALL)
    assert empty.nonce == made.nonce

    room.execute(room.sign(empty, room.ben, room.cleo))
    (dead,) = refresh(room.desk)

    assert (dead.id, dead.status) == (made.id, DraftStatus.DEAD)
    assert room.wallet.view("wallet_limit", room.usdc.address) == 5_000 * USDC
    room.execute(room.sign(other))
    assert room.wallet.view("wallet_limit", room.usdc.address) == 4_000 * USDC


@pytest.mark.parametrize("purpose", ["", "   ", "red\x1b[31m", "x" * 501])
def test_draft__without_a_plain_reason__is_refused(room: Room, purpose: str) -> None:
    """
    Signers read why; what would move their cursor is no reason.
    """
    with pytest.raises(DraftError, match="Say why"):
        room.draft(purpose=purpose)
    assert room.files() == {}


def test_sign__three_owners_at_once__loses_no_signature(room: Room) -> None:
    """
    Three machines with one folder, or three windows: each reads, adds and writes by itself.
    """
    made = room.draft()
    start = threading.Barrier(3)

    def sign_alone(owner: Owner) -> None:
        desk = room.new_desk(room.folder)
        start.wait()
        sign(desk, made, owner)

    threads = [
        threading.Thread(target=sign_alone, args=(one,)) for one in (room.ana, room.ben, room.cleo)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(room.desk.store.find(made.id).signatures) == 3


# What never becomes a draft


def delegating(room: Room, to: str, data: bytes) -> SafeTransaction:
    """
    A delegatecall.
    """
    batch = room.desk.safe.build(room.lowered(), room.lowered())
    return batch.model_copy(update={"to": to, "data": data})


def test_delegatecall__to_anything_but_multi_send_call_only__is_refused(room: Room) -> None:
    """
    It would act as the Safe itself. The same to the known contract passes.
    """
    data = pack_calls([room.lowered(), room.lowered()])
    good = delegating(room, room.desk.safe.multi_send, data)
    build_draft(room.desk, good, purpose="batch", author="ana")

    for to in (room.wallet.address, room.stranger.address, room.book.safe):
        with pytest.raises(RefusedCallError, match="delegatecall"):
            bad = delegating(room, to, data)
            build_draft(room.desk, bad, purpose="batch", author="ana")


def test_batch__that_is_not_plain_calls__is_refused(room: Room) -> None:
    """
    A delegatecall inside, a call to the zero address, bytes that belong to no call, another
    function.
    """
    multi_send = room.desk.safe.multi_send
    good = pack_calls([room.lowered(), room.lowered()])
    to_nobody = pack_calls([Call(ZERO_ADDRESS, b""), room.lowered()])
    # The first item's operation is the byte after the selector, the offset and the length.
    inner = good[:68] + b"\1" + good[69:]
    for data in (inner, to_nobody, good + b"\0" * 32, b"\1\2\3\4" + good[4:], b""):
        with pytest.raises(RefusedCallError, match="batch"):
            bad = delegating(room, multi_send, data)
            build_draft(room.desk, bad, purpose="batch", author="ana")


@pytest.mark.parametrize(
    "field", ["safe_tx_gas", "base_gas", "gas_price", "gas_token", "refund_receiver"]
)
def test_transaction__that_sets_gas_fields__is_refused(room: Room, field: str) -> None:
    """
    With safeTxGas a failing call would use up the nonce, with a gas price the Safe would pay.
    """
    value = room.stranger.address if "gas_token" in field or "receiver" in field else 1
    bad = room.desk.safe.build(room.lowered()).model_copy(update={field: value})

    with pytest.raises(RefusedCallError, match="gas fields"):
        build_draft(room.desk, bad, purpose="gas", author="ana")


@pytest.mark.parametrize("field", ["safe", "chain_id"])
def test_transaction__of_another_safe_or_chain__is_refused(room: Room, field: str) -> None:
    """
    It is not this treasury's.
    """
    value = room.stranger.address if field == "safe" else 1
    bad = room.desk.safe.build(room.lowered()).model_copy(update={field: value})

    with pytest.raises(DraftError, match="is of the Safe"):
        build_draft(room.desk, bad, purpose="else", author="ana")


def test_transaction__with_a_used_nonce__is_refused(room: Room) -> None:
    """
    Nobody is asked to sign what can never be executed; the next nonce passes.
    """
    used = room.desk.safe.fetch_nonce()
    good = room.desk.safe.build(room.lowered())
    build_draft(room.desk, good, purpose="next", author="ana")
    with pytest.raises(DeadDraftError):
        bad = good.model_copy(update={"nonce": used - 1})
        build_draft(room.desk, bad, purpose="used", author="ana")


# Signatures


def test_sign__by_an_owner__is_kept_sorted_by_owner(room: Room) -> None:
    """
    Whoever signs first: the Safe wants them by ascending address.
    """
    made = room.sign(room.draft(), room.ana, room.ben, room.cleo)

    assert list(made.signers) == sorted(made.signers, key=lambda one: int(one, 16))
    assert room.desk.store.find(made.id) == made
    assert room.sign(made, room.ana) == made


def test_sign__by_somebody_else__is_refused_and_the_key_is_not_used(room: Room) -> None:
    """
    A key of the wrong person signs nothing at all.
    """
    made = room.draft()

    with pytest.raises(DraftError, match="is no owner"):
        room.sign(made, room.stranger)

    assert room.stranger.asked == 0
    assert room.desk.store.find(made.id).signatures == ()


def test_threshold__below_two__is_refused_for_what_loosens(room: Room) -> None:
    """
    One owner alone must not be able to loosen; the author is never the only approver either.
    """
    room.by_safe(room.own_call("changeThreshold", 1))
    made = room.draft()

    with pytest.raises(ThresholdError, match="asks for 1"):
        room.sign(made, room.ana)
    with pytest.raises(ThresholdError):
        add_signature(room.desk, made, sign_with(made.transaction, room.ana.key).data)
        room.execute(made)
    # What only tightens is let through, once somebody else than its author has looked.
    with pytest.raises(MissingSignaturesError, match="who drafted it"):
        room.execute(made, strict=False)
    room.sign(made, room.ben, strict=False)
    assert room.execute(made, strict=False).status is DraftStatus.EXECUTED


def test_draft__threshold_below_two__is_refused_for_all_but_tightening(
    room: Room, tmp_path: Path
) -> None:
    """
    Not even drafted, whether it was made here or comes from elsewhere: a raise, a refill, money
    out, the Safe itself. What tightens or does nothing is drafted; at two, everything.
    """
    wallet, _, token, _ = room.line
    raised = room.wallet.build_call("set_wallet_limit", token, 9_000 * USDC)
    waits = room.organization.build_call("schedule", wallet, raised.data)
    refill = room.wallet.build_call("refill", token, USDC, bytes(32))
    dangerous = [
        waits,
        refill,
        Call(room.stranger.address, b"", 1),
        room.own_call("changeThreshold", 3),
    ]
    files = [export_draft(room.draft(call)) for call in dangerous]
    room.by_safe(room.own_call("changeThreshold", 1))
    other = room.new_desk(tmp_path / "other")
    refresh(room.desk)

    for call, file in zip(dangerous, files, strict=True):
        before = room.files()
        with pytest.raises(ThresholdError, match="asks for 1 signature"):
            room.draft(call)
        with pytest.raises(ThresholdError):
            import_file(other, file.replace('"nonce": "', '"nonce": "1'), author="ben")
        assert (room.files(), other.store.all()) == (before, [])

    made = room.draft(room.lowered())
    assert reject(room.desk, made, author="ben").rejects


# Execution


def test_execute__enough_signatures__is_done_and_says_in_which_transaction(room: Room) -> None:
    """
    The Safe's own event is what counts.
    """
    done = room.execute(room.sign(room.draft()))

    assert done.status is DraftStatus.EXECUTED
    assert done.executed_in is not None
    assert room.wallet.view("wallet_limit", room.usdc.address) == 4_000 * USDC
    with pytest.raises(DeadDraftError, match="executed"):
        room.execute(done)


def assert_untouched(room: Room, files: dict[str, str], nonce: int) -> None:
    """
    Neither a draft nor the Safe was changed.
    """
    assert room.files() == files
    assert room.desk.safe.fetch_nonce() == nonce


def test_execute__too_few_signatures__changes_nothing(room: Room) -> None:
    """
    One of two is not enough; whoever sends it is told before anything is sent.
    """
    made = room.sign(room.draft(), room.ana)
    files, nonce = room.files(), room.desk.safe.fetch_nonce()

    with pytest.raises(MissingSignaturesError, match="1 of 2 owners"):
        room.execute(made)

    assert_untouched(room, files, nonce)


def test_execute__before_its_turn__changes_nothing(room: Room) -> None:
    """
    A Safe executes in the order of nonces.
    """
    first, second = room.sign(room.draft()), room.sign(room.draft())
    files, nonce = room.files(), room.desk.safe.fetch_nonce()

    with pytest.raises(NotYetError, match=f"the Safe is at {first.nonce}"):
        room.execute(second)

    assert_untouched(room, files, nonce)
    room.execute(first)
    room.execute(second)


def test_execute__signer_who_is_no_longer_an_owner__does_not_count(room: Room) -> None:
    """
    Owners leave between signing and executing.
    """
    owners = room.desk.safe.fetch_owners()
    before = owners[owners.index(room.cleo.address) - 1]
    swap = room.own_call("swapOwner", before, room.cleo.address, room.stranger.address)
    nonce = room.desk.safe.fetch_nonce()
    made = draft(room.desk, [room.lowered()], purpose="x", author="ana", nonce=nonce + 1)
    made = room.sign(made, room.ben, room.cleo)
    room.by_safe(swap)

    with pytest.raises(MissingSignaturesError, match="1 of 2"):
        room.execute(made)


def test_execute__calls_that_fail__is_refused_with_the_wallets_reason(room: Room) -> None:
    """
    Simulated first: it costs nothing and uses no nonce. Above the balance, and a stop that is gone.
    """
    made = room.sign(room.draft(room.wallet.build_call("seal")))
    files, nonce = room.files(), room.desk.safe.fetch_nonce()
    relayer = room.sender()
    spent = room.chain.fetch_balance(relayer.address)

    with pytest.raises(RevertedError) as refused:
        execute(room.desk, made, relayer)

    assert refused.value.revert.reason is Reason.WALLET_SEALED
    assert refused.value.transaction is None
    assert room.chain.fetch_balance(relayer.address) == spent
    assert_untouched(room, files, nonce)


def test_execute__treasury_without_the_money__changes_nothing(room: Room) -> None:
    """
    The token says why, in its own words.
    """
    too_much = room.usdc.view("balanceOf", room.book.safe) + 1
    made = room.sign(room.draft(room.usdc.build_call("transfer", room.stranger.address, too_much)))
    files, nonce = room.files(), room.desk.safe.fetch_nonce()

    with pytest.raises(RevertedError):
        room.execute(made)

    assert_untouched(room, files, nonce)


def test_execute__payer_without_gas_money__changes_nothing(room: Room) -> None:
    """
    Whoever sends pays.
    """
    made = room.sign(room.draft())
    files, nonce = room.files(), room.desk.safe.fetch_nonce()
    poor = Sender(room.chain, derive_account("poor"), chain_id=room.chain.chain_id)

    with pytest.raises((NoGasMoneyError, RevertedError)) as refused:
        execute(room.desk, made, poor)

    assert "fund" in str(refused.value).lower() or "gas" in str(refused.value).lower()
    assert_untouched(room, files, nonce)


def test_execute__sender_of_another_chain__changes_nothing(room: Room) -> None:
    """
    What is signed for one network is not sent to another.
    """
    made = room.sign(room.draft())
    files, nonce = room.files(), room.desk.safe.fetch_nonce()
    elsewhere = Sender(LocalChain(room.running.url), room.stranger.key, chain_id=1)

    with pytest.raises(DraftError, match="chain 1"):
        execute(room.desk, made, elsewhere)

    assert_untouched(room, files, nonce)


class Forgetful:
    """
    A payer behind a node whose receipts lack what the Safe has logged.
    """

    def __init__(self, sender: Sender) -> None:
        self.address, self.chain_id, self._sender = sender.address, sender.chain_id, sender

    def send(self, call: Call) -> Receipt:
        """
        As the real one, but for the logs.
        """
        return replace(self._sender.send(call), logs=())


def test_execute__mined_without_the_safes_word__is_not_taken_for_done(room: Room) -> None:
    """
    Only the Safe's own event tells that it was this transaction, and that it succeeded.
    """
    made = room.sign(room.draft())

    with pytest.raises(ChainError, match="does not say that draft"):
        execute(room.desk, made, Forgetful(room.sender()))

    assert room.desk.store.find(made.id).is_open
    (done,) = refresh(room.desk)
    assert done.status is DraftStatus.EXECUTED


# Files


def test_store__file_that_was_changed__is_refused(room: Room) -> None:
    """
    A draft is named after its hash: another amount is another draft.
    """
    made = room.draft(Call(room.stranger.address, b"", 7))
    (path,) = room.folder.rglob("0x*.json")
    path.write_text(path.read_text().replace('"value": "7"', '"value": "70"'))

    with pytest.raises(DraftError, match="somebody has changed it"):
        room.desk.store.find(made.id)


def test_store__file_in_which_a_signature_was_put__does_not_count(room: Room) -> None:
    """
    Signatures are read again before they are used.
    """
    made = room.sign(room.draft(), room.ana)
    forged = sign_with(made.transaction, room.stranger.key)
    fake = forged.model_copy(update={"owner": room.ben.address})
    room.desk.store.save(made.with_signature(fake))

    with pytest.raises(SignatureError, match="no owner"):
        room.execute(made)
    assert room.desk.store.find(made.id).is_open


def test_store__files__are_readable_for_their_owner_alone(room: Room) -> None:
    """
    Drafts say what a treasury plans.
    """
    room.draft()
    (path,) = room.folder.rglob("0x*.json")

    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".0x")] == []
