"""
The keys that mint and verify receipts: one that mints, and those before it.

    ReceiptKey.mint → ref → ReceiptKeys.find → which key sealed it
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple

from bursar.errors import BursarError
from bursar.receipts.terms import PaymentTerms
from bursar.types import Bytes32

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
# What is signed starts with this, so that the key can never vouch for anything else by accident.
_PURPOSE: Final = b"bursar receipt 1".ljust(32, b"\0")
# An id is for people to tell keys apart; no receipt is ever of this length.
_ID_PURPOSE: Final = b"bursar receipt key id"


class ReceiptKeyError(BursarError):
    """
    A receipt key that cannot be used, or the file that should hold it.
    """


class ReceiptKey:
    """
    The secret that mints and verifies receipts. It is not the key that signs, and not derived from
    it: whoever steals that one must not be able to mint.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ReceiptKeyError(
                f"A receipt key has {KEY_BYTES} bytes, this one has {len(secret)}. "
                "Make it anew; receipts of payments that still wait then no longer verify."
            )
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        return f"<ReceiptKey {self.id}, not shown>"

    @property
    def id(self) -> str:
        """
        Eight hex digits that name the key and tell nothing of it.
        """
        return hmac.digest(self._secret, _ID_PURPOSE, hashlib.sha256)[:4].hex()

    def is_secret(self, other: bytes) -> bool:
        """
        Whether `other` is this key.
        """
        return hmac.compare_digest(self._secret, other)

    def mint(self, terms: PaymentTerms, salt: bytes) -> Bytes32:
        """
        The receipt of one payment: `salt`, which is random and never used twice, and the first half
        of HMAC-SHA256 over the terms and the salt.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"A receipt has {SALT_BYTES} random bytes, not {len(salt)}.")
        return Bytes32(salt + self._seal(terms, salt))

    def vouches_for(self, terms: PaymentTerms, ref: bytes) -> bool:
        """
        Whether `ref` is a receipt for exactly these terms. Takes as long whatever is wrong.
        """
        if len(ref) != 32:
            return False
        salt, seal = ref[:SALT_BYTES], ref[SALT_BYTES:]
        return hmac.compare_digest(seal, self._seal(terms, salt))

    def find(self, terms: PaymentTerms, ref: bytes) -> "RetiredKey | None":
        """
        Itself where it vouches: a key on its own never ends.
        """
        return RetiredKey(self, None) if self.vouches_for(terms, ref) else None

    def _seal(self, terms: PaymentTerms, salt: bytes) -> bytes:
        message = _PURPOSE + terms.encode() + salt
        return hmac.digest(self._secret, message, hashlib.sha256)[:SALT_BYTES]


class RetiredKey(NamedTuple):
    """
    A key and the Unix second from which on it no longer vouches for what is declared; None for the
    one that is in use.
    """

    key: ReceiptKey
    until: int | None


class ReceiptKeys:
    """
    The key that mints now and those that did before it, which still verify what they minted.
    """

    def __init__(self, current: ReceiptKey, retired: Iterable[RetiredKey] = ()) -> None:
        self.current = current
        self.retired = tuple(retired)
        ids = [key.id for key in self._keys()]
        if len(ids) != len(set(ids)):
            raise ReceiptKeyError(
                "One receipt key is listed twice: a retired key is never used again. Take out all "
                f"but one of each: {', '.join(ids)}."
            )

    def __repr__(self) -> str:
        return f"<ReceiptKeys {self.current.id}, {len(self.retired)} retired, not shown>"

    def mint(self, terms: PaymentTerms, salt: bytes) -> Bytes32:
        """
        A receipt by the key in use; as `ReceiptKey.mint`.
        """
        return self.current.mint(terms, salt)

    def find(self, terms: PaymentTerms, ref: bytes) -> RetiredKey | None:
        """
        The key that minted `ref` for exactly these terms, whenever; None: none of them did.
        """
        for known in (RetiredKey(self.current, None), *self.retired):
            if known.key.vouches_for(terms, ref):
                return known
        return None

    def rotated(self, fresh: ReceiptKey, until: int) -> "ReceiptKeys":
        """
        With `fresh` in use and the present key good for what is declared before `until`, in Unix
        seconds: leave the agents the time to read the new one.
        """
        return ReceiptKeys(fresh, (RetiredKey(self.current, until), *self.retired))

    def is_secret(self, other: bytes) -> bool:
        """
        Whether `other` is any of the keys.
        """
        return any(key.is_secret(other) for key in self._keys())

    def _keys(self) -> tuple[ReceiptKey, ...]:
        return (self.current, *(retired.key for retired in self.retired))
