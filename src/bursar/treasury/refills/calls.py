"""
What the owners sign: for each wallet and token an approval of exactly so much, and the refill.

    Report → build_calls → approve + refill, … with the report's hash as `ref`
"""

from bursar.chain.contracts import token_at, wallet_at
from bursar.chain.reader import Call
from bursar.treasury.office import Office
from bursar.treasury.refills.evidence import Line, Report
from bursar.types import NATIVE


def build_calls(office: Office, report: Report) -> tuple[Call, ...]:
    """
    All calls of the refill, in the report's order. Native currency goes by value.
    """
    return tuple(call for line in report.refilled for call in _calls(office, report, line))


def _calls(office: Office, report: Report, line: Line) -> tuple[Call, ...]:
    wallet = wallet_at(office.client, line.address)
    native = line.token_address == NATIVE
    value = line.amount if native else 0
    refill = wallet.build_call("refill", line.token_address, line.amount, report.hash, value=value)
    if native:
        return (refill,)
    token = token_at(office.client, line.token_address)
    return (token.build_call("approve", line.address, line.amount), refill)
