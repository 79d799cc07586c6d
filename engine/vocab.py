"""Characters and their numbers.

An alphabet is a sorted tuple of V symbols: Unicode code points, or with `units="byte"` the bytes that
occur. The position of a symbol is its id.
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

UNITS = ("char", "byte")
Ids = npt.NDArray[np.integer]

CODE_POINTS = 0x110000
_SHOWN = 12


def normalise(text: str) -> str:
    """Line ends as they are kept: CRLF and CR become \\n, a leading byte-order mark is dropped."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def name_character(char: str) -> str:
    """A character as a message may name it: itself in quotes where it shows, else by name or number."""
    shown = alone(char)
    return f"'{shown}'" if char in shown else shown


def _name_text(text: str) -> str:
    """A few characters as a message may name them."""
    return (
        f"'{text}'" if text.isprintable() and text.strip() else " ".join(map(name_character, text))
    )


def name_characters(chars: Iterable[str]) -> str:
    """A list of distinct characters for a message, at most a dozen of them by name."""
    distinct = sorted(set(chars))
    names = ", ".join(map(name_character, distinct[:_SHOWN]))
    return names + (f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else "")


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code point of each character (N,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


class Text(Protocol):
    """What can be read as ids (N,) piece by piece: an array is one."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Ids: ...


class Translated:
    """Ids of one alphabet as those of another, looked up as they are read."""

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
    """A text brought into an alphabet: its ids, and what had to be changed for it. That characters were
    composed or decomposed changes nothing."""

    ids: Ids
    replaced: dict[str, str]
    """Unknown characters that have a plainer form, and that form."""
    dropped: tuple[str, ...]
    """Unknown characters that were left out."""
    left_out: int = 0
    """How many those were."""

    @property
    def note(self) -> str:
        """One line that tells the user what was changed; empty where nothing was."""
        parts = [f"{name_character(a)} read as {_name_text(b)}" for a, b in self.replaced.items()]
        if len(parts) > _SHOWN:
            parts = [*parts[:_SHOWN], f"{len(parts) - _SHOWN} more read as simpler ones"]
        if self.dropped:
            parts.append(f"{name_characters(self.dropped)} left out: not in the model's alphabet")
        return "; ".join(parts)


@dataclass(frozen=True)
class Alphabet:
    """V distinct symbols in sorted order. With bytes, a symbol is the code point of equal value."""

    symbols: tuple[str, ...]
    units: str = "char"

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise AlphabetError(f"an alphabet has units char or byte, not {self.units!r}")
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
        """The id fed where a text begins with nothing: the newline, else the first symbol."""
        return self.ids.get("\n", 0)

    def united(self, other: Alphabet) -> Alphabet:
        """The symbols of both.

        Raises AlphabetError where one has characters and the other bytes.
        """
        if self.units != other.units:
            raise AlphabetError(
                f"an alphabet of {self.units}s and one of {other.units}s cannot be one: "
                "import the text with the --units of the model"
            )
        return Alphabet(tuple(sorted({*self.symbols, *other.symbols})), self.units)

    def ids_in(self, other: Alphabet) -> Ids:
        """The id (V,) of each symbol in another alphabet, in the smallest type that holds its ids.

        Raises AlphabetError where that has not all of them.
        """
        ids, known = other._lookup("".join(self.symbols))
        if not known.all():
            missing = [s for s, there in zip(self.symbols, known, strict=True) if not there]
            raise AlphabetError(f"the alphabet of this run has no {name_characters(missing)}")
        return ids.astype(np.min_scalar_type(len(other) - 1))

    def translated(self, ids: Text, other: Alphabet) -> Text:
        """Ids of this alphabet as those of another that has all of its symbols.

        Raises AlphabetError where it has not.
        """
        return ids if self == other else Translated(ids, self.ids_in(other))

    def symbols_of(self, text: str | bytes) -> str:
        """The text as symbols, known or not: itself, or one symbol a byte (of its UTF-8 form)."""
        if isinstance(text, str):
            if self.units == "char":
                return text
            text = text.encode("utf-8", "surrogatepass")
        return text.decode("latin-1")

    def encode(self, text: str | bytes) -> Ids:
        """Text to ids (N,).

        Raises AlphabetError naming the unknown characters.
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
        """Text to ids (N,) with unknown characters left out, and how many were."""
        ids, known = self._lookup(self.symbols_of(text))
        return ids[known], int(len(known) - known.sum())

    def _lookup(self, units: str) -> tuple[Ids, npt.NDArray[np.bool_]]:
        points = code_points(units)
        ids = np.searchsorted(self._points, points)
        ids = np.minimum(ids, len(self.symbols) - 1)
        return ids, self._points[ids] == points

    def equivalent(self, text: str | bytes) -> str | bytes:
        """The text as far as possible in characters of this alphabet that say the same: composed or
        decomposed.

        What is known stays as it is, but in a text that is decomposed throughout, which may be composed.
        NFC(text) and NFD(text) have the same outcome.
        """
        if isinstance(text, bytes) or text.isascii():
            return text
        ways = [forms.composed(text), forms.decomposed(text)]
        if text != ways[1]:
            ways.insert(0, text)
        if found := next(filter(self._knows, ways), None):
            return found
        if self.units == "byte":  # what is unknown is no character
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
        """Text to ids (N,), never failing: unknown characters fall back to an `equivalent`, a compatible or
        a typewriter's form that the alphabet has, then, unless `strictly`, to their unaccented and their
        case-folded form; else they are left out."""
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
        """The nearest form of a character that the alphabet has, else none."""
        ways = forms.plain(char) if strictly else chain(forms.plain(char), forms.simpler(char))
        return next((form for form in ways if form and self._knows(form)), "")

    def decode(self, ids: Iterable[int]) -> str:
        """Ids to text. Bytes are read as UTF-8; what is no UTF-8 becomes U+FFFD."""
        text = "".join([self.symbols[i] for i in ids])
        return text if self.units == "char" else text.encode("latin-1").decode("utf-8", "replace")
