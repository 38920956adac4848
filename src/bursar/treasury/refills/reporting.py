"""
The refill report: what the chain, the file and the records say about the last seven days, at one
block.

    Office + Views + treasury.yaml + receipt keys → build_report → Report

Reading only: nothing is sent and nothing is kept. Amounts are base units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bursar.chain.safe import Safe
from bursar.config import Treasury
from bursar.events import BudgetSet, Event
from bursar.receipts import Verifier
from bursar.state import State
from bursar.treasury.anomalies import Account, Anomaly, Period, Surroundings, find_anomalies
from bursar.treasury.office import Office, View
from bursar.treasury.refills.activity import build_activity, daily_limits
from bursar.treasury.refills.at_block import fetch_balance_at, fetch_block_hash
from bursar.treasury.refills.comparing import Signers, find_differences
from bursar.treasury.refills.declared import build_declared
from bursar.treasury.refills.evidence import Line, Master, Report, SafeFacts, Source
from bursar.treasury.refills.findings import build_findings, find_unjudged
from bursar.treasury.refills.incidents import find_incidents
from bursar.treasury.refills.lines import PERIOD_DAYS, Lines
from bursar.treasury.refills.ports import Alerts, NothingRecorded, Refusals, Views
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.spends import find_spends, find_successors
from bursar.treasury.words import Words
from bursar.types import DAY, ZERO_ADDRESS, Address

# One signature could be one stolen key: that is no treasury.
SMALLEST_THRESHOLD: Final = 2


class FileRead(NamedTuple):
    """
    treasury.yaml, and which bytes it was. `treasury` is None where the file is not at hand: then
    nothing is compared with it.
    """

    treasury: Treasury | None
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
        treasury = self.reporter.file.treasury
        built = Lines(self.office, self.view, treasury, self.spends, self.wishes)
        lines = tuple(built.build())
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
        treasury = self.reporter.file.treasury
        if treasury is None:
            return ()
        signers = Signers(safe.address, frozenset(safe.fetch_owners()), safe.fetch_threshold())
        return find_differences(treasury, self.state, self.words, signers)

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
        block, treasury = self.view.block, self.state.treasury
        for token, amount in needed.items():
            if not amount:
                continue
            symbol, decimals = self.view.book.symbol_of(token)
            balance = fetch_balance_at(self.office, token, treasury, block)
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
