"""
The order of a payment's checks, each at its bound, and what identifies a queued payment.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from bursar.budgets import BudgetLine, changed_budget
from bursar.payments import Verdict, WalletLimit, judge, payment_id
from bursar.reasons import MEANINGS, PREVIEWS, Preview, Reason
from bursar.types import DAY, HOUR, MAX_UINT256, Bytes32
from tests.unit.office import AGENT, MIDNIGHT, NOON, RECIPIENT, TOKEN, budget

ROOT = Path(__file__).parents[2]


def line_of(**figures: Any) -> BudgetLine:
    """
    The line of a small budget: 10 a payment, 20 an hour, 30 a day.
    """
    small = {"per_payment": 10, "hourly": 20, "daily": 30}
    line = changed_budget(None, budget(**small | figures), NOON)
    assert isinstance(line, BudgetLine)
    return line


def judged(line: BudgetLine | None, limit: WalletLimit | None = None, **given: Any) -> Verdict:
    """
    Judge a payment of 10 that passes everything but what is given.
    """
    ordinary: dict[str, Any] = {
        "stopped": False,
        "amount": 10,
        "possible": True,
        "listed": False,
        "balance": 10,
        "now": NOON,
    }
    return judge(line, limit or WalletLimit(daily=100), **ordinary | given)


def test_judge__everything_in_order__pays_and_charges():
    """A payment within every limit goes out, and the verdict carries the budget as charged."""
    verdict = judged(line_of())
    assert verdict.preview is Preview.PAY
    assert verdict.reason is None
    assert verdict.line is not None
    assert (verdict.line.in_hour, verdict.line.count) == (10, 1)


@pytest.mark.parametrize(
    ("figures", "given", "preview"),
    [
        ({}, {"stopped": True}, Preview.STOPPED),
        ({"expires_at": MIDNIGHT}, {}, Preview.NO_BUDGET),
        ({}, {"amount": 0}, Preview.AMOUNT),
        ({}, {"amount": 11}, Preview.AMOUNT),
        ({}, {"amount": MAX_UINT256}, Preview.AMOUNT),
        ({}, {"possible": False, "listed": True}, Preview.RECIPIENT),
        ({"allowlist_only": True}, {}, Preview.RECIPIENT),
        ({"allowlist_only": True}, {"listed": True}, Preview.PAY),
        ({"queue_from": 10}, {}, Preview.QUEUE),
        ({"queue_from": 0}, {}, Preview.QUEUE),
        ({"queue_from": 10}, {"amount": 9}, Preview.PAY),
        ({"queue_from": 10}, {"may_queue": False}, Preview.PAY),
        ({}, {"balance": 9}, Preview.BALANCE),
        ({}, {"balance": 10}, Preview.PAY),
        ({}, {"amount": 1}, Preview.PAY),
    ],
)
def test_judge__one_thing_amiss__is_what_the_preview_names(figures, given, preview):
    """Each check, at its bound and one past it."""
    assert judged(line_of(**figures), **given).preview is preview


def test_judge__never_set__is_no_budget():
    """Without a budget there is nothing to spend."""
    assert judged(None).reason is Reason.PAYMENTS_NO_BUDGET


@pytest.mark.parametrize(("now", "alive"), [(NOON + HOUR - 1, True), (NOON + HOUR, False)])
def test_judge__around_expiry__is_dead_from_then_on(now, alive):
    """A budget is alive while `now < expires_at`."""
    verdict = judged(line_of(expires_at=NOON + HOUR), now=now)
    assert (verdict.preview is Preview.PAY) is alive


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (WalletLimit(daily=0), Reason.PAYMENTS_TOKEN_NOT_ENABLED),
        (WalletLimit(daily=9), Reason.PAYMENTS_WALLET_LIMIT),
        (WalletLimit(daily=10), None),
        (WalletLimit(daily=30, spent=20, day=NOON // DAY), None),
        (WalletLimit(daily=30, spent=21, day=NOON // DAY), Reason.PAYMENTS_WALLET_LIMIT),
        (WalletLimit(daily=30, spent=30, day=NOON // DAY - 1), None),
    ],
)
def test_judge__around_the_wallets_daily_limit__denies_one_over(limit, reason):
    """All agents together stay within the wallet's UTC day."""
    assert judged(line_of(), limit).reason is reason


def test_judge__token_never_enabled__neither_pays_nor_queues():
    """Queueing, too, needs an enabled token."""
    for line in (line_of(), line_of(queue_from=0)):
        verdict = judge(
            line,
            None,
            stopped=False,
            amount=1,
            possible=True,
            listed=True,
            balance=1,
            now=NOON,
        )
        assert verdict.reason is Reason.PAYMENTS_TOKEN_NOT_ENABLED


