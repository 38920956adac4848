"""
How the tables came to be what they are, step by step.

    Database.open → upgrade → versions/*.py, those that this database has not seen
"""

from typing import Final

HEAD: Final = "0001"
"""The latest step, which this version of Bursar works with."""
