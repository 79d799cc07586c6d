"""A text in branches, as the screen sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.vocab import Ids
from engine.writing.generate import Generation
from engine.writing.mixture import AnyStepper
from engine.writing.sampling import Probs
from tui.write.branch import Branch


class ShownText:
    """`shown` characters of one of its branches are visible; the cursor is before one of them or after the
    last."""

    def __init__(
        self, model: AnyStepper, seed: int, branches: dict[int, Branch], next_id: int
    ) -> None:
        self.model = model
        self.seed = seed
        self.branches = branches
        """By id, in the order in which they came to be. An id is never used again."""
        self.current = 0
        """The id of the branch that is shown."""
        self._next_id = next_id
        self.cursor = self.shown
        self.goal = self.shown
        """The length at which writing pauses by itself."""
        self.closed = ""
        """Why nothing can be added to it; empty if it can."""
        self.before: Callable[[], None] = lambda: None
        """Called before the settings change, before more is given, and before a branch is deleted."""
        self._lock = threading.Lock()
        self._wanted = False

    @property
    def branch(self) -> Branch:
        return self.branches[self.current]

    @property
    def generation(self) -> Generation:
        return self.branch.generation

    @property
    def shown(self) -> int:
        return self.branch.shown

    @property
    def kinds(self) -> bytearray:
        return self.branch.kinds

    @property
    def glyphs(self) -> str:
        """The shown text in a form safe to show, one character per symbol."""
        return self.branch.glyphs.text

    @property
    def at_end(self) -> bool:
        return self.cursor == self.shown

    @property
    def finished(self) -> bool:
        """Whether everything asked for has been written."""
        return self.shown >= self.goal

    @property
    def reading(self) -> bool:
        """Whether the network has yet to read some of the given characters."""
        return self.branch.reading

    @property
    def place(self) -> tuple[int, int]:
        """The number of the shown branch, from 1, and how many there are."""
        return 1 + list(self.branches).index(self.current), len(self.branches)

    def ids(self) -> Ids:
        """The shown characters as ids."""
        return self.branch.ids()

    def bits(self, start: int) -> Probs:
        """The surprisal in bits of the characters from `start` on that the network has read and that are
        shown."""
        return self.branch.bits(start)

    def exact(self, start: int = 0, end: int | None = None) -> str:
        """The shown characters [start, end), unaltered."""
        return self.model.alphabet.decode(self.ids()[start:end].tolist())

    def exact_bytes(self) -> bytes:
        """The whole shown text as the bytes of a file."""
        if self.model.alphabet.units == "char":
            return self.exact().encode("utf-8", "surrogatepass")
        symbols = self.model.alphabet.symbols
        return "".join(symbols[i] for i in self.ids()).encode("latin-1")
