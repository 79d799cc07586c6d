"""Characters and their ids.

An alphabet is a sorted tuple of V symbols: Unicode code points, or with `units="byte"` the byte values that
occur. A symbol's id is its position.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine import forms
from engine.characters import alone
from engine.errors import AlphabetError
from engine.words import quoted

UNITS = ("char", "byte")
Ids = npt.NDArray[np.integer]

CODE_POINTS = 0x110000
_SHOWN = 12


def normalise(text: str) -> str:
    """The text with CRLF and CR as \\n and without a leading byte-order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def name_character(char: str) -> str:
    """A character for a message: in quotes if it is visible, else by its name or number."""
    shown = alone(char)
    return f"'{shown}'" if char in shown else shown


def _name_text(text: str) -> str:
    """A short text for a message: in quotes if it is printable, else character by character."""
    return (
        f"'{text}'" if text.isprintable() and text.strip() else " ".join(map(name_character, text))
    )


def name_characters(chars: Iterable[str]) -> str:
    """The distinct characters for a message, sorted; at most a dozen are named."""
    distinct = sorted(set(chars))
    names = ", ".join(map(name_character, distinct[:_SHOWN]))
    return names + (f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else "")


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code point of each character (N,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


class Text(Protocol):
    """Anything whose slices are ids (N,), such as an array."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Ids: ...


class Translated:
    """Ids of one alphabet as ids of another, translated as they are read."""

    def __init__(self, ids: Text, table: Ids) -> None:
        self._ids, self._table = ids, table

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._table.dtype

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, part: slice) -> Ids:
        return self._table[self._ids[part]]


@dataclass(frozen=True)
class Fitted:
    """A text in ids of an alphabet, and what had to change for that. Composing and decomposing characters
    does not count as a change."""

    ids: Ids
    replaced: dict[str, str]
    """Unknown characters and the simpler forms that replaced them."""
    dropped: tuple[str, ...]
    """The distinct unknown characters that were left out."""
    left_out: int = 0
    """How many characters were left out in all."""

    @property
    def note(self) -> str:
        """One line that tells the user what was changed; empty if nothing was."""
        parts = [f"{name_character(a)} read as {_name_text(b)}" for a, b in self.replaced.items()]
        if len(parts) > _SHOWN:
            parts = [*parts[:_SHOWN], f"{len(parts) - _SHOWN} more read as simpler forms"]
        if self.dropped:
            parts.append(f"{name_characters(self.dropped)} left out: not in the model's alphabet")
        return "; ".join(parts)


@dataclass(frozen=True)
class Alphabet:
    """V distinct symbols in sorted order. In an alphabet of bytes, a symbol is the character of equal
    value."""

    symbols: tuple[str, ...]
    units: str = "char"

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise AlphabetError(f"an alphabet has units char or byte, not {quoted(self.units)}")
        if not self.symbols:
            raise AlphabetError("an alphabet needs at least one character")
        if any(len(symbol) != 1 for symbol in self.symbols):
            raise AlphabetError("every symbol of an alphabet is one character")
        if any(a >= b for a, b in zip(self.symbols, self.symbols[1:], strict=False)):
            raise AlphabetError("the symbols of an alphabet are distinct and sorted")
        if self.units == "byte" and ord(self.symbols[-1]) > 255:
            raise AlphabetError("an alphabet of bytes has no symbol above 255")

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Symbol to id."""
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @cached_property
    def _points(self) -> npt.NDArray[np.uint32]:
        return np.array([ord(symbol) for symbol in self.symbols], dtype=np.uint32)

    @property
    def start(self) -> int:
        """The id fed if a text begins empty: the newline if the alphabet has one, else the first symbol."""
        return self.ids.get("\n", 0)

    def united(self, other: Alphabet) -> Alphabet:
        """The alphabet with the symbols of both.

        Raises AlphabetError if one has characters and the other bytes.
        """
        if self.units != other.units:
            raise AlphabetError(
                f"an alphabet of {self.units}s and one of {other.units}s cannot be combined: "
                "import the text with the --units of the model"
            )
        return Alphabet(tuple(sorted({*self.symbols, *other.symbols})), self.units)

    def ids_in(self, other: Alphabet) -> Ids:
        """The id (V,) of each symbol in another alphabet, in the smallest type that holds all of that
        alphabet's ids.

        Raises AlphabetError if the other alphabet lacks a symbol.
        """
        ids, known = other._lookup("".join(self.symbols))
        if not known.all():
            missing = [s for s, there in zip(self.symbols, known, strict=True) if not there]
            raise AlphabetError(f"the alphabet of this run has no {name_characters(missing)}")
        return ids.astype(np.min_scalar_type(len(other) - 1))

    def translated(self, ids: Text, other: Alphabet) -> Text:
        """Ids of this alphabet as ids of another that has all its symbols.

        Raises AlphabetError if it does not.
        """
        return ids if self == other else Translated(ids, self.ids_in(other))

    def symbols_of(self, text: str | bytes) -> str:
        """The text as symbols, known or not: unchanged, or one symbol per byte (of its UTF-8 form)."""
        if isinstance(text, str):
            if self.units == "char":
                return text
            text = text.encode("utf-8", "surrogatepass")
        return text.decode("latin-1")

    def encode(self, text: str | bytes) -> Ids:
        """Text to ids (N,).

        Raises AlphabetError, which names the unknown characters.
        """
        units = self.symbols_of(text)
        ids, known = self._lookup(units)
        if not known.all():
            unknown = {units[i] for i in np.flatnonzero(~known)}
            raise AlphabetError(
                f"the model does not know {name_characters(unknown)}; leave them out with --skip-unknown"
            )
        return ids

    def encode_known(self, text: str | bytes) -> tuple[Ids, int]:
        """Text to ids (N,) without the unknown characters, and how many of these there were."""
        ids, known = self._lookup(self.symbols_of(text))
        return ids[known], int(len(known) - known.sum())

    def _lookup(self, units: str) -> tuple[Ids, npt.NDArray[np.bool_]]:
        points = code_points(units)
        ids = np.searchsorted(self._points, points)
        ids = np.minimum(ids, len(self.symbols) - 1)
        return ids, self._points[ids] == points

    def equivalent(self, text: str | bytes) -> str | bytes:
        """The text, composed or decomposed where that makes unknown characters known.

        Known characters stay as they are, except that a fully decomposed text may be composed. So NFC(text)
        and NFD(text) give the same result.
        """
        if isinstance(text, bytes) or text.isascii():
            return text
        ways = [forms.composed(text), forms.decomposed(text)]
        if text != ways[1]:
            ways.insert(0, text)
        if found := next(filter(self._knows, ways), None):
            return found
        if self.units == "byte":  # unknown symbols are bytes, which have no other form
            return ways[0]
        _, known = self._lookup(ways[0])
        unknown = np.flatnonzero(~known).tolist()
        return forms.each_sequence(ways[0], unknown, cache(self._known_form))

    def _knows(self, text: str) -> bool:
        return bool(self._lookup(self.symbols_of(text))[1].all())

    def _known_form(self, sequence: str) -> str:
        ways = forms.equivalents(sequence)
        return next(filter(self._knows, ways), forms.composed(sequence))

    def fit(self, text: str | bytes, strictly: bool = False) -> Fitted:
        """Text to ids (N,). Never fails.

        An unknown character becomes the first of these that the alphabet has: an `equivalent`, a compatible
        form, a typewriter's form, and, unless `strictly`, its form without accents or in the other case. If
        the alphabet has none of them, it is left out.
        """
        text = self.equivalent(text)
        units = self.symbols_of(text)
        _, known = self._lookup(units)
        unknown = dict.fromkeys(units[i] for i in np.flatnonzero(~known))
        replaced: dict[str, str] = {}
        if unknown and self.units == "char":
            found = {char: self._plainer(char, strictly) for char in unknown}
            replaced = {char: form for char, form in found.items() if form}
            text = units.translate({ord(char): form for char, form in replaced.items()})
        ids, left_out = self.encode_known(text)
        return Fitted(ids, replaced, tuple(c for c in unknown if c not in replaced), left_out)

    def _plainer(self, char: str, strictly: bool) -> str:
        """The nearest form of a character that the alphabet has; empty if there is none."""
        ways = forms.plain(char) if strictly else chain(forms.plain(char), forms.simpler(char))
        return next((form for form in ways if form and self._knows(form)), "")

    def decode(self, ids: Iterable[int]) -> str:
        """Ids to text. Bytes are read as UTF-8; invalid UTF-8 becomes U+FFFD."""
        text = "".join([self.symbols[i] for i in ids])
        return text if self.units == "char" else text.encode("latin-1").decode("utf-8", "replace")
