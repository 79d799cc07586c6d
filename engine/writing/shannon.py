"""Shannon's game: a text is guessed character by character, and the numbers of guesses bound its entropy.

After C. E. Shannon, "Prediction and Entropy of Printed English", Bell System Technical Journal 30 (1951). A
network that names characters from the likeliest on needs as many guesses as the character's rank.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.vocab import Alphabet, Ids
from engine.words import counted
from engine.writing.reading import Reading

ROUNDS = 20
"""Characters that are guessed in a game."""
CONTEXT = 100
"""Characters that are shown before them, at most."""
LEAST = 2 * ROUNDS
"""The fewest characters of a text for a game."""
MOST = 10
"""Wrong guesses after which a character may be given up."""
_BYTES = 4
"""Bytes of a character in UTF-8, at most."""
_NEAR = 20
"""How many characters later a context may begin, so that it begins with a word."""


class Bounds(NamedTuple):
    """Between these bits per character lies the entropy of what was guessed."""

    lower: float
    upper: float


def bounds(guesses: Sequence[int]) -> Bounds:
    """Shannon's bounds from the number of guesses, from 1, that each character took.

    With q_i, the share of characters that took i guesses, they are Σ i (q_i − q_{i+1}) log2 i and
    −Σ q_i log2 q_i. They hold where q falls with i, as it does for an ideal guesser. That of a few
    characters may not; it is put in order, as a guesser who knew it would guess.
    """
    n = len(guesses)
    q = sorted((count / n for count in Counter(guesses).values()), reverse=True)
    lower = sum(i * (a - b) * math.log2(i) for i, (a, b) in enumerate(pairwise([*q, 0.0]), 1))
    upper = -sum(share * math.log2(share) for share in q)
    return Bounds(min(lower, upper) + 0.0, upper + 0.0)  # equal ones may differ by a rounding


def excerpt(ids: Ids, alphabet: Alphabet, random: Random) -> Ids:
    """A random part of a text (N,) for a game: its context, then ROUNDS characters.

    Raises UsageError for a text of fewer than LEAST characters.
    """
    if len(ids) < LEAST:
        raise UsageError(
            f"a game needs a text of {LEAST} characters that the model knows; "
            f"this one has {counted(len(ids), 'character')}"
        )
    hidden = random.randint(min(CONTEXT, len(ids) - ROUNDS), len(ids) - ROUNDS)
    if alphabet.units == "byte":  # not between the bytes of a character
        near = range(hidden, hidden - _BYTES, -1)
        hidden = next((i for i in near if _begins(alphabet.symbols[int(ids[i])])), hidden)
    begin = max(0, hidden - CONTEXT)
    between = {alphabet.ids.get(char) for char in " \n"}
    words = range(begin, min(begin + _NEAR, hidden - ROUNDS)) if begin else range(0)
    begin = next((i + 1 for i in words if int(ids[i]) in between), begin)
    return ids[begin : hidden + ROUNDS]


def _begins(byte: str) -> bool:
    """Whether a byte begins a character in UTF-8."""
    return not "\x80" <= byte < "\xc0"


class Game:
    """A game on an excerpt: who plays sees the context and guesses the rest."""

    def __init__(self, stepper: Stepper, ids: Ids) -> None:
        """The network reads ids (N,), of which the last ROUNDS are guessed."""
        self.ids = ids
        self._reading = Reading(stepper, ids)
        for _ in self._reading.read():
            pass
        self.first = len(ids) - ROUNDS
        """Where the characters begin that are guessed."""
        self.guesses: list[int] = []
        """How many guesses each character took so far."""
        self.wrong: list[int] = []
        """The wrong guesses at the present character."""

    @property
    def at(self) -> int:
        """The character that is to be guessed now."""
        return self.first + len(self.guesses)

    @property
    def finished(self) -> bool:
        return self.at == len(self.ids)

    @property
    def may_give_up(self) -> bool:
        return len(self.wrong) >= MOST

    def guess(self, id: int) -> bool:
        """Guess the present character; whether that was right. The same wrong guess counts once."""
        if id == int(self.ids[self.at]):
            self._next()
            return True
        if id not in self.wrong:
            self.wrong.append(id)
        return False

    def give_up(self) -> None:
        """Show the present character. It counts as if the next guess had been right.

        Raises UsageError before MOST wrong guesses.
        """
        if not self.may_give_up:
            left = counted(MOST - len(self.wrong), "more guess", "more guesses")
            raise UsageError(f"a character is shown after {MOST} wrong guesses: {left}")
        self._next()

    def _next(self) -> None:
        self.guesses.append(len(self.wrong) + 1)
        self.wrong = []

    @property
    def ranks(self) -> list[int]:
        """The network's guesses at the characters that were guessed so far."""
        return [int(rank) for rank in self._reading.rank[self.first : self.at]]

    @property
    def bits(self) -> float:
        """Bits per character of these by the network's own probabilities."""
        return float(self._reading.bits[self.first : self.at].mean(dtype=float))
