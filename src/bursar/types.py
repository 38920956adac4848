"""
Names for what goes over the wire, and the contracts' bounds with the reason above each.

Amounts are base units and times Unix seconds, both plain `int`.
"""

from enum import IntFlag
from functools import lru_cache
from typing import Annotated, Final, NewType

from eth_utils import keccak as _keccak
from eth_utils import to_checksum_address
from pydantic import AfterValidator, Field

Address = NewType("Address", str)
"""A checksummed (EIP-55) address. One spelling only, so that it can be a key."""

Bytes32 = NewType("Bytes32", bytes)
"""A hash, a category or a reference: 32 bytes."""


@lru_cache(maxsize=65_536)
def checksummed(address: str) -> Address:
    """
    The checksummed spelling of `address`. Raises ValueError if it is no address.
    """
    return Address(to_checksum_address(address))


@lru_cache(maxsize=65_536)
def keccak(data: bytes) -> Bytes32:
    """
    The keccak-256 of `data`, cached: the same few ids are asked for again and again.
    """
    return Bytes32(_keccak(data))


@lru_cache(maxsize=65_536)
def address_word(address: Address) -> bytes:
    """
    `address` as the ABI encodes it: 32 bytes, on the right.
    """
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


@lru_cache(maxsize=65_536)
def validate_address(address: str) -> Address:
    """
    `address` itself. Raises ValueError unless it is spelled with its checksum.
    """
    if checksummed(address) != address:
        raise ValueError(f"{address} is not checksummed, write {checksummed(address)}")
    return Address(address)


class Role(IntFlag):
    """
    What an address is to the organisation. One may be several.
    """

    TREASURY = 1
    GUARDIAN = 2
    KEEPER = 4


ZERO_ADDRESS: Final = Address("0x" + "00" * 20)
EMPTY: Final = Bytes32(b"\0" * 32)

# ERC-7528's address for the chain's own currency, which has no contract.
NATIVE: Final = Address("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")

HOUR: Final = 3_600
DAY: Final = 86_400
HOURS_PER_DAY: Final = DAY // HOUR
MAX_UINT256: Final = 2**256 - 1

# A stop until unpaused, and a heartbeat timeout that is off: off is the maximum, never 0.
FOREVER: Final = MAX_UINT256

Uint256 = Annotated[int, Field(ge=0, le=MAX_UINT256)]
AddressField = Annotated[Address, AfterValidator(validate_address)]
Bytes32Field = Annotated[Bytes32, Field(min_length=32, max_length=32)]

# Organisation

# Long enough that a guardian sees what is coming; a mistyped tightening takes as long to undo.
MIN_CHANGE_DELAY: Final = HOUR
MAX_CHANGE_DELAY: Final = 30 * DAY
# Nobody may be awake when a change falls due, but a forgotten one must not wait for ever.
CHANGE_GRACE: Final = 7 * DAY
# Keepers need to miss a few beats before everything stops; later than a month proves nothing.
MIN_HEARTBEAT_TIMEOUT: Final = 10 * 60
MAX_HEARTBEAT_TIMEOUT: Final = 30 * DAY
# Longer stops end only when the treasury says so; also keeps `now + duration` far from overflowing.
LONGEST_TIMED_PAUSE: Final = 365 * DAY
# The constructor's lists are bounded by their types; the setters add more.
MAX_FIRST_GUARDIANS: Final = 8
MAX_FIRST_KEEPERS: Final = 8
# ERC-5202: what the code of a blueprint starts with.
BLUEPRINT_PREFIX: Final = bytes.fromhex("fe7100")
# The largest setter's call needs 932 bytes: 25 recipients.
MAX_CALL_BYTES: Final = 1_024

# Wallet

# Long enough for a keeper to look at a payment, short enough not to make agents split them.
MIN_PAYMENT_DELAY: Final = 60
MAX_PAYMENT_DELAY: Final = 7 * DAY
FIRST_PAYMENT_DELAY: Final = 10 * 60
# Somebody must have time to execute; money promised long ago must not leave by surprise.
MIN_PAYMENT_GRACE: Final = HOUR
MAX_PAYMENT_GRACE: Final = 30 * DAY
FIRST_PAYMENT_GRACE: Final = DAY
# A wallet's limit and what was spent of it share a word with the day.
MAX_LIMIT: Final = 2**112 - 1
# Moving every budget of an agent at once has to fit into a block.
MAX_BUDGETS_PER_AGENT: Final = 16
MAX_RECIPIENTS_PER_CALL: Final = 25
# A batch has to fit into a block, and its agent's mistake into one look.
MAX_BATCH: Final = 100
# Nothing that was signed long ago leaves by surprise: a deadline is at most this far ahead.
MAX_SIGNED_AHEAD: Final = DAY
# Enough for the ERC-1271 signature of an agent that is a contract.
MAX_SIGNATURE_BYTES: Final = 1_024

# Budget: all of it shares one word, so its figures are whole units of 10^exponent base units.

# 30 bits hold a figure; the largest value says "none" for `queue_from`.
UNITS_END: Final = 2**30 - 1
# 5 bits hold the exponent.
MAX_EXPONENT: Final = 31
# 14 bits count payments.
MAX_PAYMENTS_PER_DAY: Final = 2**14 - 1
# 20 bits hold the hour of expiry, which ends in 2089.
EXPIRY_HOURS_END: Final = 2**20
# A share of this many basis points is no share at all.
ALL_BPS: Final = 10_000
# What a rolling budget remembers shares a word: 24 hours of 10 bits, and the step they count in.
RING_HOURS: Final = 24
RING_STEPS: Final = 2**10 - 1
# The balance that a share is of has what the day and the share leave of that word.
MAX_SHARE_BASE: Final = 2**218 - 1

# The longest strings, in bytes of UTF-8.
MAX_NAME_BYTES: Final = 32
MAX_REASON_BYTES: Final = 64
