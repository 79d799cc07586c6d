"""The lesson as a screen: one page at a time over one figure."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.cells import CELLS
from engine.inspecting.lesson.hello import Lesson, begin
from engine.inspecting.lesson.numbers import Number
from engine.inspecting.lesson.pages import Page, page, titles
from tui.frame import KeyHints
from tui.help import HelpScreen
from tui.keys import KeyNames
from tui.lesson.keys import LESSON_BINDINGS
from tui.lesson.layout import laid_out
from tui.lesson.sheet import Sheet


class LessonScreen(Screen[None]):
    """Shows a page of the lesson. Everything that the keys change is `_lesson`, the page and the number."""

    AUTO_FOCUS = ""
    BINDING_GROUP_TITLE = 'The lesson "hello"'
    BINDINGS: ClassVar[list[BindingType]] = [
        *LESSON_BINDINGS,
        Binding("f1,question_mark", "help", "Help", id="app.help", tooltip="Keys and commands"),
    ]
    DEFAULT_CSS = """
    LessonScreen #page { width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self, names: KeyNames) -> None:
        super().__init__()
        self._names = names
        self._lesson: Lesson = begin(next(iter(CELLS)))
        self._at = 0
        self._chosen = 0
        self._page: Page = page(self._lesson, 0)

    def compose(self) -> ComposeResult:
        yield Sheet(id="page")
        yield KeyHints(id="hints")

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    @property
    def _here(self) -> Number | None:
        return self._page.numbers[self._chosen] if self._page.numbers else None

    def _show(self, at: int, chosen: int | None = None) -> None:
        """Show a page, and of its numbers the first, or the one that was chosen."""
        self._at = max(0, min(at, len(titles(self._lesson)) - 1))
        self._page = page(self._lesson, self._at)
        numbers = len(self._page.numbers)
        self._chosen = self._page.first if chosen is None else min(chosen, max(0, numbers - 1))
        self._paint()

    def _paint(self) -> None:
        sheet = self.query_one(Sheet)
        if not sheet.size:  # not laid out yet, or a terminal of a cell or two
            return
        at = f"{self._at + 1}/{len(titles(self._lesson))}"
        sheet.show(laid_out(self._lesson, self._page, self._here, at, *sheet.size))

    # -- keys

    def action_turn(self, by: int) -> None:
        """Go some pages on or back."""
        self._show(self._at + by)

    def action_go(self, at: int) -> None:
        """Go to a page; −1 is the last."""
        self._show(at if at >= 0 else len(titles(self._lesson)) - 1)

    def action_choose(self, by: int) -> None:
        """Explain another number of the page."""
        if numbers := len(self._page.numbers):
            self._chosen = (self._chosen + by) % numbers
            self._paint()

    def action_train(self) -> None:
        """Take a step of training."""
        self._lesson = self._lesson.trained()
        self._show(self._at, self._chosen)

    def action_only(self) -> None:
        """Let the step of the number alone count, or all."""
        here = self._here
        step = here.t if here and here.t is not None else 0
        self._lesson = replace(self._lesson, only=step if self._lesson.only is None else None)
        self._show(self._at, self._chosen)

    def action_cell(self) -> None:
        """Put the next cell in its place, and show the page that is about the same, if it has one."""
        cells = list(CELLS)
        following = cells[(cells.index(self._lesson.cell) + 1) % len(cells)]
        self._lesson = replace(begin(following), only=self._lesson.only)
        known = titles(self._lesson)
        same = self._page.title
        self._show(known.index(same) if same in known else self._at)

    def action_reset(self) -> None:
        """Go back to the first weights, with all four steps counting."""
        self._lesson = begin(self._lesson.cell)
        self._show(self._at)

    def action_leave(self) -> None:
        self.dismiss()

    def action_help(self) -> None:
        """Show every key of this screen."""
        self.app.push_screen(HelpScreen([self, self.app], self._names))
