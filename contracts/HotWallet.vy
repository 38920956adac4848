# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title HotWallet
@author Bursar contributors
@license MIT
@notice Holds the money of one function (trading, operations, …) and lets each agent spend what
        its budgets say, and nothing else. Large payments wait, and can be cancelled.
@dev Every payment, queued or not, passes `_judge`, in one order: stopped, budget alive, amount,
     recipient, then queue or charge. State is written before money moves.
@custom:pause The organisation's `pause` with this wallet's address as the scope stops all its
              agents; `sweep` by a guardian or the treasury brings the money home meanwhile.
@custom:kill Sweep every token to the treasury, and create another wallet.
"""

from interfaces import IHotWallet
from interfaces import IOrganization
from modules import access
from modules import agents as roster
from modules import budgets
from modules import figures
from modules import limits
from modules import queue
from modules import reasons
from modules import recipients
from modules import rolling
from modules import shares
from modules import signatures
from modules import transfers

implements: IHotWallet

initializes: access
initializes: roster
initializes: budgets
initializes: limits
initializes: queue
initializes: recipients
initializes: signatures

exports: (
    access.organization,
    access.treasury,
    access.sealed,
    roster.agent_count,
    roster.agents,
    roster.budget_count,
    roster.budget_keys,
    limits.wallet_limit,
    limits.wallet_remaining,
    limits.max_balance,
    queue.MIN_PAYMENT_DELAY,
    queue.MAX_PAYMENT_DELAY,
    queue.MIN_GRACE,
    queue.MAX_GRACE,
    queue.payment_delay,
    queue.grace,
    queue.epoch,
    queue.payment_id,
    recipients.is_recipient,
    signatures.nonce_used,
)

# What `preview` answers. Refusals are numbered in the order in which they are checked.
PREVIEW_PAY: constant(uint256) = 0
PREVIEW_QUEUE: constant(uint256) = 1
PREVIEW_STOPPED: constant(uint256) = 2
PREVIEW_NO_BUDGET: constant(uint256) = 3
PREVIEW_AMOUNT: constant(uint256) = 4
PREVIEW_RECIPIENT: constant(uint256) = 5
PREVIEW_HOURLY: constant(uint256) = 6
PREVIEW_DAILY: constant(uint256) = 7
PREVIEW_COUNT: constant(uint256) = 8
PREVIEW_WALLET: constant(uint256) = 9
PREVIEW_BALANCE: constant(uint256) = 10

# A cause of its own with `PREVIEW_WALLET`'s number: the wallet's limit is 0.
NOT_ENABLED: constant(uint256) = 11

# More would not fit into the gas of a block that has other things to do.
MAX_BATCH: constant(uint256) = 100

# ERC-5267: name, version, chain id and contract are set, salt and extensions are not.
DOMAIN_FIELDS: constant(bytes1) = 0x0f

struct Verdict:
    charge: budgets.Charge   # its number is one of PREVIEW_*, or NOT_ENABLED
    limit_word: uint256      # to store when it is PREVIEW_PAY
    second: uint256          # the budget's second word to store along; 0: leave it

NAME: immutable(String[32])


@deploy
def __init__(name: String[32]):
    """
    @notice Create a wallet for the organisation that deploys it.
    @param name What the wallet is for.
    """
    NAME = name
    access.__init__()
    queue.__init__()
    signatures.__init__()


@external
@payable
@reentrant
def __default__():
    """
    @dev Take native currency from anyone, also back from a recipient in mid-payment. Calldata
         means a mistyped call, which must not seem to succeed.
    """
    if len(msg.data) != 0:
        reasons._refuse("wallet: unknown call")


# Paying


@external
def pay(token: address, to: address, amount: uint256, category: bytes32, ref: bytes32) -> bytes32:
    """
    @notice Pay out of the caller's budget, or let a payment wait that is large enough to.
    @param token An ERC-20 token, or native currency by its ERC-7528 address.
    @param to The recipient.
    @param amount Base units.
    @param category Which of the caller's budgets for the token is charged.
    @param ref Free; off chain it proves that the payment passed policy. No idempotency key.
    @return Empty when it was paid, the payment's id when it waits.
    """
    slot: bytes32 = keccak256(abi_encode(msg.sender, token, category))
    verdict: Verdict = self._judge(slot, msg.sender, token, to, amount, 0)
    if verdict.charge.number != PREVIEW_PAY:
        if verdict.charge.number == PREVIEW_QUEUE:
            return self._enqueue(msg.sender, token, to, amount, category, ref)
        self._refuse(verdict.charge.number)

    budgets._words[slot] = verdict.charge.word
    limits._words[token] = verdict.limit_word
    if verdict.second != 0:
        budgets._seconds[slot] = verdict.second
        if verdict.charge.word & figures.SHARE != 0:
            self._log_share_base(msg.sender, token, category, verdict.second)
    log IHotWallet.Paid(
        agent=msg.sender,
        token=token,
        to=to,
        amount=amount,
        category=category,
        ref=ref,
        hour_remaining=verdict.charge.hour_remaining,
        day_remaining=verdict.charge.day_remaining,
    )

    transfers._send(token, to, amount)
    return empty(bytes32)


@external
def pay_many(token: address, category: bytes32, payments: DynArray[IHotWallet.Payment, MAX_BATCH]):
    """
    @notice Make many payments out of one of the caller's budgets, all or none. Charged as one, each
            counted; one that is large enough to wait refuses the batch.
    """
    slot: bytes32 = budgets._slot(msg.sender, token, category)
    word: uint256 = figures._moved(budgets._words[slot])
    unit: uint256 = figures._unit(word)
    most: uint256 = unsafe_mul((word >> figures.PER_PAYMENT) & figures.M30, unit)
    queue_from: uint256 = unsafe_mul((word >> figures.QUEUE_FROM) & figures.M30, unit)
    total: uint256 = 0
    to: address = empty(address)
    fault: uint256 = PREVIEW_PAY
    for payment: IHotWallet.Payment in payments:
        to = payment.to
        if payment.amount == 0 or payment.amount > most:
            fault = PREVIEW_AMOUNT
        elif not self._may_receive(word, to):
            fault = PREVIEW_RECIPIENT
        elif payment.amount >= queue_from:
            fault = PREVIEW_QUEUE
        if fault != PREVIEW_PAY:
            break
        # A hundred times per_payment is far below 2^256.
        total = unsafe_add(total, payment.amount)

    verdict: Verdict = self._judge(slot, msg.sender, token, to, total, len(payments))
    number: uint256 = verdict.charge.number
    if fault != PREVIEW_PAY and number != PREVIEW_STOPPED and number != PREVIEW_NO_BUDGET:
        number = fault
    if number != PREVIEW_PAY:
        self._refuse(number)

    budgets._words[slot] = verdict.charge.word
    limits._words[token] = verdict.limit_word
    if verdict.second != 0:
        budgets._seconds[slot] = verdict.second
        if verdict.charge.word & figures.SHARE != 0:
            self._log_share_base(msg.sender, token, category, verdict.second)
    for payment: IHotWallet.Payment in payments:
        log IHotWallet.Paid(
            agent=msg.sender,
            token=token,
            to=payment.to,
            amount=payment.amount,
            category=category,
            ref=payment.ref,
            hour_remaining=verdict.charge.hour_remaining,
            day_remaining=verdict.charge.day_remaining,
        )
        transfers._send(token, payment.to, payment.amount)


@external
def pay_signed(
    agent: address,
    token: address,
    to: address,
    amount: uint256,
    category: bytes32,
    ref: bytes32,
    nonce: uint256,
    deadline: uint256,
    signature: Bytes[1024],
) -> bytes32:
    """
    @notice Make the payment that `agent` signed, as `pay` would: anyone may, once.
    @param nonce Any that the agent has not used, in any order.
    @param deadline Last second in which the signature is good, at most a day from now.
    @param signature Of the agent's key (r, s, v), or what its contract takes (ERC-1271).
    """
    if block.timestamp > deadline:
        reasons._refuse("signatures: expired")
    if deadline > unsafe_add(block.timestamp, signatures.MAX_AHEAD):
        reasons._refuse("signatures: deadline too far")
    signatures._use(agent, nonce)
    epoch: uint256 = queue._settings >> queue.EPOCH
    fields: bytes32 = keccak256(
        abi_encode(
            signatures.PAYMENT_TYPE, agent, token, to, amount, category, ref, epoch, nonce, deadline
        )
    )
    digest: bytes32 = signatures._digest(fields)
    signer: address = empty(address)
    if len(signature) == 65:
        signer = ecrecover(
            digest,
            extract32(signature, 33, output_type=uint256) & 255,
            extract32(signature, 0, output_type=uint256),
            extract32(signature, 32, output_type=uint256),
        )
    if signer != agent or signer == empty(address):
        signatures._check_by_contract(agent, digest, signature)

    slot: bytes32 = keccak256(abi_encode(agent, token, category))
    verdict: Verdict = self._judge(slot, agent, token, to, amount, 0)
    if verdict.charge.number != PREVIEW_PAY:
        if verdict.charge.number == PREVIEW_QUEUE:
            return self._enqueue(agent, token, to, amount, category, ref)
        self._refuse(verdict.charge.number)

    budgets._words[slot] = verdict.charge.word
    limits._words[token] = verdict.limit_word
    if verdict.second != 0:
        budgets._seconds[slot] = verdict.second
        if verdict.charge.word & figures.SHARE != 0:
            self._log_share_base(agent, token, category, verdict.second)
    log IHotWallet.Paid(
        agent=agent,
        token=token,
        to=to,
        amount=amount,
        category=category,
        ref=ref,
        hour_remaining=verdict.charge.hour_remaining,
        day_remaining=verdict.charge.day_remaining,
    )

    transfers._send(token, to, amount)
    return empty(bytes32)


@external
def void_nonce(nonce: uint256):
    """
    @notice Take back what the caller has signed with this nonce.
    """
    if not roster._is_active(msg.sender):
        reasons._refuse("access: not an agent")

    signatures._use(msg.sender, nonce)


@external
def execute(
    agent: address, token: address, to: address, amount: uint256, category: bytes32, ref: bytes32
):
    """
    @notice Make a payment that has waited. Anyone may; every stop and limit is checked now, and
            it is charged now.
    """
    id: bytes32 = queue._id(queue._epoch(), agent, token, to, amount, category, ref)
    queue._take(id)
    slot: bytes32 = budgets._slot(agent, token, category)
    verdict: Verdict = self._judge(slot, agent, token, to, amount, 1)
    if verdict.charge.number != PREVIEW_PAY:
        self._refuse(verdict.charge.number)

    budgets._words[slot] = verdict.charge.word
    limits._words[token] = verdict.limit_word
    if verdict.second != 0:
        budgets._seconds[slot] = verdict.second
        if verdict.charge.word & figures.SHARE != 0:
            self._log_share_base(agent, token, category, verdict.second)
    log IHotWallet.PaymentExecuted(
        agent=agent,
        token=token,
        to=to,
        id=id,
        amount=amount,
        category=category,
        ref=ref,
        hour_remaining=verdict.charge.hour_remaining,
        day_remaining=verdict.charge.day_remaining,
    )

    transfers._send(token, to, amount)


@external
def cancel(id: bytes32, reason: String[64]):
    """
    @notice Cancel a waiting payment: its agent, a guardian, a keeper or the treasury; also while
            stopped.
    """
    entry: queue.Entry = self._waiting(id)
    if entry.agent == empty(address):
        reasons._refuse("queue: no such payment")
    if msg.sender != entry.agent:
        access._check_any_role()

    queue._cancel(id, reason)


@external
def cancel_all(reason: String[64]):
    """
    @notice Void everything that waits, by a new epoch.
    """
    access._check_any_role()

    queue._void_all(reason)


@external
@reentrant
def pause_self(duration: uint256, reason: String[64]):
    """
    @notice An agent stops itself, in every wallet; also in the middle of one of its own payments.
    @param duration Seconds; 0, or more than a year, means until the treasury unpauses it.
    """
    if not roster._is_active(msg.sender):
        reasons._refuse("access: not an agent")

    extcall access.ORGANIZATION.pause(msg.sender, duration, reason)


# Setting


@external
def set_budget(agent: address, token: address, category: bytes32, budget: IHotWallet.Budget):
    """
    @notice Set what `agent` may spend of `token` for `category`. What was spent stays spent.
    @param budget The figures, in base units; `expires_at` 0 removes the budget.
    """
    self._check_budget_setter(agent)
    roster._check_assignable(agent)
    slot: bytes32 = budgets._slot(agent, token, category)
    word: uint256 = budgets._words[slot]
    revision: IOrganization.Revision = staticcall access.ORGANIZATION.budget_after(
        word, budgets._seconds[slot], budget
    )
    if not revision.tightens:
        self._check_may_loosen()
        if not revision.is_exact:
            reasons._refuse("budgets: figure too fine")

    if word == 0:
        roster._add_budget(agent, token, category)
    budgets._words[slot] = revision.word
    budgets._seconds[slot] = revision.second
    budgets._log_set(slot, agent, token, category)

    if revision.changes:
        access._tell_changed(
            abi_encode(
                agent,
                token,
                category,
                method_id=method_id(
                    "set_budget(address,address,bytes32,(uint256,uint256,uint256,uint256,uint256,uint256,uint256,bool,bool))"
                ),
            ),
            agent,
        )


@external
def set_wallet_limit(token: address, daily: uint256):
    """
    @notice Set what the whole wallet may spend of `token` per UTC day; 0 disables the token.
    """
    access._check_setter()
    if daily > limits.MAX_WALLET_LIMIT:
        reasons._refuse("limits: too large")
    before: uint256 = limits._limit(limits._words[token])
    # Asked only when it is enabled: to tighten, a token need not even exist any more.
    if not (daily == 0 or before != 0 or self._can_be_token(token)):
        reasons._refuse("limits: cannot be a token")
    access._check_waited(daily > before)

    limits._set_limit(token, daily)
    if daily != before:
        access._tell_changed(
            abi_encode(token, method_id=method_id("set_wallet_limit(address,uint256)")),
            empty(address),
        )


@external
def set_max_balance(token: address, amount: uint256):
    """
    @notice Set how much of `token` a refill may leave in the wallet.
    """
    access._check_setter()
    before: uint256 = limits._max_balances[token]
    access._check_waited(amount > before)

    limits._set_max_balance(token, amount)
    if amount != before:
        access._tell_changed(
            abi_encode(token, method_id=method_id("set_max_balance(address,uint256)")),
            empty(address),
        )


@external
def set_recipients(who: DynArray[address, 25], allowed: bool):
    """
    @notice Put recipients on the wallet's list, or take them off.
    """
    access._check_setter()
    differs: bool = recipients._differs(who, allowed)
    access._check_waited(allowed and differs)

    recipients._set(who, allowed)
    if differs:
        access._tell_changed(method_id("set_recipients(address[],bool)"), empty(address))


@external
def set_payment_delay(seconds: uint256):
    """
    @notice Set how long queued payments wait. Those already queued keep theirs.
    """
    access._check_setter()
    queue._check_payment_delay(seconds)
    before: uint256 = queue._payment_delay()
    access._check_waited(seconds < before)

    queue._set_payment_delay(seconds)
    if seconds != before:
        access._tell_changed(method_id("set_payment_delay(uint256)"), empty(address))


@external
def set_grace(seconds: uint256):
    """
    @notice Set how long due payments stay executable. Those already queued keep theirs.
    """
    access._check_setter()
    queue._check_grace(seconds)
    before: uint256 = queue._grace()
    access._check_waited(seconds > before)

    queue._set_grace(seconds)
    if seconds != before:
        access._tell_changed(method_id("set_grace(uint256)"), empty(address))


# The treasury's own


@external
def seal():
    """
    @notice End the setting up: from here on what loosens waits, and the wallet can be unpaused.
    """
    access._check_treasury()
    if access._sealed:
        reasons._refuse("wallet: already sealed")

    access._sealed = True
    log IHotWallet.Sealed()


@external
def rotate_agent(old: address, new: address):
    """
    @notice Give all budgets of `old`, with what was spent of them, to a new key, at once. `old` is
            retired for ever, and what it has queued is void.
    """
    access._check_treasury()
    if not roster._is_active(old):
        reasons._refuse("agents: no such agent")
    if not self._can_be_agent(new):
        reasons._refuse("agents: not a new agent")

    count: uint256 = roster._replace(old, new)
    for i: uint256 in range(count, bound=roster.MAX_BUDGETS):
        key: roster.BudgetKey = roster._move_key(old, new, i)
        budgets._move(
            budgets._slot(old, key.token, key.category), budgets._slot(new, key.token, key.category)
        )
    log IHotWallet.AgentRotated(old=old, new=new)

    extcall access.ORGANIZATION.rotated(old, new)


@external
@payable
def refill(token: address, amount: uint256, ref: bytes32):
    """
    @notice Bring money from the treasury, up to the maximum balance. The treasury approves exactly
            this amount in the same transaction, or sends it along when it is native currency.
    """
    access._check_treasury()
    if not access._sealed:
        reasons._refuse("wallet: not sealed")
    if staticcall access.ORGANIZATION.stopped(self):
        reasons._refuse("refill: stopped")

    arrived: uint256 = transfers._receive(token, msg.sender, amount)

    balance: uint256 = transfers._balance(token)
    if balance > limits._max_balances[token]:
        reasons._refuse("refill: above max_balance")
    log IHotWallet.Refilled(token=token, amount=arrived, balance=balance, ref=ref)


@external
def sweep(token: address, reason: String[64]):
    """
    @notice Send all of `token` to the treasury: a guardian or the treasury; also while stopped.
    """
    access._check_guardian_or_treasury()
    amount: uint256 = transfers._balance(token)

    log IHotWallet.Swept(token=token, by=msg.sender, amount=amount, reason=reason)

    if amount != 0:
        transfers._send(token, access.TREASURY, amount)


# Views


@external
@view
def preview(
    agent: address, token: address, to: address, amount: uint256, category: bytes32
) -> uint256:
    """
    @notice What `pay` would do: one of `PREVIEW_*`. It cannot see a duplicate in the queue nor a
            token that fails.
    """
    slot: bytes32 = budgets._slot(agent, token, category)
    verdict: Verdict = self._judge(slot, agent, token, to, amount, 0)
    if verdict.charge.number == NOT_ENABLED:
        return PREVIEW_WALLET
    if verdict.charge.number == PREVIEW_PAY and transfers._balance_or_zero(token) < amount:
        return PREVIEW_BALANCE
    return verdict.charge.number


@external
@view
def budget(agent: address, token: address, category: bytes32) -> IHotWallet.Budget:
    """
    @notice The budget's figures, in base units; zeros when it was never set or was removed.
    """
    return budgets._budget(budgets._slot(agent, token, category))


@external
@view
def remaining(agent: address, token: address, category: bytes32) -> (uint256, uint256, uint256):
    """
    @notice What is left of the budget: of the UTC hour and of the UTC day, in base units, and how
            many payments.
    """
    slot: bytes32 = budgets._slot(agent, token, category)
    word: uint256 = budgets._words[slot]
    ring: uint256 = 0
    if word & figures.ROLLING != 0 and figures._is_past(word):
        word, ring = rolling._advanced(word, budgets._seconds[slot])
    elif word & figures.SHARE != 0:
        word = self._shared(slot, token, word).word
    return budgets._remaining(word)


@external
@view
def payment(id: bytes32) -> (address, uint256, uint256):
    """
    @notice A waiting payment: its agent, from when it can be executed and until when; zeros when
            there is none.
    """
    entry: queue.Entry = self._waiting(id)
    return entry.agent, entry.ready_at, entry.expires_at


@external
@view
def name() -> String[32]:
    """
    @notice What the wallet is for.
    """
    return NAME


@external
@view
def version() -> String[8]:
    """
    @notice The version of the contract and of its EIP-712 domain.
    """
    return signatures.VERSION


@external
@view
@reentrant
def eip712Domain() -> (
    bytes1, String[16], String[8], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The domain that agents sign for (ERC-5267).
    """
    return DOMAIN_FIELDS, signatures.NAME, signatures.VERSION, chain.id, self, empty(bytes32), []


