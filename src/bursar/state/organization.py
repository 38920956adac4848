"""
The organisation as its events tell it: roles, stops, heartbeat, timelock, and its wallets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bursar.changes import Change, Subject, change_id
from bursar.payments import Payment, Verdict, judge, judge_batch
from bursar.reasons import Preview
from bursar.state.wallet import WalletState
from bursar.types import FOREVER, ZERO_ADDRESS, Address, Bytes32, Role


class Stop(NamedTuple):
    """
    The last stop of a scope: running while `now < until`; `number` counts all of the scope's.
    """

    until: int = 0
    number: int = 0


_NO_STOP = Stop()


@dataclass(slots=True)
class State:
    """
    Everything that the views of an `Organization` and its wallets return. Only the fold writes it.

    `changes` holds what may still be applied or has expired, `pending` the id per subject.
    `newborn` is a wallet whose constructor has logged but which is not registered yet; `applied` is
    what the latest event applied.
    """

    organization: Address = ZERO_ADDRESS
    treasury: Address = ZERO_ADDRESS
    change_delay: int = 0
    heartbeat_timeout: int = FOREVER
    last_heartbeat: int = 0
    guardians: set[Address] = field(default_factory=set)
    keepers: set[Address] = field(default_factory=set)
    stops: dict[Address, Stop] = field(default_factory=dict)
    registry: dict[Address, WalletState] = field(default_factory=dict)
    changes: dict[Bytes32, Change] = field(default_factory=dict)
    pending: dict[Subject, Bytes32] = field(default_factory=dict)
    newborn: WalletState | None = None
    applied: Subject | None = None

    def copy(self) -> "State":
        """
        A state that shares nothing that changes with this one.
        """
        return replace(
            self,
            guardians=set(self.guardians),
            keepers=set(self.keepers),
            stops=dict(self.stops),
            registry={address: wallet.copy() for address, wallet in self.registry.items()},
            changes=dict(self.changes),
            pending=dict(self.pending),
            newborn=None if self.newborn is None else self.newborn.copy(),
        )

    def roles(self, who: Address) -> Role:
        """
        Everything that `who` is to the organisation.
        """
        roles = Role(0)
        if who == self.treasury:
            roles |= Role.TREASURY
        if who in self.guardians:
            roles |= Role.GUARDIAN
        if who in self.keepers:
            roles |= Role.KEEPER
        return roles

    def has_role(self, who: Address) -> bool:
        """
        Whether `who` is the treasury, a guardian or a keeper.
        """
        return who == self.treasury or who in self.guardians or who in self.keepers

    def wallet(self, address: Address) -> WalletState:
        """
        A registered wallet. Raises KeyError.
        """
        return self.registry[address]

    def wallet_count(self) -> int:
        """
        How many wallets are registered.
        """
        return len(self.registry)

    def wallets(self, index: int) -> Address:
        """
        The wallet at `index`, in the order of creation; zero when out of range.
        """
        wallets = list(self.registry)
        return wallets[index] if index < len(wallets) else ZERO_ADDRESS

    def is_wallet(self, who: Address) -> bool:
        """
        Whether `who` is a registered wallet.
        """
        return who in self.registry

    def paused_until(self, scope: Address) -> int:
        """
        When the scope's stop ends or ended (FOREVER: when it is unpaused); 0 when it never was
        stopped, or was unpaused.
        """
        return self.stops.get(scope, _NO_STOP).until

    def pause_number(self, scope: Address) -> int:
        """
        How often the scope was stopped.
        """
        return self.stops.get(scope, _NO_STOP).number

    def is_paused(self, scope: Address, now: int) -> bool:
        """
        Whether a stop of this very scope runs.
        """
        return now < self.stops.get(scope, _NO_STOP).until

    def is_lapsed(self, now: int) -> bool:
        """
        Whether the heartbeat has been missed, which stops every wallet.
        """
        return now > self.last_heartbeat + self.heartbeat_timeout

    def is_stopped(self, wallet: Address, agent: Address, now: int) -> bool:
        """
        Whether anything stops `agent` in `wallet`. A wallet's `stopped(agent)` is the same.
        """
        return (
            self.is_paused(self.organization, now)
            or self.is_paused(wallet, now)
            or self.is_paused(agent, now)
            or self.is_lapsed(now)
        )

    def change_id(self, target: Address, call: bytes) -> Bytes32:
        """
        The id of a change, scheduled or not.
        """
        return change_id(target, call)

    def live_change(self, id: Bytes32, now: int) -> Change | None:
        """
        A change that waits or may be applied.
        """
        change = self.changes.get(id)
        return change if change is not None and now < change.expires_at else None

    def ready_at(self, id: Bytes32, now: int) -> int:
        """
        When a live change may be applied; 0 for any other.
        """
        change = self.live_change(id, now)
        return 0 if change is None else change.ready_at

    def judge(
        self,
        wallet: WalletState,
        agent: Address,
        token: Address,
        to: Address,
        amount: int,
        category: Bytes32,
        *,
        now: int,
        balance: int,
        may_queue: bool = True,
    ) -> Verdict:
        """
        What a payment comes to, with what the wallet holds of the token as `balance`.
        """
        return judge(
            wallet.line(agent, token, category),
            wallet.limits.get(token),
            stopped=self.is_stopped(wallet.address, agent, now),
            amount=amount,
            possible=to not in (ZERO_ADDRESS, wallet.address),
            listed=to in wallet.recipients,
            balance=balance,
            now=now,
            may_queue=may_queue,
        )

    def judge_batch(
        self,
        wallet: WalletState,
        agent: Address,
        token: Address,
        category: Bytes32,
        payments: Sequence[Payment],
        *,
        now: int,
        balance: int,
    ) -> Verdict:
        """
        What a batch comes to, with what the wallet holds of the token as `balance`.
        """
        impossible = (ZERO_ADDRESS, wallet.address)
        return judge_batch(
            wallet.line(agent, token, category),
            wallet.limits.get(token),
            [(p.amount, p.to not in impossible, p.to in wallet.recipients) for p in payments],
            stopped=self.is_stopped(wallet.address, agent, now),
            balance=balance,
            now=now,
        )

    def preview(
        self,
        wallet: Address,
        agent: Address,
        token: Address,
        to: Address,
        amount: int,
        category: Bytes32,
        *,
        now: int,
        balance: int,
    ) -> Preview:
        """
        What `pay` would do, as far as the wallet's own `preview` can tell.
        """
        state = self.registry[wallet]
        verdict = self.judge(state, agent, token, to, amount, category, now=now, balance=balance)
        assert verdict.preview is not None, "every answer to a single payment has a number"
        return verdict.preview
