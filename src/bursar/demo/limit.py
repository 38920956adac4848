"""
Chapter `limit`: at its limit an agent is refused, politely or not.
"""

from typing import Final

from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import FORCED_GAS, Stage
from bursar.devnet import USDC
from bursar.reasons import Preview, Reason

TITLE: Final = "At its limit it is refused"
ABOUT: Final = (
    "An agent that asks first learns it for free; one that sends the raw transaction is refused "
    "by the contract. Other agents notice nothing."
)
AMOUNT: Final = 600 * USDC


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Use up most of the hour, ask for too much, force it, and wait for the next hour.
    """
    _spend(stage, report)
    _ask_for_too_much(stage, report)
    _go_on(stage, report)


def _spend(stage: Stage, report: ChapterReport) -> None:
    agent = stage.agent_1
    for _ in range(2):
        receipt = stage.pay(agent, agent.per_payment, stage.vendor)
    report.tell(
        agent.name,
        f"pays {usdc(agent.per_payment)}, twice",
        Outcome.PAID,
        f"{usdc(stage.left(agent)[0])} left this hour",
        gas=receipt.gas_used,
    )


def _ask_for_too_much(stage: Stage, report: ChapterReport) -> None:
    agent = stage.agent_1
    check("The preview says no", Preview.HOURLY, stage.ask(agent, AMOUNT, stage.vendor))
    report.tell(
        agent.name,
        f"asks: {usdc(AMOUNT)} more?",
        Outcome.REFUSED,
        f"{usdc(stage.left(agent)[0])} left until {stage.hour_ends()}",
        reason=Reason.PAYMENTS_HOURLY,
        gas=0,
    )
    forced = stage.arguments(AMOUNT, stage.vendor)
    error = stage.refused(
        Reason.PAYMENTS_HOURLY,
        lambda: stage.wallet.send(agent.key, "pay", *forced, gas=FORCED_GAS),
    )
    report.tell(
        agent.name,
        "sends it anyway",
        Outcome.REFUSED,
        "gas is lost, money is not",
        reason=error.revert.reason,
        gas=stage.gas_of(error),
    )


def _go_on(stage: Stage, report: ChapterReport) -> None:
    agent, other = stage.agent_1, stage.agent_2
    receipt = stage.pay(other, AMOUNT, stage.vendor)
    report.tell(
        other.name,
        f"pays {usdc(AMOUNT)} meanwhile",
        Outcome.PAID,
        "each budget is its own",
        gas=receipt.gas_used,
    )
    clock = stage.next_hour()
    check("A new hour gives the hour's limit", agent.hourly, stage.left(agent)[0])
    receipt = stage.pay(agent, AMOUNT, stage.vendor)
    report.tell(
        agent.name,
        f"pays it at {clock}",
        Outcome.PAID,
        f"{usdc(stage.left(agent)[0])} left this hour",
        gas=receipt.gas_used,
    )
