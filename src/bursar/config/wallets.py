"""
The wallets: their tokens, their recipients and their agents' budgets.
"""

from collections import Counter
from decimal import Decimal

from bursar.config.amounts import Off, format_amount
from bursar.config.books import Books, read_units
from bursar.config.bounds import GRACE, PAYMENT_DELAY, read_seconds
from bursar.config.figures import read_budget
from bursar.config.limits import Line
from bursar.config.model import UNCATEGORISED, Account, Category, Token
from bursar.config.problems import Mark, build_hint
from bursar.config.profiles import DEFAULT_PROFILE, PROFILES, Profile
from bursar.config.reading import BROKEN, is_readable
from bursar.config.sections import TreasuryFile
from bursar.config.treasury import AgentBudget, Wallet, WalletToken
from bursar.config.wallet_sections import BudgetSection, WalletSection, WalletTokenSection
from bursar.reasons import MEANINGS, Reason
from bursar.types import (
    MAX_BUDGETS_PER_AGENT,
    MAX_LIMIT,
    MAX_UINT256,
)


def read_wallets(books: Books, file: TreasuryFile) -> tuple[Wallet, ...]:
    """
    Every wallet. Those with problems, which are noted, are incomplete.
    """
    if not is_readable(file.wallets):
        return ()
    return tuple(
        _WalletReader(books, name, section).read()
        for name, section in file.wallets.items()
        if is_readable(section)
    )


