"""The Read screen: a text coloured by surprise, and what the network expected at the cursor."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.worker import get_current_worker

from engine.errors import HeloError
from engine.words import counted
from engine.writing.reading import Reading
from tui.phrases import UNITS
from tui.read.keys import READ_BINDINGS
from tui.read.legend import SurpriseLegend
from tui.read.line import FactLine
from tui.read.models import ModelsDialog
from tui.read.page import Page
from tui.read.screen import Back
from tui.read.text import Known, Text, glyphs_of, known
from tui.text import one_line
from tui.told import in_app
from tui.trouble import TellsTrouble
from tui.write.colours import SURPRISAL
from tui.write.next_character import NextCharacter
from tui.write.passage import View
from tui.write.session import Opened, open_path
from tui.write.shown import RANKS, STRIP, Shown

_FOLLOW = 0.1
"""Seconds between two looks at how far the text has been read."""
_SURPRISE = SURPRISAL.bounds[-1]
"""Bits above which a character is a surprise."""


class ReadPane(TellsTrouble, Vertical):
    """The text, the candidates at the cursor, and facts about the whole."""

    BINDING_GROUP_TITLE = "READ: a text with the network's eyes"
    BINDINGS: ClassVar[list[BindingType]] = READ_BINDINGS
    DEFAULT_CSS = "ReadPane { height: 1fr; }"

    class _Found(Message):
        """The text is there, and its reading begins."""

        def __init__(self, reading: Reading, shown: str, fitted: Known, notes: list[str]) -> None:
            super().__init__()
            self.reading, self.shown, self.fitted, self.notes = reading, shown, fitted, notes

    class _Failed(Message):
        def __init__(self, error: HeloError) -> None:
            super().__init__()
            self.error = error

    class _Looked(Message):
        """What was expected of a character is known."""

        def __init__(self, reading: Reading, view: View) -> None:
            super().__init__()
            self.reading, self.view = reading, view

    def __init__(self, text: Text, opened: Opened, back: Back) -> None:
        super().__init__()
        self._text, self._opened, self._back = text, opened, back
        self._reading: Reading | None = None
        self._fitted: Known | None = None
        self._was_read = False
        """Whether a model has read the text."""
        self._coloured = 0
        self._ranks = np.zeros(len(RANKS) + 1, np.int64)
        """How many of the characters that were read had a rank of each class."""
        self._problem = ""
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="beside"):
            yield Page(id="page")
            yield NextCharacter(id="next")
        yield SurpriseLegend(id="surprise")
        yield FactLine("READ", id="facts")

    def on_mount(self) -> None:
        self._page = self.query_one(Page)
        self._next = self.query_one(NextCharacter)
        self._facts = self.query_one(FactLine)
        self._page.focus()
        self.set_interval(_FOLLOW, self._follow)
        self.open(self._opened)

    def open(self, opened: Opened) -> None:
        """Read the text with this model."""
        self._opened, self._reading, self._fitted = opened, None, None
        self._problem, self._view = "", None
        title = f"{self._text.name} · read by {opened.model.name}"
        self._page.border_title = Content(one_line(title))
        self._page.show("", lambda start, end: "")
        self._read(opened)
        self._present()

    # -- reading

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self, opened: Opened) -> None:
        worker, notes = get_current_worker(), list[str]()
        alphabet = opened.model.alphabet
        try:
            fitted = known(self._text.get(alphabet.units, notes.append), alphabet)
            reading = Reading(opened.stepper, fitted.ids)
            if worker.is_cancelled:
                return
            shown = glyphs_of(fitted.ids, alphabet)
            self.post_message(self._Found(reading, shown, fitted, notes))
            for _ in reading.read():
                if worker.is_cancelled:
                    return
        except HeloError as error:
            if not worker.is_cancelled:
                self.post_message(self._Failed(error))

    def on_read_pane__found(self, found: _Found) -> None:
        if found.reading.stepper is not self._opened.stepper:
            return
        self._reading, self._fitted = found.reading, found.fitted
        self._coloured, self._was_read = 0, True
        self._ranks[:] = 0
        ids, alphabet = found.fitted.ids, self._opened.model.alphabet
        self._page.show(found.shown, lambda start, end: alphabet.decode(ids[start:end].tolist()))
        for note in filter(None, [*found.notes, found.fitted.note]):
            self.notify(one_line(in_app(note)), markup=False)
        self._follow()

    def on_read_pane__failed(self, failed: _Failed) -> None:
        if not self._was_read:
            self._back(failed.error)
            return
        self._problem = in_app(failed.error)
        self.notify(one_line(self._problem), severity="error", markup=False)
        self._present()

    def _follow(self) -> None:
        """Show how far the text has been read."""
        reading = self._reading
        if reading is None or self._coloured == reading.done:
            return
        done = reading.done
        self._page.colour(reading.bits[self._coloured : done])
        classes = np.searchsorted(RANKS, reading.rank[max(1, self._coloured) : done])
        self._ranks += np.bincount(classes, minlength=len(self._ranks))
        self._coloured = done
        self._present()

    # -- what is shown

    def _present(self) -> None:
        self._look()
        self._facts.show(self._doing(), self._told())

    def _doing(self) -> str:
        if self._problem:
            return "nothing was read"
        if (reading := self._reading) is None:
            return "opening the text…"
        if not reading.finished:
            return f"reading {self._coloured / len(reading.ids):.0%}"
        return ""

    def _told(self) -> list[str]:
        """What there is to say, from the most important."""
        reading, fitted = self._reading, self._fitted
        if reading is None or fitted is None:
            return []
        at, n = self._page.cursor, len(reading.ids)
        mean = reading.score.bits_per_char
        so_far = reading.mean_bits(min(at + 1, reading.done))
        return [
            f"{mean:.4f} bits per {UNITS[reading.stepper.alphabet.units]}",
            f"{at + 1:,} of {n:,}",
            fitted.told,
            f"{so_far:.2f} bits to here" if at else "",
        ]

    def _look(self) -> None:
        """Show what was expected at the cursor, as soon as that is known."""
        reading, at = self._reading, self._page.cursor
        if reading is None:
            self._next.show(Shown(message=one_line(self._problem) or "opening the text…"))
        elif at >= reading.done:
            self._next.show(Shown(message=f"read so far: {counted(reading.done, 'character')}"))
        elif self._view and self._view.index == at:
            self._next.show(self._shown(reading, self._view))
        elif reading.at_hand(at):
            self._show_view(reading, at)
        else:
            self._look_up(reading, at)

    def _show_view(self, reading: Reading, at: int) -> None:
        step = reading.step(at)
        self._view = View(at, step.prediction, step)
        self._next.show(self._shown(reading, self._view))

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def _look_up(self, reading: Reading, at: int) -> None:
        if not get_current_worker().is_cancelled:
            step = reading.step(at)
            self.post_message(self._Looked(reading, View(at, step.prediction, step)))

    def on_read_pane__looked(self, looked: _Looked) -> None:
        if looked.reading is self._reading and looked.view.index == self._page.cursor:
            self._view = looked.view
            self._look()

    def _shown(self, reading: Reading, view: View) -> Shown:
        first = max(1, view.index + 1 - STRIP)
        bits = reading.bits[first : view.index + 1].tolist()
        ranks = tuple(self._ranks.tolist())
        return Shown(view, reading.stepper.alphabet.units, bits=tuple(bits), ranks=ranks)

    @on(Page.Moved)
    def _moved(self) -> None:
        self._present()

    # -- keys

    def action_back(self) -> None:
        self._back(None)

    def action_walk(self, way: int) -> None:
        self._page.go(self._page.cursor + way)

    def action_line(self, way: int) -> None:
        self._page.move_lines(way)

    def action_page(self, way: int) -> None:
        self._page.move_lines(way * max(1, self._page.lines_shown - 1))

    def action_go(self, index: int) -> None:
        self._page.go(index if index >= 0 else len(self._page.text))

    @work(group="models", exclusive=True, exit_on_error=False)
    async def action_models(self) -> None:
        """Compare all models on this text, and read it with the one that is chosen, if any."""
        entry = await self.app.push_screen_wait(ModelsDialog(self._text))
        if entry is None:
            return
        try:
            self.open(await asyncio.to_thread(open_path, entry.name, entry.path))
        except HeloError as error:
            self.notify(one_line(in_app(error)), severity="error", markup=False)

    def action_surprise(self, way: int) -> None:
        """Go to the next character above 7 bits, or the one before."""
        if (reading := self._reading) is None:
            return
        at = self._page.cursor
        bits = reading.bits[at + 1 : reading.done] if way > 0 else reading.bits[:at]
        found = np.flatnonzero(bits > _SURPRISE)
        if len(found):
            self._page.go(at + 1 + int(found[0]) if way > 0 else int(found[-1]))
        else:
            where = "after" if way > 0 else "before"
            yet = "" if reading.finished or way < 0 else ", as far as the text has been read"
            self.notify(f"no character above {_SURPRISE:g} bits {where} this one{yet}")
