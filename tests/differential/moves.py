"""
Random calls that mean something: mostly by who may, mostly near a limit, sometimes plainly wrong.
"""

import random
from collections.abc import Callable
from typing import Any

from bursar.budgets import Budget
from bursar.types import DAY, HOUR, MAX_UINT256, NATIVE, ZERO_ADDRESS, Address
from tests.differential.twin import Twin
from tests.harness.evm import Contract, actor

CATEGORIES = [name.ljust(32, b"\0") for name in (b"general", b"refund", b"payroll")]
Move = tuple[Address, Contract, str, tuple[Any, ...], int]
Drawer = Callable[["Moves"], Move]

# How often each function is drawn. Payments most, because their counters are where a mistake hides.
WEIGHTS = {
    "pay": 44,
    "execute": 9,
    "cancel": 4,
    "cancel_all": 2,
    "pause_self": 1,
    "set_budget": 12,
    "set_wallet_limit": 3,
    "set_max_balance": 2,
    "set_recipients": 3,
    "set_payment_delay": 2,
    "set_grace": 2,
    "seal": 2,
    "rotate_agent": 2,
    "refill": 4,
    "sweep": 2,
    "__default__": 2,
    "create_wallet": 1,
    "set_guardian": 2,
    "set_keeper": 2,
    "pause": 4,
    "unpause": 12,
    "clear": 2,
    "heartbeat": 4,
    "set_heartbeat_timeout": 1,
    "set_change_delay": 1,
    "schedule": 9,
    "apply": 5,
    "veto": 2,
    "veto_all": 2,
    "changed": 1,
    "rotated": 1,
}


