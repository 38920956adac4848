"""
`treasury.yaml`: what a treasury should be, in a file that people review and sign for.

    text → tree (places) → sections (shape) → Treasury (names resolved, base units) → a plan

`load_treasury` reads it, or raises a ConfigError that has every problem with its line and its fix.
"""

from bursar.config.alerts import AlertKind, AlertSettings, Channel
from bursar.config.amounts import format_amount, parse_amount, to_base_units
from bursar.config.chains import PRESETS, Preset
from bursar.config.load import load_treasury, read_treasury
from bursar.config.model import (
    UNCATEGORISED,
    Account,
    Agent,
    Amount,
    Category,
    Chain,
    Safe,
    Token,
)
from bursar.config.names import encode_category
from bursar.config.people import devnet_address
from bursar.config.problems import ConfigError, Problem
from bursar.config.profiles import FIGURES, PROFILES, Bounds, Figure, Profile, Range
from bursar.config.schema import json_schema
from bursar.config.times import format_duration, parse_duration
from bursar.config.treasury import AgentBudget, Treasury, Wallet, WalletToken

__all__ = [
    "FIGURES",
    "PRESETS",
    "PROFILES",
    "UNCATEGORISED",
    "Account",
    "Agent",
    "AgentBudget",
    "AlertKind",
    "AlertSettings",
    "Amount",
    "Bounds",
    "Category",
    "Chain",
    "Channel",
    "ConfigError",
    "Figure",
    "Preset",
    "Problem",
    "Profile",
    "Range",
    "Safe",
    "Token",
    "Treasury",
    "Wallet",
    "WalletToken",
    "devnet_address",
    "encode_category",
    "format_amount",
    "format_duration",
    "json_schema",
    "load_treasury",
    "parse_amount",
    "parse_duration",
    "read_treasury",
    "to_base_units",
]
