"""
Asking a wallet before anything is signed: what a payment would come to, and what is left.

    names and amounts → Request → preview | remaining
"""

from collections.abc import Iterable
from typing import Any

from bursar.agent.amounts import read_amount
from bursar.agent.answers import build_remaining
from bursar.agent.batch import BatchEntry
from bursar.agent.errors import AmountError, UnknownNameError
from bursar.agent.names import Names, TokenInfo
from bursar.agent.payment import PaymentPreview, Remaining
from bursar.agent.refusals import Refusals, Request
from bursar.budgets import Budget
from bursar.chain.contracts import Contract
from bursar.chain.errors import BadAnswerError
from bursar.reasons import Preview
from bursar.receipts import PaymentTerms
from bursar.types import Address, Bytes32


class Asking:
    """
    What one agent may ask of one wallet.
    """

    def __init__(self, wallet: Contract, agent: Address, chain_id: int, names: Names) -> None:
        self.wallet = wallet
        self.agent = agent
        self.chain_id = chain_id
        self.names = names
        self.refusals = Refusals(wallet, agent, names.name_recipient(agent).name)

    def build_request(
        self,
        token: str,
        to: str,
        amount: str | int,
        category: str,
        reference: str | None,
        note: str | None,
    ) -> Request:
        """
        A payment as it is meant. Raises UnknownNameError, AmountError.
        """
        found = self.names.find_token(token)
        return Request(
            token=found,
            recipient=self.names.find_recipient(to),
            amount=read_amount(amount, found.symbol, found.decimals),
            category=self.names.find_category(category),
            reference=reference,
            note=note,
        )

    def build_requests(
        self, token: str, entries: Iterable[tuple[Any, ...]], category: str
    ) -> list[Request]:
        """
        Payments of one token and category, as they are meant. Raises UnknownNameError, AmountError,
        with the entry that it is about.
        """
        found, budget = self.names.find_token(token), self.names.find_category(category)
        requests = []
        for index, entry in enumerate(entries):
            to, amount, reference, note = _read_entry(index, entry)
            try:
                recipient = self.names.find_recipient(to)
                units = read_amount(amount, found.symbol, found.decimals)
            except (UnknownNameError, AmountError) as error:
                raise type(error)(f"Entry {index}: {error}") from None
            requests.append(Request(found, recipient, units, budget, reference, note))
        if not requests:
            raise AmountError("A batch has at least one payment, and none was given.")
        return requests

    def build_terms(self, request: Request) -> PaymentTerms:
        """
        What a receipt has to vouch for.
        """
        return PaymentTerms(
            chain_id=self.chain_id,
            wallet=self.wallet.address,
            agent=self.agent,
            token=request.token.address,
            to=request.recipient.address,
            amount=request.amount,
            category=request.category.value,
        )

    def preview(self, request: Request) -> PaymentPreview:
        """
        What the wallet says that this payment would come to now.
        """
        outcome = self.ask_outcome(request)
        remaining = self.fetch_remaining(request.token, request.category.value)
        refusal = self.refusals.explain_preview(outcome, request, remaining)
        return PaymentPreview(outcome=outcome, refusal=refusal, remaining=remaining)

    def ask_outcome(self, request: Request) -> Preview:
        """
        The number that `preview` answers. Raises BadAnswerError for one that nobody knows.
        """
        number = self.wallet.view(
            "preview",
            self.agent,
            request.token.address,
            request.recipient.address,
            request.amount,
            request.category.value,
        )
        try:
            return Preview(number)
        except ValueError as error:
            raise BadAnswerError(
                f"{self.wallet.address} previews with {number}, which means nothing to this "
                "release. Is the wallet newer? Then update Bursar."
            ) from error

    def fetch_remaining(self, token: TokenInfo, category: Bytes32) -> Remaining:
        """
        What is left of a budget.
        """
        left = self.wallet.view("remaining", self.agent, token.address, category)
        figures: Budget = self.wallet.view("budget", self.agent, token.address, category)
        now = self.wallet.client.fetch_now()
        return build_remaining(left, token, now, rolling=figures.rolling)


def _read_entry(index: int, entry: Any) -> BatchEntry:
    if not isinstance(entry, tuple | list) or not 2 <= len(entry) <= 4:
        raise AmountError(
            f"Entry {index}: a payment of a batch is (to, amount), (to, amount, reference) or a "
            f"BatchEntry; found {entry!r}."
        )
    return BatchEntry(*entry)
