"""
A Ledger on a fake device that speaks real frames and APDUs: what goes out, and what comes back.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from eth_account import Account
from eth_typing import Hash32

from bursar.chain.ledger import (
    FIRST_PATH,
    Ledger,
    LedgerError,
    encode_path,
    open_ledger,
    split_frames,
)
from bursar.chain.safe_hash import signed_hash
from bursar.chain.safe_signatures import read_signature
from bursar.chain.safe_transaction import SafeTransaction
from bursar.types import Address, Bytes32, checksummed

OWNER = Account.from_key("0x" + "11" * 32)
SAFE = checksummed("0x" + "5a" * 20)
PATH_BYTES = bytes.fromhex("058000002c8000003c800000000000000000000000")


def transaction(data: bytes = b"") -> SafeTransaction:
    """
    Of a Safe that does not matter.
    """
    return SafeTransaction(safe=SAFE, chain_id=1, to=SAFE, value=0, data=data, operation=0, nonce=3)


class NoChain:
    """
    Nobody has approved anything, and no owner is a contract.
    """

    def has_approved(self, owner: Address, hash: Bytes32) -> bool:
        return False

    def is_accepted_by(
        self, owner: Address, transaction: SafeTransaction, signature: bytes
    ) -> bool:
        return False


class FakeLedger:
    """
    A device with OWNER's key at the first path. It puts frames together itself, byte by byte, as
    the protocol of Ledger's HID transport says.
    """

    def __init__(self, *, answer: bytes | None = None, parity: int = 27) -> None:
        self.frames: list[bytes] = []
        self.apdus: list[bytes] = []
        self.shown: list[str] = []
        self.answer = answer
        self.parity = parity
        self.waiting: list[bytes] = []

    def write(self, frame: bytes) -> int:
        assert len(frame) == 65, "a report number and a frame"
        assert frame[0] == 0
        self.frames.append(frame[1:])
        apdu = self._assemble()
        if apdu is not None:
            self.frames = []
            self.apdus.append(apdu)
            self._reply(self._act(apdu))
        return len(frame)

    def read(self, size: int, timeout_ms: int = 0) -> list[int]:
        assert size == 64
        return list(self.waiting.pop(0)) if self.waiting else []

    def _assemble(self) -> bytes | None:
        content = b""
        for number, frame in enumerate(self.frames):
            assert frame[:5] == b"\x01\x01\x05" + number.to_bytes(2, "big")
            content += frame[5:]
        size = int.from_bytes(content[:2], "big")
        return content[2 : 2 + size] if len(content) >= 2 + size else None

    def _act(self, apdu: bytes) -> bytes:
        assert apdu[4] == len(apdu) - 5
        if self.answer is not None and len(self.apdus) > 1:
            return self.answer
        if apdu[:4] == b"\xe0\x02\x00\x00":
            assert apdu[5:] == PATH_BYTES
            public = OWNER._key_obj.public_key.to_bytes()
            text = OWNER.address[2:].encode()
            return bytes([65]) + b"\x04" + public + bytes([40]) + text + b"\x90\x00"
        assert apdu[:4] == b"\xe0\x0c\x00\x00"
        assert apdu[5 : 5 + len(PATH_BYTES)] == PATH_BYTES
        domain, message = apdu[-64:-32], apdu[-32:]
        self.shown = [domain.hex(), message.hex()]
        hash = signed_hash(Bytes32(domain), Bytes32(message))
        signed = OWNER.unsafe_sign_hash(Hash32(hash))
        v = bytes([signed.v - 27 + self.parity])
        return v + bytes(signed.signature)[:64] + b"\x90\x00"

    def _reply(self, answer: bytes) -> None:
        content = len(answer).to_bytes(2, "big") + answer
        for number, start in enumerate(range(0, len(content), 59)):
            part = content[start : start + 59].ljust(59, b"\0")
            self.waiting.append(b"\x01\x01\x05" + number.to_bytes(2, "big") + part)


@pytest.mark.parametrize("parity", [0, 27])
def test_ledger__signs__what_an_owner_signs_and_shows_both_hashes(parity: int) -> None:
    """
    The device gets the path and the two hashes, and shows those that `bursar safe show` prints.
    """
    device = FakeLedger(parity=parity)
    ledger = Ledger(device)
    told = transaction(b"some calldata")

    data = ledger.sign(told)

    assert ledger.address == OWNER.address
    assert device.shown == [told.domain_hash.hex(), told.message_hash.hex()]
    read = read_signature(told, data, [checksummed(OWNER.address)], NoChain())
    assert (read.owner, read.data) == (OWNER.address, data)


def test_ledger__apdu_to_sign__is_split_over_two_frames() -> None:
    """
    5 bytes of head, 21 of path, 64 of hashes: more than the 57 that a first frame holds.
    """
    device = FakeLedger()
    ledger = Ledger(device)
    ledger.sign(transaction())

    assert [len(apdu) for apdu in device.apdus] == [26, 90]
    frames = split_frames(device.apdus[1])
    assert [len(frame) for frame in frames] == [64, 64]
    assert frames[0][:7] == bytes.fromhex("0101050000005a")
    assert frames[1][:5] == bytes.fromhex("0101050001")
    assert frames[1].endswith(b"\0" * (2 * 59 - 92))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("6985", "refused on the device"),
        ("6d00", "open the Ethereum app"),
        ("6e00", "open the Ethereum app"),
        ("5515", "locked"),
        ("6a80", "update the app"),
        ("1234", "0x1234"),
        ("00" * 10 + "9000", "10 bytes"),
    ],
)
def test_ledger__that_refuses__says_what_to_do(answer: str, said: str) -> None:
    """
    Nothing comes out that looks like a signature.
    """
    device = FakeLedger(answer=bytes.fromhex(answer))
    ledger = Ledger(device)

    with pytest.raises(LedgerError, match=said):
        ledger.sign(transaction())


def test_ledger__silent_or_out_of_order__is_an_error() -> None:
    """
    No answer in time, and a frame with another number.
    """

    class Silent(FakeLedger):
        def _reply(self, answer: bytes) -> None:
            pass

    class Jumbled(FakeLedger):
        def _reply(self, answer: bytes) -> None:
            super()._reply(answer)
            self.waiting.reverse()

    with pytest.raises(LedgerError, match="does not answer"):
        Ledger(Silent())
    with pytest.raises(LedgerError, match="out of order"):
        Ledger(Jumbled())


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        (FIRST_PATH, PATH_BYTES.hex()),
        ("m/44'/60'/1'/0/0", "058000002c8000003c800000010000000000000000"),
        ("44'/60'/0'/7", "048000002c8000003c8000000000000007"),
    ],
)
def test_path__as_the_device_takes_it(path: str, encoded: str) -> None:
    """
    A count, and four bytes for each step, hardened ones with the highest bit.
    """
    assert encode_path(path).hex() == encoded


@pytest.mark.parametrize("path", ["", "44'/x", "44''", "1/" * 11 + "1", "2147483648", "-1"])
def test_path__that_is_none__is_refused(path: str) -> None:
    """
    Before anything is asked of the device.
    """
    with pytest.raises(LedgerError, match="derivation path"):
        encode_path(path)


def fake_hid(*found: dict[str, Any], busy: bool = False) -> ModuleType:
    """
    hidapi with these devices; the one with path b"apdu" is a Ledger's.
    """
    module = ModuleType("hid")

    class Device(FakeLedger):
        def open_path(self, path: bytes) -> None:
            assert path == b"apdu"
            if busy:
                raise OSError("open failed")

    module.enumerate = lambda vendor: list(found) if vendor == 0x2C97 else []  # type: ignore[attr-defined]
    module.device = Device  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("right", [{"interface_number": 0}, {"usage_page": 0xFFA0}])
def test_open_ledger__connected__takes_the_interface_that_speaks_apdus(
    monkeypatch: pytest.MonkeyPatch, right: dict[str, int]
) -> None:
    """
    A device offers several; which number or usage page it has differs between systems.
    """
    fido = {"interface_number": 1, "usage_page": 0xF1D0, "path": b"fido"}
    apdu = {"interface_number": -1, "usage_page": 0, **right, "path": b"apdu"}
    monkeypatch.setitem(sys.modules, "hid", fake_hid(fido, apdu))

    assert open_ledger().address == OWNER.address


def test_open_ledger__without_one__says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The library, the device, or another program has it.
    """
    monkeypatch.setitem(sys.modules, "hid", None)
    with pytest.raises(LedgerError, match=r"bursar\[ledger\]"):
        open_ledger()
    monkeypatch.setitem(sys.modules, "hid", fake_hid())
    with pytest.raises(LedgerError, match="No Ledger is connected"):
        open_ledger()
    one = {"interface_number": 0, "path": b"apdu"}
    monkeypatch.setitem(sys.modules, "hid", fake_hid(one, busy=True))
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_ledger()
