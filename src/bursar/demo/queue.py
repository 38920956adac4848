"""
Chapter `queue`: a large payment waits, so that somebody can look at it.
"""

from typing import Any, Final

from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import Stage, time_of_day
from bursar.devnet import USDC
from bursar.events import PaymentCancelled, PaymentExecuted, PaymentQueued
from bursar.reasons import Reason
from bursar.types import ZERO_ADDRESS

TITLE: Final = "A large payment waits"
ABOUT: Final = (
    "From the amount that a budget names on, a payment is only announced. Guardians and keepers "
    "can cancel it; once it is due anybody can execute it, exactly as announced, and once."
)
DOUBTFUL: Final = 4_500 * USDC
SOUND: Final = 3_500 * USDC


def play(stage: Stage, report: ChapterReport) -> None:
    """
    One is cancelled, one is executed after its delay.
    """
    _cancelled(stage, report)
    _executed(stage, report)


def _announce(stage: Stage, report: ChapterReport, amount: int) -> tuple[Any, PaymentQueued]:
    agent = stage.agent_2
    before = stage.money(stage.vendor), stage.left(agent)
    payment = stage.arguments(amount, stage.vendor)
    receipt = stage.wallet.send(agent.key, "pay", *payment)
    event = stage.logged(receipt, PaymentQueued)
    check("It waits", (agent.address, event.ready_at, event.expires_at), _waiting(stage, event.id))
    check("Waiting moves and uses nothing", before, (stage.money(stage.vendor), stage.left(agent)))
    report.tell(
        agent.name,
        f"wants to pay {usdc(amount)}",
        Outcome.WAITS,
        f"until {time_of_day(event.ready_at)}, uncharged",
        gas=receipt.gas_used,
    )
    return payment, event


def _waiting(stage: Stage, id: bytes) -> Any:
    return stage.wallet.view("payment", id)


def _cancelled(stage: Stage, report: ChapterReport) -> None:
    _, event = _announce(stage, report, DOUBTFUL)
    receipt = stage.wallet.send(stage.net.guardian, "cancel", event.id, "who is this for?")
    stage.logged(receipt, PaymentCancelled)
    check("It is gone", (ZERO_ADDRESS, 0, 0), _waiting(stage, event.id))
    report.tell(
        "guardian",
        "cancels it",
        Outcome.STOPPED,
        '"who is this for?"',
        gas=receipt.gas_used,
    )


def _executed(stage: Stage, report: ChapterReport) -> None:
    agent, keeper = stage.agent_2, stage.net.keeper
    payment, event = _announce(stage, report, SOUND)

    def execute() -> Any:
        return stage.wallet.send(keeper, "execute", agent.address, *payment)

    stage.refused(Reason.QUEUE_NOT_DUE, execute)
    report.tell("keeper", "executes it at once", Outcome.REFUSED, reason=Reason.QUEUE_NOT_DUE)
    stage.net.chain.warp(to=event.ready_at)
    before = stage.money(stage.vendor)
    receipt = execute()
    check("It is the same payment", event.id, stage.logged(receipt, PaymentExecuted).id)
    wallet, vendor = before
    check("It leaves", (wallet - SOUND, vendor + SOUND), stage.money(stage.vendor))
    report.tell(
        "keeper",
        f"executes it at {stage.clock()}",
        Outcome.PAID,
        "exactly as announced",
        gas=receipt.gas_used,
    )
    stage.refused(Reason.QUEUE_NO_SUCH_PAYMENT, execute)
    report.tell(
        "keeper",
        "executes it again",
        Outcome.REFUSED,
        reason=Reason.QUEUE_NO_SUCH_PAYMENT,
    )
