"""Which symbols of an alphabet are meant by characters that a user wrote."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.vocab import Alphabet, name_character
from engine.writing.expression import Class, Kind, Range, characters

Mask = npt.NDArray[np.bool_]
"""(V,): some of the symbols of an alphabet."""


def mask_of(found: Class, alphabet: Alphabet) -> Mask:
    """The symbols in a class. A byte above 127 is part of a character, and of no kind."""
    if alphabet.units == "char":
        return np.array([symbol in found for symbol in alphabet.symbols])

    def has(byte: str) -> bool:
        if byte < "\x80":
            return byte in found
        parts = (
            part.letter.isupper() if isinstance(part, Kind) else byte in part
            for part in found.parts
        )
        return any(parts) != found.negated

    return np.array([has(symbol) for symbol in alphabet.symbols])


def banned(text: str, alphabet: Alphabet) -> Mask:
    """The symbols of a list of characters.

    Raises UsageError if they are all that the alphabet has, or not ASCII in an alphabet of bytes.
    """
    found = characters("ban", text)
    if alphabet.units == "byte" and not found.ascii:
        foreign = next(p.last for p in found.parts if isinstance(p, Range) and p.last >= "\x80")
        raise UsageError(
            f"--ban: {name_character(foreign)} is several bytes, and this model writes single bytes"
        )
    out = mask_of(found, alphabet)
    if out.all():
        raise UsageError("--ban leaves no character that the model could write")
    return out


def never_written(text: str, alphabet: Alphabet) -> tuple[str, ...]:
    """The characters of a list that the model does not know anyway."""
    found = characters("ban", text)
    known = alphabet.ids
    return tuple(p.last for p in found.parts if isinstance(p, Range) and p.last not in known)
