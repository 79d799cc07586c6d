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


def ruled_out(ban: str, force: str, alphabet: Alphabet) -> Mask:
    """The symbols in one list of characters, or not in another one, unless that is empty.

    Raises UsageError if these are all that the alphabet has, or if a list is not ASCII in an alphabet of
    bytes.
    """
    out, forced = _listed("ban", ban, alphabet), _listed("force", force, alphabet)
    if out.all():
        raise UsageError("--ban leaves no character that the model could write")
    if not force:
        return out
    if not forced.any():
        raise UsageError("--force: the model knows none of these characters")
    if (out | ~forced).all():
        raise UsageError("--ban leaves none of the characters that --force asks for")
    return out | ~forced


def _listed(option: str, text: str, alphabet: Alphabet) -> Mask:
    """The symbols in a list of characters."""
    found = characters(option, text)
    if alphabet.units == "byte" and not found.ascii:
        foreign = next(p.last for p in found.parts if isinstance(p, Range) and p.last >= "\x80")
        raise UsageError(
            f"--{option}: {name_character(foreign)} is several bytes, and this model writes single bytes"
        )
    return mask_of(found, alphabet)


def never_written(option: str, text: str, alphabet: Alphabet) -> tuple[str, ...]:
    """The characters of a list that the model does not know anyway."""
    found = characters(option, text)
    known = alphabet.ids
    return tuple(p.last for p in found.parts if isinstance(p, Range) and p.last not in known)
