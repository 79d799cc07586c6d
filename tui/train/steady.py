"""Text that is redrawn only if it changes, since drawing takes time from a training on this machine."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class Steady(Static):
    """A Static that may be given the same text often. Its text is never parsed as markup."""

    class Resized(Message):
        """Its size changed, so that other text may fit."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._told = Content()

    def tell(self, text: str | Content) -> None:
        """Show this text."""
        content = Content(text) if isinstance(text, str) else text
        if not content.is_same(self._told):
            self._told = content
            height = self.styles.height
            self.update(content, layout=height is None or height.is_auto)

    def on_resize(self) -> None:
        self.post_message(self.Resized())
