# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Organization
@author Bursar contributors
@license MIT
@notice The switchboard of an organisation (who may stop whom, what is stopped), the registry of
        its hot wallets, and the only timelock. It holds no money.
@dev No lock against re-entry: `apply` reaches the setters below by a call to this very contract,
     and the only other contracts it calls are wallets that it created itself, after its own
     effects.
@custom:pause `pause(scope, duration, reason)` by a guardian, a keeper or the treasury, with this
              contract's own address as the scope, stops every agent in every wallet.
@custom:kill There is none: stop everything, then sweep each wallet to the treasury.
"""

from interfaces import IHotWallet
from interfaces import IOrganization
from modules import registry
from modules import revisions
from modules import roles as members
from modules import stops
from modules import timelock

implements: IOrganization

initializes: members
initializes: registry
initializes: stops
initializes: timelock[stops := stops]

exports: (
    members.treasury,
    members.roles,
    registry.wallet_count,
    registry.wallets,
    registry.is_wallet,
    revisions.budget_after,
    stops.MIN_HEARTBEAT_TIMEOUT,
    stops.MAX_HEARTBEAT_TIMEOUT,
    stops.MAX_TIMED_PAUSE,
    stops.clear,
    stops.paused_until,
    stops.pause_number,
    stops.last_heartbeat,
    stops.heartbeat_timeout,
    timelock.MIN_CHANGE_DELAY,
    timelock.MAX_CHANGE_DELAY,
    timelock.CHANGE_GRACE,
    timelock.change_delay,
    timelock.change_id,
    timelock.ready_at,
)


@deploy
def __init__(
    treasury: address,
    guardians: DynArray[address, 8],
    keepers: DynArray[address, 8],
    change_delay: uint256,
    heartbeat_timeout: uint256,
):
    """
    @notice Found an organisation. The deployer keeps no right.
    @param treasury The multisig; it must have code, and it never changes.
    @param guardians Who may stop, cancel, veto, tighten and sweep to the treasury.
    @param keepers Services that may stop, cancel and send heartbeats.
    @param change_delay How long what loosens waits: 1 hour to 30 days.
    @param heartbeat_timeout Seconds without a heartbeat after which every wallet stops: 10
           minutes to 30 days, or the maximum for never.
    """
    members._check_can_be_treasury(treasury)

    log IOrganization.OrganizationCreated(treasury=treasury, change_delay=change_delay)
    timelock.__init__(change_delay)
    stops.__init__(heartbeat_timeout)
    members.__init__(treasury, guardians, keepers)


# Registry and roles


@external
def create_wallet(name: String[32], blueprint: address) -> address:
    """
    @notice Create a hot wallet. It is stopped until the treasury has sealed and unpaused it.
    @param name What the wallet is for.
    @param blueprint An ERC-5202 blueprint of `HotWallet`.
    @return The wallet.
    """
    members._check_treasury(msg.sender)

    wallet: address = registry._create_wallet(name, blueprint)
    stops._pause(wallet, stops.FOREVER, "not sealed yet")
    return wallet


@external
def set_guardian(who: address, on: bool):
    """
    @notice Add a guardian at once, or remove one through the timelock.
    """
    self._check_setter()
    self._check_waited(not on and members._is_guardian(who))

    changes: bool = members._is_guardian(who) != on
    members._set_guardian(who, on)
    if changes:
        self._void_pending(abi_encode(who, method_id=method_id("set_guardian(address,bool)")))


@external
def set_keeper(who: address, on: bool):
    """
    @notice Add or remove a keeper, at once.
    """
    members._check_treasury(msg.sender)

    members._set_keeper(who, on)


# Stops


@external
def pause(scope: address, duration: uint256, reason: String[64]):
    """
    @notice Stop a scope: this organisation's address stops everything, a wallet's all its agents,
            any other address that agent in every wallet.
    @param scope What to stop.
    @param duration Seconds; 0, or more than a year, means until unpaused.
    @param reason What signers read before they unpause.
    """
    if members._granted[msg.sender] == empty(IOrganization.Role) and msg.sender != members.TREASURY:
        assert self._is_for_agent(scope), "stops: not authorised"

    stops._pause(scope, stops._until(duration), reason)


@external
def unpause(scope: address, seen: uint256, reason: String[64]):
    """
    @notice End a stop.
    @param scope What to release.
    @param seen The number of the stop that the signers looked at; with another since, it reverts.
    @param reason Why it is safe to go on.
    """
    members._check_treasury(msg.sender)

    stops._unpause(scope, seen, reason)
    if registry._is_wallet[scope]:
        assert staticcall IHotWallet(scope).sealed(), "stops: wallet is not sealed"


@external
def heartbeat():
    """
    @notice Prove that somebody watches. A lapse stops every wallet until the next one.
    """
    assert members._is_keeper(msg.sender), "roles: not a keeper"

    stops._beat()


@external
def set_heartbeat_timeout(seconds: uint256):
    """
    @notice Set after how many seconds without a heartbeat every wallet stops: shorter at once,
            longer or off (the maximum) through the timelock. The treasury's own call counts as a
            heartbeat, so that a shorter timeout does not stop everything on the spot.
    """
    before: uint256 = stops._timeout()
    self._check_setter()
    stops._check_timeout(seconds)
    self._check_waited(seconds > before)

    stops._set_timeout(seconds)
    if msg.sender != self:
        stops._beat()
    if seconds != before:
        self._void_pending(method_id("set_heartbeat_timeout(uint256)"))


@external
@view
def stopped(agent: address) -> bool:
    """
    @notice Whether `agent` is stopped in the wallet that asks.
    """
    return stops._is_stopped(msg.sender, agent)


@external
@view
def is_stopped(wallet: address, agent: address) -> bool:
    """
    @notice Whether `agent` is stopped in `wallet`: any of the three scopes, or a lapsed heartbeat.
    """
    return stops._is_stopped(wallet, agent)


# Timelock


@external
def set_change_delay(seconds: uint256):
    """
    @notice Set how long changes wait: longer at once, shorter through the timelock. Changes
            already scheduled keep their time.
    """
    before: uint256 = timelock._change_delay
    self._check_setter()
    timelock._check_delay(seconds)
    self._check_waited(seconds < before)

    timelock._set_delay(seconds)
    if seconds != before:
        self._void_pending(method_id("set_change_delay(uint256)"))


@external
def schedule(target: address, call: Bytes[1024]) -> bytes32:
    """
    @notice Schedule a change that loosens; it replaces what is pending on the same subject.
    @param target This organisation or one of its wallets.
    @param call The setter's calldata.
    @return The change's id.
    """
    members._check_treasury(msg.sender)
    assert target == self or registry._is_wallet[target], "timelock: unknown target"

    return timelock._schedule(target, call)


@external
def apply(target: address, call: Bytes[1024]):
    """
    @notice Make a change that has waited. Anyone may.
    """
    timelock._take(timelock._change_id(target, call))

    raw_call(target, call)


@external
def veto(id: bytes32, reason: String[64]):
    """
    @notice Drop a pending change.
    """
    members._check_guardian_or_treasury(msg.sender)

    timelock._veto(id, msg.sender == members.TREASURY, reason)


@external
def veto_all(reason: String[64]):
    """
    @notice Drop every pending change, except removals of guardians.
    """
    members._check_guardian_or_treasury(msg.sender)

    timelock._veto_all(reason)


# What wallets tell


@external
def changed(key: bytes32, agent: address):
    """
    @notice A wallet was changed directly: what was pending on the same setting is void, and so is
            everything that was scheduled for `agent`, if there is one.
    """
    registry._check_wallet(msg.sender)

    timelock._void(timelock._subject(msg.sender, key))
    if agent != empty(address):
        stops._disturb(agent)


@external
def rotated(old: address, new: address):
    """
    @notice An agent's key was replaced: what was scheduled for either is void, and a stop of the
            old key covers the new one too. Like `pause`, a wallet may name agents only.
    """
    registry._check_wallet(msg.sender)
    assert self._is_for_agent(new), "stops: not authorised"

    stops._disturb(old)
    stops._disturb(new)
    stops._pause_like(old, new, "rotated")


@internal
@view
def _check_setter():
    """
    @dev A setter is the treasury's, and for a change that has waited this contract's own.
    """
    if msg.sender != self:
        members._check_treasury(msg.sender)


@internal
@view
def _check_waited(loosens: bool):
    """
    @dev What loosens is made by `apply` alone.
    """
    assert not loosens or msg.sender == self, "timelock: must be scheduled"


@internal
@view
def _is_for_agent(scope: address) -> bool:
    """
    @dev Whether a wallet calls for one of its agents: it may name neither this organisation nor a
         wallet.
    """
    return registry._is_wallet[msg.sender] and scope != self and not registry._is_wallet[scope]


@internal
def _void_pending(key: Bytes[36]):
    """
    @dev A setting of this contract was changed: what was pending on it is void.
    """
    timelock._void(timelock._subject(self, keccak256(key)))
