"""
What can go wrong before a payment is even asked for.

    BursarError
    └── AgentError
        ├── SettingsError          something to connect with is missing or malformed
        ├── NotAWalletError        what is at the address is no Bursar wallet
        ├── UnknownNameError       no such token, category or agent, or a mistyped address
        ├── AmountError            an amount that cannot be meant
        ├── UnknownPaymentError    nothing with this id was ever queued in this wallet
        ├── SignedPaymentError     what should be a signed payment is none, or cannot be asked for
        └── SigningError           who signs for the agent gave no signature of it
"""

from bursar.errors import BursarError


class AgentError(BursarError):
    """
    The root of what the SDK raises itself. Dead nodes and the like are `ChainError`.
    """


class SettingsError(AgentError):
    """
    Something to connect with is missing or malformed.
    """


class NotAWalletError(AgentError):
    """
    What is at the address is no wallet of a Bursar organisation, or of another organisation.
    """


class UnknownNameError(AgentError):
    """
    No such token, category, agent or recipient, or an address with a mistyped digit.
    """


class AmountError(AgentError, ValueError):
    """
    An amount that cannot be meant: a float, a sign, more decimals than the token has.
    """


class UnknownPaymentError(AgentError):
    """
    Nothing with this id was ever queued in this wallet.
    """


class SignedPaymentError(AgentError, ValueError):
    """
    What should be a signed payment is none, or one is asked for that cannot be.
    """


class SigningError(AgentError):
    """
    The agent has no key here for what is asked, or who signs for it gave no signature of it.
    """
