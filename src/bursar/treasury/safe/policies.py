"""
What people want changed, in words → the treasury's call. Nobody ever types calldata.

    Wish + names + what the chain has now → Proposal: a call made directly, or one that waits

What loosens goes through `schedule`, what tightens is called directly: the reference model says
which. What the contracts would refuse is refused here, with their reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bursar.book import AddressBook
from bursar.budgets import Budget
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.reader import Call
from bursar.changes import find_setter
from bursar.reference import Chain
from bursar.state import State
from bursar.treasury.office import View
from bursar.treasury.safe.errors import DraftError
from bursar.treasury.safe.words.outlook import HopefulChain, Outlook
from bursar.types import (
    ALL_BPS,
    EXPIRY_HOURS_END,
    HOUR,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
    Address,
    Bytes32,
)


@dataclass(frozen=True)
class BudgetWish:
    """
    The figures of a budget that are to be changed, in base units; None leaves what is.
    """

    per_payment: int | None = None
    hourly: int | None = None
    daily: int | None = None
    queue_from: int | None = None
    max_payments: int | None = None
    expires_at: int | None = None
    share_bps: int | None = None
    rolling: bool | None = None
    allowlist_only: bool | None = None


class Policy:
    """
    The treasury's calls, made from words, for one organisation as it is now.
    """

    def __init__(self, view: View, chain: Chain | None = None) -> None:
        self.view = view
        known = chain or HopefulChain(view.state.treasury)
        self.outlook = Outlook(view.state, view.now, known)

    @property
    def state(self) -> State:
        """
        What the chain has now.
        """
        return self.view.state

    @property
    def book(self) -> AddressBook:
        """
        The names.
        """
        return self.view.book

    # Wallets

    def set_budget(
        self, wallet: Address, agent: Address, token: Address, category: Bytes32, wish: BudgetWish
    ) -> Call:
        """
        Change a budget, or give one. Lowering a limit takes the smaller ones down with it.
        """
        self._require_wallet(wallet)
        old = self.state.registry[wallet].budget(agent, token, category)
        new = _first_budget(wish) if old.expires_at == 0 else _changed_budget(old, wish)
        return self.set(wallet, "set_budget", agent, token, category, new)

    def remove_budget(
        self, wallet: Address, agent: Address, token: Address, category: Bytes32
    ) -> Call:
        """
        Remove a budget, at once.
        """
        self._require_wallet(wallet)
        old = self.state.registry[wallet].budget(agent, token, category)
        if old.expires_at == 0:
            raise DraftError("There is no such budget: `bursar status` shows those that there are.")
        gone = old.model_copy(update={"expires_at": 0})
        return self.set(wallet, "set_budget", agent, token, category, gone)

    def seal(self, wallet: Address) -> Call:
        """
        End the setting up of a wallet.
        """
        return self._direct(self._require_wallet(wallet), "seal")

    def rotate_agent(self, old: Address, new: Address) -> list[Call]:
        """
        Hand an agent's budgets to a new key, in every wallet where it has any.
        """
        wallets = [one.address for one in self.state.registry.values() if one.is_agent(old)]
        if not wallets:
            raise DraftError(f"{old} is an agent of no wallet: there is nothing to rotate.")
        return [self._direct(wallet, "rotate_agent", old, new) for wallet in wallets]

    def sweep(self, wallet: Address, token: Address, reason: str) -> Call:
        """
        Bring all of a token back to the treasury.
        """
        return self._direct(self._require_wallet(wallet), "sweep", token, reason)

    # The organisation

    def set_keeper(self, who: Address, on: bool) -> Call:
        """
        Add or remove a keeper, at once either way.
        """
        return self._direct(self.state.organization, "set_keeper", who, on)

    def unpause(self, scope: Address, seen: int, reason: str) -> Call:
        """
        Release a stop: the one that was looked at.
        """
        return self._direct(self.state.organization, "unpause", scope, seen, reason)

    def veto(self, id: Bytes32, reason: str) -> Call:
        """
        Strike out a pending change, as the treasury.
        """
        return self._direct(self.state.organization, "veto", id, reason)

    # Whatever waits where it loosens

    def set(self, target: Address, setter: str, *values: Any) -> Call:
        """
        A timelocked setter: directly where the contract takes it so, else scheduled.

        Raises DraftError where the change would be refused either way.
        """
        if not self.outlook.must_wait(target, setter, values):
            return self._direct(target, setter, *values)
        wallet = self.state.registry.get(target)
        if wallet is not None and not wallet.sealed:
            return self._direct(target, setter, *values)
        after = self.outlook.applied(target, setter, values)
        if after is None:
            raise DraftError(self._refused(setter, "it could never be applied"))
        call = self._encode(target, setter, values)
        assert find_setter(call) is not None, "only timelocked setters loosen"
        return self._direct(self.state.organization, "schedule", target, call)

    def _direct(self, target: Address, function: str, *values: Any) -> Call:
        refusal = self.outlook.refusal(target, function, values)
        if refusal is not None:
            raise DraftError(self._refused(function, refusal))
        return Call(target, self._encode(target, function, values))

    def _refused(self, function: str, why: str) -> str:
        return f"The contracts would refuse {function}: {why}. Nothing was drafted."

    def _encode(self, target: Address, function: str, values: Sequence[Any]) -> bytes:
        kind = organization_type() if target == self.state.organization else wallet_type()
        return kind.encode(function, *values)

    def _require_wallet(self, wallet: Address) -> Address:
        if wallet not in self.state.registry:
            raise DraftError(f"{wallet} is no wallet of this organisation.")
        return wallet


def _first_budget(wish: BudgetWish) -> Budget:
    """
    A budget that did not exist: what decides over money has to be said.
    """
    needed = {
        "--daily": wish.daily,
        "--per-payment": wish.per_payment,
        "--queue-from": wish.queue_from,
    }
    missing = [option for option, value in needed.items() if value is None]
    if missing:
        raise DraftError(
            f"The agent has no such budget yet: a new one needs {', '.join(missing)} "
            "(--queue-from off where no payment is to wait)."
        )
    most = MAX_PAYMENTS_PER_DAY if wish.max_payments is None else wish.max_payments
    last = (EXPIRY_HOURS_END - 1) * HOUR
    assert wish.daily is not None
    assert wish.per_payment is not None
    assert wish.queue_from is not None
    return Budget(
        per_payment=wish.per_payment,
        hourly=wish.daily if wish.hourly is None else wish.hourly,
        daily=wish.daily,
        queue_from=min(wish.queue_from, MAX_UINT256),
        max_payments=most,
        expires_at=last if wish.expires_at is None else wish.expires_at,
        share_bps=ALL_BPS if wish.share_bps is None else wish.share_bps,
        rolling=bool(wish.rolling),
        allowlist_only=bool(wish.allowlist_only),
    )


def _changed_budget(old: Budget, wish: BudgetWish) -> Budget:
    asked = {name: value for name, value in vars(wish).items() if value is not None}
    if not asked:
        raise DraftError("Say what is to change, such as --daily 8000.")
    new = {**old.model_dump(), **asked}
    # A smaller limit that nobody spoke of gives way; one that somebody named is theirs to mend.
    for inner, outer in (("hourly", "daily"), ("per_payment", "hourly")):
        if inner not in asked:
            new[inner] = min(new[inner], new[outer])
    return Budget(**new)
