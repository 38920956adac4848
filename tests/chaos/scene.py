"""
A company on a chain that goes on by itself, and badly: stops, reorganisations, forgotten
transactions, payments queued, cancelled and queued again.

    Scene.tick() → one block, and now and then a misfortune
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from bursar.budgets import Budget
from bursar.chain.anvil import Anvil
from bursar.chain.contracts import Contract
from bursar.chain.local import LocalChain
from bursar.chain.reader import Call, transaction_fields
from bursar.devnet import USDC, Devnet, address_of
from bursar.types import DAY, MAX_UINT256, Address, Bytes32
from tests.chaos.wire import Wire

# A Monday at ten o'clock UTC.
START: Final = 1_767_607_200
GENERAL: Final = Bytes32(b"general".ljust(32, b"\0"))
BLOCK_SECONDS: Final = 5
# Blocks deeper than this are never taken back; the children take them for final.
DEEPEST_REORG: Final = 30
# How deep they are (blocks, from and to) and how many of a hundred: most are shallow, as in life.
_DEPTHS: Final = {(1, 3): 60, (4, 12): 25, (13, DEEPEST_REORG): 15}
TIMEOUT: Final = 600
# How often, of a block, something is stopped, and pending transactions are forgotten. More of it
# makes what is under way unwanted, which is rare else.
USUAL_UNREST: Final = 0.04
MUCH_UNREST: Final = 0.25
# The queue stays short enough that a restart is quick.
_MOST_WAITING: Final = 40


@dataclass
class Misfortunes:
    """
    How many of what have happened.
    """

    blocks: int = 0
    dropped: int = 0
    stops: int = 0
    queued: int = 0
    requeued: int = 0
    depths: Counter[int] = field(default_factory=Counter)

    @property
    def reorgs(self) -> int:
        """
        How many times blocks were taken back.
        """
        return self.depths.total()


@dataclass
class Scene:
    """
    One chain with one wallet: `payer` pays at once, what `saver` and `spender` pay has to wait, and
    of `spender` only a few a day are allowed: the rest is cancelled.
    """

    anvil: Anvil
    random: random.Random
    happened: Misfortunes = field(default_factory=Misfortunes)

    def __post_init__(self) -> None:
        self.unrest = USUAL_UNREST
        self.chain = LocalChain(self.anvil.url)
        self.wire = Wire(self.anvil.url)
        self.world = Devnet.deploy(
            self.chain, treasury_usdc=10_000_000 * USDC, heartbeat_timeout=TIMEOUT
        )
        self.agents = {name: self.chain.new_account(name) for name in ("payer", "saver", "spender")}
        self.recipient = address_of(self.chain.new_account("recipient", 0))
        self.wallet = self._open_wallet()
        self._stopped_for = 0
        self._ref = 0
        self._to_requeue: list[tuple[Address, Call]] = []
        self.wire.ask("anvil_autoImpersonateAccount", True)
        self.wire.ask("evm_setAutomine", False)
        self._look()
        # What was set up is never taken back.
        self._founded = self._height

    def _open_wallet(self) -> Contract:
        world, token = self.world, self.world.usdc.address
        wallet = world.create_wallet("chaos")
        limits = {"payer": MAX_UINT256, "saver": 80 * USDC, "spender": 80 * USDC}
        most = {"payer": 16_000, "saver": 16_000, "spender": 3}
        budgets = {
            address_of(self.agents[name]): Budget(
                per_payment=100 * USDC,
                hourly=1_000_000 * USDC,
                daily=1_000_000 * USDC,
                queue_from=limits[name],
                max_payments=most[name],
                expires_at=START + 300 * DAY,
                share_bps=10_000,
                rolling=False,
                allowlist_only=False,
            )
            for name in self.agents
        }
        world.by_treasury(
            wallet.build_call("set_wallet_limit", token, 5_000_000 * USDC),
            wallet.build_call("set_max_balance", token, 9_000_000 * USDC),
            wallet.build_call("set_payment_delay", 60),
            *(wallet.build_call("set_budget", a, token, GENERAL, b) for a, b in budgets.items()),
            *world.build_opening(wallet),
            *world.build_refill(wallet, 5_000_000 * USDC, b"\0" * 32),
        )
        return wallet

    def tick(self) -> None:
        """
        One block; before it somebody does something, and after it somebody may regret it.
        """
        dice = self.random.random
        if dice() < 0.35:
            self._queue("saver" if dice() < 0.6 else "spender")
        if dice() < 0.06:
            self._queue_again()
        if self._stopped_for:
            self._release()
        elif dice() < self.unrest:
            self._stop()
        if dice() < self.unrest:
            self.wire.ask("anvil_dropAllTransactions")
            self.happened.dropped += 1
        self.mine()
        if dice() < 0.07:
            self._take_back()

    def mine(self, seconds: int = BLOCK_SECONDS) -> None:
        """
        The next block, so many seconds later.
        """
        self._now += seconds
        self._height += 1
        self.wire.ask("evm_mine", {"timestamp": self._now})
        self.happened.blocks += 1

    def close(self) -> None:
        """
        Hang up.
        """
        self.wire.close()

    def bury(self) -> None:
        """
        So many blocks that everything before them is final.
        """
        for _ in range(DEEPEST_REORG + 5):
            self.mine(1)

    def calm(self) -> None:
        """
        Nothing bad happens from here on: every stop ends.
        """
        self._stopped_for = 1
        while self._stopped_for:
            self._release(now=True)
            self.mine()

    def _take_back(self) -> None:
        """
        Other blocks, empty ones, in the place of the latest.
        """
        (first, last) = self.random.choices(list(_DEPTHS), list(_DEPTHS.values()))[0]
        depth = min(self.random.randint(first, last), self._height - self._founded)
        if depth > 0:
            self.wire.ask("anvil_reorg", depth, [])
            self.happened.depths[depth] += 1
            self._look()

    def _look(self) -> None:
        block = self.wire.ask("eth_getBlockByNumber", "latest", False)
        self._height, self._now = int(block["number"], 16), int(block["timestamp"], 16)

    def _queue(self, name: str) -> None:
        if len(self._to_requeue) > _MOST_WAITING:
            self._to_requeue.clear()
        self._ref += 1
        amount = self.random.randint(80, 100) * USDC
        who = address_of(self.agents[name])
        ref = self._ref.to_bytes(32, "big")
        arguments = (self.world.usdc.address, self.recipient, amount, GENERAL, ref)
        call = self.wallet.build_call("pay", *arguments)
        self._send(who, call)
        self._to_requeue.append((who, call))
        self.happened.queued += 1

    def _queue_again(self) -> None:
        """
        The very same arguments that were cancelled, or have left, once more: the same id. Where it
        waits, its agent cancels it first.
        """
        if not self._to_requeue:
            return
        who, call = self.random.choice(self._to_requeue)
        function = self.wallet.type.functions["pay"]
        values = function.inputs.decode(call.data[4:])
        id = self.wallet.view("payment_id", who, *values)
        self._send(who, self.wallet.build_call("cancel", id, "again"))
        self._send(who, call)
        self.happened.requeued += 1

    def _stop(self) -> None:
        """
        A guardian stops something, for a few blocks.
        """
        scopes = [self.wallet.address, *map(address_of, self.agents.values())]
        call = self.world.organization.build_call("pause", self.random.choice(scopes), 0, "!")
        self._send(address_of(self.world.guardian), call)
        self._stopped_for = self.random.randint(2, 6)
        self.happened.stops += 1

    def _release(self, *, now: bool = False) -> None:
        """
        The treasury releases it, as often as it takes: its block may go.
        """
        self._stopped_for = 0 if now else max(0, self._stopped_for - 1)
        if self._stopped_for:
            return
        scope = self._running_stop()
        if scope is not None:
            number = self.world.organization.view("pause_number", scope)
            call = self.world.organization.build_call("unpause", scope, number, "fine")
            self._send(self.world.safe.address, call)
            self._stopped_for = 1

    def _running_stop(self) -> Address | None:
        for scope in (self.wallet.address, *map(address_of, self.agents.values())):
            if self.world.organization.view("paused_until", scope) > self._now:
                return Address(scope)
        return None

    def _send(self, who: Address, call: Call) -> None:
        fields: dict[str, Any] = {**transaction_fields(call, who), "gas": hex(400_000)}
        self.wire.ask("eth_sendTransaction", fields)
