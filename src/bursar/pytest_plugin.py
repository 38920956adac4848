"""
Fixtures for those who test their agents: a whole treasury on a chain of its own.

    def test_refund(agent): assert agent.pay("USDC", vendor, "10.00").status == "executed"

pytest loads this module wherever Bursar is installed, so that nothing else of Bursar is imported
until a test asks for a fixture. Override `bursar_treasury_file` to set up your own treasury.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from bursar.agent import AgentWallet
    from bursar.chain.client import Receipt
    from bursar.chain.contracts import Contract
    from bursar.chain.reader import Call
    from bursar.devnet import RunningDevnet


@pytest.fixture(scope="session")
def bursar_treasury_file() -> Path | None:
    """
    The treasury.yaml that the devnet is set up from; None: a small one that Bursar ships.
    """
    return None


@pytest.fixture(scope="session")
def bursar_running(bursar_treasury_file: Path | None) -> Iterator[RunningDevnet]:
    """
    The chain that all tests of a session share. Use `bursar_devnet`, which tidies up after a test.
    """
    from bursar.devnet import load_devnet_treasury, open_devnet

    with open_devnet(load_devnet_treasury(bursar_treasury_file), port=0) as running:
        yield running


@pytest.fixture
def bursar_devnet(bursar_running: RunningDevnet) -> Iterator[RunningDevnet]:
    """
    A treasury on a local chain: Safe, organisation, wallets, agents. Whatever a test does to it,
    time included, is undone afterwards. Its address book is `bursar_devnet.founded.book`, its
    chain `bursar_devnet.chain` (`warp`, `fund`).
    """
    mark = bursar_running.chain.snapshot()
    yield bursar_running
    bursar_running.chain.revert(mark)


@pytest.fixture
def treasury(bursar_devnet: RunningDevnet) -> Callable[..., Receipt]:
    """
    The multisig: `treasury(call, ...)` has enough owners sign the calls as one Safe transaction.
    """
    from bursar.devnet import sign_as_treasury

    def execute(*calls: Call) -> Receipt:
        return sign_as_treasury(bursar_devnet.chain, bursar_devnet.founded.book, *calls)

    return execute


@pytest.fixture
def hot_wallet(bursar_devnet: RunningDevnet) -> Contract:
    """
    The contract of the devnet's first wallet: `hot_wallet.view("sealed")`.
    """
    from bursar.chain.contracts import wallet_at

    book = bursar_devnet.founded.book
    return wallet_at(bursar_devnet.chain, next(iter(book.wallets.values())))


@pytest.fixture
def bursar_agent(bursar_devnet: RunningDevnet, tmp_path: Path) -> Callable[..., AgentWallet]:
    """
    `bursar_agent("trader", wallet="trading")`: what that agent of the devnet would hold.
    """
    from bursar.agent import AgentWallet
    from bursar.devnet import devnet_key

    book = bursar_devnet.founded.book

    def connect(name: str, *, wallet: str | None = None, **options: Any) -> AgentWallet:
        holder = book.agents[name]
        return AgentWallet.connect(
            rpc_url=bursar_devnet.url,
            wallet=book.wallets[wallet or holder.wallets[0]],
            key=devnet_key(holder),
            book=book,
            receipt_key_file=tmp_path / f"{name}.receipts",
            **options,
        )

    return connect


@pytest.fixture
def agent(bursar_devnet: RunningDevnet, bursar_agent: Callable[..., AgentWallet]) -> AgentWallet:
    """
    The devnet's first agent, connected to its wallet.
    """
    return bursar_agent(next(iter(bursar_devnet.founded.book.agents)))
