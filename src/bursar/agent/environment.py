"""
What to connect with, where it is not given: from the environment, and nowhere else.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bursar.agent.errors import SettingsError

RPC_URL: Final = "BURSAR_RPC_URL"
WALLET: Final = "BURSAR_WALLET"
AGENT_KEY: Final = "BURSAR_AGENT_KEY"
RELAYER_KEY: Final = "BURSAR_RELAYER_KEY"
CHAIN_ID: Final = "BURSAR_CHAIN_ID"
BOOK: Final = "BURSAR_BOOK"
RECEIPT_KEY_FILE: Final = "BURSAR_RECEIPT_KEY_FILE"

_DEFAULT_RECEIPT_KEY: Final = Path(".bursar") / "receipt.key"


class Environment:
    """
    The variables that `AgentWallet.connect` looks at.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def require(self, name: str, argument: str) -> str:
        """
        One that there is no default for. Raises SettingsError.
        """
        value = self._variables.get(name)
        if not value:
            raise SettingsError(
                f"{name} is not set. Set it (`bursar devnet` prints a file to source), or pass "
                f"{argument}= to connect()."
            )
        return value

    def has(self, name: str) -> bool:
        """
        Whether a variable is set, and not empty.
        """
        return bool(self._variables.get(name))

    def find_path(self, name: str) -> Path | None:
        """
        A file's path.
        """
        value = self._variables.get(name)
        return Path(value).expanduser() if value else None

    def find_chain_id(self) -> int | None:
        """
        The chain that is expected.
        """
        value = self._variables.get(CHAIN_ID)
        if not value:
            return None
        if not (value.isascii() and value.isdigit()):
            raise SettingsError(f"{CHAIN_ID} is {value!r}. Write the chain's id in digits.")
        return int(value)

    def receipt_key_file(self) -> Path:
        """
        Where the receipt key is; without a word, in the user's home.
        """
        return self.find_path(RECEIPT_KEY_FILE) or Path.home() / _DEFAULT_RECEIPT_KEY
