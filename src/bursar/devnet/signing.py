"""
A devnet's treasury acts: enough of its owners sign, with keys that are public.

    address book + calls → Safe transaction → signatures → executed
"""

from bursar.book import AddressBook
from bursar.chain.client import Receipt
from bursar.chain.local import LocalChain, derive_account
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_transaction import sign


def sign_as_treasury(chain: LocalChain, book: AddressBook, *calls: Call) -> Receipt:
    """
    Make calls as the devnet's Safe, all or none. Raises RevertedError with the guard's reason.
    """
    assert book.devnet, "only a devnet's owners have keys that anybody may use"
    assert book.multi_send is not None, "a devnet's book names what its Safe batches with"
    safe = Safe(chain, book.safe, book.multi_send)
    transaction = safe.build(*calls)
    signers = list(book.owners.values())[: book.threshold]
    keys = [derive_account(holder.devnet_key or "") for holder in signers]
    relayer = chain.new_account("relayer")
    return safe.execute(relayer, transaction, [sign(transaction, key) for key in keys])
