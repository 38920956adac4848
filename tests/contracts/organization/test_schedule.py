"""
What may be scheduled, under which id, and what it replaces.
"""

from collections.abc import Callable

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    CHANGE_GRACE,
    GRACE,
    ROLES,
    TIMEOUT,
    ZERO,
    Company,
    logged,
    refused,
)
from tests.contracts.organization.setters import LOOSENING, Case, one_of_each
from tests.harness.evm import Contract, actor, compiled
from tests.harness.world import DAY, GENERAL, HOUR, MAX, REFUND, USDC

ON_ORGANIZATION = ("set_guardian", "set_heartbeat_timeout", "set_change_delay")
ON_WALLET = (
    "set_budget",
    "set_wallet_limit",
    "set_max_balance",
    "set_recipients",
    "set_payment_delay",
    "set_grace",
)
ORGANIZATION = compiled("Organization.vy")
WALLET = compiled("HotWallet.vy")
SETTERS = one_of_each(LOOSENING)


def _schedule_raw(company: Company, target: Contract | str, call: bytes) -> bytes:
    """
    Calldata as it is, by the treasury.
    """
    address = target if isinstance(target, str) else target.address
    receipt = company.organization.schedule(address, call, sender=company.treasury)
    return bytes(receipt.result)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__by_the_treasury__logs_what_and_when(company: Company, case: Case) -> None:
    """
    The event carries the whole call, from when it can be applied and from when no longer.
    """
    company.evm.warp(by=777)
    target, call = case.target(company), case.calldata(company)

    receipt = company.organization.schedule(target.address, call, sender=company.treasury)

    id = keccak(encode(["address", "bytes"], [target.address, call]))
    assert receipt.result == id == company.organization.change_id(target.address, call)
    assert receipt.events == [
        logged(
            company.organization,
            "ChangeScheduled",
            id=id,
            target=target.address,
            call=call,
            ready_at=company.now + CHANGE_DELAY,
            expires_at=company.now + CHANGE_DELAY + CHANGE_GRACE,
        )
    ]
    assert company.organization.ready_at(id) == company.now + CHANGE_DELAY


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__any_setter__changes_nothing_yet(company: Company, case: Case) -> None:
    """
    A scheduled change is an announcement.
    """
    before = case.read(company)

    case.schedule(company)

    assert case.read(company) == before


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__by_anyone_else__reverts(untouched: Company, case: Case, role: str) -> None:
    """
    Nobody but the treasury starts a clock.
    """
    args = (case.target(untouched).address, case.calldata(untouched))
    with refused("roles: not the treasury"):
        untouched.act(role, untouched.organization, "schedule", *args)

    assert not untouched.is_live(untouched.organization.change_id(*args))


@pytest.mark.parametrize("name", [n for n in ORGANIZATION.functions if n not in ON_ORGANIZATION])
def test_schedule__other_function_of_the_organization__reverts(
    untouched: Company, name: str
) -> None:
    """
    Neither what acts at once (`pause`, `unpause`, `set_keeper`, …) nor the timelock itself nor a
    view may wait here.
    """
    selector = ORGANIZATION.functions[name].selector
    with refused("timelock: not a timelocked setter"):
        _schedule_raw(untouched, untouched.organization, selector + b"\0" * 320)


@pytest.mark.parametrize("name", [n for n in WALLET.functions if n not in ON_WALLET])
def test_schedule__other_function_of_a_wallet__reverts(untouched: Company, name: str) -> None:
    """
    Neither what moves money, nor `seal`, `rotate_agent` or a view, nor anything that a guardian may
    do: what comes from the organisation must be one of the six setters.
    """
    selector = WALLET.functions[name].selector
    with refused("timelock: not a timelocked setter"):
        _schedule_raw(untouched, untouched.operations, selector + b"\0" * 320)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__setter_at_the_other_kind_of_target__reverts(
    company: Company, case: Case
) -> None:
    """
    A wallet's setter at the organisation, or the other way round, would wait only to fail.
    """
    call = case.calldata(company)
    other = company.organization if case.function in ON_WALLET else company.operations
    with refused("timelock: not a timelocked setter"):
        _schedule_raw(company, other, call)

    _schedule_raw(company, case.target(company), call)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_schedule__call_without_a_selector__reverts(company: Company, size: int) -> None:
    """
    What is too short to name a function names no setter.
    """
    call = company.operations.calldata("set_grace", 2 * DAY)
    with refused("timelock: not a timelocked setter"):
        _schedule_raw(company, company.operations, call[:size])

    with refused("timelock: malformed call"):
        _schedule_raw(company, company.operations, call[:4])
    _schedule_raw(company, company.operations, call)


