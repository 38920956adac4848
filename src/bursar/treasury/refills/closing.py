"""
The end of a refill: that the money has come, the balances from which on wallets are watched again,
and the alerts that it has settled.

    Reporter + Report → build_funding → Funding;  build_closing → Closing
"""

from bursar.treasury.refills.at_block import fetch_balance_at
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.funds import fetch_signers, find_funding
from bursar.treasury.refills.record import Closing, Funded, Funding
from bursar.treasury.refills.reporting import Reporter


def build_funding(reporter: Reporter, report: Report, by: str, at: int) -> Funding:
    """
    What the chain shows now: where the money came, and who had signed. Raises NotFundedError,
    ChainError.
    """
    arrival = find_funding(reporter.views.view().events, report)
    signers = fetch_signers(reporter.office, arrival.transaction)
    return Funding(
        by=by,
        at=at,
        transaction=f"0x{arrival.transaction.hex()}",
        block=arrival.block,
        signers=tuple(map(reporter.office.book.name_of, signers)),
        funded=arrival.funded,
    )


def build_closing(reporter: Reporter, report: Report, by: str, at: int, block: int) -> Closing:
    """
    Clear the low-balance alerts of what was refilled in `block`, and note what each wallet has now.
    Raises ChainError.
    """
    office = reporter.office
    height = office.client.fetch_height()
    balances = tuple(
        Funded(
            wallet=line.wallet,
            address=line.address,
            token=line.token,
            amount=line.amount,
            balance=fetch_balance_at(office, line.token_address, line.address, height),
        )
        for line in report.refilled
    )
    return Closing(
        by=by, at=at, balances=balances, alerts_cleared=_clear(reporter, report, by, block)
    )


def _clear(reporter: Reporter, report: Report, by: str, block: int) -> int | None:
    counts = [
        reporter.alerts.clear_low_balance(line.address, line.token_address, by, report.hash, block)
        for line in report.refilled
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
