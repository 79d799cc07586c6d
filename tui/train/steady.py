"""Text that is redrawn only if it changes, since drawing takes time from a training on this machine."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.visual import VisualType
from textual.widgets import Static, Tab


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
            before, self._told = self._told, content
            self.update(content, layout=self._grows(before, content))

    def _grows(self, before: Content, after: Content) -> bool:
        """Whether a text needs another height than the one before it."""
        height, width = self.styles.height, self.content_size.width
        if height is not None and not height.is_auto:
            return False
        rules = self.styles.get_rules()
        return not width or before.get_height(rules, width) != after.get_height(rules, width)

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class RunTab(Tab):
    """A tab that tells how far its run is. The screen is laid out anew only if it needs another width."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        if layout and isinstance(content, Content):
            layout = content.cell_length != self.content_size.width
        if layout:
            super().update(content)
        else:
            Static.update(self, content, layout=False)
