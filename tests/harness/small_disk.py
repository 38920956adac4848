"""
A disk of a few megabytes that can really be full.

    small_disk(megabytes) → SmallDisk: folder, fill(), free()

It is a file system in memory of its own, so that a server on it runs out of room as on a full disk.
Only root may mount one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1_000_000
_PAGE = 4_096


class SmallDiskError(Exception):
    """
    This machine lets nobody like us mount a file system.
    """


@dataclass(frozen=True)
class SmallDisk:
    """
    Mounted at `folder`, which anybody may write to.
    """

    folder: Path

    def fill(self) -> None:
        """
        Leave no room, down to the last page.
        """
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for size in (_CHUNK, _PAGE):
                with suppress(OSError):
                    while ballast.write(bytes(size)) == size:
                        pass

    def free(self) -> None:
        """
        Give the room back.
        """
        (self.folder / "ballast").unlink()

    @property
    def room(self) -> int:
        """
        Bytes that can still be written.
        """
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """
    One for the length of the block. Raises SmallDiskError.
    """
    with tempfile.TemporaryDirectory(prefix="bursar-disk-") as name:
        folder = Path(name) / "disk"
        folder.mkdir()
        Path(name).chmod(0o755)
        options = f"size={megabytes}m,mode=777"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True,
            text=True,
        )
        if mounted.returncode != 0:
            raise SmallDiskError(mounted.stderr.strip())
        try:
            yield SmallDisk(folder)
        finally:
            # Lazily: a server that has just been killed may still hold a file.
            subprocess.run(["umount", "-l", str(folder)], check=True)
