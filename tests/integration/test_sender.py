"""
Sending from one key through nodes that are slow, forgetful, wrong or gone: on a real anvil.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from bursar.chain.anvil import Anvil
from bursar.chain.client import Receipt
from bursar.chain.errors import (
    BadAnswerError,
    CostTooHighError,
    DroppedError,
    NoAnswerError,
    NoGasMoneyError,
    NonceError,
    NotMinedError,
    ReplacedError,
    RevertedError,
    RpcError,
    WrongChainError,
)
from bursar.chain.fees import GWEI, Ceilings, Fees, raise_fees
from bursar.chain.local import ETHER, LocalChain
from bursar.chain.reader import Reader
from bursar.chain.refusals import Refusal, read_refusal
from bursar.chain.rpc import Rpc
from bursar.chain.sending import (
    MemoryJournal,
    Mined,
    Outcome,
    Patience,
    Sender,
    SignedTransaction,
)
from bursar.devnet import USDC, address_of
from bursar.reasons import Reason
from bursar.types import Bytes32
from tests.integration import proxy
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode
from tests.integration.sending import (
    CHAIN,
    PATIENT,
    QUICK,
    RECIPIENT,
    SHORT,
    Still,
    gift,
    sending,
    wait_for,
)


@pytest.fixture
def still() -> Iterator[Still]:
    """
    Mines when told to.
    """
    with Anvil(mine=False) as anvil, FaultyNode(anvil.url) as node:
        yield Still(anvil, node)


@pytest.fixture
def live(still: Still) -> Still:
    """
    Mines by itself.
    """
    still.mine_by_itself()
    return still


class Ledger(MemoryJournal):
    """
    A journal in memory that remembers what it was told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.signed: list[SignedTransaction] = []
        self.ended: list[tuple[Outcome, Bytes32 | None]] = []

    def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
        """
        Keep it.
        """
        self.signed.append(transaction)
        super().record_signed(id, transaction)

    def record_ended(self, id: int, outcome: Outcome, mined: Mined | None = None, /) -> None:
        """
        Keep it.
        """
        self.ended.append((outcome, mined.transaction if mined else None))
        super().record_ended(id, outcome, mined)


def test_send__plain__is_mined_and_journalled_before_it_is_broadcast(live: Still) -> None:
    """
    What leaves this machine is written down first, byte for byte.
    """

    class Strict(Ledger):
        def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
            assert live.node.calls["eth_sendRawTransaction"] == 0
            super().record_signed(id, transaction)

    ledger = Strict()

    receipt = live.sender(journal=ledger).send(gift(5))

    assert live.received() == 5
    (signed,) = ledger.signed
    assert (signed.nonce, signed.chain_id, signed.hash) == (0, CHAIN, receipt.transaction)
    assert ledger.ended == [(Outcome.SUCCEEDED, receipt.transaction)]


def test_send__journal_fails__nothing_is_broadcast_and_the_nonce_is_free(live: Still) -> None:
    """
    What cannot be written down is not sent.
    """

    class Full(Ledger):
        full = True

        def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
            if self.full:
                self.full = False
                raise OSError("disk full")
            super().record_signed(id, transaction)

    sender = live.sender(journal=Full())
    with pytest.raises(OSError, match="disk full"):
        sender.send(gift())
    assert live.node.calls["eth_sendRawTransaction"] == 0

    sender.send(gift())

    assert live.nonce() == 1


def test_send__from_many_threads__uses_each_nonce_once(live: Still) -> None:
    """
    One lock, one order: nothing collides and nothing is lost.
    """
    sender = live.sender()

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: sender.send(gift()), range(24)))

    assert len({receipt.transaction for receipt in receipts}) == 24
    assert sorted(fields["nonce"] for fields in live.node.sent) == list(range(24))
    assert live.received() == 24


def test_send__would_revert__is_refused_unsigned(world: LiveWorld) -> None:
    """
    The estimate costs nothing and tells the reason.
    """
    sender = Sender(world.chain, world.agent, chain_id=CHAIN, patience=QUICK)

    with pytest.raises(RevertedError) as refused:
        sender.send(world.wallet.build_call("pay", *world.payment(101 * USDC)))

    assert refused.value.revert.reason is Reason.PAYMENTS_AMOUNT
    assert refused.value.transaction is None


