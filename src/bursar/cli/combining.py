"""
Commands that are written as what is their own, with the options that all of a kind have.
"""

import inspect
from collections.abc import Callable
from typing import Any


def combine(own: Callable[..., Any], shared: Callable[..., None], *, leave_out: int = 0) -> None:
    """
    Give `shared` the name, the help and the options of `own`, before those that it has already.

    leave_out: how many of the first parameters of `own` are no options. Where `shared` takes
    `**others`, the options of `own` come in there.
    """
    mine = list(inspect.signature(own).parameters.values())[leave_out:]
    common = inspect.signature(shared).parameters.values()
    named = [one for one in common if one.kind is not inspect.Parameter.VAR_KEYWORD]
    # By name, so that what is needed may stand behind what is not.
    found = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*mine, *named)]
    setattr(shared, "__signature__", inspect.Signature(found))  # noqa: B010 mypy knows no such name
    shared.__annotations__ = {one.name: one.annotation for one in found}
    shared.__name__, shared.__doc__ = own.__name__, own.__doc__
