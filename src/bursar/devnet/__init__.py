"""
A treasury on a local chain, for those who build on Bursar and those who try it.

    Anvil → LocalChain → Devnet: one Safe, one organisation, test USDC, a funded key per role
    treasury.yaml → open_devnet → the same from a file, with an address book of everybody in it
"""

from bursar.devnet.files import (
    ENV_FILE,
    book_path,
    devnet_key,
    remove_files,
    remove_store,
    write_files,
)
from bursar.devnet.founding import DevnetError, Founded, found_treasury
from bursar.devnet.organization import OWNERS, THRESHOLD, USDC, Devnet, address_of
from bursar.devnet.running import (
    PORT,
    RunningDevnet,
    is_devnet,
    load_devnet_treasury,
    open_devnet,
)
from bursar.devnet.signing import sign_as_treasury

__all__ = [
    "ENV_FILE",
    "OWNERS",
    "PORT",
    "THRESHOLD",
    "USDC",
    "Devnet",
    "DevnetError",
    "Founded",
    "RunningDevnet",
    "address_of",
    "book_path",
    "devnet_key",
    "found_treasury",
    "is_devnet",
    "load_devnet_treasury",
    "open_devnet",
    "remove_files",
    "remove_store",
    "sign_as_treasury",
    "write_files",
]
