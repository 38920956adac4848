"""
Calls of our own contracts in sentences, each with its effect and what to beware of.

    ReadCall + Outlook → say_organization | say_wallet → Saying
"""

from collections.abc import Callable
from typing import Any, Final

from bursar.state import State
from bursar.treasury.safe.words.changes import say_change, say_pending, say_setter_call
from bursar.treasury.safe.words.model import Effect, Figure
from bursar.treasury.safe.words.outlook import Outlook
from bursar.treasury.safe.words.reading import ReadCall
from bursar.treasury.safe.words.saying import Saying
from bursar.treasury.safe.words.setters import say_duration
from bursar.treasury.words import Words, short
from bursar.types import CHANGE_GRACE, FOREVER, MAX_UINT256, NATIVE, Address

_SETTERS: Final = frozenset(
    {
        *("set_guardian", "set_heartbeat_timeout", "set_change_delay", "set_budget"),
        *("set_wallet_limit", "set_max_balance", "set_recipients"),
        *("set_payment_delay", "set_grace"),
    }
)


def say_guard(words: Words, outlook: Outlook, to: Address, call: ReadCall, value: int) -> Saying:
    """
    A call of the organisation or of one of its wallets.
    """
    if call.name in _SETTERS:
        saying = _say_direct(words, outlook, to, call)
    elif call.name in _OTHERS:
        saying = _OTHERS[call.name](words, outlook, to, call.values)
    else:
        saying = Saying(
            f"call {call.name} of {words.name(to)}, which is not the treasury's to call",
            Effect.UNKNOWN,
        )
    refusal = outlook.refusal(to, call.name, call.values, value)
    if refusal is not None:
        saying.warnings.append(f"would fail as things stand: {refusal}")
    return saying


def _say_direct(words: Words, outlook: Outlook, to: Address, call: ReadCall) -> Saying:
    data = call.function.encode(call.values)
    saying = say_setter_call(words, outlook, to, call.name, call.values, data)
    wallet = outlook.state.registry.get(to)
    if saying.effect is Effect.LOOSENS and wallet is not None and not wallet.sealed:
        saying.warnings.append("loosens at once: the wallet is not sealed yet")
    return saying


