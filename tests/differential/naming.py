"""
Calls as people read them: who is who, amounts as they are, bytes in hexadecimal.
"""

from typing import Any

from bursar.changes import decode_call
from bursar.errors import MalformedCallError
from bursar.reference import Call


class Names:
    """
    Names for the addresses of a twin.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def give(self, address: str, name: str) -> None:
        """
        Call an address so from now on.
        """
        self._names[address] = name

    def call(self, call: Call) -> str:
        """
        Sender, target, function and arguments.
        """
        arguments = ", ".join(map(self.value, call.arguments))
        value = f" with {call.value} wei" if call.value else ""
        ends = f"{self.value(call.sender)} → {self.value(call.target)}"
        return f"{ends}.{call.function}({arguments}){value}"

    def value(self, value: Any) -> str:
        """
        Any argument.
        """
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, tuple | list):
            return f"({', '.join(map(self.value, value))})"
        return self._names.get(value, value) if isinstance(value, str) else str(value)

    def _bytes(self, value: bytes) -> str:
        text = value.rstrip(b"\0")
        if text.isalpha():
            return f"'{text.decode()}'"
        try:
            setter, arguments = decode_call(value)
        except MalformedCallError:
            return "0x" + value.hex()
        return f"{setter}{self.value(arguments)}"
