"""
Keepers that share a store: one follows and keeps the books, all of them work.

    Turn: who follows      Crew: who works on what, and whose signature is in the way
"""

from collections.abc import Callable, Collection, Sequence

from bursar.chain.client import Client
from bursar.chain.errors import ChainError
from bursar.keeper.kept import Kept
from bursar.keeper.ports import Bookkeeper
from bursar.keeper.watching import FollowAlone
from bursar.state import State
from bursar.store.database import Database
from bursar.store.errors import StoreError
from bursar.store.sending_leases import Lease, LeaseHeldError, LeaseLostError
from bursar.store.sending_shares import Shares, fetch_signed_by_others
from bursar.types import Address


class Turn:
    """
    Following, while it is this keeper's turn. It takes over when the one that follows ends, or
    falls silent for as long as a lease lasts; who cannot read the chain leaves it to the next one.
    """

    def __init__(self, lease: Lease, follow: FollowAlone) -> None:
        self._lease = lease
        self._follow = follow
        self._epoch = 0
        self._is_left = False

    def __call__(self) -> State | None:
        """
        Bring the store up to the latest block, or None where that is another's.
        """
        self._is_left = False
        try:
            epoch = self._lease.hold()
            if epoch != self._epoch:
                self._follow.begin_anew()
                self._epoch = epoch
            return self._follow()
        except (LeaseHeldError, LeaseLostError):
            return None
        except ChainError:
            self.let_go()
            raise

    def hold(self) -> int | None:
        """
        The lease's epoch, for what only who follows writes; None where that is another's, or to be.
        """
        try:
            return None if self._is_left else self._lease.hold()
        except LeaseHeldError:
            return None

    def let_go(self) -> None:
        """
        Let another follow, if there is one: until the next look this keeper does not try to.
        """
        if self._lease.is_shared:
            self._is_left = True
            self._lease.give_up()


class Crew:
    """
    The keepers of one organisation that share a store, as seen `by` one of them. Implements
    `bursar.keeper.ports.Sharing`. A nonce that was used `depth` blocks ago stays used.
    """

    def __init__(
        self,
        shares: Shares,
        turn: Turn,
        database: Database,
        client: Client,
        *,
        chain_id: int,
        by: Address,
        depth: int,
    ) -> None:
        self._shares = shares
        self._turn = turn
        self._database = database
        self._client = client
        self._chain_id = chain_id
        self._by = by
        self._depth = depth

    def take(
        self,
        parts: Sequence[Address],
        wanted: Collection[Address],
        busy: Collection[Address],
        *,
        able: bool,
    ) -> Collection[Address]:
        """
        See `Shares.take`.
        """
        return self._shares.take(parts, wanted, busy, able=able)

    def find_obstacle(self, stem: str) -> str:
        """
        A signature of another key whose nonce is not used for good. To be asked while the part that
        it is of is this keeper's: no other signs anything for it meanwhile.
        """
        chain_id, by = self._chain_id, self._by
        found = self._database.read(lambda c: fetch_signed_by_others(c, chain_id, by, stem))
        for signed in found:
            if self._count_nonces(signed.sender) <= signed.nonce:
                return (
                    f"{signed.sender} has signed its execution, which may happen as long as its "
                    f"nonce {signed.nonce} is not used for good"
                )
        return ""

    def rest(self) -> None:
        """
        See `Shares.rest`.
        """
        self._shares.rest()

    def let_go(self) -> None:
        """
        See `Turn.let_go`.
        """
        self._turn.let_go()

    def leave(self) -> None:
        """
        At the end: the others take over at once.
        """
        self._turn.let_go()
        self._shares.give_up()

    def _count_nonces(self, who: Address) -> int:
        block = max(self._client.fetch_height() - self._depth, 0)
        return self._client.rpc.request_number("eth_getTransactionCount", who, hex(block))


class Alone:
    """
    A keeper that shares its store with no other.
    """

    def take(
        self,
        parts: Sequence[Address],
        wanted: Collection[Address],
        busy: Collection[Address],
        *,
        able: bool,
    ) -> Collection[Address]:
        """
        Everything.
        """
        return {*wanted, *busy}

    def find_obstacle(self, stem: str) -> str:
        """
        Nobody else signs.
        """
        return ""

    def rest(self) -> None:
        """
        There is nobody who would do it.
        """

    def let_go(self) -> None:
        """
        Nor anybody who would follow.
        """


class BooksInTurn:
    """
    The books, kept by who follows. `build` opens them anew after another has written in them.
    """

    def __init__(self, turn: Turn, build: Callable[[], Bookkeeper]) -> None:
        self._turn = turn
        self._build = build
        self._books: Bookkeeper | None = None
        self._epoch = 0

    def keep(self) -> Kept:
        """
        Nothing, where another keeper follows.
        """
        try:
            epoch = self._turn.hold()
        except StoreError as error:
            return Kept(troubles=[str(error)])
        if epoch is None:
            return Kept()
        if self._books is None or epoch != self._epoch:
            self._books, self._epoch = self._build(), epoch
        return self._books.keep()
