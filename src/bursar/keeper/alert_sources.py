"""
What others leave in the store for people: each is taken over once, and told by the channels.

    undeclared spends, native money that went → alerts
    notices of payments, alerts that people have cleared → messages
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from bursar.alerts.messages import NOTICE, Telling, cleared, put_messages
from bursar.alerts.recording import Recorder
from bursar.alerts.rules import Names, show
from bursar.alerts.watches import Severity
from bursar.audit import NativeMove
from bursar.config import AlertKind
from bursar.keeper.declaring import TOPIC as UNDECLARED
from bursar.keeper.outbox import TOPIC as PAYMENT
from bursar.state import State
from bursar.store.alert_clearing import TOPIC as CLEARED
from bursar.store.alerts import Found, find_alert
from bursar.store.database import Database
from bursar.store.native_moves import fetch_moves
from bursar.store.outbox import Message, fetch_waiting, has_waiting, settle
from bursar.types import NATIVE

_ALL_EVERY: Final = 60
_NOTICES: Final = {
    "cancelled": (AlertKind.CANCELLED, "was cancelled"),
    "expired": (AlertKind.EXPIRED, "has expired"),
    "refused": (AlertKind.REFUSED, "is refused for now"),
}


class Sources:
    """
    The store as far as the alerts take over from it. Organisations may share a database: what is
    another's is left to it.
    """

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names
        self._passed: dict[str, int] = {}
        self._passed_since = 0
        self._moves_passed = 0

    def take_over(self, recorder: Recorder, state: State | None) -> None:
        """
        Everything that is new. Notices name no organisation: they wait for a `state`, whose wallets
        tell. Raises StoreError.
        """
        # On Postgres what has a lower number may be there later: all are looked at now and then.
        if not 0 <= recorder.now - self._passed_since < _ALL_EVERY:
            self._passed, self._passed_since = {}, recorder.now
        topics = (UNDECLARED, CLEARED) if state is None else (UNDECLARED, CLEARED, PAYMENT)
        for topic in topics:
            after = self._passed.get(topic, 0)
            if self._database.read(partial(has_waiting, topic=topic, after=after)):
                work = partial(self._take_all, recorder=recorder, state=state, topic=topic)
                self._passed[topic] = self._database.write(work, repeatable=True)
        self._take_losses(recorder)

    def _take_losses(self, recorder: Recorder) -> None:
        """
        Native money that left a wallet without an event. Of those that were looked at by a process
        before this one there are alerts already, which a person may have cleared: they never end.
        """
        whose, after = recorder.whose, self._moves_passed
        moves = self._database.read(lambda c: fetch_moves(c, *whose, after=after))
        lost = [_unexplained(move, self._names) for _, move in moves if move.went]
        if lost:
            self._database.write(lambda c: recorder.raise_all(c, lost), repeatable=True)
        if moves:
            self._moves_passed = moves[-1][0]

    def _take_all(
        self, connection: Connection, recorder: Recorder, state: State | None, topic: str
    ) -> int:
        """
        In one transaction: taken over and settled, or neither. Up to which id that is.
        """
        after = self._passed.get(topic, 0)
        for message in fetch_waiting(connection, topic, after=after):
            after = message.id
            if _is_ours(topic, message.payload, recorder, state):
                self._take(connection, recorder, message)
                settle(connection, message.id, now=recorder.now)
        return after

    def _take(self, connection: Connection, recorder: Recorder, message: Message) -> None:
        if message.topic == UNDECLARED:
            found = _undeclared(message, self._names)
            recorder.raise_all(connection, [found])
            return
        if message.topic == PAYMENT:
            telling = _notice(message, self._names)
        else:
            alert = find_alert(connection, recorder.whose, message.payload["alert"])
            assert alert is not None, "alerts are never deleted"
            telling = cleared(alert)
        put_messages(connection, recorder.audience, [telling], now=recorder.now)


def _is_ours(
    topic: str, payload: Mapping[str, Any], recorder: Recorder, state: State | None
) -> bool:
    if topic == PAYMENT:
        return state is not None and payload["wallet"] in state.registry
    return (payload["chain_id"], payload["organization"]) == recorder.whose


def _undeclared(message: Message, names: Names) -> Found:
    payload = message.payload
    agent, wallet, token = payload["agent"], payload["wallet"], payload["token"]
    symbol, decimals = names.symbol_of(token)
    amount = show(int(payload["amount"]), decimals, symbol)
    return Found(
        kind=AlertKind.UNDECLARED,
        subject=message.key,
        severity=Severity.CRITICAL,
        wallet=wallet,
        token=token,
        agent=agent,
        text=f"{names.name_of(agent)} has paid {amount} from {names.name_of(wallet)} to "
        f"{names.name_of(payload['to'])}, and Bursar was not asked ({payload['problem']}): its key "
        "is used elsewhere. Stop it, and look.",
        figures={name: payload[name] for name in ("amount", "to", "problem", "transaction")},
        block=payload["block"],
        block_at=payload["at"],
    )


def _unexplained(move: NativeMove, names: Names) -> Found:
    symbol, decimals = names.symbol_of(NATIVE)
    amount = show(move.went, decimals, symbol)
    when = f"between blocks {move.since + 1} and {move.block}"
    return Found(
        kind=AlertKind.UNEXPLAINED,
        subject=move.identity,
        severity=Severity.CRITICAL,
        wallet=move.wallet,
        token=NATIVE,
        agent=None,
        text=f"{amount} left {names.name_of(move.wallet)} {when}, and no event says so: the "
        "contract does not allow that. Stop the wallet, and compare it with another node.",
        figures={"went": str(move.went), "since": move.since, "decimals": 18},
        block=move.block,
        block_at=move.at,
    )


def _notice(message: Message, names: Names) -> Telling:
    payload = message.payload
    kind, became = _NOTICES[payload["kind"]]
    symbol, decimals = names.symbol_of(payload["token"])
    amount = show(int(payload["amount"]), decimals, symbol)
    who, to = names.name_of(payload["agent"]), names.name_of(payload["to"])
    text = f"{who}'s payment of {amount} to {to} {became}: {payload['reason']}."
    shown = ("wallet", "agent", "token", "to", "reason", "ready_at", "expires_at")
    more = {name: payload[name] for name in shown} | {
        "payment": payload["id"],
        "amount": str(payload["amount"]),
    }
    return Telling(f"payment:{message.key}", NOTICE, kind, Severity.INFO, text, more)
