"""
Sending to and reading from a real node: what is refused, when, and with which words.
"""

from __future__ import annotations

import socket

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.contracts import deploy_token
from bursar.chain.errors import NoAnswerError, RevertedError, RpcError
from bursar.chain.local import ETHER, LocalChain
from bursar.chain.reader import Call
from bursar.devnet import USDC, address_of
from bursar.reasons import Reason
from tests.integration.live import LiveWorld


def test_send__would_revert__is_refused_before_it_is_sent(world: LiveWorld) -> None:
    """
    The estimate shows the reason: no gas is spent and no nonce used.
    """
    agent = address_of(world.agent)
    before = world.chain.fetch_balance(agent)

    with pytest.raises(RevertedError) as refused:
        world.pay(101 * USDC)

    assert refused.value.revert.reason is Reason.PAYMENTS_AMOUNT
    assert refused.value.transaction is None
    assert world.chain.fetch_balance(agent) == before


def test_send__forced__is_mined_reverts_and_tells_the_reason(world: LiveWorld) -> None:
    """
    A receipt only says that it failed; the reason is found all the same, and the gas is gone.
    """
    agent = address_of(world.agent)
    before = world.chain.fetch_balance(agent)

    with pytest.raises(RevertedError) as refused:
        world.pay(101 * USDC, gas=200_000)

    assert refused.value.revert.reason is Reason.PAYMENTS_AMOUNT
    transaction = refused.value.transaction
    assert transaction is not None
    receipt = world.chain.rpc.request("eth_getTransactionReceipt", f"0x{transaction.hex()}")
    assert int(receipt["status"], 16) == 0
    assert world.chain.fetch_balance(agent) < before


def test_send__too_little_gas__is_an_error_that_says_more_than_nothing(world: LiveWorld) -> None:
    """
    Running out of gas is not a contract's refusal, and is not passed off as one.
    """
    with pytest.raises(RevertedError) as refused:
        world.pay(1 * USDC, gas=40_000)

    assert refused.value.revert.reason is None
    assert "gas" in str(refused.value).lower()


def test_send__plain_money__arrives(world: LiveWorld) -> None:
    """
    A call without data is a transfer.
    """
    receipt = world.chain.send(world.agent, Call(world.recipient, b"", 5))

    assert world.chain.fetch_balance(world.recipient) == 5
    assert receipt.gas_used == 21_000
    assert receipt.at == world.chain.fetch_now()


def test_send__without_funds__is_the_nodes_error(world: LiveWorld) -> None:
    """
    No gas money is no refusal by a contract.
    """
    pauper = world.chain.new_account("pauper", 0)

    with pytest.raises(RpcError, match=r"(?i)insufficient funds"):
        world.chain.send(pauper, Call(world.recipient, b"", 5), gas=21_000)


def test_call__reverts__tells_the_reason(world: LiveWorld) -> None:
    """
    A view is asked as anybody; what it refuses carries the reason, too.
    """
    with pytest.raises(RevertedError) as refused:
        world.chain.call(world.wallet.build_call("seal"), sender=address_of(world.stranger))

    assert refused.value.revert.reason is Reason.ACCESS_TREASURY


def test_client__nobody_listens__says_where() -> None:
    """
    The address is in the message.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(NoAnswerError, match=url):
        LocalChain(url).fetch_now()


def test_client__configured_proxy__is_not_asked_for_this_machine(
    world: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Calls to a local node stay on this machine.
    """
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert world.chain.fetch_height() > 0


def test_send__not_mined_in_time__says_that_it_may_still_be() -> None:
    """
    A node that does not mine is no endless wait, and sending again blindly is advised against.
    """
    with Anvil(mine=False) as anvil:
        chain = LocalChain(anvil.url, timeout=0.3)
        key = chain.new_account("deployer", 10 * ETHER)

        with pytest.raises(NoAnswerError, match="may still be"):
            deploy_token(chain, key, "USD Coin", "USDC", 6)


def test_warp__to_a_time__is_the_next_blocks(world: LiveWorld) -> None:
    """
    Time moves when it is told to, and payments see it.
    """
    at = world.chain.fetch_now() + 12_345

    assert world.chain.warp(to=at) == at == world.chain.fetch_now()
