"""
A treasury on a local chain, for those who build on Bursar and those who try it.

    Anvil → LocalChain → Devnet: one Safe, one organisation, test USDC, a funded key per role
"""

from bursar.devnet.organization import OWNERS, THRESHOLD, USDC, Devnet, address_of

__all__ = ["OWNERS", "THRESHOLD", "USDC", "Devnet", "address_of"]
