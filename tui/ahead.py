"""Keys that are typed before the tab that was switched to can take them."""

from __future__ import annotations

from textual.app import App
from textual.events import DescendantFocus, Event, Key


class TypedAhead(App[int]):
    """Holds the keys that are typed while a tab is made, until something in that tab has the focus."""

    tab: str
    """The id of the shown tab."""
    _held: list[Key] | None = None

    def hold_keys(self, hold: bool = True) -> None:
        """Hold what is typed from now on, or no longer; what was held before is dropped."""
        self._held = [] if hold else None

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded and self._held is not None:
            if self._can_type():
                await self._release()
            elif not self._own(event.key):
                self._held.append(event)
                return
        await super().on_event(event)

    async def on_descendant_focus(self, event: DescendantFocus) -> None:
        if self._held is not None and self._can_type():
            await self._release()

    def _can_type(self) -> bool:
        """Whether the shown tab, or a dialog, takes keys."""
        focused = self.focused
        inside = focused is not None and any(node.id == self.tab for node in focused.ancestors)
        return inside or len(self.screen_stack) > 1

    def _own(self, key: str) -> bool:
        """Whether a key is bound by the app itself, which takes it at any time."""
        bound = self.active_bindings.get(key)
        return bound is not None and bound.node is self

    async def _release(self) -> None:
        held, self._held = self._held or [], None
        for key in held:
            await super().on_event(key)
