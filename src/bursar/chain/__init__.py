"""
Adapters to a chain: they read and send, and decide nothing.
"""
