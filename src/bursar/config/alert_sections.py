"""
The shape of `alerts` in `treasury.yaml`: what is told, from which figure on, and where.

The texts below the fields are what editors show.
"""

from typing import Annotated

from pydantic import Field

from bursar.config.leaves import (
    Amount,
    Name,
    NameKey,
    PercentOrOff,
    SensitivityOrOff,
    SymbolKey,
    Word,
)
from bursar.config.reading import Section, listing, mapping

DAILY_LIMIT_PERCENT = 80
UNUSUAL_SPENDING = "high"


class ChannelSection(Section):
    """
    Where alerts are told. Its address is a secret, and this file is shared: it says where the
    address is kept.
    """

    url_file: Word | None = Field(default=None, examples=["slack.url"])
    """A file with the channel's URL, which only its owner can read; beside this file unless it
    begins with a slash. Read again when it changes."""
    url_env: Word | None = Field(default=None, examples=["BURSAR_SLACK_URL"])
    """The variable of the environment with the channel's URL."""


class AlertsSection(Section):
    """
    What people are told without asking. It takes effect without a restart.
    """

    balance_below: Annotated[dict[SymbolKey, Amount], mapping("tokens and amounts")] | None = Field(
        default=None, examples=[{"USDC": 10000}]
    )
    """A wallet with less than this is low, by token; at most a quarter of what it may hold.
    Without: 10,000 USDC."""
    daily_limit_percent: PercentOrOff = DAILY_LIMIT_PERCENT
    """From how much of its daily limit on an agent is near it, in percent."""
    unusual_spending: SensitivityOrOff = UNUSUAL_SPENDING
    """How soon an agent's day counts as unusual beside its other days: low, medium or high."""
    channels: Annotated[dict[NameKey, ChannelSection], mapping("channels")] = Field(
        default_factory=dict
    )
    """Where alerts are told, by name."""
    routes: Annotated[
        dict[NameKey, Annotated[tuple[Name, ...], listing("names of channels")]],
        mapping("kinds of alerts"),
    ] = Field(default_factory=dict)
    """Which channels are told of an alert, by its kind. Without: those that the kind has by
    default, as far as there are channels of that name, else all."""