@pytest.mark.parametrize("selector", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xa9\x05\x9c\xbb"])
def test_schedule__unknown_selector__reverts(untouched: Company, selector: bytes) -> None:
    """
    A selector that is nobody's is refused at either target, also a token's `transfer`.
    """
    for target in (untouched.organization, untouched.operations):
        with refused("timelock: not a timelocked setter"):
            _schedule_raw(untouched, target, selector + b"\0" * 64)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__selector_off_by_one_bit__reverts(company: Company, case: Case) -> None:
    """
    All four bytes of a selector count.
    """
    call = case.calldata(company)
    for i in range(4):
        other = bytearray(call)
        other[i] ^= 1
        with refused("timelock: not a timelocked setter"):
            _schedule_raw(company, case.target(company), bytes(other))

    _schedule_raw(company, case.target(company), call)


@pytest.mark.parametrize("case", SETTERS, ids=lambda case: case.function)
def test_schedule__longer_or_shorter_than_its_arguments__reverts(
    company: Company, case: Case
) -> None:
    """
    Calldata is exactly as long as the ABI makes it, so that it has one reading and nothing hides
    behind it.
    """
    call = case.calldata(company)
    shorter = [call[:4], call[:5], call[:36], call[:-33], call[:-32], call[:-1]]
    longer = [call + b"\0", call + b"\0" * 31, call + b"\0" * 32, call.ljust(1024, b"\0")]
    for wrong in (*shorter, *longer):
        if 4 <= len(wrong) != len(call):
            with refused("timelock: malformed call"):
                _schedule_raw(company, case.target(company), wrong)

    _schedule_raw(company, case.target(company), call)


@pytest.mark.parametrize("count", [0, 1, 2, 24, 25])
def test_schedule__list_of_recipients__is_as_long_as_it_says(company: Company, count: int) -> None:
    """
    From nobody to 25: as many words as the list's length, neither one more nor one less.
    """
    call = company.operations.calldata("set_recipients", [company.recipient] * count, True)
    says_more, says_less = bytearray(call), bytearray(call)
    says_more[99] += 1
    says_less[99] -= 1 if count else 0
    with refused("timelock: malformed call"):
        _schedule_raw(company, company.operations, bytes(says_more))
    if count:
        with refused("timelock: malformed call"):
            _schedule_raw(company, company.operations, bytes(says_less))

    _schedule_raw(company, company.operations, call)
    company.evm.warp(by=CHANGE_DELAY)
    receipt = company.organization.apply(company.operations.address, call, sender=company.stranger)
    assert receipt.names() == ["ChangeApplied", *["RecipientSet"] * count]


@pytest.mark.parametrize("length", [26, 27, 2**32, 2**251, 2**256 - 1])
def test_schedule__list_that_is_too_long__reverts(untouched: Company, length: int) -> None:
    """
    26 recipients fit in the 1,024 bytes but not in the setter; a wild length fits nowhere.
    """
    call = WALLET.functions["set_recipients"].selector + encode(
        ["uint256", "bool", "uint256", "address[26]"],
        [64, True, length, [untouched.recipient] * 26],
    )
    with refused("timelock: malformed call"):
        _schedule_raw(untouched, untouched.operations, call)


@pytest.mark.parametrize("offset", [0, 32, 63, 65, 96, 128, 2**32, 2**256 - 1])
def test_schedule__list_that_stands_elsewhere__reverts(company: Company, offset: int) -> None:
    """
    The list starts right after the two arguments: with another offset the setter would read another
    list than the signers were shown.
    """
    types = ["uint256", "bool", "uint256", "address"]
    selector = WALLET.functions["set_recipients"].selector
    with refused("timelock: malformed call"):
        call = selector + encode(types, [offset, True, 1, company.recipient])
        _schedule_raw(company, company.operations, call)

    call = selector + encode(types, [64, True, 1, company.recipient])
    assert call == company.operations.calldata("set_recipients", [company.recipient], True)
    _schedule_raw(company, company.operations, call)


@pytest.mark.parametrize("byte", [0, 5, 11])
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("set_guardian", 0),
        ("set_budget", 0),
        ("set_budget", 1),
        ("set_wallet_limit", 0),
        ("set_max_balance", 0),
    ],
)
def test_schedule__dirty_byte_before_an_address__reverts(
    company: Company, name: str, word: int, byte: int
) -> None:
    """
    With dirt in its upper bytes, a key would be another subject here than in the setter.
    """
    (case,) = [case for case in SETTERS if case.function == name]
    clean = case.calldata(company)
    dirty = bytearray(clean)
    dirty[4 + 32 * word + byte] = 1
    with refused("timelock: malformed call"):
        _schedule_raw(company, case.target(company), bytes(dirty))

    _schedule_raw(company, case.target(company), clean)


