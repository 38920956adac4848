"""
Signatures that were made elsewhere: which a real Safe takes, and why each other is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import defunct_hash_message
from eth_typing import Hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.chain.safe_hash import domain_hash, signed_hash
from bursar.chain.safe_signatures import SignatureError
from bursar.chain.safe_transaction import (
    HashMismatchError,
    SafeTransaction,
    hash_by_library,
)
from bursar.chain.safe_transaction import sign as sign_with
from bursar.devnet import RunningDevnet
from bursar.treasury.safe import Draft, DraftError, DraftStatus, add_signature
from bursar.types import MAX_UINT256, Address, checksummed
from tests.integration.signing_room import Owner, Room

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: checksummed(f"0x{raw.hex()}"))
numbers = st.integers(0, MAX_UINT256)


@settings(max_examples=40, deadline=None)
@given(
    to=addresses,
    value=numbers,
    data=st.binary(max_size=200),
    operation=st.integers(0, 1),
    gas=st.tuples(numbers, numbers, numbers),
    token=addresses,
    receiver=addresses,
    nonce=numbers,
)
def test_hash__of_any_transaction__is_the_contracts_and_the_librarys(
    running: RunningDevnet,
    to: Address,
    value: int,
    data: bytes,
    operation: int,
    gas: tuple[int, int, int],
    token: Address,
    receiver: Address,
    nonce: int,
) -> None:
    """
    Three ways to the same 32 bytes: ours, safe-eth-py's, and the Safe's own.
    """
    safe = Room(running, Path("unused")).desk.safe
    transaction = SafeTransaction(
        safe=safe.address,
        chain_id=safe.client.chain_id,
        to=to,
        value=value,
        data=data,
        operation=operation,
        safe_tx_gas=gas[0],
        base_gas=gas[1],
        gas_price=gas[2],
        gas_token=token,
        refund_receiver=receiver,
        nonce=nonce,
    )

    own = signed_hash(transaction.domain_hash, transaction.message_hash)

    assert own == safe.fetch_hash(transaction) == hash_by_library(transaction) == transaction.hash


def test_domain_hash__is_the_contracts_separator(room: Room) -> None:
    """
    What a hardware wallet shows first is what the Safe itself has.
    """
    found = room.desk.safe._contract.view("domainSeparator")

    assert room.draft().transaction.domain_hash == found
    assert domain_hash(1, room.book.safe) != found


def test_hash__library_that_lies__is_noticed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where the two disagree, nothing is signed.
    """
    transaction = room.desk.safe.build(room.lowered(), nonce=77)
    monkeypatch.setattr("bursar.chain.safe_transaction.hash_by_library", lambda _: b"\1" * 32)

    with pytest.raises(HashMismatchError, match="sign nothing"):
        sign_with(transaction, room.ana.key)


# What the Safe takes


def typed(target: Draft, owner: Owner) -> bytes:
    """
    eth_signTypedData: v 27 or 28.
    """
    return sign_with(target.transaction, owner.key).data


def bare(target: Draft, owner: Owner) -> bytes:
    """
    The same with v 0 or 1, as some devices write it.
    """
    data = typed(target, owner)
    return data[:64] + bytes([data[64] - 27])


def personal(target: Draft, owner: Owner) -> bytes:
    """
    eth_sign of the hash as a wallet gives it: v 27 or 28, over another hash.
    """
    message = Hash32(bytes(defunct_hash_message(target.hash)))
    return bytes(owner.key.unsafe_sign_hash(message).signature)


def marked(target: Draft, owner: Owner) -> bytes:
    """
    The same with v + 4, as the Safe wants it.
    """
    data = personal(target, owner)
    return data[:64] + bytes([data[64] + 4])


