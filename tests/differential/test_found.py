"""
What the fuzzer found, each case made small: contracts and model agree on it now.
"""

from typing import Any

from bursar.budgets import Budget
from bursar.payments import Payment
from bursar.reasons import Reason
from bursar.reference import Call, Refused
from bursar.types import ALL_BPS, HOUR, MAX_UINT256, NATIVE, Address, Bytes32
from tests.differential.stage import Stage

CATEGORY = Bytes32(b"found".ljust(32, b"\0"))
REF = Bytes32(b"\0" * 32)


class Scene:
    """
    A wallet with one agent, whose budgets the treasury sets before it is opened.
    """

    def __init__(self) -> None:
        self.stage = Stage()
        self.twin = self.stage.twin
        self.agent = self.twin.agents[0]
        self.recipient = self.twin.recipients[0]
        self.token = self.twin.token_addresses[0]
        organization = self.stage.organization
        self.stage.by_treasury(organization, "create_wallet", "found", self.twin.blueprint)
        self.wallet = Address(self.twin.wallets[0].address)
        for token in (*self.twin.tokens, NATIVE):
            self.stage.by_treasury(self.wallet, "set_wallet_limit", token, 10**28)

    def set_budget(self, token: Address, daily: int, **changes: Any) -> None:
        """
        Of `daily` base units for a day, an hour and a payment, for a year.
        """
        figures = {
            "per_payment": daily,
            "hourly": daily,
            "daily": daily,
            "queue_from": MAX_UINT256,
            "max_payments": 100,
            "expires_at": (self.twin.now // HOUR + 365 * 24) * HOUR,
            "share_bps": ALL_BPS,
            "rolling": False,
            "allowlist_only": False,
        }
        budget = Budget(**{**figures, **changes})
        self.stage.by_treasury(self.wallet, "set_budget", self.agent, token, CATEGORY, budget)

    def open(self) -> None:
        """
        Seal the wallet and lift its first stop.
        """
        self.stage.by_treasury(self.wallet, "seal")
        self.stage.by_treasury(self.stage.organization, "unpause", self.wallet, 1, "")

    def by_agent(self, function: str, *args: Any) -> Any:
        """
        What both sides say to a call by the agent.
        """
        return self.stage.do(Call(self.agent, self.wallet, function, args))


def test_batch__recipient_refuses_before_the_balance_runs_out__is_the_reason() -> None:
    """
    Native currency is paid one by one: a recipient that refuses the first payment is met before
    the second lacks the money, and not after.
    """
    scene = Scene()
    scene.set_budget(NATIVE, 100)
    scene.open()
    scene.stage.by_treasury(scene.wallet, "__default__", value=10)
    refusing = scene.twin.token_addresses[0]

    early = (Payment(refusing, 10, REF), Payment(scene.recipient, 1, REF))
    late = (Payment(scene.recipient, 10, REF), Payment(refusing, 1, REF))

    assert scene.by_agent("pay_many", NATIVE, CATEGORY, early) == Refused(
        Reason.TRANSFERS_RECIPIENT
    )
    assert scene.by_agent("pay_many", NATIVE, CATEGORY, late) == Refused(Reason.PAYMENTS_BALANCE)