# The order of checks


@internal
@view
def _judge(
    slot: bytes32, agent: address, token: address, to: address, amount: uint256, settled: uint256
) -> Verdict:
    """
    @dev What becomes of a payment, or of a batch as a whole: everything that pays asks here.
    @param settled How many payments are charged that are not to wait (again); 0: one that may have
           to.
    """
    verdict: Verdict = empty(Verdict)
    if staticcall access.ORGANIZATION.stopped(agent):
        verdict.charge.number = PREVIEW_STOPPED
        return verdict

    word: uint256 = budgets._words[slot]
    cut: uint256 = 0
    may_receive: bool = to != empty(address) and to != self
    if word >= figures.ROLLING:
        if word & figures.ALLOWLIST_ONLY != 0:
            may_receive = may_receive and recipients._allowed[to]
        if word & figures.ROLLING != 0:
            if (word >> figures.HOUR_AT) & figures.M20 != unsafe_div(block.timestamp, figures.HOUR):
                word, verdict.second = rolling._advanced(word, budgets._seconds[slot])
        elif word & figures.SHARE != 0:
            shared: budgets.Shared = self._shared(slot, token, word)
            word = shared.word
            cut = shared.cut
            verdict.second = shared.second
    if settled <= 1:
        verdict.charge = budgets._charged(word, amount, may_receive, settled != 0)
    else:
        verdict.charge = budgets._charged_batch(word, amount, settled)
    verdict.charge.word ^= cut
    if verdict.charge.number > PREVIEW_QUEUE:
        return verdict

    limit_word: uint256 = limits._words[token]
    limit: uint256 = limit_word >> limits.LIMIT
    today: uint256 = unsafe_div(block.timestamp, limits.DAY)
    spent: uint256 = amount
    if (limit_word >> limits.DAY_AT) & limits.M24 == today:
        # No payment comes near 2^256.
        spent = unsafe_add(limit_word & limits.M112, amount)
    if spent <= limit:
        verdict.limit_word = spent | (today << limits.DAY_AT) | (limit << limits.LIMIT)
    elif limit == 0:
        verdict.charge.number = NOT_ENABLED
    elif verdict.charge.number == PREVIEW_PAY:
        verdict.charge.number = PREVIEW_WALLET
    return verdict


