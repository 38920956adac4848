"""
The sender's public names: see `bursar.chain.sending`.
"""

from bursar.chain.sending import MemoryJournal, Patience, Sender, SignedTransaction

__all__ = ["MemoryJournal", "Patience", "Sender", "SignedTransaction"]
