"""
Chapter `setup`: a multisig keeps the treasury and gives a wallet what it may spend.
"""

from typing import Final

from bursar.chain.safe_transaction import sign
from bursar.demo.report import ChapterReport, DemoFailed, Outcome, check, usdc
from bursar.demo.stage import REFILL, TRADING, TREASURY, WALLET_DAILY, Agent, Stage, find_refusal
from bursar.devnet import address_of
from bursar.events import Refilled, Sealed
from bursar.reasons import Reason
from bursar.types import EMPTY, MAX_UINT256

TITLE: Final = "People keep the treasury, a wallet gets spending money"
ABOUT: Final = (
    "The treasury is a real Safe that two of three owners sign for. They create a wallet, give "
    "each agent a budget, seal the wallet (then whatever loosens has to wait) and fill it."
)


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Found everything, and open the wallet.
    """
    _found(stage, report)
    _create_wallet(stage, report)
    _open(stage, report)
    _refill(stage, report)


def _found(stage: Stage, report: ChapterReport) -> None:
    net = stage.net
    check("Two owners must sign", 2, net.safe.fetch_threshold())
    check("Nothing acts for the Safe without them", (), net.safe.fetch_modules())
    check("The treasury is funded", TREASURY, net.usdc_of(net.safe.address))
    check("The organisation obeys the Safe", net.safe.address, net.organization.view("treasury"))
    deployer = net.organization.view("roles", address_of(net.deployer))
    check("Whoever deploys keeps no right", 0, deployer)
    report.tell(
        "people",
        "found an organisation",
        Outcome.DONE,
        f"their Safe: {usdc(TREASURY)}",
    )


def _create_wallet(stage: Stage, report: ChapterReport) -> None:
    net, token = stage.net, stage.net.usdc.address
    wallet = stage.found_wallet = net.create_wallet("trading")
    receipt = net.by_treasury(
        wallet.build_call("set_wallet_limit", token, WALLET_DAILY),
        wallet.build_call("set_max_balance", token, REFILL),
        *(
            wallet.build_call("set_budget", agent.address, token, TRADING, agent.budget)
            for agent in stage.agents
        ),
    )
    check("The wallet has its daily limit", WALLET_DAILY, wallet.view("wallet_limit", token))
    report.tell(
        "two owners",
        "create a wallet",
        Outcome.DONE,
        f"pays {usdc(WALLET_DAILY)} a day at most",
        gas=receipt.gas_used,
    )
    for agent in stage.agents:
        _show_budget(stage, report, agent)


def _show_budget(stage: Stage, report: ChapterReport, agent: Agent) -> None:
    stored = stage.wallet.view("budget", agent.address, stage.net.usdc.address, TRADING)
    check("The budget is stored as it was set", agent.budget, stored)
    waits = "" if agent.queue_from == MAX_UINT256 else f"; waits from {usdc(agent.queue_from)} on"
    report.tell(
        "two owners",
        f"set {agent.name}'s budget",
        Outcome.DONE,
        f"{usdc(agent.per_payment)} a payment, {usdc(agent.hourly)} an hour, "
        f"{usdc(agent.daily)} a day{waits}",
    )


def _open(stage: Stage, report: ChapterReport) -> None:
    agent = stage.agent_1
    attempt = stage.arguments(1, stage.vendor)
    stage.refused(Reason.PAYMENTS_STOPPED, lambda: stage.wallet.send(agent.key, "pay", *attempt))
    report.tell(
        agent.name,
        "pays too early",
        Outcome.REFUSED,
        "born stopped",
        reason=Reason.PAYMENTS_STOPPED,
    )
    receipt = stage.net.by_treasury(*stage.net.build_opening(stage.wallet))
    stage.logged(receipt, Sealed)
    check("The wallet is sealed", True, stage.wallet.view("sealed"))
    report.tell(
        "two owners",
        "seal and release it",
        Outcome.DONE,
        "raises now wait two days",
        gas=receipt.gas_used,
    )


def _refill(stage: Stage, report: ChapterReport) -> None:
    net, wallet = stage.net, stage.wallet
    calls = net.build_refill(wallet, REFILL, EMPTY)
    draft = net.safe.build(*calls)
    owner = net.owners[0]
    refusal = find_refusal(lambda: net.safe.execute(owner, draft, [sign(draft, owner)]))
    if refusal is None:
        raise DemoFailed("One owner alone cannot refill", "refused", "it was accepted")
    report.tell(
        "one owner", "refills it alone", Outcome.REFUSED, refusal.revert.text.split(": ")[-1]
    )
    receipt = net.by_treasury(*calls)
    check("The refill is logged", REFILL, stage.logged(receipt, Refilled).amount)
    check("The wallet is filled", REFILL, net.usdc_of(wallet.address))
    allowance = net.usdc.view("allowance", net.safe.address, wallet.address)
    check("No approval is left over", 0, allowance)
    report.tell(
        "two owners",
        f"refill it: {usdc(REFILL)}",
        Outcome.DONE,
        "no approval is left over",
        gas=receipt.gas_used,
    )
