"""
What a treasury should be, ready to be planned: names resolved, amounts in base units, times in
seconds.
"""

from pydantic import BaseModel, ConfigDict

from bursar.types import EMPTY, AddressField, Bytes32Field, Uint256


class Model(BaseModel):
    """
    What all of it has in common.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )


class Chain(Model):
    """
    Where the treasury is. `name` is the preset's, or the CAIP-2 id. `rpc_url` is None where
    the operator brings an endpoint; only a local chain `is_devnet`.
    """

    name: str
    id: int
    native_symbol: str
    rpc_url: str | None
    explorer: str | None
    is_devnet: bool


class Token(Model):
    """
    A token. `address` is None where a local chain has yet to deploy it.
    """

    symbol: str
    address: AddressField | None
    decimals: int


class Amount(Model):
    """
    Base units of a token.
    """

    token: Token
    amount: Uint256


class Account(Model):
    """
    Somebody with an address. `devnet_key` is the name that a local chain derives the key from, None
    for everybody whose key is their own.
    """

    name: str
    address: AddressField
    devnet_key: str | None


class Agent(Account):
    """
    An agent, and what it does in words.
    """

    role: str


class Safe(Model):
    """
    The treasury. Without an `address` a local chain makes one of `owners`. With an address, owners
    and threshold are what is expected of it, as far as they are given.
    """

    address: AddressField | None
    owners: tuple[Account, ...]
    threshold: int | None
    devnet_balance: tuple[Amount, ...]


class Category(Model):
    """
    What payments are for. The one without a name is for payments that name none.
    """

    name: str
    value: Bytes32Field


UNCATEGORISED = Category(name="", value=EMPTY)
