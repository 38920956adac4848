"""
The decision of each wallet and token: what it has, what it should have, what stands in the way.

    View + treasury.yaml + wishes → Lines.build → Line …
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bursar.config import Treasury
from bursar.events import Refilled
from bursar.state import State, WalletState
from bursar.treasury.office import Office, View
from bursar.treasury.refills.at_block import fetch_balance_at
from bursar.treasury.refills.evidence import Line
from bursar.treasury.refills.targets import Wishes, build_target, find_line_problem
from bursar.treasury.spends import Spend
from bursar.treasury.words import Words
from bursar.types import DAY, Address

PERIOD_DAYS: Final = 7
"""How many whole UTC days are looked at, beside today so far."""


class Lines:
    """
    As of one view.
    """

    def __init__(
        self,
        office: Office,
        view: View,
        treasury: Treasury | None,
        spends: Sequence[Spend],
        wishes: Wishes,
    ) -> None:
        self.office = office
        self.view = view
        self.state: State = view.state
        self.treasury = treasury
        self.spends = spends
        self.wishes = wishes
        self.words = Words(view.book)

    def build(self) -> Iterator[Line]:
        """
        One for each wallet and token that this refill is about. Raises ChainError.
        """
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
        for planned in self.treasury.wallets if self.treasury else ():
            if planned.name == name:
                found = (one.refill_to for one in planned.tokens if one.token.symbol == symbol)
                return next(found, 0)
        return 0

    def _average(self, wallet: Address, token: Address, decimals: int) -> int:
        """
        Of the whole days, rounded up to what people read: a cent, or a ten thousandth.
        """
        today = self.view.now // DAY * DAY
        first = today - PERIOD_DAYS * DAY
        spent = sum(
            one.amount
            for one in self.spends
            if (one.wallet, one.token) == (wallet, token) and first <= one.at < today
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
