"""Text that is drawn again only where it is another: drawing takes from a training beside it."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class Steady(Static):
    """A Static that is told often what it shows already; nothing in it is markup."""

    class Resized(Message):
        """It has another size: what fits in it may be another text."""

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
