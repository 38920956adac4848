"""
Owners' keys, read where a person runs `bursar safe sign`, and nowhere else.

    keystore file + password | a variable that the person names | a Ledger | a devnet's public key

No variable has an owner's key by default: the person names it, so nothing reads one by itself. (A
test holds every other module to not importing this one.)
"""

import os
import re
import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.chain.safe_hash import Signable
from bursar.chain.safe_transaction import sign_bare
from bursar.cli.place import KeyMissingError, Place, devnet_account
from bursar.types import Address, checksummed

if TYPE_CHECKING:
    from bursar.treasury.safe.signing import OwnerSigner

PASSWORD = "BURSAR_KEYSTORE_PASSWORD"
_LARGEST_KEYSTORE = 64_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


class KeySigner:
    """
    An owner whose key is in this process, for as long as the command runs.
    """

    def __init__(self, key: LocalAccount) -> None:
        self._key = key

    @property
    def address(self) -> Address:
        """
        The owner.
        """
        return checksummed(self._key.address)

    def sign(self, wanted: Signable) -> bytes:
        """
        65 bytes.
        """
        return sign_bare(wanted, self._key)


def find_signer(
    place: Place,
    *,
    owner: str | None,
    keystore: Path | None,
    from_env: str | None,
    ledger: bool,
    path: str,
) -> "OwnerSigner":
    """
    Whoever signs: exactly one way is to be given. Raises KeyMissingError, LedgerError.
    """
    ways = [keystore is not None, from_env is not None, ledger, owner is not None]
    if sum(ways) != 1:
        raise KeyMissingError(
            "Say how you sign: --keystore FILE, --from-env NAME or --ledger; on a devnet, --as "
            "OWNER. Or sign elsewhere, and give the signature to `bursar safe add-signature`."
        )
    if ledger:
        from bursar.chain.ledger import open_ledger

        return open_ledger(path)
    if keystore is not None:
        return KeySigner(_read_keystore(keystore.expanduser()))
    if from_env is not None:
        return KeySigner(_read_variable(from_env))
    return KeySigner(_devnet_owner(place, owner or ""))


def _read_keystore(path: Path) -> LocalAccount:
    try:
        with path.open("rb") as file:
            content: Any = file.read(_LARGEST_KEYSTORE).decode(errors="replace")
    except OSError as error:
        raise KeyMissingError(f"The keystore {path} cannot be read: {error.strerror}.") from error
    password = os.environ.get(PASSWORD) or _ask_password(path)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(content, password))
    except (ValueError, TypeError, KeyError):  # what it says may hold the password
        raise KeyMissingError(
            f"{path} cannot be opened: no keystore, or another password."
        ) from None
    return account


def _ask_password(path: Path) -> str:
    # Elsewhere than at a terminal it would be shown as it is typed, or waited for in vain.
    if not sys.stdin.isatty():
        raise KeyMissingError(f"Nobody is there to type the password of {path}: set {PASSWORD}.")
    return getpass(f"Password of {path}: ")


def _read_variable(name: str) -> LocalAccount:
    if not _NAME.fullmatch(name) or _KEY.fullmatch(name):
        raise KeyMissingError("--from-env takes the name of a variable, and never a key itself.")
    digits = os.environ.get(name)
    if not digits:
        raise KeyMissingError(f"The variable {name} is not set.")
    try:
        account: LocalAccount = Account.from_key(digits)
    except (ValueError, TypeError):  # what it says may hold the key
        raise KeyMissingError(f"{name} holds no private key: 64 hex digits.") from None
    return account


def _devnet_owner(place: Place, name: str) -> LocalAccount:
    holder = place.office.book.owners.get(name)
    key = devnet_account(holder) if holder is not None and place.is_devnet else None
    if key is None:
        known = ", ".join(place.office.book.owners)
        raise KeyMissingError(
            f"--as {name}: only a devnet's owners sign with public keys ({known}). Give "
            "--keystore, --from-env or --ledger."
        )
    return key
