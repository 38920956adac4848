"""
Which low balances people have refilled since they were told.

    alerts that have not ended + stored Refilled events → by whom they are cleared
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from bursar.alerts.recording import Clearing
from bursar.config import AlertKind
from bursar.store.alerts import StoredAlert, Whose
from bursar.store.chain_writer import find_cursor
from bursar.store.stored_refills import find_refill


def find_refilled(
    connection: Connection, whose: Whose, not_ended: Iterable[StoredAlert]
) -> dict[str, Clearing]:
    """
    By the alert's subject: the refill, named by its reference on chain, and where it is. Whether it
    was enough, the balance says.
    """
    cursor = find_cursor(connection, *whose)
    found: dict[str, Clearing] = {}
    for alert in not_ended:
        wallet, token = alert.found.wallet, alert.found.token
        is_low = alert.found.kind == AlertKind.BALANCE_LOW
        if not is_low or wallet is None or token is None or cursor is None:
            continue
        after = alert.found.block
        refill = find_refill(connection, cursor.source, wallet, token, after=after)
        if refill is not None:
            where = f"transaction 0x{(refill.transaction or b'').hex()}, block {refill.block}"
            why = f"Refilled: {where}."
            found[alert.found.subject] = Clearing(f"refill 0x{refill.ref.hex()}", why)
    return found