@pytest.mark.parametrize("make", [typed, bare, personal, marked])
def test_signature__of_each_kind__is_taken_and_the_safe_executes(room: Room, make: Any) -> None:
    """
    As hexadecimal or bytes, with or without 0x: what comes out is what the Safe's contract accepts.
    """
    made = room.draft()
    made = add_signature(room.desk, made, f"0x{make(made, room.cleo).hex()}")
    made = add_signature(room.desk, made, make(made, room.ben))

    assert set(made.signers) == {room.cleo.address, room.ben.address}
    assert room.execute(made).status is DraftStatus.EXECUTED


def test_signature__hash_approved_on_chain__counts_once_it_is(room: Room) -> None:
    """
    v 1, r the owner: good for nothing before the owner has called approveHash.
    """
    made = room.draft()
    approval = bytes.fromhex(room.ben.address[2:]).rjust(32, b"\0") + bytes(32) + b"\1"
    with pytest.raises(SignatureError, match="has not approved"):
        add_signature(room.desk, made, approval)

    room.chain.send(room.ben.key, room.own_call("approveHash", made.hash))
    made = add_signature(room.desk, made, approval)

    assert made.signers == (room.ben.address,)
    room.execute(room.sign(made, room.ana))


# What is refused


def refusal(room: Room, made: Draft, data: bytes | str) -> str:
    """
    Why it was refused; the draft is as it was.
    """
    files = room.files()
    with pytest.raises((SignatureError, DraftError)) as refused:
        add_signature(room.desk, made, data)
    assert room.files() == files
    return str(refused.value)


def test_signature__by_a_stranger__is_refused_with_who_it_would_be(room: Room) -> None:
    """
    A real signature of the right hash, by nobody who matters.
    """
    made = room.draft()

    said = refusal(room, made, typed(made, room.stranger))

    assert room.stranger.address in said
    assert "no owner" in said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("chain_id", 1, "chain 1"), ("chain_id", 8453, "chain 8453"), ("nonce", 9, "nonce 9")],
)
def test_signature__for_another_chain_or_nonce__is_refused_and_says_which(
    room: Room, field: str, value: int, said: str
) -> None:
    """
    The commonest mistakes are named.
    """
    made = room.draft()
    other = made.transaction.model_copy(update={field: value})

    assert f"for {said}" in refusal(room, made, sign_with(other, room.ana.key).data)


def test_signature__for_another_safe_or_other_calls__is_refused(room: Room) -> None:
    """
    An owner's, and of something else: it recovers to nobody.
    """
    made = room.draft()
    changed = ({"safe": room.stranger.address}, {"value": 1}, {"data": b"x"}, {"operation": 1})
    for update in changed:
        other = made.transaction.model_copy(update=update)
        assert "no owner" in refusal(room, made, sign_with(other, room.ana.key).data)


def test_signature__of_another_draft__is_refused(room: Room) -> None:
    """
    What was signed for one draft does not move to the next.
    """
    first, second = room.draft(), room.draft()

    assert f"nonce {first.nonce}" in refusal(room, second, typed(first, room.ana))


def test_signature__that_is_none__is_refused(room: Room) -> None:
    """
    Another length, no hexadecimal, no curve point, another v, a contract's.
    """
    made = room.draft()
    good = typed(made, room.ana)
    contract = bytes.fromhex(room.book.safe[2:]).rjust(32, b"\0") + bytes(33)

    assert "65 bytes" in refusal(room, made, good[:64])
    assert "65 bytes" in refusal(room, made, good + b"\0")
    assert "65 bytes" in refusal(room, made, "0x")
    assert "hexadecimal" in refusal(room, made, "0xzz")
    assert "ends with" in refusal(room, made, good[:64] + b"\x05")
    assert "no signature" in refusal(room, made, b"\xff" * 64 + b"\x1b")
    assert "contract" in refusal(room, made, contract)


def test_signature__approval_by_a_stranger__is_refused(room: Room) -> None:
    """
    Anybody may approve a hash on chain; only owners count.
    """
    made = room.draft()
    approval = bytes.fromhex(room.stranger.address[2:]).rjust(32, b"\0") + bytes(32) + b"\1"

    assert "no owner" in refusal(room, made, approval)
