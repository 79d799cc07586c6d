"""One text in the making: what was given, what was written after it, and where the reader stands.

A Generation runs ahead of what is shown, in a thread of its own; everything else here is called from one
thread, the screen's. Whoever changes the Generation does it inside `_held`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from engine.network.stepper import Stepper
from engine.vocab import Ids
from engine.writing.generate import Generation, Prediction, Step
from engine.writing.sampling import Probs
from engine.writing.settings import SamplingConfig
from tui.write.glyphs import Glyphs

WRITTEN, GIVEN, CHOSEN = range(3)
"""How a character came to be: drawn by the model, given by the user, or picked from the candidates."""


@dataclass(frozen=True)
class View:
    """What is believed of the character at `index`, and the Step it became, where it is there."""

    index: int
    prediction: Prediction
    step: Step | None


@dataclass
class _Branch:
    generation: Generation
    glyphs: Glyphs
    kinds: bytearray
    """How each shown character came to be; as long as the text that is shown."""

    @property
    def shown(self) -> int:
        return len(self.kinds)


class Passage:
    """A text with its branches. `shown` characters of it can be seen; the cursor stands before one of
    them, or after the last."""

    def __init__(
        self, stepper: Stepper, seed: Ids, sampling: SamplingConfig, rng_seed: int, length: int
    ) -> None:
        generation = Generation(stepper, seed, sampling, rng_seed)
        glyphs = Glyphs(stepper.model.alphabet)
        glyphs.extend(generation.seed)
        self.model = stepper.model
        self.rng_seed = rng_seed
        self.branches = [_Branch(generation, glyphs, bytearray([GIVEN]) * len(generation.seed))]
        self.current = 0
        self.cursor = self.shown
        self.goal = self.shown + length
        """Where writing pauses of itself."""
        self._lock = threading.Lock()
        self._wanted = False

    @property
    def _branch(self) -> _Branch:
        return self.branches[self.current]

    @property
    def generation(self) -> Generation:
        return self._branch.generation

    @property
    def shown(self) -> int:
        return self._branch.shown

    @property
    def kinds(self) -> bytearray:
        return self._branch.kinds

    @property
    def glyphs(self) -> str:
        """The shown text fit for the screen, one character a symbol."""
        return self._branch.glyphs.text

    @property
    def at_end(self) -> bool:
        return self.cursor == self.shown

    @property
    def finished(self) -> bool:
        """Whether all that was asked for is written."""
        return self.shown >= self.goal

    @property
    def reading(self) -> bool:
        """Whether given characters are still to be read by the network."""
        return len(self.generation) < self.shown

    def ids(self) -> Ids:
        """The shown characters as ids."""
        ids = self.generation.seed if self.reading else self.generation.ids()
        return ids[: self.shown]

    def bits(self, start: int) -> Probs:
        """The surprisal of the characters from `start` on that are read and shown."""
        return self.generation.bits(start)[: max(0, self.shown - start)]

    def exact(self, start: int = 0, end: int | None = None) -> str:
        """The shown characters of [start, end) as they are."""
        return self.model.alphabet.decode(self.ids()[start:end].tolist())

    def exact_bytes(self) -> bytes:
        """The whole shown text as a file holds it."""
        if self.model.alphabet.units == "char":
            return self.exact().encode("utf-8", "surrogatepass")
        symbols = self.model.alphabet.symbols
        return "".join(symbols[i] for i in self.ids()).encode("latin-1")

    # -- the writing thread

    def write_ahead(self, ahead: int, cancelled: Callable[[], bool]) -> bool:
        """Write until `ahead` characters wait to be shown or the goal is reached.

        Returns whether anything was written. Runs in the writing thread.
        """
        wrote = False
        while not (cancelled() or self._wanted):
            with self._lock:
                if len(self.generation) >= min(self.shown + ahead, self.goal):
                    break
                self.generation.advance()
                wrote = True
        return wrote

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The Generation for oneself; the writing thread gives way after the character it is at."""
        self._wanted = True
        try:
            with self._lock:
                yield
        finally:
            self._wanted = False

    # -- showing

    def reveal(self, count: int) -> int:
        """Show up to `count` more characters of what is written; the cursor goes along at the end."""
        start, at_end = self.shown, self.at_end
        end = min(start + count, self.goal, len(self.generation))
        if end <= start:
            return 0
        self._branch.glyphs.extend(self.generation.ids(start)[: end - start])
        self.kinds.extend(bytes([WRITTEN]) * (end - start))
        if at_end:
            self.cursor = end
        return end - start

    def view(self, index: int) -> View | None:
        """What is believed at `index` ≤ shown; None where the network has not read that far."""
        if index < len(self.generation):
            step = self.generation.step(index)
            if index < self.shown:
                return View(index, step.prediction, step)
            return View(index, step.prediction, None)
        if self.reading:
            return None
        with self._held():
            return View(index, self.generation.prediction(), None)

    def extend_goal(self, length: int) -> None:
        self.goal = self.shown + length

    def change(self, sampling: SamplingConfig) -> None:
        """Draw with other settings from the first character on that is not shown yet."""
        with self._held():
            self._forget_ahead()
            self.generation.sampling = sampling

    def _forget_ahead(self) -> None:
        if len(self.generation) > self.shown:
            self.generation.rewind(self.shown)

    # -- walking

    def forward(self) -> bool:
        """Go over one character, writing it at the end; False while the given text is still being read."""
        if self.at_end:
            if self.reading:
                return False
            with self._held():
                if len(self.generation) == self.shown:
                    self.generation.advance()
            self.goal = max(self.goal, self.shown + 1)
            self.reveal(1)
        else:
            self.cursor += 1
        return True

    def go(self, index: int) -> None:
        """Put the cursor before the character at `index`, as near as can be; the first is given."""
        self.cursor = max(1, min(index, self.shown))

    def skip(self, count: int) -> int:
        """Move the cursor on by up to `count` characters; returns by how many."""
        before = self.cursor
        self.go(before + count)
        return self.cursor - before

    def take(self, index: int, rank: int) -> bool:
        """Put the candidate of that rank (from 1) at `index`: at the end it is written, in the past the
        text branches there. False where there is no such candidate."""
        view = self.view(index)
        if view is None or rank > len(view.prediction.top):
            return False
        id = view.prediction.top[rank - 1].id
        if view.step is not None and view.step.id == id:
            self.cursor = index + 1
            return True
        with self._held():
            if index < self.shown:
                self._fork(index)
            self._forget_ahead()
            self.generation.force(id)
        self._branch.glyphs.extend(self.generation.ids(index))
        self.kinds.append(CHOSEN)
        self.cursor = self.shown
        self.goal = max(self.goal, self.shown)
        return True

    def _fork(self, index: int) -> None:
        generation = self.generation.fork(index)
        glyphs = Glyphs(self.model.alphabet)
        glyphs.extend(generation.ids())
        self.branches.append(_Branch(generation, glyphs, self.kinds[:index]))
        self.current = len(self.branches) - 1

    def next_branch(self) -> bool:
        """Show the next branch, the cursor where it leaves this one; False where there is but one."""
        if len(self.branches) == 1:
            return False
        before = self.ids()
        self.current = (self.current + 1) % len(self.branches)
        after = self.ids()
        n = min(len(before), len(after))
        differ = np.flatnonzero(before[:n] != after[:n])
        self.go(int(differ[0]) if len(differ) else n)
        return True

    def append(self, given: Ids) -> None:
        """Put more given text at the end; the writing thread reads it."""
        with self._held():
            self._forget_ahead()
            self.generation.seed = np.concatenate([self.ids(), given])
        self._branch.glyphs.extend(given)
        self.kinds.extend(bytes([GIVEN]) * len(given))
        self.cursor = self.shown
