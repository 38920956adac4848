# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Agents
@author Bursar contributors
@license MIT
@notice Every agent that a wallet ever had, and which budgets each of them has.
@dev Nothing is ever taken off these lists, so that whoever reads them sees all there is to stop.
     Only the treasury makes them longer.
"""

from modules import reasons

# An agent that needs more budgets than this in one wallet needs a second wallet.
MAX_BUDGETS: constant(uint256) = 16

struct Agent:
    listed: bool
    retired: bool            # its key was replaced; it never comes back
    budget_count: uint256

struct BudgetKey:
    token: address
    category: bytes32

# The agents, by index.
_agents: HashMap[uint256, address]

# How many agents there are.
_agent_count: uint256

# What is known of each agent.
_details: HashMap[address, Agent]

# Which budgets an agent has, by index.
_keys: HashMap[address, HashMap[uint256, BudgetKey]]


@external
@view
def agent_count() -> uint256:
    """
    @notice How many agents this wallet ever had.
    """
    return self._agent_count


@external
@view
def agents(i: uint256) -> address:
    """
    @notice The agent number `i`, from 0; zero when out of range.
    """
    return self._agents[i]


@external
@view
def budget_count(agent: address) -> uint256:
    """
    @notice How many budgets `agent` was ever given, dead ones too.
    """
    return self._details[agent].budget_count


@external
@view
def budget_keys(agent: address, i: uint256) -> (address, bytes32):
    """
    @notice Token and category of the agent's budget number `i`; zeros when out of range.
    """
    key: BudgetKey = self._keys[agent][i]
    return key.token, key.category


@internal
def _add_budget(agent: address, token: address, category: bytes32):
    """
    @dev List a budget that was not there before, and its agent.
    """
    count: uint256 = self._details[agent].budget_count
    if count >= MAX_BUDGETS:
        reasons._refuse("agents: too many budgets")

    if not self._details[agent].listed:
        self._list(agent)
    self._keys[agent][count] = BudgetKey(token=token, category=category)
    self._details[agent].budget_count = count + 1


@internal
def _list(agent: address):
    self._details[agent].listed = True
    self._agents[self._agent_count] = agent
    self._agent_count += 1


@internal
def _move_key(old: address, new: address, i: uint256) -> BudgetKey:
    """
    @dev Move one entry of an agent's list to its successor.
    """
    key: BudgetKey = self._keys[old][i]
    self._keys[new][i] = key
    self._keys[old][i] = empty(BudgetKey)
    return key


@internal
def _replace(old: address, new: address) -> uint256:
    """
    @dev Retire `old` in favour of `new`.
    @return How many budgets there are to move.
    """
    count: uint256 = self._details[old].budget_count
    self._details[old].retired = True
    self._details[old].budget_count = 0
    self._list(new)
    self._details[new].budget_count = count
    return count


@internal
@view
def _is_active(agent: address) -> bool:
    """
    @dev Whether `agent` is listed and its key was not replaced.
    """
    return self._details[agent].listed and not self._details[agent].retired


@internal
@view
def _is_retired(agent: address) -> bool:
    return self._details[agent].retired


@internal
@view
def _is_known(agent: address) -> bool:
    """
    @dev Whether `agent` was ever listed here, retired or not.
    """
    return self._details[agent].listed


@internal
@view
def _check_assignable(agent: address):
    if agent == empty(address):
        reasons._refuse("agents: zero address")
    if self._details[agent].retired:
        reasons._refuse("agents: retired")
