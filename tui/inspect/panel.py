"""What a panel of Inspect is. A panel is a class here and a row in `panels.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.inspecting.latest import Latest, Near, latest
from engine.network.stepper import Stepper
from engine.vocab import Ids
from tui.curves.picture import Row
from tui.inspect.rows import content
from tui.newest import Newest
from tui.told import in_app

LEVELS = 4
"""Shades of a character on either side of none."""


@dataclass(frozen=True)
class Place:
    """A place in the passage of Write, as the app hands it over."""

    stepper: Stepper
    path: Path | None
    """The file of the model, if it is known."""
    ids: Ids
    """The characters before the one that is looked at."""
    came: int | None
    """The id of that character; None at the end of the text."""
    near: Near
    """A place before it whose state is kept."""
    live: bool
    """Whether the passage is being written or played."""

    @property
    def index(self) -> int:
        """The place of the character that is looked at."""
        return len(self.ids)

    def same_as(self, other: Place | None) -> bool:
        """Whether the same character of the same text is looked at."""
        return (
            other is not None
            and (self.stepper, self.came) == (other.stepper, other.came)
            and np.array_equal(self.ids, other.ids)
        )


@dataclass(frozen=True)
class Shades:
    """A shade for each of the characters from `first` on: 0 for none, up to LEVELS for what speaks for
    something, down to −LEVELS for what speaks against it."""

    first: int
    levels: npt.NDArray[np.int8]


class Panel(VerticalScroll, can_focus=True, inherit_bindings=False):
    """A panel. `look` is called in the screen's thread whenever another character is looked at, and when
    the panel is shown; slow work belongs in a thread."""

    DEFAULT_CSS = """
    Panel { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Panel > Static { height: auto; }
    """
    title: ClassVar[str]
    """A word or two for the line of panels."""
    waits: ClassVar[str] = "…"
    """What is said until something is found."""

    _high = 0
    """How many lines are shown, if `say_rows` showed them."""

    class Shaded(Message):
        """The text is to be shaded in another way, or not at all."""

        def __init__(self, panel: Panel, shades: Shades | None) -> None:
            super().__init__()
            self.panel, self.shades = panel, shades

    def compose(self) -> ComposeResult:
        yield Static(self.waits, markup=False)

    def say(self, what: Content | str) -> None:
        """Show this in the panel."""
        self._high = 0
        self.query_one(Static).update(what)

    def say_rows(self, rows: Sequence[Row], styles: Mapping[str, str]) -> None:
        """Show lines that fit the width. As many as before cost no new layout of the screen."""
        moves, self._high = len(rows) != self._high, len(rows)
        self.query_one(Static).update(content(rows, styles), layout=moves)

    def look(self, place: Place) -> None:
        """Show what there is to say of a place."""
        raise NotImplementedError


class SlowPanel(Panel):
    """A panel whose answers take a while. What is no longer looked at when its turn comes is left out."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._newest: Newest[Place, Any] = Newest(
            self, self.find_slowly, self.show, lambda error: self.say(in_app(error))
        )

    @property
    def overtaken(self) -> bool:
        """Whether another place is to be looked at next."""
        return self._newest.waiting

    def find_slowly(self, place: Place) -> Any:
        """What there is to say of a place. Runs in a thread. Raises HeloError."""
        raise NotImplementedError

    def show(self, place: Place, told: Any) -> None:
        """Show what was found."""
        raise NotImplementedError

    def look(self, place: Place) -> None:
        """Look at a place as soon as the last one is done with. While the text is written, half of the time
        is the writer's alone."""
        self._newest.ask(place, gently=place.live)


class TracePanel(SlowPanel):
    """A panel that tells of the trace of the latest characters, which is kept from place to place."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._latest: Latest | None = None

    def find(self, place: Place, found: Latest) -> Any:
        """What there is to say of a place. Runs in a thread. Raises HeloError."""
        raise NotImplementedError

    def find_slowly(self, place: Place) -> Any:
        self._latest = latest(place.stepper, place.ids, place.near, self._latest)
        return self.find(place, self._latest)
