"""
What `make bench-gas` measures: one function for each operation, on an organisation that works.

`ready` chain → operation → gas of its last transaction

The wallet is sealed, funded and unpaused; its agent has budgets for a token of 6 decimals and for
native currency; the recipient holds tokens already. Each operation starts from there and its
traces are undone, so that none changes what another one costs. The treasury is an account with
code that anvil lets send, so its calls are measured without a Safe's own 30,000 gas and more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from _gas_chain import ETHER, START, Chain, Contract, Mined
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from bursar.budgets import Budget
from bursar.chain.abi import ContractType
from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.types import DAY, HOUR, MAX_UINT256, NATIVE, Address, checksummed

# 6 decimals
USDC = 10**6
AMOUNT = 10 * USDC
# As a keeper would word it; up to 64 bytes, and each costs about 30 gas.
REASON = "undeclared spend"


@dataclass(frozen=True)
class Operation:
    """
    `key` is its path in build/bench-gas.json; a target is the most that it may cost.
    """

    key: str
    label: str
    measure: Callable[[World], int]
    target: int | None = None


class World:
    """
    An organisation whose agent can pay.
    """

    def __init__(self, chain: Chain, kinds: Mapping[str, ContractType]) -> None:
        self.chain = chain
        self.kinds = kinds
        self.deployer = chain.actor("deployer")
        self.treasury = chain.actor("treasury")
        self.guardian = chain.actor("guardian")
        self.keeper = chain.actor("keeper")
        self.agent = chain.actor("agent")
        self.other_agent = chain.actor("other agent")
        self.new_agent = chain.actor("new agent")
        self.relayer = chain.actor("relayer")
        self.recipient = chain.actor("recipient")
        self.many = [chain.actor(f"recipient {i}") for i in range(50)]
        # Signs what a relayer submits; a key that is nobody's secret.
        self.signer: LocalAccount = Account.from_key(b"\x11" * 32)
        chain.set_code(self.treasury, b"\0")  # STOP: takes money, and counts as a contract
        self._deploy()
        self._open()

    def _deploy(self) -> None:
        self.organization = self.chain.deploy(
            self.kinds["Organization"], self.deployer, self.treasury,
            [self.guardian], [self.keeper], 2 * DAY, DAY,
        )  # fmt: skip
        blueprint = self.kinds["HotWallet"].blueprint_code
        self.blueprint = self.chain.send(self.deployer, None, blueprint)
        self.wallet = self.at_wallet(self.create_wallet())
        self.token = self.chain.deploy(
            self.kinds["TestToken"], self.deployer, "USD Coin", "USDC", 6
        )

    def _open(self) -> None:
        self.category, self.waiting, self.listed = (self.chain.word() for _ in range(3))
        self.batched, self.rolling, self.shared = (self.chain.word() for _ in range(3))
        for token in (self.token.address, NATIVE):
            self.as_treasury(self.wallet, "set_wallet_limit", token, 20 * ETHER)
            self.as_treasury(self.wallet, "set_max_balance", token, 90 * ETHER)
        self.set_budget(self.agent, self.category)
        self.set_budget(self.agent, self.waiting, queue_from=0)
        self.set_budget(self.agent, self.listed, allowlist_only=True)
        self.set_budget(
            self.agent, self.batched, hourly=5_000 * USDC, daily=9_000 * USDC, max_payments=9_000
        )
        self.set_budget(self.agent, self.rolling, rolling=True)
        self.set_budget(self.agent, self.shared, share_bps=1_000)
        self.set_budget(checksummed(self.signer.address), self.category)
        self.set_budget(self.other_agent, self.category)
        self.set_budget(
            self.agent, self.category, token=NATIVE,
            per_payment=ETHER, hourly=3 * ETHER, daily=9 * ETHER,
        )  # fmt: skip
        self.as_treasury(self.wallet, "set_recipients", [self.recipient], True)
        self.as_treasury(self.wallet, "seal")
        self.unpause(self.wallet.address)
        self.token.call(self.deployer, "mint", self.wallet.address, 50_000 * USDC)
        self.token.call(self.deployer, "mint", self.treasury, 50_000 * USDC)
        self.token.call(self.deployer, "mint", self.recipient, 50 * USDC)
        self.token.call(self.deployer, "mint", self.agent, 50 * USDC)
        for recipient in self.many:
            self.token.call(self.deployer, "mint", recipient, 50 * USDC)
        self.chain.send(self.deployer, self.wallet.address, b"", value=10 * ETHER)

    def create_wallet(self, name: str = "operations") -> Mined:
        return self.organization.call(self.treasury, "create_wallet", name, self.blueprint.contract)

    def at_wallet(self, created: Mined) -> Contract:
        """
        The wallet that a transaction created: it logs before its organisation does.
        """
        address = checksummed(created.logs[0]["address"])
        return Contract(self.chain, self.kinds["HotWallet"], address)

    def as_treasury(self, contract: Contract, function: str, *args: Any) -> int:
        return contract.gas(self.treasury, function, *args)

    def set_budget(
        self,
        agent: Address,
        category: bytes,
        *,
        token: Address | None = None,
        wallet: Contract | None = None,
        sender: Address | None = None,
        **figures: Any,
    ) -> int:
        arguments = agent, token or self.token.address, category, budget(**figures)
        return (wallet or self.wallet).gas(sender or self.treasury, "set_budget", *arguments)

    def payment(self, **changed: Any) -> tuple[Any, ...]:
        """
        The arguments of `pay`: 10 USDC to the recipient under a new reference.
        """
        arguments = {
            "token": self.token.address,
            "to": self.recipient,
            "amount": AMOUNT,
            "category": self.category,
            "ref": self.chain.word(),
        }
        return tuple((arguments | changed).values())

    def pay(self, **changed: Any) -> int:
        return self.wallet.gas(self.agent, "pay", *self.payment(**changed))

    def pay_many(self, recipients: list[Address]) -> int:
        """
        10 USDC to each, each under a reference of its own; gas a payment, rounded up.
        """
        payments = [(to, AMOUNT, self.chain.word()) for to in recipients]
        arguments = self.token.address, self.batched, payments
        return -(-self.wallet.gas(self.agent, "pay_many", *arguments) // len(payments))

    def pay_signed(self, nonce: int) -> int:
        """
        What the signer signed, submitted by the relayer.
        """
        token, to, amount, category, ref = self.payment()
        payment = SignablePayment(
            agent=checksummed(self.signer.address),
            token=token,
            to=to,
            amount=amount,
            category=category,
            ref=ref,
            epoch=0,
            nonce=nonce,
            deadline=self.chain.now + HOUR,
        )
        data = build_typed_data(
            payment, chain_id=self.chain.anvil.chain_id, wallet=self.wallet.address
        )
        signature = self.signer.sign_message(encode_typed_data(full_message=data)).signature
        p = payment
        head = p.agent, p.token, p.to, p.amount, p.category, p.ref
        arguments = *head, p.nonce, p.deadline, bytes(signature)
        return self.wallet.gas(self.relayer, "pay_signed", *arguments)

    def queue(self, **changed: Any) -> tuple[Any, ...]:
        """
        Queue a payment; the arguments that execute it.
        """
        arguments = self.payment(category=self.waiting, **changed)
        self.wallet.call(self.agent, "pay", *arguments)
        return (self.agent, *arguments)

    def queue_id(self) -> bytes:
        arguments = self.queue()
        return bytes(self.wallet.view("payment_id", *arguments))

    def pause(self, scope: Address) -> int:
        return self.organization.gas(self.keeper, "pause", scope, 0, REASON)

    def unpause(self, scope: Address) -> int:
        number = self.organization.view("pause_number", scope)
        return self.as_treasury(self.organization, "unpause", scope, number, "looked into it")

    def seen(self, scope: Address) -> Address:
        """
        The scope, with a stop behind it.
        """
        self.pause(scope)
        self.unpause(scope)
        return scope

    def schedule(self, wallet: Contract, function: str, *args: Any) -> tuple[int, tuple[Any, ...]]:
        """
        Schedule a change: its gas, and the arguments that apply it.
        """
        change = wallet.address, wallet.kind.encode(function, *args)
        return self.as_treasury(self.organization, "schedule", *change), change

    def raised_budget(self) -> tuple[Any, ...]:
        return self.agent, self.token.address, self.category, budget(daily=2_000 * USDC)


def budget(**changed: Any) -> Budget:
    """
    100 USDC a payment, 300 an hour, 1,000 a day, and nothing waits, unless said otherwise.
    """
    figures = {
        "per_payment": 100 * USDC,
        "hourly": 300 * USDC,
        "daily": 1_000 * USDC,
        "queue_from": MAX_UINT256,
        "max_payments": 100,
        "expires_at": START + 300 * DAY,
        "share_bps": 10_000,
        "rolling": False,
        "allowlist_only": False,
    }
    return Budget(**(figures | changed))


# Paying


def transfer(w: World) -> int:
    return w.token.gas(w.agent, "transfer", w.recipient, AMOUNT)


def pay_steady(w: World) -> int:
    w.pay()
    return w.pay()


def pay_new_hour(w: World) -> int:
    w.pay()
    w.chain.warp(START + HOUR)
    return w.pay()


def pay_new_day(w: World) -> int:
    w.pay()
    w.chain.warp(START + DAY)
    w.organization.call(w.keeper, "heartbeat")
    return w.pay()


def pay_queued(w: World) -> int:
    return w.pay(category=w.waiting)


def pay_while_other_stopped(w: World) -> int:
    w.pay()
    w.pause(w.other_agent)
    return w.pay()


def pay_native(w: World) -> int:
    w.pay(token=NATIVE, amount=ETHER // 100)
    return w.pay(token=NATIVE, amount=ETHER // 100)


def pay_allowlist(w: World) -> int:
    w.pay(category=w.listed)
    return w.pay(category=w.listed)


def pay_rolling(w: World) -> int:
    w.pay(category=w.rolling)
    return w.pay(category=w.rolling)


def pay_rolling_new_hour(w: World) -> int:
    w.pay(category=w.rolling)
    w.chain.warp(START + HOUR)
    return w.pay(category=w.rolling)


def pay_rolling_after_hours(w: World) -> int:
    w.pay(category=w.rolling)
    w.chain.warp(START + 9 * HOUR)
    return w.pay(category=w.rolling)


def pay_share(w: World) -> int:
    w.pay(category=w.shared)
    return w.pay(category=w.shared)


def pay_share_new_day(w: World) -> int:
    w.pay(category=w.shared)
    w.chain.warp(START + DAY)
    w.organization.call(w.keeper, "heartbeat")
    return w.pay(category=w.shared)


def pay_many(count: int) -> Callable[[World], int]:
    def pay(w: World) -> int:
        w.pay(category=w.batched)
        return w.pay_many(w.many[:count])

    return pay


def pay_many_same(w: World) -> int:
    w.pay(category=w.batched)
    return w.pay_many([w.recipient] * 50)


def pay_signed(w: World) -> int:
    w.pay_signed(0)
    return w.pay_signed(1)


def void_nonce(w: World) -> int:
    w.wallet.call(w.agent, "void_nonce", 0)
    return w.wallet.gas(w.agent, "void_nonce", 1)


def execute(w: World) -> int:
    first, second = w.queue(), w.queue()
    w.chain.warp(START + HOUR)
    w.wallet.call(w.relayer, "execute", *first)
    return w.wallet.gas(w.relayer, "execute", *second)


def cancel_by(role: str) -> Callable[[World], int]:
    def cancel(w: World) -> int:
        return w.wallet.gas(getattr(w, role), "cancel", w.queue_id(), REASON)

    return cancel


def cancel_all(w: World) -> int:
    w.queue()
    return w.wallet.gas(w.guardian, "cancel_all", REASON)


# Stopping


def pause_organization(w: World) -> int:
    return w.pause(w.seen(w.organization.address))


def pause_organization_first(w: World) -> int:
    return w.pause(w.organization.address)


def pause_wallet(w: World) -> int:
    return w.pause(w.wallet.address)  # stopped once before, when it was created


def pause_agent(w: World) -> int:
    return w.pause(w.seen(w.agent))


def pause_agent_first(w: World) -> int:
    return w.pause(w.new_agent)


def pause_agent_again(w: World) -> int:
    w.pause(w.agent)
    return w.pause(w.agent)


def pause_self(w: World) -> int:
    w.seen(w.agent)
    return w.wallet.gas(w.agent, "pause_self", 0, REASON)


def unpause_organization(w: World) -> int:
    w.pause(w.organization.address)
    return w.unpause(w.organization.address)


def unpause_wallet(w: World) -> int:
    w.pause(w.wallet.address)
    return w.unpause(w.wallet.address)


def unpause_agent(w: World) -> int:
    w.pause(w.agent)
    return w.unpause(w.agent)


def heartbeat(w: World) -> int:
    return w.organization.gas(w.keeper, "heartbeat")


# Money in and back


def refill(w: World) -> int:
    w.token.call(w.treasury, "approve", w.wallet.address, AMOUNT)
    return w.as_treasury(w.wallet, "refill", w.token.address, AMOUNT, w.chain.word())


def sweep(w: World) -> int:
    return w.wallet.gas(w.guardian, "sweep", w.token.address, REASON)


# Setting


def set_budget_new(w: World) -> int:
    wallet = w.at_wallet(w.create_wallet("support"))
    return w.set_budget(w.agent, w.category, wallet=wallet)


def set_budget_tighten(w: World) -> int:
    return w.set_budget(w.agent, w.category, sender=w.guardian, daily=500 * USDC)


def schedule(w: World) -> int:
    gas, _ = w.schedule(w.wallet, "set_budget", *w.raised_budget())
    return gas


def apply(w: World) -> int:
    _, change = w.schedule(w.wallet, "set_budget", *w.raised_budget())
    w.chain.warp(START + 3 * DAY)
    return w.organization.gas(w.relayer, "apply", *change)


def veto(w: World) -> int:
    _, change = w.schedule(w.wallet, "set_budget", *w.raised_budget())
    return w.organization.gas(w.guardian, "veto", w.organization.view("change_id", *change), REASON)


def veto_all(w: World) -> int:
    w.schedule(w.wallet, "set_budget", *w.raised_budget())
    return w.organization.gas(w.guardian, "veto_all", REASON)


def rotate_agent(w: World) -> int:
    return w.as_treasury(w.wallet, "rotate_agent", w.agent, w.new_agent)


def create_wallet(w: World) -> int:
    return w.create_wallet("support").gas


def seal(w: World) -> int:
    return w.as_treasury(w.at_wallet(w.create_wallet("support")), "seal")


OPERATIONS = (
    Operation("transfer", "raw ERC-20 transfer", transfer),
    Operation("pay.steady", "pay, later in the same hour", pay_steady, 60_000),
    Operation("pay.new_hour", "pay, first of an hour", pay_new_hour),
    Operation("pay.new_day", "pay, first of a day", pay_new_day),
    Operation("pay.queued", "pay, large enough to wait", pay_queued, 60_500),
    Operation("pay.while_other_stopped", "pay, another agent stopped", pay_while_other_stopped),
    Operation("pay.allowlist", "pay, budget with the allowlist on", pay_allowlist),
    Operation("pay.native", "pay, native currency", pay_native),
    Operation("pay.rolling", "pay, rolling budget", pay_rolling),
    Operation("pay.rolling_new_hour", "pay, rolling, first of an hour", pay_rolling_new_hour),
    Operation("pay.rolling_after_hours", "... nine hours later", pay_rolling_after_hours),
    Operation("pay.share", "pay, budget with a share", pay_share),
    Operation("pay.share_new_day", "... first of a day", pay_share_new_day),
    Operation("pay_many.per_payment_10", "pay_many, each of 10", pay_many(10), 18_100),
    Operation("pay_many.per_payment_50", "pay_many, each of 50", pay_many(50), 14_250),
    Operation("pay_many.per_payment_50_same", "pay_many, each of 50 to one", pay_many_same, 9_750),
    Operation("pay_signed", "pay_signed", pay_signed, 75_000),
    Operation("void_nonce", "void_nonce", void_nonce),
    Operation("execute", "execute", execute, 63_500),
    Operation("cancel", "cancel, by its agent", cancel_by("agent"), 31_000),
    Operation("cancel_by.guardian", "cancel, by a guardian", cancel_by("guardian"), 36_000),
    Operation("cancel_by.keeper", "cancel, by a keeper", cancel_by("keeper"), 36_000),
    Operation("cancel_all", "cancel_all", cancel_all),
    Operation("pause.organization", "stop the organisation", pause_organization, 33_000),
    Operation("pause.organization_first", "... for the first time", pause_organization_first),
    Operation("pause.wallet", "stop a wallet", pause_wallet, 38_500),
    Operation("pause.agent", "stop an agent that has budgets", pause_agent, 38_500),
    Operation("pause.agent_first", "stop an agent never heard of", pause_agent_first),
    Operation("pause.agent_again", "stop an agent again", pause_agent_again),
    Operation("pause.self", "pause_self, seen before", pause_self),
    Operation("unpause.organization", "unpause the organisation *", unpause_organization),
    Operation("unpause.wallet", "unpause a wallet *", unpause_wallet),
    Operation("unpause.agent", "unpause an agent *", unpause_agent),
    Operation("heartbeat", "heartbeat", heartbeat),
    Operation("refill", "refill *", refill),
    Operation("sweep", "sweep", sweep),
    Operation("set_budget.new", "set_budget, new *", set_budget_new),
    Operation("set_budget.tighten", "set_budget, tightened by a guardian", set_budget_tighten),
    Operation("schedule", "schedule a set_budget *", schedule),
    Operation("apply", "apply it", apply),
    Operation("veto", "veto it", veto),
    Operation("veto_all", "veto_all", veto_all),
    Operation("rotate_agent", "rotate_agent, 4 budgets *", rotate_agent),
    Operation("create_wallet", "create_wallet *", create_wallet),
    Operation("seal", "seal *", seal),
)


def measure_all(kinds: Mapping[str, ContractType]) -> dict[str, int]:
    """
    Gas by key, in the order of OPERATIONS; then what deploying costs.
    """
    gas = {}
    with Chain.running() as chain:
        world = World(chain, kinds)
        for operation in OPERATIONS:
            with chain.undone():
                gas[operation.key] = operation.measure(world)
    gas["deploy.organization"] = world.organization.deployment_gas
    gas["deploy.blueprint"] = world.blueprint.gas
    return gas
