"""
Agents that sign their payments for somebody else to submit: real keys, real EIP-712 hashes.
"""

from dataclasses import replace
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount

from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.types import Address
from tests.harness.evm import Contract, Receipt
from tests.harness.world import GENERAL, HOUR, World, ref

# The id that pyrevm's chain has.
CHAIN_ID = 1

SIGNER: LocalAccount = Account.from_key(b"\x11" * 32)
THIEF: LocalAccount = Account.from_key(b"\x22" * 32)


def signable(world: World, amount: int, **changes: Any) -> SignablePayment:
    """
    A payment of the signing agent's that is good for an hour, with these fields changed.
    """
    payment = SignablePayment(
        agent=Address(SIGNER.address),
        token=Address(world.token.address),
        to=Address(world.recipient),
        amount=amount,
        category=GENERAL,
        ref=ref(1),
        epoch=world.wallet.epoch(),
        nonce=0,
        deadline=world.now + HOUR,
    )
    return replace(payment, **changes)


def digest_of(
    payment: SignablePayment, wallet: Contract, chain_id: int = CHAIN_ID
) -> SignableMessage:
    """
    What is signed, before it is hashed.
    """
    data = build_typed_data(payment, chain_id=chain_id, wallet=Address(wallet.address))
    return encode_typed_data(full_message=data)


def sign(
    payment: SignablePayment,
    wallet: Contract,
    signer: LocalAccount = SIGNER,
    chain_id: int = CHAIN_ID,
) -> bytes:
    """
    The 65 bytes r, s, v.
    """
    return bytes(signer.sign_message(digest_of(payment, wallet, chain_id)).signature)


def arguments(payment: SignablePayment, signature: bytes) -> tuple[Any, ...]:
    """
    What `pay_signed` takes: everything that was signed but the epoch, and the signature.
    """
    p = payment
    head = (p.agent, p.token, p.to, p.amount, p.category, p.ref)
    return (*head, p.nonce, p.deadline, signature)


def submit(
    world: World, payment: SignablePayment, signature: bytes | None = None, **kwargs: Any
) -> Receipt:
    """
    By a stranger, with the agent's own signature, unless said otherwise.
    """
    wallet: Contract = kwargs.pop("wallet", world.wallet)
    if signature is None:
        signature = sign(payment, wallet)
    sender = kwargs.pop("sender", world.stranger)
    return wallet.call("pay_signed", *arguments(payment, signature), sender=sender)
