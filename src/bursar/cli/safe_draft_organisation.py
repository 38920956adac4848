"""
`bursar safe draft`, the organisation's part: roles, delays, stops and vetoes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.safe_wishes import (
    Reason,
    Time,
    Who,
    drafting,
    find_person,
    read_time,
)

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.treasury.safe import Policy


@drafting
def change_delay(
    policy: "Policy",
    time: Time,
) -> "list[Call]":
    """
    How long changes that loosen wait.

    Example: bursar safe draft change-delay 4d -p "holidays"
    """
    return [policy.set(policy.state.organization, "set_change_delay", read_time(time))]


@drafting
def heartbeat_timeout(
    policy: "Policy",
    time: Annotated[str, typer.Argument(metavar="TIME", help="Such as 6h, or off.")],
) -> "list[Call]":
    """
    After how long without a keeper's heartbeat everything stops.

    Example: bursar safe draft heartbeat-timeout 6h -p "two keepers run now"
    """
    from bursar.types import FOREVER

    seconds = FOREVER if time == "off" else read_time(time)
    return [policy.set(policy.state.organization, "set_heartbeat_timeout", seconds)]


def _role_command(role: str, on: bool) -> Callable[..., None]:
    """
    add-guardian, remove-guardian, add-keeper or remove-keeper.
    """
    name = f"{'add' if on else 'remove'}-{role}"
    loosens = (role, on) == ("guardian", False)
    waits = "waits, and guardians cannot veto it" if loosens else "at once"

    def build(policy: "Policy", who: Who) -> "list[Call]":
        address = find_person(policy, who)
        if role == "keeper":
            return [policy.set_keeper(address, on)]
        return [policy.set(policy.state.organization, "set_guardian", address, on)]

    build.__doc__ = f"""
    {"Make somebody a" if on else "Remove a"} {role}: {waits}.

    Example: bursar safe draft {name} dana -p "why"
    """
    return drafting(build)


add_guardian = _role_command("guardian", True)
remove_guardian = _role_command("guardian", False)
add_keeper = _role_command("keeper", True)
remove_keeper = _role_command("keeper", False)


@drafting
def unpause(
    policy: "Policy",
    scope: Annotated[str, typer.Argument(help="organisation, or a wallet's or agent's name.")],
    seen: Annotated[int, typer.Option(min=1, help="The stop that you looked at.")],
    reason: Reason = "",
) -> "list[Call]":
    """
    Release a stop: the one that was looked at. If there is another before, it fails.

    Example: bursar safe draft unpause trading --seen 3 -p "false alarm"
    """
    _, address = policy.book.find_scope(scope)
    return [policy.unpause(address, seen, reason)]


@drafting
def veto(
    policy: "Policy",
    id: Annotated[str, typer.Argument(metavar="CHANGE", help="As `bursar pending-changes`.")],
    reason: Reason = "",
) -> "list[Call]":
    """
    Strike out a pending change as the treasury. (A guardian can do it alone: bursar veto.)

    Example: bursar safe draft veto 0x5f -p "not agreed"
    """
    from bursar.treasury.pending import find_change

    change = find_change(policy.view, id)
    return [policy.veto(change.id, reason)]
