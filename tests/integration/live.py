"""
The same cast for every test on a real node: a Safe of two out of three owners, two open wallets.
"""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.budgets import Budget
from bursar.chain.client import Receipt
from bursar.chain.contracts import Contract
from bursar.chain.local import LocalChain
from bursar.devnet import USDC, Devnet, address_of
from bursar.events import Event
from bursar.types import DAY, MAX_UINT256, Address, Bytes32

# A Monday at ten o'clock UTC: no test crosses an hour unless it says so.
MONDAY = 1_767_607_200
GENERAL = Bytes32(b"general".ljust(32, b"\0"))
TREASURY_USDC = 1_000_000 * USDC


def budget(**figures: Any) -> Budget:
    """
    100 USDC a payment, 300 an hour, 1,000 a day, and nothing waits, unless said otherwise.
    """
    usual = {
        "per_payment": 100 * USDC,
        "hourly": 300 * USDC,
        "daily": 1_000 * USDC,
        "queue_from": MAX_UINT256,
        "max_payments": 100,
        "expires_at": MONDAY + 300 * DAY,
        "share_bps": 10_000,
        "rolling": False,
        "allowlist_only": False,
    }
    return Budget(**{**usual, **figures})


def ref(number: int) -> Bytes32:
    """
    A reference of its own for every payment.
    """
    return Bytes32(number.to_bytes(32, "big"))


class LiveWorld(Devnet):
    """
    `wallet` pays for `agent` and `other_agent`, `second_wallet` for `clerk`. Payments of at least
    80 USDC by `other_agent` wait.
    """

    wallet: Contract
    second_wallet: Contract

    def open_wallets(self) -> None:
        """
        Create both, fill them with 5,000 USDC and an ether each, and open them.
        """
        self.agent = self.chain.new_account("agent")
        self.other_agent = self.chain.new_account("other agent")
        self.clerk = self.chain.new_account("clerk")
        self.stranger = self.chain.new_account("stranger")
        self.recipient = address_of(self.chain.new_account("recipient", 0))
        self.wallet = self.create_wallet("trading")
        self.second_wallet = self.create_wallet("operations")
        self.open_wallet(
            self.wallet,
            {self.agent: budget(), self.other_agent: budget(queue_from=80 * USDC)},
        )
        self.open_wallet(self.second_wallet, {self.clerk: budget()})

    def open_wallet(self, wallet: Contract, budgets: dict[LocalAccount, Budget]) -> None:
        """
        Set up, seal, unpause and fill a wallet, in one Safe transaction.
        """
        token = self.usdc.address
        self.by_treasury(
            wallet.build_call("set_wallet_limit", token, 2_000 * USDC),
            wallet.build_call("set_max_balance", token, 10_000 * USDC),
            *(
                wallet.build_call("set_budget", address_of(agent), token, GENERAL, figures)
                for agent, figures in budgets.items()
            ),
            *self.build_opening(wallet),
            *self.build_refill(wallet, 5_000 * USDC, ref(0)),
        )

    def payment(self, amount: int, **changed: Any) -> tuple[Any, ...]:
        """
        The arguments of `pay`: to the recipient, in USDC, unless said otherwise.
        """
        return (
            changed.get("token", self.usdc.address),
            changed.get("to", self.recipient),
            amount,
            changed.get("category", GENERAL),
            changed.get("ref", ref(1)),
        )

    def pay(self, amount: int, *, key: LocalAccount | None = None, **changed: Any) -> Receipt:
        """
        By the agent from the wallet, unless said otherwise.
        """
        wallet: Contract = changed.pop("wallet", self.wallet)
        gas: int | None = changed.pop("gas", None)
        return wallet.send(key or self.agent, "pay", *self.payment(amount, **changed), gas=gas)

    def logged(self, receipt: Receipt, kind: type[Event]) -> Any:
        """
        The one event of that kind in a transaction.
        """
        (event,) = [event for event in self.decode(receipt) if isinstance(event, kind)]
        return event

    def remaining(self, agent: LocalAccount) -> tuple[int, int, int]:
        """
        What is left of an agent's hour, day and payments in the wallet.
        """
        left: tuple[int, int, int] = self.wallet.view(
            "remaining", address_of(agent), self.usdc.address, GENERAL
        )
        return left

    def balances(self, *who: Address) -> list[tuple[int, int]]:
        """
        USDC and wei of each.
        """
        return [(self.usdc_of(one), self.chain.fetch_balance(one)) for one in who]


def founded(chain: LocalChain) -> LiveWorld:
    """
    Everything deployed, both wallets open.
    """
    world = LiveWorld.deploy(chain, treasury_usdc=TREASURY_USDC)
    world.open_wallets()
    return world
