"""
Random calls that mean something: mostly by who may, mostly near a limit, sometimes plainly wrong.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate

from bursar import reference
from bursar.reference import Call
from tests.differential.moves.batches import Batches
from tests.differential.moves.chance import CATEGORIES, Chance
from tests.differential.moves.clock import Clock
from tests.differential.moves.figures import Figures
from tests.differential.moves.governing import Governing
from tests.differential.moves.paying import Paying
from tests.differential.moves.setting import SETTERS, Setting
from tests.differential.moves.signing import Signing
from tests.differential.twin import Twin

__all__ = ["CATEGORIES", "Moves"]

# How often each function is drawn. Payments most, because their counters are where a mistake hides.
WEIGHTS = {
    "pay": 40.0,
    "pay_many": 8,
    "pay_signed": 9,
    "void_nonce": 1,
    "execute": 6,
    "cancel": 4,
    "cancel_all": 1,
    "pause_self": 1,
    "set_budget": 12,
    "set_wallet_limit": 3,
    "set_max_balance": 2,
    "set_recipients": 3,
    "set_payment_delay": 2,
    "set_grace": 2,
    "seal": 1,
    "rotate_agent": 2.5,
    "refill": 3,
    "sweep": 2,
    "__default__": 2,
    "create_wallet": 0.6,
    "set_guardian": 2,
    "set_keeper": 2,
    "pause": 2.5,
    "unpause": 3,
    "clear": 2,
    "heartbeat": 2,
    "set_heartbeat_timeout": 1,
    "set_change_delay": 1,
    "schedule": 9,
    "apply": 4,
    "veto": 1.5,
    "veto_all": 1,
    "changed": 0.3,
    "rotated": 0.3,
}


class Moves:
    """
    Draws the next call from what the twin knows.
    """

    def __init__(self, twin: Twin, seed: int) -> None:
        self.twin = twin
        self.chance = Chance(twin, seed)
        self.clock = Clock(self.chance)
        self.figures = Figures(self.chance)
        self.paying = Paying(self.chance)
        self.batches = Batches(self.chance, self.paying)
        self.signing = Signing(self.chance, self.paying)
        self.setting = Setting(self.chance, self.figures)
        self.governing = Governing(self.chance, self.setting)
        known = {name for names in reference.functions().values() for name in names}
        self._names = [name for name in WEIGHTS if name in known]
        self._weights = list(accumulate(WEIGHTS[name] for name in self._names))
        self._drawers = {name: self._drawer(name) for name in (*self._names, "cut")}

    def _drawer(self, name: str) -> Callable[[], Call]:
        if name in SETTERS[1:]:
            return partial(self.setting.setter, name)
        for part in (self.paying, self.batches, self.signing, self.setting, self.governing):
            drawer: Callable[[], Call] | None = getattr(part, name.strip("_"), None)
            if drawer is not None:
                return drawer
        raise KeyError(name)

    def draw(self) -> Call:
        """
        The next call.
        """
        name = self._due()
        if name is None:
            random = self.chance.random
            name = random.choices(self._names, cum_weights=self._weights)[0]
        return self._drawers[name]()

    def _due(self) -> str | None:
        """
        Where something has become due, or ends at this very second, mostly do what it is about: by
        chance alone it would rarely be met.
        """
        model, now = self.twin.model, self.twin.now
        kind = self.chance.random.random()
        if kind < 0.1:
            queues = [q for w in model.registry.values() for q in w.queue.values()]
            return "execute" if any(q.ready_at <= now <= q.expires_at for q in queues) else None
        if kind < 0.25:
            changes = model.changes.values()
            due = any(c.ready_at <= now <= c.expires_at for c in changes)
            return "apply" if due else None
        if kind < 0.4 and any(s.until == now for s in model.stops.values()):
            return str(self.chance.one_of(("pause", "clear", "pay")))
        if kind > 0.85 and self._is_spent():
            return "cut"
        return None

    def _is_spent(self) -> bool:
        """
        Whether the budget that is being spent from has hardly anything left of its day.
        """
        if self.chance.favourite is None:
            return False
        wallet, key = self.chance.favourite
        daily = wallet.view("budget", *key)[2]
        return bool(daily) and int(wallet.view("remaining", *key)[1]) * 100 < daily

    def is_troubled(self) -> bool:
        """
        Whether to have the treasury release what is stopped now.
        """
        return self.chance.happens(0.6)
