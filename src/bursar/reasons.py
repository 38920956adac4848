"""
Every refusal of both contracts: revert string ↔ preview number ↔ meaning.

The strings are the contracts' own and never change; a test greps the contracts against them.
"""

from enum import IntEnum, StrEnum
from typing import Final


class Preview(IntEnum):
    """
    What `pay` would do, numbered as the wallet's `preview` numbers it.
    """

    PAY = 0
    QUEUE = 1
    STOPPED = 2
    NO_BUDGET = 3
    AMOUNT = 4
    RECIPIENT = 5
    HOURLY = 6
    DAILY = 7
    COUNT = 8
    WALLET = 9
    BALANCE = 10


class Reason(StrEnum):
    """
    A revert string. The prefix is the part of the contracts that refuses.
    """

    PAYMENTS_STOPPED = "payments: stopped"
    PAYMENTS_NO_BUDGET = "payments: no budget"
    PAYMENTS_AMOUNT = "payments: amount out of bounds"
    PAYMENTS_RECIPIENT = "payments: recipient not allowed"
    PAYMENTS_HOURLY = "payments: over the hourly limit"
    PAYMENTS_DAILY = "payments: over the daily limit"
    PAYMENTS_COUNT = "payments: too many today"
    PAYMENTS_TOKEN_NOT_ENABLED = "payments: token is not enabled"
    PAYMENTS_WALLET_LIMIT = "payments: over the wallet limit"
    PAYMENTS_BALANCE = "payments: balance too low"
    PAYMENTS_WAIT = "payments: one has to wait"

    SIGNATURES_EXPIRED = "signatures: expired"
    SIGNATURES_FAR = "signatures: deadline too far"
    SIGNATURES_NONCE = "signatures: nonce used"
    SIGNATURES_AGENT = "signatures: not by the agent"

    QUEUE_ALREADY_WAITING = "queue: already waiting"
    QUEUE_NO_SUCH_PAYMENT = "queue: no such payment"
    QUEUE_NOT_DUE = "queue: not due yet"
    QUEUE_EXPIRED = "queue: expired"
    QUEUE_DELAY_BOUNDS = "queue: delay out of bounds"
    QUEUE_GRACE_BOUNDS = "queue: grace out of bounds"

    TRANSFERS_TOKEN = "transfers: token refused"
    TRANSFERS_RECIPIENT = "transfers: recipient refused"
    TRANSFERS_VALUE = "transfers: wrong value"

    ACCESS = "access: not authorised"
    ACCESS_AGENT = "access: not an agent"
    ACCESS_TIGHTEN = "access: may only tighten"
    ACCESS_TREASURY = "access: not the treasury"
    ACCESS_GUARDIAN = "access: not guardian or treasury"

    AGENTS_ZERO = "agents: zero address"
    AGENTS_RETIRED = "agents: retired"
    AGENTS_FULL = "agents: too many budgets"
    AGENTS_NO_SUCH = "agents: no such agent"
    AGENTS_NOT_NEW = "agents: not a new agent"

    BUDGETS_NO_SUCH = "budgets: no such budget"
    BUDGETS_EXPIRY_HOUR = "budgets: expiry not a full hour"
    BUDGETS_EXPIRY_FAR = "budgets: expiry too far"
    BUDGETS_MAX_PAYMENTS = "budgets: max_payments invalid"
    BUDGETS_SHARE_BOUNDS = "budgets: share out of bounds"
    BUDGETS_ROLLING_SHARE = "budgets: rolling and share"
    BUDGETS_CONTRADICT = "budgets: limits contradict"
    BUDGETS_LARGE = "budgets: limit too large"
    BUDGETS_FINE = "budgets: figure too fine"

    LIMITS_LARGE = "limits: too large"
    LIMITS_NO_TOKEN = "limits: cannot be a token"

    WALLET_SEALED = "wallet: already sealed"
    WALLET_NOT_SEALED = "wallet: not sealed"
    WALLET_UNKNOWN_CALL = "wallet: unknown call"

    REFILL_STOPPED = "refill: stopped"
    REFILL_MAX_BALANCE = "refill: above max_balance"

    ROLES_TREASURY_CODE = "roles: treasury has no code"
    ROLES_ZERO = "roles: zero address"
    ROLES_TREASURY = "roles: not the treasury"
    ROLES_KEEPER = "roles: not a keeper"
    ROLES_GUARDIAN = "roles: not a guardian or the treasury"

    REGISTRY_BLUEPRINT = "registry: not a blueprint"
    REGISTRY_WALLET = "registry: not a wallet"

    STOPS_ACCESS = "stops: not authorised"
    STOPS_NEVER = "stops: never stopped"
    STOPS_SEEN = "stops: not the stop that was seen"
    STOPS_NOT_SEALED = "stops: wallet is not sealed"
    STOPS_RUNNING = "stops: still stopped"
    STOPS_TIMEOUT_BOUNDS = "stops: timeout out of bounds"

    TIMELOCK_SCHEDULE = "timelock: must be scheduled"
    TIMELOCK_DELAY_BOUNDS = "timelock: delay out of bounds"
    TIMELOCK_TARGET = "timelock: unknown target"
    TIMELOCK_SETTER = "timelock: not a timelocked setter"
    TIMELOCK_MALFORMED = "timelock: malformed call"
    TIMELOCK_NO_SUCH = "timelock: no such change"
    TIMELOCK_NOT_DUE = "timelock: not due yet"
    TIMELOCK_EXPIRED = "timelock: expired"
    TIMELOCK_TREASURY_VETO = "timelock: only the treasury may veto this"


