"""
A Ledger that signs one Safe transaction: it shows the domain hash and the message hash, and its
holder confirms on the device.

    Signable → APDU → frames of 64 bytes → device → frames → r, s, v

Needs the extra `ledger` (hidapi) for a real device; everything above the frames is tested against a
fake one. Not tried on a device yet.
"""

import re
import struct
from importlib import import_module
from typing import Any, Final, Protocol

from bursar.chain.errors import ChainError
from bursar.chain.safe_hash import Signable
from bursar.types import Address, checksummed

FIRST_PATH: Final = "44'/60'/0'/0/0"
_VENDOR: Final = 0x2C97
# Older and newer firmware offer the exchange of APDUs as one or the other.
_INTERFACE: Final = 0
_USAGE_PAGE: Final = 0xFFA0

_FRAME: Final = 64
_CHANNEL: Final = 0x0101
_APDU_TAG: Final = 0x05
_HEAD: Final = struct.Struct(">HBH")

_CLASS: Final = 0xE0
_GET_ADDRESS: Final = 0x02
_SIGN_TYPED: Final = 0x0C
_DONE: Final = 0x9000
_MEANINGS: Final = {
    0x5515: "it is locked: enter the PIN",
    0x6511: "the Ethereum app is not open on it",
    0x6982: "it was refused on the device, or it is locked",
    0x6985: "it was refused on the device",
    0x6A80: "the Ethereum app does not take it: update the app",
    0x6D00: "the open app is another one, or too old: open the Ethereum app",
    0x6E00: "the open app is another one: open the Ethereum app",
}
_HARDENED: Final = 1 << 31


class LedgerError(ChainError):
    """
    The device is not there, refuses, or says what makes no sense. Nothing was signed.
    """


class Frames(Protocol):
    """
    A device that takes and gives frames, as `hid.device` of hidapi does.
    """

    def write(self, frame: bytes, /) -> int:
        """
        Hand over a report number (0) and 64 bytes.
        """
        ...

    def read(self, size: int, timeout_ms: int = 0, /) -> Any:
        """
        The next frame as a list of numbers; empty where none came in time.
        """
        ...


class Ledger:
    """
    The account at `path` of a device. As an owner it signs Safe transactions and nothing else.
    """

    def __init__(self, device: Frames, path: str = FIRST_PATH, *, patience: int = 120) -> None:
        self._device = device
        self._path = encode_path(path)
        self._patience = patience
        self.address = self._fetch_address()

    def sign(self, wanted: Signable) -> bytes:
        """
        65 bytes, once the holder has compared both hashes and confirmed. Raises LedgerError.
        """
        hashes = wanted.domain_hash + wanted.message_hash
        answer = self._ask(_SIGN_TYPED, self._path + hashes)
        if len(answer) != 65:
            raise LedgerError(f"The Ledger answers a signature of {len(answer)} bytes.")
        v, rs = answer[0], answer[1:]
        return rs + bytes([v if v >= 27 else v + 27])

    def _fetch_address(self) -> Address:
        answer = self._ask(_GET_ADDRESS, self._path)
        try:
            rest = answer[1 + answer[0] :]
            return checksummed("0x" + rest[1 : 1 + rest[0]].decode("ascii"))
        except (IndexError, ValueError) as error:
            raise LedgerError("The Ledger answers what is no address.") from error

    def _ask(self, instruction: int, data: bytes) -> bytes:
        apdu = bytes([_CLASS, instruction, 0, 0, len(data)]) + data
        for frame in split_frames(apdu):
            self._device.write(b"\0" + frame)
        answer = self._read()
        status = int.from_bytes(answer[-2:], "big")
        if status != _DONE:
            meaning = _MEANINGS.get(status, f"it answers 0x{status:04x}")
            raise LedgerError(f"The Ledger did not sign: {meaning}.")
        return answer[:-2]

    def _read(self) -> bytes:
        answer, size, sequence = b"", 0, 0
        while not sequence or len(answer) < size:
            frame = bytes(self._device.read(_FRAME, self._patience * 1_000))
            if not frame:
                raise LedgerError(f"The Ledger does not answer within {self._patience} s.")
            channel, tag, number = _HEAD.unpack(frame[: _HEAD.size])
            if (channel, tag, number) != (_CHANNEL, _APDU_TAG, sequence):
                raise LedgerError("The Ledger answers out of order: connect it anew.")
            body = frame[_HEAD.size :]
            if sequence == 0:
                size, body = int.from_bytes(body[:2], "big"), body[2:]
            answer += body
            sequence += 1
        return answer[:size]


def split_frames(apdu: bytes) -> list[bytes]:
    """
    An APDU in frames: each has the channel, a tag and its number, the first the length as well.
    """
    rest = len(apdu).to_bytes(2, "big") + apdu
    room = _FRAME - _HEAD.size
    parts = [rest[start : start + room] for start in range(0, len(rest), room)]
    return [
        _HEAD.pack(_CHANNEL, _APDU_TAG, number) + part.ljust(room, b"\0")
        for number, part in enumerate(parts)
    ]


def encode_path(path: str) -> bytes:
    """
    A derivation path such as 44'/60'/0'/0/0 as the device takes it. Raises LedgerError.
    """
    steps = path.removeprefix("m/").split("/")
    if not 0 < len(steps) <= 10 or not all(re.fullmatch(r"[0-9]{1,10}'?", one) for one in steps):
        raise LedgerError(f"{path!r} is no derivation path: write one like {FIRST_PATH}.")
    numbers = [int(one.rstrip("'")) for one in steps]
    if max(numbers) >= _HARDENED:
        raise LedgerError(f"{path!r} is no derivation path: a step is below 2^31.")
    marked = [
        n + _HARDENED if step.endswith("'") else n for n, step in zip(numbers, steps, strict=True)
    ]
    return bytes([len(marked)]) + b"".join(number.to_bytes(4, "big") for number in marked)


def open_ledger(path: str = FIRST_PATH) -> Ledger:
    """
    The first Ledger that is connected. Raises LedgerError where there is none, or hidapi is not.
    """
    try:
        hid: Any = import_module("hid")
    except ImportError:
        raise LedgerError("A Ledger needs hidapi: pip install 'bursar[ledger]'.") from None
    found = [one for one in hid.enumerate(_VENDOR) if _speaks_apdu(one)]
    if not found:
        raise LedgerError("No Ledger is connected: plug it in, unlock it, open the Ethereum app.")
    device = hid.device()
    try:
        device.open_path(found[0]["path"])
    except OSError as error:
        raise LedgerError(f"The Ledger cannot be opened: {error}. Does another program?") from error
    return Ledger(device, path)


def _speaks_apdu(found: dict[str, Any]) -> bool:
    return found.get("interface_number") == _INTERFACE or found.get("usage_page") == _USAGE_PAGE
