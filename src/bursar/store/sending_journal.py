"""
The journal of what one key sends: a row before each step, synced to the disk before it is taken.

    SqlJournal(database, chain_id, sender) → Sender(journal=…)

Each method is one transaction, in which the lease is checked first: whoever has lost it can write
nothing, and so broadcasts nothing. Where keepers share their work, so is the share that it is of.
"""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, func, insert, select, update

from bursar.chain.reader import Call
from bursar.chain.sending.intents import Intent, Mined, Outcome, SignedTransaction, Status
from bursar.chain.sending.points import COMMITTING, reached
from bursar.store.database import Database
from bursar.store.errors import StoreError
from bursar.store.sending_leases import Lease
from bursar.store.sending_rows import read_intents, transaction_row
from bursar.store.sending_tables import intents, transactions
from bursar.types import Address

T = TypeVar("T")
Fence = Callable[[Connection, str], None]
"""Raises HandedOverError where what the key names is another's to do."""

# A restart of the database server is waited out.
_WAIT_SECONDS: Final = 5.0


class SendingJournalError(StoreError):
    """
    What is to be written contradicts what is there.
    """


class SqlJournal:
    """
    The intents of `sender` on chain `chain_id`. Implements `bursar.chain.sending.Journal`. Nothing
    is claimed or signed that `fence` is against; what is signed may always be burned.
    """

    def __init__(
        self,
        database: Database,
        chain_id: int,
        sender: Address,
        *,
        lease: Lease | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._database = database
        self._chain_id = chain_id
        self._sender = sender
        self._fence = fence
        self.lease = lease or Lease(database, f"key:{chain_id}:{sender}")
        self._mine = (intents.c.chain_id == chain_id) & (intents.c.sender == sender)

    def hold(self) -> int:
        """
        The lease's epoch. Raises LeaseHeldError while another process has it.
        """
        return self.lease.hold()

    def claim(
        self, key: str, call: Call, expires_at: int | None, /, *, repeatable: bool = False
    ) -> Intent:
        """
        The intent of that key: the one that may still do it or has done it, else a new attempt. The
        chain itself does only once what is `repeatable`.
        """

        def work(connection: Connection, epoch: int) -> Intent:
            self._check_share(connection, key)
            before = self._find(connection, key)
            if before is not None and before.blocks_another(repeatable=repeatable):
                return before
            row = {
                "chain_id": self._chain_id,
                "sender": self._sender,
                "key": key,
                "attempt": before.attempt + 1 if before is not None else 1,
                "to": call.to,
                "data": call.data,
                "value": call.value,
                "expires_at": expires_at,
                "status": Status.CLAIMED,
                "unwanted": False,
                "epoch": epoch,
                "claimed_at": int(time.time()),
                "changed_at": int(time.time()),
            }
            connection.execute(insert(intents).values(row))
            claimed = self._find(connection, key)
            assert claimed is not None
            return claimed

        return self._write(work)

    def find(self, key: str, /) -> Intent | None:
        """
        The latest attempt at what `key` names.
        """
        return self._database.read(lambda connection: self._find(connection, key))

    def load(self) -> tuple[Intent, ...]:
        """
        Everything that has not ended, in the order in which it was claimed.
        """
        wanted = select(intents).where(self._mine, intents.c.status != Status.ENDED)
        return self._database.read(lambda c: read_intents(c, wanted.order_by(intents.c.id)))

    def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
        """
        Returns when it is on the disk. Raises SendingJournalError for another nonce than before:
        an intent has one for life.
        """

        def work(connection: Connection, epoch: int) -> None:
            key = _check_signed(connection, id, transaction)
            if not transaction.burns:
                self._check_share(connection, key)
            known = select(transactions.c.hash).where(transactions.c.hash == transaction.hash)
            if connection.execute(known).scalar() is None:
                position = self._count(connection, id)
                connection.execute(
                    insert(transactions).values(transaction_row(id, position, transaction))
                )
            changed = {"status": Status.UNDER_WAY, "nonce": transaction.nonce}
            self._update(connection, epoch, id, **changed)

        self._write(work)

    def record_unwanted(self, id: int, /) -> None:
        """
        The nonce of that intent is to be burned.
        """
        self._change(id, unwanted=True)

    def record_mined(self, id: int, mined: Mined, outcome: Outcome, /) -> None:
        """
        One of its transactions is in a block that may still go.
        """
        self._change(id, status=Status.MINED, outcome=outcome, **_place(mined))

    def record_gone(self, id: int, /) -> None:
        """
        That block has gone: it is under way again.
        """
        self._change(id, status=Status.UNDER_WAY, outcome=None, **_place(None))

    def record_ended(self, id: int, outcome: Outcome, mined: Mined | None = None, /) -> None:
        """
        Nothing will change any more.
        """
        self._change(id, status=Status.ENDED, outcome=outcome, **_place(mined))

    def _check_share(self, connection: Connection, key: str) -> None:
        if self._fence is not None:
            self._fence(connection, key)

    def _find(self, connection: Connection, key: str) -> Intent | None:
        wanted: Select[Any] = select(intents).where(self._mine, intents.c.key == key)
        latest = wanted.order_by(intents.c.attempt.desc()).limit(1)
        found = read_intents(connection, latest)
        return found[0] if found else None

    def _count(self, connection: Connection, id: int) -> int:
        wanted = select(func.count()).where(transactions.c.intent_id == id)
        return connection.execute(wanted).scalar() or 0

    def _change(self, id: int, **fields: Any) -> None:
        self._write(lambda connection, epoch: self._update(connection, epoch, id, **fields))

    def _update(self, connection: Connection, epoch: int, id: int, **fields: Any) -> None:
        values = {"epoch": epoch, "changed_at": int(time.time()), **fields}
        connection.execute(update(intents).where(intents.c.id == id).values(values))

    def _write(self, work: Callable[[Connection, int], T]) -> T:
        def guarded(connection: Connection) -> T:
            result = work(connection, self.lease.check(connection))
            reached(COMMITTING)
            return result

        return self._database.write(guarded, wait_seconds=_WAIT_SECONDS, repeatable=True)


def _check_signed(connection: Connection, id: int, transaction: SignedTransaction) -> str:
    """
    The key of what was signed.
    """
    columns = intents.c
    wanted = select(columns.key, columns.nonce, columns.status).where(columns.id == id)
    row = connection.execute(wanted).one()
    if row.status == Status.ENDED:
        raise SendingJournalError(f"Intent {id} has ended while it was signed; nothing was sent.")
    if row.nonce is not None and row.nonce != transaction.nonce:
        raise SendingJournalError(
            f"Intent {id} has nonce {row.nonce} and was signed with {transaction.nonce}. This is a "
            "fault of Bursar's own; nothing was sent."
        )
    return str(row.key)


def _place(mined: Mined | None) -> dict[str, Any]:
    if mined is None:
        return {"mined": None, "block": None, "block_hash": None}
    return {"mined": mined.transaction, "block": mined.block, "block_hash": mined.block_hash}
