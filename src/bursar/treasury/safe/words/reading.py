"""
Calldata → which function, with which arguments; or None.

A call is read only where writing it again gives the same bytes: what has other bytes is not what it
seems, and is shown as unknown.
"""

from typing import Any, NamedTuple

from eth_abi.exceptions import DecodingError, EncodingError

from bursar.chain.abi import ContractType, Function


class ReadCall(NamedTuple):
    """
    A function's call.
    """

    function: Function
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """
        The function's name.
        """
        return self.function.name

    @property
    def raw(self) -> str:
        """
        As a developer would write it.
        """
        pairs = zip(self.function.inputs.names, self.values, strict=True)
        return f"{self.name}({', '.join(f'{name}={_said(value)}' for name, value in pairs)})"


def read_call(kind: ContractType, data: bytes) -> ReadCall | None:
    """
    The call of one of the contract's functions that changes something, exactly as it is; None for
    any other bytes.
    """
    for function in kind.functions.values():
        if function.selector == data[:4] and not function.is_view:
            return _read(function, data)
    return None


def _read(function: Function, data: bytes) -> ReadCall | None:
    try:
        values = function.inputs.decode(data[4:])
        written = function.encode(values)
    except (DecodingError, EncodingError, ValueError, TypeError, OverflowError):
        return None
    return ReadCall(function, values) if written == data else None


def _said(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    if hasattr(value, "model_dump"):
        fields = value.model_dump().items()
        return f"({', '.join(f'{name}={_said(one)}' for name, one in fields)})"
    return repr(value) if isinstance(value, str) and not value.startswith("0x") else str(value)
