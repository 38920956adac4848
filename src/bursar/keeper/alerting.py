"""
What the keeper tells people without being asked, beside its cycle and never in its way.

    each new view, undeclared spends, notices → rules → store → outbox → channels

Level-triggered: what is raised and cleared follows from the state at one block and from what is
open in the store. Whatever dies in between, the next look finds the same difference. It reads the
chain and writes to the store, and has no key: nothing here can send or draft anything.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection

from bursar.alerts.delivering import PASS_SECONDS, Deliverer
from bursar.alerts.messages import Audience
from bursar.alerts.recording import Clearing, Recorder
from bursar.alerts.rules import (
    Balances,
    Names,
    Sight,
    find_needed,
    watch_balances,
    watch_limits,
)
from bursar.alerts.settings import Chosen, LiveSettings
from bursar.alerts.watches import BY_ITSELF, Watch, compare
from bursar.chain.errors import BadAnswerError, RevertedError, RpcError
from bursar.errors import BursarError
from bursar.keeper.alert_days import Days
from bursar.keeper.alert_refills import find_refilled
from bursar.keeper.alert_sources import Sources
from bursar.keeper.ports import ChainView
from bursar.store.alert_clearing import ClearSpool
from bursar.store.alerts import StoredAlert, Whose, fetch_not_ended
from bursar.store.database import Database
from bursar.types import ZERO_ADDRESS, Address

KEEPER: Final = "keeper"
"""Who has cleared what went by itself."""
# How often it looks for what reaches the store without a new block, and for what is due again.
_POLL_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 10.0

_log = logging.getLogger("bursar.alerts")


class AlertPlaces(NamedTuple):
    """
    What alerts are told with: what people call things and the organisation, the treasury.yaml
    whose settings hold (None for the defaults), and the environment that names URLs.
    """

    names: Names
    organisation: str
    file: Path | None
    environment: Mapping[str, str]


class Chain(Protocol):
    """
    Where balances are read.
    """

    def fetch_balance_at(self, token: Address, who: Address, block: int) -> int:
        """
        In base units, after that block. Raises a ChainError.
        """


class Alerting:
    """
    Looks at every view of `whose` organisation that it is shown, and tells what is new; `by` is the
    keeper's account.
    """

    def __init__(
        self,
        database: Database,
        chain: Chain,
        whose: Whose,
        places: AlertPlaces,
        *,
        by: Address,
        clock: Callable[[], float] = time.time,
        deliverer: Deliverer | None = None,
    ) -> None:
        self._database = database
        self._chain = chain
        self._whose = whose
        self._places = places
        self._by = by
        self._clock = clock
        self._live = LiveSettings(places.file, whose.chain_id)
        self._deliverer = deliverer or Deliverer(
            database, whose, self._live, places.environment, clock=clock
        )
        self._spool = ClearSpool.beside(database.url.render_as_string(hide_password=False))
        self._view: ChainView | None = None
        self._judged: tuple[str, Chosen] | None = None
        self._sources = Sources(database, places.names)
        self._days = Days(database, whose)
        self._silent: str | None = None
        self._told: str | None = None
        self._news = threading.Event()
        self._stop = threading.Event()

    def see(self, view: ChainView) -> None:
        """
        There is another view. Returns at once.
        """
        self._view = view
        self._news.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """
        On a thread of its own, for the length of the block. What was seen last is still looked at.
        """
        thread = threading.Thread(target=self._run, name="alerting", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._news.set()
            thread.join()

    def run_once(self, seconds: float = PASS_SECONDS) -> None:
        """
        Look, write down, and tell for so many seconds at most, also where the look failed. Raises
        BursarError.
        """
        try:
            self.look()
        finally:
            self._deliverer.deliver(seconds)

    def look(self) -> None:
        """
        Look, and write down what is new and whom to tell: each source, whatever becomes of the
        others. Raises BursarError.
        """
        chosen, view = self._live.look(), self._view
        state = None if view is None else view.state
        with ExitStack() as each:  # the last one first, and each of them
            if view is not None and view.state.organization != ZERO_ADDRESS:
                each.callback(self._judge, view, chosen)
            each.callback(self._sources.take_over, self._recorder(chosen), state)
            if self._spool is not None:
                each.callback(self._spool.take_in, self._database)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.wait(_POLL_SECONDS)
            self._news.clear()
            self._try()
        self._try(_LAST_SECONDS)

    def _try(self, seconds: float = PASS_SECONDS) -> None:
        trouble: str | None = None
        try:
            self.run_once(seconds)
        except BursarError as error:
            trouble = f"Alerts could not be looked after: {error}"
        except Exception as error:  # noqa: BLE001 - the loop goes on, whatever it was
            _log.exception("A fault of the alerts' own.")
            trouble = repr(error)
        self._say(trouble or self._live.trouble or self._silent)

    def _say(self, trouble: str | None) -> None:
        """
        Once, not every second.
        """
        if trouble is not None and trouble != self._told:
            _log.error("%s", trouble)
        self._told = trouble

    def _judge(self, view: ChainView, chosen: Chosen) -> None:
        if self._judged == (view.head.hash, chosen):
            return
        sight = Sight(view.state, view.head.number, view.head.at)
        balances, self._silent = self._fetch_balances(sight, chosen)
        self._raise_unusual(sight, balances, chosen)
        watches = self._watch(sight, balances, chosen)
        not_ended = self._database.read(self._fetch_not_ended)
        if self._has_news(watches, not_ended, sight.block):
            recorder = self._recorder(chosen)
            self._database.write(
                lambda c: self._record(c, recorder, sight, watches), repeatable=True
            )
        # What could not be read is asked for at the next block, not every second.
        self._judged = (view.head.hash, chosen)

    def _fetch_balances(self, sight: Sight, chosen: Chosen) -> tuple[Balances, str | None]:
        """
        With what could not be read: one token that does not answer keeps nobody from hearing of
        the others.
        """
        silent: str | None = None
        balances: dict[tuple[Address, Address], int] = {}
        for wallet, token in find_needed(sight, self._places.names, chosen):
            try:
                balances[wallet, token] = self._chain.fetch_balance_at(token, wallet, sight.block)
            except (RevertedError, RpcError, BadAnswerError) as error:
                silent = f"The balance of {token} in {wallet} cannot be read: {error}"
        return balances, silent

    def _raise_unusual(self, sight: Sight, balances: Balances, chosen: Chosen) -> None:
        sensitivity = chosen.settings.unusual_spending
        found = self._days.find_new(sight, balances, self._places.names, sensitivity)
        if found:
            recorder = self._recorder(chosen)
            self._database.write(lambda c: recorder.raise_all(c, found), repeatable=True)
            self._days.note(found)

    def _watch(self, sight: Sight, balances: Balances, chosen: Chosen) -> list[Watch]:
        names = self._places.names
        return [
            *watch_balances(sight, balances, names, chosen),
            *watch_limits(sight, balances, names, chosen),
        ]

    def _has_news(self, watches: list[Watch], not_ended: list[StoredAlert], block: int) -> bool:
        """
        Whether a transaction may write anything. A low balance that is no longer one may have been
        refilled.
        """
        calm = {(one.found.kind, one.found.subject) for one in watches if not one.holds}
        waits = any((alert.found.kind, alert.found.subject) in calm for alert in not_ended)
        return waits or any(compare(watches, not_ended, block))

    def _record(
        self, connection: Connection, recorder: Recorder, sight: Sight, watches: list[Watch]
    ) -> None:
        """
        Judged once more by what the transaction sees, in which nothing else happens.
        """
        not_ended = self._fetch_not_ended(connection)
        refilled = find_refilled(connection, self._whose, not_ended)
        seen = [
            watch._replace(is_over=True)
            if not watch.holds and watch.found.subject in refilled
            else watch
            for watch in watches
        ]

        def explain(alert: StoredAlert, why: str) -> Clearing:
            return refilled.get(alert.found.subject, Clearing(KEEPER, why))

        recorder.record(connection, compare(seen, not_ended, sight.block), explain)

    def _recorder(self, chosen: Chosen) -> Recorder:
        audience = Audience(self._whose, self._places.organisation, chosen.settings)
        return Recorder(audience, self._by, int(self._clock()))

    def _fetch_not_ended(self, connection: Connection) -> list[StoredAlert]:
        return fetch_not_ended(connection, self._whose, BY_ITSELF)
