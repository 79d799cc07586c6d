"""Which character each id of a file stands for."""

from __future__ import annotations

import os
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import outside, places
from engine.errors import DamagedError, ForeignError, UsageError
from engine.foreign.bounds import MOST_SYMBOLS, within
from engine.foreign.value import Foreign
from engine.vocab import name_character, normalise
from engine.words import counted

PRINTABLE = "printable"
_WORDS = 0.5
"""The share of symbols longer than a character from which on a model writes words."""


@dataclass(frozen=True)
class Told:
    """The alphabet that the user names: the distinct characters of a text, by their number, or Python's
    `string.printable` in its own order."""

    characters: tuple[str, ...]
    """The most frequent first."""
    ordered: bool = False
    """Whether their order is that of the ids; else the ids are sorted."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbol of each id."""
        return self.characters if self.ordered else tuple(sorted(self.characters))


def told(asked: str) -> Told:
    """The alphabet that `--alphabet` names: `printable`, a file, or a text itself.

    Raises UsageError.
    """
    if asked == PRINTABLE:
        return Told(tuple(string.printable), ordered=True)
    path, text = places.typed(asked), asked
    if os.path.isfile(path):
        with outside.reading(path, UsageError):
            data = outside.read(path, outside.LARGE)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DamagedError("not valid UTF-8") from error
    if not text:
        raise UsageError("--alphabet is empty: name a text, a file, or printable")
    return Told(tuple(char for char, _ in Counter(normalise(text)).most_common()))


def by_id(ids: Mapping[str, object], V: int) -> tuple[str, ...]:
    """The symbol of each of V ids, from the id of each symbol; "" for an id that has none.

    Raises DamagedError.
    """
    found = [""] * within(V, MOST_SYMBOLS, "the size of the alphabet")
    for symbol, id in ids.items():
        if found[place := within(id, V - 1, "the id of a character")]:
            raise DamagedError(f"two characters have the id {place}")
        found[place] = symbol
    return tuple(found)


def symbols(foreign: Foreign, named: Told | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The symbol of each of V ids, "" for those to leave out, and notes.

    Raises UsageError if an alphabet is needed or has another size, ForeignError for words.
    """
    V = foreign.W_hy.shape[1]
    if foreign.symbols is None:
        return _named(V, foreign.usual, named)
    stored = foreign.symbols
    if sum(len(symbol) > 1 for symbol in stored) > _WORDS * len(stored):
        raise ForeignError("writes words, not characters")
    if len(stored) != V:
        raise DamagedError(f"{counted(len(stored), 'symbol')} for {V:,} ids")
    twice = [symbol for symbol, n in Counter(stored).items() if n > 1 and len(symbol) == 1]
    if twice:
        raise DamagedError(f"{name_character(twice[0])} is the character of two ids")
    if foreign.units == "byte" and any(len(s) == 1 and ord(s) > 255 for s in stored):
        raise DamagedError("a byte above 255")
    holes = [i for i, symbol in enumerate(stored) if len(symbol) != 1]
    if named and not holes:
        return stored, ("the alphabet is the file's own, not the one that was named",)
    if named is None:
        return _without(stored, holes)
    missing = [char for char in named.characters if char not in stored]
    if len(missing) != len(holes):
        raise UsageError(
            f"--alphabet has {counted(len(missing), 'character')} that the file lacks, which has "
            f"{counted(len(holes), 'id')} without one"
        )
    return _filled(stored, holes, missing, "those of the alphabet named")


def _filled(
    stored: tuple[str, ...], holes: list[int], missing: Sequence[str], whose: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The symbols with these characters for the ids that have none, and a note."""
    filled = list(stored)
    for place, char in zip(holes, missing, strict=True):
        filled[place] = char
    told = ", ".join(f"{i} {name_character(c)}" for i, c in zip(holes[:4], missing, strict=False))
    return tuple(filled), (f"ids without a character are {whose}: {told}",)


def _letters(stored: tuple[str, ...], holes: list[int]) -> list[str]:
    """The only letters from A to Z that no id has, in the order of the ids without a character, if there
    are as many: at most one capital and one small letter, so that it is clear which is which."""
    small, capital = (
        [i for i, symbol in enumerate(stored) if symbol and symbol in letters]
        for letters in (string.ascii_lowercase, string.ascii_uppercase)
    )
    missing = [
        [char for char in letters if char not in stored]
        for letters in (string.ascii_lowercase, string.ascii_uppercase)
    ]
    if max(map(len, missing)) > 1 or len(holes) != len(missing[0] + missing[1]):
        return []
    small_first = sum(small) / len(small) < sum(capital) / len(capital)
    return missing[0] + missing[1] if small_first else missing[1] + missing[0]


def _named(V: int, usual: str, named: Told | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The alphabet of a file that stores none."""
    if V == len(string.printable):
        usual = usual or "of 100 it is mostly printable"
    advice = f"{usual}; " if usual else ""
    if named is None:
        raise UsageError(
            f"the file stores no alphabet: {advice}add --alphabet with the text that it learnt, or one of "
            f"its {V:,} characters, or printable"
        )
    if len(named.symbols) != V:
        raise UsageError(
            f"--alphabet has {counted(len(named.symbols), 'character')}, the model {V:,}: {advice}name "
            "exactly those that it learnt"
        )
    order = "string.printable" if named.ordered else "sorted"
    return named.symbols, (f"the alphabet is not in the file: as named, {order}",)


def _without(stored: tuple[str, ...], holes: list[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the file stores, and a note about the ids that have no character."""
    if not holes:
        return stored, ()
    if letters := _letters(stored, holes):
        return _filled(stored, holes, letters, "the only letters that the file lacks")
    kept = tuple(symbol if len(symbol) == 1 else "" for symbol in stored)
    shown = ", ".join(f"{i} {stored[i]!r:.12}" for i in holes[:4])
    more = f" and {len(holes) - 4} more" if len(holes) > 4 else ""
    return kept, (f"ids without a character left out: {shown}{more}",)
