"""
The refill report: what the chain, the file and the records say about the last seven days, at one
block.

    Office + Views + treasury.yaml + receipt keys → build_report → Report

Reading only: nothing is sent and nothing is kept. Amounts are base units.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bursar.chain.contracts import token_at
from bursar.chain.safe import Safe
from bursar.config import Treasury
from bursar.events import BudgetSet, Event, Refilled
from bursar.receipts import Verifier
from bursar.state import State, WalletState
from bursar.treasury.anomalies import Account, Anomaly, Period, Surroundings, find_anomalies
from bursar.treasury.office import Office, View
from bursar.treasury.refills.activity import build_activity, daily_limits
from bursar.treasury.refills.comparing import Signers, find_differences
from bursar.treasury.refills.declared import build_declared
from bursar.treasury.refills.evidence import Line, Master, Report, SafeFacts, Source
from bursar.treasury.refills.findings import build_findings, find_unjudged
from bursar.treasury.refills.incidents import find_incidents
from bursar.treasury.refills.ports import Alerts, NothingRecorded, Refusals, Views
from bursar.treasury.refills.targets import DAYS, build_target, find_line_problem
from bursar.treasury.spends import find_spends, find_successors
from bursar.treasury.words import Words
from bursar.types import DAY, NATIVE, ZERO_ADDRESS, Address

PERIOD_DAYS: Final = 7
"""How many whole UTC days are looked at, beside today so far."""
# One signature could be one stolen key: that is no treasury.
SMALLEST_THRESHOLD: Final = 2


class Wishes(NamedTuple):
    """
    What this refill is about: `wallets` (None: all), balances that somebody asked for by wallet
    and token, and for how many days of average spend a wallet without a plan is filled.
    """

    wallets: frozenset[Address] | None = None
    balances: Mapping[tuple[Address, Address], int] = {}
    days: int = DAYS


class FileRead(NamedTuple):
    """
    treasury.yaml, and which bytes it was.
    """

    treasury: Treasury
    source: Source


@dataclass
class Reporter:
    """
    Where the evidence comes from.
    """

    office: Office
    views: Views
    file: FileRead
    alerts: Alerts = field(default_factory=NothingRecorded)
    refusals: Refusals = field(default_factory=NothingRecorded)
    receipts: Verifier | None = None

    def build(self, by: str, wishes: Wishes | None = None) -> Report:
        """
        The report as of the latest block, prepared by a person. Raises ChainError.
        """
        return _Report(self, self.views.view(), wishes or Wishes()).build(by)


def period_until(now: int) -> Period:
    """
    Seven whole UTC days, and today so far.
    """
    return Period((now // DAY - PERIOD_DAYS) * DAY, now + 1)


class _Report:
    def __init__(self, reporter: Reporter, view: View, wishes: Wishes) -> None:
        self.reporter = reporter
        self.office = reporter.office
        self.view = view
        self.state: State = view.state
        self.wishes = wishes
        self.words = Words(view.book)
        self.period = period_until(view.now)
        self.spends = find_spends(view.events)

    def build(self, by: str) -> Report:
        safe = self._safe()
        lines = tuple(self._lines())
        master = tuple(self._master(lines))
        reporter, period = self.reporter, self.period
        since = _first_budgets(self.view.events)
        unjudged = find_unjudged(
            self.state, since, period, self.words, receipts=reporter.receipts is not None
        )
        refusals = reporter.refusals.fetch_refusals(*period)
        alerts = reporter.alerts.fetch_alerts(*period)
        return Report(
            organisation=self.view.book.name,
            organization=self.state.organization,
            chain_id=self.view.book.chain_id,
            block=self.view.block,
            block_hash=fetch_block_hash(self.office, self.view.block) or "",
            at=self.view.now,
            first=period.first,
            prepared_by=by,
            source=reporter.file.source,
            activity=build_activity(self.spends, self.state, self.words, period),
            refusals=None if refusals is None else tuple(refusals),
            findings=build_findings(self._anomalies(since), self.words),
            unjudged=tuple(unjudged),
            differences=self._differences(safe),
            alerts=None if alerts is None else tuple(alerts),
            incidents=find_incidents(self.state, self.words, self.view.now),
            safe=self._facts(safe),
            master=master,
            lines=lines,
            problems=tuple(self._problems(safe, master)),
        )

    def _anomalies(self, since: dict[Account, int]) -> Sequence[Anomaly]:
        keys, chain_id = self.reporter.receipts, self.view.book.chain_id
        declared = None if keys is None else build_declared(self.spends, keys, chain_id)
        around = Surroundings(
            limits=daily_limits(self.state, self.view.now),
            since=since,
            listed=lambda wallet, to: self.state.registry[wallet].is_recipient(to),
            declared=declared,
        )
        return find_anomalies(self.spends, around, self.period)

    # The treasury

    def _safe(self) -> Safe:
        return Safe(self.office.client, self.state.treasury, ZERO_ADDRESS)

    def _differences(self, safe: Safe) -> tuple[str, ...]:
        signers = Signers(safe.address, frozenset(safe.fetch_owners()), safe.fetch_threshold())
        return find_differences(self.reporter.file.treasury, self.state, self.words, signers)

    def _facts(self, safe: Safe) -> SafeFacts:
        guard = safe.fetch_guard()
        return SafeFacts(
            address=safe.address,
            owners=tuple(map(self.words.name, safe.fetch_owners())),
            threshold=safe.fetch_threshold(),
            modules=safe.fetch_modules(),
            guard=None if guard == ZERO_ADDRESS else guard,
        )

    def _master(self, lines: Iterable[Line]) -> Iterable[Master]:
        needed: dict[Address, int] = {}
        for line in lines:
            needed[line.token_address] = needed.get(line.token_address, 0) + line.amount
        for token, amount in needed.items():
            if not amount:
                continue
            symbol, decimals = self.view.book.symbol_of(token)
            balance = self._balance(token, self.state.treasury)
            yield Master(token=symbol, decimals=decimals, balance=balance, needed=amount)

    def _problems(self, safe: Safe, master: Iterable[Master]) -> Iterable[str]:
        threshold = safe.fetch_threshold()
        if threshold < SMALLEST_THRESHOLD:
            yield (
                f"The Safe {safe.address} asks for {threshold} signature: a single key could empty "
                f"it. Raise its threshold to {SMALLEST_THRESHOLD} at least, then report again."
            )
        if safe.fetch_modules():
            yield (
                f"The Safe {safe.address} has modules, which act without any signature: remove "
                "them, then report again."
            )
        for one in master:
            if one.needed > one.balance:
                missing = self.words.amount(one.needed - one.balance, self._token(one.token))
                yield f"The treasury is short of {missing} for this refill."

    def _token(self, symbol: str) -> Address:
        return self.view.book.find_token(symbol)[1].address

    # The wallets

    def _lines(self) -> Iterable[Line]:
        for wallet in self.state.registry.values():
            if self.wishes.wallets is None or wallet.address in self.wishes.wallets:
                for token in self._tokens(wallet):
                    yield self._line(wallet, token)

    def _tokens(self, wallet: WalletState) -> Iterable[Address]:
        wished = [token for address, token in self.wishes.balances if address == wallet.address]
        held = [token for token in wallet.limits if wallet.wallet_limit(token)]
        capped = [token for token in wallet.max_balances if wallet.max_balance(token)]
        return dict.fromkeys([*held, *capped, *wished])

    def _line(self, wallet: WalletState, token: Address) -> Line:
        symbol, decimals = self.view.book.symbol_of(token)
        current, maximum = self._balance(token, wallet.address), wallet.max_balance(token)
        average = self._average(wallet.address, token, decimals)
        target = build_target(
            current=current,
            maximum=maximum,
            planned=self._planned(wallet, symbol),
            wished=self.wishes.balances.get((wallet.address, token)),
            average=average,
            days=self.wishes.days,
        )
        problem = find_line_problem(
            sealed=wallet.sealed,
            stopped=self._is_stopped(wallet),
            enabled=wallet.wallet_limit(token) > 0,
            current=current,
            maximum=maximum,
        )
        # A wallet that needs nothing has no problem that would keep others from being refilled.
        problems = [problem] if problem and target.amount else []
        problems += [target.problem] if target.problem else []
        return Line(
            wallet=self.words.name(wallet.address),
            address=wallet.address,
            token=symbol,
            token_address=token,
            decimals=decimals,
            current=current,
            target=current if problems else target.target,
            amount=0 if problems else target.amount,
            maximum=maximum,
            reason=target.reason,
            average=average,
            last_refill=self._last_refill(wallet.address, token),
            problems=tuple(problems),
        )

    def _is_stopped(self, wallet: WalletState) -> bool:
        state, now = self.state, self.view.now
        scopes = (state.organization, wallet.address)
        return any(state.is_paused(scope, now) for scope in scopes) or state.is_lapsed(now)

    def _planned(self, wallet: WalletState, symbol: str) -> int:
        name = self.words.name(wallet.address)
        for planned in self.reporter.file.treasury.wallets:
            if planned.name == name:
                found = (one.refill_to for one in planned.tokens if one.token.symbol == symbol)
                return next(found, 0)
        return 0

    def _average(self, wallet: Address, token: Address, decimals: int) -> int:
        """
        Of the whole days, rounded up to what people read: a cent, or a ten thousandth.
        """
        today = self.view.now // DAY * DAY
        spent = sum(
            one.amount
            for one in self.spends
            if (one.wallet, one.token) == (wallet, token) and self.period.first <= one.at < today
        )
        step: int = 10 ** max(decimals - (2 if decimals <= 8 else 4), 0)
        return -(-spent // (PERIOD_DAYS * step)) * step

    def _last_refill(self, wallet: Address, token: Address) -> int | None:
        times = (
            event.at
            for event in self.view.events
            if isinstance(event, Refilled) and (event.emitter, event.token) == (wallet, token)
        )
        return max(times, default=None)

    def _balance(self, token: Address, who: Address) -> int:
        return fetch_balance_at(self.office, token, who, self.view.block)


def fetch_balance_at(office: Office, token: Address, who: Address, block: int) -> int:
    """
    What `who` had of a token after a block, in base units. Raises ChainError.
    """
    if token == NATIVE:
        return office.client.fetch_balance(who, block)
    contract = token_at(office.client, token)
    output = office.client.call(contract.build_call("balanceOf", who), block=block)
    return int(contract.type.decode("balanceOf", output))


def fetch_block_hash(office: Office, block: int) -> str | None:
    """
    The hash of a block; None where the node has none of that number.
    """
    found = office.client.rpc.request_object("eth_getBlockByNumber", hex(block), False)
    return None if found is None else str(found.get("hash"))


def _first_budgets(events: Sequence[Event]) -> dict[Account, int]:
    """
    When each agent got its first budget of a token. A rotated key is the same agent.
    """
    successors = find_successors(events)
    first: dict[Account, int] = {}
    for event in events:
        if isinstance(event, BudgetSet):
            agent = event.agent
            while (event.emitter, agent) in successors:
                agent = successors[event.emitter, agent]
            first.setdefault((event.emitter, agent, event.token), event.at)
    return first
