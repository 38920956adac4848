"""
Payments that an agent signs for somebody else to bring, on a real node: nonces, keys elsewhere, and
what goes over the wire.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.agent import (
    AgentWallet,
    AsyncAgentWallet,
    AsyncRelayer,
    Payment,
    PaymentStatus,
    SettingsError,
    SignedPayment,
    SignedPaymentError,
    SigningError,
)
from bursar.agent.signed import digest_of
from bursar.chain.errors import NoGasMoneyError
from bursar.chain.safe_setup import create_safe, deploy_safe_contracts
from bursar.devnet import USDC, address_of
from bursar.events import NonceVoided, Paid
from bursar.reasons import Reason
from bursar.receipts import PaymentTerms, verify
from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.store.key_file import load_receipt_keys
from bursar.types import DAY, Address
from tests.integration.agents import (
    QUICK,
    Connect,
    Relay,
    book_of,
    loosen,
    options,
    pay,
    sign,
)
from tests.integration.live import GENERAL, LiveWorld, budget


def without_gas(world: LiveWorld, key: LocalAccount) -> None:
    """
    Not a wei.
    """
    world.chain.fund(address_of(key), 0)


# An agent without native currency


def test_sign_and_relay__agent_without_a_wei__is_paid_by_its_wallet(
    world: LiveWorld, connect: Connect, relayer: Relay, tmp_path: Path
) -> None:
    """
    The agent signs, anybody with gas brings it, and it is the agent's payment in every respect.
    """
    without_gas(world, world.agent)
    wallet = connect(book=book_of(world))
    with pytest.raises(NoGasMoneyError):
        pay(wallet, world, "10")

    signed = sign(wallet, world, "10.5", to="vendor", reference="order-1", note="thanks")
    payment = relayer(book=book_of(world)).relay(SignedPayment.from_json(signed.to_json()))

    assert payment.executed
    assert (payment.agent, payment.to) == (address_of(world.agent), world.recipient)
    assert payment.recipient == "vendor"
    assert (payment.amount_formatted, payment.category) == ("10.5 USDC", "general")
    assert payment.receipt == signed.receipt
    assert world.usdc_of(world.recipient) == 10_500_000
    left = payment.remaining
    assert left is not None
    assert (left.hour, left.day, left.payments) == world.remaining(world.agent)
    assert world.chain.fetch_balance(address_of(world.agent)) == 0
    (event,) = [e for e in world.fetch_history() if isinstance(e, Paid)]
    keys = load_receipt_keys(tmp_path / "receipt.key")
    terms = PaymentTerms.of(world.chain.chain_id, event)
    assert verify(keys, terms, event.ref, event.at) is None


def test_sign__large__is_queued_when_it_is_relayed(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    A signature is no way around the queue.
    """
    signed = sign(connect(world.other_agent), world, "80")

    payment = relayer().relay(signed)

    assert payment.queued
    assert payment.id is not None
    assert world.usdc_of(world.recipient) == 0
    assert connect(world.other_agent).payment(payment.id).queued


def test_sign__journal__says_before_it_is_signed_with_which_nonce(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    A receipt on chain leads to the reference, whoever relayed it; the signature is not kept.
    """
    signed = sign(connect(), world, reference="order-1")

    (line,) = [json.loads(text) for text in (tmp_path / "payments.jsonl").read_text().splitlines()]

    assert (line["step"], line["reference"]) == ("declared", "order-1")
    assert line["receipt"] == signed.receipt
    assert line["signed"] == {"nonce": "0", "deadline": signed.deadline}
    assert signed.signature.hex() not in json.dumps(line)


def test_sign__what_the_wallet_denies_now__is_not_signed(
    world: LiveWorld, connect: Connect
) -> None:
    """
    A refusal is a value, with its reason, and uses up no nonce.
    """
    wallet = connect()

    denied = wallet.sign_payment("USDC", world.recipient, "100.000001", category="general")

    assert isinstance(denied, Payment)
    assert denied.reason is Reason.PAYMENTS_AMOUNT
    assert sign(wallet, world).nonce == 0


# Nonces


def test_sign__one_after_the_other__is_numbered_in_sequence(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    Also by another process on the same machine; what was paid or voided elsewhere is passed over;
    a file that is lost is made up for from the chain.
    """
    first = [sign(connect(), world).nonce for _ in range(3)]
    world.wallet.send(world.agent, "void_nonce", 3)
    world.wallet.send(world.agent, "void_nonce", 4)
    after_gap = sign(connect(), world).nonce
    for nonce in range(3):
        world.wallet.send(world.agent, "void_nonce", nonce)
    (tmp_path / "nonces.json").unlink()
    from_chain = sign(connect(), world).nonce
    other_wallet = sign(connect(world.clerk, wallet=world.second_wallet.address), world).nonce

    assert (first, after_gap, from_chain, other_wallet) == ([0, 1, 2], 5, 5, 0)


def test_sign__by_threads_at_once__no_nonce_twice(world: LiveWorld, connect: Connect) -> None:
    """
    Of one wallet object, and of several.
    """
    wallets = [connect(), connect()]

    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda n: sign(wallets[n % 2], world, "1"), range(24)))

    assert sorted(one.nonce for one in signed) == list(range(24))


