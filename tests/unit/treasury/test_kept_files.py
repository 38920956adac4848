"""
Files that people rely on survive a kill, a full disk and a second writer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.treasury.kept_files import KeptFileError, lock, read_bounded, read_kept, write_whole

_WRITE = """
import os, resource, signal, sys
from pathlib import Path
from bursar.treasury.kept_files import lock, write_whole
{before}
with lock(Path(sys.argv[1]).parent):
    write_whole(Path(sys.argv[1]), b"new" * 1000)
"""
KILL = "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)"
KILL_AFTER = """
replace = Path.replace
Path.replace = lambda old, new: (replace(old, new), os.kill(os.getpid(), signal.SIGKILL))
"""
FULL = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""


def write_in_process(path: Path, before: str) -> subprocess.CompletedProcess[bytes]:
    """
    A process of its own writes, with something done to it before.
    """
    script = _WRITE.format(before=before)
    return subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True)


@pytest.mark.parametrize(("before", "content"), [(KILL, b"old"), (KILL_AFTER, b"new" * 1000)])
def test_write_whole__killed__leaves_the_old_content_or_the_new(
    tmp_path: Path, before: str, content: bytes
) -> None:
    """
    Between writing and syncing, and right after it was put in place. The lock is free again.
    """
    path = tmp_path / "0x1.json"
    path.write_bytes(b"old")

    assert write_in_process(path, before).returncode == -9

    assert read_kept(path, most=5_000) == content
    assert [one.name for one in tmp_path.glob("0x*.json")] == ["0x1.json"]
    with lock(tmp_path):
        write_whole(path, b"next")
    assert path.read_bytes() == b"next"


def test_write_whole__disk_full__keeps_the_old_content_and_leaves_nothing(tmp_path: Path) -> None:
    """
    The writer is told, and no half of a file stays.
    """
    path = tmp_path / "0x1.json"
    path.write_bytes(b"old")

    done = write_in_process(path, FULL)

    assert done.returncode == 1
    assert b"File too large" in done.stderr
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {
        "0x1.json": b"old",
        ".lock": b"",
    }


def test_read_kept__link_pipe_or_large__is_refused(tmp_path: Path) -> None:
    """
    Somebody else put it there. A file that a person names may be a link, and no pipe.
    """
    plain, link, pipe = tmp_path / "plain", tmp_path / "link", tmp_path / "pipe"
    plain.write_bytes(b"12345")
    link.symlink_to(plain)
    os.mkfifo(pipe)

    assert read_kept(plain, most=5) == read_bounded(link, most=5) == b"12345"
    with pytest.raises(KeptFileError, match="more than 4"):
        read_kept(plain, most=4)
    with pytest.raises(OSError, match="symbolic link"):
        read_kept(link, most=5)
    for read in (read_kept, read_bounded):
        with pytest.raises(KeptFileError, match="no plain file"):
            read(pipe, most=5)


def test_lock__that_is_a_link__is_not_followed(tmp_path: Path) -> None:
    """
    Else whoever may write into the folder chooses which file is made elsewhere.
    """
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"), lock(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()