def test_send__reverts_when_mined__tells_the_reason_and_goes_on(world: LiveWorld) -> None:
    """
    The nonce is used, the reason is found, and the next transaction follows.
    """
    sender = Sender(world.chain, world.agent, chain_id=CHAIN, patience=QUICK)
    before = world.chain.rpc.request_number(
        "eth_getTransactionCount", world.agent.address, "latest"
    )

    with pytest.raises(RevertedError) as refused:
        sender.send(world.wallet.build_call("pay", *world.payment(101 * USDC)), gas=200_000)
    sender.send(world.wallet.build_call("pay", *world.payment(1)))

    assert refused.value.revert.reason is Reason.PAYMENTS_AMOUNT
    assert refused.value.transaction is not None
    after = world.chain.rpc.request_number("eth_getTransactionCount", world.agent.address, "latest")
    assert after == before + 2


def test_send__reverts_for_what_its_own_block_did__tells_that_reason(world: LiveWorld) -> None:
    """
    Two that fit alone and not together, in one block: the second one's reason is the limit's.
    """
    sender = Sender(world.chain, world.other_agent, chain_id=CHAIN, patience=QUICK)
    pay = [
        world.wallet.build_call("pay", *world.payment(79 * USDC, ref=bytes([n]) * 32))
        for n in range(4)
    ]
    world.chain.rpc.request("evm_setAutomine", False)
    try:
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(sender.send, call, gas=200_000) for call in pay]
            wait_for(lambda: len(pending_of(world.chain)) == 4)
            world.chain.rpc.request("evm_mine")
            results = [one.exception() for one in sent]
    finally:
        world.chain.rpc.request("evm_setAutomine", True)

    (refused,) = [error for error in results if error is not None]
    assert isinstance(refused, RevertedError)
    assert refused.revert.reason is Reason.PAYMENTS_HOURLY


def pending_of(chain: LocalChain) -> list[str]:
    """
    What waits to be mined.
    """
    block = chain.rpc.request_object("eth_getBlockByNumber", "pending", False)
    return list((block or {})["transactions"])


def test_send__stuck__is_replaced_by_one_that_offers_enough_more(still: Still) -> None:
    """
    Same nonce, at least an eighth more of both fees, until one is mined; only that one counts.
    """
    pool, result = sending(lambda: still.sender().send(gift(7)))
    with pool:
        wait_for(lambda: len(still.node.sent) >= 3)
        still.mine()
        receipt: Receipt = result.result()

    first, second, third = still.node.sent[:3]
    assert first["nonce"] == second["nonce"] == third["nonce"] == 0
    for old, new in ((first, second), (second, third)):
        for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
            assert new[fee] * 8 >= old[fee] * 9
    assert still.received() == 7
    assert still.nonce() == 1
    assert receipt.gas_used == 21_000


def test_send__stuck_at_the_ceiling__offers_no_more_and_says_so(still: Still) -> None:
    """
    A ceiling holds for replacements too.
    """
    ceilings = Ceilings(max_fee=3 * GWEI, max_tip=GWEI)

    with pytest.raises(NotMinedError, match="look before doing it again") as stuck:
        still.sender(SHORT, ceilings=ceilings).send(gift())

    assert all(fields["maxFeePerGas"] <= 3 * GWEI for fields in still.node.sent)
    assert stuck.value.nonce == 0
    assert len(stuck.value.transactions) == len(still.node.sent)


def test_send__after_one_that_was_given_up__burns_its_nonce_first(still: Still) -> None:
    """
    What was given up cannot surface later: the next one goes out behind what replaces it.
    """
    sender = still.sender(PATIENT)
    with pytest.raises(NotMinedError):
        sender.send(gift(1_000))

    pool, result = sending(lambda: sender.send(gift(1)))
    with pool:
        wait_for(lambda: still.node.sent[-1]["value"] == 1)
        still.mine_by_itself()
        result.result()

    assert still.received() == 1
    assert still.nonce() == 2


