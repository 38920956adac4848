"""
The events of `Organization`: who may do what, what is stopped, what is scheduled.
"""

from bursar.events.base import CallField, Event
from bursar.types import AddressField, Bytes32Field, Uint256


class OrganizationCreated(Event):
    """
    An organisation came into being. Its last heartbeat is this block's timestamp.
    """

    treasury: AddressField
    change_delay: Uint256


class WalletCreated(Event):
    """
    A wallet was registered. Its constructor's own events come before.
    """

    indexed = ("wallet",)

    wallet: AddressField
    name: str
    blueprint: AddressField


class GuardianSet(Event):
    """
    `who` is a guardian from here on, or no longer. Also logged when nothing changed.
    """

    indexed = ("who",)

    who: AddressField
    on: bool


class KeeperSet(Event):
    """
    `who` is a keeper from here on, or no longer. Also logged when nothing changed.
    """

    indexed = ("who",)

    who: AddressField
    on: bool


class Paused(Event):
    """
    A scope was stopped for the `number`-th time, `until` then (FOREVER: until unpaused).
    """

    indexed = ("scope", "by")

    scope: AddressField
    by: AddressField
    until: Uint256
    number: Uint256
    reason: str


class Unpaused(Event):
    """
    The treasury lifted stop `number` of a scope.
    """

    indexed = ("scope", "by")

    scope: AddressField
    by: AddressField
    number: Uint256
    reason: str


class HeartbeatSent(Event):
    """
    A keeper says that it watches, or the treasury set the timeout.
    """

    indexed = ("by",)

    by: AddressField


class HeartbeatTimeoutSet(Event):
    """
    From here on a silence this long stops every wallet (FOREVER: off).
    """

    seconds: Uint256


class ChangeDelaySet(Event):
    """
    From here on a scheduled change waits this long.
    """

    seconds: Uint256


class ChangeScheduled(Event):
    """
    A change may be applied from `ready_at` on, until before `expires_at`.
    """

    indexed = ("id", "target")

    id: Bytes32Field
    target: AddressField
    call: CallField
    ready_at: Uint256
    expires_at: Uint256


class ChangeApplied(Event):
    """
    A change took effect. What its setter logs comes next.
    """

    indexed = ("id", "by")

    id: Bytes32Field
    by: AddressField


class ChangeVetoed(Event):
    """
    A pending change was struck out.
    """

    indexed = ("id", "by")

    id: Bytes32Field
    by: AddressField
    reason: str


class ChangesVetoed(Event):
    """
    All pending changes were struck out, except removals of guardians.
    """

    indexed = ("by",)

    by: AddressField
    reason: str


class ChangeVoided(Event):
    """
    A pending change was replaced, or overtaken by a direct change of its subject.
    """

    indexed = ("id",)

    id: Bytes32Field
