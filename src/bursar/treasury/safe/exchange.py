"""
Drafts between machines and people: as files, or through a Safe Transaction Service.

    Draft ↔ its own JSON, with signatures;  Draft ↔ a file of Safe's Transaction Builder
    Draft ↔ Safe Transaction Service

What comes in is checked as if a stranger had written it: hash, Safe, chain, each signature.
"""

import json

from bursar.chain.safe_batch import NamedCall, build_batch
from bursar.chain.safe_builder import BuilderFileError, read_batch
from bursar.chain.safe_service import SafeService, ServiceDraft
from bursar.chain.safe_signatures import SignatureError, read_signature
from bursar.treasury.safe.checks import check_transaction
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.drafting import build_draft, draft
from bursar.treasury.safe.errors import DeadDraftError, DraftError, MissingSignaturesError
from bursar.treasury.safe.models import Author, Draft
from bursar.treasury.safe.refreshing import refresh
from bursar.treasury.safe.words import Explanation, calls_of


def export_draft(target: Draft) -> str:
    """
    The draft with its signatures, for another signer's machine.
    """
    return target.to_json()


def export_builder(target: Draft, said: Explanation, now: int) -> str:
    """
    The draft's calls as a file that Safe's Transaction Builder opens, each said in words. The
    builder chooses the nonce itself, so signatures do not go with it.
    """
    transaction = target.transaction
    calls = [
        NamedCall(call, words.sentence)
        for call, words in zip(calls_of(transaction), said.calls, strict=True)
    ]
    name = target.purpose[:64]
    batch = build_batch(transaction.chain_id, transaction.safe, name, calls, now=now)
    return json.dumps(batch, indent=2) + "\n"


def import_file(desk: SafeDesk, text: str, *, author: str, purpose: str = "") -> Draft:
    """
    Take over a draft or a Transaction Builder's file. A draft that is here already gets the
    signatures of the other. Raises DraftError, BuilderFileError, SignatureError, ChainError.
    """
    try:
        kind = json.loads(text)
    except ValueError as error:
        raise DraftError(f"The file is no JSON: {error}.") from error
    if isinstance(kind, dict) and "transactions" in kind:
        return _import_builder(desk, text, author=author, purpose=purpose)
    return _import_draft(desk, Draft.parse(text, "The file"))


def _import_builder(desk: SafeDesk, text: str, *, author: str, purpose: str) -> Draft:
    found = read_batch(text)
    here = desk.safe.client.chain_id
    if found.chain_id != here:
        raise BuilderFileError(f"The file is for chain {found.chain_id}, and this is chain {here}.")
    if found.safe not in (None, desk.safe.address):
        raise BuilderFileError(
            f"The file is for the Safe {found.safe}, and the treasury is {desk.safe.address}."
        )
    why = purpose or found.name
    if not why:
        raise DraftError("The file has no name: say why with --purpose.")
    return draft(desk, found.calls, purpose=why, author=author)


def _import_draft(desk: SafeDesk, given: Draft) -> Draft:
    """
    Only what can be checked is taken over: the transaction, why and by whom, and its signatures.
    """
    refresh(desk)
    with desk.store.locked():
        checked = build_draft(
            desk,
            given.transaction,
            purpose=given.purpose,
            author=given.author.name,
            rejects=given.rejects and _is_empty(given),
        )
        known = {one.hash: one for one in desk.store.all()}
        mine = known.get(checked.hash, checked)
        if not mine.is_open:
            raise DeadDraftError(f"Draft {mine.id} is {mine.status} already: {mine.told}")
        for signature in given.signatures:
            mine = _with_signature(desk, mine, signature.encoded)
        return desk.store.save(mine)


def _is_empty(given: Draft) -> bool:
    transaction = given.transaction
    return transaction.to == transaction.safe and not transaction.data and not transaction.value


def _with_signature(desk: SafeDesk, mine: Draft, data: bytes) -> Draft:
    owners = desk.safe.fetch_owners()
    return mine.with_signature(read_signature(mine.transaction, data, owners, desk.safe))


def push(desk: SafeDesk, service: SafeService, target: Draft) -> int:
    """
    Leave the draft and its signatures at the service, and return how many signatures it has there.

    The service takes a transaction only from an owner who has signed it. Raises
    MissingSignaturesError, ServiceError, NoAnswerError.
    """
    check_transaction(desk, target.transaction)
    if not target.signatures:
        raise MissingSignaturesError(
            "The service takes a draft only with an owner's signature: sign it first."
        )
    first, *others = target.signatures
    if service.has(target.hash):
        others = [first, *others]
    else:
        service.propose(target.transaction, first.owner, first.encoded, _origin(target))
    for signature in others:
        service.confirm(target.hash, signature)
    return len(target.signatures)


def _origin(target: Draft) -> str:
    return json.dumps({"name": "Bursar", "purpose": target.purpose, "author": target.author.name})


def pull(desk: SafeDesk, service: SafeService) -> tuple[list[Draft], list[str]]:
    """
    Take over what waits at the service, and return what changed here, and what was refused and
    why. Raises ServiceError, NoAnswerError, ChainError.
    """
    refresh(desk)
    used = desk.safe.fetch_nonce()
    waiting = service.fetch_waiting(desk.safe.client.chain_id, desk.safe.address, used)
    changed, refused = [], []
    for one in waiting:
        try:
            with desk.store.locked():
                known = {each.hash: each for each in desk.store.all()}
                mine, told = _merge(desk, one, known.get(one.transaction.hash))
                if mine != known.get(one.transaction.hash):
                    changed.append(desk.store.save(mine))
                refused += told
        except DraftError as error:
            refused.append(f"nonce {one.transaction.nonce}: {error}")
    return changed, refused


def _merge(desk: SafeDesk, one: ServiceDraft, known: Draft | None) -> tuple[Draft, list[str]]:
    purpose, author = _read_origin(one.origin)
    proposer = desk.author(one.proposer) if one.proposer else Author(name=author)
    mine = known or build_draft(desk, one.transaction, purpose=purpose, author=proposer.name)
    refused = []
    for data in one.signatures:
        try:
            mine = _with_signature(desk, mine, data)
        except SignatureError as error:
            refused.append(f"nonce {one.transaction.nonce}: {error}")
    return mine, refused


def _read_origin(origin: str) -> tuple[str, str]:
    try:
        found = json.loads(origin)
        purpose, author = str(found["purpose"]), str(found["author"])
    except (ValueError, KeyError, TypeError):
        purpose, author = "", ""
    printable = "".join(char for char in purpose if char.isprintable())[:500]
    return printable or "drafted elsewhere, without a reason", author[:80] or "somebody"
