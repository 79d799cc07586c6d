"""A display that stays up to date at the foot of the terminal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from tui.cli.shared.output import console
from tui.text import visible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.live import Live


class Display(ABC):
    """A title, the parts drawn by `_parts`, and a footer. Redrawn four times per second while entered.

    The footer says what ctrl+c does, so it disappears at the end. It is the last line, and short, to leave
    room for the terminal's own ^C.
    """

    def __init__(self, title: str, footer: str) -> None:
        self.title = title
        self._footer = footer
        self._screen = console()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live

        self._live = Live(get_renderable=self._render, console=self._screen, refresh_per_second=4)
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._footer = ""
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """Show a message in place of the footer."""
        self._footer = text
        if self._live:
            self._live.refresh()

    @abstractmethod
    def _parts(self) -> list[RenderableType]:
        """What to draw between title and footer."""

    def _render(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        footer = [Text(self._footer, style="dim")] if self._footer else []
        return Group(Text(visible(self.title), style="bold"), *self._parts(), *footer)
