"""
What the treasury looks like now: per wallet its money and agents, per agent what it has used.

    View + balances → Status → a table or JSON

Amounts are base units; JSON has them as decimal strings.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from bursar.budgets import BudgetLine, figures, spent
from bursar.budgets.shares import based, daily_limit
from bursar.budgets.windows import comes_back, rolled
from bursar.state import State, WalletState
from bursar.treasury.office import Office, View
from bursar.types import EMPTY, FOREVER, MAX_UINT256, Address, Bytes32

Units = Annotated[int, PlainSerializer(str, return_type=str)]
"""Base units. Numbers of JSON lose digits beyond 2^53, so a string."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TokenStatus(_Model):
    """
    What a wallet has of a token and does with it. `capacity` is how much a refill may bring,
    `maximum` what it may bring the balance to; both None where that is off.
    """

    symbol: str
    address: Address
    decimals: int
    balance: Units
    maximum: Units | None
    capacity: Units | None
    spent_today: Units
    daily_limit: Units | None


class WalletStatus(_Model):
    """
    A wallet. Active agents have a budget that is alive, and nothing stops them.
    """

    name: str
    address: Address
    sealed: bool
    stopped: str
    active_agents: int
    waiting_payments: int
    tokens: tuple[TokenStatus, ...]


class AgentStatus(_Model):
    """
    One budget of an agent. `utilisation` is in percent of the daily limit, which is the one in
    force: of a share (`share_bps` below 10,000), what it comes to today. `spent_today` of a rolling
    budget is what the trailing 24 hours have used. The first of it is back at `more_from`, all of
    it at `day_resets_at`, in Unix seconds, unless more is paid; None where nothing is used.
    """

    agent: str
    address: Address
    wallet: str
    token: str
    decimals: int
    category: str
    spent_today: Units
    daily_limit: Units
    remaining_today: Units
    remaining_this_hour: Units
    utilisation: float
    more_from: int | None
    day_resets_at: int | None
    share_bps: int
    rolling: bool
    expires_at: int
    stopped: str


class HeartbeatStatus(_Model):
    """
    `timeout` and `lapses_at` are None where it is off.
    """

    last: int
    timeout: int | None
    lapses_at: int | None
    lapsed: bool


class Status(_Model):
    """
    Everything, at one block. `stopped` says what stops it and until when; empty while it runs.
    """

    name: str
    chain_id: int
    organisation: Address
    treasury: Address
    block: int
    at: int
    stopped: str
    heartbeat: HeartbeatStatus
    wallets: tuple[WalletStatus, ...]
    agents: tuple[AgentStatus, ...]


def build_status(office: Office, view: View, only: Collection[Address] | None = None) -> Status:
    """
    The status of a view, with the wallets' balances as they are now. Raises ChainError.

    only: these wallets; None for all.
    """
    return _Builder(office, view, only).build()


