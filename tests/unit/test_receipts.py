"""
Receipts vouch for one payment each, and their key is nobody else's to read.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.receipts import (
    PaymentTerms,
    ReceiptKey,
    ReceiptKeyError,
    ReceiptKeys,
    ReceiptProblem,
    Receipts,
    RetiredKey,
    UsedInMemory,
    verify,
)
from bursar.store.key_file import load_receipt_key, load_receipt_keys, rotate_receipt_key
from bursar.types import MAX_UINT256, Address, Bytes32, checksummed

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: checksummed("0x" + raw.hex()))
words = st.binary(min_size=32, max_size=32).map(Bytes32)
uints = st.integers(0, MAX_UINT256)
salts = st.binary(min_size=16, max_size=16)
keys = st.binary(min_size=32, max_size=32).map(ReceiptKey)
FIELDS = {
    "chain_id": uints,
    "wallet": addresses,
    "agent": addresses,
    "token": addresses,
    "to": addresses,
    "amount": uints,
    "category": words,
}
terms_of_any_payment = st.builds(PaymentTerms, **FIELDS)


def address(number: int) -> Address:
    """
    Somebody.
    """
    return checksummed(f"0x{number:040x}")


TERMS = PaymentTerms(
    chain_id=31_337,
    wallet=address(1),
    agent=address(2),
    token=address(3),
    to=address(4),
    amount=10_000_000,
    category=Bytes32(b"refund".ljust(32, b"\0")),
)
KEY = ReceiptKey(bytes(range(32)))


def test_mint__known_payment__is_what_it_has_always_been() -> None:
    """
    Receipts outlive a release: the encoding never changes.
    """
    ref = KEY.mint(TERMS, b"\x11" * 16)

    assert ref.hex() == "11" * 16 + "49cb00de0832c5c41b4ad00ea0c77f36"


@given(keys, terms_of_any_payment, salts)
def test_receipt__for_its_own_payment__verifies(
    key: ReceiptKey, terms: PaymentTerms, salt: bytes
) -> None:
    """
    Any payment can be declared; the salt is the first half.
    """
    ref = key.mint(terms, salt)

    assert len(ref) == 32
    assert ref[:16] == salt
    assert key.vouches_for(terms, ref)


@given(st.data(), terms_of_any_payment, salts, st.sampled_from(sorted(FIELDS)))
def test_receipt__with_any_field_altered__is_refused(
    data: Any, terms: PaymentTerms, salt: bytes, field: str
) -> None:
    """
    Another chain, wallet, agent, token, recipient, amount or category is another payment.
    """
    ref = KEY.mint(terms, salt)
    other = data.draw(FIELDS[field].filter(lambda value: value != getattr(terms, field)))

    assert not KEY.vouches_for(replace(terms, **{field: other}), ref)


@given(terms_of_any_payment, salts, st.integers(0, 255))
def test_receipt__with_any_bit_altered__is_refused(
    terms: PaymentTerms, salt: bytes, bit: int
) -> None:
    """
    Both the salt and the seal count, whole.
    """
    ref = int.from_bytes(KEY.mint(terms, salt), "big") ^ (1 << bit)

    assert not KEY.vouches_for(terms, ref.to_bytes(32, "big"))


@given(terms_of_any_payment, salts, st.binary(min_size=32, max_size=32))
def test_receipt__by_another_key__is_refused(
    terms: PaymentTerms, salt: bytes, secret: bytes
) -> None:
    """
    Nobody mints without the key.
    """
    other = ReceiptKey(secret)

    assert other.vouches_for(terms, KEY.mint(terms, salt)) == KEY.is_secret(secret)


@given(terms_of_any_payment, terms_of_any_payment)
def test_encoding__of_different_payments__differs(one: PaymentTerms, other: PaymentTerms) -> None:
    """
    Fixed widths: nothing runs over into the next field.
    """
    assert len(one.encode()) == 7 * 32
    assert (one.encode() == other.encode()) == (one == other)


@pytest.mark.parametrize("ref", [b"", b"\0" * 31, b"\0" * 33, b"\0" * 32])
def test_verify__what_is_no_receipt__is_refused_and_raises_nothing(ref: bytes) -> None:
    """
    A `ref` is anybody's to choose.
    """
    assert not KEY.vouches_for(TERMS, ref)


@pytest.mark.parametrize(
    "wrong", [{"amount": -1}, {"amount": 2**256}, {"category": Bytes32(b"refund")}]
)
def test_encode__what_no_payment_can_be__raises(wrong: dict[str, Any]) -> None:
    """
    Nothing is cut to fit.
    """
    with pytest.raises(ValueError, match=r"256 bits|32 bytes"):
        replace(TERMS, **wrong).encode()


def test_mint__short_salt__raises() -> None:
    """
    Sixteen random bytes, always.
    """
    with pytest.raises(ValueError, match="16 random bytes"):
        KEY.mint(TERMS, b"\0" * 15)


def test_accept__same_receipt_twice__is_used_the_second_time() -> None:
    """
    Single use: repeating a payment with its receipt is an undeclared spend.
    """
    receipts = Receipts(KEY, UsedInMemory())
    ref = KEY.mint(TERMS, b"\x11" * 16)

    assert receipts.check(TERMS, ref) is None
    assert receipts.accept(TERMS, ref) is None
    assert receipts.accept(TERMS, ref) is ReceiptProblem.USED
    assert receipts.check(TERMS, ref) is ReceiptProblem.USED


def test_accept__forged_use_of_a_receipt__leaves_it_good_for_its_own_payment() -> None:
    """
    Seeing somebody's receipt in the queue is not enough to spoil it.
    """
    receipts = Receipts(KEY, UsedInMemory())
    ref = KEY.mint(TERMS, b"\x11" * 16)

    assert receipts.accept(replace(TERMS, amount=1), ref) is ReceiptProblem.FORGED
    assert receipts.check(replace(TERMS, amount=1), ref) is ReceiptProblem.FORGED
    assert receipts.accept(TERMS, ref) is None


def test_key__shown__is_not_shown() -> None:
    """
    Logs and tracebacks do not tell it.
    """
    assert "0102" not in f"{KEY!r} {KEY}"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_key__of_another_length__is_refused(length: int) -> None:
    """
    32 bytes, neither less nor more.
    """
    with pytest.raises(ReceiptKeyError, match=f"has {length}"):
        ReceiptKey(b"\1" * length)


# Rotation

OLD, OLDER, NEW = (ReceiptKey(bytes([n]) * 32) for n in (1, 2, 3))
AT = 1_767_607_200


@pytest.mark.parametrize(
    ("key", "at", "problem"),
    [
        (NEW, AT + 10**9, None),
        (OLD, AT - 1, None),
        (OLD, AT, ReceiptProblem.RETIRED),
        (OLD, None, None),
        (OLDER, AT - 101, None),
        (OLDER, AT - 100, ReceiptProblem.RETIRED),
        (KEY, AT - 101, ReceiptProblem.FORGED),
    ],
)
def test_verify__after_rotations__each_key_is_good_for_its_own_time(
    key: ReceiptKey, at: int | None, problem: ReceiptProblem | None
) -> None:
    """
    History still verifies; a key that was retired vouches for nothing that is declared later.
    """
    keys = ReceiptKeys(OLDER).rotated(OLD, AT - 100).rotated(NEW, AT)
    ref = key.mint(TERMS, b"\x11" * 16)

    assert verify(keys, TERMS, ref, at) is problem
    assert Receipts(keys, UsedInMemory()).accept(TERMS, ref, at) is problem
    assert keys.mint(TERMS, b"\x11" * 16) == NEW.mint(TERMS, b"\x11" * 16)


def test_accept__receipt_of_a_retired_key_late__is_not_remembered() -> None:
    """
    What is refused uses nothing up.
    """
    receipts = Receipts(ReceiptKeys(NEW, [RetiredKey(OLD, AT)]), UsedInMemory())
    ref = OLD.mint(TERMS, b"\x11" * 16)

    assert receipts.accept(TERMS, ref, AT) is ReceiptProblem.RETIRED
    assert receipts.accept(TERMS, ref, AT - 1) is None
    assert receipts.accept(TERMS, ref, AT - 1) is ReceiptProblem.USED


@given(keys, keys, terms_of_any_payment, salts, st.integers(0, 255))
def test_verify__with_any_bit_altered_under_several_keys__is_forged(
    one: ReceiptKey, other: ReceiptKey, terms: PaymentTerms, salt: bytes, bit: int
) -> None:
    """
    More keys do not make it easier to forge.
    """
    ring = ReceiptKeys(KEY, {key.id: RetiredKey(key, AT) for key in (one, other)}.values())
    for key in (one, other, KEY):
        ref = int.from_bytes(key.mint(terms, salt), "big")
        assert verify(ring, terms, ref.to_bytes(32, "big"), AT - 1) is None
        altered = (ref ^ (1 << bit)).to_bytes(32, "big")
        assert verify(ring, terms, altered, AT - 1) is ReceiptProblem.FORGED


def test_keys__same_key_twice__are_refused() -> None:
    """
    A key that is put into use again would vouch for ever.
    """
    with pytest.raises(ReceiptKeyError, match="listed twice"):
        ReceiptKeys(OLD, [RetiredKey(OLD, AT)])


def test_key__its_id__tells_keys_apart_and_not_what_they_are() -> None:
    """
    Eight digits, the same whenever, in no receipt and in no key.
    """
    assert OLD.id == ReceiptKey(b"\1" * 32).id != NEW.id
    assert len(OLD.id) == 8
    assert OLD.id not in "01" * 32
    assert repr(ReceiptKeys(OLD)) == f"<ReceiptKeys {OLD.id}, 0 retired, not shown>"


def test_key_file__rotated__mints_with_the_new_and_verifies_with_the_old(tmp_path: Path) -> None:
    """
    Twice over; the file stays its owner's, and no draft is left.
    """
    path = tmp_path / "receipt.key"
    first = load_receipt_key(path)
    second = rotate_receipt_key(path, AT - 100).current
    keys = rotate_receipt_key(path, AT)

    assert load_receipt_key(path).id == keys.current.id not in (first.id, second.id)
    assert [(retired.key.id, retired.until) for retired in load_receipt_keys(path).retired] == [
        (second.id, AT),
        (first.id, AT - 100),
    ]
    assert verify(load_receipt_keys(path), TERMS, first.mint(TERMS, b"\0" * 16), AT - 101) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["receipt.key"]


@pytest.mark.parametrize(
    "line",
    [
        "{0}",
        "{0} until",
        "{0} until soon",
        "{0} until -1",
        "until 5",
        "{0} until 5 6",
        "{1} until 5",
    ],
)
def test_key_file__with_a_retired_line_that_is_none__is_refused(tmp_path: Path, line: str) -> None:
    """
    A damaged line is not passed over: history would not verify, and nobody would know why. Neither
    is a key that is listed twice.
    """
    path = tmp_path / "receipt.key"
    path.write_text("11" * 32 + "\n" + line.format("22" * 32, "11" * 32) + "\n")
    path.chmod(0o600)

    with pytest.raises(ReceiptKeyError, match="until <Unix seconds>") as refused:
        load_receipt_keys(path)

    assert "11" * 32 not in str(refused.value)
    with pytest.raises(ReceiptKeyError):
        rotate_receipt_key(path, AT)


def test_rotate__no_file__is_refused(tmp_path: Path) -> None:
    """
    There is nothing to retire; connecting makes the first key.
    """
    with pytest.raises(ReceiptKeyError, match=str(tmp_path)):
        rotate_receipt_key(tmp_path / "receipt.key", AT)


def test_key_file__missing__is_made_for_its_owner_only(tmp_path: Path) -> None:
    """
    Made once, read from then on; no draft stays behind.
    """
    path = tmp_path / "deep" / "receipt.key"

    first = load_receipt_key(path)
    again = load_receipt_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert again.is_secret(bytes.fromhex(path.read_text()))
    assert first.mint(TERMS, b"\0" * 16) == again.mint(TERMS, b"\0" * 16)
    assert os.listdir(path.parent) == ["receipt.key"]


def test_key_file__made_by_many_at_once__is_one_key(tmp_path: Path) -> None:
    """
    Whoever comes second uses the first one's.
    """
    path = tmp_path / "receipt.key"

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_receipt_key(path), range(8)))

    assert len({key.mint(TERMS, b"\0" * 16) for key in made}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601, 0o777])
def test_key_file__open_to_others__is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    """
    A key that others may have read is none.
    """
    path = tmp_path / "receipt.key"
    load_receipt_key(path)
    path.chmod(mode)

    with pytest.raises(ReceiptKeyError, match=rf"{mode:04o}.*chmod 600"):
        load_receipt_key(path)


@pytest.mark.parametrize("content", ["", "00" * 31, "zz" * 32, "00" * 33, "\N{SNOWMAN}" * 32])
def test_key_file__without_a_key__is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    """
    A damaged file is not silently replaced, and its content is not shown.
    """
    path = tmp_path / "receipt.key"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(ReceiptKeyError, match="64 hex digits") as refused:
        load_receipt_key(path)

    assert path.read_text() == content
    assert not content or content not in str(refused.value)


def test_key_file__missing_where_it_may_not_be_made__says_where(tmp_path: Path) -> None:
    """
    A watcher that verifies must not invent a key.
    """
    with pytest.raises(ReceiptKeyError, match=str(tmp_path)):
        load_receipt_key(tmp_path / "receipt.key", create=False)


def test_key_file__a_folder__is_refused(tmp_path: Path) -> None:
    """
    A path that was mistyped is named.
    """
    with pytest.raises(ReceiptKeyError, match=str(tmp_path)):
        load_receipt_key(tmp_path)