def _schedule(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    target, data = values
    saying = say_change(words, outlook, target, data)
    delay = say_duration(outlook.state.change_delay)
    saying.sentence += f", effective {delay} after execution"
    saying.when = (
        f"{delay} after execution; anybody may apply it then, for {say_duration(CHANGE_GRACE)}, "
        "and guardians may veto it before"
    )
    if saying.effect is Effect.LOOSENS:
        saying.warnings.append("loosens: compare every figure with what was agreed")
    elif saying.effect in (Effect.TIGHTENS, Effect.NOTHING):
        saying.warnings.append("does not loosen: it need not wait, and a direct call acts at once")
    replaced = say_pending(outlook, target, data)
    if replaced is not None:
        saying.warnings.append(f"replaces what is pending already: {replaced}")
    return saying


def _unpause(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    scope, seen, reason = values
    state: State = outlook.state
    saying = Saying(
        f"release {_scope(words, state, scope)} from stop {seen}{words.reason(reason)}",
        Effect.LOOSENS,
        warnings=["loosens, and takes effect at once"],
    )
    number = state.pause_number(scope)
    if number != seen:
        saying.warnings.append(f"the latest stop is {number}, not {seen}: look at that one first")
    if not state.is_paused(scope, outlook.now):
        saying.warnings.append("it is not stopped now: there is nothing to release")
    return saying


def _scope(words: Words, state: State, scope: Address) -> str:
    if scope == state.organization:
        return "the whole organisation"
    kind = "wallet" if scope in state.registry else "agent"
    return f"{kind} {words.name(scope)}"


def _pause(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    scope, seconds, reason = values
    until = "until unpaused" if seconds in (0, FOREVER) else f"for {say_duration(seconds)}"
    said = f"stop {_scope(words, outlook.state, scope)} {until}{words.reason(reason)}"
    return Saying(said, Effect.TIGHTENS)


def _keeper(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    who, on = values
    was = who in outlook.state.keepers
    if on:
        said = f"make {words.name(who)} a keeper, who can stop everything and pay nobody"
    else:
        said = f"remove the keeper {words.name(who)}"
    yes = ("no", "yes")
    figures = [Figure(label=f"keeper {words.name(who)}", before=yes[was], after=yes[on])]
    saying = Saying(said, Effect.CHANGES, figures=figures if was != on else [])
    if was and not on and len(outlook.state.keepers) == 1:
        saying.warnings.append("no keeper is left: nobody sends the heartbeat")
    return saying


def _create(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    name, blueprint = values
    saying = Saying(f"create the wallet {name!r}, stopped until it is set up", Effect.CHANGES)
    if blueprint != words.book.blueprint:
        saying.effect = Effect.UNKNOWN
        saying.warnings.append(f"made from {blueprint}, which is not the book's blueprint")
    return saying


def _seal(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    said = f"seal wallet {words.name(to)}: from then on what loosens waits, and it can be opened"
    return Saying(said, Effect.CHANGES)


def _rotate(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    old, new = values
    return Saying(
        f"hand every budget of agent {words.name(old)} in wallet {words.name(to)} to "
        f"{words.name(new)}, and retire {words.name(old)} there for ever",
        Effect.LOOSENS,
        warnings=[f"takes effect at once: {words.name(new)} may spend from then on"],
    )


def _refill(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    token, amount, ref = values
    shown = f"{amount:,} base units" if amount == MAX_UINT256 else words.amount(amount, token)
    said = f"refill wallet {words.name(to)} with {shown} (ref {short(ref)})"
    saying = Saying(said, Effect.MOVES, warnings=["moves money out of the treasury, at once"])
    if outlook.knows_money:
        held = outlook.chain.balance_of(token, to)
        before, after = (words.amount(one, token) for one in (held, held + amount))
        saying.figures = [Figure(label="balance of the wallet", before=before, after=after)]
    if token != NATIVE and words.book.symbol_of(token)[0] == token:
        saying.warnings.append(f"{token} is no token of the book: the amount is in base units")
    return saying


def _sweep(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    token, reason = values
    symbol = words.book.symbol_of(token)[0]
    said = f"bring all {symbol} of wallet {words.name(to)} back to the treasury"
    return Saying(f"{said}{words.reason(reason)}", Effect.TIGHTENS)


def _veto(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    id, reason = values
    change = outlook.state.live_change(id, outlook.now)
    what = say_change(words, outlook, change.subject.target, change.call).sentence if change else ""
    said = f"veto change {short(id)}{words.reason(reason)}"
    return Saying(f"{said}, which would {what}" if what else said, Effect.TIGHTENS)


def _veto_all(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    said = f"veto every pending change but removals of guardians{words.reason(values[0])}"
    return Saying(said, Effect.TIGHTENS)


def _apply(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    saying = say_change(words, outlook, *values)
    saying.sentence = f"apply what has waited: {saying.sentence}"
    return saying


def _cancel(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    said = f"cancel payment {short(values[0])} of wallet {words.name(to)}"
    return Saying(f"{said}{words.reason(values[1])}", Effect.TIGHTENS)


def _cancel_all(words: Words, outlook: Outlook, to: Address, values: tuple[Any, ...]) -> Saying:
    said = f"cancel every payment that waits in wallet {words.name(to)}{words.reason(values[0])}"
    return Saying(said, Effect.TIGHTENS)


_OTHERS: Final[dict[str, Callable[..., Saying]]] = {
    "schedule": _schedule,
    "apply": _apply,
    "unpause": _unpause,
    "pause": _pause,
    "set_keeper": _keeper,
    "create_wallet": _create,
    "seal": _seal,
    "rotate_agent": _rotate,
    "refill": _refill,
    "sweep": _sweep,
    "veto": _veto,
    "veto_all": _veto_all,
    "cancel": _cancel,
    "cancel_all": _cancel_all,
}
