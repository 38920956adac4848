"""
One call and what it comes to: the vocabulary of the reference.

    Call + State + block timestamp + Chain → Turn → Accepted(events) | Refused(reason)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias

from bursar.errors import UnknownCallError
from bursar.events import Event
from bursar.signed_payments import SignablePayment
from bursar.state import State, WalletState
from bursar.types import MAX_REASON_BYTES, Address

# What the chain itself refuses, before or without a contract's word: a plain revert.
PLAIN: Final = ""
# What a well-behaved token says by itself; the contracts do not word it.
TOKEN_BALANCE: Final = "token: insufficient balance"
TOKEN_ALLOWANCE: Final = "token: insufficient allowance"

# The name of a call with empty calldata, which only wallets take.
DEFAULT: Final = "__default__"


class Chain(Protocol):
    """
    What the contracts ask of the rest of the chain, as it is before the call.

    Tokens move exactly what they are asked to, and callers own the native currency that they send.
    """

    def balance_of(self, token: Address, holder: Address) -> int:
        """
        What `holder` has of `token` (or NATIVE), in base units.
        """
        ...

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """
        What `spender` may take of `owner`'s, in base units.
        """
        ...

    def has_code(self, address: Address) -> bool:
        """
        Whether there is code at `address`.
        """
        ...

    def is_delegated(self, address: Address) -> bool:
        """
        Whether that code is only an EIP-7702 delegation: then the account is one key still.
        """
        ...

    def is_blueprint(self, address: Address) -> bool:
        """
        Whether the code at `address` starts as ERC-5202 says.
        """
        ...

    def takes_native(self, address: Address) -> bool:
        """
        Whether a plain transfer of native currency to `address` succeeds. Not asked for the
        organisation, which never does, and its wallets, which always do.
        """
        ...

    def signed_by(self, wallet: Address, payment: SignablePayment, signature: bytes) -> bool:
        """
        Whether `signature` is `payment.agent`'s under this very payment from `wallet`, on this
        chain: of its key, or as the agent's own contract says. Not asked for the zero address.
        """
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """
    A call of an external function: arguments in the contract's order, `value` in base units.

    Addresses are checksummed, bytes are `bytes`, a budget is a `Budget`, lists are tuples, of
    `Payment` where they are a batch.
    """

    sender: Address
    target: Address
    function: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    The call succeeds: what it logs, in order, and what it returns.
    """

    events: tuple[Event, ...] = ()
    result: Any = None


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The call reverts with `reason`: a `Reason`, what a token says, or PLAIN.
    """

    reason: str


Decision: TypeAlias = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Turn:
    """
    A call under way: who calls what, on which state, at what time.
    """

    state: State
    chain: Chain
    now: int
    sender: Address
    target: Address
    value: int = 0

    @property
    def wallet(self) -> WalletState:
        """
        The wallet that is called.
        """
        return self.state.registry[self.target]

    @property
    def is_treasury(self) -> bool:
        """
        Whether the caller is the treasury.
        """
        return self.sender == self.state.treasury

    @property
    def is_applied(self) -> bool:
        """
        Whether the caller is the organisation, which calls setters only for what has waited.
        """
        return self.sender == self.state.organization

    @property
    def is_guardian(self) -> bool:
        """
        Whether the caller is a guardian.
        """
        return self.sender in self.state.guardians

    def call(self, target: Address, function: str, *arguments: Any) -> Decision:
        """
        What the target answers when it is called from here.
        """
        return handle(
            replace(self, sender=self.target, target=target, value=0), function, arguments
        )


Handler: TypeAlias = Callable[..., Decision]
_ORGANIZATION: Final[dict[str, Handler]] = {}
_WALLET: Final[dict[str, Handler]] = {}
_PAYABLE: Final[set[Handler]] = set()


def on_organization(handler: Handler) -> Handler:
    """
    The handler of the organisation's function of the same name.
    """
    _ORGANIZATION[handler.__name__] = handler
    return handler


def on_wallet(handler: Handler) -> Handler:
    """
    The handler of the wallets' function of the same name.
    """
    _WALLET[handler.__name__] = handler
    return handler


def payable(handler: Handler) -> Handler:
    """
    A function that takes native currency; every other reverts when some is sent.
    """
    _PAYABLE.add(handler)
    return handler


def functions() -> dict[str, list[str]]:
    """
    The names of the functions that the reference knows, by contract.
    """
    return {"Organization": sorted(_ORGANIZATION), "HotWallet": sorted(_WALLET)}


def handle(turn: Turn, function: str, arguments: tuple[Any, ...]) -> Decision:
    """
    Let the function's handler decide. Raises UnknownCallError where there is none.
    """
    handler = _find_handlers(turn).get(function)
    if handler is None:
        raise UnknownCallError(f"{turn.target} has no function {function} that changes state")
    if turn.value and handler not in _PAYABLE:
        return Refused(PLAIN)
    return handler(turn, *arguments)


def _find_handlers(turn: Turn) -> dict[str, Handler]:
    if turn.target == turn.state.organization:
        return _ORGANIZATION
    if turn.target in turn.state.registry:
        return _WALLET
    raise UnknownCallError(f"{turn.target} is neither the organisation nor one of its wallets")


def is_long(text: str, size: int = MAX_REASON_BYTES) -> bool:
    """
    Whether the ABI refuses `text` where it takes `size` bytes.
    """
    return len(text) > size or len(text.encode()) > size
