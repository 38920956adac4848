"""
Text that strangers wrote, as signers may see it: nothing that moves the cursor, nothing that cannot
be seen, and a word where letters pass themselves off as others.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

# Letters by their category, and yet nothing is seen of them.
_UNSEEN: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Alphabets that have letters which look like those of another.
_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
# Whole alphabets of Latin letters in other dress.
_DRESSED: Final = ("FULLWIDTH", "MATHEMATICAL")


def printable(text: str) -> str:
    """
    The text with everything that a terminal would obey, or nobody could see, written out.
    """
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char.isprintable() and char not in _UNSEEN and not unicodedata.combining(char):
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def find_lookalikes(text: str) -> Iterator[str]:
    """
    The words whose letters are of several alphabets, or Latin ones in other dress: one of them may
    be there to look like another.
    """
    for word in text.split():
        alphabets = {_alphabet(char) for char in word if char.isalpha()}
        if len(alphabets & _ALIKE) > 1 or alphabets & set(_DRESSED):
            yield word


def _alphabet(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]
