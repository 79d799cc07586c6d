"""The dialog that asks what to import, and how to read it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from engine.errors import HeloError
from tui.dialogs import Dialog
from tui.library.options import OPTIONS, SOURCE, Option, asked, at_fault
from tui.library.paths import complete
from tui.text import one_line, visible
from tui.told import in_app

_OFFERED = 12
"""How many names are shown that a path could become."""
_LOW, _NARROW = 20, 74


class SourceInput(Input):
    """An input for a source. Tab completes a path; where there is nothing to complete, it moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, tooltip="Complete the path"),
    ]

    @work(exclusive=True, group="complete", exit_on_error=False)
    async def action_complete(self) -> None:
        """Complete the path; if that changes nothing, show what it could become, then move on."""
        typed = self.value
        done = await asyncio.to_thread(complete, typed)
        if self.value != typed or not self.has_focus:
            return
        offers = self.screen.query_one("#offers", Static)
        if done.text == typed and (offers.display or not done.offers):
            self.screen.focus_next()
            return
        self.value, self.cursor_position = done.text, len(done.text)
        more = len(done.offers) - _OFFERED
        names = [one_line(name) for name in done.offers[:_OFFERED]]
        names += [f"and {more:,} more"] * (more > 0)
        offers.update("  ".join(names))
        self.call_after_refresh(self._offer, bool(names))

    def _offer(self, any_: bool) -> None:
        self.screen.query_one("#offers").display = any_


class ImportDialog(Dialog[dict[str, str] | None]):
    """Asks for a source and the options of its import: what was typed and chosen, None for nothing."""

    DEFAULT_CSS = """
    ImportDialog {
        & > Vertical {
            width: 72; max-width: 96%; max-height: 96%; padding: 1 2;
            border-title-color: $text-primary; border-subtitle-color: $text-muted;
        }
        & #source { width: 1fr; margin-bottom: 1; }
        & #offers { height: auto; max-height: 4; color: $text-muted; margin-bottom: 1; display: none; }
        & #trouble { height: auto; max-height: 4; color: $text-error; margin-bottom: 1; display: none; }
        & #options { height: auto; }
        & .row { height: 1; }
        & .label { width: 11; text-style: bold; }
        & .row.-wrong .label { color: $text-error; text-style: bold reverse; }
        & .row Input, & .row Select { width: 24; }
        & .hint {
            width: 1fr; padding-left: 2; color: $text-muted;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & Input:focus { background-tint: $primary 20%; }
        &.-flat > Vertical { padding: 0 1; max-height: 100%; }
        &.-flat #source, &.-flat #offers, &.-flat #trouble { margin-bottom: 0; }
        &.-flat #offers, &.-flat #trouble { max-height: 2; }
        &.-slim .hint { display: none; }
        &.-slim .row Input, &.-slim .row Select { width: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, values: Mapping[str, str], problem: str = "") -> None:
        """`values` is what was typed and chosen before, if anything; `problem` what was wrong with it."""
        super().__init__()
        self._values, self._problem = values, problem

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title, box.border_subtitle = "import a text", "Enter: import · Esc: cancel"
            yield Static("File, folder, archive, web address")
            yield SourceInput(
                self._values.get(SOURCE, ""),
                id=SOURCE,
                compact=True,
                placeholder="type a path; Tab completes it",
            )
            yield Static("", id="offers", markup=False)
            yield Static("", id="trouble", markup=False)
            with VerticalScroll(id="options", can_focus=False):
                for option in OPTIONS:
                    with Horizontal(classes="row"):
                        yield Static(option.label, classes="label")
                        yield self._control(option)
                        yield Static(option.hint, classes="hint", markup=False)

    def _control(self, option: Option) -> Widget:
        value = self._values.get(option.key, "")
        if not option.choices:
            return Input(value, id=option.key, compact=True, placeholder=option.empty)
        known = [key for key, _ in option.choices]
        return Select(
            [(words, key) for key, words in option.choices],
            value=value if value in known else known[0],
            id=option.key,
            allow_blank=False,
            compact=True,
        )

    def on_mount(self) -> None:
        self.query_one(SourceInput).focus()
        if self._problem:
            self._complain(self._problem)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < _LOW, "-flat")
        self.set_class(event.size.width < _NARROW, "-slim")

    @on(Input.Changed, f"#{SOURCE}")
    def _typed_on(self) -> None:
        self.query_one("#offers").display = False

    @on(Input.Submitted)
    def _enter(self) -> None:
        values = {str(each.id): each.value for each in self.query(Input)}
        values |= {str(each.id): str(each.value) for each in self.query(Select)}
        try:
            asked(values)
        except HeloError as error:
            self._complain(str(error))
        else:
            self.dismiss(values)

    def _complain(self, problem: str) -> None:
        wrong, trouble = at_fault(problem), self.query_one("#trouble", Static)
        trouble.update(visible(f"✗ {in_app(problem)}"))
        trouble.display = True
        for row in self.query(".row"):
            row.set_class(bool(row.query(f"#{wrong}")), "-wrong")
        self.call_after_refresh(self.query_one(f"#{wrong}").focus)  # which scrolls it into view
