"""
An organisation in the test's hand: one wallet, a token of 6 decimals, and an actor per role.
"""

from typing import Any, NamedTuple

from eth_utils import to_checksum_address

from tests.harness.evm import Contract, Evm, Receipt, actor, compiled

HOUR = 3600
DAY = 86400
USDC = 10**6
MAX = 2**256 - 1
NATIVE = to_checksum_address("0x" + "ee" * 20)
GENERAL = b"general".ljust(32, b"\0")
REFUND = b"refund".ljust(32, b"\0")


class Budget(NamedTuple):
    """
    The contract's struct; the defaults are the ones most tests want.
    """

    per_payment: int = 100 * USDC
    hourly: int = 300 * USDC
    daily: int = 1000 * USDC
    queue_from: int = MAX
    max_payments: int = 100
    expires_at: int = 1_767_571_200 + 300 * DAY
    share_bps: int = 10_000
    rolling: bool = False
    allowlist_only: bool = False


def ref(n: int) -> bytes:
    """
    A reference of its own for every payment.
    """
    return n.to_bytes(32)


class World:
    """
    Everything deployed; wallets are unsealed until `open`ed.
    """

    def __init__(self, change_delay: int = 2 * DAY, heartbeat_timeout: int = MAX) -> None:
        self.evm = Evm()
        self.deployer = actor("deployer")
        self.treasury = actor("treasury")
        self.guardian = actor("guardian")
        self.keeper = actor("keeper")
        self.agent = actor("agent")
        self.other_agent = actor("other agent")
        self.stranger = actor("stranger")
        self.recipient = actor("recipient")
        self.evm.set_code(self.treasury, b"\0")
        self.organization = self.evm.deploy(
            compiled("Organization.vy"),
            self.treasury,
            [self.guardian],
            [self.keeper],
            change_delay,
            heartbeat_timeout,
            sender=self.deployer,
        )
        self.evm.set_code(self.treasury, b"")
        self.evm.learn(compiled("HotWallet.vy"))
        self.blueprint = self.evm.deploy_code(compiled("HotWallet.vy").blueprint, self.deployer)
        self.token = self.new_token()
        self.wallet = self.new_wallet("operations")

    @property
    def now(self) -> int:
        return self.evm.at

    def new_token(self, decimals: int = 6) -> Contract:
        artifact = compiled("testing/TestToken.vy")
        return self.evm.deploy(artifact, "Test token", "TEST", decimals, sender=self.deployer)

    def new_wallet(self, name: str) -> Contract:
        created = self.organization.create_wallet(name, self.blueprint, sender=self.treasury)
        return self.evm.at_address(compiled("HotWallet.vy"), created.result)

    def set_budget(self, budget: Budget | None = None, **kwargs: Any) -> Receipt:
        """
        By the treasury, for the agent, unless said otherwise.
        """
        agent = kwargs.pop("agent", self.agent)
        token = kwargs.pop("token", self.token.address)
        category = kwargs.pop("category", GENERAL)
        sender = kwargs.pop("sender", self.treasury)
        wallet: Contract = kwargs.pop("wallet", self.wallet)
        figures = budget if budget is not None else Budget(**kwargs)
        return wallet.call("set_budget", agent, token, category, tuple(figures), sender=sender)

    def enable(
        self, token: str | None = None, daily: int = 10_000 * USDC, wallet: Contract | None = None
    ) -> None:
        """
        Let the wallet pay a token and be refilled with it.
        """
        wallet = wallet or self.wallet
        token = token or self.token.address
        wallet.set_wallet_limit(token, daily, sender=self.treasury)
        wallet.set_max_balance(token, 100_000 * USDC, sender=self.treasury)

    def open(self, wallet: Contract | None = None) -> None:
        """
        Seal the wallet and lift its first stop.
        """
        wallet = wallet or self.wallet
        wallet.seal(sender=self.treasury)
        number = self.organization.pause_number(wallet.address)
        self.organization.unpause(wallet.address, number, "ready", sender=self.treasury)

    def fund(self, amount: int = 5_000 * USDC, wallet: Contract | None = None) -> None:
        """
        Money that is simply there.
        """
        wallet = wallet or self.wallet
        self.token.mint(wallet.address, amount, sender=self.deployer)

    def pay(self, amount: int, **kwargs: Any) -> Receipt:
        """
        By the agent, to the recipient, unless said otherwise.
        """
        wallet: Contract = kwargs.pop("wallet", self.wallet)
        sender = kwargs.pop("sender", self.agent)
        return wallet.call("pay", *self.payment(amount, **kwargs), sender=sender)

    def payment(self, amount: int, **kwargs: Any) -> tuple[Any, ...]:
        return (
            kwargs.get("token", self.token.address),
            kwargs.get("to", self.recipient),
            amount,
            kwargs.get("category", GENERAL),
            kwargs.get("ref", ref(1)),
        )

    def schedule(self, target: Contract, function: str, *args: Any) -> bytes:
        """
        By the treasury; returns the change's id.
        """
        call = target.calldata(function, *args)
        receipt: Receipt = self.organization.schedule(target.address, call, sender=self.treasury)
        return bytes(receipt.result)

    def apply(
        self, target: Contract, function: str, *args: Any, sender: str | None = None
    ) -> Receipt:
        call = target.calldata(function, *args)
        receipt: Receipt = self.organization.apply(
            target.address, call, sender=sender or self.stranger
        )
        return receipt


def ready_world(**kwargs: Any) -> World:
    """
    A world in which the agent can pay: token enabled, budget set, wallet open and funded.
    """
    world = World(**kwargs)
    world.enable()
    world.set_budget()
    world.open()
    world.fund()
    return world