def test_schedule__any_bytes_as_category__are_allowed(company: Company) -> None:
    """
    A category is no address: all of its bytes count.
    """
    for category in (b"\0" * 32, b"\xff" * 32, b"\1" + b"\0" * 31):
        id = company.schedule_raise(category=category)
        assert company.is_live(id)


def test_schedule__foreign_target__reverts(company: Company) -> None:
    """
    Only the organisation itself and wallets that it created.
    """
    call = company.operations.calldata("set_grace", 2 * DAY)
    foreign = [ZERO, company.treasury, company.guardian, company.agent, company.token.address]
    for target in [*foreign, company.blueprint, actor("wallet to come")]:
        with refused("timelock: unknown target"):
            _schedule_raw(company, target, call)

    for wallet in (company.operations, company.trading, company.puppet):
        _schedule_raw(company, wallet.address, call)


def test_schedule__wallet_of_another_organization__reverts(company: Company) -> None:
    """
    Each organisation has its own wallets.
    """
    other, treasury = company.another_organization()
    created = treasury.does(other, "create_wallet", "theirs", company.blueprint)
    theirs = created.only("WalletCreated").wallet
    call = company.operations.calldata("set_grace", 2 * DAY)
    with refused("timelock: unknown target"):
        _schedule_raw(company, theirs, call)
    with refused("timelock: unknown target"):
        _schedule_raw(company, other, company.organization.calldata("set_change_delay", HOUR))

    treasury.does(other, "schedule", theirs, call)


def test_schedule__unsealed_wallet__may_be_a_target(unsealed: Company) -> None:
    """
    Whether a wallet is sealed makes no difference to its timelock.
    """
    unsealed.schedule(unsealed.operations, "set_grace", 2 * DAY)
    unsealed.evm.warp(by=CHANGE_DELAY)

    unsealed.apply(unsealed.operations, "set_grace", 2 * DAY)

    assert unsealed.operations.grace() == 2 * DAY


def test_schedule__more_than_1024_bytes__reverts(company: Company) -> None:
    """
    1,025 bytes are too much for the timelock's own argument, and refused without a word.
    """
    call = company.operations.calldata("set_grace", 2 * DAY)
    with refused(""):
        _schedule_raw(company, company.operations, call.ljust(1025, b"\0"))
    with refused("timelock: malformed call"):
        _schedule_raw(company, company.operations, call.ljust(1024, b"\0"))


