"""
From the file's sections to the treasury: names looked up, figures checked, everything noted.

    TreasuryFile → Books (definitions) → people → wallets → Treasury
"""

from bursar.config.alerts import read_alerts
from bursar.config.amounts import OFF, Off, format_amount
from bursar.config.books import Books, Register
from bursar.config.bounds import CHANGE_DELAY, HEARTBEAT_TIMEOUT, read_seconds
from bursar.config.definitions import read_categories, read_chain, read_tokens
from bursar.config.model import Safe, Token
from bursar.config.own_profiles import read_profiles
from bursar.config.people import (
    check_watch,
    read_agents,
    read_holders,
    read_recipients,
    read_safe,
)
from bursar.config.problems import Problems
from bursar.config.reading import is_readable
from bursar.config.sections import OrganisationSection, TreasuryFile
from bursar.config.treasury import Treasury, Wallet
from bursar.config.wallets import read_wallets
from bursar.types import FOREVER


def resolve(file: TreasuryFile, problems: Problems) -> Treasury:
    """
    The treasury that the file describes. Raises ConfigError with everything that is wrong.
    """
    books, register = Books(problems), Register(problems)
    books.chain = read_chain(books, file.chain)
    books.tokens = read_tokens(books, register, file)
    books.categories = read_categories(books, file)
    books.profiles = read_profiles(books, file)
    safe = read_safe(books, register, file.safe)
    guardians = read_holders(books, register, file, "guardians", "guardian")
    keepers = read_holders(books, register, file, "keepers", "keeper")
    books.agents = read_agents(books, register, file)
    books.recipients = read_recipients(books, register, file)
    check_watch(books, file)
    wallets = read_wallets(books, file)
    change_delay, heartbeat_timeout = _read_times(problems, file.organisation)
    _check_refills(books, file, safe, wallets)
    alerts = read_alerts(books, file)
    problems.raise_any()
    assert books.chain is not None
    assert safe is not None
    # Validated once more as a whole, now that nothing in it is broken.
    return Treasury.model_validate(
        Treasury.model_construct(
            name=file.organisation.name,
            change_delay=change_delay,
            heartbeat_timeout=heartbeat_timeout,
            treasury_manager=file.organisation.treasury_manager,
            chain=books.chain,
            safe=safe,
            guardians=guardians,
            keepers=keepers,
            tokens=books.tokens.values(),
            categories=books.categories.values(),
            recipients=tuple(
                account for account in books.recipients.values() if account.name in file.recipients
            ),
            profiles=books.profiles.values(),
            agents=books.agents.values(),
            wallets=wallets,
            alerts=alerts,
        ).model_dump()
    )


def _read_times(problems: Problems, section: OrganisationSection) -> tuple[int, int]:
    """
    Change delay and heartbeat timeout.
    """
    if not is_readable(section):
        return 0, 0
    delay = read_seconds(problems, section, "change_delay", CHANGE_DELAY)
    timeout: int | Off = section.heartbeat_timeout
    if timeout == OFF:
        return delay, FOREVER
    return delay, read_seconds(problems, section, "heartbeat_timeout", HEARTBEAT_TIMEOUT)


def _check_refills(
    books: Books, file: TreasuryFile, safe: Safe | None, wallets: tuple[Wallet, ...]
) -> None:
    """
    Note first refills that come to more than a new local Safe is given.
    """
    if safe is None or safe.address is not None or not books.is_devnet:
        return
    given = {amount.token.symbol: amount.amount for amount in safe.devnet_balance}
    if not is_readable(file.safe.devnet_balance) or len(given) < len(file.safe.devnet_balance):
        return
    for token in books.tokens.values():
        wanted = _sum_of_refills(wallets, token)
        if wanted > given.get(token.symbol, 0):
            shown = format_amount(wanted, token.decimals)
            message = f"the wallets' first refills come to more {token.symbol} than the Safe gets"
            fix = f"give it {shown} at least, or lower refill_to"
            found = format_amount(given.get(token.symbol, 0), token.decimals)
            books.problems.add(file.safe.mark("devnet_balance"), message, fix, found)


def _sum_of_refills(wallets: tuple[Wallet, ...], token: Token) -> int:
    return sum(
        held.refill_to
        for wallet in wallets
        for held in wallet.tokens
        if held.token.symbol == token.symbol
    )