PREVIEWS: Final[dict[Reason, Preview]] = {
    Reason.PAYMENTS_STOPPED: Preview.STOPPED,
    Reason.PAYMENTS_NO_BUDGET: Preview.NO_BUDGET,
    Reason.PAYMENTS_AMOUNT: Preview.AMOUNT,
    Reason.PAYMENTS_RECIPIENT: Preview.RECIPIENT,
    Reason.PAYMENTS_HOURLY: Preview.HOURLY,
    Reason.PAYMENTS_DAILY: Preview.DAILY,
    Reason.PAYMENTS_COUNT: Preview.COUNT,
    Reason.PAYMENTS_TOKEN_NOT_ENABLED: Preview.WALLET,
    Reason.PAYMENTS_WALLET_LIMIT: Preview.WALLET,
    Reason.PAYMENTS_BALANCE: Preview.BALANCE,
}
"""The number that `preview` answers where `pay` reverts with the reason."""

MEANINGS: Final[dict[Reason, str]] = {
    Reason.PAYMENTS_STOPPED: "organisation, wallet or agent is paused, or the heartbeat lapsed",
    Reason.PAYMENTS_NO_BUDGET: "none was set for this agent, token and category, or it is dead",
    Reason.PAYMENTS_AMOUNT: "nothing to pay, or more than the budget allows in one payment",
    Reason.PAYMENTS_RECIPIENT: "zero, the wallet itself, or not on the list the budget asks for",
    Reason.PAYMENTS_HOURLY: "resets at the next full hour",
    Reason.PAYMENTS_DAILY: "resets at the next 00:00 UTC; rolling: frees after 24 to 25 hours",
    Reason.PAYMENTS_COUNT: "`max_payments`; resets at the next 00:00 UTC",
    Reason.PAYMENTS_TOKEN_NOT_ENABLED: "the wallet's daily limit for the token is 0",
    Reason.PAYMENTS_WALLET_LIMIT: "all agents together; resets at the next 00:00 UTC",
    Reason.PAYMENTS_BALANCE: "the wallet holds less (a token reverts by itself)",
    Reason.PAYMENTS_WAIT: "in a batch: pay it by itself, so that it can wait",
    Reason.SIGNATURES_EXPIRED: "the deadline has passed: have the agent sign again",
    Reason.SIGNATURES_FAR: "more than a day ahead: sign later, or with a nearer deadline",
    Reason.SIGNATURES_NONCE: "paid already, or voided by the agent: sign with another nonce",
    Reason.SIGNATURES_AGENT: "or signed for another epoch, wallet or chain, or other arguments",
    Reason.QUEUE_ALREADY_WAITING: "the same payment waits already",
    Reason.QUEUE_NO_SUCH_PAYMENT: "never queued, gone, cancelled, or its agent was rotated",
    Reason.QUEUE_NOT_DUE: "the payment delay has not passed",
    Reason.QUEUE_EXPIRED: "the payment grace has passed; queue it again",
    Reason.QUEUE_DELAY_BOUNDS: "a payment delay is 1 minute to 7 days",
    Reason.QUEUE_GRACE_BOUNDS: "a payment grace is 1 hour to 30 days",
    Reason.TRANSFERS_TOKEN: "the token returned false",
    Reason.TRANSFERS_RECIPIENT: "a native transfer failed",
    Reason.TRANSFERS_VALUE: "the value sent is not the amount (native) or not 0 (token)",
    Reason.ACCESS: "the caller has no role that allows this",
    Reason.ACCESS_AGENT: "not on this wallet's list, or retired",
    Reason.ACCESS_TIGHTEN: "guardians and agents may lower a budget, never raise one",
    Reason.ACCESS_TREASURY: "only the treasury may",
    Reason.ACCESS_GUARDIAN: "only a guardian or the treasury may",
    Reason.AGENTS_ZERO: "the zero address is no agent",
    Reason.AGENTS_RETIRED: "a rotated agent never gets a budget again",
    Reason.AGENTS_FULL: "an agent has at most 16 budgets in a wallet",
    Reason.AGENTS_NO_SUCH: "not on this wallet's list, or retired",
    Reason.AGENTS_NOT_NEW: "zero, listed before, with a role, a wallet or the organisation",
    Reason.BUDGETS_NO_SUCH: "what was never set cannot be removed",
    Reason.BUDGETS_EXPIRY_HOUR: "`expires_at` is on a full hour",
    Reason.BUDGETS_EXPIRY_FAR: "`expires_at` is below 2^20 hours",
    Reason.BUDGETS_MAX_PAYMENTS: "1 to 16,383 payments a UTC day",
    Reason.BUDGETS_SHARE_BOUNDS: "a share is 1 to 10,000 basis points",
    Reason.BUDGETS_ROLLING_SHARE: "a budget is rolling or a share of the balance, not both",
    Reason.BUDGETS_CONTRADICT: "per_payment <= hourly <= daily",
    Reason.BUDGETS_LARGE: "`daily` is below (2^30 - 1) * 10^31",
    Reason.BUDGETS_FINE: "a figure has more digits than the unit of the budget holds",
    Reason.LIMITS_LARGE: "above 2^112 - 1",
    Reason.LIMITS_NO_TOKEN: "no code, the wallet, its organisation or its treasury",
    Reason.WALLET_SEALED: "a wallet is sealed once",
    Reason.WALLET_UNKNOWN_CALL: "the wallet has no such function, or the call was mistyped",
    Reason.WALLET_NOT_SEALED: "the wallet takes no refill before it is sealed",
    Reason.REFILL_STOPPED: "organisation or wallet is paused, or the heartbeat lapsed",
    Reason.REFILL_MAX_BALANCE: "the balance afterwards would be above `max_balance`",
    Reason.ROLES_TREASURY_CODE: "the treasury is a contract: a Safe",
    Reason.ROLES_ZERO: "the zero address holds no role",
    Reason.ROLES_TREASURY: "only the treasury may",
    Reason.ROLES_KEEPER: "only a keeper may",
    Reason.ROLES_GUARDIAN: "only a guardian or the treasury may",
    Reason.REGISTRY_BLUEPRINT: "no ERC-5202 blueprint at this address",
    Reason.REGISTRY_WALLET: "only a wallet of this organisation may",
    Reason.STOPS_ACCESS: "the caller may not stop this scope",
    Reason.STOPS_NEVER: "there is no stop to lift",
    Reason.STOPS_SEEN: "there has been another stop since: look at it first",
    Reason.STOPS_NOT_SEALED: "seal the wallet first",
    Reason.STOPS_RUNNING: "only a stop that has ended by itself is cleared",
    Reason.STOPS_TIMEOUT_BOUNDS: "a heartbeat timeout is 10 minutes to 30 days, or the maximum",
    Reason.TIMELOCK_SCHEDULE: "it loosens: schedule it, and apply it after the change delay",
    Reason.TIMELOCK_DELAY_BOUNDS: "a change delay is 1 hour to 30 days",
    Reason.TIMELOCK_TARGET: "neither this organisation nor one of its wallets",
    Reason.TIMELOCK_SETTER: "the target has no timelocked setter with this selector",
    Reason.TIMELOCK_MALFORMED: "the call is too short, or an address in it has dirty bytes",
    Reason.TIMELOCK_NO_SUCH: "never scheduled, applied, vetoed, replaced or overtaken",
    Reason.TIMELOCK_NOT_DUE: "the change delay has not passed",
    Reason.TIMELOCK_EXPIRED: "the change grace has passed; schedule it again",
    Reason.TIMELOCK_TREASURY_VETO: "guardians may not veto the removal of a guardian",
}
"""What each reason means to whoever reads it, and where it helps, what to do."""
