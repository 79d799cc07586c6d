"""A text being written: what the user gave, what the model wrote, and where the cursor is.

A Generation runs ahead of what is shown, in its own thread. Everything else here is called from one thread,
the screen's. Code that changes the Generation does so inside `_held`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from engine.errors import UsageError
from engine.vocab import Ids
from engine.writing.generate import Generation, Prediction, Step
from engine.writing.mixture import AnyStepper, Mixture
from engine.writing.settings import SamplingConfig
from tui.write.branch import CHOSEN, GIVEN, TYPED, WRITTEN, Branch, Came
from tui.write.glyphs import Glyphs
from tui.write.shown_text import ShownText

_LONGEST_NAME = 60


@dataclass(frozen=True)
class View:
    """The prediction for the character at `index`, and the Step drawn from it, if there is one yet."""

    index: int
    prediction: Prediction
    step: Step | None


class Passage(ShownText):
    """A text with its branches, that is written and walked through."""

    def __init__(
        self, stepper: AnyStepper, prompt: Ids, sampling: SamplingConfig, seed: int, length: int
    ) -> None:
        generation = Generation(stepper, prompt, sampling, seed)
        glyphs = Glyphs(stepper.alphabet)
        glyphs.extend(generation.prompt)
        given = bytearray([GIVEN]) * len(generation.prompt)
        super().__init__(stepper, seed, {0: Branch(generation, glyphs, given)}, 1)
        self.goal += length

    @classmethod
    def kept(
        cls, model: AnyStepper, seed: int, branches: dict[int, Branch], next_id: int, closed: str
    ) -> Passage:
        """One that was written before, and why nothing can be added to it."""
        passage = cls.__new__(cls)
        ShownText.__init__(passage, model, seed, branches, next_id)
        passage.closed = closed
        return passage

    # -- the writing thread

    def write_ahead(self, ahead: int, cancelled: Callable[[], bool]) -> bool:
        """Write until `ahead` characters wait to be shown or the goal is reached.

        Returns whether anything was written. Runs in the writing thread.
        """
        wrote = False
        while not (cancelled() or self._wanted or self.closed):
            with self._lock:
                if len(self.generation) >= min(self.shown + ahead, self.goal):
                    break
                self.generation.advance()
                wrote = True
                if self.generation.ended:
                    self.goal = min(self.goal, len(self.generation))
        return wrote

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Exclusive access to the Generation. The writing thread gives way after its current character."""
        self._wanted = True
        try:
            with self._lock:
                yield
        finally:
            self._wanted = False

    # -- showing

    def reveal(self, count: int) -> int:
        """Show up to `count` more of the written characters. A cursor at the end moves with them."""
        start, at_end = self.shown, self.at_end
        end = min(start + count, self.goal, len(self.generation))
        if end <= start:
            return 0
        self.branch.glyphs.extend(self.generation.ids(start)[: end - start])
        self.kinds.extend(bytes([WRITTEN]) * (end - start))
        if at_end:
            self.cursor = end
        return end - start

    def view(self, index: int) -> View | None:
        """The prediction at `index` ≤ shown; None if the network has not read that far."""
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
        """Use other sampling settings from the first character that is not shown yet.

        Raises UsageError if they do not fit the model; then nothing has changed.
        """
        self.before()
        with self._held():
            self.generation.sampling = sampling
            self._forget_ahead()

    def mix(self, mixture: Mixture) -> None:
        """Let its models write in another share, from the first character that is not shown yet."""
        with self._held():
            self.model = mixture
            for branch in self.branches.values():
                branch.mix(mixture)

    def _forget_ahead(self) -> None:
        if len(self.generation) > self.shown:
            self.generation.rewind(self.shown)

    # -- walking

    def forward(self) -> bool:
        """Move past one character, writing it if the cursor is at the end. False while the network is still
        reading given text."""
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
        """Put the cursor before the character at `index`, or as near as possible, but not before a first
        character that is given."""
        self.cursor = max(self.generation.shortest, min(index, self.shown))

    def skip(self, count: int) -> int:
        """Move the cursor forward by up to `count` characters. Returns by how many."""
        before = self.cursor
        self.go(before + count)
        return self.cursor - before

    def take(self, index: int, rank: int) -> bool:
        """Put the candidate of this rank (from 1) at `index`. At the end it is written; earlier, the text
        branches there. False if there is no such candidate."""
        view = self.view(index)
        if view is None or rank > len(view.prediction.top):
            return False
        id = view.prediction.top[rank - 1].id
        if view.step is not None and view.step.id == id:
            self.cursor = index + 1
            return True
        self._put(index, [id], CHOSEN, Came.TAKEN)
        return True

    def type(self, index: int, ids: Ids) -> bool:
        """Put typed characters at `index`, however unlikely they are. At the end they are appended;
        earlier, the text branches at the first that differs from what stands there. False if the network
        has yet to read what comes before it."""
        there = self.ids()[index : index + len(ids)]
        differ = np.flatnonzero(there != ids[: len(there)])
        same = int(differ[0]) if len(differ) else len(there)
        if same == len(ids):
            self.cursor = index + same
        elif index + same > len(self.generation):
            return False
        else:
            self._put(index + same, ids[same:].tolist(), TYPED, Came.TYPED)
        return True

    def _put(self, index: int, ids: Sequence[int], kind: int, came: Came) -> None:
        """Write these characters at `index`, in a branch of their own if others stand there."""
        with self._held():
            if index < self.shown:
                self._fork(index, came)
            self._forget_ahead()
            for id in ids:
                self.generation.force(id)
        self.branch.glyphs.extend(ids)
        self.kinds.extend(bytes([kind]) * len(ids))
        self.cursor = self.shown
        self.goal = max(self.goal, self.shown)

    def _fork(self, index: int, came: Came) -> None:
        """Leave the shown branch, or the ancestor that it still equals there."""
        generation = self.generation.fork(index)
        glyphs = Glyphs(self.model.alphabet)
        glyphs.extend(generation.ids())
        parent = self.current
        while (above := self.branches[parent]).parent is not None and index <= above.fork:
            parent = above.parent
        branch = Branch(generation, glyphs, self.kinds[:index], parent, index, came)
        branch.source = self.current
        self.current, self._next_id = self._next_id, self._next_id + 1
        self.branches[self.current] = branch

    # -- branches

    def next_branch(self) -> bool:
        """Show the next branch, with the cursor where the two diverge. False if there is only one."""
        if len(self.branches) == 1:
            return False
        ids = list(self.branches)
        self.show_branch(ids[self.place[0] % len(ids)])
        return True

    def show_branch(self, id: int) -> None:
        """Show this branch, with the cursor where it diverges from the one that was shown."""
        before = self.ids()
        self.current = id
        after = self.ids()
        n = min(len(before), len(after))
        differ = np.flatnonzero(before[:n] != after[:n])
        self.goal = max(self.goal, self.shown)
        self.go(int(differ[0]) if len(differ) else n)

    def family(self, id: int) -> list[int]:
        """The ids of a branch and of all that left it or one of these, in order."""
        found = [id]
        for other, branch in self.branches.items():
            if branch.parent in found:
                found.append(other)
        return found

    def delete(self, id: int) -> None:
        """Delete a branch and its family. If one of them is shown, its parent takes its place.

        Raises UsageError for the first branch, which the others come from.
        """
        branch = self.branches[id]
        if branch.parent is None:
            raise UsageError("the first branch cannot be deleted: the others come from it")
        self.before()
        gone = self.family(id)
        if self.current in gone:
            self.show_branch(branch.parent)
            self.go(branch.fork)
        for each in gone:
            del self.branches[each]

    def rename(self, id: int, name: str) -> None:
        """Name a branch; an empty name takes its name away. A long one is cut."""
        self.branches[id].name = name.strip()[:_LONGEST_NAME]

    def append(self, given: Ids) -> None:
        """Append given text. The writing thread reads it."""
        if not len(given):
            return
        self.before()
        with self._held():
            self._forget_ahead()
            self.generation.prompt = np.concatenate([self.ids(), given])
        self.branch.glyphs.extend(given)
        self.kinds.extend(bytes([GIVEN]) * len(given))
        self.cursor = self.shown
