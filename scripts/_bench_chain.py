"""
A local chain with many payments on it, for measuring how fast it is followed.

    anvil → organisation, wallets, agents → blocks of batches of payments
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from bursar.budgets import Budget
from bursar.chain.anvil import Anvil
from bursar.chain.contracts import Contract
from bursar.chain.local import LocalChain
from bursar.devnet import USDC, Devnet, address_of
from bursar.types import DAY, MAX_UINT256, Bytes32

# Ten o'clock on a Monday: nothing crosses a day while it is filled.
BEGIN: Final = 1_767_607_200
GENERAL: Final = Bytes32(b"general".ljust(32, b"\0"))
PAYMENTS_A_BATCH: Final = 100
AGENTS: Final = 20
RECIPIENTS: Final = 500
GAS_LIMIT: Final = 1_000_000_000


class BusyChain:
    """
    One wallet, `AGENTS` agents that may pay as much as they like, and `RECIPIENTS` recipients.
    """

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.devnet = Devnet.deploy(chain, treasury_usdc=10**9 * USDC)
        self.agents = [chain.new_account(f"bench {number}") for number in range(AGENTS)]
        for agent in self.agents:
            chain.fund(address_of(agent), 10**24)
        self.wallet = self._open_wallet()
        self._sent = 0

    def _open_wallet(self) -> Contract:
        devnet = self.devnet
        wallet = devnet.create_wallet("bench")
        token = devnet.usdc.address
        budget = Budget(
            per_payment=10**6 * USDC,
            hourly=10**8 * USDC,
            daily=10**8 * USDC,
            queue_from=MAX_UINT256,
            max_payments=16_383,
            expires_at=BEGIN + 300 * DAY,
            share_bps=10_000,
            rolling=False,
            allowlist_only=False,
        )
        devnet.by_treasury(
            wallet.build_call("set_wallet_limit", token, 10**9 * USDC),
            wallet.build_call("set_max_balance", token, 10**9 * USDC),
            *(
                wallet.build_call("set_budget", address_of(agent), token, GENERAL, budget)
                for agent in self.agents
            ),
            *devnet.build_opening(wallet),
            *devnet.build_refill(wallet, 10**8 * USDC, bytes(32)),
        )
        return wallet

    def send_batches(self, count: int) -> None:
        """
        Put `count` batches of payments into the pool.
        """
        rpc = self.chain.rpc
        for number in range(count):
            agent = self.agents[number % AGENTS]
            nonce = int(rpc.request("eth_getTransactionCount", agent.address, "pending"), 16)
            raw = self._sign_batch(agent, nonce)
            rpc.request("eth_sendRawTransaction", f"0x{raw.hex()}")

    def _sign_batch(self, agent: LocalAccount, nonce: int) -> bytes:
        payments = []
        for _ in range(PAYMENTS_A_BATCH):
            self._sent += 1
            to = f"0x{0xFEED000000 + self._sent % RECIPIENTS:040x}"
            payments.append((to, 1 + self._sent % 1_000, self._sent.to_bytes(32, "big")))
        call = self.wallet.build_call("pay_many", self.devnet.usdc.address, GENERAL, payments)
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain.chain_id,
            "nonce": nonce,
            "gas": 6_000_000,
            "maxPriorityFeePerGas": 10**9,
            "maxFeePerGas": 10**12,
            "value": 0,
            "to": call.to,
            "data": f"0x{call.data.hex()}",
        }
        signed = agent.sign_transaction(fields)
        return bytes(signed.raw_transaction)

    def mine(self) -> None:
        """
        One block with whatever is in the pool.
        """
        self.chain.rpc.request("evm_mine")

    def fill(self, blocks: int, batches: int) -> int:
        """
        That many blocks of that many batches. How many payments they are.
        """
        for _ in range(blocks):
            self.send_batches(batches)
            self.mine()
        return blocks * batches * PAYMENTS_A_BATCH


@contextmanager
def busy_chain() -> Iterator[BusyChain]:
    """
    On an anvil of its own that mines when it is told to.
    """
    with Anvil(timestamp=BEGIN, gas_limit=GAS_LIMIT) as anvil:
        chain = LocalChain(anvil.url, timeout=120)
        busy = BusyChain(chain)
        chain.rpc.request("evm_setAutomine", False)
        yield busy
