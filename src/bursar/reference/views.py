"""
The contracts' views by name, so that a test can ask the reference and the contract the same thing.
"""

from collections.abc import Callable
from typing import Any, Final

from bursar.changes import change_id
from bursar.errors import UnknownCallError
from bursar.reference.turn import Chain
from bursar.state import State, WalletState
from bursar.types import Address

_ORGANIZATION: Final[dict[str, Callable[..., Any]]] = {
    "treasury": lambda state, now: state.treasury,
    "change_delay": lambda state, now: state.change_delay,
    "heartbeat_timeout": lambda state, now: state.heartbeat_timeout,
    "last_heartbeat": lambda state, now: state.last_heartbeat,
    "wallet_count": lambda state, now: state.wallet_count(),
    "wallets": lambda state, now, index: state.wallets(index),
    "is_wallet": lambda state, now, who: state.is_wallet(who),
    "roles": lambda state, now, who: int(state.roles(who)),
    "paused_until": lambda state, now, scope: state.paused_until(scope),
    "pause_number": lambda state, now, scope: state.pause_number(scope),
    "is_stopped": lambda state, now, wallet, agent: state.is_stopped(wallet, agent, now),
    "change_id": lambda state, now, target, call: change_id(target, call),
    "ready_at": lambda state, now, id: state.ready_at(id, now),
}
_WALLET: Final[dict[str, Callable[..., Any]]] = {
    "name": lambda wallet, now: wallet.name,
    "sealed": lambda wallet, now: wallet.sealed,
    "epoch": lambda wallet, now: wallet.epoch,
    "payment_delay": lambda wallet, now: wallet.payment_delay,
    "grace": lambda wallet, now: wallet.grace,
    "budget": lambda wallet, now, *key: wallet.budget(*key),
    "wallet_limit": lambda wallet, now, token: wallet.wallet_limit(token),
    "wallet_remaining": lambda wallet, now, token: wallet.wallet_remaining(token, now),
    "max_balance": lambda wallet, now, token: wallet.max_balance(token),
    "is_recipient": lambda wallet, now, who: wallet.is_recipient(who),
    "agent_count": lambda wallet, now: wallet.agent_count(),
    "agents": lambda wallet, now, index: wallet.agents(index),
    "budget_count": lambda wallet, now, agent: wallet.budget_count(agent),
    "budget_keys": lambda wallet, now, agent, index: wallet.budget_keys(agent, index),
    "payment": lambda wallet, now, id: wallet.payment(id, now),
    "nonce_used": lambda wallet, now, agent, nonce: wallet.nonce_used(agent, nonce),
    "payment_id": lambda wallet, now, *payment: wallet.payment_id(*payment),
}
VIEWS: Final = {
    "Organization": sorted(_ORGANIZATION),
    "HotWallet": sorted([*_WALLET, "organization", "treasury", "preview", "remaining"]),
}
"""The names of the views that the reference answers, by contract."""


def view(
    state: State, target: Address, function: str, *arguments: Any, now: int, chain: Chain
) -> Any:
    """
    What the contract's view returns in a block of timestamp `now`; several values as a tuple, a
    budget as a `Budget`. Raises UnknownCallError for what the reference does not answer.
    """
    if target == state.organization and function in _ORGANIZATION:
        return _ORGANIZATION[function](state, now, *arguments)
    wallet = state.registry.get(target)
    if wallet is None:
        raise UnknownCallError(f"{target} has no view {function}")
    if function in _WALLET:
        return _WALLET[function](wallet, now, *arguments)
    return _view_beyond(state, wallet, function, arguments, now, chain)


def _view_beyond(
    state: State,
    wallet: WalletState,
    function: str,
    arguments: tuple[Any, ...],
    now: int,
    chain: Chain,
) -> Any:
    """
    What a wallet answers by asking its organisation, or the token.
    """
    if function in ("organization", "treasury"):
        return getattr(state, function)
    if function == "remaining":
        agent, token, category = arguments
        balance = chain.balance_of(token, wallet.address)
        return wallet.remaining(agent, token, category, now, balance)
    if function != "preview":
        raise UnknownCallError(f"a wallet has no view {function}")
    agent, token, to, amount, category = arguments
    balance = chain.balance_of(token, wallet.address)
    return state.preview(
        wallet.address, agent, token, to, amount, category, now=now, balance=balance
    )