def test_send__after_one_that_was_given_up_and_mined_all_the_same__follows_it(
    still: Still,
) -> None:
    """
    Given up is not undone: where it was mined after all, the next one has the next nonce.
    """
    sender = still.sender(PATIENT)
    with pytest.raises(NotMinedError) as given_up:
        sender.send(gift(1_000))
    still.mine_by_itself()

    sender.send(gift(1))

    assert still.received() == 1_001
    assert still.nonce() == 2
    assert given_up.value.transactions


def test_send__given_up_one_is_mined_instead_of_its_burn__both_are_done(still: Still) -> None:
    """
    The burn lost the race for the nonce: what was given up happened, and the next one after it.
    """
    sender = still.sender(PATIENT)
    with pytest.raises(NotMinedError):
        sender.send(gift(1_000))
    still.node.calls.clear()

    with still.node.breaking("eth_sendRawTransaction", by=proxy.pretend, times=1):
        pool, result = sending(lambda: sender.send(gift(1)))
        with pool:
            wait_for(lambda: still.node.calls["eth_sendRawTransaction"] >= 2)
            still.mine_by_itself()
            result.result()

    assert still.received() == 1_001
    assert still.nonce() == 2


def test_send__node_lies_that_the_nonce_is_used__is_not_believed(still: Still) -> None:
    """
    "It will never be mined" would invite to do it twice: a node that still has it proves it wrong.
    """

    def used(params: proxy.Params, forward: proxy.Forward) -> Any:
        return {"result": "0x5"} if still.node.sent else forward()

    with (
        still.node.breaking("eth_getTransactionCount", by=used),
        pytest.raises(NotMinedError),
    ):
        still.sender(PATIENT).send(gift())


def test_send__dropped_by_the_node__is_sent_again(live: Still) -> None:
    """
    A node that took it and forgot it gets the very same bytes again.
    """
    with live.node.breaking("eth_sendRawTransaction", by=proxy.pretend, times=2):
        live.sender().send(gift())

    assert live.node.calls["eth_sendRawTransaction"] == 3
    assert live.received() == 1


def test_send__dropped_again_and_again__says_so(live: Still) -> None:
    """
    The error names it as dropped, with the hash to look for.
    """
    with (
        live.node.breaking("eth_sendRawTransaction", by=proxy.pretend),
        pytest.raises(DroppedError, match="dropped it"),
    ):
        live.sender(SHORT).send(gift())

    assert live.received() == 0


@pytest.mark.parametrize("fault", [proxy.swallow, proxy.hang_up, proxy.raw(b"<html>bad gateway")])
def test_send__no_answer_to_the_broadcast__happens_once(live: Still, fault: proxy.Rule) -> None:
    """
    Whether it arrived or not: it is looked for, sent again, and never signed twice.
    """
    with live.node.breaking("eth_sendRawTransaction", by=fault, times=1):
        live.sender().send(gift())

    assert live.received() == 1
    assert live.nonce() == 1


def test_send__taken_and_reported_as_failed__is_found(live: Still) -> None:
    """
    Some nodes answer an error for what they took.
    """

    def refuse(params: proxy.Params, forward: proxy.Forward) -> Any:
        forward()
        return {"error": {"code": -32000, "message": "already known"}}

    with live.node.breaking("eth_sendRawTransaction", by=refuse):
        live.sender().send(gift())

    assert live.received() == 1


def test_send__nonce_used_by_somebody_else__is_reported_as_replaced(still: Still) -> None:
    """
    A second writer with the same key: what is lost is told, and that it will never be mined.
    """
    pool, result = sending(lambda: still.sender(Patience(30.0, 60.0, 0.1, 0.02)).send(gift(7)))
    with pool:
        wait_for(lambda: still.node.sent)
        steal(still)
        still.mine()
        with pytest.raises(ReplacedError, match="stop the agent") as replaced:
            result.result()

    assert replaced.value.nonce == 0
    assert still.received() == 9


def steal(still: Still) -> None:
    """
    Replace what waits from elsewhere.
    """
    fields = {
        "type": 2,
        "chainId": CHAIN,
        "nonce": 0,
        "gas": 21_000,
        "maxFeePerGas": 100 * GWEI,
        "maxPriorityFeePerGas": 50 * GWEI,
        "to": RECIPIENT,
        "value": 9,
        "data": b"",
    }
    signed = still.key.sign_transaction(fields)
    still.chain.rpc.request("eth_sendRawTransaction", f"0x{bytes(signed.raw_transaction).hex()}")


