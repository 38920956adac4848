"""
What was written down in one look at the chain.
"""

from dataclasses import dataclass, field

from bursar.keeper.declaring import Undeclared


@dataclass(slots=True)
class Kept:
    """
    `entries`: how many the audit has gained. `head`: the number of its last one. `troubles` are for
    the operator, none of them the end.
    """

    entries: int = 0
    head: int | None = None
    undeclared: list[Undeclared] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
