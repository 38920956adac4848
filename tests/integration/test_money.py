"""
Where money may go, and that every payment has a name: on a real node, with mined transactions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from bursar.chain.contracts import Contract
from bursar.chain.errors import RevertedError
from bursar.chain.reader import RawLog
from bursar.devnet import USDC, address_of
from bursar.events import Paid, PaymentExecuted, PaymentQueued
from bursar.reasons import Preview, Reason
from bursar.types import Address, checksummed, keccak
from tests.integration.live import LiveWorld, ref

TRANSFER = keccak(b"Transfer(address,address,uint256)")


def test_wallets__whatever_one_spends__the_other_keeps_everything(world: LiveWorld) -> None:
    """
    T1: paying, queueing, executing and sweeping wallet A leave wallet B as it is, and an agent of A
    has no word in B.
    """
    others = world.balances(world.second_wallet.address)

    world.pay(100 * USDC)
    queued = world.payment(80 * USDC, ref=ref(2))
    event = world.logged(world.wallet.send(world.other_agent, "pay", *queued), PaymentQueued)
    world.chain.warp(to=event.ready_at)
    world.wallet.send(world.keeper, "execute", address_of(world.other_agent), *queued)
    for wallet in (world.wallet, world.second_wallet):
        with pytest.raises(RevertedError) as refused:
            world.pay(1, key=world.clerk if wallet is world.wallet else world.agent, wallet=wallet)
        assert refused.value.revert.reason is Reason.PAYMENTS_NO_BUDGET
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")

    assert world.usdc_of(world.wallet.address) == 0
    assert world.balances(world.second_wallet.address) == others


def test_wallets__one_is_empty__does_not_pay_from_the_other(world: LiveWorld) -> None:
    """
    T1: what A owes is never taken from B, not even with everything of both in order.
    """
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")
    others = world.balances(world.second_wallet.address)

    with pytest.raises(RevertedError, match="insufficient balance"):
        world.pay(1, gas=300_000)

    assert world.balances(world.second_wallet.address) == others
    assert world.usdc_of(world.recipient) == 0


@pytest.mark.parametrize("short_by", [0, 1])
def test_balance__of_exactly_and_one_below__decides(world: LiveWorld, short_by: int) -> None:
    """
    T9: a payment of all that is there passes, and of one base unit more is refused: by the preview
    before anybody signs, and by the chain where it is forced.
    """
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")
    world.usdc.send(world.deployer, "mint", world.wallet.address, 50 * USDC - short_by)
    payment = world.payment(50 * USDC)

    preview = world.wallet.view("preview", address_of(world.agent), *payment[:4])

    if short_by:
        assert preview == Preview.BALANCE
        with pytest.raises(RevertedError, match="insufficient balance"):
            world.wallet.send(world.agent, "pay", *payment, gas=300_000)
        assert world.usdc_of(world.recipient) == 0
    else:
        assert preview == Preview.PAY
        world.wallet.send(world.agent, "pay", *payment)
        assert world.usdc_of(world.wallet.address) == 0


def test_balance__gone_when_a_queued_payment_is_due__it_is_refused_and_stays(
    world: LiveWorld,
) -> None:
    """
    T9: executing checks the balance of now; with the money back the same payment goes out.
    """
    payment = world.payment(90 * USDC)
    queued = world.logged(world.pay(90 * USDC, key=world.other_agent), PaymentQueued)
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")
    world.chain.warp(to=queued.ready_at)
    due = (address_of(world.other_agent), *payment)

    with pytest.raises(RevertedError, match="insufficient balance"):
        world.wallet.send(world.keeper, "execute", *due)
    world.by_treasury(*world.build_refill(world.wallet, 90 * USDC, ref(3)))
    world.wallet.send(world.keeper, "execute", *due)

    assert world.usdc_of(world.recipient) == 90 * USDC
    assert world.usdc_of(world.wallet.address) == 0


class Spend(NamedTuple):
    """
    Money that left a wallet, as the token tells it.
    """

    transaction: str
    wallet: Address
    to: Address
    amount: int


def spends(world: LiveWorld) -> list[Spend]:
    """
    Every transfer of USDC out of a wallet, from the token's own log.
    """
    logs = world.chain.fetch_logs([world.usdc.address], [TRANSFER])
    wallets = {world.wallet.address, world.second_wallet.address}
    found = [
        Spend(log["transactionHash"], _address(log, 1), _address(log, 2), int(log["data"], 16))
        for log in logs
    ]
    return [spend for spend in found if spend.wallet in wallets]


def _address(log: RawLog, topic: int) -> Address:
    return checksummed("0x" + log["topics"][topic][-40:])


def test_history__of_payments_that_look_alike__names_agent_wallet_time_and_amount_of_each(
    world: LiveWorld,
) -> None:
    """
    T2: each transfer out of a wallet is told by exactly one payment event, with its agent, wallet,
    time and amount; also where several equal ones are in one block.
    """
    queued = world.payment(80 * USDC, ref=ref(2))
    event = world.logged(world.wallet.send(world.other_agent, "pay", *queued), PaymentQueued)
    world.chain.warp(to=event.ready_at)
    block = pay_in_one_block(
        world,
        [
            (world.agent, world.wallet, 5 * USDC),
            (world.agent, world.wallet, 5 * USDC),
            (world.other_agent, world.wallet, 5 * USDC),
            (world.clerk, world.second_wallet, 5 * USDC),
        ],
    )
    world.wallet.send(world.keeper, "execute", address_of(world.other_agent), *queued)

    told = [e for e in world.fetch_history() if isinstance(e, Paid | PaymentExecuted)]

    agents = [world.agent, world.agent, world.other_agent, world.clerk, world.other_agent]
    assert [e.agent for e in told] == list(map(address_of, agents))
    assert [e.at for e in told[:4]] == [int(block["timestamp"], 16)] * 4
    assert len({(e.block, e.log) for e in told}) == len(told)
    assert spends(world) == [
        Spend(f"0x{(e.transaction or b'').hex()}", e.emitter, e.to, e.amount) for e in told
    ]


def pay_in_one_block(world: LiveWorld, payments: list[tuple[Any, Contract, int]]) -> dict[str, Any]:
    """
    Mine payments with the same reference together, in this order; the block.
    """
    chain = world.chain
    chain.rpc.request("evm_setAutomine", False)
    try:
        for nth, (key, wallet, amount) in enumerate(payments):
            chain.rpc.request("anvil_impersonateAccount", key.address)
            call = wallet.build_call("pay", *world.payment(amount))
            fields = {
                "from": key.address,
                "to": call.to,
                "data": f"0x{call.data.hex()}",
                "gas": hex(300_000),
                # The order within a block is by fee.
                "maxPriorityFeePerGas": hex(10**9 * (len(payments) - nth)),
                "maxFeePerGas": hex(10**11),
            }
            chain.rpc.request("eth_sendTransaction", fields)
        chain.rpc.request("evm_mine")
    finally:
        chain.rpc.request("evm_setAutomine", True)
    block: dict[str, Any] = chain.rpc.request("eth_getBlockByNumber", "latest", False)
    assert len(block["transactions"]) == len(payments)
    return block