def sign_some(choices: dict[str, Any], to: Address, count: int) -> list[int]:
    """
    In a process of its own.
    """
    wallet = AgentWallet.connect(**choices)
    signed = [wallet.sign_payment("USDC", to, "1", category="general") for _ in range(count)]
    return [one.nonce for one in signed if isinstance(one, SignedPayment)]


def test_sign__by_processes_at_once__no_nonce_twice(world: LiveWorld, tmp_path: Path) -> None:
    """
    They share the folder of the receipt key, and with it the nonces.
    """
    choices = options(world, tmp_path, world.agent) | {"key": bytes(world.agent.key)}

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(sign_some, [(choices, world.recipient, 8)] * 3)

    assert sorted(nonce for some in found for nonce in some) == list(range(24))


def test_sign__in_place_of_another__one_of_both_is_paid(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    The same nonce takes the first one's place without a transaction.
    """
    wallet = connect()
    first = sign(wallet, world, "10")
    second = sign(wallet, world, "20", nonce=first.nonce)

    assert relayer().relay(second).executed
    assert relayer().relay(first).reason is Reason.SIGNATURES_NONCE
    assert world.usdc_of(world.recipient) == 20 * USDC
    late = wallet.sign_payment("USDC", world.recipient, "1", category="general", nonce=first.nonce)
    assert isinstance(late, Payment)
    assert late.reason is Reason.SIGNATURES_NONCE


def test_nonces__file_that_holds_none__is_left_alone(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    What cannot be read is not started again from nothing.
    """
    (tmp_path / "nonces.json").write_text('{"a": -1}')

    with pytest.raises(Exception, match=r"nonces.json does not hold nonces"):
        sign(connect(), world)

    assert (tmp_path / "nonces.json").read_text() == '{"a": -1}'


# Voiding


def test_void__signed_payment__is_never_paid(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    By the payment or its nonce, once; it is logged.
    """
    wallet = connect()
    signed = sign(wallet, world)

    done, again = wallet.void(signed), wallet.void(signed.nonce)

    assert (done.status, done.nonce) == ("voided", 0)
    assert done.transaction is not None
    assert (again.denied, again.reason, again.transaction) == (True, Reason.SIGNATURES_NONCE, None)
    assert relayer().relay(signed).reason is Reason.SIGNATURES_NONCE
    (event,) = [e for e in world.fetch_history() if isinstance(e, NonceVoided)]
    assert (event.agent, event.nonce) == (address_of(world.agent), 0)


def test_void__what_was_paid_or_is_not_its_own__is_refused(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Too late is a value; somebody else's is an error, and so is what is no nonce.
    """
    wallet = connect()
    signed = sign(wallet, world)
    relayer().relay(signed)

    assert wallet.void(signed).reason is Reason.SIGNATURES_NONCE
    assert connect(world.stranger).void(0).reason is Reason.ACCESS_AGENT
    with pytest.raises(SignedPaymentError, match="only that agent"):
        connect(world.other_agent).void(signed)
    for nonce in (-1, 2**256, True):
        with pytest.raises(SignedPaymentError, match="no nonce"):
            wallet.void(nonce)


@pytest.mark.parametrize("seconds", [0, -1, DAY + 1])
def test_sign__for_longer_than_a_day_or_not_at_all__raises(
    world: LiveWorld, connect: Connect, seconds: int
) -> None:
    """
    The chain takes no more than a day ahead.
    """
    with pytest.raises(SignedPaymentError, match="1 to 86400 seconds"):
        sign(connect(), world, valid_for=seconds)


def test_sign__for_a_whole_day__is_paid(world: LiveWorld, connect: Connect, relayer: Relay) -> None:
    """
    The longest that there is, in the same block's time and at its end.
    """
    signed = sign(connect(), world, valid_for=DAY)

    assert DAY <= signed.deadline - world.chain.fetch_now() < DAY + 60
    assert relayer().relay(signed).executed


# What became of it


def test_outcome__of_a_signed_payment__is_what_the_chain_tells(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Open, paid with what only this machine knows, voided, expired, void with the epoch: the relayer
    need not be asked.
    """
    wallet, bringing = connect(), relayer()
    paid, voided, late, void = (sign(wallet, world, reference=f"order-{n}") for n in range(4))

    before = wallet.outcome(paid)
    relayed = bringing.relay(paid)
    wallet.void(voided)
    after = wallet.outcome(paid)

    assert (before.status, before.transaction) == (PaymentStatus.SIGNED, None)
    assert before.expires_at == paid.deadline
    assert (after.status, after.transaction) == (PaymentStatus.EXECUTED, relayed.transaction)
    assert (after.reference, after.receipt) == ("order-0", paid.receipt)
    assert after.created_at == relayed.created_at
    assert wallet.outcome(voided).status is PaymentStatus.CANCELLED
    assert "voided" in wallet.outcome(voided).message
    world.wallet.send(world.keeper, "cancel_all", "drill")
    assert wallet.outcome(void).status is PaymentStatus.CANCELLED
    assert "epoch" in wallet.outcome(void).message
    world.chain.warp(to=late.deadline + 1)
    assert wallet.outcome(late).status is PaymentStatus.EXPIRED
    assert wallet.outcome(paid).executed


def test_outcome__of_one_that_waits__follows_it_to_its_end(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    Queued, then executed; and somebody else's is refused.
    """
    wallet = connect(world.other_agent)
    signed = sign(wallet, world, "80")
    queued = relayer().relay(signed)

    assert wallet.outcome(signed).queued
    world.chain.warp(to=queued.ready_at)
    wallet.execute(queued.id or "")
    assert wallet.outcome(signed).executed
    with pytest.raises(SignedPaymentError, match="connect as that agent"):
        connect().outcome(signed)


# Agents whose key is elsewhere


class SafeAgent:
    """
    A real Safe of two owners as an agent: both sign the digest as a Safe message (ERC-1271).
    """

    def __init__(self, world: LiveWorld) -> None:
        self.world = world
        self.owners = [world.chain.new_account(f"agent owner {n}") for n in range(2)]
        contracts = deploy_safe_contracts(world.chain, world.deployer)
        owners = [address_of(owner) for owner in self.owners]
        safe = create_safe(world.chain, world.deployer, contracts, owners, 2)
        self.address = safe.address
        loosen(
            world,
            world.wallet.build_call(
                "set_budget", self.address, world.usdc.address, GENERAL, budget()
            ),
        )

    def sign(self, typed_data: dict[str, Any], signers: int = 2) -> bytes:
        """
        What the owners' wallets would do.
        """
        digest = digest_of(typed_data)
        message = {
            "types": {
                "EIP712Domain": [
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                "SafeMessage": [{"name": "message", "type": "bytes"}],
            },
            "primaryType": "SafeMessage",
            "domain": {
                "chainId": self.world.chain.chain_id,
                "verifyingContract": self.address,
            },
            "message": {"message": encode(["bytes32"], [digest])},
        }
        ordered = sorted(self.owners, key=lambda owner: int(owner.address, 16))
        parts = [
            bytes(Account.sign_typed_data(owner.key, full_message=message).signature)
            for owner in ordered[:signers]
        ]
        return b"".join(parts)


def test_sign__agent_that_is_a_safe__is_paid_when_its_owners_sign(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    A smart account has a budget like any agent, and a callback that supplies its signature.
    """
    safe = SafeAgent(world)
    wallet = connect(key=None, agent=safe.address, signer=safe.sign)

    signed = sign(wallet, world)
    payment = relayer().relay(signed)

    assert (len(signed.signature), payment.executed) == (130, True)
    assert payment.agent == safe.address
    assert world.usdc_of(world.recipient) == 10 * USDC
    assert relayer().relay(signed).reason is Reason.SIGNATURES_NONCE
    with pytest.raises(SigningError, match="sign_payment"):
        pay(wallet, world, "1")


def test_sign__signature_of_too_few_owners__is_not_handed_out(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    What the chain would refuse is an error here, and a denial at whoever got it elsewhere.
    """
    safe = SafeAgent(world)
    good = sign(connect(key=None, agent=safe.address, signer=safe.sign), world)
    half = connect(key=None, agent=safe.address, signer=lambda data: safe.sign(data, 1))

    with pytest.raises(SigningError, match="Nothing was handed out"):
        sign(half, world)
    short = good.model_copy(update={"signature": good.signature[:65]})
    assert relayer().relay(short).reason is Reason.SIGNATURES_AGENT


def test_sign__key_in_another_place__signs_by_a_callback(
    world: LiveWorld, connect: Connect, relayer: Relay
) -> None:
    """
    A key server for a plain account works the same; another's signature and none do not.
    """

    def served(typed_data: dict[str, Any]) -> bytes:
        return bytes(Account.sign_typed_data(world.agent.key, full_message=typed_data).signature)

    agent = world.agent.address
    wallet = connect(key=None, agent=agent, signer=served)

    assert relayer().relay(sign(wallet, world)).executed
    with pytest.raises(SigningError, match="another key's"):
        sign(connect(key=None, agent=world.other_agent.address, signer=served), world)
    with pytest.raises(SigningError, match="answered str"):
        sign(connect(key=None, agent=agent, signer=lambda _: "0x00"), world)


def test_connect__signer_without_an_agent__is_refused(world: LiveWorld, connect: Connect) -> None:
    """
    Whom it signs for is not guessed, and a key that contradicts it is not used.
    """
    with pytest.raises(SettingsError, match="Pass agent="):
        connect(signer=lambda _: b"")
    with pytest.raises(SettingsError, match="not of agent"):
        connect(agent=world.clerk.address)
    assert connect(agent=world.agent.address).agent == world.agent.address


# On the wire


def test_signed_payment__as_json__comes_back_the_same_and_holds_no_key(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Numbers as text, bytes as hex; nothing of it is the key's.
    """
    signed = sign(connect(), world)
    text = signed.to_json()

    told = json.loads(text)

    assert SignedPayment.from_json(text) == signed
    assert (told["amount"], told["nonce"], told["format"]) == (
        "10000000",
        "0",
        "bursar signed payment 1",
    )
    assert bytes(world.agent.key).hex() not in text + repr(signed)
    assert signed.typed_data == build_typed_data(
        SignablePayment(
            **{name: getattr(signed, name) for name in SignablePayment.__dataclass_fields__}
        ),
        chain_id=31_337,
        wallet=world.wallet.address,
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"amount": -1}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": str(2**256)}, "amount"),
        ({"ref": "0x12"}, "ref"),
        ({"ref": "zz"}, "ref"),
        ({"to": "0x52908400098527886E0F7030069857D2E4169eE7"}, "to"),
        ({"signature": "0x" + "00" * 1_025}, "signature"),
        ({"format": "bursar signed payment 2"}, "format"),
        ({"key": "0x00"}, "key"),
        ({"chain_id": "1"}, "chain_id"),
    ],
)
def test_signed_payment__json_that_is_none__raises_with_the_field(
    world: LiveWorld, connect: Connect, changed: dict[str, Any], words: str
) -> None:
    """
    Nothing is guessed and nothing extra is taken.
    """
    told = json.loads(sign(connect(), world).to_json()) | changed

    with pytest.raises(SignedPaymentError, match=f"no signed payment: {words}"):
        SignedPayment.from_json(json.dumps(told))
    for text in ("", "[]", "{", "null", b"\xff"):
        with pytest.raises(SignedPaymentError):
            SignedPayment.from_json(text)


def test_async__sign_relay_void_and_batch__are_the_same(world: LiveWorld, tmp_path: Path) -> None:
    """
    Every call has a twin that does not hold the loop.
    """

    async def run() -> None:
        wallet = await AsyncAgentWallet.connect(**options(world, tmp_path, world.agent))
        relayer = await AsyncRelayer.connect(
            rpc_url=world.chain.rpc.url,
            wallet=world.wallet.address,
            key=world.stranger,
            patience=QUICK,
        )
        ask = {"category": "general"}
        signed = await asyncio.gather(
            *(wallet.sign_payment("USDC", world.recipient, "1", **ask) for _ in range(3))
        )
        for one in signed:
            assert isinstance(one, SignedPayment)
        first, second, third = (one for one in signed if isinstance(one, SignedPayment))
        assert await relayer.check(first) is None
        assert (await relayer.relay(first)).executed
        assert not (await wallet.void(second)).denied
        assert (await relayer.relay(second)).reason is Reason.SIGNATURES_NONCE
        assert (await wallet.preview_many("USDC", [(world.recipient, "1")], **ask)).allowed
        assert (await wallet.pay_many("USDC", [(world.recipient, "1")] * 2, **ask)).executed
        assert (await relayer.relay(third)).executed

    asyncio.run(run())

    assert world.usdc_of(world.recipient) == 4 * USDC
