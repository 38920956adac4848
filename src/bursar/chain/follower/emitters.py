"""
Whose logs are ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bursar.chain.follower.layouts import layouts_by_name
from bursar.types import Address


class Emitters:
    """
    The organisation, and its wallets by the block that each was created in. Addresses are hex in
    lower case.
    """

    def __init__(self, organization: Address, wallets: Mapping[Address, int]) -> None:
        self.organization = organization.lower()
        self._born: dict[str, int] = {who.lower(): block for who, block in wallets.items()}
        self._created = layouts_by_name()["WalletCreated"].topic

    def __contains__(self, address: object) -> bool:
        return address in self._born or address == self.organization

    def __len__(self) -> int:
        return 1 + len(self._born)

    def __iter__(self) -> Any:
        return iter(self.all())

    def all(self) -> list[str]:
        """
        Every one of them.
        """
        return [self.organization, *self._born]

    def values(self) -> Iterable[str]:
        """
        What a block's filter may hold of them: each as who logs, and as a topic of others' logs.
        """
        yield self.organization
        for who in self._born:
            yield who
            yield f"0x{'0' * 24}{who[2:]}"

    def pick(self, logs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """
        Those of `logs` that one of them wrote.
        """
        written = {who: who.lower() in self for who in {log["address"] for log in logs}}
        return [log for log in logs if written[log["address"]]]

    def learn(self, logs: Iterable[dict[str, Any]]) -> None:
        """
        Take in the wallets that `logs` create, so that what they log before is ours as well.
        """
        created = self._created
        for log in logs:
            if log["topics"][0] == created and log["address"].lower() == self.organization:
                self._born.setdefault("0x" + log["topics"][1][26:], int(log["blockNumber"], 16))

    def forget_after(self, number: int) -> None:
        """
        Drop the wallets of blocks that are gone.
        """
        self._born = {who: block for who, block in self._born.items() if block <= number}
