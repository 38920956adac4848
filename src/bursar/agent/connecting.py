"""
What is given or in the environment → a wallet that is one, on the chain that is meant.
"""

from pathlib import Path
from typing import NamedTuple

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.agent.environment import AGENT_KEY, BOOK, RELAYER_KEY, RPC_URL, WALLET, Environment
from bursar.agent.errors import NotAWalletError, SettingsError
from bursar.agent.record import DenialRecorder
from bursar.agent.signatures import CallbackSigner, KeySigner, Signer, SignTypedData
from bursar.book import AddressBook, BookError, read_address
from bursar.chain.client import Client
from bursar.chain.contracts import Contract, organization_at, wallet_at
from bursar.chain.errors import BadAnswerError, RevertedError, WrongChainError
from bursar.receipts import ReceiptKey, ReceiptKeyError
from bursar.store.key_file import load_receipt_keys
from bursar.store.nonce_file import NonceFile
from bursar.store.payment_journal import PaymentJournal
from bursar.types import Address

JOURNAL_NAME = "payments.jsonl"
NONCES_NAME = "nonces.json"


class Place(NamedTuple):
    """
    A wallet that is one, on the chain that is meant.
    """

    client: Client
    chain_id: int
    wallet: Contract
    organization: Address
    book: AddressBook | None


class Connection(NamedTuple):
    """
    Everything that an agent needs. `key` is None where somebody else signs for it; `recorder` hears
    what is denied.
    """

    place: Place
    key: LocalAccount | None
    signer: Signer
    receipt_key: ReceiptKey
    journal: PaymentJournal
    nonces: NonceFile
    recorder: DenialRecorder | None = None


def build_place(
    *,
    rpc_url: str | None,
    wallet: str | None,
    chain_id: int | None,
    book: AddressBook | Path | str | None,
    timeout: float,
) -> Place:
    """
    Look a wallet up and check it; as `AgentWallet.connect`.
    """
    environment = Environment()
    found_book = _read_book(book if book is not None else environment.find_path(BOOK))
    named = wallet if wallet is not None else environment.require(WALLET, "wallet")
    address = _read_wallet(named, found_book)
    url = rpc_url if rpc_url is not None else _find_url(environment, found_book)
    client = Client(url, timeout=timeout)
    expected = chain_id if chain_id is not None else environment.find_chain_id()
    chain = _check_chain(client, [expected, found_book.chain_id if found_book else None])
    contract, organization = _check_wallet(client, address, chain, found_book)
    return Place(client, chain, contract, organization, found_book)


def build_connection(
    *,
    rpc_url: str | None,
    wallet: str | None,
    key: str | bytes | LocalAccount | None,
    agent: str | None,
    signer: SignTypedData | None,
    chain_id: int | None,
    book: AddressBook | Path | str | None,
    receipt_key_file: Path | str | None,
    timeout: float,
) -> Connection:
    """
    Look everything up and check it; as `AgentWallet.connect`.
    """
    environment = Environment()
    account = None if signer is not None else _find_key(environment, key, AGENT_KEY)
    place = build_place(
        rpc_url=rpc_url, wallet=wallet, chain_id=chain_id, book=book, timeout=timeout
    )
    path = Path(receipt_key_file) if receipt_key_file else environment.receipt_key_file()
    return Connection(
        place=place,
        key=account,
        signer=_build_signer(account, agent, signer, place.book),
        receipt_key=_load_receipt_key(path, account),
        journal=PaymentJournal(path.with_name(JOURNAL_NAME)),
        nonces=NonceFile(path.with_name(NONCES_NAME)),
    )


def read_relayer_key(key: str | bytes | LocalAccount | None) -> LocalAccount:
    """
    The key that pays a relayer's gas. Raises SettingsError.
    """
    return _find_key(Environment(), key, RELAYER_KEY)


def _find_key(
    environment: Environment, key: str | bytes | LocalAccount | None, name: str
) -> LocalAccount:
    return _read_key(key if key is not None else environment.require(name, "key"))


def _build_signer(
    account: LocalAccount | None,
    agent: str | None,
    sign: SignTypedData | None,
    book: AddressBook | None,
) -> Signer:
    """
    Who signs for the agent: its own key, or `sign`, which then also needs its address.
    """
    address = None if agent is None else _read_agent(agent, book)
    if account is not None:
        signer = KeySigner(account)
        if address not in (None, signer.address):
            raise SettingsError(
                f"The key is that of {signer.address}, not of agent {agent}. Leave agent= out, or "
                "pass the signer= that signs for it."
            )
        return signer
    assert sign is not None, "without a key there is a signer"
    if address is None:
        raise SettingsError("Pass agent= beside signer=: the address of the agent it signs for.")
    return CallbackSigner(address, sign)


def _read_agent(agent: str, book: AddressBook | None) -> Address:
    try:
        address = book.find_agent(agent) if book is not None else read_address(agent)
    except BookError as error:
        raise SettingsError(str(error)) from None
    if address is None:
        raise SettingsError(f"{agent!r} is no address, and there is no book to find the name in.")
    return address


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


def _load_receipt_key(path: Path, account: LocalAccount | None) -> ReceiptKey:
    keys = load_receipt_keys(path, create=True)
    if account is not None and keys.is_secret(bytes(account.key)):
        raise ReceiptKeyError(
            f"{path} holds the key that signs: whoever steals it could declare payments, too. Name "
            "a file of its own for the receipt key; it is made for you."
        )
    return keys.current
