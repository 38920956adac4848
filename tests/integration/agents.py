"""
Connecting to a wallet as tests of the SDK do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.agent import AgentWallet, Payment, Relayer, SignedPayment
from bursar.book import AddressBook, Holder, TokenEntry
from bursar.budgets import Budget
from bursar.chain.reader import Call
from bursar.chain.sending import Patience
from bursar.devnet import address_of
from bursar.types import NATIVE
from tests.integration.live import GENERAL, LiveWorld

QUICK = Patience(timeout=30.0, replace_after=5.0, lag=0.2, poll=0.02)
Connect = Callable[..., AgentWallet]
Relay = Callable[..., Relayer]


def options(world: LiveWorld, folder: Path, key: LocalAccount) -> dict[str, Any]:
    """
    What `connect` needs.
    """
    return {
        "rpc_url": world.chain.rpc.url,
        "wallet": world.wallet.address,
        "key": key,
        "receipt_key_file": folder / "receipt.key",
        "timeout": 20.0,
        "patience": QUICK,
    }


def book_of(world: LiveWorld, **changed: Any) -> AddressBook:
    """
    The organisation's address book.
    """
    fields: dict[str, Any] = {
        "name": "acme",
        "chain_id": world.chain.chain_id,
        "organization": world.organization.address,
        "blueprint": world.blueprint,
        "safe": world.safe.address,
        "threshold": 2,
        "agents": {
            "trader": Holder(address=address_of(world.agent)),
            "clerk": Holder(address=address_of(world.clerk)),
        },
        "tokens": {"USDC": TokenEntry(address=world.usdc.address, decimals=6)},
        "wallets": {"trading": world.wallet.address},
        "recipients": {"vendor": world.recipient},
        "categories": {
            name: "0x" + name.encode().ljust(32, b"\0").hex() for name in ("general", "payroll")
        },
    }
    return AddressBook(**(fields | changed))


def nonce_of(world: LiveWorld, key: LocalAccount) -> int:
    """
    How many transactions a key has sent.
    """
    return world.chain.rpc.request_number("eth_getTransactionCount", key.address, "latest")


def pay(wallet: AgentWallet, world: LiveWorld, amount: str | int, **more: Any) -> Payment:
    """
    To the recipient, out of the general budget.
    """
    return wallet.pay("USDC", more.pop("to", world.recipient), amount, category="general", **more)


def sign(wallet: AgentWallet, world: LiveWorld, amount: str = "10", **more: Any) -> SignedPayment:
    """
    To the recipient, out of the general budget. It is not denied.
    """
    to = more.pop("to", world.recipient)
    signed = wallet.sign_payment("USDC", to, amount, category="general", **more)
    assert isinstance(signed, SignedPayment), signed
    return signed


def allow_native(world: LiveWorld, figures: Budget) -> None:
    """
    Let the agent spend the chain's own currency: scheduled, waited for, applied; ten ether come in.
    """
    loosen(
        world,
        world.wallet.build_call("set_wallet_limit", NATIVE, 10**19),
        world.wallet.build_call("set_budget", address_of(world.agent), NATIVE, GENERAL, figures),
    )
    world.chain.fund(world.wallet.address, 10**19)


def loosen(world: LiveWorld, *calls: Call) -> None:
    """
    Changes of the wallet by the treasury, after their delay.
    """
    schedule = world.organization.build_call
    world.by_treasury(*(schedule("schedule", call.to, call.data) for call in calls))
    world.chain.warp(by=world.organization.view("change_delay"))
    for call in calls:
        world.organization.send(world.stranger, "apply", call.to, call.data)
