"""
What can go wrong between a draft and its execution. Whatever is raised, nothing was changed.

    BursarError
    └── DraftError                  a draft that cannot be made, read or used
        ├── UnknownDraftError       no draft has that hash
        ├── DeadDraftError          its nonce is used up: nobody can execute it any more
        ├── NotYetError             another nonce comes first
        ├── MissingSignaturesError  fewer owners have signed than the Safe asks for
        ├── ThresholdError          the Safe lets one owner act alone
        ├── RefusedCallError        a delegatecall to what is not known, or gas that is refunded
        └── UnbackedRefillError     a refill that no report stands behind
            └── UnjudgedRefillError its report is not on this machine
"""

from bursar.errors import BursarError


class DraftError(BursarError):
    """
    A draft that cannot be made, read or used; the message says what to do.
    """


class UnknownDraftError(DraftError):
    """
    No draft, or more than one, has a hash that begins like that.
    """


class DeadDraftError(DraftError):
    """
    The Safe has used its nonce for something else, or the draft is executed already.
    """


class NotYetError(DraftError):
    """
    A Safe executes in the order of nonces, and one before is open.
    """


class MissingSignaturesError(DraftError):
    """
    The Safe asks for more owners than have signed, or its author would be alone.
    """


class ThresholdError(DraftError):
    """
    One owner alone could make the Safe do it, which is what a multisig is there to prevent.
    """


class RefusedCallError(DraftError):
    """
    What no signer should ever see: refused before it becomes a draft.
    """


class UnbackedRefillError(DraftError):
    """
    It brings money to a hot wallet, and no report that still holds stands behind it.
    """


class UnjudgedRefillError(UnbackedRefillError):
    """
    Whether the report behind a refill still holds cannot be told here.
    """
