"""
Whether what stands on the chain is what was meant to be deployed.

    Expected, node → verify → findings: a table, and no doubt about it if one differs

Code is compared byte for byte, immutables included, so a contract that only answers like ours is
found out. Roles are read from all that was ever logged: a key that nobody named is found, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bursar.chain.bytecode import blueprint_code, organization_code, wallet_code
from bursar.chain.client import Client
from bursar.chain.contracts import Contract, organization_at, wallet_at
from bursar.chain.deployment import Deployment, code_hash, fetch_safe
from bursar.chain.deployment_plan import Parameters
from bursar.chain.errors import RpcError
from bursar.chain.logs import decode_log
from bursar.chain.reader import RawLog
from bursar.events import (
    Event,
    GuardianSet,
    HeartbeatTimeoutSet,
    KeeperSet,
    OrganizationCreated,
    WalletCreated,
)
from bursar.types import FOREVER, Address, Role


class Status(StrEnum):
    """
    `note` is what people judge: no difference.
    """

    OK = "ok"
    DIFFERS = "differs"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.
    """

    subject: str
    what: str
    expected: str
    found: str
    status: Status


class Expected(NamedTuple):
    """
    What should stand there. Without a blueprint the wallets may have any, each with the shipped
    code; without a deployer nobody asks what that one may do.
    """

    chain_id: int
    organization: Address
    parameters: Parameters
    block: int = 0
    blueprint: Address | None = None
    deployer: Address | None = None

    @classmethod
    def of(cls, deployment: Deployment) -> "Expected":
        """
        What a record says.
        """
        return cls(
            deployment.chain_id,
            deployment.organization,
            deployment.parameters,
            deployment.block,
            deployment.blueprint,
            deployment.deployer,
        )


def verify(client: Client, expected: Expected) -> list[Finding]:
    """
    Everything that was looked at, in an order to read. What differs at the beginning ends it:
    nothing that another chain or another contract says of itself means anything.
    """
    findings = [_compared("chain", "id", expected.chain_id, client.chain_id)]
    if client.chain_id == expected.chain_id:
        code = organization_code(expected.parameters.treasury)
        findings.append(_code(client, "organisation", expected.organization, code))
    if all(finding.status == Status.OK for finding in findings):
        findings += _Verification(client, expected).findings()
    return findings


def differs(findings: list[Finding]) -> bool:
    """
    Whether anything is not as it should be.
    """
    return any(finding.status == Status.DIFFERS for finding in findings)


