"""
Access lists against a real node: what a payment costs with and without, measured.
"""

from __future__ import annotations

from typing import Any

import pytest

from bursar.agent import AgentWallet, Payment
from bursar.chain.access_lists import AccessLists, saves_on
from bursar.chain.reader import Call
from bursar.devnet import USDC, address_of
from tests.integration import proxy
from tests.integration.agents import Connect, pay
from tests.integration.live import LiveWorld
from tests.integration.proxy import FaultyNode


def gas_of(world: LiveWorld, payment: Payment) -> int:
    """
    What its transaction used.
    """
    assert payment.executed
    receipt = world.chain.rpc.request("eth_getTransactionReceipt", payment.transaction)
    return int(receipt["gasUsed"], 16)


def listed(world: LiveWorld, payment: Payment) -> list[str]:
    """
    The contracts that its transaction named beforehand.
    """
    mined = world.chain.rpc.request("eth_getTransactionByHash", payment.transaction)
    return sorted(entry["address"].lower() for entry in mined["accessList"])


def test_access_list__of_a_payment__saves_what_was_measured(
    world: LiveWorld, connect: Connect
) -> None:
    """
    The organisation and the token with their slots, and not the wallet itself; switched off, none.
    """
    pay(connect(), world, "1")

    with_list = pay(connect(), world, "1")
    without = pay(connect(access_lists=False), world, "1")

    named = sorted([world.organization.address.lower(), world.usdc.address.lower()])
    assert listed(world, with_list) == named
    assert listed(world, without) == []
    # 500, but for the zero bytes that happen to be in the random receipts.
    assert 350 < gas_of(world, without) - gas_of(world, with_list) < 650


def test_access_list__of_a_batch__saves_a_hundred_a_recipient(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Each recipient's balance is a slot more.
    """
    world.pay(USDC)
    lists = AccessLists(world.chain, address_of(world.agent))
    payments = [(f"0x{0xB0B0 + n:040x}", USDC, bytes(32)) for n in range(10)]
    token, category = world.usdc.address, b"general".ljust(32, b"\0")

    lists.improve(world.wallet.build_call("pay_many", token, category, payments))

    (saving,) = lists.savings.values()
    assert 1_300 < saving.saves < 1_500  # an estimate; mined, it is 1,400


def test_access_list__that_costs_more__is_not_used(world: LiveWorld) -> None:
    """
    A token's transfer touches the called contract only: measured once, and left alone.
    """
    lists = AccessLists(world.chain, address_of(world.agent))
    call = world.usdc.build_call("transfer", world.recipient, 0)
    foreign = call._replace(to=world.wallet.address)

    assert lists.improve(call) == call
    (saving,) = lists.savings.values()
    assert saving.saves == 0
    assert lists.improve(foreign) == foreign  # it reverts: for whoever sends it to hear


def test_access_list__measured_once_for_a_shape(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    After the first payment a list costs one question more, and no further estimates.
    """
    wallet = connect(rpc_url=node.url)
    asked: list[int] = []

    def counted(_: proxy.Params, forward: proxy.Forward) -> Any:
        asked.append(1)
        return forward()

    with node.breaking("eth_estimateGas", by=counted):
        counts = []
        for _ in range(3):
            asked.clear()
            assert pay(wallet, world, "1").executed
            counts.append(len(asked))

    assert counts == [3, 1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        proxy.answer(None),
        proxy.answer({}),
        proxy.answer({"accessList": [{"address": "0x12"}]}),
        proxy.answer({"accessList": 7}),
        proxy.raw(b"<html>"),
        proxy.hang_up,
    ],
)
def test_access_list__node_without_them__pays_all_the_same(
    world: LiveWorld, connect: Connect, node: FaultyNode, answer: proxy.Rule
) -> None:
    """
    Cheaper is not worth a payment that fails.
    """
    wallet: AgentWallet = connect(rpc_url=node.url)

    with node.breaking("eth_createAccessList", by=answer):
        payment = pay(wallet, world, "1")

    assert payment.executed
    assert listed(world, payment) == []


def test_access_list__where_bytes_cost_too__is_off() -> None:
    """
    Rollups charge for what is published; estimates there do not tell.
    """
    assert [saves_on(chain) for chain in (1, 31_337, 8_453, 10, 42_161)] == [True, True] + [
        False
    ] * 3


def test_access_list__given__is_kept(world: LiveWorld) -> None:
    """
    Who names one knows why.
    """
    lists = AccessLists(world.chain, address_of(world.agent))
    call = Call(world.usdc.address, b"", 0, ((world.usdc.address, ()),))

    assert lists.improve(call) is call
