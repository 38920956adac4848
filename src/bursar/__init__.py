"""
Bursar lets software agents spend real money within limits that a contract enforces.
"""

__version__ = "0.1.0"
