"""
The kinds of single values in a file, each with its parser and what an editor should know of it.
"""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

from bursar.config.amounts import (
    AMOUNT_PATTERN,
    OFF_WORDS,
    SENSITIVITIES,
    Off,
    or_off,
    parse_amount,
    parse_count,
    parse_decimals,
    parse_flag,
    parse_max_payments,
    parse_percent,
    parse_sensitivity,
)
from bursar.config.names import (
    ADDRESS_PATTERN,
    DEVNET,
    NAME_PATTERN,
    SYMBOL_PATTERN,
    Devnet,
    parse_address,
    parse_endpoint,
    parse_explorer,
    parse_holder,
    parse_name,
    parse_symbol,
    parse_text,
)
from bursar.config.reading import key, scalar
from bursar.config.times import DURATION_PATTERN, MOMENT_PATTERN, parse_duration, parse_expiry
from bursar.types import MAX_NAME_BYTES, MAX_PAYMENTS_PER_DAY, Address

Schema = dict[str, Any]


def _matching(pattern: str, **more: Any) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", **more}


def _any_of(*schemas: Schema) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(schemas)} if len(schemas) > 1 else schemas[0])


_NAME: Final = _matching(NAME_PATTERN, maxLength=MAX_NAME_BYTES)
_SYMBOL: Final = _matching(SYMBOL_PATTERN)
_ADDRESS: Final = _matching(ADDRESS_PATTERN)
_OFF: Final[Schema] = {"enum": list(OFF_WORDS)}
_AMOUNT: Final = (_matching(AMOUNT_PATTERN), {"type": "number", "minimum": 0})
_DURATION: Final = (_matching(DURATION_PATTERN), {"type": "integer", "minimum": 0})
_EXPIRY: Final = _matching(MOMENT_PATTERN)
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_PAYMENTS: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_PAYMENTS_PER_DAY}
_PERCENT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 100}
_URL: Final[Schema] = {"type": "string", "format": "uri"}
_TEXT: Final[Schema] = {"type": ["string", "number"]}

Amount = Annotated[Decimal, scalar(parse_amount, "an amount", "1000"), _any_of(*_AMOUNT)]
AmountOrOff = Annotated[
    Decimal | Off, scalar(or_off(parse_amount), "an amount", "1000"), _any_of(*_AMOUNT, _OFF)
]
Seconds = Annotated[int, scalar(parse_duration, "a duration", "10m"), _any_of(*_DURATION)]
SecondsOrOff = Annotated[
    int | Off, scalar(or_off(parse_duration), "a duration", "30m"), _any_of(*_DURATION, _OFF)
]
ExpiryOrOff = Annotated[
    int | Off, scalar(or_off(parse_expiry), "a date", "2027-01-31"), _any_of(_EXPIRY, _OFF)
]
Count = Annotated[int, scalar(parse_count, "a number", "2"), _any_of(_COUNT)]
Decimals = Annotated[int, scalar(parse_decimals, "a number", "6"), _any_of(_COUNT)]
PaymentCount = Annotated[int, scalar(parse_max_payments, "a number", "50"), _any_of(_PAYMENTS)]
PaymentCountOrOff = Annotated[
    int | Off, scalar(or_off(parse_max_payments), "a number", "50"), _any_of(_PAYMENTS, _OFF)
]
PercentOrOff = Annotated[
    int | Off, scalar(or_off(parse_percent), "a number", "80"), _any_of(_PERCENT, _OFF)
]
SensitivityOrOff = Annotated[
    str,
    scalar(or_off(parse_sensitivity), "a word", "high"),
    _any_of({"enum": list(SENSITIVITIES)}, _OFF),
]
Flag = Annotated[bool, scalar(parse_flag, "true or false", "true"), _any_of({"type": "boolean"})]

AddressText = Annotated[
    Address, scalar(parse_address, "an address", '"0x…", with 40 hex digits'), _any_of(_ADDRESS)
]
Holder = Annotated[
    Address | Devnet,
    scalar(parse_holder, "an address", f'"0x…", with 40 hex digits, or {DEVNET}'),
    _any_of(_ADDRESS, {"const": DEVNET}),
]
Name = Annotated[str, scalar(parse_name, "a name", "trading"), _any_of(_NAME)]
Symbol = Annotated[str, scalar(parse_symbol, "a symbol", "USDC"), _any_of(_SYMBOL)]
Word = Annotated[str, scalar(parse_text, "a text", "acme"), _any_of(_TEXT)]
Endpoint = Annotated[str, scalar(parse_endpoint, "a URL", "https://node.example"), _any_of(_URL)]
Explorer = Annotated[str, scalar(parse_explorer, "a URL", "https://basescan.org"), _any_of(_URL)]

NameKey = Annotated[str, key(parse_name), _any_of(_NAME)]
SymbolKey = Annotated[str, key(parse_symbol), _any_of(_SYMBOL)]
