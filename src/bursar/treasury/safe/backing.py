"""
What a refill stands on: a report that people looked at, whose hash the chain keeps as its `ref`.

    SafeTransaction → find_refs → Reports.judge → what it says, or why nobody may sign or send it

The drafts know no reports. `bursar.treasury.refills.judging` does; where nobody brings that along,
a refill is refused.
"""

from typing import Protocol

from bursar.chain.contracts import wallet_type
from bursar.chain.safe_transaction import SafeTransaction
from bursar.treasury.safe.errors import UnjudgedRefillError
from bursar.treasury.safe.words.explain import calls_of
from bursar.types import Bytes32

# Behind the selector: token, amount, ref.
_REF = slice(4 + 64, 4 + 96)


class Reports(Protocol):
    """
    Whoever has the reports on which refills were decided.
    """

    def judge(self, transaction: SafeTransaction, /) -> str:
        """
        What to tell signers of the report behind a refill; empty for what refills nothing.

        Raises UnbackedRefillError, ChainError.
        """
        ...


class NoReports:
    """
    No report is here, so no refill can be judged.
    """

    def judge(self, transaction: SafeTransaction, /) -> str:
        """
        Empty for what refills nothing. Raises UnjudgedRefillError.
        """
        for ref in find_refs(transaction):
            raise UnjudgedRefillError(
                f"It refills on the report 0x{ref.hex()}, which is not on this machine, so whether "
                "it still holds cannot be told. Get report.json from whoever drafted it, and give "
                "it with --report FILE."
            )
        return ""


def find_refs(transaction: SafeTransaction) -> tuple[Bytes32, ...]:
    """
    The reports that a transaction names, one for each call that begins like a refill, whomever it
    calls and whatever follows. Raises BatchError for what is no batch of plain calls.
    """
    selector = wallet_type().functions["refill"].selector
    found = (call.data for call in calls_of(transaction) if call.data[:4] == selector)
    refs = (Bytes32(data[_REF].ljust(32, b"\0")) for data in found)
    return tuple(dict.fromkeys(refs))
