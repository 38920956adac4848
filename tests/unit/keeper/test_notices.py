"""
Each notice at least once, and not twice, whatever dies in between.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.keeper.notices import (
    FileNotices,
    MemoryNotices,
    Notice,
    NoticeKind,
    NoticesFileError,
    build_notice,
)
from bursar.keeper.telling import Teller
from tests.unit.keeper.fakes import START, WALLET, id_of, payment


def notice(number: int = 1, ready_at: int = START, kind: str = "expired") -> Notice:
    """
    A notice about a payment of that number.
    """
    queued = payment(ready_at=ready_at)
    return build_notice(NoticeKind(kind), WALLET, id_of(number), queued, "queue: expired")


def test_file__written_and_opened_again__knows_what_was_told(tmp_path: Path) -> None:
    """
    The same payment, queued again, is another; so is another kind of notice.
    """
    path = tmp_path / "notices.jsonl"
    FileNotices(path).add(notice())
    again = FileNotices(path)

    assert again.has(notice().key)
    assert not again.has(notice(2).key)
    assert not again.has(notice(ready_at=START + 1).key)
    assert not again.has(notice(kind="cancelled").key)


def test_file__last_line_cut_off__is_told_again_and_the_rest_is_kept(tmp_path: Path) -> None:
    """
    A crash in mid-write costs a repetition, never a notice and never the file.
    """
    path = tmp_path / "notices.jsonl"
    file = FileNotices(path)
    file.add(notice(1))
    file.add(notice(2))
    path.write_bytes(path.read_bytes()[:-9])

    again = FileNotices(path)
    assert again.has(notice(1).key)
    assert not again.has(notice(2).key)
    again.add(notice(2))
    assert FileNotices(path).has(notice(2).key)


def test_file__with_something_else_in_it__is_refused(tmp_path: Path) -> None:
    """
    Rather than to tell everything again, ask.
    """
    path = tmp_path / "notices.jsonl"
    path.write_text('{"kind": "expired"}\n')
    with pytest.raises(NoticesFileError, match="line 1"):
        FileNotices(path)


def test_teller__callback_fails__tries_again_until_it_is_told() -> None:
    """
    Not told is not forgotten, and told is not repeated.
    """
    attempts, told, complaints = [], MemoryNotices(), []

    def tell(notice: Notice) -> None:
        attempts.append(notice)
        if len(attempts) < 3:
            raise ConnectionError("mail is down")

    teller = Teller(told, tell)
    teller.add(notice())
    results = [teller.tell_all(complaints.append) for _ in range(4)]

    assert results == [[], [], [notice()], []]
    assert (len(attempts), len(complaints)) == (3, 2)
    assert told.all == [notice()]


def test_teller__disk_is_full__does_not_call_back_again() -> None:
    """
    What was told and could not be written is written later, without telling it twice.
    """

    class FullDisk(MemoryNotices):
        full = True

        def add(self, notice: Notice) -> None:
            if self.full:
                raise OSError("no space left")
            super().add(notice)

    disk, told, complaints = FullDisk(), [], []
    teller = Teller(disk, told.append)
    teller.add(notice())

    assert teller.tell_all(complaints.append) == []
    disk.full = False
    assert teller.tell_all(complaints.append) == [notice()]
    assert (told, len(complaints)) == ([notice()], 1)


def test_teller__told_before__is_known() -> None:
    """
    Whoever asks first spares the work.
    """
    memory = MemoryNotices()
    memory.add(notice())
    teller = Teller(memory)
    teller.add(notice(2))

    assert teller.knows(notice().key)
    assert teller.knows(notice(2).key)
    assert not teller.knows(notice(3).key)
