"""
Chapter `topology`: a treasury of three wallets and six agents from one file, one key of it stolen.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bursar.demo.company import SYMBOL, Company, Member
from bursar.demo.refilling import play_refill
from bursar.demo.report import ChapterReport, Outcome, check, usdc
from bursar.demo.stage import FORCED_GAS, Stage, find_refusal
from bursar.devnet import USDC
from bursar.reasons import Reason
from bursar.types import EMPTY, ZERO_ADDRESS

TITLE: Final = "Three wallets, six agents, one file; one key is stolen"
ABOUT: Final = (
    "One treasury.yaml describes a Safe, its wallets and their agents. A stolen key, used raw, "
    "gets what is left of its own budget: no other wallet and no other agent loses anything."
)
CENT: Final = USDC // 100
# What the agents pay through the SDK.
PAYMENTS: Final = {
    "trading-1": 10_000 * USDC,
    "trading-2": 2_500 * USDC,
    "operations-1": 4_200 * USDC,
    "operations-2": 750 * USDC + 25 * CENT,
    "defi-1": 15_000 * USDC,
    "defi-2": 12_345 * USDC + 67 * CENT,
}
VICTIM: Final = "defi-2"


def play(stage: Stage, report: ChapterReport) -> None:
    """
    Load it, let everybody pay, steal a key, refill, and look at everything.
    """
    with TemporaryDirectory(prefix="bursar-demo-") as folder:
        company = Company.found(
            stage.net.chain, Path(folder), vendor=stage.vendor, thief=stage.thief
        )
        _load(company, report)
        _show_wallets(company, report)
        _pay(company, report)
        _use_up(company, report)
        _steal(stage, company, report)
        play_refill(company, report, company.members[VICTIM])
        report.status = company.status()


def _load(company: Company, report: ChapterReport) -> None:
    safe, plan = company.safe, company.plan
    check(
        "The Safe asks for as many owners as the file", plan.safe.threshold, safe.fetch_threshold()
    )
    owners = {holder.address for holder in company.book.owners.values()}
    check("The owners are the file's", owners, set(safe.fetch_owners()))
    check("No agent is an owner", set(), owners & {it.address for it in company.members.values()})
    check("Nothing acts for the Safe without them", (), safe.fetch_modules())
    check("Nothing guards the Safe", ZERO_ADDRESS, safe.fetch_guard())
    treasury = company.organization.view("treasury")
    check("The organisation obeys the Safe", safe.address, treasury)
    for member in company.members.values():
        role = company.organization.view("roles", member.address)
        check("No agent has a role in the organisation", 0, role)
    report.tell(
        "people",
        "load one file",
        Outcome.DONE,
        f"{len(company.wallets)} wallets, {len(company.members)} agents; "
        f"their Safe: {usdc(company.master)}",
    )


def _show_wallets(company: Company, report: ChapterReport) -> None:
    for plan in company.plan.wallets:
        wallet, token = company.wallets[plan.name], plan.tokens[0]
        check("The wallet has its name", plan.name, wallet.view("name"))
        check("The wallet is sealed", True, wallet.view("sealed"))
        check("The wallet is filled", token.refill_to, company.money(wallet.address))
        limit = wallet.view("wallet_limit", company.usdc.address)
        check("The wallet has its daily limit", token.daily, limit)
        shown = []
        for line in plan.budgets:
            agent = company.members[line.agent.name].address
            stored = wallet.view("budget", agent, company.usdc.address, EMPTY)
            check("The budget is stored as the file says", line.budget, stored)
            shown.append(f"{line.agent.name} {usdc(line.budget.daily)}")
        report.tell(
            "two owners",
            f"fill {plan.name}",
            Outcome.DONE,
            f"{usdc(token.refill_to)}; a day: {', '.join(shown)}",
        )
    filled = sum(plan.tokens[0].refill_to for plan in company.plan.wallets)
    rest = company.money(company.safe.address)
    check("The Safe keeps the rest", company.master - filled, rest)


def _pay(company: Company, report: ChapterReport) -> None:
    for name, amount in PAYMENTS.items():
        member = company.members[name]
        company.pay(member, amount)
        left = company.left(member)[1]
        report.tell(
            name,
            f"pays {usdc(amount)}",
            Outcome.PAID,
            f"{usdc(left)} left today" if left else "all of its day",
        )


def _use_up(company: Company, report: ChapterReport) -> None:
    """
    One agent is at its limit; the other one of the same wallet is not.
    """
    spent, other = (company.members[name] for name in ("trading-1", "trading-2"))
    with company.changing("A denial changes nothing", {}):
        denied = company.connect(spent).pay(SYMBOL, company.vendor, CENT)
    check("The agent's software is told why", Reason.PAYMENTS_HOURLY, denied.reason)
    check("Nothing was sent", None, denied.transaction)
    report.tell(
        spent.name,
        f"pays {usdc(CENT)} more",
        Outcome.REFUSED,
        reason=Reason.PAYMENTS_HOURLY,
        gas=0,
    )
    company.pay(other, CENT)
    report.tell(other.name, f"pays {usdc(CENT)}", Outcome.PAID, "same wallet, a budget of its own")


def _steal(stage: Stage, company: Company, report: ChapterReport) -> None:
    victim = company.members[VICTIM]
    _drain(company, report, victim)
    _take_one_more(stage, company, report, victim)
    _try_elsewhere(company, report, victim)
    other = company.members["defi-1"]
    company.pay(other, 5_000 * USDC)
    report.tell(other.name, f"pays {usdc(5_000 * USDC)}", Outcome.PAID, "same wallet, nothing lost")
    _come_back(stage, company, report, victim)


def _drain(company: Company, report: ChapterReport, victim: Member) -> None:
    """
    Try the wallet's whole balance, and half of it wherever it is refused, until a cent is. The
    thief asks nobody what is left. Whole cents, because fractions of a budget's unit are charged as
    a unit: they would only bring less.
    """
    left = min(company.left(victim))
    loss = company.charge(victim, left, "thief")
    amount, payments = company.money(company.wallets[victim.wallet].address), 0
    with company.changing("The thief gets what was left, and nobody else loses anything", loss):
        while amount:
            if company.take(victim, amount) is None:
                payments += 1
            else:
                amount = amount // CENT // 2 * CENT
    report.tell(
        "thief",
        f"has {victim.name}'s key",
        Outcome.STOLEN,
        f"{usdc(company.money(company.thief))} in {payments} payments: all that was left",
    )


def _take_one_more(stage: Stage, company: Company, report: ChapterReport, victim: Member) -> None:
    with company.changing("No money moves", {}):
        refusal = company.take(victim, 1, gas=FORCED_GAS)
    error = company.refuse(Reason.PAYMENTS_HOURLY, refusal)
    report.tell(
        "thief",
        "takes one unit more",
        Outcome.REFUSED,
        reason=error.revert.reason,
        gas=stage.gas_of(error),
    )


def _try_elsewhere(company: Company, report: ChapterReport, victim: Member) -> None:
    """
    The other wallets, a larger budget, the treasury.
    """
    others = [name for name in company.wallets if name != victim.wallet]
    with company.changing("No money moves, no limit changes", {}):
        for name in others:
            company.refuse(Reason.PAYMENTS_NO_BUDGET, company.take(victim, 1, name))
        wallet, token = company.wallets[victim.wallet], company.usdc.address
        more = victim.budget.model_copy(update={"daily": 2 * victim.budget.daily})
        raising = find_refusal(
            lambda: wallet.send(victim.key, "set_budget", victim.address, token, EMPTY, more)
        )
        company.refuse(Reason.ACCESS_TIGHTEN, raising)
        drawing = find_refusal(lambda: wallet.send(victim.key, "refill", token, CENT, EMPTY))
        company.refuse(Reason.ACCESS_TREASURY, drawing)
    for does, reason in (
        (f"tries {' and '.join(others)}", Reason.PAYMENTS_NO_BUDGET),
        ("doubles its limit", Reason.ACCESS_TIGHTEN),
        ("draws on the Safe", Reason.ACCESS_TREASURY),
    ):
        report.tell("thief", does, Outcome.REFUSED, reason=reason)


def _come_back(stage: Stage, company: Company, report: ChapterReport, victim: Member) -> None:
    """
    In the next hour the day's limit holds; before the next day the key is stopped.
    """
    clock = stage.next_hour()
    # The keeper watches: without its heartbeat all wallets would have stopped by now.
    company.organization.send(company.keeper, "heartbeat")
    with company.changing("No money moves", {}):
        error = company.refuse(Reason.PAYMENTS_DAILY, company.take(victim, 1, gas=FORCED_GAS))
    report.tell(
        "thief",
        f"is back at {clock}",
        Outcome.REFUSED,
        reason=error.revert.reason,
        gas=stage.gas_of(error),
    )
    receipt = company.organization.send(company.keeper, "pause", victim.address, 0, "key stolen")
    with company.changing("No money moves", {}):
        company.refuse(Reason.PAYMENTS_STOPPED, company.take(victim, 1))
    report.tell(
        "keeper",
        f"stops {victim.name}",
        Outcome.STOPPED,
        "before its next day begins",
        gas=receipt.gas_used,
    )
