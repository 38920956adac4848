"""
Chapter `theft`: a stolen agent key gets what is left of its hour, to the base unit, and no more.
"""

from typing import Final

from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import FORCED_GAS, Agent, Stage
from bursar.devnet import USDC
from bursar.events import Paused, PaymentCancelled, PaymentQueued
from bursar.reasons import Reason

TITLE: Final = "An agent's key is stolen"
ABOUT: Final = (
    "A thief uses agent-2's raw key, not our software. There is what is left of the hour to "
    "steal: large payments wait, and once the key is stopped a new hour brings nothing."
)
CENT: Final = USDC // 100


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Drain, be seen, be stopped.
    """
    victim = stage.agent_2
    treasury = stage.net.usdc_of(stage.net.safe.address)
    stolen = _drain(stage, report, victim)
    _take_one_more(stage, report, victim)
    _try_the_queue(stage, report, victim)
    _stop(stage, report, victim)
    check("The thief has no more", stolen, stage.net.usdc_of(stage.thief))
    check("The treasury is untouched", treasury, stage.net.usdc_of(stage.net.safe.address))


def _drain(stage: Stage, report: ChapterReport, victim: Agent) -> int:
    """
    Take as much as fits into each payment until nothing does; what the thief has then.
    """
    available, _ = stage.left(victim)
    while left := stage.left(victim)[0]:
        stage.pay(victim, min(left, victim.per_payment, victim.queue_from - CENT), stage.thief)
    stolen = stage.net.usdc_of(stage.thief)
    check("Exactly what was left is stolen", available, stolen)
    report.tell(
        "thief",
        "drains the budget",
        Outcome.STOLEN,
        f"{usdc(stolen)}, all that was left",
    )
    return stolen


def _take_one_more(stage: Stage, report: ChapterReport, victim: Agent) -> None:
    payment = stage.arguments(1, stage.thief)
    error = stage.refused(
        Reason.PAYMENTS_HOURLY,
        lambda: stage.wallet.send(victim.key, "pay", *payment, gas=FORCED_GAS),
    )
    report.tell(
        "thief",
        "takes one unit more",
        Outcome.REFUSED,
        reason=error.revert.reason,
        gas=stage.gas_of(error),
    )


def _try_the_queue(stage: Stage, report: ChapterReport, victim: Agent) -> None:
    payment = stage.arguments(victim.per_payment, stage.thief)
    queued = stage.wallet.send(victim.key, "pay", *payment)
    event = stage.logged(queued, PaymentQueued)
    report.tell(
        "thief",
        f"announces {usdc(victim.per_payment)}",
        Outcome.WAITS,
        "it is large, so it has to",
        gas=queued.gas_used,
    )
    receipt = stage.wallet.send(stage.net.keeper, "cancel", event.id, "not ours")
    stage.logged(receipt, PaymentCancelled)
    report.tell("keeper", "cancels it", Outcome.STOPPED, '"not ours"', gas=receipt.gas_used)


def _stop(stage: Stage, report: ChapterReport, victim: Agent) -> None:
    receipt = stage.net.organization.send(
        stage.net.keeper, "pause", victim.address, 0, "key stolen"
    )
    check("The key is stopped", victim.address, stage.logged(receipt, Paused).scope)
    report.tell(
        "keeper", f"stops {victim.name}", Outcome.STOPPED, '"key stolen"', gas=receipt.gas_used
    )
    clock = stage.next_hour()
    check("The hour's limit is there again", victim.hourly, stage.left(victim)[0])
    payment = stage.arguments(CENT, stage.thief)
    error = stage.refused(
        Reason.PAYMENTS_STOPPED,
        lambda: stage.wallet.send(victim.key, "pay", *payment, gas=FORCED_GAS),
    )
    report.tell(
        "thief",
        f"is back at {clock}",
        Outcome.REFUSED,
        reason=error.revert.reason,
        gas=stage.gas_of(error),
    )
