"""A list of words of which a text being written must consist."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path

import numpy as np

from engine import outside
from engine.errors import DamagedError, UsageError
from engine.vocab import Alphabet
from engine.words import LONG, shortened
from engine.writing.masks import Mask

OPTION = "words"
_MOST_BYTES = 1 << 24
_MOST_WORDS = 500_000
_LAST = "\U0010ffff"


def read_words(name: str) -> list[str]:
    """The words of a file, which white space separates, in any order.

    Raises UsageError.
    """
    place = shortened(name, LONG)
    try:
        words = outside.read(Path(name).expanduser(), _MOST_BYTES).decode("utf-8-sig").split()
    except UnicodeDecodeError as error:
        raise UsageError(f"--{OPTION}: {place} is not UTF-8 text") from error
    except (OSError, RuntimeError, DamagedError) as error:  # RuntimeError: no such user
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"--{OPTION}: cannot read {place}: {why}") from error
    if len(words) > _MOST_WORDS:
        raise UsageError(f"--{OPTION}: {place} has more than {_MOST_WORDS:,} words")
    return words


class Words:
    """The automaton of texts in which only these words occur, in any case, and anything between them that
    is no letter or digit.

    Its members are beginnings of words: "" between two words, and None within a word that was given and is
    not in the list. Words may contain other characters than letters: after don' a text has two members.
    """

    reads_given = True

    def __init__(self, words: list[str], alphabet: Alphabet, out: Mask) -> None:
        """`out` (V,) are the symbols that must not occur.

        Raises UsageError if none of the words can be written.
        """
        byte = alphabet.units == "byte"
        self._lowered = [s if byte and s >= "\x80" else _lower(s) for s in alphabet.symbols]
        inner = [(byte and s >= "\x80") or s.isalnum() for s in alphabet.symbols]
        self._between = ~np.array(inner) & ~out
        self._possible = ~out
        self._ids: dict[str, list[int]] = {}
        for id, symbol in enumerate(self._lowered):
            if not out[id]:
                self._ids.setdefault(symbol, []).append(id)
        known = self._ids.keys()
        spelt = {"".join(map(_lower, word)) for word in words}
        self._words = sorted(
            word for word in map(alphabet.symbols_of, spelt) if word and known >= set(word)
        )
        if not self._words:
            raise UsageError(f"--{OPTION}: the model can write none of the words")
        self.start: frozenset[str | None] = frozenset([""])
        self.lost: frozenset[str | None] = frozenset([None if self._between.any() else ""])

    def mask(self, members: frozenset[str | None]) -> Mask:
        """Which symbols (V,) may follow."""
        found = np.zeros(len(self._lowered), np.bool_)
        for member in members:
            if member is not None:
                for symbol in self._continuing(member):
                    found[self._ids[symbol]] = True
            if self._ends(member):
                found |= self._between
        return found

    def after(self, members: frozenset[str | None], id: int) -> frozenset[str | None]:
        """The members after a symbol; none if it may not follow."""
        if not self._possible[id]:
            return frozenset()
        longer = (m + self._lowered[id] for m in members if m is not None)
        found: set[str | None] = {word for word in longer if self._begins(word)}
        if self._between[id] and any(map(self._ends, members)):
            found.add("")
        return frozenset(found)

    def accepts(self, members: frozenset[str | None]) -> bool:
        """Whether the text may end here."""
        return any(map(self._ends, members))

    def _ends(self, member: str | None) -> bool:
        """Whether no word needs to be completed."""
        if not member:
            return True
        i = bisect_left(self._words, member)
        return i < len(self._words) and self._words[i] == member

    def _begins(self, beginning: str) -> bool:
        i = bisect_left(self._words, beginning)
        return i < len(self._words) and self._words[i].startswith(beginning)

    def _continuing(self, beginning: str) -> list[str]:
        """The symbols that continue a beginning."""
        found, length = [], len(beginning)
        i = bisect_left(self._words, beginning)
        while i < len(self._words) and self._words[i].startswith(beginning):
            if symbol := self._words[i][length : length + 1]:
                found.append(symbol)
                i = bisect_right(self._words, beginning + symbol + _LAST, i + 1)
            else:
                i += 1
        return found


def _lower(char: str) -> str:
    """A character in lower case, if that is one character."""
    lower = char.lower()
    return lower if len(lower) == 1 else char
