"""
What the desk says of due payments, and what of what is under way nobody has judged.

    Plan | PaymentReport, … → keys_in_doubt → keys that are not to be burned
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.keeper.decisions import Action, Due, find_queued
from bursar.keeper.orders import Order, cancel_key, execute_key
from bursar.keeper.report import Outcome, PaymentReport
from bursar.state import State


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A transaction to send about a payment.
    """

    due: Due
    action: Action
    why: str
    order: Order


def keys_in_doubt(state: State, verdicts: Sequence[Plan | PaymentReport]) -> set[str]:
    """
    Of what is queued and was not judged, for want of an answer or of room: nobody has said that it
    is not wanted.
    """
    judged = {verdict.due.key for verdict in verdicts if _is_judged(verdict)}
    queued = [due for due in find_queued(state) if due.key not in judged]
    return {key for due in queued for key in (execute_key(due), cancel_key(due))}


def _is_judged(verdict: Plan | PaymentReport) -> bool:
    unknown = (Outcome.FAILED, Outcome.LATER)
    return isinstance(verdict, Plan) or verdict.outcome not in unknown