def test_judge__a_payment_that_waits__is_not_held_against_windows_or_balance():
    """Nothing of a budget is used by waiting, so nothing but the enabled token is asked for."""
    full = judged(line_of(max_payments=1, queue_from=10), amount=9).line
    assert full is not None
    spent = WalletLimit(daily=1, spent=1, day=NOON // DAY)
    assert judged(full, spent, balance=0).preview is Preview.QUEUE


def test_judge__everything_amiss__names_the_first_in_the_order():
    """The order of checks is the order of the numbers, so repairing one names the next."""
    line = line_of(per_payment=20, allowlist_only=True, max_payments=1)
    charged = judged(line, listed=True, amount=15, balance=15).line
    given: dict[str, Any] = {"stopped": True, "amount": 21, "balance": 0, "now": NOON + 300 * DAY}
    previews = [judged(charged, WalletLimit(daily=1), **given).preview]
    repairs: list[dict[str, Any]] = [
        {"stopped": False},
        {"now": NOON},
        {"amount": 20},
        {"listed": True},
        {"now": NOON + HOUR},
        {"amount": 10},
        {"now": NOON + DAY},
    ]
    for repair in repairs:
        given |= repair
        previews.append(judged(charged, WalletLimit(daily=1), **given).preview)
    previews.append(judged(charged, **given).preview)
    assert previews == sorted(Preview)[2:]


def test_judge__balance_too_low_and_wallet_over__names_the_wallet():
    """The balance comes last."""
    assert judged(line_of(), WalletLimit(daily=9), balance=0).preview is Preview.WALLET


def test_wallet_limit__midnight__starts_over():
    """The wallet's day ends at 00:00 UTC."""
    limit = WalletLimit(daily=10).charged(7, MIDNIGHT + DAY - 1)
    assert limit.remaining(MIDNIGHT + DAY - 1) == 3
    assert limit.remaining(MIDNIGHT + DAY) == 10


def test_wallet_limit__lowered_below_what_is_spent__leaves_nothing():
    """What is left floors at zero."""
    limit = WalletLimit(daily=10).charged(7, NOON)
    assert WalletLimit(5, limit.spent, limit.day).remaining(NOON) == 0


words = st.binary(min_size=32, max_size=32)
uints = st.integers(0, MAX_UINT256)


@given(uints, uints, words, words)
def test_payment_id__any_arguments__is_the_hash_of_their_abi_encoding(epoch, amount, category, ref):
    """`keccak256(abi_encode(epoch, agent, token, to, amount, category, ref))`."""
    types = ["uint256", "address", "address", "address", "uint256", "bytes32", "bytes32"]
    encoded = encode(types, [epoch, AGENT, TOKEN, RECIPIENT, amount, category, ref])
    arguments = (epoch, AGENT, TOKEN, RECIPIENT, amount, Bytes32(category), Bytes32(ref))
    assert payment_id(*arguments) == keccak(encoded)


def test_payment_id__any_argument_changed__changes():
    """Nothing about a payment may differ from what was queued."""
    arguments = [0, AGENT, TOKEN, RECIPIENT, 1, Bytes32(b"\1" * 32), Bytes32(b"\2" * 32)]
    other = [1, RECIPIENT, RECIPIENT, AGENT, 2, Bytes32(b"\3" * 32), Bytes32(b"\3" * 32)]
    ids = {payment_id(*arguments)}
    for index, value in enumerate(other):
        changed: list[Any] = [*arguments[:index], value, *arguments[index + 1 :]]
        ids.add(payment_id(*changed))
    assert len(ids) == 8


def test_reasons__the_table__has_a_meaning_for_each_and_previews_in_the_order_of_checks():
    """One table maps every revert string to a number, where it has one, and a meaning."""
    assert set(MEANINGS) == set(Reason)
    assert [reason for reason in Reason if reason in PREVIEWS] == list(PREVIEWS)
    assert list(PREVIEWS.values()) == sorted(PREVIEWS.values())
    assert set(PREVIEWS.values()) == set(Preview) - {Preview.PAY, Preview.QUEUE}
    assert all(reason.startswith("payments: ") for reason in PREVIEWS)


def test_reasons__every_string__is_module_and_cause_in_lower_case():
    """Revert strings are `module: reason` and fit what the contracts can say."""
    for reason in Reason:
        module, cause = reason.split(": ")
        assert module.isalpha()
        assert reason == reason.lower()
        assert cause


def test_reasons__the_contracts__revert_with_exactly_these():
    """Off chain one table knows every revert string of the contracts, and no other."""
    sources = [path for path in ROOT.glob("contracts/**/*.vy") if "testing" not in path.parts]
    strings = re.findall(r'"([a-z]+: [^"]+)"', "".join(map(Path.read_text, sources)))
    assert set(strings) == {str(reason) for reason in Reason}


def test_reasons__the_interface_page__names_no_other():
    """What the page says in the form of a reason is one."""
    page = " ".join((ROOT / "docs/interface.md").read_text().split())
    modules = {reason.split(": ")[0] for reason in Reason}
    named = {
        text for text in re.findall(r"`([a-z]+: [^`]+)`", page) if text.split(": ")[0] in modules
    }
    assert named - {"module: reason"} <= {str(reason) for reason in Reason}
    assert set(PREVIEWS) <= named
