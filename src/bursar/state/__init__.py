"""
The organisation with its wallets, rebuilt from events alone.

    events → fold → State → views named as the contracts' own
"""

from bursar.state.charging import Charges, apply_events, fold
from bursar.state.fold import apply_event
from bursar.state.organization import State, Stop
from bursar.state.wallet import BudgetKey, WalletState

__all__ = [
    "BudgetKey",
    "Charges",
    "State",
    "Stop",
    "WalletState",
    "apply_event",
    "apply_events",
    "fold",
]
