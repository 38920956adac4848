"""
What is given or in the environment → a wallet that is one, on the chain that is meant.
"""

from pathlib import Path
from typing import NamedTuple

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.agent.environment import AGENT_KEY, BOOK, RPC_URL, WALLET, Environment
from bursar.agent.errors import NotAWalletError, SettingsError
from bursar.book import AddressBook, BookError, read_address
from bursar.chain.client import Client
from bursar.chain.contracts import Contract, organization_at, wallet_at
from bursar.chain.errors import BadAnswerError, RevertedError, WrongChainError
from bursar.receipts import ReceiptKey, ReceiptKeyError
from bursar.store.key_file import load_receipt_key
from bursar.store.payment_journal import PaymentJournal
from bursar.types import Address

JOURNAL_NAME = "payments.jsonl"


class Connection(NamedTuple):
    """
    Everything that an agent needs.
    """

    client: Client
    chain_id: int
    key: LocalAccount
    wallet: Contract
    organization: Address
    book: AddressBook | None
    receipt_key: ReceiptKey
    journal: PaymentJournal


def build_connection(
    *,
    rpc_url: str | None,
    wallet: str | None,
    key: str | bytes | LocalAccount | None,
    chain_id: int | None,
    book: AddressBook | Path | str | None,
    receipt_key_file: Path | str | None,
    timeout: float,
) -> Connection:
    """
    Look everything up and check it; as `AgentWallet.connect`.
    """
    environment = Environment()
    found_book = _read_book(book if book is not None else environment.find_path(BOOK))
    signer = _read_key(key if key is not None else environment.require(AGENT_KEY, "key"))
    named = wallet if wallet is not None else environment.require(WALLET, "wallet")
    address = _read_wallet(named, found_book)
    url = rpc_url if rpc_url is not None else _find_url(environment, found_book)
    client = Client(url, timeout=timeout)
    expected = chain_id if chain_id is not None else environment.find_chain_id()
    chain = _check_chain(client, [expected, found_book.chain_id if found_book else None])
    contract, organization = _check_wallet(client, address, chain, found_book)
    path = Path(receipt_key_file) if receipt_key_file else environment.receipt_key_file()
    return Connection(
        client=client,
        chain_id=chain,
        key=signer,
        wallet=contract,
        organization=organization,
        book=found_book,
        receipt_key=_load_receipt_key(path, signer),
        journal=PaymentJournal(path.with_name(JOURNAL_NAME)),
    )


def _read_book(book: AddressBook | Path | str | None) -> AddressBook | None:
    if book is None or isinstance(book, AddressBook):
        return book
    return AddressBook.load(Path(book))


def _read_key(key: str | bytes | LocalAccount) -> LocalAccount:
    if isinstance(key, LocalAccount):
        return key
    try:
        account: LocalAccount = Account.from_key(key)
    except Exception:  # noqa: BLE001  # its errors quote the key, and are of many kinds
        raise SettingsError(
            "The agent's key is no private key: 64 hexadecimal digits. It is not shown here."
        ) from None
    return account


def _find_url(environment: Environment, book: AddressBook | None) -> str:
    if book is not None and book.rpc_url and not environment.has(RPC_URL):
        return book.rpc_url
    return environment.require(RPC_URL, "rpc_url")


def _read_wallet(wallet: str, book: AddressBook | None) -> Address:
    try:
        if book is not None:
            return book.find_wallet(wallet)
        address = read_address(wallet)
    except BookError as error:
        raise NotAWalletError(str(error)) from None
    if address is None:
        raise NotAWalletError(
            f"{wallet!r} is no address, and there is no address book to find the name in. Give the "
            "wallet's address, or pass book= or set BURSAR_BOOK."
        )
    return address


def _check_chain(client: Client, expected: list[int | None]) -> int:
    found = client.fetch_chain_id()
    for chain_id in expected:
        if chain_id is not None and chain_id != found:
            raise WrongChainError(chain_id, found)
    return found


def _check_wallet(
    client: Client, address: Address, chain: int, book: AddressBook | None
) -> tuple[Contract, Address]:
    """
    The wallet and its organisation, which has to know it: anybody can copy a wallet's code.
    """
    if not client.fetch_code(address):
        raise NotAWalletError(
            f"There is no contract at {address} on chain {chain}. Check the wallet's address and "
            "that the RPC URL is of the right chain."
        )
    wallet = wallet_at(client, address)
    try:
        organization: Address = wallet.view("organization")
        registered = organization_at(client, organization).view("is_wallet", address)
    except (BadAnswerError, RevertedError) as error:
        raise NotAWalletError(
            f"The contract at {address} on chain {chain} is no Bursar wallet: it names no "
            "organisation that can be asked. Check the address: it is not the Safe's or a token's."
        ) from error
    if not registered:
        raise NotAWalletError(
            f"{address} names {organization} as its organisation, which does not know it: it is no "
            "wallet of theirs. Check the address with whoever runs the treasury."
        )
    if book is not None and organization != book.organization:
        raise NotAWalletError(
            f"{address} belongs to organisation {organization}, the address book is of "
            f"{book.organization}. Use the book that belongs to the wallet."
        )
    return wallet, organization


def _load_receipt_key(path: Path, signer: LocalAccount) -> ReceiptKey:
    receipt_key = load_receipt_key(path)
    if receipt_key.is_secret(bytes(signer.key)):
        raise ReceiptKeyError(
            f"{path} holds the key that signs: whoever steals it could declare payments, too. Name "
            "a file of its own for the receipt key; it is made for you."
        )
    return receipt_key