class _Builder:
    def __init__(self, office: Office, view: View, only: Collection[Address] | None) -> None:
        self.office = office
        self.book = view.book
        self.state: State = view.state
        self.now = view.now
        self.block = view.block
        self.only = only
        self.balance = cache(office.balance)

    def build(self) -> Status:
        registry = self.state.registry.values()
        wallets = [one for one in registry if self.only is None or one.address in self.only]
        return Status(
            name=self.book.name,
            chain_id=self.book.chain_id,
            organisation=self.state.organization,
            treasury=self.state.treasury,
            block=self.block,
            at=self.now,
            stopped=self._stop(self.state.organization) or self._lapse(),
            heartbeat=self._heartbeat(),
            wallets=tuple(map(self._wallet, wallets)),
            agents=tuple(line for wallet in wallets for line in self._lines(wallet)),
        )

    def _heartbeat(self) -> HeartbeatStatus:
        off = self.state.heartbeat_timeout == FOREVER
        timeout = self.state.heartbeat_timeout
        return HeartbeatStatus(
            last=self.state.last_heartbeat,
            timeout=None if off else timeout,
            lapses_at=None if off else self.state.last_heartbeat + timeout,
            lapsed=self.state.is_lapsed(self.now),
        )

    def _stop(self, scope: Address) -> str:
        if not self.state.is_paused(scope, self.now):
            return ""
        until = self.state.paused_until(scope)
        end = "until unpaused" if until == FOREVER else f"until {until}"
        return f"stop {self.state.pause_number(scope)}, {end}"

    def _lapse(self) -> str:
        return "no heartbeat" if self.state.is_lapsed(self.now) else ""

    def _wallet(self, wallet: WalletState) -> WalletStatus:
        name = self.book.name_of(wallet.address)
        return WalletStatus(
            name=name,
            address=wallet.address,
            sealed=wallet.sealed,
            stopped=self._stop(wallet.address),
            active_agents=sum(self._is_active(wallet, agent) for agent in wallet.lines),
            waiting_payments=sum(
                wallet.live_payment(id, self.now) is not None for id in wallet.queue
            ),
            tokens=tuple(self._tokens(wallet)),
        )

    def _is_active(self, wallet: WalletState, agent: Address) -> bool:
        if self.state.is_stopped(wallet.address, agent, self.now) or not wallet.is_agent(agent):
            return False
        return any(line.is_alive(self.now) for line in wallet.lines[agent].values())

    def _tokens(self, wallet: WalletState) -> Iterator[TokenStatus]:
        for token in dict.fromkeys([*wallet.limits, *wallet.max_balances]):
            symbol, decimals = self.book.symbol_of(token)
            balance = self.balance(token, wallet.address)
            maximum, daily = wallet.max_balance(token), wallet.wallet_limit(token)
            unbounded = maximum == MAX_UINT256
            yield TokenStatus(
                symbol=symbol,
                address=token,
                decimals=decimals,
                balance=balance,
                maximum=None if unbounded else maximum,
                capacity=None if unbounded else max(maximum - balance, 0),
                spent_today=wallet.limit(token).spent_on(self.now),
                daily_limit=daily,
            )

    def _lines(self, wallet: WalletState) -> Iterator[AgentStatus]:
        for agent, lines in wallet.lines.items():
            for token, category in lines:
                line = self._line(wallet, agent, token, category)
                # What was removed is told as long as its day counts.
                if line.expires_at or line.spent_today:
                    yield line

    def _line(
        self, wallet: WalletState, agent: Address, token: Address, category: Bytes32
    ) -> AgentStatus:
        line = wallet.line(agent, token, category)
        symbol, decimals = self.book.symbol_of(token)
        _, today = spent(line, self.now)
        # Only a share asks what the wallet has: nobody else's line needs another question.
        is_share = line is not None and line.has_share
        balance = self.balance(token, wallet.address) if is_share else 0
        hour, day, _ = wallet.remaining(agent, token, category, self.now, balance)
        budget, limit = figures(line), limit_in_force(line, self.now, balance)
        more_from, resets_at = comes_back(line, self.now) or (None, None)
        return AgentStatus(
            agent=self.book.name_of(agent),
            address=agent,
            wallet=self.book.name_of(wallet.address),
            token=symbol,
            decimals=decimals,
            category="" if category == EMPTY else self.book.category_name(category),
            spent_today=today,
            daily_limit=limit,
            remaining_today=day,
            remaining_this_hour=min(hour, day),
            utilisation=utilisation(today, limit),
            more_from=more_from,
            day_resets_at=resets_at,
            share_bps=budget.share_bps,
            rolling=budget.rolling,
            expires_at=budget.expires_at,
            stopped=self._stop(agent),
        )


def limit_in_force(line: BudgetLine | None, now: int, balance: int) -> int:
    """
    The daily limit in base units; of a share, what it comes to with `balance` in the wallet, or
    with what the wallet had before the day's first payment. A budget that was removed has none.
    """
    if line is None or line.expires_at == 0:
        return 0
    line = rolled(line, now)
    return daily_limit(based(line, balance)) * line.unit


def utilisation(used: int, limit: int) -> float:
    """
    Percent of a limit, to one decimal; 100 where there is no limit and something was spent.
    """
    if limit == 0:
        return 100.0 if used else 0.0
    return float(round(Decimal(100 * used) / Decimal(limit), 1))
