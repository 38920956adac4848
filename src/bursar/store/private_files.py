"""
Files and folders that only their owner can read: they say who is paid what, and when.

What is there already keeps the mode that somebody has given it.
"""

import os
from contextlib import suppress
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """
    Make `folder` with mode 0700, and so each folder above it that is missing. Raises OSError.
    """
    # Not `parents=True`, which gives those above whatever the umask leaves.
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def create_private_file(path: Path) -> None:
    """
    Make an empty file with mode 0600 where there is none. Raises OSError.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
