"""
What a sender writes down, so that it goes on after a crash where it was.

    claim → record_signed → (broadcast) → record_mined → record_ended
"""

import itertools
import threading
from dataclasses import replace
from typing import Protocol

from bursar.chain.errors import SendError
from bursar.chain.reader import Call
from bursar.chain.sending.intents import Intent, Mined, Outcome, SignedTransaction, Status


class HandedOverError(SendError):
    """
    What was to be signed is somebody else's to do by now: nothing was signed.
    """


class Journal(Protocol):
    """
    The intents of one key on one chain. Threads share it. Each method returns when what it says is
    on the disk, or raises and has written nothing.
    """

    def hold(self) -> int:
        """
        Make sure that nobody else writes for this key, for a while. Another number than before says
        that somebody has, in between: what is known has to be read again. Raises where somebody
        does.
        """
        ...

    def claim(
        self, key: str, call: Call, expires_at: int | None, /, *, repeatable: bool = False
    ) -> Intent:
        """
        The intent of that key: the one that may still do it or has done it, else a new attempt. The
        chain itself does only once what is `repeatable`. Raises HandedOverError.
        """
        ...

    def find(self, key: str, /) -> Intent | None:
        """
        The latest attempt at what `key` names.
        """
        ...

    def load(self) -> tuple[Intent, ...]:
        """
        Everything that has not ended, in the order in which it was claimed.
        """
        ...

    def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
        """
        Called before a broadcast. What is broadcast is only what this has returned for. Raises
        HandedOverError, unless all that the transaction does is to burn a nonce.
        """
        ...

    def record_unwanted(self, id: int, /) -> None:
        """
        The nonce of that intent is to be burned.
        """
        ...

    def record_mined(self, id: int, mined: Mined, outcome: Outcome, /) -> None:
        """
        One of its transactions is in a block that may still go.
        """
        ...

    def record_gone(self, id: int, /) -> None:
        """
        That block has gone: it is under way again.
        """
        ...

    def record_ended(self, id: int, outcome: Outcome, mined: Mined | None = None, /) -> None:
        """
        Nothing will change any more.
        """
        ...


class MemoryJournal:
    """
    Remembers what has not ended, until the process does. Enough for whoever looks at the chain
    before doing something again.
    """

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._intents: dict[int, Intent] = {}
        self._lock = threading.Lock()

    def hold(self) -> int:
        """
        Nobody else has it.
        """
        return 1

    def claim(
        self, key: str, call: Call, expires_at: int | None, /, *, repeatable: bool = False
    ) -> Intent:
        """
        What lives under that key, or something new.
        """
        with self._lock:
            before = self._latest(key)
            if before is not None and before.blocks_another(repeatable=repeatable):
                return before
            attempt = before.attempt + 1 if before is not None else 1
            intent = Intent(next(self._ids), key, attempt, call, expires_at, Status.CLAIMED)
            self._intents[intent.id] = intent
            return intent

    def find(self, key: str, /) -> Intent | None:
        """
        The latest that has not ended.
        """
        with self._lock:
            return self._latest(key)

    def load(self) -> tuple[Intent, ...]:
        """
        All of it.
        """
        with self._lock:
            return tuple(self._intents.values())

    def record_signed(self, id: int, transaction: SignedTransaction, /) -> None:
        """
        Keep it.
        """
        with self._lock:
            intent = self._intents[id]
            self._intents[id] = replace(
                intent,
                status=Status.UNDER_WAY,
                nonce=transaction.nonce,
                signed=(*intent.signed, transaction),
            )

    def record_unwanted(self, id: int, /) -> None:
        """
        Keep it.
        """
        self._change(id, unwanted=True)

    def record_mined(self, id: int, mined: Mined, outcome: Outcome, /) -> None:
        """
        Keep it.
        """
        self._change(id, status=Status.MINED, mined=mined, outcome=outcome)

    def record_gone(self, id: int, /) -> None:
        """
        Keep it.
        """
        self._change(id, status=Status.UNDER_WAY, mined=None, outcome=None)

    def record_ended(self, id: int, outcome: Outcome, mined: Mined | None = None, /) -> None:
        """
        Forget it.
        """
        with self._lock:
            self._intents.pop(id, None)

    def _latest(self, key: str) -> Intent | None:
        found = [intent for intent in self._intents.values() if intent.key == key]
        return found[-1] if found else None

    def _change(self, id: int, **fields: object) -> None:
        with self._lock:
            self._intents[id] = replace(self._intents[id], **fields)  # type: ignore[arg-type]
