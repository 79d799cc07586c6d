"""Messages by which Write asks the app for another screen on a text."""

from __future__ import annotations

from textual.message import Message

from tui.write.session import Opened


class TextAsked(Message):
    """A text is to be opened with a model."""

    def __init__(self, opened: Opened, ref: str) -> None:
        """`ref` is what was typed after the command, or empty."""
        super().__init__()
        self.opened, self.ref = opened, ref


class ReadAsked(TextAsked):
    """It is to be read."""


class GameAsked(TextAsked):
    """It is to be guessed, by the user and by the model."""
