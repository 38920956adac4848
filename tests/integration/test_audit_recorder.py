"""
What really happened on a real chain, under a real Safe, as the audit tells it: who authorised it,
what was there before and after, and where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import defunct_hash_message

from bursar.audit import Action, Entry, FailedCall, Verdict, entries_for
from bursar.audit.context import Context
from bursar.chain.carriers import CarrierReader
from bursar.chain.errors import RevertedError
from bursar.chain.failures import FailureReader
from bursar.chain.incoming import fetch_incoming
from bursar.chain.local import ETHER
from bursar.chain.reader import Call
from bursar.chain.safe_multi_send import pack_calls
from bursar.chain.safe_transaction import SafeTransaction, Signature, sign
from bursar.changes import encode_call
from bursar.devnet import USDC, address_of
from bursar.events import Paid, WalletCreated
from bursar.store.audit_log import Appended, AuditLog
from bursar.store.audit_past import OtherChainError
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_recorder import AuditRecorder
from bursar.store.audit_verify import verify_audit
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome, record_decision
from bursar.types import DAY, FOREVER, NATIVE, Address, Bytes32, checksummed
from tests.integration.live import GENERAL, LiveWorld, budget, ref


class Desk:
    """
    An audit of the world's organisation, in a store of its own.
    """

    def __init__(self, world: LiveWorld, folder: Path) -> None:
        self.world = world
        self.database = Database.open(f"sqlite:///{folder}/audit.db")
        self.log = AuditLog(self.database, world.chain.chain_id, world.organization.address)
        self.carriers = CarrierReader(world.chain, world.safe.address)

    def record(self) -> Appended:
        """
        Everything up to now, by a recorder that starts anew.
        """
        events = self.world.fetch_history()
        wallets = [event.wallet for event in events if isinstance(event, WalletCreated)]
        last = self.world.chain.fetch_height()
        incoming = fetch_incoming(self.world.chain, wallets, first=0, last=last)
        return AuditRecorder(self.log, self.carriers).record(events, incoming)

    def entries(self, **wanted: Any) -> list[Entry]:
        """
        What the audit holds.
        """
        rows = self.database.read(lambda c: list(find_audit(c, Filter(**wanted))))
        return [row.entry for row in rows]

    def since(self, act: Callable[[], Any]) -> list[Entry]:
        """
        The entries for what `act` does.
        """
        self.record()
        act()
        return [sealed.entry for sealed in self.record().added]

    def one(self, act: Callable[[], Any]) -> Entry:
        """
        The one entry for it.
        """
        (entry,) = self.since(act)
        return entry


@pytest.fixture
def desk(world: LiveWorld, tmp_path: Path) -> Any:
    """
    An empty audit.
    """
    made = Desk(world, tmp_path)
    yield made
    made.database.close()


def who(entry: Entry) -> list[tuple[str, Address | None]]:
    """
    Who authorised it.
    """
    return [(party.role, party.address) for party in entry.authorised_by]


def signers(world: LiveWorld, *numbers: int) -> list[tuple[str, Address | None]]:
    """
    Owners by their number, in the order in which a Safe wants them.
    """
    addresses = [address_of(world.owners[number]) for number in numbers]
    return [("owner", one) for one in sorted(addresses, key=lambda one: int(one, 16))]


def by_owners(world: LiveWorld, *calls: Call, numbers: tuple[int, ...] = (0, 1)) -> None:
    """
    The Safe's transaction, signed by those owners.
    """
    transaction = world.safe.build(*calls)
    signatures = [sign(transaction, world.owners[number]) for number in numbers]
    world.safe.execute(world.relayer, transaction, signatures)


def test_payment__of_an_agent__resolves_to_agent_wallet_time_and_amount(desk: Desk) -> None:
    """
    T2, T35: who, from which wallet, when, how much, with the balances, where on the chain, and what
    decided.
    """
    world = desk.world
    at_once = desk.one(lambda: world.pay(30 * USDC))

    receipt_events = world.fetch_history()
    paid = receipt_events[-1]
    assert isinstance(paid, Paid)
    assert at_once.place is not None
    assert (at_once.place.block, at_once.place.transaction, at_once.place.log) == (
        paid.block,
        paid.transaction,
        paid.log,
    )
    assert (at_once.action, at_once.event) == (Action.AGENT_SPEND, "Paid")
    assert (at_once.organization, at_once.wallet) == (
        world.organization.address,
        world.wallet.address,
    )
    assert (at_once.agent, at_once.role) == (address_of(world.agent), "agent")
    assert (at_once.token, at_once.amount) == (world.usdc.address, 30 * USDC)
    assert (at_once.balance_before, at_once.balance_after) == (5_000 * USDC, 4_970 * USDC)
    assert who(at_once) == [("agent", address_of(world.agent))]
    assert at_once.at == paid.at
    assert at_once.verdict is not None
    assert (at_once.verdict.by, at_once.verdict.outcome) == ("chain", "allowed")
    assert at_once.details["to"] == world.recipient
    assert world.usdc_of(world.wallet.address) == at_once.balance_after


def test_payment__that_policy_decided__names_the_decision(desk: Desk) -> None:
    """
    The receipt on the chain leads to the stored decision; copied into another payment it does not.
    """
    world = desk.world
    decision = Decision(
        *(1, world.chain.chain_id, world.organization.address, world.wallet.address),
        *(address_of(world.agent), "agent", "payment", Outcome.ALLOWED, None, "Fits.", "v3"),
        *(world.usdc.address, 5 * USDC, ref(77), {"left": "300"}),
    )
    number = desk.database.write(lambda c: record_decision(c, decision))

    decided, copied = desk.since(
        lambda: (world.pay(5 * USDC, ref=ref(77)), world.pay(6 * USDC, ref=ref(77)))
    )

    assert decided.verdict == Verdict(
        by="policy", outcome="allowed", message="Fits.", version="v3", number=number
    )
    assert copied.verdict is not None
    assert copied.verdict.by == "chain"


def test_payment__that_waited__is_entered_when_it_leaves(desk: Desk) -> None:
    """
    Queued it moves nothing; executed by anybody it is still the agent's.
    """
    world = desk.world

    def act() -> None:
        world.pay(90 * USDC, key=world.other_agent)
        world.chain.warp(by=700)
        arguments = (address_of(world.other_agent), *world.payment(90 * USDC))
        world.wallet.send(world.stranger, "execute", *arguments)

    entry = desk.one(act)

    assert (entry.action, entry.event) == (Action.AGENT_SPEND, "PaymentExecuted")
    assert who(entry) == [("agent", address_of(world.other_agent))]
    assert entry.balance_after == 4_910 * USDC


def test_payment__cancelled__is_a_refusal_with_its_reason(desk: Desk) -> None:
    """
    Who cancelled what, and why: by a guardian, and by its agent.
    """
    world = desk.world

    def act() -> None:
        for key, reason in ((world.guardian, "looks wrong"), (world.other_agent, "mistake")):
            receipt = world.pay(90 * USDC, key=world.other_agent)
            id_ = world.decode(receipt)[0].id  # type: ignore[attr-defined]
            world.wallet.send(key, "cancel", id_, reason)

    by_guardian, by_agent = desk.since(act)

    assert (by_guardian.action, by_guardian.amount) == (Action.REFUSAL, 90 * USDC)
    assert who(by_guardian) == [("guardian", address_of(world.guardian))]
    assert by_guardian.agent == address_of(world.other_agent)
    assert by_guardian.verdict == Verdict(by="guardian", outcome="denied", reason="looks wrong")
    assert who(by_agent) == [("agent", address_of(world.other_agent))]


@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (0, 1, 2)])
def test_refill__in_a_batch__names_the_owners_who_signed(
    desk: Desk, numbers: tuple[int, ...]
) -> None:
    """
    T31, T35: exactly the owners whose signatures are in the Safe's transaction, through MultiSend.
    """
    world = desk.world
    entry = desk.one(
        lambda: by_owners(
            world, *world.build_refill(world.wallet, 7 * USDC, ref(1)), numbers=numbers
        )
    )

    assert (entry.action, entry.amount) == (Action.REFILL, 7 * USDC)
    assert who(entry) == signers(world, *numbers)
    assert (entry.balance_before, entry.balance_after) == (5_000 * USDC, 5_007 * USDC)
    assert entry.verdict == Verdict(by="people", outcome="allowed", message="Signed.")
    assert entry.details["sent_by"] == address_of(world.relayer)


def test_refill__with_a_false_signature_appended__does_not_name_anybody_else(desk: Desk) -> None:
    """
    The Safe looks at as many signatures as it needs; what a stranger appends frames nobody: neither
    a word that names the third owner as having approved, nor a signature of no owner's.
    """
    world = desk.world
    transaction = world.safe.build(*world.build_refill(world.wallet, 7 * USDC, ref(1)))
    third = address_of(world.owners[2])
    approval = Signature(owner=third, data=bytes(12) + bytes.fromhex(third[2:]) + bytes(32) + b"\1")
    signed = sorted(
        (sign(transaction, owner) for owner in world.owners[:2]), key=lambda s: int(s.owner, 16)
    )
    call = world.safe.build_execution(transaction, signed)
    tail = [approval.data, sign(transaction, world.stranger).data]
    joined = b"".join([one.data for one in signed] + tail)

    entry = desk.one(lambda: world.chain.send(world.stranger, resigned(world, transaction, joined)))

    assert call.to == world.safe.address
    assert who(entry) == signers(world, 0, 1)


def resigned(world: LiveWorld, transaction: SafeTransaction, signatures: bytes) -> Call:
    """
    The Safe's transaction with any bytes for signatures.
    """
    return world.safe._contract.build_call(
        "execTransaction",
        *(transaction.to, transaction.value, transaction.data, transaction.operation),
        *(transaction.safe_tx_gas, transaction.base_gas, transaction.gas_price),
        *(transaction.gas_token, transaction.refund_receiver, signatures),
    )


def test_refill__signed_in_other_ways__names_the_owners(desk: Desk) -> None:
    """
    One owner signed the hash as a personal message, the other approved it by a transaction.
    """
    world = desk.world
    transaction = world.safe.build(*world.build_refill(world.wallet, 7 * USDC, ref(1)))
    first, second = sorted(world.owners[:2], key=lambda key: int(key.address, 16))
    approve = world.safe._contract.build_call("approveHash", transaction.hash)
    world.chain.fund(address_of(first), ETHER)
    personal = second.unsafe_sign_hash(defunct_hash_message(transaction.hash))
    signature = personal.signature[:64] + bytes([personal.signature[64] + 4])
    approval = bytes(12) + bytes.fromhex(first.address[2:]) + bytes(32) + b"\1"

    def act() -> None:
        world.chain.send(first, approve)
        world.chain.send(world.stranger, resigned(world, transaction, approval + signature))

    assert who(desk.one(act)) == signers(world, 0, 1)


def test_refill__passed_on_by_another_contract__names_the_owners(desk: Desk) -> None:
    """
    The Safe's transaction within somebody else's: two of them, each with its own signers.
    """
    world = desk.world
    first = world.safe.build(*world.build_refill(world.wallet, 7 * USDC, ref(1)))
    second = world.safe.build(
        *world.build_refill(world.second_wallet, 8 * USDC, ref(1)), nonce=first.nonce + 1
    )
    calls = [
        world.safe.build_execution(transaction, [sign(transaction, world.owners[n]) for n in who_])
        for transaction, who_ in ((first, (0, 1)), (second, (1, 2)))
    ]
    outer = Call(world.safe.multi_send, pack_calls(calls))

    one, other = desk.since(lambda: world.chain.send(world.stranger, outer))

    assert (one.amount, who(one)) == (7 * USDC, signers(world, 0, 1))
    assert (other.amount, who(other)) == (8 * USDC, signers(world, 1, 2))


def test_refill__after_an_owner_was_exchanged__names_who_owned_it_then(
    desk: Desk, tmp_path: Path
) -> None:
    """
    An audit that is written much later still knows the owners of that day: from the Safe's logs.
    """
    world = desk.world
    fresh = world.chain.new_account("fresh owner")
    swap = exchange(world, address_of(fresh))
    by_owners(world, *world.build_refill(world.wallet, 7 * USDC, ref(1)))
    by_owners(world, swap)
    transaction = world.safe.build(*world.build_refill(world.wallet, 8 * USDC, ref(2)))
    signatures = [sign(transaction, key) for key in (fresh, world.owners[1])]
    world.safe.execute(world.relayer, transaction, signatures)

    desk.record()

    earlier, later = desk.entries(actions=(Action.REFILL,), wallet=world.wallet.address)[-2:]
    assert who(earlier) == signers(world, 0, 1)
    assert {address for _, address in who(later)} == {
        address_of(fresh),
        address_of(world.owners[1]),
    }


def test_refill__in_the_batch_that_exchanges_an_owner__names_who_signed(desk: Desk) -> None:
    """
    Whoever leaves by a transaction has signed it as an owner.
    """
    world = desk.world
    swap = exchange(world, address_of(world.chain.new_account("fresh owner")))

    entry = desk.one(
        lambda: by_owners(world, swap, *world.build_refill(world.wallet, 7 * USDC, ref(1)))
    )

    assert who(entry) == signers(world, 0, 1)


def exchange(world: LiveWorld, fresh: Address) -> Call:
    """
    The call of the Safe to itself that puts `fresh` in the first owner's place.
    """
    owners = world.safe.fetch_owners()
    leaving = owners.index(address_of(world.owners[0]))
    before = owners[leaving - 1] if leaving else checksummed("0x" + "00" * 19 + "01")
    return world.safe._contract.build_call("swapOwner", before, address_of(world.owners[0]), fresh)


def scheduled_call(world: LiveWorld, daily: int) -> bytes:
    """
    A raise of the agent's budget.
    """
    raised = budget(per_payment=daily, hourly=daily, daily=daily)
    return encode_call("set_budget", address_of(world.agent), world.usdc.address, GENERAL, raised)


def test_change__that_waited__names_who_signed_its_scheduling(desk: Desk) -> None:
    """
    Applied by a stranger, days later: the owners who scheduled it authorised it, also for an audit
    that was restarted in between.
    """
    world = desk.world
    call = scheduled_call(world, 4_000 * USDC)
    schedule = world.organization.build_call("schedule", world.wallet.address, call)
    scheduled = desk.one(lambda: by_owners(world, schedule, numbers=(1, 2)))
    world.chain.warp(by=2 * DAY + 10)

    applied, budget_set = desk.since(
        lambda: world.organization.send(world.stranger, "apply", world.wallet.address, call)
    )

    assert (scheduled.event, who(scheduled)) == ("ChangeScheduled", signers(world, 1, 2))
    assert (applied.event, who(applied)) == ("ChangeApplied", signers(world, 1, 2))
    assert (budget_set.event, who(budget_set)) == ("BudgetSet", signers(world, 1, 2))
    assert budget_set.action is Action.POLICY_CHANGE
    assert budget_set.details["sent_by"] == address_of(world.stranger)
    assert budget_set.details["change"] == applied.details["id"]
    assert budget_set.details["budget"]["daily"] == str(4_000 * USDC)
    assert budget_set.wallet == world.wallet.address


def test_change__several_at_once_by_others__each_names_its_own(desk: Desk) -> None:
    """
    One transaction applies what two quorums scheduled, and sets something directly by a third: no
    signature counts for another's change.
    """
    world = desk.world
    recipients = encode_call("set_recipients", [world.recipient, NATIVE], True)
    limit = encode_call("set_wallet_limit", world.usdc.address, 9_000 * USDC)
    target = world.wallet.address
    for call, numbers in ((recipients, (0, 1)), (limit, (1, 2))):
        by_owners(world, world.organization.build_call("schedule", target, call), numbers=numbers)
    world.chain.warp(by=2 * DAY + 10)
    calls = [
        world.organization.build_call("apply", target, recipients),
        world.organization.build_call("apply", target, limit),
        world.wallet.build_call("set_wallet_limit", world.usdc.address, 100 * USDC),
    ]

    found = desk.since(lambda: by_owners(world, *calls, numbers=(0, 2)))

    told = [(entry.event, who(entry)) for entry in found]
    assert told == [
        ("ChangeApplied", signers(world, 0, 1)),
        ("RecipientSet", signers(world, 0, 1)),
        ("RecipientSet", signers(world, 0, 1)),
        ("ChangeApplied", signers(world, 1, 2)),
        ("WalletLimitSet", signers(world, 1, 2)),
        ("WalletLimitSet", signers(world, 0, 2)),
    ]


def test_budget__tightened__names_agent_guardian_or_owners(desk: Desk) -> None:
    """
    The event does not say by whom, so the transaction does.
    """
    world = desk.world
    agent = address_of(world.agent)

    def tighten(daily: int) -> Call:
        lower = budget(per_payment=50 * USDC, hourly=100 * USDC, daily=daily * USDC)
        return world.wallet.build_call("set_budget", agent, world.usdc.address, GENERAL, lower)

    def act() -> None:
        world.chain.send(world.agent, tighten(900))
        world.chain.send(world.guardian, tighten(800))
        by_owners(world, tighten(700), numbers=(0, 2))

    told = [who(entry) for entry in desk.since(act)]

    assert told == [
        [("agent", agent)],
        [("guardian", address_of(world.guardian))],
        signers(world, 0, 2),
    ]


def test_stops__by_each_who_may__store_who_when_scope_id_and_reason(desk: Desk) -> None:
    """
    T28: activations and releases, by guardian, keeper, agent and treasury.
    """
    world = desk.world
    organization, wallet = world.organization, world.wallet.address
    agent = address_of(world.agent)

    def act() -> None:
        organization.send(world.guardian, "pause", organization.address, 0, "phishing")
        organization.send(world.keeper, "pause", wallet, 0, "undeclared spend")
        world.wallet.send(world.agent, "pause_self", 0, "confused")
        by_owners(
            world,
            organization.build_call("unpause", organization.address, 1, "false alarm"),
            numbers=(1, 2),
        )
        world.wallet.send(world.guardian, "cancel_all", "to be sure")

    everything, one_wallet, itself, release, queue = desk.since(act)

    assert {entry.action for entry in (everything, one_wallet, itself, release, queue)} == {
        Action.KILL_SWITCH
    }
    assert who(everything) == [("guardian", address_of(world.guardian))]
    assert (everything.wallet, everything.agent) == (None, None)
    assert everything.details == {
        "scope": organization.address,
        "by": address_of(world.guardian),
        "until": str(FOREVER),
        "number": "1",
        "reason": "phishing",
        "sent_by": address_of(world.guardian),
    }
    assert (who(one_wallet), one_wallet.wallet) == (
        [("keeper", address_of(world.keeper))],
        wallet,
    )
    assert (who(itself), itself.agent) == ([("agent", agent)], agent)
    assert (release.event, who(release)) == ("Unpaused", signers(world, 1, 2))
    assert release.details["reason"] == "false alarm"
    assert (queue.event, queue.wallet) == ("QueueVoided", wallet)


def test_sweep__by_guardian_and_treasury__is_entered_with_what_was_there(desk: Desk) -> None:
    """
    Everything went back to the treasury, on whose word.
    """
    world = desk.world
    token = world.usdc.address

    def act() -> None:
        world.wallet.send(world.guardian, "sweep", token, "compromised")
        by_owners(world, world.second_wallet.build_call("sweep", token, "closing"))

    first, second = desk.since(act)

    assert (first.action, first.amount) == (Action.SWEEP, 5_000 * USDC)
    assert (first.balance_before, first.balance_after) == (5_000 * USDC, 0)
    assert who(first) == [("guardian", address_of(world.guardian))]
    assert who(second) == signers(world, 0, 1)


def test_deposit__by_anybody__is_entered_and_a_refill_is_not_one(desk: Desk) -> None:
    """
    T40: money that came in outside of a refill, also from another wallet of ours; the balances go
    on from it.
    """
    world = desk.world
    stranger = address_of(world.stranger)
    world.usdc.send(world.deployer, "mint", stranger, 40 * USDC)

    def act() -> None:
        world.usdc.send(world.stranger, "transfer", world.wallet.address, 40 * USDC)
        world.pay(10 * USDC, to=world.second_wallet.address)

    deposit, paid, arrived = desk.since(act)

    assert (deposit.action, deposit.wallet) == (Action.DEPOSIT, world.wallet.address)
    assert (deposit.amount, deposit.balance_after) == (40 * USDC, 5_040 * USDC)
    assert who(deposit) == [("sender", stranger)]
    assert (paid.balance_before, paid.balance_after) == (5_040 * USDC, 5_030 * USDC)
    assert (arrived.action, arrived.wallet) == (Action.DEPOSIT, world.second_wallet.address)
    assert who(arrived) == [("sender", world.wallet.address)]
    assert arrived.balance_after == world.usdc_of(world.second_wallet.address)
    assert [entry.action for entry in desk.entries(actions=(Action.DEPOSIT,))] == [
        Action.DEPOSIT
    ] * 2


def test_deposit__known_to_the_audit__is_not_read_again(desk: Desk) -> None:
    """
    A recorder that starts again has the deposits from the audit, so that balances add up although
    only what is new is read from the chain.
    """
    world = desk.world
    stranger = address_of(world.stranger)
    world.usdc.send(world.deployer, "mint", stranger, 40 * USDC)
    world.usdc.send(world.stranger, "transfer", world.wallet.address, 40 * USDC)
    world.pay(1 * USDC)
    desk.record()
    world.pay(2 * USDC)

    (sealed,) = AuditRecorder(desk.log, desk.carriers).record(world.fetch_history()).added

    assert sealed.entry.balance_after == 5_037 * USDC
    assert world.usdc_of(world.wallet.address) == 5_037 * USDC


def test_native__payment__has_the_balances_of_its_block_or_none(desk: Desk) -> None:
    """
    Native money comes in without a log: the state is asked, and two moves in a block are not
    guessed apart.
    """
    world = desk.world
    figures = budget(per_payment=ETHER, hourly=ETHER, daily=ETHER)
    call = encode_call("set_budget", address_of(world.agent), NATIVE, GENERAL, figures)
    limit = encode_call("set_wallet_limit", NATIVE, ETHER)
    target = world.wallet.address
    by_owners(
        world,
        *(world.organization.build_call("schedule", target, one) for one in (call, limit)),
    )
    world.chain.warp(by=2 * DAY + 10)
    for one in (call, limit):
        world.organization.send(world.stranger, "apply", target, one)
    world.chain.send(world.stranger, Call(target, b"", 3 * 10**17))
    before = world.chain.fetch_balance(target)

    entry = desk.one(lambda: world.pay(10**17, token=NATIVE))

    assert (entry.balance_before, entry.balance_after) == (before, before - 10**17)
    assert world.chain.fetch_balance(target) == entry.balance_after


def failed_calls(world: LiveWorld) -> list[FailedCall]:
    """
    The transactions of the chain to our contracts that reverted.
    """
    ours = {world.wallet.address, world.second_wallet.address, world.organization.address}
    found: list[FailedCall] = []
    for number in range(world.chain.fetch_height() + 1):
        block = world.chain.rpc.request_object("eth_getBlockByNumber", hex(number), True)
        assert block is not None
        for sent in block["transactions"]:
            receipt = world.chain.rpc.request_object("eth_getTransactionReceipt", sent["hash"])
            assert receipt is not None
            if receipt["status"] == "0x0" and sent["to"] and checksummed(sent["to"]) in ours:
                found.append(
                    FailedCall(
                        at=int(block["timestamp"], 16),
                        block=number,
                        transaction=Bytes32(bytes.fromhex(sent["hash"][2:])),
                        index=int(sent["transactionIndex"], 16),
                        sender=checksummed(sent["from"]),
                        target=checksummed(sent["to"]),
                    )
                )
    return found


def test_refusal__by_the_chain__is_entered_for_who_has_a_role(desk: Desk) -> None:
    """
    T35: refusals too. A stolen key that tries more than its budget leaves an entry with the
    contract's reason; strangers fill no audit by calling as they like.
    """
    world = desk.world
    for key in (world.agent, world.stranger):
        with pytest.raises(RevertedError):
            world.pay(101 * USDC, key=key, gas=300_000)
    reading = AuditRecorder(desk.log, desk.carriers, failures=FailureReader(world.chain))
    failed = failed_calls(world)
    assert len(failed) == 2

    reading.record(world.fetch_history(), failed=failed)
    again = AuditRecorder(desk.log, desk.carriers, failures=FailureReader(world.chain))
    assert again.record(world.fetch_history(), failed=failed).added == ()

    (entry,) = desk.entries(actions=(Action.REFUSAL,))
    assert (entry.event, entry.wallet) == ("pay", world.wallet.address)
    assert (entry.agent, entry.role) == (address_of(world.agent), "agent")
    assert (entry.token, entry.amount) == (world.usdc.address, 101 * USDC)
    assert entry.details["to"] == world.recipient
    assert entry.verdict == Verdict(
        by="chain", outcome="denied", reason="payments: amount out of bounds"
    )


def test_founding__is_entered_with_who_deployed_and_who_signed(desk: Desk) -> None:
    """
    From the first event on nothing is authorised by nobody.
    """
    world = desk.world
    desk.record()

    found = desk.entries()
    assert found[0].event == "OrganizationCreated"
    assert who(found[0]) == [("deployer", address_of(world.deployer))]
    later = [entry for entry in found if entry.role != "deployer"]
    assert {party.role for entry in found for party in entry.authorised_by} == {
        "deployer",
        "owner",
    }
    assert {tuple(who(entry)) for entry in later} == {tuple(signers(world, 0, 1))}
    assert {"WalletCreated", "BudgetSet", "Sealed", "Unpaused", "Refilled", "GraceSet"} <= {
        entry.event for entry in later
    }


def test_record__again_and_after_a_restart__adds_nothing(desk: Desk) -> None:
    """
    A re-read of the chain leaves the audit as it is, and asks the node for no transaction of a
    block before the last.
    """
    world = desk.world
    world.pay(5 * USDC)
    first = desk.record()
    assert len(first.added) > 20

    asked: list[Bytes32] = []

    class Counting:
        def fetch(self, transaction: Bytes32, /) -> Any:
            asked.append(transaction)
            return desk.carriers.fetch(transaction)

        def fetch_balance(self, who: Address, block: int, /) -> int:
            raise AssertionError("no native payment")

    events = world.fetch_history()
    again = AuditRecorder(desk.log, Counting()).record(events)

    assert again.added == ()
    assert asked == []
    with desk.database.reading() as connection:
        report = verify_audit(connection, world.chain.chain_id, world.organization.address)
    assert (report.entries, report.problems) == (len(first.added), ())


def test_record__in_parts_or_at_once__is_the_same_audit(desk: Desk, tmp_path: Path) -> None:
    """
    The same chain makes the same hashes, whoever writes them and when: two keepers can compare.
    """
    world = desk.world
    desk.since(lambda: world.pay(5 * USDC))
    desk.since(lambda: world.organization.send(world.guardian, "pause", NATIVE, 0, "a"))
    other = Desk(world, tmp_path / "other")

    other.record()

    assert other.log.head() == desk.log.head()
    other.database.close()


def test_record__of_a_chain_that_was_started_again__is_refused(desk: Desk) -> None:
    """
    A devnet has the same id and addresses each time; its audits must not be mixed.
    """
    desk.record()
    events = desk.world.fetch_history()
    moved = [event.model_copy(update={"at": event.at + 1}) for event in events]

    with pytest.raises(OtherChainError, match="another chain"):
        AuditRecorder(desk.log, desk.carriers).record(moved)


def test_entries__of_what_is_foretold__are_refused(desk: Desk) -> None:
    """
    Only what is on the chain is audited.
    """
    world = desk.world
    world.pay(5 * USDC)
    paid = world.fetch_history()[-1].model_copy(update={"block": None})
    context = Context(chain_id=1, organization=world.organization.address, treasury=None)

    with pytest.raises(ValueError, match="foretold"):
        entries_for(paid, context)