@internal
@view
def _may_receive(word: uint256, to: address) -> bool:
    """
    @dev Whether the budget may pay `to`.
    """
    if to == empty(address) or to == self:
        return False
    return word & figures.ALLOWLIST_ONLY == 0 or recipients._allowed[to]


@internal
@view
def _shared(slot: bytes32, token: address, word: uint256) -> budgets.Shared:
    """
    @dev A budget with a share of what the wallet held of `token` before the day's first charge.
    """
    balance: uint256 = 0
    if not shares._is_of_today(budgets._seconds[slot]):
        balance = transfers._balance_or_zero(token)
    return budgets._shared(slot, word, balance)


@internal
@pure
def _refuse(verdict: uint256):
    """
    @dev Revert with the reason for a refusal.
    """
    reason: String[32] = "payments: over the wallet limit"
    if verdict == PREVIEW_STOPPED:
        reason = "payments: stopped"
    elif verdict == PREVIEW_NO_BUDGET:
        reason = "payments: no budget"
    elif verdict == PREVIEW_AMOUNT:
        reason = "payments: amount out of bounds"
    elif verdict == PREVIEW_RECIPIENT:
        reason = "payments: recipient not allowed"
    elif verdict == PREVIEW_HOURLY:
        reason = "payments: over the hourly limit"
    elif verdict == PREVIEW_DAILY:
        reason = "payments: over the daily limit"
    elif verdict == PREVIEW_COUNT:
        reason = "payments: too many today"
    elif verdict == PREVIEW_QUEUE:
        reason = "payments: one has to wait"
    elif verdict == NOT_ENABLED:
        reason = "payments: token is not enabled"
    reasons._refuse(reason)


