"""
Chapter `pay`: an agent pays within its budget.
"""

from typing import Final

from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import Stage
from bursar.devnet import USDC
from bursar.reasons import Preview

TITLE: Final = "An agent pays within its budget"
ABOUT: Final = (
    "The wallet holds the money, not the agent, and it checks each payment in the transaction "
    "that moves it. No person has to sign."
)
AMOUNT: Final = 400 * USDC


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Ask, then pay.
    """
    agent = stage.agent_1
    check("The payment would pass", Preview.PAY, stage.ask(agent, AMOUNT, stage.vendor))
    report.tell(
        agent.name, f"asks: may I pay {usdc(AMOUNT)}?", Outcome.DONE, "it would be paid", gas=0
    )
    receipt = stage.pay(agent, AMOUNT, stage.vendor)
    report.tell(
        agent.name,
        f"pays {usdc(AMOUNT)}",
        Outcome.PAID,
        f"{usdc(stage.left(agent)[0])} left this hour",
        gas=receipt.gas_used,
    )
