"""
Payments that somebody else brings with the agent's signature, and nonces that are used up.
"""

from dataclasses import replace
from typing import Any

import pytest

from bursar.reasons import Reason
from bursar.reference import PLAIN, TOKEN_BALANCE
from bursar.signed_payments import SignablePayment
from bursar.state import fold
from bursar.types import DAY, EMPTY, HOUR, MAX_UINT256, ZERO_ADDRESS
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    NOON,
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
    name_of,
)

SIGNATURE = b"\x5a" * 65
RELAYER = STRANGER


@pytest.fixture
def office() -> Office:
    """
    A sealed wallet whose agent's payments wait from 50 on.
    """
    return Office().open(queue_from=50 * USDC)


def order(**given: Any) -> SignablePayment:
    """
    What the agent signs: a payment of 5, good for an hour.
    """
    ordinary: dict[str, Any] = {
        "agent": AGENT,
        "token": TOKEN,
        "to": RECIPIENT,
        "amount": 5,
        "category": REFUND,
        "ref": name_of("order 1"),
        "epoch": 0,
        "nonce": 0,
        "deadline": NOON + HOUR,
    }
    return SignablePayment(**ordinary | given)


def call_of(office: Office, payment: SignablePayment, signature: bytes = SIGNATURE) -> Any:
    """
    What a relayer calls.
    """
    arguments = (payment.agent, payment.token, payment.to, payment.amount)
    arguments += (payment.category, payment.ref, payment.nonce, payment.deadline, signature)
    return (RELAYER, office.wallet, "pay_signed", *arguments)


def signed(office: Office, **given: Any) -> Any:
    """
    The call of a payment that the agent has signed for this wallet.
    """
    payment = order(**given)
    office.ledger.sign(office.wallet, payment, SIGNATURE)
    return call_of(office, payment)


def test_pay_signed__by_anybody__pays_and_uses_the_nonce_up(office):
    """The agent signs, anybody brings it: once. The nonce is logged first."""
    assert office.events(*signed(office, nonce=7)) == ["NonceVoided", "Paid"]
    voided, paid = (event.content() for event in office.history[-2:])
    assert (voided["agent"], voided["nonce"]) == (AGENT, 7)
    assert (paid["agent"], paid["to"], paid["amount"]) == (AGENT, RECIPIENT, 5)
    assert office.ledger.balance_of(TOKEN, RECIPIENT) == 5
    assert office.remaining() == (300 * USDC - 5, 1_000 * USDC - 5, 99)
    assert office.view(office.wallet, "nonce_used", AGENT, 7)
    assert office.refused(*signed(office, nonce=7)) == Reason.SIGNATURES_NONCE
    assert fold(office.history) == office.state


def test_pay_signed__first_of_the_day_with_a_share__logs_nonce_base_payment():
    """Used nonces first, then what the share is of, then the payment."""
    office = Office().open(share_bps=1_000)
    assert office.events(*signed(office)) == ["NonceVoided", "ShareBaseSet", "Paid"]
    assert fold(office.history) == office.state


def test_pay_signed__large_enough__waits_like_any_other(office):
    """Queueing included: the same id, and the nonce is used."""
    id = office.do(*signed(office, amount=60 * USDC))
    assert [type(event).__name__ for event in office.history[-2:]] == [
        "NonceVoided",
        "PaymentQueued",
    ]
    assert office.view(office.wallet, "payment", id)[0] == AGENT
    assert office.refused(*signed(office, amount=60 * USDC, nonce=1)) == (
        Reason.QUEUE_ALREADY_WAITING
    )
    assert not office.view(office.wallet, "nonce_used", AGENT, 1)
    pay = (AGENT, office.wallet, "pay", TOKEN, RECIPIENT, 60 * USDC, REFUND, name_of("order 1"))
    assert office.refused(*pay) == Reason.QUEUE_ALREADY_WAITING


@pytest.mark.parametrize(
    ("deadline", "reason"),
    [
        (NOON - 1, Reason.SIGNATURES_EXPIRED),
        (0, Reason.SIGNATURES_EXPIRED),
        (NOON, None),
        (NOON + DAY, None),
        (NOON + DAY + 1, Reason.SIGNATURES_FAR),
        (MAX_UINT256, Reason.SIGNATURES_FAR),
    ],
)
def test_pay_signed__around_its_deadline__holds_up_to_it_and_a_day_ahead(office, deadline, reason):
    """`now <= deadline <= now + 1 day`."""
    call = signed(office, deadline=deadline)
    if reason is None:
        office.do(*call)
    else:
        assert office.refused(*call) == reason


@pytest.mark.parametrize(
    "changed",
    [
        {"agent": OTHER_AGENT},
        {"token": STRANGER},
        {"to": STRANGER},
        {"amount": 6},
        {"category": OTHER},
        {"ref": EMPTY},
        {"nonce": 1},
        {"deadline": NOON + HOUR + 1},
    ],
)
def test_pay_signed__anything_changed__is_not_by_the_agent(office, changed):
    """A signature is good for exactly one payment."""
    signed(office)
    call = call_of(office, replace(order(), **changed))
    assert office.refused(*call) == Reason.SIGNATURES_AGENT
    office.do(*call_of(office, order()))