@internal
def _log_share_base(agent: address, token: address, category: bytes32, second: uint256):
    """
    @dev Tell which balance a share is of, until the UTC day ends.
    """
    log IHotWallet.ShareBaseSet(
        agent=agent, token=token, category=category, balance=shares._balance(second)
    )


@internal
def _enqueue(
    agent: address, token: address, to: address, amount: uint256, category: bytes32, ref: bytes32
) -> bytes32:
    """
    @dev Let a payment wait. Nothing is charged.
    """
    settings: uint256 = queue._settings
    id: bytes32 = queue._id(settings >> queue.EPOCH, agent, token, to, amount, category, ref)
    ready_at: uint256 = queue._add(id, agent, settings)
    log IHotWallet.PaymentQueued(
        id=id,
        agent=agent,
        token=token,
        to=to,
        amount=amount,
        category=category,
        ref=ref,
        ready_at=ready_at,
        expires_at=unsafe_add(ready_at, (settings >> queue.GRACE) & queue.M22),
    )
    return id


@internal
@view
def _waiting(id: bytes32) -> queue.Entry:
    """
    @dev The payment with this id, while it can still be executed; with its agent's rotation it is
         void.
    """
    entry: queue.Entry = queue._entry(id)
    if block.timestamp >= entry.expires_at or roster._is_retired(entry.agent):
        return empty(queue.Entry)
    return entry


