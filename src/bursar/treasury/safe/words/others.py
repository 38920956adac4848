"""
Calls of what is not ours: tokens, the Safe itself, plain money, and what nobody knows.

Whatever is not read here word for word is unknown, and said so aloud.
"""

from typing import Any, Final

from bursar.chain.contracts import token_type
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import safe_contract_type
from bursar.treasury.safe.words.model import Effect
from bursar.treasury.safe.words.reading import ReadCall, read_call
from bursar.treasury.safe.words.saying import Saying
from bursar.treasury.words import Words
from bursar.types import MAX_UINT256, NATIVE, ZERO_ADDRESS, Address

# With fewer, one stolen key is enough.
_FEWEST: Final = 2
_WITH_THRESHOLD: Final = ("addOwnerWithThreshold", "removeOwner", "changeThreshold")
_OWNERSHIP: Final = "changes who rules the treasury, at once: whoever signs this signs that"


def say_unknown(words: Words, call: Call) -> Saying:
    """
    A call that cannot be read: never shown as harmless.
    """
    what = f"function 0x{call.data[:4].hex()}" if len(call.data) >= 4 else "some bytes"
    money = f" and {words.amount(call.value, NATIVE)}" if call.value else ""
    return Saying(
        f"UNKNOWN CALL: {what} of {_who(words, call.to)}, with {len(call.data)} bytes{money}",
        Effect.UNKNOWN,
        warnings=[
            "Bursar cannot tell what this does. It may move everything that the treasury has. Do "
            "not sign it unless you know exactly what it is."
        ],
    )


def say_money(words: Words, call: Call, safe: Address) -> Saying:
    """
    A call without data: native currency, or nothing at all.
    """
    if call.to == safe and not call.value:
        return Saying("do nothing, and use up the nonce", Effect.NOTHING)
    return _leaves(words, _amount(words, call.value, NATIVE), call.to)


def say_token(words: Words, call: Call, following: ReadCall | None, next_to: Address) -> Saying:
    """
    A call of a token of the book. `following` is the batch's next call, of `next_to`.
    """
    read = read_call(token_type(), call.data)
    if read is None or call.value or read.name not in ("approve", "transfer"):
        return say_unknown(words, call)
    who, amount = read.values
    said = _amount(words, amount, call.to)
    if read.name == "transfer":
        return _leaves(words, said, who)
    saying = Saying(f"let {_who(words, who)} take {said} of the treasury's", Effect.MOVES)
    if amount == 0:
        saying = Saying(
            f"let {_who(words, who)} take nothing more of the treasury's", Effect.TIGHTENS
        )
    elif not _is_used_up(following, next_to, who, call.to, amount):
        saying.warnings.append(
            f"a standing approval: {_who(words, who)} may take it at any time, whatever the limits"
        )
    return saying


def _amount(words: Words, amount: int, token: Address) -> str:
    """
    An amount that moves. The largest number is no limit that is off, but everything there is.
    """
    if amount == MAX_UINT256:
        return f"ALL {words.book.symbol_of(token)[0]}, now and in future,"
    return words.amount(amount, token)


def _is_used_up(
    following: ReadCall | None, next_to: Address, who: Address, token: Address, amount: int
) -> bool:
    if following is None or following.name != "refill" or next_to != who:
        return False
    return following.values[:2] == (token, amount)


def _leaves(words: Words, amount: str, to: Address) -> Saying:
    sentence = f"send {amount} from the treasury to {_who(words, to)}"
    warning = "money leaves the treasury at once, past every limit of the wallets"
    saying = Saying(sentence, Effect.MOVES, warnings=[warning])
    if to in words.book.wallets.values():
        saying.warnings.append(
            "fills a hot wallet past its refill: without a report, and past its max_balance"
        )
    return saying


def say_safe(words: Words, call: Call) -> Saying:
    """
    A call of the Safe by itself: owners, threshold, modules, guard.
    """
    read = read_call(safe_contract_type("Safe"), call.data)
    if read is None or call.value or read.name not in _OWN:
        return say_unknown(words, call)
    if read.name == "setGuard" and read.values == (ZERO_ADDRESS,):
        return Saying("remove the guard of the Safe", Effect.OWNS, warnings=[_OWNERSHIP])
    sentence = _OWN[read.name].format(*[_say(words, value) for value in read.values])
    saying = Saying(sentence, Effect.OWNS, warnings=[_OWNERSHIP])
    if read.name in _WITH_THRESHOLD and read.values[-1] < _FEWEST:
        saying.warnings.append(
            "ONE OWNER ALONE could then take everything that the treasury has, and so could a thief"
        )
    return saying


def _say(words: Words, value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return _who(words, Address(value)) if isinstance(value, str) else str(value)


_OWN: Final = {
    "addOwnerWithThreshold": "make {0} an owner of the Safe, and ask for {1} signatures",
    "removeOwner": "remove the owner {1} of the Safe, and ask for {2} signatures",
    "swapOwner": "replace the owner {1} of the Safe by {2}",
    "changeThreshold": "ask for {0} signatures of the Safe's owners",
    "enableModule": "let {0} do anything as the treasury, without any signature",
    "disableModule": "take the module {1} off the Safe",
    "setGuard": "let the contract {0} forbid transactions of the Safe",
    "setFallbackHandler": "let the contract {0} answer for the Safe",
}


def _who(words: Words, address: Address) -> str:
    name = words.name(address)
    return address if name == address else f"{name} ({address})"