def test_send__nonce_too_low_at_first__takes_the_next(live: Still) -> None:
    """
    A node that lags tells a used nonce: nothing is lost, another is chosen.
    """
    live.chain.send(live.key, gift(1))
    stale = proxy.answer("0x0")

    with live.node.breaking("eth_getTransactionCount", by=stale, times=2):
        live.sender().send(gift(1))

    assert live.received() == 2


def test_send__nonce_too_low_always__names_the_other_writer(live: Still) -> None:
    """
    It ends, and says what to look for.
    """
    live.chain.send(live.key, gift(1))

    with (
        live.node.breaking("eth_getTransactionCount", by=proxy.answer("0x0")),
        pytest.raises(NonceError, match="a key of its own"),
    ):
        live.sender().send(gift(1))

    assert live.received() == 1


def test_send__node_tells_a_nonce_too_far_ahead__says_which_is_missing(live: Still) -> None:
    """
    A gap is never filled by waiting: the error names it.
    """

    def ahead(params: proxy.Params, forward: proxy.Forward) -> Any:
        return {"result": "0x3"} if params[1] == "pending" else forward()

    with (
        live.node.breaking("eth_getTransactionCount", by=ahead),
        pytest.raises(NotMinedError, match="waits for nonce 0"),
    ):
        live.sender(SHORT).send(gift(1))


def test_send__node_tells_nonsense_about_nonces__signs_nothing(live: Still) -> None:
    """
    A signature for nonce one million would wait for years.
    """

    def ahead(params: proxy.Params, forward: proxy.Forward) -> Any:
        return {"result": "0xf4240"} if params[1] == "pending" else forward()

    with (
        live.node.breaking("eth_getTransactionCount", by=ahead),
        pytest.raises(BadAnswerError, match="explorer"),
    ):
        live.sender().send(gift(1))

    assert not live.node.sent


def test_send__after_a_rollback__starts_from_what_the_chain_says(live: Still) -> None:
    """
    Counting on from what was undone would leave a gap for ever.
    """
    sender = live.sender()
    mark = live.chain.snapshot()
    sender.send(gift(1))
    sender.send(gift(1))
    live.chain.revert(mark)

    sender.send(gift(5))

    assert live.received() == 5
    assert live.nonce() == 1


def test_send__node_of_another_chain__signs_nothing(live: Still) -> None:
    """
    Checked before the first signature; both ids are named.
    """
    ledger = Ledger()

    with pytest.raises(WrongChainError, match=r"31337.*not of chain 8453"):
        live.sender(chain_id=8453, journal=ledger).send(gift())

    assert ledger.signed == []


def test_send__chain_that_lies_about_its_id__cannot_use_the_signature(live: Still) -> None:
    """
    The id is part of what is signed: a node of another chain refuses it.
    """
    with (
        live.node.breaking("eth_chainId", by=proxy.answer(hex(8453))),
        pytest.raises(RpcError, match=r"(?i)chain"),
    ):
        live.sender(chain_id=8453).send(gift())

    assert live.received() == 0


def test_send__account_without_gas_money__says_what_it_has_and_needs(live: Still) -> None:
    """
    Told before anything is signed.
    """
    ledger = Ledger()
    pauper = live.chain.new_account("pauper", 1_000)

    with pytest.raises(NoGasMoneyError, match=r"has 1000 wei and needs"):
        live.sender(key=pauper, journal=ledger).send(gift(), gas=21_000)

    assert ledger.signed == []


def test_send__node_says_insufficient_funds__is_the_same_error(live: Still) -> None:
    """
    Where the balance was a lie, the node's refusal is understood.
    """
    pauper = live.chain.new_account("pauper", 0)

    with (
        live.node.breaking("eth_getBalance", by=proxy.answer(hex(ETHER))),
        pytest.raises(NoGasMoneyError, match="cannot pay for the gas"),
    ):
        live.sender(key=pauper).send(gift(), gas=21_000)


