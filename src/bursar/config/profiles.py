"""
What a budget gets that leaves figures out, and between which bounds its figures have to stay.

Figures are whole tokens, as in the file; `Profile.bounds` has them in base units for whoever checks
a change at run time.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from bursar.config.amounts import OFF, Off, to_base_units
from bursar.config.chains import USDC_SYMBOL
from bursar.config.model import Model, Token
from bursar.types import FIRST_PAYMENT_DELAY, MAX_PAYMENTS_PER_DAY, MAX_UINT256

Figure = Literal["daily", "hourly", "per_payment", "queue_from", "max_payments"]
AMOUNT_FIGURES: Final[tuple[Figure, ...]] = ("daily", "hourly", "per_payment", "queue_from")
FIGURES: Final[tuple[Figure, ...]] = (*AMOUNT_FIGURES, "max_payments")


class Range(Model):
    """
    Default, least and most of one figure; None where the profile leaves it open.
    """

    default: Decimal | Off | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


class Bounds(NamedTuple):
    """
    A range in what the contract takes: base units, or a number of payments.
    """

    default: int | None
    minimum: int
    maximum: int

    def allows(self, figure: int) -> bool:
        """
        Whether a budget may have it.
        """
        return self.minimum <= figure <= self.maximum


class Profile(Model):
    """
    A kind of budget. Amounts are in `token`; a budget in another token gets no defaults from it,
    and none at all is possible if the profile bounds amounts.
    """

    name: str
    token: str = USDC_SYMBOL
    payment_delay: int = FIRST_PAYMENT_DELAY
    daily: Range = Range()
    hourly: Range = Range()
    per_payment: Range = Range()
    queue_from: Range = Range()
    max_payments: Range = Range()

    def range_of(self, figure: Figure) -> Range:
        """
        The range of one figure.
        """
        found: Range = getattr(self, figure)
        return found

    @property
    def bounds_amounts(self) -> bool:
        """
        Whether any amount has a minimum or a maximum.
        """
        ranges = map(self.range_of, AMOUNT_FIGURES)
        return any(r.minimum is not None or r.maximum is not None for r in ranges)

    def bounds(self, figure: Figure, token: Token) -> Bounds:
        """
        The range of one figure for a budget in `token`, with the contract's own bounds where the
        profile has none.
        """
        counts = figure == "max_payments"
        least, most = (1, MAX_PAYMENTS_PER_DAY) if counts else (0, MAX_UINT256)
        if not counts and token.symbol != self.token:
            return Bounds(None, least, most)
        found, decimals = self.range_of(figure), 0 if counts else token.decimals
        default = most if found.default == OFF else _units(found.default, decimals)
        minimum, maximum = _units(found.minimum, decimals), _units(found.maximum, decimals)
        return Bounds(
            default,
            least if minimum is None else minimum,
            most if maximum is None else maximum,
        )


def _units(amount: Decimal | Off | None, decimals: int) -> int | None:
    return to_base_units(amount, decimals) if isinstance(amount, Decimal) else None


DEFAULT_PROFILE: Final = "payments"

_ALL: Final = (
    Profile(name=DEFAULT_PROFILE, daily=Range(default=Decimal(50))),
    # Payments between agents: small a day, and what is not small can be cancelled for ten minutes.
    Profile(
        name="treasury-controls",
        payment_delay=10 * 60,
        daily=Range(default=Decimal(50), minimum=Decimal(1), maximum=Decimal(500)),
        queue_from=Range(default=Decimal(25)),
    ),
    # Orders are limited by their number. What a position may be is not for a budget to say, so
    # a daily limit has to be given, and nothing waits.
    Profile(
        name="trading",
        max_payments=Range(default=Decimal(50), minimum=Decimal(1), maximum=Decimal(500)),
    ),
)

PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in _ALL}
"""The built-in profiles, by name."""