# Who may


@internal
@view
def _check_budget_setter(agent: address):
    """
    @dev A guardian, and an agent for its own budgets, may reach `set_budget`, to tighten.
    """
    if msg.sender == access.TREASURY or msg.sender == access.ORGANIZATION.address:
        return
    if not (msg.sender == agent or access._is_guardian(msg.sender)):
        reasons._refuse("access: not authorised")


@internal
@view
def _check_may_loosen():
    """
    @dev Only the treasury loosens a budget; once sealed, only through the timelock.
    """
    if msg.sender != access.ORGANIZATION.address:
        if msg.sender != access.TREASURY:
            reasons._refuse("access: may only tighten")
        access._check_waited(True)


@internal
@view
def _can_be_token(token: address) -> bool:
    """
    @dev Native currency, or a contract that is none of Bursar's own: calling those as a token
         would reach functions that obey this wallet.
    """
    if token == transfers.NATIVE:
        return True
    if token == self or token == access.TREASURY or token == access.ORGANIZATION.address:
        return False
    return token.is_contract


@internal
@view
def _can_be_agent(who: address) -> bool:
    """
    @dev A key that can take over: it has no history here and no other power anywhere.
    """
    if who == empty(address) or who == access.ORGANIZATION.address or roster._is_known(who):
        return False
    if staticcall access.ORGANIZATION.roles(who) != empty(IOrganization.Role):
        return False
    return not staticcall access.ORGANIZATION.is_wallet(who)
