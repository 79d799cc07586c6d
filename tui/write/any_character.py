"""The next key as a character, whatever else it does."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from tui.width import spans
from tui.write.ordered import OrderedKeys

_CANCELS = ("escape", "ctrl+c")
_NAMED = {"enter": "\n", "tab": "\t"}


class TakesCharacter(OrderedKeys):
    """A mix-in for a widget that can be asked for a character. The next key is the answer: Enter is a line
    end, Tab a tab, and Esc none. A key that has no character, or a loss of the focus, is none as well, and
    does what it always does. Of a paste, the first character with all that belongs to it counts."""

    _answer: Callable[[str | None], None] | None = None

    @property
    def takes_character(self) -> bool:
        return self._answer is not None

    def take_character(self, answer: Callable[[str | None], None]) -> None:
        """Call `answer` with the next character, or with None."""
        self._answer = answer

    def _give(self, char: str | None) -> None:
        answer, self._answer = self._answer, None
        if answer:
            answer(char)

    async def _on_key(self, event: events.Key) -> None:
        away = self.screen.focused is not self or self.app.screen is not self.screen
        if self._answer is None or away:
            return
        char = None if event.key in _CANCELS else _NAMED.get(event.key, event.character)
        if char or event.key in _CANCELS:
            event.prevent_default().stop()
        self._give(char or None)

    def on_paste(self, event: events.Paste) -> None:
        if self._answer is not None:
            event.stop()
            self._give(next((event.text[start:end] for start, end in spans(event.text)), None))

    def on_blur(self) -> None:
        if self.app.app_focus:
            self._give(None)
