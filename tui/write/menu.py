"""The menu of slash commands above the prompt input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from tui.commands import Choice


class Menu(Widget, can_focus=False):
    """A list of choices, one of which is chosen. If they are more than fit, the last line tells how many
    more there are."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"menu--chosen", "menu--label"}

    class Taken(Message):
        """A choice was clicked, which is now the chosen one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._choices: Sequence[Choice] = ()
        self._at = 0
        self._top = 0
        self.display = False

    @property
    def chosen(self) -> str:
        """The input that the chosen line stands for; empty if there is none."""
        return self._choices[self._at].text if self._choices else ""

    @property
    def count(self) -> int:
        """How many lines can be chosen."""
        return len(self._choices) if self.chosen else 0

    def show(self, choices: Sequence[Choice]) -> None:
        """Show these, with the first one chosen; nothing if there are none."""
        if choices != self._choices:
            self._choices, self._at, self._top = choices, 0, 0
            self.display = bool(choices)
            self.refresh(layout=True)

    def move(self, step: int) -> None:
        """Choose a line further down, or up; after the last one comes the first."""
        self._at = (self._at + step) % len(self._choices)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._choices)

    def _in_sight(self) -> range:
        """The lines that are shown, so that the chosen one is among them."""
        count, height = len(self._choices), self.size.height
        if count <= height:
            return range(count)
        room = max(height - 1, 1)
        self._top = min(max(self._top, self._at - room + 1), self._at)
        return range(self._top, min(self._top + room, count))

    def render(self) -> RenderResult:
        shown = self._in_sight()
        chosen, name = (self.get_visual_style(f"menu--{part}") for part in ("chosen", "label"))
        width = max((len(choice.label) for choice in self._choices), default=0)
        lines = []
        for i in shown:
            choice = self._choices[i]
            mark = "›" if choice.text and i == self._at else " "
            line = Content.assemble(
                f"{mark} ", Content.styled(f"{choice.label:<{width}}", name), f"  {choice.about}"
            ).truncate(self.size.width, ellipsis=True)
            lines.append(line.stylize(chosen) if mark == "›" else line)
        if len(shown) < len(self._choices) and self.size.height > 1:
            lines.append(Content(self._more(shown.start, len(self._choices) - shown.stop)))
        return Content("\n").join(lines)

    def _more(self, above: int, below: int) -> str:
        """What is out of sight, and the keys that reach it."""
        if not above:
            return f"  … {below} more: ↑↓ choose, Tab completes"
        return f"  … {above} above, {below} below" if below else f"  … {above} above"

    def on_click(self, event: events.Click) -> None:
        shown = self._in_sight()
        if self.chosen and event.y < len(shown):
            self._at = shown[event.y]
            self.post_message(self.Taken())
