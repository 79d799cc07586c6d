"""What the `next character` pane shows of a passage, as data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.writing.generate import Generation
from tui.write.branch import GIVEN
from tui.write.passage import Passage, View

RANKS = (1, 2, 5, 10, 100)
"""The last rank of each class of ranks; what is beyond makes one more."""
STRIP = 120
"""How many characters the strip of surprisal shows."""

Counts = tuple[int, ...]


@dataclass(frozen=True)
class Copying:
    """What stands word for word in the text that the model was trained on."""

    note: str = ""
    """Why nothing can be said; empty otherwise."""
    longest: str = ""
    """How long the longest passage so far is, and where it stands."""
    text: str = ""
    """How it begins."""
    here: str = ""
    """The same of the passage that ends here; empty if there is none."""


@dataclass(frozen=True)
class Shown:
    """Everything the pane paints."""

    view: View | None = None
    units: str = "char"
    message: str = ""
    """Shown if there is no view."""
    bits: tuple[float, ...] = ()
    """The surprisal of the latest characters, oldest first."""
    ranks: Counts = ()
    """How many of the characters written so far had a rank of each class; empty if none was written."""
    copied: Copying | None = None
    why: str = ""
    """Why the first candidate rather than the second, in a line; empty if it is not to be said."""


class Tally:
    """Counts ranks, and goes on counting where it stopped."""

    def __init__(self) -> None:
        self._generation: Generation | None = None
        self._n = 0
        self._counts = np.zeros(len(RANKS) + 1, np.int64)

    def of(self, passage: Passage, n: int) -> Counts:
        """The ranks of the first n characters, in classes. Given ones are left out."""
        if passage.generation is not self._generation or n < self._n:
            self._generation, self._n = passage.generation, 0
            self._counts[:] = 0
        written = np.frombuffer(passage.kinds[self._n : n], np.uint8) != GIVEN
        ranks = passage.generation.ranks(self._n)[: len(written)][written]
        classes = np.searchsorted(RANKS, ranks)
        self._counts += np.bincount(classes, minlength=len(self._counts))
        self._n = n
        return tuple(self._counts.tolist()) if self._counts.any() else ()


def believed(passage: Passage | None, index: int, tally: Tally) -> Shown:
    """What to paint for the character at `index`."""
    if passage is None:
        return Shown(message="Next-character probabilities appear here")
    if (view := passage.view(index)) is None:
        read = len(passage.generation)
        return Shown(message=f"reading the prompt: {read:,} of {passage.shown:,}")
    known = index + 1 if view.step else index
    first = max(passage.generation.shortest, index + 1 - STRIP)
    return Shown(
        view,
        passage.model.alphabet.units,
        bits=tuple(passage.bits(first)[: index + 1 - first].tolist()),
        ranks=tally.of(passage, known),
    )
