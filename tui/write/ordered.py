"""Handles keys in the order in which they were pressed, however fast they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.widget import Widget as _Base
else:
    _Base = object  # Textual takes a widget's styles from its first base that is a Widget


class OrderedKeys(_Base):
    """A mix-in for a widget: the action bound to a key, here or in a parent, runs before the next key.

    Textual lets a key bubble up before its binding runs. If several keys arrive in one packet, a later one
    may overtake it, or reach a widget that has lost the focus, or lies under a dialog.
    """

    async def _on_key(self, event: events.Key) -> None:
        if self.screen.focused is not self or self.app.screen is not self.screen:
            event.prevent_default().stop()
            self.app.post_message(events.Key(event.key, event.character))
        elif not self.check_consume_key(event.key, event.character):
            active = self.screen.active_bindings.get(event.key)
            if active and active.enabled and active.node in self.ancestors_with_self[:-2]:
                if await self.app.run_action(active.binding.action, active.node):
                    event.prevent_default().stop()
