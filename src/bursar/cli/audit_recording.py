"""
The chain, read once, into the audit.
"""

from bursar.chain.carriers import CarrierReader
from bursar.chain.errors import BadAnswerError
from bursar.chain.incoming import fetch_incoming
from bursar.cli.place import Place
from bursar.events import WalletCreated
from bursar.store.audit_heads import build_head_keeper
from bursar.store.audit_log import Appended, AuditLog
from bursar.store.audit_recorder import AuditRecorder
from bursar.store.database import Database
from bursar.treasury import History


def record_chain(place: Place, url: str, heads: str | None) -> Appended:
    """
    Enter everything up to the final block that the audit at `url` does not have yet.

    Raises BursarError.
    """
    office = place.office
    client, known = office.client, office.book
    last = client.fetch_height() if place.is_devnet else _fetch_final(place)
    events = History(client, known.organization, known.block).read(last)
    wallets = [event.wallet for event in events if isinstance(event, WalletCreated)]
    incoming = fetch_incoming(client, wallets, first=known.block, last=last)
    with Database.open(url) as database:
        keeper = build_head_keeper(heads) if heads else None
        log = AuditLog(database, known.chain_id, known.organization, keeper)
        return AuditRecorder(log, CarrierReader(client, known.safe)).record(events, incoming)


def _fetch_final(place: Place) -> int:
    """
    The last block that cannot be reorganised any more.
    """
    rpc = place.office.client.rpc
    block = rpc.request_object("eth_getBlockByNumber", "finalized", False)
    if block is None:
        raise BadAnswerError(f"{rpc.name} knows no final block yet: try again later.")
    return rpc.read_number("eth_getBlockByNumber", block.get("number"))