class _Verification:
    """
    An organisation whose code is ours, so that its answers can be believed.
    """

    def __init__(self, client: Client, expected: Expected) -> None:
        self.client = client
        self.expected = expected
        self.organization = organization_at(client, expected.organization)
        self.history = _fetch_events(client, expected.organization, expected.block)

    def findings(self) -> list[Finding]:
        return [
            *self._founding(),
            *self._roles(),
            *self._treasury(),
            *self._wallets(),
        ]

    def _founding(self) -> Iterator[Finding]:
        """
        The constructor's arguments, as they were then and as they are now.
        """
        meant = self.expected.parameters
        created = [event for event in self.history if isinstance(event, OrganizationCreated)]
        timeouts = [event for event in self.history if isinstance(event, HeartbeatTimeoutSet)]
        if not created:
            yield _finding("organisation", "creation", "logged", "no such log", Status.DIFFERS)
            return
        yield _compared(
            "organisation", "treasury", meant.treasury, self.organization.view("treasury")
        )
        delay, timeout = meant.change_delay, meant.heartbeat_timeout
        yield _seconds("founded with change delay", delay, created[0].change_delay)
        yield _seconds("change delay", delay, self.organization.view("change_delay"))
        yield _seconds("founded with heartbeat timeout", timeout, timeouts[0].seconds)
        yield _seconds("heartbeat timeout", timeout, self.organization.view("heartbeat_timeout"))
        stopped = self.organization.view("paused_until", self.organization.address)
        yield _stopped("organisation", stopped, self.client.fetch_now())

    def _roles(self) -> Iterator[Finding]:
        """
        Everybody who was ever given a role: those who should have it, and nobody else.
        """
        meant = self.expected.parameters
        for kind, role, wanted in (
            (GuardianSet, Role.GUARDIAN, meant.guardians),
            (KeeperSet, Role.KEEPER, meant.keepers),
        ):
            named = {event.who for event in self.history if isinstance(event, kind)}
            for who in sorted(named | set(wanted), key=lambda who: (who not in wanted, who)):
                has = bool(Role(self.organization.view("roles", who)) & role)
                if has or who in wanted:
                    name = role.name.lower() if role.name else ""
                    yield _compared(f"{name} {who}", "role", who in wanted, has)
        deployer = self.expected.deployer
        if deployer is not None:
            held = Role(self.organization.view("roles", deployer))
            yield _compared(f"deployer {deployer}", "any role", False, bool(held))

    def _treasury(self) -> Iterator[Finding]:
        safe = fetch_safe(self.client, self.expected.parameters.treasury)
        text = f"{safe.threshold} of {len(safe.owners)}"
        yield _finding("treasury", "signatures", "", text, Status.NOTE)
        for module in safe.modules:
            yield _finding("treasury", "module without signatures", "", module, Status.NOTE)

    def _wallets(self) -> Iterator[Finding]:
        """
        Each wallet that the organisation knows, and each blueprint that one came from.
        """
        created = [event for event in self.history if isinstance(event, WalletCreated)]
        count = self.organization.view("wallet_count")
        listed = tuple(self.organization.view("wallets", index) for index in range(count))
        told = tuple(event.wallet for event in created)
        yield _compared(
            "wallets", "registered", ", ".join(told) or "none", ", ".join(listed) or "none"
        )
        blueprints = {event.blueprint for event in created} | {self.expected.blueprint}
        for blueprint in sorted(filter(None, blueprints)):
            yield _code(self.client, "blueprint", blueprint, blueprint_code())
        for event in created:
            yield from self._wallet(event)

    def _wallet(self, event: WalletCreated) -> Iterator[Finding]:
        subject = f"wallet {event.name!r}"
        treasury = self.expected.parameters.treasury
        code = wallet_code(
            self.organization.address,
            treasury,
            event.name,
            wallet=event.wallet,
            chain_id=self.expected.chain_id,
        )
        found = _code(self.client, subject, event.wallet, code)
        yield found
        if self.expected.blueprint is not None:
            yield _compared(subject, "blueprint", self.expected.blueprint, event.blueprint)
        if found.status == Status.OK:
            yield from self._state(subject, wallet_at(self.client, event.wallet))

    def _state(self, subject: str, wallet: Contract) -> Iterator[Finding]:
        yield _compared(
            subject, "treasury", self.expected.parameters.treasury, wallet.view("treasury")
        )
        registered = self.organization.view("is_wallet", wallet.address)
        yield _compared(subject, "is registered", True, registered)
        sealed = "yes" if wallet.view("sealed") else "no: what loosens does not wait yet"
        yield _finding(subject, "sealed", "", sealed, Status.NOTE)
        until = self.organization.view("paused_until", wallet.address)
        yield _stopped(subject, until, self.client.fetch_now())


def _fetch_events(client: Client, emitter: Address, first: int) -> list[Event]:
    logs = _fetch_logs(client, emitter, first, client.fetch_height())
    # When something was logged does not matter here.
    return [event for event in (decode_log(log, 0) for log in logs) if event is not None]


def _fetch_logs(client: Client, emitter: Address, first: int, last: int) -> list[RawLog]:
    """
    All logs of a contract, in parts where the node has a limit for one answer.
    """
    try:
        return client.fetch_logs([emitter], first=first, last=last)
    except RpcError:
        if first >= last:
            raise
        middle = (first + last) // 2
        return [
            *_fetch_logs(client, emitter, first, middle),
            *_fetch_logs(client, emitter, middle + 1, last),
        ]


def _code(client: Client, subject: str, address: Address, expected: bytes) -> Finding:
    found = client.fetch_code(address)
    return _compared(
        f"{subject} {address}", "code", code_hash(expected), code_hash(found) if found else "none"
    )


def _compared(subject: str, what: str, expected: object, found: object) -> Finding:
    status = Status.OK if expected == found else Status.DIFFERS
    return _finding(subject, what, _said(expected), _said(found), status)


def _seconds(what: str, expected: int, found: int) -> Finding:
    never = {FOREVER: "never"}
    return _compared("organisation", what, never.get(expected, expected), never.get(found, found))


def _stopped(subject: str, until: int, now: int) -> Finding:
    text = "no"
    if now < until:
        text = "until unpaused" if until == FOREVER else f"until {until}"
    return _finding(subject, "stopped", "", text, Status.NOTE)


def _finding(subject: str, what: str, expected: str, found: str, status: Status) -> Finding:
    return Finding(subject, what, expected, found, status)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
