"""
What is called on the organisation: roles, stops, and changes that wait.
"""

from bursar.reference import Call
from bursar.types import DAY, HOUR, MAX_UINT256, ZERO_ADDRESS, Address
from tests.differential.moves.chance import Chance
from tests.differential.moves.setting import SETTERS, Setting
from tests.differential.plain import plain
from tests.harness.evm import Contract

# More wallets only spread the same calls thinner.
MOST_WALLETS = 3


class Governing:
    """
    Draws the organisation's calls.
    """

    def __init__(self, chance: Chance, setting: Setting) -> None:
        self.chance = chance
        self.setting = setting
        self.known_calls: list[tuple[Contract, bytes]] = []

    def _call(self, who: Address, function: str, *args: object) -> Call:
        return self.chance.call(who, self.chance.twin.organization, function, *args)

    def _treasury(self) -> Address:
        return self.chance.who(self.chance.twin.treasury)

    def create_wallet(self) -> Call:
        twin = self.chance.twin
        blueprints = [twin.stranger, twin.token_addresses[0]]
        if len(twin.wallets) < MOST_WALLETS:
            blueprints += [twin.blueprint] * 4
        name = self.chance.one_of(("more", "", "n" * 32))
        return self._call(self._treasury(), "create_wallet", name, self.chance.one_of(blueprints))

    def _guardian_arguments(self) -> tuple[Address, bool]:
        twin = self.chance.twin
        who = self.chance.one_of([*twin.guardians, *twin.keepers, ZERO_ADDRESS])
        return who, self.chance.happens(0.6)

    def set_guardian(self) -> Call:
        return self._call(self._treasury(), "set_guardian", *self._guardian_arguments())

    def set_keeper(self) -> Call:
        keepers = self.chance.twin.keepers
        who = self.chance.one_of([*keepers, *keepers, ZERO_ADDRESS])
        return self._call(self._treasury(), "set_keeper", who, self.chance.happens(0.8))

    def _scope(self) -> Address:
        twin = self.chance.twin
        scopes = [*twin.agents, *twin.agents, *(Address(w.address) for w in twin.wallets)]
        organization = Address(twin.organization.address)
        return Address(self.chance.one_of([*scopes, organization, ZERO_ADDRESS]))

    def pause(self) -> Call:
        """
        What ends at this very second, if anything does.
        """
        chance, twin = self.chance, self.chance.twin
        ending = [s for s, stop in twin.model.stops.items() if stop.until == twin.now]
        scope = chance.one_of(ending) if ending else self._scope()
        who = chance.who(*twin.guardians, *twin.keepers, chance.keyed_agent())
        return self._call(who, "pause", scope, chance.duration(), chance.reason())

    def _running(self) -> list[Address]:
        twin = self.chance.twin
        return [s for s, stop in twin.model.stops.items() if twin.now < stop.until]

    def unpause(self) -> Call:
        chance = self.chance
        running = self._running()
        scope = chance.one_of(running) if running else self._scope()
        seen = chance.twin.model.pause_number(scope)
        if chance.happens(0.1):
            seen = max(0, seen + chance.one_of((-1, 1)))
        return self._call(self._treasury(), "unpause", scope, seen, chance.reason())

    def clear(self) -> Call:
        running = self._running()
        is_running = bool(running) and self.chance.happens(0.6)
        scope = self.chance.one_of(running) if is_running else self._scope()
        return self._call(self.chance.who(), "clear", scope)

    def heartbeat(self) -> Call:
        return self._call(self.chance.who(*self.chance.twin.keepers), "heartbeat")

    def _timeout(self) -> int:
        options = (600, DAY, 20 * DAY, 30 * DAY, MAX_UINT256, 599, 30 * DAY + 1)
        return int(self.chance.one_of(options))

    def set_heartbeat_timeout(self) -> Call:
        now_set = self.chance.twin.model.heartbeat_timeout
        seconds = now_set if self.chance.happens(0.3) else self._timeout()
        return self._call(self._treasury(), "set_heartbeat_timeout", seconds)

    def _change_delay(self) -> int:
        options = (HOUR, 6 * HOUR, DAY, 2 * DAY, 30 * DAY, HOUR - 1, 30 * DAY + 1)
        return int(self.chance.one_of(options))

    def set_change_delay(self) -> Call:
        now_set = self.chance.twin.model.change_delay
        seconds = now_set if self.chance.happens(0.3) else self._change_delay()
        return self._call(self._treasury(), "set_change_delay", seconds)

    def schedule(self) -> Call:
        target, call = self._setter_call()
        self.known_calls = [*self.known_calls[-30:], (target, call)]
        address = Address(target.address)
        if self.chance.happens(0.01):
            address = self.chance.twin.stranger
        return self._call(self._treasury(), "schedule", address, call)

    def _setter_call(self) -> tuple[Contract, bytes]:
        target: Contract = self.chance.twin.organization
        if self.chance.happens(0.25):
            name = self.chance.one_of(("set_guardian", "set_heartbeat_timeout", "set_change_delay"))
            arguments: dict[str, tuple[object, ...]] = {
                "set_guardian": self._guardian_arguments(),
                "set_heartbeat_timeout": (self._timeout(),),
                "set_change_delay": (self._change_delay(),),
            }
            call = target.calldata(name, *arguments[name])
        else:
            target = self.chance.wallet()
            name = self.chance.one_of(("set_budget",) * 5 + SETTERS)
            arguments_of = self.setting.arguments(target, name)
            call = target.calldata(name, *[plain(a) for a in arguments_of])
        return target, self._spoilt(target, call)

    def _spoilt(self, target: Contract, call: bytes) -> bytes:
        """
        Now and then calldata that must not be scheduled, or cannot be applied.
        """
        if self.chance.happens(0.95):
            return call
        cut = self.chance.random.randrange(len(call))
        dirty = call[:4] + b"\1" + call[5:]
        other = target.calldata("seal") if target in self.chance.twin.wallets else b"\1\2\3\4"
        spoilt = [call[:cut], dirty, other, call + b"\0" * 32, b"", b"\0" * 1_025]
        return bytes(self.chance.one_of(spoilt[:5]))

    def apply(self) -> Call:
        chance, now = self.chance, self.chance.twin.now
        target, call = chance.one_of(self.known_calls or [self._setter_call()])
        live = list(chance.twin.model.changes.values())
        if live and chance.happens(0.85):
            due = [c for c in live if c.ready_at <= now <= c.expires_at]
            change = chance.one_of(due if due and chance.happens(0.8) else live)
            target, call = chance.twin.contract(change.subject.target), change.call
        who = chance.who(chance.twin.stranger)
        return self._call(who, "apply", Address(target.address), call)

    def veto(self) -> Call:
        """
        Of any change; a guardian who is about to be removed is worth an attempt.
        """
        changes = self.chance.twin.model.changes
        ids: list[bytes] = list(changes) or [b"\3" * 32]
        removals = [id for id, change in changes.items() if change.removes_guardian]
        id = self.chance.one_of(removals if removals and self.chance.happens(0.3) else ids)
        who = self.chance.who(*self.chance.twin.guardians, self.chance.twin.treasury)
        return self._call(who, "veto", id, self.chance.reason())

    def veto_all(self) -> Call:
        twin = self.chance.twin
        who = self.chance.who(*twin.guardians, twin.stranger, *twin.keepers)
        return self._call(who, "veto_all", self.chance.reason())

    def changed(self) -> Call:
        return self._call(self.chance.who(), "changed", b"\5" * 32, self.chance.agent())

    def rotated(self) -> Call:
        return self._call(self.chance.who(), "rotated", self.chance.agent(), self.chance.agent())
