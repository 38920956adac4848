"""
Everything that a signer is shown of one draft, for a terminal, a page or a machine.

    Draft + desk + view → build_summary → Summary
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final, NamedTuple

from eth_abi.exceptions import DecodingError
from pydantic import BaseModel, ConfigDict

from bursar.chain.contracts import token_at
from bursar.chain.errors import ChainError, NoAnswerError, RpcError
from bursar.chain.safe_transaction import Signature
from bursar.treasury.office import View
from bursar.treasury.safe.checks import validate_signable
from bursar.treasury.safe.collect import usable_signatures
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.errors import DraftError
from bursar.treasury.safe.models import Draft
from bursar.treasury.safe.node_chain import NodeChain
from bursar.treasury.safe.words import Explanation, explain
from bursar.types import NATIVE, ZERO_ADDRESS, Address

_LAPSED: Final = "what it signed no longer counts: the contract does not take it now"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="hex")


class Approval(_Model):
    """
    An owner, whether it has signed and how, or why that no longer counts. `to_sign` is the message
    that its own owners sign where it is a contract that has not: of a Safe, a SafeMessage.
    """

    name: str
    address: Address
    signed: bool
    how: str = ""
    to_sign: str = ""


class Hashes(_Model):
    """
    As hardware wallets and Safe clients show them.
    """

    domain: str
    message: str
    safe_transaction: str


class Summary(_Model):
    """
    `missing` signatures until it can be executed; `ready` once it is the next, too. `refused` says
    why it is neither signed nor sent here, `report` what stands behind a refill, `failure` how it
    would fail if it were executed now, `others` who else than its owners has a hand in the Safe.
    """

    id: str
    nonce: int
    status: str
    told: str
    purpose: str
    author: str
    created_at: int
    rejects: bool
    threshold: int
    approvals: tuple[Approval, ...]
    missing: int
    ready: bool
    refused: str
    report: str
    failure: str
    others: tuple[str, ...]
    hashes: Hashes
    explanation: Explanation


def build_summary(desk: SafeDesk, target: Draft, view: View) -> Summary:
    """
    What the draft is and does, with the figures that the chain has now. Raises ChainError.
    """
    transaction = target.transaction
    said = explain(transaction, view.book, view.state, view.now, NodeChain(desk.safe.client))
    owners, threshold = desk.safe.fetch_owners(), desk.safe.fetch_threshold()
    signed = {one.owner: one for one in usable_signatures(desk, target)}
    missing = max(0, threshold - len(signed)) if target.is_open else 0
    verdict = _judge(desk, target) if target.is_open else _Verdict()
    is_next = target.is_open and target.nonce == desk.safe.fetch_nonce()
    return Summary(
        id=target.id,
        nonce=target.nonce,
        status=target.status,
        told=target.told,
        purpose=target.purpose,
        author=target.author.name,
        created_at=target.created_at,
        rejects=target.only_rejects,
        threshold=threshold,
        approvals=tuple(
            _approval(desk, target, view.book.name_of(one), one, signed.get(one)) for one in owners
        ),
        missing=missing,
        ready=is_next and not missing and not verdict.refused,
        refused=verdict.refused,
        report=verdict.report,
        failure=_failure(desk, target) if target.is_open and not verdict.refused else "",
        others=tuple(_others(desk, said.names)),
        hashes=Hashes(
            domain=f"0x{transaction.domain_hash.hex()}",
            message=f"0x{transaction.message_hash.hex()}",
            safe_transaction=target.id,
        ),
        explanation=said,
    )


def _approval(
    desk: SafeDesk, target: Draft, name: str, owner: Address, signature: Signature | None
) -> Approval:
    if signature is not None:
        return Approval(name=name, address=owner, signed=True, how=signature.kind)
    text = desk.safe.fetch_owners_text(owner, target.transaction) if target.is_open else None
    to_sign = f"0x{text.hash.hex()}" if text else ""
    how = _LAPSED if target.is_open and owner in target.signers else ""
    return Approval(name=name, address=owner, signed=False, how=how, to_sign=to_sign)


class _Verdict(NamedTuple):
    refused: str = ""
    report: str = ""


def _judge(desk: SafeDesk, target: Draft) -> _Verdict:
    try:
        return _Verdict(report=validate_signable(desk, target.transaction))
    except DraftError as error:
        return _Verdict(refused=str(error))


def _others(desk: SafeDesk, names: Mapping[str, Address]) -> Iterator[str]:
    """
    Who else has a hand in the Safe, and what the chain says otherwise than the address book.
    """
    for module in desk.safe.fetch_modules():
        yield f"the module {module} may act for the Safe without any signature"
    guard = desk.safe.fetch_guard()
    if guard != ZERO_ADDRESS:
        yield f"the guard {guard} may forbid whatever the owners sign"
    yield from _strange_owners(desk)
    yield from _strange_tokens(desk, set(names.values()))


def _strange_owners(desk: SafeDesk) -> Iterator[str]:
    """
    A node that lies, a Safe that was changed past Bursar, or a book that is out of date.
    """
    known = {holder.address: name for name, holder in desk.book.owners.items()}
    owners, threshold = desk.safe.fetch_owners(), desk.safe.fetch_threshold()
    if not known:
        return
    for owner in owners:
        if owner not in known:
            yield f"the node says that {owner} is an owner, whom the address book does not name"
    for address, name in known.items():
        if address not in owners:
            yield f"the node says that {name} ({address}) is no owner, as the address book has it"
    if threshold < desk.book.threshold:
        yield (
            f"the node says that {threshold} owners have to sign, and the address book has "
            f"{desk.book.threshold}"
        )


def _strange_tokens(desk: SafeDesk, named: Container[Address]) -> Iterator[str]:
    """
    Every amount here is shown with the decimals of the book.
    """
    for symbol, token in desk.book.tokens.items():
        if token.address == NATIVE or token.address not in named:
            continue
        try:
            found = int(token_at(desk.safe.client, token.address).view("decimals"))
        except (ChainError, DecodingError):
            continue  # it need not tell
        if found != token.decimals:
            yield (
                f"{symbol} has {token.decimals} decimals in the address book and {found} on chain: "
                "every amount of it that is shown here is wrong"
            )


def _failure(desk: SafeDesk, target: Draft) -> str:
    """
    How its calls would fail now. A node that cannot simulate is no reason to show nothing.
    """
    try:
        revert = desk.safe.simulate(target.transaction)
    except (RpcError, NoAnswerError) as error:
        return f"cannot be simulated: {error}"
    return str(revert) if revert is not None else ""
