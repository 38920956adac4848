"""
Whether the money has arrived as it was decided, as the chain says.

    Report + events → find_funding → transaction, block, what each wallet got
"""

from collections.abc import Sequence
from typing import NamedTuple

from bursar.chain.carriers import CarrierReader
from bursar.chain.contracts import token_at
from bursar.events import Event, Refilled
from bursar.treasury.office import Office
from bursar.treasury.refills.errors import NotFundedError
from bursar.treasury.refills.evidence import Line, Report
from bursar.treasury.refills.record import Funded
from bursar.treasury.words import show_amount
from bursar.types import NATIVE, Address, Bytes32


class Arrival(NamedTuple):
    """
    One transaction brought everything.
    """

    transaction: Bytes32
    block: int
    funded: tuple[Funded, ...]


def find_refills(events: Sequence[Event], ref: Bytes32) -> list[Refilled]:
    """
    The refills that carry a report's hash.
    """
    return [event for event in events if isinstance(event, Refilled) and event.ref == ref]


def find_funding(events: Sequence[Event], report: Report) -> Arrival:
    """
    Where every line of the report arrived, each once and in full, in one transaction. Raises
    NotFundedError with everything that is missing or too much.
    """
    refills = find_refills(events, report.hash)
    problems = [problem for line in report.refilled for problem in _check(line, refills)]
    expected = {(line.address, line.token_address) for line in report.refilled}
    problems += [
        f"{one.emitter} got a refill with this ref that nobody decided"
        for one in refills
        if (one.emitter, one.token) not in expected
    ]
    transactions = {(one.transaction, one.block) for one in refills}
    if len(transactions) > 1:
        problems.append("it came in several transactions, and owners sign one")
    if problems:
        raise NotFundedError(
            f"The chain does not show this refill: {'; '.join(problems)}. If owners have yet to "
            "sign, look at `bursar safe list`."
        )
    ((transaction, block),) = transactions
    assert transaction is not None
    assert block is not None
    return Arrival(transaction, block, tuple(_funded(line, refills) for line in report.refilled))


def _check(line: Line, refills: Sequence[Refilled]) -> list[str]:
    found = _of(line, refills)
    wanted = show_amount(line.amount, line.decimals)
    if not found:
        return [f"{line.wallet} has not got its {wanted} {line.token}"]
    if len(found) > 1:
        return [f"{line.wallet} got {line.token} {len(found)} times"]
    if found[0].amount != line.amount:
        got = show_amount(found[0].amount, line.decimals)
        return [f"{line.wallet} got {got} {line.token} instead of {wanted}"]
    return []


def _of(line: Line, refills: Sequence[Refilled]) -> list[Refilled]:
    return [
        one for one in refills if (one.emitter, one.token) == (line.address, line.token_address)
    ]


def _funded(line: Line, refills: Sequence[Refilled]) -> Funded:
    (event,) = _of(line, refills)
    return Funded(
        wallet=line.wallet,
        address=line.address,
        token=line.token,
        amount=event.amount,
        balance=event.balance,
    )


def validate_no_approval_left(office: Office, report: Report) -> None:
    """
    Raises NotFundedError where a wallet could still draw on the treasury.
    """
    for line in report.refilled:
        if line.token_address == NATIVE:
            continue
        token = token_at(office.client, line.token_address)
        left = int(token.view("allowance", report.safe.address, line.address))
        if left:
            shown = show_amount(left, line.decimals)
            raise NotFundedError(
                f"The treasury's approval of {shown} {line.token} for {line.wallet} is left over: "
                "set it to 0 before anything else."
            )


def fetch_signers(office: Office, transaction: Bytes32) -> tuple[Address, ...]:
    """
    The owners who signed what a transaction executed, from their signatures on chain; empty where
    those cannot be read. Raises ChainError.
    """
    signings = CarrierReader(office.client, office.book.safe).fetch(transaction).signings
    return tuple(dict.fromkeys(owner for one in signings or () for owner in one.owners))
