"""
What a refill is refused for. Whatever is raised, nothing was changed.

    BursarError
    └── RefillError
        ├── UnknownRefillError     no refill of that name, or its files were changed
        ├── UnknownPersonError     somebody whom treasury.yaml does not name, or not for this
        ├── OpenItemError          something on the checklist is not confirmed
        ├── WrongOrderError        a step before the one that has to come first, or done already
        ├── StaleReportError       the report is too old, or things have changed since (signers
        │                          are told the same: an UnbackedRefillError, too)
        ├── ImpossibleRefillError  the chain would refuse it, or it must not happen like this
        └── NotFundedError         the money has not arrived as it was decided
"""

from bursar.errors import BursarError
from bursar.treasury.safe.errors import UnbackedRefillError


class RefillError(BursarError):
    """
    The root.
    """


class UnknownRefillError(RefillError):
    """
    There is no such refill, or what is kept of it cannot be trusted.
    """


class UnknownPersonError(RefillError):
    """
    The name is of nobody who may do this.
    """


class OpenItemError(RefillError):
    """
    An item of the checklist is open, or does not exist.
    """


class WrongOrderError(RefillError):
    """
    Another step comes first.
    """


class StaleReportError(RefillError, UnbackedRefillError):
    """
    The report no longer says how things are: report again.
    """


class ImpossibleRefillError(RefillError):
    """
    It must not or cannot be drafted.
    """


class NotFundedError(RefillError):
    """
    The chain does not show what was decided.
    """
