"""The prompt input: a text area of up to five lines, with history and slash commands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.vocab import normalise
from engine.writing.mixture import AnyStepper
from tui.commands import Choice, Completion
from tui.remember import Prompts
from tui.text import visible
from tui.write.editor import edited
from tui.write.ghost import GhostText
from tui.write.menu import Menu
from tui.write.ordered import OrderedKeys


class Writer(Protocol):
    """What the input can ask of the screen around it."""

    @property
    def writing(self) -> bool: ...

    def pause(self) -> None: ...

    def walk(self) -> None:
        """Switch to WALK, before the next key is handled."""

    def complaining(self) -> AbstractContextManager[None]:
        """Show a HeloError."""

    @property
    def guesser(self) -> AnyStepper | None:
        """What foresees how a prompt goes on; None while nothing should."""

    def toggle_ghost(self) -> None:
        """Foresee from now on, or no longer."""


class PromptInput(OrderedKeys, GhostText):
    """Where the prompt is typed. Enter submits; ↑ in the first line and ↓ in the last line walk the
    history."""

    BINDING_GROUP_TITLE = "PROMPT: type what the text begins with"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "submit",
            "Write",
            id="prompt.submit",
            tooltip="With text: start a new passage, or run a command. Empty: continue the passage.",
        ),
        Binding(
            "ctrl+j",
            "newline",
            "New line",
            id="prompt.newline",
            tooltip="A line end in the prompt.",
        ),
        Binding(
            "escape",
            "leave",
            "Walk",
            id="prompt.walk",
            tooltip="Close the menu; pause the writing; else go to WALK: look at each character, step, "
            "choose another one.",
        ),
        Binding(
            "tab",
            "complete",
            "Complete",
            show=False,
            id="prompt.complete",
            tooltip="Complete the chosen command; if there is none, go to WALK.",
        ),
        Binding(
            "up",
            "up",
            "Earlier prompt",
            show=False,
            id="prompt.earlier",
            tooltip="In the first line: the previous prompt. In the menu: the command above.",
        ),
        Binding(
            "down",
            "down",
            "Later prompt",
            show=False,
            id="prompt.later",
            tooltip="In the last line: the next prompt, or one to begin with. In the menu: the command "
            "below.",
        ),
        Binding(
            "ctrl+o",
            "edit",
            "Editor",
            show=False,
            id="prompt.edit",
            tooltip="Open the prompt in your editor, which $VISUAL or $EDITOR names.",
        ),
        Binding(
            "right",
            "cursor_right",
            "Take character",
            show=False,
            id="prompt.take",
            tooltip="At the end of the text: take a character of what stands dimmed there.",
        ),
        Binding(
            "ctrl+right",
            "cursor_word_right",
            "Take word",
            show=False,
            id="prompt.take-word",
            tooltip="At the end of the text: take a word of it.",
        ),
        Binding(
            "ctrl+t",
            "ghost",
            "Ghost text",
            show=False,
            id="prompt.ghost",
            tooltip="Show behind the prompt how the model would go on, or not.",
        ),
    ]

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        prompts: Prompts,
        completion: Completion,
        menu: Menu,
        writer: Writer,
        *,
        id: str,
    ) -> None:
        """The menu shows what the completion finds."""
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
        )
        self._prompts = prompts
        self._completion = completion
        self._menu = menu
        self._writer = writer
        self.openings: tuple[str, ...] = ()
        """Prompts to begin with, which come after the draft."""
        self._place = 0
        """How many prompts back in the history; 0 is the draft, -1 the first of the openings."""
        self._draft = ""

    def get_line(self, line_index: int) -> Text:
        line = "\t".join(map(visible, self.document.get_line(line_index).split("\t")))
        return Text(line, end="", no_wrap=True)

    def update_suggestion(self) -> None:
        """Show in the menu what the text could become, and the first of it behind the cursor."""
        self._show(self._completion.choices(self.text))

    def _show(self, choices: Sequence[Choice]) -> None:
        before = self._menu.display
        self._menu.show(choices)
        self._suggest()
        if self._menu.display != before:
            self.refresh_bindings()

    def _suggest(self) -> None:
        self.foresee()
        if self._ghost:
            return
        chosen, text = self._menu.chosen, self.text
        fits = len(text) > 1 and self.cursor_at_end_of_text and chosen.startswith(text)
        self.suggestion = chosen[len(text) :].rstrip() if fits else ""

    def watch_selection(self) -> None:
        if self.is_mounted:
            self._suggest()

    @property
    def guesser(self) -> AnyStepper | None:
        command = self._menu.display or self.document.get_line(0).startswith("/")
        return None if command else self._writer.guesser

    def fill(self, text: str) -> None:
        """Put this text in, with the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    # -- keys

    def action_submit(self) -> None:
        text, chosen = self.text, self._menu.chosen
        needs_more = " " in chosen or self._menu.count > 1
        if needs_more and chosen.strip() not in ("", text.strip()):
            self.fill(chosen)
            return
        self._place = 0
        self.clear()
        self.post_message(self.Submitted(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_leave(self) -> None:
        if self._menu.display:
            self._show(())
        elif self._writer.writing:
            self._writer.pause()
        else:
            self._writer.walk()

    def action_edit(self) -> None:
        with self._writer.complaining():
            self.fill(edited(self.app, self.text))

    def action_ghost(self) -> None:
        self._writer.toggle_ghost()

    def hint(self, action: str) -> str:
        """What a key does now, if that is not what its binding says."""
        if action == "leave" and self._menu.display:
            return "Close"
        return "Pause" if action == "leave" and self._writer.writing else ""

    def action_complete(self) -> None:
        if not self._menu.display:
            self._writer.walk()
        elif chosen := self._menu.chosen:
            self.fill(chosen)

    def action_up(self) -> None:
        if self._choosing:
            self._choose(-1)
        elif self.cursor_at_first_line:
            self._travel(1)
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        if self._choosing:
            self._choose(1)
        elif self.cursor_at_last_line:
            self._travel(-1)
        else:
            self.action_cursor_down()

    @property
    def _choosing(self) -> bool:
        """Whether ↑ and ↓ choose a line of the menu. They do not while they walk the history."""
        recalled = self._place and self.text == self._at(self._place)
        return self._menu.count > 0 and not recalled

    def _choose(self, step: int) -> None:
        self._menu.move(step)
        self._suggest()

    def _travel(self, step: int) -> None:
        place = self._place + step
        if not -len(self.openings) <= place <= len(self._prompts.all):
            return
        if self._place == 0:
            self._draft = self.text
        self._place = place
        self.fill(self._at(place) if place else self._draft)

    def _at(self, place: int) -> str:
        """A prompt of the history, or one of the openings."""
        return self._prompts.all[-place] if place > 0 else self.openings[-place - 1]

    def action_copy(self) -> None:
        if not self.selected_text:
            raise SkipAction
        super().action_copy()

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default().stop()
        await super()._on_paste(events.Paste(normalise(event.text)))
