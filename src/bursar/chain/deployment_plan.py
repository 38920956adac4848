"""
What is to be deployed: an organisation for a Safe that exists, and its first wallets.

    file and options → parse_plan → Plan → chain.deployment

    chain_id: 1                        # refuse any other chain
    treasury: "0x..."                  # the Safe
    guardians: ["0x..."]
    keepers: ["0x..."]
    change_delay: 2d                   # or seconds
    heartbeat_timeout: 1h              # or never
    wallets:
      - name: support
        limits:
          - {token: "0x...", daily: 500000000, max_balance: 2000000000}
        budgets:
          - {agent: "0x...", token: "0x...", category: refund, per_payment: 20000000,
             hourly: 100000000, daily: 300000000, queue_from: never, max_payments: 50,
             expires_at: 1798761600}
        open: true                     # seal and unpause it in the same batch

Amounts are base units, times Unix seconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from bursar.budgets import Budget
from bursar.chain.errors import ChainError
from bursar.types import (
    ALL_BPS,
    DAY,
    FOREVER,
    HOUR,
    MAX_CHANGE_DELAY,
    MAX_FIRST_GUARDIANS,
    MAX_FIRST_KEEPERS,
    MAX_HEARTBEAT_TIMEOUT,
    MAX_LIMIT,
    MAX_NAME_BYTES,
    MAX_PAYMENT_DELAY,
    MAX_PAYMENT_GRACE,
    MAX_RECIPIENTS_PER_CALL,
    MAX_UINT256,
    MIN_CHANGE_DELAY,
    MIN_HEARTBEAT_TIMEOUT,
    MIN_PAYMENT_DELAY,
    MIN_PAYMENT_GRACE,
    ZERO_ADDRESS,
    Address,
    Bytes32,
    Uint256,
    checksummed,
)

_SECONDS: Final = {"s": 1, "m": 60, "h": HOUR, "d": DAY}


class PlanError(ChainError):
    """
    What was asked for cannot be deployed; a line for each reason.
    """


def parse_address(value: Any) -> Address:
    """
    An address, in any spelling that has no wrong checksum. Raises ValueError.
    """
    if isinstance(value, int):
        raise ValueError("a number: put the address in quotes, YAML reads 0x... as one")
    text = str(value)
    try:
        address = checksummed(text)
    except ValueError:
        raise ValueError(f"{text!r} is no address: 0x and 40 hexadecimal digits") from None
    if text not in (address, address.lower()) and text != "0x" + address[2:].upper():
        raise ValueError(f"{text} has a wrong checksum: is a digit mistyped?")
    if address == ZERO_ADDRESS:
        raise ValueError("the zero address")
    return address


def parse_seconds(value: Any) -> int:
    """
    Seconds from a number, or from text such as `90s`, `30m`, `12h`, `2d`. Raises ValueError.
    """
    text = str(value).strip()
    number, unit = (text[:-1], text[-1]) if text[-1:] in _SECONDS else (text, "s")
    if not number.isdecimal():
        raise ValueError(f"{text!r} is no duration: seconds, or like 90s, 30m, 12h, 2d")
    return int(number) * _SECONDS[unit]


def parse_category(value: Any) -> Bytes32:
    """
    A category: 32 bytes in hexadecimal, or up to 32 bytes of text. Raises ValueError.
    """
    text = str(value)
    if text.startswith("0x") and len(text) == 66:
        return Bytes32(bytes.fromhex(text[2:]))
    encoded = text.encode()
    if not 0 < len(encoded) <= 32:
        raise ValueError(f"{text!r} is no category: 1 to 32 bytes, or 0x and 64 digits")
    return Bytes32(encoded.ljust(32, b"\0"))


def _maximum_for_never(value: Any) -> Any:
    return MAX_UINT256 if value == "never" else value


def _seconds_or_never(value: Any) -> int:
    return FOREVER if value in ("never", FOREVER) else parse_seconds(value)


def _or_never(seconds: int) -> int | str:
    return "never" if seconds == FOREVER else seconds


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


AnyAddress = Annotated[Address, BeforeValidator(parse_address)]
Seconds = Annotated[int, BeforeValidator(parse_seconds)]
Timeout = Annotated[int, BeforeValidator(_seconds_or_never), PlainSerializer(_or_never)]
Amount = Annotated[Uint256, BeforeValidator(_maximum_for_never)]
Addresses = Annotated[tuple[AnyAddress, ...], BeforeValidator(_as_tuple)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Parameters(_Model):
    """
    What an organisation is founded with: the arguments of its constructor.
    """

    treasury: AnyAddress
    guardians: Annotated[Addresses, Field(max_length=MAX_FIRST_GUARDIANS)]
    keepers: Annotated[Addresses, Field(max_length=MAX_FIRST_KEEPERS)]
    change_delay: Annotated[Seconds, Field(ge=MIN_CHANGE_DELAY, le=MAX_CHANGE_DELAY)]
    heartbeat_timeout: Timeout

    @model_validator(mode="after")
    def _check(self) -> Self:
        named = Counter((self.treasury, *self.guardians, *self.keepers))
        twice = [who for who, times in named.items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is named twice: one key, one role")
        bounds = MIN_HEARTBEAT_TIMEOUT, MAX_HEARTBEAT_TIMEOUT
        if self.heartbeat_timeout != FOREVER:
            if not bounds[0] <= self.heartbeat_timeout <= bounds[1]:
                raise ValueError("heartbeat_timeout: between 10m and 30d, or never")
            if not self.keepers:
                raise ValueError("a heartbeat_timeout, and no keeper to send a heartbeat")
        return self


class TokenLimits(_Model):
    """
    What the whole wallet may spend of a token per UTC day, and be refilled to.
    """

    token: AnyAddress
    daily: Annotated[Uint256, Field(le=MAX_LIMIT)]
    max_balance: Amount


class BudgetPlan(_Model):
    """
    What an agent may spend of a token for a category.
    """

    agent: AnyAddress
    token: AnyAddress
    category: Annotated[Bytes32, BeforeValidator(parse_category)]
    per_payment: Uint256
    hourly: Uint256
    daily: Uint256
    queue_from: Amount
    max_payments: Uint256
    expires_at: Uint256
    share_bps: Uint256 = ALL_BPS
    rolling: bool = False
    allowlist_only: bool = False

    @property
    def budget(self) -> Budget:
        """
        The figures alone.
        """
        return Budget(**{name: getattr(self, name) for name in Budget.model_fields})


class WalletPlan(_Model):
    """
    A wallet, and what the treasury sets before it is sealed. `open` seals and unpauses it, after
    which what loosens waits for the change delay.
    """

    name: Annotated[str, Field(min_length=1)]
    limits: Annotated[tuple[TokenLimits, ...], BeforeValidator(_as_tuple)] = ()
    budgets: Annotated[tuple[BudgetPlan, ...], BeforeValidator(_as_tuple)] = ()
    recipients: Annotated[Addresses, Field(max_length=MAX_RECIPIENTS_PER_CALL)] = ()
    payment_delay: Annotated[Seconds, Field(ge=MIN_PAYMENT_DELAY, le=MAX_PAYMENT_DELAY)] | None = (
        None
    )
    grace: Annotated[Seconds, Field(ge=MIN_PAYMENT_GRACE, le=MAX_PAYMENT_GRACE)] | None = None
    open: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.name.encode()) > MAX_NAME_BYTES:
            raise ValueError(f"{self.name!r} is longer than {MAX_NAME_BYTES} bytes")
        return self


class Plan(Parameters):
    """
    An organisation and its first wallets, on the chain with this id.
    """

    chain_id: int | None = None
    wallets: Annotated[tuple[WalletPlan, ...], BeforeValidator(_as_tuple)] = ()

    @property
    def parameters(self) -> Parameters:
        """
        The constructor's part.
        """
        return Parameters(**{name: getattr(self, name) for name in Parameters.model_fields})


def parse_plan(values: Mapping[str, Any]) -> Plan:
    """
    The plan that a file and options describe. Raises PlanError, which names every field at fault.
    """
    try:
        return Plan.model_validate(dict(values))
    except ValidationError as error:
        raise PlanError("\n".join(_describe(error))) from error


def _describe(error: ValidationError) -> Iterable[str]:
    for one in error.errors():
        where = ".".join(map(str, one["loc"]))
        what = one["msg"].removeprefix("Value error, ")
        yield f"{where}: {what}" if where else what
