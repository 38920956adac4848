"""
What an agent signs for others to relay: exactly the type and domain of the interface's page.
"""

from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data

from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.types import MAX_UINT256, checksummed, keccak
from tests.unit.office import AGENT, NOON, RECIPIENT, REFUND, TOKEN, actor, name_of

INTERFACE = Path(__file__).parents[2] / "docs" / "interface.md"
CHAIN_ID = 31_337
WALLET = actor("wallet")
PAYMENT = SignablePayment(
    agent=AGENT,
    token=TOKEN,
    to=RECIPIENT,
    amount=MAX_UINT256,
    category=REFUND,
    ref=name_of("order 1"),
    epoch=3,
    nonce=2**200 + 1,
    deadline=NOON,
)
TYPE = (
    "Payment(address agent,address token,address to,uint256 amount,bytes32 category,bytes32 ref,"
    "uint256 epoch,uint256 nonce,uint256 deadline)"
)
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def typed(payment: SignablePayment = PAYMENT, **place: Any) -> dict[str, Any]:
    """
    The typed data, of the usual wallet and chain unless told otherwise.
    """
    return build_typed_data(payment, **{"chain_id": CHAIN_ID, "wallet": WALLET} | place)


def digest_by_hand() -> bytes:
    """
    The digest as EIP-712 says, from the page's own words and no library for typed data.
    """
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(DOMAIN_TYPE.encode()), keccak(b"Bursar HotWallet"), keccak(b"1"), CHAIN_ID, WALLET],
    )
    kinds = ["address"] * 3 + ["uint256", "bytes32", "bytes32"] + ["uint256"] * 3
    message = encode(["bytes32", *kinds], [keccak(TYPE.encode()), *astuple(PAYMENT)])
    return keccak(b"\x19\x01" + keccak(domain) + keccak(message))


def test_typed_data__hashed_by_a_library__is_the_digest_of_the_page():
    """The type, the domain and the order of the fields are those that the wallet hashes."""
    signed = Account.from_key(b"\1" * 32).sign_message(encode_typed_data(full_message=typed()))
    assert bytes(signed.message_hash) == digest_by_hand()
    assert TYPE in INTERFACE.read_text()


def test_typed_data__signed_by_a_key__recovers_its_address():
    """Whoever holds the agent's key can sign it with the usual library."""
    account = Account.from_key(b"\1" * 32)
    message = encode_typed_data(full_message=typed(replace(PAYMENT, agent=account.address)))
    signature = account.sign_message(message).signature
    recovered = Account.recover_message(message, signature=signature)
    assert checksummed(recovered) == account.address
    assert len(signature) == 65


@pytest.mark.parametrize("name", [field.name for field in fields(SignablePayment)])
def test_typed_data__any_field_changed__is_another_message(name):
    """A signature is good for one payment only."""
    old = getattr(PAYMENT, name)
    new: object
    if isinstance(old, bytes):
        new = name_of("another")
    else:
        new = old - 1 if isinstance(old, int) else actor("another")
    changed = typed(replace(PAYMENT, **{name: new}))
    assert encode_typed_data(full_message=changed) != encode_typed_data(full_message=typed())


@pytest.mark.parametrize("place", [{"chain_id": 1}, {"wallet": actor("another")}])
def test_typed_data__another_chain_or_wallet__is_another_domain(place):
    """It cannot be replayed elsewhere."""
    assert encode_typed_data(full_message=typed(**place)) != encode_typed_data(full_message=typed())
