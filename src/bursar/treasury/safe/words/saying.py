"""
What is said of one call, while it is put together.
"""

from dataclasses import dataclass, field

from bursar.treasury.safe.words.model import Effect, Figure

AT_ONCE = "at once"


@dataclass
class Saying:
    """
    What is said of one call.
    """

    sentence: str
    effect: Effect
    when: str = AT_ONCE
    figures: list[Figure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
