"""
What can go wrong, as opposed to what is refused (a refusal is a value, not an exception).

    BursarError
    ├── BrokenHistoryError    events that cannot follow from one another
    ├── MalformedCallError    calldata that names no timelocked setter or cannot be read
    └── UnknownCallError      a function, or a target, that the contracts do not have
"""


class BursarError(Exception):
    """
    The root: catching it catches everything that Bursar raises on purpose.
    """


class BrokenHistoryError(BursarError):
    """
    An event refers to something that no event before it brought about: logs are missing.
    """


class MalformedCallError(BursarError):
    """
    Calldata that cannot be read as a call of a timelocked setter.
    """


class UnknownCallError(BursarError):
    """
    A call of a function, or of an address, that is not the organisation's or one of its wallets'.
    """
