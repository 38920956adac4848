"""
What enough owners signed is sent, by whoever pays the gas.

    Draft → every check → simulated → sent → result waited for → Draft, executed

The sender decides nothing: without the owners' signatures the Safe refuses.
"""

from typing import Protocol

from bursar.chain.client import Receipt
from bursar.chain.errors import ChainError, RevertedError
from bursar.chain.reader import Call
from bursar.chain.safe_outcome import read_execution
from bursar.chain.safe_transaction import Signature
from bursar.treasury.safe.checks import check_threshold, validate_signable
from bursar.treasury.safe.collect import (
    check_open,
    find_lapsed,
    others_than_author,
    usable_signatures,
)
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import DraftError, MissingSignaturesError, NotYetError
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.refreshing import refresh
from bursar.types import Address


class GasPayer(Protocol):
    """
    A `bursar.chain.sending.Sender`: one key that pays.
    """

    address: Address
    chain_id: int

    def send(self, call: Call, /) -> Receipt:
        """
        Send and wait until it is mined.
        """
        ...


def execute(desk: SafeDesk, target: Draft, sender: GasPayer, *, strict: bool = True) -> Draft:
    """
    Execute a draft that enough owners have signed, and see that the Safe says so.

    strict: False only for what does nothing but tighten, which one owner alone may do where the
    Safe asks for one.

    Simulated before: what would fail is refused with its reason and costs nothing. Raises
    DraftError and its kinds, RevertedError, ChainError.
    """
    refresh(desk)
    target = check_open(desk.store.find(target.id))
    signatures = check_executable(desk, target, strict=strict)
    if sender.chain_id != target.transaction.chain_id:
        raise DraftError(
            f"The sender is for chain {sender.chain_id}, and the draft for chain "
            f"{target.transaction.chain_id}. Nothing was sent."
        )
    call = desk.safe.build_execution(target.transaction, signatures)
    _simulate(desk, target, call, sender.address)
    receipt = sender.send(call)
    _check_outcome(desk, target, receipt)
    told = f"Executed in block {receipt.block}."
    with desk.store.locked():
        latest = desk.store.find(target.id)
        return desk.store.save(latest.executed(receipt.transaction, told))


def check_executable(
    desk: SafeDesk, target: Draft, *, strict: bool = True
) -> tuple[Signature, ...]:
    """
    The signatures to execute it with. Raises DraftError where it cannot be executed now.
    """
    validate_signable(desk, target.transaction)
    used = desk.safe.fetch_nonce()
    if target.nonce > used:
        raise NotYetError(
            f"The draft has nonce {target.nonce} and the Safe is at {used}: execute or reject what "
            "comes before it first."
        )
    threshold = check_threshold(desk) if strict else desk.safe.fetch_threshold()
    signatures = usable_signatures(desk, target)
    if len(signatures) < threshold:
        raise MissingSignaturesError(
            f"{len(signatures)} of {threshold} owners have signed draft {target.id}."
            f"{_say_lapsed(target, signatures)} Sign it with `bursar safe sign`, or add a "
            "signature that was made elsewhere."
        )
    approvers = tuple(one.owner for one in signatures)
    if not target.only_rejects and not others_than_author(target, approvers):
        raise MissingSignaturesError(
            f"Only {target.author.name}, who drafted it, has signed: somebody else has to look."
        )
    return signatures


def _say_lapsed(target: Draft, usable: tuple[Signature, ...]) -> str:
    lapsed = find_lapsed(target, usable)
    if not lapsed:
        return ""
    return (
        f" What {', '.join(lapsed)} signed no longer counts: no owner any more, or a contract that "
        "does not take it for its signature now."
    )


def _simulate(desk: SafeDesk, target: Draft, call: Call, payer: Address) -> None:
    try:
        desk.safe.client.call(call, sender=payer)
    except RevertedError as error:
        raise desk.safe.explain(target.transaction, error) from error


def _check_outcome(desk: SafeDesk, target: Draft, receipt: Receipt) -> None:
    logs = [log for log in receipt.logs if log["address"].lower() == desk.safe.address.lower()]
    outcomes = [one for one in map(read_execution, logs) if one is not None]
    mine = [one for one in outcomes if one.hash == target.hash]
    if not mine or not mine[-1].succeeded:
        raise ChainError(
            f"Transaction 0x{receipt.transaction.hex()} was mined, and the Safe does not say that "
            f"draft {target.id} succeeded. Look at it before doing anything else."
        )
