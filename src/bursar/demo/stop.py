"""
Chapter `stop`: one call stops an agent; only the treasury starts it again.
"""

from typing import Final

from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import Stage
from bursar.devnet import USDC
from bursar.events import Paused, Unpaused
from bursar.reasons import Reason

TITLE: Final = "Stopping is easy, starting is hard"
ABOUT: Final = (
    "A keeper or a guardian stops an agent, a wallet or everything, alone and at once. Releasing "
    "takes the Safe, which names the stop that its owners looked at: a newer one is never lifted."
)
AMOUNT: Final = 250 * USDC


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Stop one agent, see the other go on, and release the stop that was seen.
    """
    seen = _stop(stage, report, "keeper", "odd recipients")
    _feel_it(stage, report)
    latest = _stop(stage, report, "guardian", "host breached")
    check("Each stop has a number of its own", seen + 1, latest)
    _release_too_early(stage, report, seen, latest)
    _release(stage, report, latest)


def _stop(stage: Stage, report: ChapterReport, role: str, why: str) -> int:
    organization, scope = stage.net.organization, stage.agent_1.address
    key = stage.net.keeper if role == "keeper" else stage.net.guardian
    receipt = organization.send(key, "pause", scope, 0, why)
    event = stage.logged(receipt, Paused)
    check("The stop is logged", (scope, why), (event.scope, event.reason))
    report.tell(
        role,
        f"stops {stage.agent_1.name}",
        Outcome.STOPPED,
        f'stop {event.number}, "{why}"',
        gas=receipt.gas_used,
    )
    return int(event.number)


def _feel_it(stage: Stage, report: ChapterReport) -> None:
    stopped, other = stage.agents
    payment = stage.arguments(AMOUNT, stage.vendor)
    stage.refused(Reason.PAYMENTS_STOPPED, lambda: stage.wallet.send(stopped.key, "pay", *payment))
    report.tell(
        stopped.name,
        f"pays {usdc(AMOUNT)}",
        Outcome.REFUSED,
        reason=Reason.PAYMENTS_STOPPED,
    )
    receipt = stage.pay(other, AMOUNT, stage.vendor)
    report.tell(
        other.name,
        f"pays {usdc(AMOUNT)}",
        Outcome.PAID,
        "others go on",
        gas=receipt.gas_used,
    )


def _release_too_early(stage: Stage, report: ChapterReport, seen: int, latest: int) -> None:
    organization, scope = stage.net.organization, stage.agent_1.address
    stage.refused(
        Reason.ROLES_TREASURY,
        lambda: organization.send(stage.net.guardian, "unpause", scope, latest, "fine again"),
    )
    report.tell("guardian", "releases it", Outcome.REFUSED, reason=Reason.ROLES_TREASURY)
    outdated = organization.build_call("unpause", scope, seen, "false alarm")
    stage.refused(Reason.STOPS_SEEN, lambda: stage.net.by_treasury(outdated))
    report.tell("two owners", f"release stop {seen}", Outcome.REFUSED, reason=Reason.STOPS_SEEN)


def _release(stage: Stage, report: ChapterReport, latest: int) -> None:
    agent = stage.agent_1
    receipt = stage.net.by_treasury(
        stage.net.organization.build_call("unpause", agent.address, latest, "new host")
    )
    check("The release names the stop", latest, stage.logged(receipt, Unpaused).number)
    report.tell(
        "two owners",
        f"release stop {latest}",
        Outcome.DONE,
        "the stop they looked at",
        gas=receipt.gas_used,
    )
    receipt = stage.pay(agent, AMOUNT, stage.vendor)
    report.tell(
        agent.name,
        f"pays {usdc(AMOUNT)}",
        Outcome.PAID,
        f"{usdc(stage.left(agent)[0])} left this hour",
        gas=receipt.gas_used,
    )
