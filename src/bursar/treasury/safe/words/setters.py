"""
The timelocked setters in sentences: what is raised, lowered, added or removed, from what to what.
"""

from collections.abc import Callable
from typing import Any, Final

from bursar.budgets import Budget
from bursar.state import State
from bursar.treasury.words import Words
from bursar.types import DAY, FOREVER, HOUR, MAX_UINT256, Address

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (60, "minute"), (1, "second"))


def say_duration(seconds: int) -> str:
    """
    Seconds as people say them: "2 days", "1 hour 30 minutes".
    """
    if seconds == FOREVER:
        return "off"
    said = []
    for size, name in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            said.append(f"{number} {name}{'s' if number > 1 else ''}")
    return " ".join(said) or "0 seconds"


def say_setter(
    words: Words, before: State, after: State, target: Address, name: str, values: tuple[Any, ...]
) -> str:
    """
    What a setter does, with the figures of the state before and after it.
    """
    return _SAYINGS[name](words, before, after, target, values)


def say_budget_of(words: Words, target: Address, values: tuple[Any, ...]) -> str:
    """
    Which budget: its category, agent and wallet.
    """
    category = words.category(values[2])
    kind = f"{category} budget" if category else "budget without a category"
    return f"{kind} of agent {words.name(values[0])} in wallet {words.name(target)}"


def _budget(
    words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
) -> str:
    which = say_budget_of(words, target, values)
    old, new = (_budget_in(state, target, values) for state in (before, after))
    if values[3].expires_at == 0:
        return f"remove the {which}"
    token = values[1]
    if old.expires_at == 0:
        return f"give a {which}: {words.budget(new, token)}"
    changed = [
        (name, per)
        for name, per in (("daily", "a day"), ("hourly", "an hour"), ("per_payment", "a payment"))
        if getattr(old, name) != getattr(new, name)
    ]
    if not changed:
        return f"change the {which}" if old != new else f"leave the {which} as it is"
    figure, per = changed[0]
    verbs = {_verb(getattr(old, name), getattr(new, name)) for name, _ in changed}
    verb = verbs.pop() if len(verbs) == 1 else "change"
    was, will = (words.amount(getattr(one, figure), token) for one in (old, new))
    more = _differences(old, new) - 1
    rest = f", and {more} more figure{'s' if more > 1 else ''} with it" if more else ""
    return f"{verb} the {which} from {_number(was)} to {will} {per}{rest}"


def _budget_in(state: State, target: Address, values: tuple[Any, ...]) -> Budget:
    return state.registry[target].budget(*values[:3])


def _differences(old: Budget, new: Budget) -> int:
    return sum(getattr(old, name) != getattr(new, name) for name in Budget.model_fields)


def _number(amount: str) -> str:
    """
    Without the symbol, which the other amount has.
    """
    return amount.partition(" ")[0]


def _verb(old: int, new: int) -> str:
    return "raise" if new > old else "lower"


def _wallet_limit(
    words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
) -> str:
    token = values[0]
    old, new = (state.registry[target].wallet_limit(token) for state in (before, after))
    if new == 0:
        return f"disable {_symbol(words, token)} in wallet {words.name(target)}"
    if old == 0:
        return (
            f"enable {_symbol(words, token)} in wallet {words.name(target)}, for "
            f"{words.amount(new, token)} a day of all agents"
        )
    return (
        f"{_verb(old, new)} what all agents of wallet {words.name(target)} may spend from "
        f"{_number(words.amount(old, token))} to {words.amount(new, token)} a day"
    )


def _max_balance(
    words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
) -> str:
    token = values[0]
    old, new = (state.registry[target].max_balance(token) for state in (before, after))
    limit = "no limit" if new == MAX_UINT256 else words.amount(new, token)
    return (
        f"{_verb(old, new)} the balance that refills of wallet {words.name(target)} may reach, "
        f"from {_number(words.amount(old, token))} to {limit}"
    )


def _symbol(words: Words, token: Address) -> str:
    return words.book.symbol_of(token)[0]


def _recipients(
    words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
) -> str:
    who = ", ".join(map(words.name, values[0])) or "nobody"
    if values[1]:
        return f"let wallet {words.name(target)} pay {who} where a budget asks for listed ones"
    return f"take {who} off the recipients of wallet {words.name(target)}"


def _seconds(what: str) -> Callable[..., str]:
    def say(
        words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
    ) -> str:
        whose = f" of wallet {words.name(target)}" if target in before.registry else ""
        return f"set the {what}{whose} to {say_duration(values[0])}"

    return say


def _guardian(
    words: Words, before: State, after: State, target: Address, values: tuple[Any, ...]
) -> str:
    who = words.name(values[0])
    if values[1]:
        return f"make {who} a guardian, who can stop everything and sweep wallets to the treasury"
    return f"remove the guardian {who}"


_SAYINGS: Final[dict[str, Callable[..., str]]] = {
    "set_budget": _budget,
    "set_wallet_limit": _wallet_limit,
    "set_max_balance": _max_balance,
    "set_recipients": _recipients,
    "set_payment_delay": _seconds("payment delay"),
    "set_grace": _seconds("payment grace"),
    "set_guardian": _guardian,
    "set_heartbeat_timeout": _seconds("heartbeat timeout"),
    "set_change_delay": _seconds("change delay"),
}
