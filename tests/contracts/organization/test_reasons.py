"""
One table of everything the organisation refuses with, each with its nearest neighbour that passes.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    CHANGE_GRACE,
    ZERO,
    Company,
    refused,
)
from tests.contracts.organization.puppet import new_puppet
from tests.harness.evm import CONTRACTS
from tests.harness.world import DAY, HOUR, MAX

SOURCES = ("Organization", *(f"modules/{m}" for m in ("registry", "roles", "stops", "timelock")))
NO_CODE = "0x" + "77" * 20


class Pair(NamedTuple):
    """
    What is refused, and what differs as little as possible and passes.
    """

    refused: Callable[[Company], object]
    passes: Callable[[Company], object]


def _found(company: Company, treasury: str, delay: int = HOUR) -> object:
    artifact = company.organization.artifact
    return company.evm.deploy(artifact, treasury, [], [], delay, MAX, sender=company.deployer)


def _create(company: Company, prefix: bytes) -> object:
    code = prefix + company.operations.artifact.initcode
    company.evm.set_code(company.recipient, code)
    return company.organization.create_wallet("x", company.recipient, sender=company.treasury)


def _unpause_unsealed(company: Company, seal: bool) -> object:
    wallet = company.new_wallet("later")
    if seal:
        wallet.seal(sender=company.treasury)
    return company.organization.unpause(wallet.address, 1, "ok", sender=company.treasury)


def _unpause(company: Company, seen: int) -> object:
    company.pause(company.agent)
    return company.organization.unpause(company.agent, seen, "ok", sender=company.treasury)


def _clear(company: Company, after: int) -> object:
    company.pause(company.agent, 60)
    company.evm.warp(by=after)
    return company.organization.clear(company.agent, sender=company.stranger)


def _schedule(company: Company, target: str, call: bytes) -> object:
    return company.organization.schedule(target, call, sender=company.treasury)


def _grace(company: Company) -> bytes:
    return company.operations.calldata("set_grace", 2 * DAY)


def _apply(company: Company, after: int) -> object:
    company.schedule_raise()
    company.evm.warp(by=after)
    return company.apply_raise()


def _veto_removal(company: Company, by: str) -> object:
    id = company.schedule(company.organization, "set_guardian", company.guardian, False)
    return company.organization.veto(id, "no", sender=by)


def _delay(company: Company, seconds: int) -> object:
    return company.organization.set_change_delay(seconds, sender=company.treasury)


def _timeout(company: Company, seconds: int) -> object:
    return company.organization.set_heartbeat_timeout(seconds, sender=company.treasury)


def _keeper(company: Company, who: str, by: str) -> object:
    return company.organization.set_keeper(who, True, sender=by)


REASONS = {
    "registry: not a blueprint": Pair(
        lambda c: _create(c, b"\xfe\x71\x01"), lambda c: _create(c, b"\xfe\x71\x00")
    ),
    "registry: not a wallet": Pair(
        lambda c: new_puppet(c.evm).does(c.organization, "changed", b"\0" * 32, ZERO),
        lambda c: c.puppet.does(c.organization, "changed", b"\0" * 32, ZERO),
    ),
    "roles: not a guardian or the treasury": Pair(
        lambda c: c.organization.veto_all("no", sender=c.keeper),
        lambda c: c.organization.veto_all("no", sender=c.guardian),
    ),
    "roles: not a keeper": Pair(
        lambda c: c.organization.heartbeat(sender=c.guardian),
        lambda c: c.organization.heartbeat(sender=c.keeper),
    ),
    "roles: not the treasury": Pair(
        lambda c: _keeper(c, c.stranger, c.guardian), lambda c: _keeper(c, c.stranger, c.treasury)
    ),
    "roles: treasury has no code": Pair(
        lambda c: _found(c, NO_CODE), lambda c: _found(c, c.token.address)
    ),
    "roles: zero address": Pair(
        lambda c: _keeper(c, ZERO, c.treasury),
        lambda c: _keeper(c, "0x" + "00" * 19 + "01", c.treasury),
    ),
    "stops: never stopped": Pair(
        lambda c: c.organization.unpause(c.agent, 1, "ok", sender=c.treasury),
        lambda c: _unpause(c, 1),
    ),
    "stops: not authorised": Pair(
        lambda c: c.pause(c.agent, by=c.agent), lambda c: c.pause(c.agent, by=c.keeper)
    ),
    "stops: not the stop that was seen": Pair(lambda c: _unpause(c, 2), lambda c: _unpause(c, 1)),
    "stops: still stopped": Pair(lambda c: _clear(c, 59), lambda c: _clear(c, 60)),
    "stops: timeout out of bounds": Pair(lambda c: _timeout(c, 599), lambda c: _timeout(c, 600)),
    "stops: wallet is not sealed": Pair(
        lambda c: _unpause_unsealed(c, seal=False), lambda c: _unpause_unsealed(c, seal=True)
    ),
    "timelock: delay out of bounds": Pair(
        lambda c: _delay(c, 30 * DAY + 1), lambda c: _delay(c, 30 * DAY)
    ),
    "timelock: expired": Pair(
        lambda c: _apply(c, CHANGE_DELAY + CHANGE_GRACE),
        lambda c: _apply(c, CHANGE_DELAY + CHANGE_GRACE - 1),
    ),
    "timelock: malformed call": Pair(
        lambda c: _schedule(c, c.operations.address, _grace(c)[:-1]),
        lambda c: _schedule(c, c.operations.address, _grace(c)),
    ),
    "timelock: must be scheduled": Pair(
        lambda c: _delay(c, CHANGE_DELAY - 1), lambda c: _delay(c, CHANGE_DELAY)
    ),
    "timelock: no such change": Pair(lambda c: c.apply_raise(), lambda c: _apply(c, CHANGE_DELAY)),
    "timelock: not a timelocked setter": Pair(
        lambda c: _schedule(c, c.organization.address, _grace(c)),
        lambda c: _schedule(c, c.operations.address, _grace(c)),
    ),
    "timelock: not due yet": Pair(
        lambda c: _apply(c, CHANGE_DELAY - 1), lambda c: _apply(c, CHANGE_DELAY)
    ),
    "timelock: only the treasury may veto this": Pair(
        lambda c: _veto_removal(c, c.guardian), lambda c: _veto_removal(c, c.treasury)
    ),
    "timelock: unknown target": Pair(
        lambda c: _schedule(c, c.stranger, _grace(c)),
        lambda c: _schedule(c, c.trading.address, _grace(c)),
    ),
}


def test_reasons__in_the_sources__are_all_in_the_table() -> None:
    """
    A reason that is added or reworded must be added or reworded here.
    """
    sources = "".join((CONTRACTS / f"{name}.vy").read_text() for name in SOURCES)
    found = re.findall(r'(?:assert .*, |raise )"([a-z]+: [^"]+)"', sources)
    assert set(found) == set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_reason__and_its_nearest_neighbour__are_told_apart(company: Company, reason: str) -> None:
    """
    What is refused, refuses with that reason; what differs by as little as possible passes.
    """
    with refused(reason):
        REASONS[reason].refused(company)

    REASONS[reason].passes(Company())