class Moves:
    """
    Draws the next call from what the twin knows.
    """

    def __init__(self, twin: Twin, seed: int) -> None:
        self.twin = twin
        self.random = random.Random(seed)
        self.known_calls: list[tuple[Contract, bytes]] = []
        self.spare_agents = 0
        self.favourite: tuple[Contract, tuple[Address, Address, bytes]] | None = None

    def draw(self) -> Move:
        function = self._due() or self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        move: Move = getattr(self, f"_{function.strip('_')}")()
        return move

    def _due(self) -> str | None:
        """
        Where something has become due, or ends at this very second, mostly do what it is about: by
        chance alone it would rarely be met.
        """
        model, now = self.twin.model, self.twin.now
        queues = [q for w in model.registry.values() for q in w.queue.values()]
        if self.random.random() < 0.5 and any(q.ready_at <= now <= q.expires_at for q in queues):
            return "execute"
        changes = model.changes.values()
        if self.random.random() < 0.5 and any(c.ready_at <= now <= c.expires_at for c in changes):
            return "apply"
        if self.random.random() < 0.5 and any(s.until == now for s in model.stops.values()):
            return self.random.choice(("pause", "clear", "pay"))
        return None

    def is_troubled(self) -> bool:
        """
        Whether to have the treasury release what is stopped now.
        """
        return self.random.random() < 0.35

    def jump(self) -> int:
        """
        The next block's time: mostly soon, often to the second around something that ends.
        """
        now = self.twin.now
        kind = self.random.random()
        if kind < 0.65:
            return now + self.random.randint(0, 90)
        if kind < 0.80:
            return self._beside((now // HOUR + 1) * HOUR)
        if kind < 0.86:
            return self._beside((now // DAY + 1) * DAY)
        if kind < 0.99:
            return self._beside(self.random.choice(self._moments() or [now + 600]))
        return now + self.random.randint(1, 4 * DAY)

    def _beside(self, moment: int) -> int:
        return max(self.twin.now, moment + self.random.choice((-1, 0, 0, 0, 1)))

    def _moments(self) -> list[int]:
        model, now = self.twin.model, self.twin.now
        moments = [c.ready_at for c in model.changes.values()]
        moments += [c.expires_at for c in model.changes.values() if self.random.random() < 0.5]
        moments += [s.until for s in model.stops.values()]
        for wallet in model.registry.values():
            moments += [m for q in wallet.queue.values() for m in (q.ready_at, q.ready_at)]
            moments += [q.expires_at for q in wallet.queue.values() if self.random.random() < 0.5]
        # The nearest few: what lies days ahead is reached by and by.
        return sorted(m for m in moments if now < m < now + 10 * DAY)[:4]

    # Who and what

    def _who(self, *likely: Address) -> Address:
        twin = self.twin
        if likely and self.random.random() < 0.85:
            return self.random.choice(likely)
        anyone = [twin.treasury, *twin.guardians, *twin.keepers, *twin.agents, twin.stranger]
        return self.random.choice(anyone)

    def _wallet(self) -> Contract:
        return self.random.choice(self.twin.wallets)

    def _agent(self) -> Address:
        return self.random.choice(self.twin.agents)

    def _token(self) -> Address:
        odd = [self.twin.stranger, self.twin.treasury, Address(self.twin.organization.address)]
        if self.random.random() < 0.02:
            return self.random.choice([*odd, Address(self._wallet().address)])
        return self.random.choice([*self.twin.token_addresses, NATIVE])

    def _category(self) -> bytes:
        return self.random.choices(CATEGORIES, (6, 3, 1))[0]

    def _key(self, wallet: Contract) -> tuple[Address, Address, bytes]:
        """
        Mostly a budget that exists.
        """
        lines = self.twin.model.registry[Address(wallet.address)].lines
        known = [(a, t, c) for a, keys in lines.items() for t, c in keys]
        alive = [k for k in known if lines[k[0]][k[1:]].is_alive(self.twin.now)]
        if alive and self.random.random() < 0.8:
            return self.random.choice(alive)
        if known and self.random.random() < 0.9:
            return self.random.choice(known)
        return self._agent(), self._token(), self._category()

    def _reason(self) -> str:
        return self.random.choice(["", "test", "x" * 64])

    def _near(self, amount: int) -> int:
        """
        At, beside, or a fraction of what an amount may be.
        """
        options = (amount, amount, amount - 1, amount + 1, amount // 2, amount // 3, amount // 7)
        return min(max(0, self.random.choice(options)), MAX_UINT256)

    # The wallet

    def _payment(self, wallet: Contract, key: tuple[Address, Address, bytes]) -> tuple[Any, ...]:
        agent, token, category = key
        state = self.twin.model.registry[Address(wallet.address)]
        budget = state.budget(agent, token, category)
        hour, day, _ = state.remaining(agent, token, category, self.twin.now)
        held = self.twin.ledger.balance_of(token, Address(wallet.address))
        limits = [budget.per_payment, hour, day, budget.queue_from]
        limits += [state.wallet_remaining(token, self.twin.now), held]
        amount = self._near(self.random.choice(limits))
        if self.random.random() < 0.7:
            amount = min(amount, budget.per_payment)
        if self.random.random() < 0.2:
            amount //= self.random.choice((2, 5, 10))
        if self.random.random() < 0.02:
            amount = self.random.choice((0, 1, MAX_UINT256))
        to = self.random.choice(self.twin.recipients)
        if self.random.random() < 0.03:
            to = self.random.choice(
                [ZERO_ADDRESS, Address(wallet.address), Address(self._wallet().address)]
            )
        ref = self.random.randrange(4).to_bytes(32, "big")
        return token, to, amount, category, ref

    def _open_wallet(self) -> Contract:
        """
        Mostly one that is sealed: in another, nothing can be paid.
        """
        wallets = self.twin.model.registry
        opened = [w for w in self.twin.wallets if wallets[Address(w.address)].sealed]
        return self.random.choice(opened) if self.random.random() < 0.95 else self._wallet()

    def _pay(self) -> Move:
        """
        For a stretch mostly from one budget, or no counter would ever come near its limit.
        """
        if not self._is_payable() or self.random.random() < 0.05:
            wallet = self._open_wallet()
            self.favourite = (wallet, self._key(wallet))
        assert self.favourite is not None
        wallet, key = self.favourite
        if self.random.random() < 0.2:
            wallet = self._open_wallet()
            key = self._key(wallet)
        return self._who(*(key[0],) * 9), wallet, "pay", self._payment(wallet, key), 0

    def _is_payable(self) -> bool:
        if self.favourite is None:
            return False
        wallet, key = self.favourite
        line = self.twin.model.registry[Address(wallet.address)].line(*key)
        return line is not None and line.is_alive(self.twin.now)

    def _execute(self) -> Move:
        wallet = self._open_wallet()
        waiting = list(self.twin.model.registry[Address(wallet.address)].queue.values())
        due = [q for q in waiting if q.ready_at <= self.twin.now <= q.expires_at]
        if waiting and self.random.random() < 0.9:
            q = self.random.choice(due if due and self.random.random() < 0.8 else waiting)
            args = (q.agent, q.token, q.to, q.amount, q.category, q.ref)
        else:
            key = self._key(wallet)
            args = (key[0], *self._payment(wallet, key))
        return self._who(self.twin.stranger, *self.twin.keepers), wallet, "execute", args, 0

    def _cancel(self) -> Move:
        wallet = self._open_wallet()
        known = list(self.twin.model.registry[Address(wallet.address)].queue.items())
        waiting = [(i, q) for i, q in known if self.twin.now < q.expires_at]
        if not waiting or self.random.random() < 0.1:
            return self._who(), wallet, "cancel", (b"\7" * 32, self._reason()), 0
        id, payment = self.random.choice(waiting)
        likely = (payment.agent, *self.twin.guardians, *self.twin.keepers)
        return self._who(*likely), wallet, "cancel", (id, self._reason()), 0

    def _cancel_all(self) -> Move:
        likely = (*self.twin.guardians, *self.twin.keepers, self.twin.stranger)
        return self._who(*likely), self._wallet(), "cancel_all", (self._reason(),), 0

    def _pause_self(self) -> Move:
        args = (self._duration(), self._reason())
        return self._who(self._agent()), self._wallet(), "pause_self", args, 0

    def _budget(self, old: Budget, token: Address) -> Budget:
        """
        A fresh budget, or an old one with a figure or two moved.
        """
        expires_at = (self.twin.now // HOUR + self.random.choice((1, 300, 10_000, 30_000))) * HOUR
        if old.expires_at == 0 or self.random.random() < 0.15:
            return self._fresh_budget(expires_at, token)
        if old.queue_from != MAX_UINT256 and self.random.random() < 0.1:
            return self._unqueued(old)
        fields = {}
        for name in self.random.sample(list(Budget.model_fields), self.random.choice((1, 1, 2, 5))):
            value = getattr(old, name)
            if isinstance(value, bool):
                fields[name] = not value if self.random.random() < 0.7 else value
            elif name == "expires_at":
                fields[name] = self.random.choice((0, expires_at, value - HOUR, value + HOUR, 5))
            elif name == "share_bps":
                fields[name] = self.random.choice((10_000, 10_000, 10_000, 9_999, 10_001, 0))
            else:
                fields[name] = self._figure(value)
        budget = old.model_copy(update=fields)
        if self.random.random() < 0.7:
            return _in_order(budget)
        return budget

    def _unqueued(self, old: Budget) -> Budget:
        """
        Nothing waits any more, and payments are cut to just where they waited before, or beside it.
        """
        edge = max(0, old.queue_from + self.random.choice((-1, 0, 1)))
        per_payment = min(edge, old.per_payment)
        return old.model_copy(update={"queue_from": MAX_UINT256, "per_payment": per_payment})

    def _figure(self, value: int) -> int:
        step = 10 ** self.random.randint(0, 24)
        options = (
            value // 2,
            value * 2,
            value * 10,
            value - 1,
            value + 1,
            value - step,
            value + step,
        )
        odd = (0, 1, MAX_UINT256)
        options += (value // 10 ** self.random.randint(1, 12), (value // step) * step)
        chosen = self.random.choice(odd if self.random.random() < 0.05 else options)
        return min(max(0, chosen), MAX_UINT256)

    def _fresh_budget(self, expires_at: int, token: Address) -> Budget:
        scale = 10 ** self.random.choice((0, 3, 6, 6, 9, 15, 16, 16, 30))
        daily = self.random.randint(1, 2**30 + 1) * scale
        hourly = daily // self.random.choice((1, 1, 2, 4))
        hourly -= hourly % scale
        per_payment = hourly // self.random.choice((1, 1, 2, 4))
        per_payment -= per_payment % scale
        return Budget(
            per_payment=per_payment,
            hourly=hourly,
            daily=daily,
            queue_from=self.random.choice(
                (MAX_UINT256,) * 4 + (per_payment // scale // 2 * scale, 0)
            ),
            max_payments=self.random.choice((2, 5, 50, 50, 16_383, 16_383, 0, 16_384)),
            expires_at=expires_at,
            share_bps=10_000,
            rolling=False,
            allowlist_only=self.random.random() < 0.08,
        )

    def _budget_arguments(self, wallet: Contract) -> tuple[Any, ...]:
        agent, token, category = self._key(wallet)
        old = self.twin.model.registry[Address(wallet.address)].budget(agent, token, category)
        return agent, token, category, self._budget(old, token)

    def _set_budget(self) -> Move:
        wallet = self._wallet()
        args = self._budget_arguments(wallet)
        sender = self._who(self.twin.treasury, self.twin.treasury, *self.twin.guardians, args[0])
        return sender, wallet, "set_budget", args, 0

    def _setter_arguments(self, wallet: Contract, function: str) -> tuple[Any, ...]:
        state = self.twin.model.registry[Address(wallet.address)]
        token = self._token()
        if function == "set_budget":
            return self._budget_arguments(wallet)
        if function == "set_wallet_limit":
            fresh = self.random.choice((10**9, 10**20, 10**28, 2**112 - 1, 2**112, 0))
            old = state.wallet_limit(token)
            return token, self._figure(old) if old and self.random.random() < 0.8 else fresh
        if function == "set_max_balance":
            return token, self.random.choice((10**12, 10**22, 10**29, 0, MAX_UINT256))
        if function == "set_recipients":
            who = tuple(self.random.sample(self.twin.recipients, self.random.randint(0, 3)))
            return who, self.random.random() < 0.7
        if function == "set_payment_delay":
            return (self.random.choice((60, 600, 601, 3600, 7 * DAY, 59, 7 * DAY + 1)),)
        return (self.random.choice((HOUR, DAY, DAY + 1, 30 * DAY, HOUR - 1, 30 * DAY + 1)),)

    def _setter(self, function: str) -> Move:
        wallet = self._wallet()
        args = self._setter_arguments(wallet, function)
        return self._who(self.twin.treasury), wallet, function, args, 0

    def _set_wallet_limit(self) -> Move:
        return self._setter("set_wallet_limit")

    def _set_max_balance(self) -> Move:
        return self._setter("set_max_balance")

    def _set_recipients(self) -> Move:
        return self._setter("set_recipients")

    def _set_payment_delay(self) -> Move:
        return self._setter("set_payment_delay")

    def _set_grace(self) -> Move:
        return self._setter("set_grace")

    def _seal(self) -> Move:
        return self._who(self.twin.treasury), self._wallet(), "seal", (), 0

    def _rotate_agent(self) -> Move:
        old = self._agent()
        if self.random.random() < 0.6:
            self.spare_agents += 1
            new = Address(actor(f"spare {self.spare_agents}"))
        else:
            new = self._who()
        return self._who(self.twin.treasury), self._wallet(), "rotate_agent", (old, new), 0

    def _refill(self) -> Move:
        wallet, token = self._wallet(), self._real_token()
        state = self.twin.model.registry[Address(wallet.address)]
        held = self.twin.ledger.balance_of(token, Address(wallet.address))
        room = max(0, state.max_balance(token) - held)
        amount = self._near(min(room, 10**21 if token == NATIVE else 10**26))
        contract = next((t for t in self.twin.tokens.values() if t.address == token), None)
        if contract is not None:
            self.twin.approve(
                contract, wallet, amount - (self.random.random() < 0.05 and amount > 0)
            )
        owned = self.twin.ledger.balance_of(NATIVE, self.twin.treasury)
        sender = self._who(self.twin.treasury)
        is_right = (token == NATIVE) == (self.random.random() < 0.95)
        value = amount if is_right and amount <= owned and sender == self.twin.treasury else 0
        return sender, wallet, "refill", (token, amount, b"\1" * 32), value

    def _sweep(self) -> Move:
        args = (self._real_token(), self._reason())
        likely = (self.twin.treasury, *self.twin.guardians, self.twin.stranger)
        return self._who(*likely), self._wallet(), "sweep", args, 0

    def _real_token(self) -> Address:
        return self.random.choice([*self.twin.token_addresses, NATIVE])

    def _default(self) -> Move:
        target = self.random.choice(
            [*self.twin.wallets, *self.twin.wallets, self.twin.organization]
        )
        return self.twin.treasury, target, "__default__", (), self.random.choice((0, 1, 10**18))

    # The organisation

    def _duration(self) -> int:
        year = 365 * DAY
        return self.random.choice((0, 1, 60, HOUR, DAY, year, year + 1, MAX_UINT256))

    def _scope(self) -> Address:
        twin = self.twin
        scopes = [*twin.agents, *twin.agents, *(Address(w.address) for w in twin.wallets)]
        return self.random.choice([*scopes, Address(twin.organization.address), ZERO_ADDRESS])

    def _create_wallet(self) -> Move:
        # A third wallet at most: more only spread the same calls thinner.
        twin = self.twin
        blueprint = self.random.choice([twin.stranger, twin.token_addresses[0]])
        return self._who(twin.treasury), twin.organization, "create_wallet", ("more", blueprint), 0

    def _set_guardian(self) -> Move:
        who = self.random.choice([*self.twin.guardians, *self.twin.keepers, ZERO_ADDRESS])
        args = (who, self.random.random() < 0.6)
        return self._who(self.twin.treasury), self.twin.organization, "set_guardian", args, 0

    def _set_keeper(self) -> Move:
        who = self.random.choice([*self.twin.keepers, *self.twin.keepers, ZERO_ADDRESS])
        args = (who, self.random.random() < 0.8)
        return self._who(self.twin.treasury), self.twin.organization, "set_keeper", args, 0

    def _pause(self) -> Move:
        ending = [s for s, t in self.twin.model.stops.items() if t.until == self.twin.now]
        scope = self.random.choice(ending) if ending else self._scope()
        args = (scope, self._duration(), self._reason())
        likely = (*self.twin.guardians, *self.twin.keepers)
        return self._who(*likely), self.twin.organization, "pause", args, 0

    def _unpause(self) -> Move:
        model = self.twin.model
        running = [s for s, stop in model.stops.items() if self.twin.now < stop.until]
        scope = self.random.choice(running) if running else self._scope()
        seen = model.pause_number(scope)
        if self.random.random() < 0.1:
            seen += self.random.choice((-1, 1)) if seen else 1
        args = (scope, seen, self._reason())
        return self._who(self.twin.treasury), self.twin.organization, "unpause", args, 0

    def _clear(self) -> Move:
        now = self.twin.now
        running = [s for s, stop in self.twin.model.stops.items() if now < stop.until]
        is_running = running and self.random.random() < 0.4
        scope = self.random.choice(running) if is_running else self._scope()
        return self._who(), self.twin.organization, "clear", (scope,), 0

    def _heartbeat(self) -> Move:
        return self._who(*self.twin.keepers), self.twin.organization, "heartbeat", (), 0

    def _timeout(self) -> int:
        return self.random.choice((600, DAY, 20 * DAY, 30 * DAY, MAX_UINT256, 599, 30 * DAY + 1))

    def _set_heartbeat_timeout(self) -> Move:
        args = (self._timeout(),)
        return (
            self._who(self.twin.treasury),
            self.twin.organization,
            "set_heartbeat_timeout",
            args,
            0,
        )

    def _change_delay(self) -> int:
        return self.random.choice((HOUR, 6 * HOUR, DAY, 2 * DAY, 30 * DAY, HOUR - 1, 30 * DAY + 1))

    def _set_change_delay(self) -> Move:
        args = (self._change_delay(),)
        return self._who(self.twin.treasury), self.twin.organization, "set_change_delay", args, 0

    def _schedule(self) -> Move:
        target, call = self._setter_call()
        self.known_calls = [*self.known_calls[-30:], (target, call)]
        args = (Address(target.address), call)
        return self._who(self.twin.treasury), self.twin.organization, "schedule", args, 0

    def _setter_call(self) -> tuple[Contract, bytes]:
        if self.random.random() < 0.25:
            target = self.twin.organization
            call = self.random.choice(
                [
                    target.calldata("set_guardian", *self._set_guardian()[3]),
                    target.calldata("set_heartbeat_timeout", self._timeout()),
                    target.calldata("set_change_delay", self._change_delay()),
                ]
            )
        else:
            target = self._wallet()
            names = ("set_budget",) * 5 + (
                "set_wallet_limit",
                "set_max_balance",
                "set_recipients",
                "set_payment_delay",
                "set_grace",
            )
            name = self.random.choice(names)
            args = self._setter_arguments(target, name)
            plain = [tuple(a.__dict__.values()) if isinstance(a, Budget) else a for a in args]
            call = target.calldata(name, *plain)
        return target, self._spoilt(target, call)

    def _spoilt(self, target: Contract, call: bytes) -> bytes:
        """
        Now and then calldata that must not be scheduled, or cannot be applied.
        """
        if self.random.random() < 0.95:
            return call
        cut = self.random.randrange(len(call))
        dirty = call[:4] + b"\1" + call[5:]
        other = target.calldata("seal") if target in self.twin.wallets else b"\1\2\3\4"
        return self.random.choice([call[:cut], dirty, other, call + b"\0" * 32, b""])

    def _apply(self) -> Move:
        target, call = self.random.choice(self.known_calls or [self._setter_call()])
        live = list(self.twin.model.changes.values())
        due = [c for c in live if c.ready_at <= self.twin.now <= c.expires_at]
        if live and self.random.random() < 0.8:
            change = self.random.choice(due if due and self.random.random() < 0.8 else live)
            target, call = self.twin.contract(change.subject.target), change.call
        args = (Address(target.address), call)
        return self._who(self.twin.stranger), self.twin.organization, "apply", args, 0

    def _veto(self) -> Move:
        ids = list(self.twin.model.changes) or [b"\3" * 32]
        args = (self.random.choice(ids), self._reason())
        return self._who(*self.twin.guardians), self.twin.organization, "veto", args, 0

    def _veto_all(self) -> Move:
        args = (self._reason(),)
        who = self._who(*self.twin.guardians, self.twin.stranger)
        return who, self.twin.organization, "veto_all", args, 0

    def _changed(self) -> Move:
        return self._who(), self.twin.organization, "changed", (b"\5" * 32, self._agent()), 0

    def _rotated(self) -> Move:
        return self._who(), self.twin.organization, "rotated", (self._agent(), self._agent()), 0


def _in_order(budget: Budget) -> Budget:
    """
    per_payment <= hourly <= daily, so that most budgets can be set.
    """
    daily = budget.daily
    hourly = min(budget.hourly, daily)
    return budget.model_copy(
        update={"hourly": hourly, "per_payment": min(budget.per_payment, hourly)}
    )
