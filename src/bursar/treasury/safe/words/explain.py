"""
A Safe transaction → what it does, call by call, with the figures that the chain has now.

    SafeTransaction + book + state → explain → Explanation → describe → lines

Each call is judged in the state that the calls before it leave.
"""

from collections.abc import Iterator, Sequence

from bursar.book import AddressBook
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.reader import Call
from bursar.chain.safe_multi_send import CANONICAL, BatchError, unpack_calls
from bursar.chain.safe_transaction import DELEGATE_CALL, SafeTransaction
from bursar.reference import Chain
from bursar.state import State
from bursar.treasury.safe.words.guards import say_guard
from bursar.treasury.safe.words.model import CallWords, Effect, Explanation
from bursar.treasury.safe.words.others import say_money, say_safe, say_token, say_unknown
from bursar.treasury.safe.words.outlook import HopefulChain, Outlook
from bursar.treasury.safe.words.reading import ReadCall, read_call
from bursar.treasury.safe.words.saying import Saying
from bursar.treasury.words import Words
from bursar.types import Address


def explain(
    transaction: SafeTransaction,
    book: AddressBook,
    state: State,
    now: int,
    chain: Chain | None = None,
) -> Explanation:
    """
    What the transaction does in that state at that time. Never raises: what cannot be read is said
    to be unknown.

    chain: what else is asked, such as balances; without it nothing of the kind is known.
    """
    return _Explainer(
        transaction, Words(book), state, now, chain or HopefulChain(state.treasury)
    ).explain()


class _Explainer:
    def __init__(
        self,
        transaction: SafeTransaction,
        words: Words,
        state: State,
        now: int,
        chain: Chain,
    ) -> None:
        self.transaction = transaction
        self.words = words
        self.outlook = Outlook(state, now, chain)

    def explain(self) -> Explanation:
        to, known = self.transaction.to, {self.words.book.multi_send, CANONICAL}
        if self.transaction.operation == DELEGATE_CALL and to not in known:
            return self._refused(f"{to} is not what this organisation batches with.")
        try:
            calls = calls_of(self.transaction)
        except BatchError as error:
            return self._refused(str(error))
        said = tuple(self._say_all(calls))
        return Explanation(
            calls=said, warnings=tuple(self._warnings(said)), names=self._names(calls)
        )

    def _refused(self, why: str) -> Explanation:
        whole = Call(self.transaction.to, self.transaction.data, self.transaction.value)
        saying = say_unknown(self.words, whole)
        saying.warnings.insert(0, f"A DELEGATECALL that acts as the Safe itself. {why}")
        return Explanation(calls=(_build(saying, whole, None),), warnings=tuple(saying.warnings))

    def _say_all(self, calls: Sequence[Call]) -> Iterator[CallWords]:
        for index, call in enumerate(calls):
            following = calls[index + 1] if index + 1 < len(calls) else None
            read = self._read(call)
            yield _build(self._say(call, read, following), call, read)
            if read is not None:
                state = self.outlook.after(call.to, read.name, read.values, call.value)
                self.outlook = Outlook(state, self.outlook.now, self.outlook.chain)

    def _say(self, call: Call, read: ReadCall | None, following: Call | None) -> Saying:
        if read is not None:
            return say_guard(self.words, self.outlook, call.to, read, call.value)
        if not call.data:
            return say_money(self.words, call, self.transaction.safe)
        if call.to == self.transaction.safe:
            return say_safe(self.words, call)
        if any(call.to == token.address for token in self.words.book.tokens.values()):
            after = self._read(following) if following is not None else None
            return say_token(self.words, call, after, following.to if following else call.to)
        return say_unknown(self.words, call)

    def _read(self, call: Call) -> ReadCall | None:
        """
        A call of our own contracts.
        """
        state = self.outlook.state
        if call.to == state.organization:
            return read_call(organization_type(), call.data)
        if call.to in state.registry:
            return read_call(wallet_type(), call.data)
        return None

    def _warnings(self, said: Sequence[CallWords]) -> Iterator[str]:
        unknown = sum(call.effect is Effect.UNKNOWN for call in said)
        if unknown:
            yield f"{unknown} of {len(said)} calls cannot be read: do not sign what nobody knows."
        if self.transaction.refunds:
            yield "It sets gas fields: the Safe may pay whoever sends it."
        if self.outlook.state.treasury != self.transaction.safe:
            yield f"{self.transaction.safe} is not the treasury of this organisation."

    def _names(self, calls: Sequence[Call]) -> dict[str, Address]:
        """
        Whose address is whose, for those that a call goes to or speaks of.
        """
        data = b"".join(call.data for call in calls).hex()
        to = {call.to for call in calls}
        return {
            name: address
            for name, address in _known(self.words.book)
            if address in to or address[2:].lower() in data
        }


def _known(book: AddressBook) -> Iterator[tuple[str, Address]]:
    """
    Everybody and everything with a name, each with its kind: names are not unique.
    """
    yield "the organisation", book.organization
    yield "the treasury", book.safe
    yield from ((f"wallet {name}", address) for name, address in book.wallets.items())
    yield from ((f"{role} {name}", holder.address) for role, name, holder in book.holders())
    yield from ((f"token {name}", token.address) for name, token in book.tokens.items())
    yield from ((f"recipient {name}", address) for name, address in book.recipients.items())


def calls_of(transaction: SafeTransaction) -> tuple[Call, ...]:
    """
    The calls that the Safe makes: those of a batch, or its only one. Raises BatchError for a
    delegatecall that is no batch of plain calls.
    """
    if transaction.operation == DELEGATE_CALL:
        return unpack_calls(transaction.data)
    return (Call(transaction.to, transaction.data, transaction.value),)


def _build(saying: Saying, call: Call, read: ReadCall | None) -> CallWords:
    return CallWords(
        sentence=saying.sentence,
        effect=saying.effect,
        when=saying.when,
        figures=tuple(saying.figures),
        warnings=tuple(saying.warnings),
        function=read.raw if read is not None else "",
        to=call.to,
        value=call.value,
        data=call.data,
    )