def test_send__base_fee_above_the_ceiling__signs_nothing(live: Still) -> None:
    """
    Neither a spike nor a lie makes gas cost more than was allowed.
    """
    history = proxy.answer({"baseFeePerGas": [hex(10**15)] * 2, "reward": [["0x1"]]})

    with (
        live.node.breaking("eth_feeHistory", by=history),
        pytest.raises(CostTooHighError, match=r"1e\+06 gwei, the ceiling 500 gwei"),
    ):
        live.sender().send(gift())

    assert not live.node.sent


def test_send__estimate_above_the_ceiling__signs_nothing(live: Still) -> None:
    """
    The same for gas.
    """
    with (
        live.node.breaking("eth_estimateGas", by=proxy.answer(hex(10**9))),
        pytest.raises(CostTooHighError, match="5,000,000"),
    ):
        live.sender().send(gift())


def test_send__node_without_fee_history__asks_the_plain_way(live: Still) -> None:
    """
    Not every node keeps one.
    """
    with live.node.breaking("eth_feeHistory", by=proxy.error("no such method", -32601)):
        live.sender().send(gift())

    assert live.received() == 1


@pytest.mark.parametrize(
    "lie",
    [
        proxy.raw(b""),
        proxy.raw(b"<html>"),
        proxy.raw(b"[]"),
        proxy.raw(b'"text"'),
        proxy.raw(b"{}"),
        proxy.answer(None),
        proxy.answer("0xzz"),
        proxy.answer({}),
        proxy.answer([]),
        proxy.answer(7),
    ],
)
@pytest.mark.parametrize(
    "method", ["eth_chainId", "eth_estimateGas", "eth_getTransactionCount", "eth_feeHistory"]
)
def test_send__nonsense_before_signing__is_a_typed_error(
    live: Still, method: str, lie: proxy.Rule
) -> None:
    """
    Whatever a node answers: nothing is signed, and the error says who answered what.
    """
    with live.node.breaking(method, by=lie), pytest.raises(BadAnswerError, match="127"):
        live.sender().send(gift())

    assert not live.node.sent


@pytest.mark.parametrize(
    "lie",
    [
        proxy.raw(b"<html>"),
        proxy.hang_up,
        proxy.answer([]),
        proxy.answer({}),
        proxy.answer({"transactionHash": "0x" + "00" * 32}),
        proxy.error("rate limited", 429),
    ],
)
def test_send__nonsense_while_waiting__is_waited_out(live: Still, lie: proxy.Rule) -> None:
    """
    What is under way is not given up for a few bad answers.
    """
    with live.node.breaking("eth_getTransactionReceipt", by=lie, times=5):
        live.sender().send(gift())

    assert live.received() == 1


def test_send__receipt_that_never_makes_sense__is_reported_as_unknown(live: Still) -> None:
    """
    Neither done nor failed: the error says so, and what the node said.
    """
    with (
        live.node.breaking("eth_getTransactionReceipt", by=proxy.answer({"status": "0x1"})),
        pytest.raises(NotMinedError, match="no usable receipt"),
    ):
        live.sender(SHORT).send(gift())


def test_send__slow_node__ends_with_an_error_that_names_the_time(live: Still) -> None:
    """
    Slower than allowed is no answer.
    """
    with (
        live.node.breaking("eth_estimateGas", by=proxy.late(1.0)),
        pytest.raises(NoAnswerError, match=r"it has 0.2 s"),
    ):
        live.sender(timeout=0.2).send(gift())


def test_send__node_that_goes_away_while_waiting__is_unknown(live: Still) -> None:
    """
    It was mined, but nobody can tell: do not do it again blindly.
    """

    def vanish(params: proxy.Params, forward: proxy.Forward) -> Any:
        reply = forward()
        live.node.rules["*"] = proxy.hang_up
        return reply

    live.node.rules["eth_sendRawTransaction"] = vanish

    with pytest.raises(NotMinedError, match="no help"):
        live.sender(SHORT).send(gift())

    assert live.received() == 1


