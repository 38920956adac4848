"""
The chains that Bursar knows by name, with the USDC of each: Circle's own, not a bridged one.
"""

from typing import Final, NamedTuple

from bursar.types import Address


class Preset(NamedTuple):
    """
    What is known of a chain. `usdc` is None where it is deployed for the occasion, `endpoint` where
    you bring your own.
    """

    name: str
    id: int
    native_symbol: str
    usdc: Address | None
    explorer: str | None
    endpoint: str | None = None


ANVIL: Final = "anvil"
USDC_SYMBOL: Final = "USDC"
USDC_DECIMALS: Final = 6
NATIVE_SYMBOL: Final = "NATIVE"
NATIVE_DECIMALS: Final = 18

_ALL: Final = (
    Preset(
        name="mainnet",
        id=1,
        native_symbol="ETH",
        usdc=Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        explorer="https://etherscan.io",
    ),
    Preset(
        name="base",
        id=8453,
        native_symbol="ETH",
        usdc=Address("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        explorer="https://basescan.org",
    ),
    Preset(
        name="base-sepolia",
        id=84532,
        native_symbol="ETH",
        usdc=Address("0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
        explorer="https://sepolia.basescan.org",
    ),
    Preset(
        name=ANVIL,
        id=31337,
        native_symbol="ETH",
        usdc=None,
        explorer=None,
        endpoint="http://127.0.0.1:8545",
    ),
)

PRESETS: Final[dict[str, Preset]] = {preset.name: preset for preset in _ALL}
PRESETS_BY_ID: Final[dict[int, Preset]] = {preset.id: preset for preset in _ALL}
