"""One branch of a passage: its text, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.vocab import Ids
from engine.writing.generate import Generation
from engine.writing.mixture import Mixture
from engine.writing.sampling import Probs
from tui.write.glyphs import Glyphs

WRITTEN, GIVEN, CHOSEN, TYPED = range(4)
"""Where a character comes from: drawn by the model, given by the user, picked from the candidates, or typed
at the cursor."""


class Came(StrEnum):
    """How a branch came to be."""

    BEGUN = "begun"
    """With the passage: its first branch."""
    TAKEN = "taken"
    """A candidate was picked where another character stood."""
    TYPED = "typed"
    """A character was typed where another one stood."""


@dataclass
class Branch:
    """A text from its first character on. Up to `fork` it is that of its parent."""

    generation: Generation
    glyphs: Glyphs
    kinds: bytearray
    """The origin of each shown character; as long as the shown text."""
    parent: int | None = None
    """The id of the branch that it left; None for the first."""
    fork: int = 0
    """The index of the first character that is its own."""
    came: Came = Came.BEGUN
    name: str = ""
    """Given by the user; any text."""
    source: int | None = None
    """The id of the branch that was shown when it left its parent: the parent, or one that equals it
    there."""

    @property
    def shown(self) -> int:
        return len(self.kinds)

    @property
    def reading(self) -> bool:
        """Whether the network has yet to read some of the given characters."""
        return len(self.generation) < self.shown

    def mix(self, mixture: Mixture) -> None:
        """Forget what is not shown yet, and let the models write in another share."""
        if len(self.generation) > self.shown:
            self.generation.rewind(self.shown)
        self.generation.mix(mixture)

    def ids(self) -> Ids:
        """The shown characters as ids."""
        ids = self.generation.prompt if self.reading else self.generation.ids()
        return ids[: self.shown]

    def bits(self, start: int, end: int | None = None) -> Probs:
        """The surprisal in bits of the characters [start, end) that the network has read and that are
        shown."""
        return self.generation.bits(start)[: self._count(start, end)]

    def ranks(self, start: int, end: int | None = None) -> Ids:
        """The ranks of the same characters."""
        return self.generation.ranks(start)[: self._count(start, end)]

    def entropies(self, start: int, end: int | None = None) -> Probs:
        """The entropy in bits of the predictions of the same characters."""
        return self.generation.entropies(start)[: self._count(start, end)]

    def _count(self, start: int, end: int | None) -> int:
        return max(0, (self.shown if end is None else min(end, self.shown)) - start)

    def mean_bits(self, start: int = 0) -> float | None:
        """The mean surprisal of what was not given, from `start` on; None if there is nothing else."""
        bits = self.bits(start)
        kinds = np.frombuffer(bytes(self.kinds[start : start + len(bits)]), np.uint8)
        own = bits[kinds != GIVEN]
        return float(own.mean()) if len(own) else None
