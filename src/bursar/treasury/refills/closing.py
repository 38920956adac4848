"""
The end of a refill: the balances from which on wallets are watched again, and the alerts that it
has settled.

    Reporter + Report → build_closing → Closing
"""

from bursar.treasury.refills.at_block import fetch_balance_at
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.record import Closing, Funded
from bursar.treasury.refills.reporting import Reporter


def build_closing(reporter: Reporter, report: Report, by: str, at: int) -> Closing:
    """
    Clear the low-balance alerts of what was refilled, and note what each wallet has now. Raises
    ChainError.
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
    return Closing(by=by, at=at, balances=balances, alerts_cleared=_clear(reporter, report, by))


def _clear(reporter: Reporter, report: Report, by: str) -> int | None:
    counts = [
        reporter.alerts.clear_low_balance(line.address, line.token_address, by, report.hash)
        for line in report.refilled
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