def test_pay_signed__for_another_epoch_or_wallet__is_not_by_the_agent(office):
    """`cancel_all` voids every signature that was not used; another wallet is another domain."""
    call = signed(office)
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    elsewhere = (RELAYER, second, *call[2:])
    assert office.refused(*elsewhere) == Reason.SIGNATURES_AGENT
    office.do(KEEPER, office.wallet, "cancel_all", "")
    assert office.refused(*call) == Reason.SIGNATURES_AGENT
    office.do(*signed(office, epoch=1))


def test_pay_signed__another_signature__is_not_by_the_agent(office):
    """Only the agent's own, at most 1,024 bytes."""
    signed(office)
    for signature in (b"", b"\0" * 65, SIGNATURE[:-1], SIGNATURE + b"\0", b"\1" * 1_024):
        assert office.refused(*call_of(office, order(), signature)) == Reason.SIGNATURES_AGENT
    assert office.refused(*call_of(office, order(), b"\1" * 1_025)) == PLAIN


def test_pay_signed__for_the_zero_address__is_by_nobody(office):
    """What recovers to nobody recovers to zero, and that must not pass for an agent."""
    assert office.refused(*signed(office, agent=ZERO_ADDRESS)) == Reason.SIGNATURES_AGENT


def test_pay_signed__everything_amiss__names_the_first(office):
    """Deadline, nonce, signature, and only then what `pay` looks at."""
    office.do(AGENT, office.wallet, "void_nonce", 3)
    office.do(KEEPER, ORGANIZATION, "pause", ORGANIZATION, 0, "")
    wrong = {"nonce": 3, "amount": 0}
    assert office.refused(*call_of(office, order(**wrong, deadline=1))) == Reason.SIGNATURES_EXPIRED
    far = order(**wrong, deadline=NOON + 2 * DAY)
    assert office.refused(*call_of(office, far)) == Reason.SIGNATURES_FAR
    assert office.refused(*call_of(office, order(**wrong))) == Reason.SIGNATURES_NONCE
    assert office.refused(*call_of(office, order(amount=0))) == Reason.SIGNATURES_AGENT
    assert office.refused(*signed(office, amount=0)) == Reason.PAYMENTS_STOPPED
    office.do(TREASURY, ORGANIZATION, "unpause", ORGANIZATION, 1, "")
    assert office.refused(*signed(office, amount=0)) == Reason.PAYMENTS_AMOUNT


def test_pay_signed__refused__uses_no_nonce(office):
    """Whatever the reason, the same signature may be brought again."""
    call = signed(office, amount=40 * USDC)
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 60, "")
    assert office.refused(*call) == Reason.PAYMENTS_STOPPED
    office.now += 60
    held = office.ledger.balances[TOKEN, office.wallet]
    office.ledger.balances[TOKEN, office.wallet] = 0
    assert office.refused(*call) == TOKEN_BALANCE
    office.ledger.balances[TOKEN, office.wallet] = held
    assert not office.view(office.wallet, "nonce_used", AGENT, 0)
    office.do(*call)


def test_pay_signed__of_a_rotated_agent__finds_no_budget(office):
    """Its signatures are void with its budgets; the new agent's nonces are its own."""
    call = signed(office)
    office.do(TREASURY, office.wallet, "rotate_agent", AGENT, OTHER_AGENT)
    assert office.refused(*call) == Reason.PAYMENTS_NO_BUDGET
    assert office.refused(AGENT, office.wallet, "void_nonce", 0) == Reason.ACCESS_AGENT
    office.do(*signed(office, agent=OTHER_AGENT))


def test_void_nonce__by_an_agent__takes_a_signature_back(office):
    """Once, also while stopped, and only its own."""
    call = signed(office)
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 60, "")
    assert office.events(AGENT, office.wallet, "void_nonce", 0) == ["NonceVoided"]
    office.now += 60
    assert office.refused(*call) == Reason.SIGNATURES_NONCE
    assert office.refused(AGENT, office.wallet, "void_nonce", 0) == Reason.SIGNATURES_NONCE
    for caller in (STRANGER, GUARDIAN, TREASURY, OTHER_AGENT):
        assert office.refused(caller, office.wallet, "void_nonce", 0) == Reason.ACCESS_AGENT
        assert office.refused(caller, office.wallet, "void_nonce", 1) == Reason.ACCESS_AGENT


@pytest.mark.parametrize("nonce", [0, 1, 255, 256, 257, 2**255, MAX_UINT256])
def test_nonce_used__any_nonce__is_its_own_bit_of_its_own_agent(nonce):
    """Nonces are unordered, 256 to a word; one used says nothing of its neighbours."""
    office = Office()
    for agent in (AGENT, OTHER_AGENT):
        office.do(TREASURY, office.wallet, "set_budget", agent, TOKEN, REFUND, budget())
    office.do(AGENT, office.wallet, "void_nonce", nonce)
    neighbours = {nonce - 1, nonce + 1, nonce ^ 256, nonce >> 8, nonce & 255} - {nonce, -1}
    for other in neighbours:
        assert not office.view(office.wallet, "nonce_used", AGENT, other & MAX_UINT256)
    assert office.view(office.wallet, "nonce_used", AGENT, nonce)
    assert not office.view(office.wallet, "nonce_used", OTHER_AGENT, nonce)
    kept = office.state.copy()
    office.do(OTHER_AGENT, office.wallet, "void_nonce", nonce)
    assert not kept.wallet(office.wallet).nonce_used(OTHER_AGENT, nonce)
    assert fold(office.history) == office.state
