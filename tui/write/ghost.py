"""Ghost text: what the network would write next stands dimmed behind the cursor while a prompt is typed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from rich.cells import cell_len
from textual import work
from textual.widgets import TextArea

from engine.errors import HeloError
from engine.writing.foresight import Foresight
from engine.writing.mixture import AnyStepper
from tui.text import one_line
from tui.width import spans

LONGEST = 4_000
"""Longer prompts, in characters, get no ghost: each key would read all of the text."""
MOST = 48
"""Characters that are foreseen at most."""
_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)|\s+")


@dataclass(frozen=True)
class _Asked:
    """What is to be foreseen: what `stepper` writes after `text`, in `room` cells."""

    stepper: AnyStepper
    text: str
    room: int


class GhostText(TextArea):
    """A text area that shows what would come next behind a cursor at the end of its text. → takes a
    character of it, ctrl+→ a word.

    It is computed in a thread. A key cancels that, and what was read until then is kept.
    """

    _ghost = ""
    """What is shown, unaltered; `suggestion` is its visible form."""
    _asked: _Asked | None = None
    _answered: _Asked | None = None
    _looking = False
    _foresight: Foresight | None = None

    @property
    def guesser(self) -> AnyStepper | None:
        """What foresees; None while nothing should be foreseen."""
        raise NotImplementedError

    def foresee(self) -> None:
        """Show what would come next; nothing where nothing should be shown."""
        before, asked = self._asked, self._ask()
        if asked == before:
            return
        self._asked = asked
        if asked is None:
            self._haunt("", 0)
            return
        line = before.text + self._ghost if before and asked.text.startswith(before.text) else ""
        self._haunt(
            line.removeprefix(asked.text) if line.startswith(asked.text) else "", asked.room
        )
        if not self._looking:
            self._looking = True
            self._look_ahead()

    def _ask(self) -> _Asked | None:
        at_end = self.selection.is_empty and self.cursor_at_end_of_text
        if not (at_end and self.has_focus and (guesser := self.guesser)):
            return None
        text = self.text
        column = self.wrapped_document.location_to_offset(self.cursor_location).x
        room = min(self.wrap_width + 1 - column, MOST)
        return _Asked(guesser, text, room) if 0 < len(text) <= LONGEST and room > 0 else None

    @work(group="ghost")
    async def _look_ahead(self) -> None:
        """Foresee for as long as something is asked that has not been answered."""
        try:
            while (asked := self._asked) and asked is not self._answered:
                line = await asyncio.to_thread(self._foreseen, asked)
                if line is not None and asked is self._asked:
                    self._answered = asked
                    self._haunt(line, asked.room)
        except asyncio.CancelledError:
            self._asked = None  # so that the thread ends
            raise
        finally:
            self._looking = False

    def _foreseen(self, asked: _Asked) -> str | None:
        """Runs in a thread, one at a time. None once something else is asked."""
        if self._foresight is None or self._foresight.stepper is not asked.stepper:
            self._foresight = Foresight(asked.stepper)
        try:
            return self._foresight.line(asked.text, asked.room, lambda: self._asked is not asked)
        except HeloError:
            return ""  # the passage will say it

    def _haunt(self, line: str, room: int) -> None:
        """Show a line as the ghost, as much of it as fits into `room` cells."""
        shown, end, width = one_line(line), 0, 0
        for start, after in spans(shown):
            width += cell_len(shown[start:after])
            if width > room or not cell_len(shown[0]):  # a mark would join what was typed
                break
            end = after
        if self._ghost or end:
            self._ghost, self.suggestion = line[:end], shown[:end]

    # -- keys

    def action_cursor_right(self, select: bool = False) -> None:
        if self._ghost and select:
            return
        if self._ghost:
            _, end = next(spans(self.suggestion))
            self.insert(self._ghost[:end])
        else:
            super().action_cursor_right(select)

    def action_cursor_word_right(self, select: bool = False) -> None:
        if self._ghost and not select and (word := _WORD.match(self._ghost)):
            self.insert(word[0])
        else:
            super().action_cursor_word_right(select)