def test_schedule__several_things_wrong__says_the_first(untouched: Company) -> None:
    """
    Caller, target, selector, then the arguments.
    """
    short = WALLET.functions["set_budget"].selector
    with refused("roles: not the treasury"):
        untouched.organization.schedule(ZERO, b"", sender=untouched.guardian)
    with refused("timelock: unknown target"):
        _schedule_raw(untouched, ZERO, b"")
    with refused("timelock: not a timelocked setter"):
        _schedule_raw(untouched, untouched.organization, short)
    with refused("timelock: malformed call"):
        _schedule_raw(untouched, untouched.operations, short)


# One pending change per subject


def _guardian(c: Company, who: str, on: bool) -> tuple[Contract, str, tuple[object, ...]]:
    return c.organization, "set_guardian", (who, on)


Call = Callable[[Company], tuple[Contract, str, tuple[object, ...]]]
SAME_SUBJECT: dict[str, tuple[Call, Call]] = {
    "set_guardian": (
        lambda c: _guardian(c, c.guardian, False),
        lambda c: _guardian(c, c.guardian, True),
    ),
    "set_heartbeat_timeout": (
        lambda c: (c.organization, "set_heartbeat_timeout", (MAX,)),
        lambda c: (c.organization, "set_heartbeat_timeout", (TIMEOUT + 1,)),
    ),
    "set_change_delay": (
        lambda c: (c.organization, "set_change_delay", (HOUR,)),
        lambda c: (c.organization, "set_change_delay", (2 * HOUR,)),
    ),
    "set_budget": (
        lambda c: (c.operations, "set_budget", c.budget_args(daily=2_000 * USDC)),
        lambda c: (c.operations, "set_budget", c.budget_args(daily=3_000 * USDC)),
    ),
    "set_wallet_limit": (
        lambda c: (c.operations, "set_wallet_limit", (c.token.address, 2**100)),
        lambda c: (c.operations, "set_wallet_limit", (c.token.address, 2**101)),
    ),
    "set_max_balance": (
        lambda c: (c.operations, "set_max_balance", (c.token.address, 2**100)),
        lambda c: (c.operations, "set_max_balance", (c.token.address, 2**101)),
    ),
    "set_recipients": (
        lambda c: (c.operations, "set_recipients", ([c.recipient], True)),
        lambda c: (c.operations, "set_recipients", ([c.stranger, c.agent], False)),
    ),
    "set_payment_delay": (
        lambda c: (c.operations, "set_payment_delay", (60,)),
        lambda c: (c.operations, "set_payment_delay", (61,)),
    ),
    "set_grace": (
        lambda c: (c.operations, "set_grace", (GRACE + 1,)),
        lambda c: (c.operations, "set_grace", (GRACE + 2,)),
    ),
}


@pytest.mark.parametrize("name", SAME_SUBJECT)
def test_schedule__same_subject__replaces_what_was_pending(company: Company, name: str) -> None:
    """
    One change is pending per subject: the newer one voids the older, says so first, and starts its
    own clock.
    """
    first, second = (call(company) for call in SAME_SUBJECT[name])
    old = company.schedule(first[0], first[1], *first[2])
    company.evm.warp(by=HOUR)
    call = second[0].calldata(second[1], *second[2])

    receipt = company.organization.schedule(second[0].address, call, sender=company.treasury)

    new = bytes(receipt.result)
    assert receipt.names() == ["ChangeVoided", "ChangeScheduled"]
    assert receipt.events[0] == logged(company.organization, "ChangeVoided", id=old)
    assert company.organization.ready_at(old) == 0
    assert company.organization.ready_at(new) == company.now + CHANGE_DELAY
    company.evm.warp(by=CHANGE_DELAY - 1)
    with refused("timelock: no such change"):
        company.apply(first[0], first[1], *first[2])
    with refused("timelock: not due yet"):
        company.apply(second[0], second[1], *second[2])
    company.evm.warp(by=1)
    company.apply(second[0], second[1], *second[2])


