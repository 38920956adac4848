"""
Signed payments on the wire: what comes back is what was sent, and whatever else is refused in one
way.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.agent import SignedPayment, SignedPaymentError
from bursar.types import MAX_UINT256, checksummed

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: checksummed("0x" + raw.hex()))
words = st.binary(min_size=32, max_size=32)
uints = st.integers(0, MAX_UINT256)
payments = st.builds(
    SignedPayment,
    chain_id=st.integers(1, 2**64),
    wallet=addresses,
    agent=addresses,
    token=addresses,
    to=addresses,
    amount=uints,
    category=words,
    ref=words,
    epoch=uints,
    nonce=uints,
    deadline=uints,
    signature=st.binary(max_size=1_024),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(payments)
def test_json__there_and_back__is_the_same(payment: SignedPayment) -> None:
    """
    As text and as bytes, and it is one line.
    """
    text = payment.to_json()

    assert SignedPayment.from_json(text) == SignedPayment.from_json(text.encode()) == payment
    assert "\n" not in text


@given(payments, st.sampled_from(sorted(SignedPayment.model_fields)), anything)
def test_json__with_any_field_replaced__is_refused_or_what_it_says(
    payment: SignedPayment, field: str, value: Any
) -> None:
    """
    Nothing but one kind of error, and nothing is read as something that it does not say.
    """
    told = json.loads(payment.to_json()) | {field: value}

    try:
        found = SignedPayment.from_json(json.dumps(told))
    except SignedPaymentError:
        return
    assert json.loads(found.to_json())[field] == (str(value) if _is_number(found, field) else value)


def _is_number(payment: SignedPayment, field: str) -> bool:
    return field in ("amount", "epoch", "nonce", "deadline")


@given(payments, st.integers(0, 3_000), st.binary(min_size=1, max_size=3))
def test_json__with_any_bytes_replaced__raises_nothing_else(
    payment: SignedPayment, at: int, junk: bytes
) -> None:
    """
    A relayer reads what strangers send.
    """
    raw = payment.to_json().encode()
    place = at % len(raw)

    with suppress(SignedPaymentError):
        SignedPayment.from_json(raw[:place] + junk + raw[place + len(junk) :])


@pytest.mark.parametrize(
    "text",
    ["[" * 8_000, '{"a":' * 1_600, "9" * 8_000, " " * 8_193, '{"amount": 1e999}', "NaN", "\ud800"],
)
def test_json__made_to_hurt__is_refused(text: str) -> None:
    """
    Depth, length and numbers beyond reason.
    """
    with pytest.raises(SignedPaymentError, match="no signed payment"):
        SignedPayment.from_json(text)
