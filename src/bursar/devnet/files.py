"""
What a devnet leaves for the SDK and the command line: an address book and an environment file.

Each is written whole or not at all, and goes with the chain that it tells of.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from bursar.book import AddressBook, Holder
from bursar.chain.local import derive_account
from bursar.store.location import database_url, heads_target

ENV_FILE: Final = Path(".bursar") / "devnet.env"
_HEAD: Final = """\
# Written by `bursar devnet` for the local chain {chain_id}. Load it with: set -a; . {path}; set +a
# The keys in it are public: never use them anywhere else.
"""


def book_path(env_file: Path) -> Path:
    """
    Where the address book lies that belongs to an environment file.
    """
    return env_file.with_suffix(".json")


def write_files(book: AddressBook, env_file: Path) -> None:
    """
    Write both. Raises OSError.
    """
    path = book_path(env_file)
    write_whole(path, book.to_json())
    lines = [f"{name}={value}" for name, value in build_environment(book, path).items()]
    head = _HEAD.format(chain_id=book.chain_id, path=env_file)
    write_whole(env_file, head + "\n".join(lines) + "\n")


def remove_files(book: AddressBook, env_file: Path) -> None:
    """
    Remove both, unless another chain's have been written there since.
    """
    path = book_path(env_file)
    if path.exists() and path.read_text() == book.to_json():
        path.unlink()
        env_file.unlink(missing_ok=True)


def remove_store(book: AddressBook, env_file: Path) -> None:
    """
    Remove what a keeper has stored of a chain that is gone: the next one has the same addresses and
    another history. The lock stays, so that nobody writes beside a keeper that still runs.
    """
    folder = book_path(env_file).parent
    url = database_url({}, book.chain_id, book.organization, devnet=folder)
    database = Path(url.removeprefix("sqlite:///"))
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.with_suffix(".refusals").unlink(missing_ok=True)
    heads = heads_target({}, book.chain_id, book.organization, devnet=folder)
    if heads is not None:
        Path(heads).unlink(missing_ok=True)


def build_environment(book: AddressBook, path: Path) -> dict[str, str]:
    """
    The variables that the SDK and the command line read; keys are those of the first of each kind,
    and `BURSAR_AGENT_KEY_<NAME>` has every agent's.
    """
    found = {
        "BURSAR_RPC_URL": book.rpc_url or "",
        "BURSAR_CHAIN_ID": str(book.chain_id),
        "BURSAR_ORGANIZATION": book.organization,
        "BURSAR_BOOK": str(path.absolute()),
        # Beside the book: each devnet's receipts are its own.
        "BURSAR_RECEIPT_KEY_FILE": str(path.absolute().with_suffix(".receipts")),
    }
    for agent in list(book.agents.values())[:1]:
        if agent.wallets:
            found["BURSAR_WALLET"] = book.wallets[agent.wallets[0]]
    for kind, holders in (
        ("AGENT", book.agents),
        ("GUARDIAN", book.guardians),
        ("KEEPER", book.keepers),
    ):
        for holder in list(holders.values())[:1]:
            found[f"BURSAR_{kind}_KEY"] = devnet_key(holder)
    for name, holder in book.agents.items():
        plain = "".join(char if char.isalnum() else "_" for char in name.upper())
        found[f"BURSAR_AGENT_KEY_{plain}"] = devnet_key(holder)
    return found


def devnet_key(holder: Holder) -> str:
    """
    A devnet key in hexadecimal. It is public.
    """
    assert holder.devnet_key is not None, "everybody on a devnet has a devnet key"
    return "0x" + bytes(derive_account(holder.devnet_key).key).hex()


def write_whole(path: Path, text: str) -> None:
    """
    Write a file that is never seen half-written, readable for its owner alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:  # a Ctrl-C here must leave nothing behind either
        draft.unlink(missing_ok=True)
        raise