class _WalletReader:
    """
    Reads one wallet.
    """

    def __init__(self, books: Books, name: str, section: WalletSection) -> None:
        self._books = books
        self._problems = books.problems
        self._name = name
        self._section = section
        self._profile = books.profiles.find(
            section.profile, section.mark("profile"), books.problems
        )

    def read(self) -> Wallet:
        profile = self._profile or PROFILES[DEFAULT_PROFILE]
        return Wallet.model_construct(
            name=self._name,
            profile=profile,
            payment_delay=self._read_delay(profile),
            grace=read_seconds(self._problems, self._section, "grace", GRACE),
            tokens=self._read_tokens(),
            recipients=self._read_recipients(),
            budgets=self._read_budgets(),
        )

    def _read_delay(self, profile: Profile) -> int:
        if self._section.payment_delay is None:
            return profile.payment_delay
        return read_seconds(self._problems, self._section, "payment_delay", PAYMENT_DELAY)

    # Tokens

    def _read_tokens(self) -> tuple[WalletToken, ...]:
        if not is_readable(self._section.tokens):
            return ()
        if not self._section.tokens:
            fix = "name a token, with daily and max_balance"
            self._problems.add(self._section.mark("tokens"), "a wallet without tokens", fix)
        found = [self._read_token(*item) for item in self._section.tokens.items()]
        return tuple(token for token in found if token is not None)

    def _read_token(self, symbol: str, section: WalletTokenSection) -> WalletToken | None:
        mark = self._section.key_mark("tokens", symbol)
        token = self._books.tokens.find(symbol, mark, self._problems)
        if token is None or not is_readable(section):
            return None
        daily = self._read_figure(section, "daily", token, MAX_LIMIT)
        max_balance = self._read_figure(section, "max_balance", token, MAX_UINT256)
        refill_to = 0
        if section.refill_to is not None:
            refill_to = self._read_figure(section, "refill_to", token, MAX_UINT256)
        alert_below = None
        if section.alert_below is not None:
            alert_below = self._read_figure(section, "alert_below", token, 0)
        if not is_readable(daily, max_balance, refill_to, alert_below):
            return None
        self._check_wallet_limit(section, token, daily)
        self._check_refill(section, token, max_balance, refill_to)
        return WalletToken.model_construct(
            token=token,
            daily=daily,
            max_balance=max_balance,
            refill_to=refill_to,
            alert_below=alert_below,
        )

    def _read_figure(self, section: WalletTokenSection, field: str, token: Token, off: int) -> int:
        amount: Decimal | Off = getattr(section, field)
        if isinstance(amount, str):
            return off
        return read_units(self._problems, section.mark(field), amount, token)

    def _check_wallet_limit(self, section: WalletTokenSection, token: Token, daily: int) -> None:
        if daily > MAX_LIMIT:
            found = format_amount(daily, token.decimals)
            message = f"the contract refuses it: {MEANINGS[Reason.LIMITS_LARGE]} base units"
            self._problems.add(section.mark("daily"), message, "write less, or off", found)

    def _check_refill(
        self, section: WalletTokenSection, token: Token, max_balance: int, refill_to: int
    ) -> None:
        if refill_to > max_balance:
            most = format_amount(max_balance, token.decimals)
            fix = f"write {most} or less, or raise max_balance"
            found = format_amount(refill_to, token.decimals)
            message = f"refill_to is more than max_balance, {most}"
            self._problems.add(section.mark("refill_to"), message, fix, found)

    # Recipients

    def _read_recipients(self) -> tuple[Account, ...]:
        names = self._section.recipients
        found = []
        for index, name in enumerate(names if is_readable(names) else ()):
            mark = self._section.item_mark("recipients", index)
            recipient = self._books.recipients.find(name, mark, self._problems)
            if is_readable(name) and name in names[:index]:
                self._problems.add(mark, "the same recipient twice", "remove one", name)
            elif recipient is not None:
                found.append(recipient)
        return tuple(found)

    # Budgets

    def _read_budgets(self) -> tuple[AgentBudget, ...]:
        sections = self._section.budgets
        if not is_readable(sections):
            return ()
        readable = [section for section in sections if is_readable(section)]
        found = [self._read_budget(section) for section in readable]
        self._check_twice(readable)
        self._check_count(readable)
        return tuple(budget for budget in found if budget is not None)

    def _read_budget(self, section: BudgetSection) -> AgentBudget | None:
        agent = self._books.agents.find(section.agent, section.mark("agent"), self._problems)
        token = self._token_of(section)
        category = self._category_of(section)
        profile = self._profile_of(section)
        self._check_allowlist(section)
        line = Line(self._problems, section, profile or BROKEN, token or BROKEN)
        budget = read_budget(line)
        if agent is None or category is None or budget is None:
            return None
        return AgentBudget(
            agent=agent, token=line.token, category=category, profile=line.profile, budget=budget
        )

    def _token_of(self, section: BudgetSection) -> Token | None:
        tokens = self._section.tokens
        if not is_readable(tokens, section.token):
            return None
        if section.token is None:
            return self._only_token(section)
        mark = section.mark("token")
        if section.token not in tokens and section.token in (self._books.tokens.entries or {}):
            otherwise = f"add {section.token} to the tokens of wallet {self._name}"
            fix = build_hint(section.token, tokens, otherwise)
            message = f"wallet {self._name} has no such token"
            self._problems.add(mark, message, fix, section.token)
            return None
        if section.token in tokens:
            return (self._books.tokens.entries or {}).get(section.token)
        return self._books.tokens.find(section.token, mark, self._problems)

    def _only_token(self, section: BudgetSection) -> Token | None:
        tokens = self._section.tokens
        if len(tokens) == 1:
            return (self._books.tokens.entries or {}).get(next(iter(tokens)))
        if tokens:
            fix = f"add token: one of {', '.join(tokens)}"
            self._problems.add(section.mark("token"), "which token is meant is not said", fix)
        return None

    def _category_of(self, section: BudgetSection) -> Category | None:
        if section.category is None:
            return UNCATEGORISED
        return self._books.categories.find(
            section.category, section.mark("category"), self._problems
        )

    def _profile_of(self, section: BudgetSection) -> Profile | None:
        if section.profile is None:
            return self._profile
        return self._books.profiles.find(section.profile, section.mark("profile"), self._problems)

    def _check_allowlist(self, section: BudgetSection) -> None:
        recipients = self._section.recipients
        if section.allowlist_only is True and is_readable(recipients) and not recipients:
            fix = f"add recipients to wallet {self._name}, or remove allowlist_only"
            message = "pays only to the wallet's recipients, and it has none"
            self._problems.add(section.mark("allowlist_only"), message, fix)

    def _check_twice(self, sections: list[BudgetSection]) -> None:
        """
        Note a second budget of the same agent, token and category.
        """
        first: dict[tuple[str, str | None, str | None], Mark] = {}
        only = next(iter(self._section.tokens), None) if is_readable(self._section.tokens) else None
        for section in sections:
            key = (section.agent, section.token or only, section.category)
            mark = section.mark("agent")
            other = first.setdefault(key, mark)
            if is_readable(*key) and other != mark:
                message = "a second budget of this agent, token and category"
                fix = f"merge it with the one on line {other.line}, or give it a category"
                self._problems.add(mark, message, fix, section.agent)

    def _check_count(self, sections: list[BudgetSection]) -> None:
        counts = Counter(section.agent for section in sections if is_readable(section.agent))
        for agent, count in counts.items():
            if count > MAX_BUDGETS_PER_AGENT:
                mark = self._section.mark("budgets")
                fix = "remove some, or move some to another wallet"
                message = f"too many budgets: {MEANINGS[Reason.AGENTS_FULL]}"
                self._problems.add(mark, message, fix, f"{count} of {agent}")
