"""
Which spends carry a receipt that our keys vouch for, each used once. Pure.

    history + receipt keys → build_declared → a question that can be asked of each spend
"""

from collections.abc import Callable, Iterable

from bursar.receipts import PaymentTerms, Receipts, UsedInMemory, Verifier
from bursar.treasury.spends import Spend


def build_declared(
    spends: Iterable[Spend], keys: Verifier, chain_id: int
) -> Callable[[Spend], bool]:
    """
    Whether a spend was declared. All of the history is looked at, because a receipt that was used
    before is good for nothing.
    """
    receipts = Receipts(keys, UsedInMemory())
    undeclared = set()
    for spend in spends:
        # When one that waited was declared is not known here: its key may be retired since.
        at = None if spend.waited else spend.at
        terms = PaymentTerms.of(chain_id, spend.event)
        if receipts.accept(terms, spend.ref, at) is not None:
            undeclared.add((spend.event.block, spend.event.log))
    return lambda spend: (spend.event.block, spend.event.log) not in undeclared
