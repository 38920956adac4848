"""
The tests' own way of signing: the same digest as the library's, and signatures that recover.
"""

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_keys.datatypes import Signature

from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.types import NATIVE, Address, Bytes32
from tests.harness.signing import ORDER, key, payment_digest, with_high_s

AGENT = key("agent")
WALLET = key("wallet").address
PAYMENT = SignablePayment(
    agent=AGENT.address,
    token=NATIVE,
    to=Address(key("recipient").address),
    amount=2**200 + 7,
    category=Bytes32(b"refund".ljust(32, b"\0")),
    ref=Bytes32(b"\7" * 32),
    epoch=3,
    nonce=2**256 - 1,
    deadline=1_767_571_200,
)


def test_digest__of_a_payment__is_what_the_library_hashes() -> None:
    """
    Two ways to hash typed data agree.
    """
    typed = encode_typed_data(full_message=build_typed_data(PAYMENT, chain_id=31, wallet=WALLET))
    digest = payment_digest(PAYMENT, chain_id=31, wallet=WALLET)
    assert digest == bytes(_hash_eip191_message(typed))


@pytest.mark.parametrize("which", range(4))
def test_sign__any_nonce__recovers_to_the_key(which: int) -> None:
    """
    The s is low; its mirror image recovers to the same key.
    """
    for number in range(20):
        digest = payment_digest(PAYMENT, chain_id=number, wallet=WALLET)
        signature = AGENT.sign(digest, which)
        assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
        for found in (signature, with_high_s(signature)):
            plain = Signature(found[:64] + bytes([found[64] - 27]))
            signer = plain.recover_public_key_from_msg_hash(digest).to_checksum_address()
            assert signer == AGENT.address


def test_sign__accounts_of_the_library__agree_on_the_address() -> None:
    """
    A key's address is the library's.
    """
    assert Account.from_key(AGENT.secret).address == AGENT.address
