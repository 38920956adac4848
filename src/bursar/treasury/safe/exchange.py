"""
Drafts between machines and people: as files, or through a Safe Transaction Service.

    Draft ↔ its own JSON, with signatures;  Draft ↔ a file of Safe's Transaction Builder
    Draft ↔ Safe Transaction Service

What comes in is checked as if a stranger had written it: hash, Safe, chain, each signature.
"""

import json
from pathlib import Path
from typing import Final

from bursar.chain.safe_batch import NamedCall, build_batch
from bursar.chain.safe_builder import BuilderFileError, read_batch
from bursar.chain.safe_service import SafeService, ServiceDraft
from bursar.chain.safe_signatures import SignatureError, read_signature
from bursar.chain.strict_json import StrictJsonError, read_json
from bursar.treasury.kept_files import read_bounded
from bursar.treasury.safe.checks import check_transaction
from bursar.treasury.safe.collect import usable_signatures
from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.drafting import build_draft, draft
from bursar.treasury.safe.errors import DeadDraftError, DraftError, MissingSignaturesError
from bursar.treasury.safe.models import AUTHOR_LENGTH, LARGEST_FILE, PURPOSE_LENGTH, Draft
from bursar.treasury.safe.refreshing import refresh
from bursar.treasury.safe.words import Explanation, calls_of
from bursar.types import Address

# Of one transaction at a service: more than any Safe has owners.
MOST_SIGNATURES: Final = 200


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


def read_draft(path: Path) -> str:
    """
    The text of a file that somebody hands over. Raises DraftError, OSError.
    """
    try:
        return read_bounded(path, most=LARGEST_FILE).decode()
    except UnicodeDecodeError as error:
        raise DraftError(f"{path} is no draft: it is no text.") from error


def import_file(desk: SafeDesk, text: str, *, author: str, purpose: str = "") -> Draft:
    """
    Take over a draft or a Transaction Builder's file. A draft that is here already gets the
    signatures of the other. Raises DraftError, BuilderFileError, SignatureError, ChainError.
    """
    try:
        kind = read_json(text)
    except StrictJsonError as error:
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
            rejects=given.only_rejects,
            said_by="its file",
        )
        known = {one.hash: one for one in desk.store.all()}
        mine = known.get(checked.hash, checked)
        if not mine.is_open:
            raise DeadDraftError(f"Draft {mine.id} is {mine.status} already: {mine.told}")
        owners = desk.safe.fetch_owners()
        if len(given.signatures) > len(owners):
            raise DraftError(
                f"The file has {len(given.signatures)} signatures, and the Safe {len(owners)} "
                "owners. Nothing was taken over."
            )
        for signature in given.signatures:
            mine = _with_signature(desk, mine, signature.encoded, owners)
        return desk.store.save(mine)


def _with_signature(desk: SafeDesk, mine: Draft, data: bytes, owners: tuple[Address, ...]) -> Draft:
    return mine.with_signature(read_signature(mine.transaction, data, owners, desk.safe))


def push(desk: SafeDesk, service: SafeService, target: Draft) -> int:
    """
    Leave the draft and the signatures that count at the service, and return how many it has there.

    The service takes a transaction only from an owner who has signed it. Raises
    MissingSignaturesError, ServiceError, NoAnswerError.
    """
    check_transaction(desk, target.transaction)
    signatures = usable_signatures(desk, target)
    if not signatures:
        raise MissingSignaturesError(
            "The service takes a draft only with an owner's signature: sign it first."
        )
    first, *others = signatures
    if service.has(target.hash):
        others = [first, *others]
    else:
        service.propose(target.transaction, first.owner, first.encoded, _origin(target))
    for signature in others:
        service.confirm(target.hash, signature)
    return len(signatures)


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
                mine, told = _merge(desk, service, one, known.get(one.transaction.hash))
                refused += told
                if not mine.signatures:
                    raise DraftError("no owner has signed it: it is not taken over.")
                if mine != known.get(one.transaction.hash):
                    changed.append(desk.store.save(mine))
        except DraftError as error:
            refused.append(f"nonce {one.transaction.nonce}: {error}")
    return changed, refused


def _merge(
    desk: SafeDesk, service: SafeService, one: ServiceDraft, known: Draft | None
) -> tuple[Draft, list[str]]:
    purpose, author = _read_origin(one.origin)
    mine = known or build_draft(
        desk,
        one.transaction,
        purpose=purpose,
        author=one.proposer or author,
        said_by=service.name,
    )
    refused, owners = [], desk.safe.fetch_owners()
    for data in one.signatures[:MOST_SIGNATURES]:
        try:
            mine = _with_signature(desk, mine, data, owners)
        except SignatureError as error:
            refused.append(f"nonce {one.transaction.nonce}: {error}")
    return mine, refused


def _read_origin(origin: str) -> tuple[str, str]:
    try:
        found = read_json(origin)
        purpose, author = str(found["purpose"]), str(found["author"])
    except (StrictJsonError, KeyError, TypeError):
        purpose, author = "", ""
    purpose, author = _plain(purpose, PURPOSE_LENGTH), _plain(author, AUTHOR_LENGTH)
    return purpose or "drafted elsewhere, without a reason", author or "somebody"


def _plain(text: str, length: int) -> str:
    return "".join(char for char in text if char.isprintable()).strip()[:length]
