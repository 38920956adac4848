"""
Everybody with an address: the Safe and its owners, guardians, keepers, agents, recipients.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from eth_account import Account as KeyPair

from bursar.config.amounts import OFF
from bursar.config.books import Book, Books, Register, read_units
from bursar.config.model import Account, Agent, Amount, Safe
from bursar.config.names import DEVNET, Devnet
from bursar.config.problems import Mark
from bursar.config.reading import Section, is_readable
from bursar.config.sections import AgentSection, SafeSection, TreasuryFile
from bursar.types import (
    MAX_FIRST_GUARDIANS,
    MAX_FIRST_KEEPERS,
    Address,
    checksummed,
    keccak,
)

# One signature that suffices is what a treasury under a multisig exists to prevent.
_LEAST_THRESHOLD: Final = 2


@lru_cache(maxsize=1_024)
def devnet_address(key: str) -> Address:
    """
    The address of a local chain's account of that name. Its private key is public.
    """
    return checksummed(KeyPair.from_key(keccak(f"bursar local chain: {key}".encode())).address)


def read_account(
    books: Books, role: str, name: str, holder: Address | Devnet, mark: Mark
) -> Account | None:
    """
    Somebody of that role; None if the address could not be read or cannot be.
    """
    if not is_readable(holder):
        return None
    if holder != DEVNET:
        return Account(name=name, address=holder, devnet_key=None)
    if books.is_devnet is False:
        fix = "write the address, or use the chain anvil"
        books.problems.add(mark, "devnet keys are public, and this chain is real", fix, DEVNET)
        return None
    key = f"{role} {name}"
    return Account(name=name, address=devnet_address(key), devnet_key=key)


def read_holders(
    books: Books, register: Register, section: Section, field: str, role: str
) -> tuple[Account, ...]:
    """
    Everybody in a mapping of names and addresses.
    """
    holders: Mapping[str, Address | Devnet] = getattr(section, field)
    found = []
    for name, holder in (holders if is_readable(holders) else {}).items():
        mark = section.entry_mark(field, name)
        account = read_account(books, role, name, holder, mark)
        if account is not None:
            register.enter(account.address, f"{role} {name}", mark)
            found.append(account)
    return tuple(found)


def read_safe(books: Books, register: Register, section: SafeSection) -> Safe | None:
    """
    The multisig.
    """
    if not is_readable(section):
        return None
    _check_safe_given(books, section)
    _check_threshold(books, section)
    owners = read_holders(books, register, section, "owners", "owner") if section.owners else ()
    if section.address is not None and is_readable(section.address):
        register.enter(section.address, "the Safe", section.mark("address"))
    return Safe.model_construct(
        address=section.address,
        owners=owners,
        threshold=section.threshold,
        devnet_balance=_read_balance(books, section),
    )


def _check_safe_given(books: Books, section: SafeSection) -> None:
    if section.address is not None:
        return
    if books.is_devnet is False:
        fix = "create the Safe first (app.safe.global) and write address: its address"
        mark = section.mark("address")
        books.problems.add(mark, "only a local chain makes a new Safe", fix)
    elif section.owners is None:
        fix = "write address, or owners and threshold for a new Safe on a local chain"
        books.problems.add(section.mark("owners"), "no Safe is named", fix)


def _check_threshold(books: Books, section: SafeSection) -> None:
    owners, threshold = section.owners, section.threshold
    if not is_readable(owners, threshold) or (owners is None and threshold is None):
        return
    if owners is None or threshold is None:
        missing = "owners" if owners is None else "threshold"
        given = "threshold" if owners is None else "owners"
        fix = f"add {missing}, or remove {given}"
        books.problems.add(section.mark(given), f"{given} without {missing}", fix)
    elif not _LEAST_THRESHOLD <= threshold <= len(owners):
        most = max(len(owners), _LEAST_THRESHOLD)
        enough = "" if len(owners) >= _LEAST_THRESHOLD else ", and name more owners"
        fix = f"write {_LEAST_THRESHOLD} to {most}{enough}: no single key may be the treasury"
        message = f"{len(owners)} owners cannot have this threshold"
        books.problems.add(section.mark("threshold"), message, fix, str(threshold))


def _read_balance(books: Books, section: SafeSection) -> tuple[Amount, ...]:
    balance = section.devnet_balance
    if not is_readable(balance) or not balance:
        return ()
    if books.is_devnet is False:
        mark = section.mark("devnet_balance")
        books.problems.add(mark, "only a local chain gives money away", "remove devnet_balance")
    found = []
    for symbol, amount in balance.items():
        token = books.tokens.find(
            symbol, section.key_mark("devnet_balance", symbol), books.problems
        )
        if token is not None:
            mark = section.entry_mark("devnet_balance", symbol)
            units = read_units(books.problems, mark, amount, token)
            found += [Amount(token=token, amount=units)] if is_readable(units) else []
    return tuple(found)


def read_agents(books: Books, register: Register, file: TreasuryFile) -> Book[Agent]:
    """
    The agents.
    """
    if not is_readable(file.agents):
        return Book("agent", None)
    found = {name: _read_agent(books, name, section) for name, section in file.agents.items()}
    for name, agent in found.items():
        if agent is not None:
            register.enter(agent.address, f"agent {name}", file.agents[name].mark("address"))
    return Book("agent", found)


def _read_agent(books: Books, name: str, section: AgentSection) -> Agent | None:
    if not is_readable(section) or not is_readable(section.role):
        return None
    account = read_account(books, "agent", name, section.address, section.mark("address"))
    if account is None:
        return None
    return Agent(**account.model_dump(), role=section.role)


def read_recipients(books: Books, register: Register, file: TreasuryFile) -> Book[Account]:
    """
    The addresses that wallets may list, the agents' among them. They may be people, but no tokens.
    """
    agents = books.agents.entries
    if not is_readable(file.recipients) or agents is None:
        return Book("recipient", None)
    found: dict[str, Account | None] = {
        name: agent and Account(**agent.model_dump(exclude={"role"}))
        for name, agent in agents.items()
    }
    first: dict[Address, str] = {}
    for name, holder in file.recipients.items():
        mark = file.entry_mark("recipients", name)
        if name in agents:
            fix = "remove it: wallets may list agents by their names"
            books.problems.add(mark, f"{name} is an agent", fix, name)
        account = found[name] = read_account(books, "recipient", name, holder, mark)
        if account is not None:
            _check_recipient(books, register, account, first, mark)
    return Book("recipient", found)


def _check_recipient(
    books: Books, register: Register, account: Account, first: dict[Address, str], mark: Mark
) -> None:
    holder = register.holder(account.address) or ""
    if holder.startswith("token "):
        fix = "write the address of who is to be paid"
        message = f"the contract of {holder}, where money is lost"
        books.problems.add(mark, message, fix, account.address)
    other = first.setdefault(account.address, account.name)
    if other != account.name:
        message = f"recipient {other} has the same address"
        books.problems.add(mark, message, "keep one of the two names", account.address)


def check_watch(books: Books, file: TreasuryFile) -> None:
    """
    Note missing guardians, more of a kind than a constructor takes, and a heartbeat that nobody
    sends.
    """
    for field, most in (("guardians", MAX_FIRST_GUARDIANS), ("keepers", MAX_FIRST_KEEPERS)):
        holders = getattr(file, field)
        if is_readable(holders) and len(holders) > most:
            fix = f"leave {len(holders) - most} out, and add them later"
            message = f"an organisation starts with at most {most}"
            books.problems.add(file.mark(field), message, fix, str(len(holders)))
    if is_readable(file.guardians) and not file.guardians:
        fix = "name at least one person who can stop everything"
        books.problems.add(file.mark("guardians"), "no guardian", fix)
    _check_heartbeat(books, file)


def _check_heartbeat(books: Books, file: TreasuryFile) -> None:
    if not is_readable(file.organisation, file.keepers) or file.keepers:
        return
    timeout = file.organisation.heartbeat_timeout
    if is_readable(timeout) and timeout != OFF:
        mark = file.organisation.mark("heartbeat_timeout")
        message = "no keeper sends heartbeats, so every wallet would stop"
        books.problems.add(mark, message, "name a keeper, or write off")
