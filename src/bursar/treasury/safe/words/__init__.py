"""
What a Safe transaction does, in words that people decide by.
"""

from bursar.treasury.letters import find_lookalikes, printable
from bursar.treasury.safe.words.changes import say_change
from bursar.treasury.safe.words.explain import calls_of, explain
from bursar.treasury.safe.words.lines import describe, describe_lines
from bursar.treasury.safe.words.model import CallWords, Effect, Explanation, Figure
from bursar.treasury.safe.words.outlook import HopefulChain, Outlook
from bursar.treasury.safe.words.saying import Saying
from bursar.treasury.safe.words.setters import say_duration

__all__ = [
    "CallWords",
    "Effect",
    "Explanation",
    "Figure",
    "HopefulChain",
    "Outlook",
    "Saying",
    "calls_of",
    "describe",
    "describe_lines",
    "explain",
    "find_lookalikes",
    "printable",
    "say_change",
    "say_duration",
]
