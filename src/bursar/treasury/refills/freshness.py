"""
Whether a report still says how things are. Pure.

    report + the same report built now + what was logged since → find_changes → sentences

A payment here and there makes no report stale. What does: a day, another chain, another file, a
policy or a stop that changed, a balance that moved by more than a tenth, a new alarm.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from bursar import events
from bursar.events import Event
from bursar.treasury.refills.evidence import Line, Report
from bursar.treasury.words import Words, show_amount, show_moment
from bursar.types import DAY

# Whoever signs tomorrow should look again: a stolen key is fast.
LONGEST: Final = DAY
MOVED_PART: Final = 10

_MATERIAL: Final = (
    *(events.BudgetSet, events.WalletLimitSet, events.MaxBalanceSet, events.RecipientSet),
    *(events.PaymentDelaySet, events.GraceSet, events.AgentRotated, events.Sealed),
    *(events.Refilled, events.Swept, events.WalletCreated, events.GuardianSet, events.KeeperSet),
    *(events.Paused, events.Unpaused, events.HeartbeatTimeoutSet, events.ChangeDelaySet),
    *(events.ChangeScheduled, events.ChangeApplied, events.ChangesVetoed, events.ChangeVetoed),
)


def find_changes(
    report: Report, fresh: Report, since: Iterable[Event], words: Words, *, same_chain: bool
) -> tuple[str, ...]:
    """
    Why the report can no longer be relied on; empty where it can. `since` is what was logged after
    the report's block; `same_chain` says that this block still has its hash.
    """
    if not same_chain:
        return ("The chain was reorganised: the report's block is gone.",)
    return tuple(_find(report, fresh, since, words))


def _find(report: Report, fresh: Report, since: Iterable[Event], words: Words) -> Iterator[str]:
    if fresh.at - report.at > LONGEST:
        yield (
            f"It is of {show_moment(report.at)}, more than {LONGEST // 3600} hours old since "
            f"{show_moment(report.at + LONGEST)}."
        )
    if report.at > fresh.at:
        now_is = show_moment(fresh.at)
        yield f"It says that it is of {show_moment(report.at)}, and it is {now_is} now."
    if fresh.source.sha256 != report.source.sha256:
        yield f"{report.source.name} was changed since it was compared, {show_moment(report.at)}."
    for event in since:
        if isinstance(event, _MATERIAL):
            yield f"At {show_moment(event.at)}, {words.name(event.emitter)}: {words.event(event)}."
    now = {(line.address, line.token_address): line for line in fresh.lines}
    for line in report.refilled:
        yield from _moved(report, line, fresh, now.get((line.address, line.token_address)))
    known = {(one.rule, one.wallet, one.agent, one.at) for one in report.alarms}
    for one in fresh.alarms:
        if (one.rule, one.wallet, one.agent, one.at) not in known:
            yield f"A new alarm, of {show_moment(one.at)}: {one.text}."


def _moved(report: Report, line: Line, fresh: Report, now: Line | None) -> Iterator[str]:
    if now is None:
        yield f"{line.wallet} no longer holds {line.token}."
    elif abs(now.current - line.current) * MOVED_PART > line.target:
        before, after = (show_amount(one, line.decimals) for one in (line.current, now.current))
        yield (
            f"{line.wallet} had {before} {line.token} in block {report.block} and has {after} now, "
            f"in block {fresh.block}."
        )