def test_send__error_of_a_provider__does_not_tell_its_key(live: Still) -> None:
    """
    Paths of hosted nodes are credentials.
    """
    url = f"{live.node.url}/v2/S3CRET?apikey=S3CRET2"
    reader = Reader(url.replace("127.0.0.1", "user:pw@127.0.0.1"), timeout=1.0)

    with live.node.breaking("eth_chainId", by=proxy.hang_up), pytest.raises(NoAnswerError) as gone:
        reader.fetch_chain_id()

    assert not any(word in str(gone.value) for word in ("S3CRET", "pw"))


def test_rpc__error_that_names_the_key__does_not_tell_it(live: Still) -> None:
    """
    Nor where the provider itself says it.
    """
    key = "a1b2c3d4e5f6"
    rpc = Rpc(f"{live.node.url}/v2/{key}")
    says = proxy.error(f"invalid project id {key}", -32001)
    with live.node.breaking("eth_chainId", by=says), pytest.raises(RpcError) as refused:
        rpc.request("eth_chainId")
    assert str(refused.value) == "eth_chainId: invalid project id … (code -32001)"
    with (
        live.node.breaking("eth_chainId", by=proxy.answer(f"no {key}")),
        pytest.raises(BadAnswerError) as bad,
    ):
        rpc.request_number("eth_chainId")
    assert key not in str(bad.value)


@pytest.mark.parametrize(
    ("offered", "market", "expected"),
    [
        (Fees(8, 8), Fees(1, 1), Fees(9, 9)),
        (Fees(9, 1), Fees(1, 1), Fees(11, 2)),
        (Fees(8, 0), Fees(100, 50), Fees(100, 50)),
        (Fees(88, 8), Fees(1, 1), Fees(99, 9)),
        (Fees(89, 8), Fees(1, 1), None),
        (Fees(8, 8), Fees(5, 500), Fees(9, 9)),
    ],
)
def test_raise_fees__around_an_eighth_and_the_ceiling__rounds_up(
    offered: Fees, market: Fees, expected: Fees | None
) -> None:
    """
    Never less than an eighth more, never above the ceiling, and the tip is part of the fee.
    """
    assert raise_fees(offered, market, Ceilings(max_fee=100)) == expected


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("nonce too low: next nonce 5, tx nonce 3", Refusal.NONCE_TAKEN),  # geth
        ("OldNonce", Refusal.NONCE_TAKEN),  # nethermind
        ("Nonce too low. Expected nonce to be 5 but got 3.", Refusal.NONCE_TAKEN),  # hardhat
        ("replacement transaction underpriced", Refusal.REPLACES_NOTHING),
        ("ReplacementNotAllowed", Refusal.REPLACES_NOTHING),  # nethermind
        ("insufficient funds for gas * price + value", Refusal.NO_MONEY),
        ("Upfront cost exceeds account balance", Refusal.NO_MONEY),  # besu
        ("nonce too high", Refusal.NONCE_GAP),
        ("NonceGap, Future nonce. Expected nonce: 5", Refusal.NONCE_GAP),  # nethermind
        ("NonceTooFarInFuture", Refusal.NONCE_GAP),  # nethermind
        ("InsufficientFunds, Account balance: 1, cost: 2", Refusal.NO_MONEY),  # nethermind
        ("could not replace existing tx", Refusal.REPLACES_NOTHING),  # erigon
        ("already known", Refusal.KNOWN),  # geth, reth, erigon
        ("AlreadyKnown", Refusal.KNOWN),  # nethermind
        ("Known transaction", Refusal.KNOWN),  # besu
        ("transaction already imported", Refusal.KNOWN),  # anvil
        ("tx fee (1.50 ether) exceeds the configured cap (1.00 ether)", Refusal.OTHER),
        ("transaction underpriced: tip needed 1 gwei", Refusal.OTHER),
        ("exceeds block gas limit", Refusal.OTHER),
    ],
)
def test_read_refusal__words_of_clients__are_understood(words: str, refusal: Refusal) -> None:
    """
    The same cause, in whatever words.
    """
    assert read_refusal(RpcError("eth_sendRawTransaction", -32000, words, None)) is refusal


def test_sender__key__is_the_address_it_sends_from(live: Still) -> None:
    """
    One key, one account.
    """
    key: LocalAccount = live.key

    assert live.sender().address == address_of(key)