def test_schedule__same_call_again__restarts_the_clock(company: Company) -> None:
    """
    The very same change is replaced like any other, under the same id.
    """
    id = company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY - 1)
    args = (company.operations.address, _raise_call(company))

    receipt = company.organization.schedule(*args, sender=company.treasury)

    assert receipt.names() == ["ChangeVoided", "ChangeScheduled"]
    assert [event.id for event in receipt.events] == [id, id]
    company.evm.warp(by=1)
    with refused("timelock: not due yet"):
        company.apply_raise()
    company.evm.warp(by=CHANGE_DELAY - 1)
    company.apply_raise()
    with refused("timelock: no such change"):
        company.apply_raise()


def _raise_call(company: Company) -> bytes:
    return company.operations.calldata("set_budget", *company.budget_args(daily=2_000 * USDC))


OTHER_SUBJECTS: dict[str, Call] = {
    "another guardian": lambda c: _guardian(c, c.second_guardian, True),
    "another agent": lambda c: (
        c.operations,
        "set_budget",
        c.budget_args(agent=c.other_agent, daily=2_000 * USDC),
    ),
    "another token": lambda c: (
        c.operations,
        "set_budget",
        c.budget_args(token=c.stranger, daily=2_000 * USDC),
    ),
    "another category": lambda c: (
        c.operations,
        "set_budget",
        c.budget_args(category=REFUND, daily=2_000 * USDC),
    ),
    "another wallet": lambda c: (
        c.trading,
        "set_budget",
        c.budget_args(category=GENERAL, daily=2_000 * USDC),
    ),
    "another token's limit": lambda c: (c.operations, "set_wallet_limit", (c.stranger, 1)),
    "another token's balance": lambda c: (c.operations, "set_max_balance", (c.stranger, 1)),
    "another wallet's limit": lambda c: (
        c.trading,
        "set_wallet_limit",
        (c.token.address, 2**100),
    ),
    "another wallet's delay": lambda c: (c.trading, "set_payment_delay", (60,)),
    "another wallet's grace": lambda c: (c.trading, "set_grace", (GRACE + 1,)),
    "another wallet's list": lambda c: (c.trading, "set_recipients", ([c.recipient], True)),
}


@pytest.mark.parametrize("other", OTHER_SUBJECTS)
def test_schedule__other_subject__replaces_nothing(company: Company, other: str) -> None:
    """
    Target, setter and every key argument make a subject of its own: all of these wait side by side.
    """
    pending = [case.schedule(company) for case in SETTERS]
    target, function, args = OTHER_SUBJECTS[other](company)

    pending.append(company.schedule(target, function, *args))

    assert len(set(pending)) == len(SETTERS) + 1
    assert all(company.is_live(id) for id in pending)


def test_schedule__after_the_old_one_expired__voids_nothing(company: Company) -> None:
    """
    What has expired is gone already, so its replacement is no news about it.
    """
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    args = (company.operations.address, _raise_call(company))

    receipt = company.organization.schedule(*args, sender=company.treasury)

    assert receipt.names() == ["ChangeScheduled"]
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_schedule__last_second_of_the_old_one__voids_it(company: Company) -> None:
    """
    One second earlier it could still be applied, and its end is told.
    """
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE - 1)
    args = (company.operations.address, _raise_call(company))

    receipt = company.organization.schedule(*args, sender=company.treasury)

    assert receipt.names() == ["ChangeVoided", "ChangeScheduled"]


def test_schedule__after_the_old_one_was_applied_or_vetoed__voids_nothing(
    company: Company,
) -> None:
    """
    The same change can be scheduled again, however the last one ended, and waits in full.
    """
    args = (company.operations.address, _raise_call(company))
    id = company.schedule_raise()
    company.organization.veto(id, "no", sender=company.guardian)
    again = company.organization.schedule(*args, sender=company.treasury)
    assert again.names() == ["ChangeScheduled"]
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()

    once_more = company.organization.schedule(*args, sender=company.treasury)

    assert once_more.names() == ["ChangeScheduled"]
    with refused("timelock: not due yet"):
        company.apply_raise()
