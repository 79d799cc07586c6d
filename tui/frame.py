"""The two lines around every tab: the tab bar above it and the key hints below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from textual import events
from textual.app import RenderResult
from textual.binding import ActiveBinding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.text import one_line


@dataclass(frozen=True)
class TabName:
    """A tab: its id and its label."""

    id: str
    label: str


class TabBar(Widget, can_focus=False):
    """The tabs by name and key, with the current one marked. A click on another one shows it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tab-bar--active",
        "tab-bar--tab",
        "tab-bar--key",
        "tab-bar--name",
    }

    active: reactive[str] = reactive("")

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tabs: tuple[TabName, ...], key_of: Callable[[str], str], *, id: str) -> None:
        """`key_of` names the key of a binding."""
        super().__init__(id=id)
        self._tabs = tabs
        self._key_of = key_of

    def _parts(self) -> list[tuple[str, str, str]]:
        """(tab id, text, component) from left to right."""
        parts = [("", " helo ", "name"), ("", " ", "tab")]
        for tab in self._tabs:
            key = self._key_of(f"app.{tab.id}")
            if tab.id == self.active:
                parts.append((tab.id, f" {tab.label} {key} ", "active"))
            else:
                parts += [(tab.id, f" {tab.label} ", "tab"), (tab.id, f"{key} ", "key")]
        return parts

    def render(self) -> RenderResult:
        return Content.assemble(
            *(
                Content.styled(text, self.get_visual_style(f"tab-bar--{component}"))
                for _, text, component in self._parts()
            )
        )

    def on_click(self, event: events.Click) -> None:
        x = 0
        for tab, text, _ in self._parts():
            x += len(text)
            if event.x < x:
                if tab:
                    self.post_message(self.Chosen(tab))
                return


class Frame(Screen[None]):
    """The screen with the tabs."""

    AUTO_FOCUS = ""
    """After a dialog, Textual would focus the first widget, even that of a hidden tab."""

    class Resumed(Message):
        """A dialog above it has closed."""

    def on_screen_resume(self) -> None:
        self.post_message(self.Resumed())


class KeyHints(Widget, can_focus=False):
    """The keys that apply where the focus is: as many as fit, and always the keys of the app itself.

    What a key does is what its binding says, or the method `hint` of its widget, if it has one.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-hints--key"}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> RenderResult:
        key_style = self.get_visual_style("key-hints--key")
        here: list[ActiveBinding] = []
        everywhere: list[ActiveBinding] = []
        for binding in self.screen.active_bindings.values():
            if binding.binding.show and binding.enabled:
                (everywhere if binding.node is self.app else here).append(binding)
        tail = [self._hint(group) for group in _grouped(everywhere)]
        room = self.size.width - sum(len(k) + len(d) + 3 for k, d in tail)
        shown: list[tuple[str, str]] = []
        for group in _grouped(here):
            key, description = self._hint(group)
            room -= len(key) + len(description) + 3
            if room < 0:
                break
            shown.append((key, description))
        parts: list[Content] = []
        for key, description in shown + tail:
            parts += [Content.styled(f" {key}", key_style), Content(f" {description} ")]
        return Content.assemble(*parts)

    def _hint(self, group: list[ActiveBinding]) -> tuple[str, str]:
        """The keys of a group, and what they do. Of several actions, each is named by its first key."""
        first = group[0].binding
        firsts = {b.binding.action: b for b in reversed(group)}
        named = [b for b in group if len(firsts) == 1 or b is firsts[b.binding.action]]
        keys = dict.fromkeys(self.app.get_key_display(b.binding) for b in named)
        told = getattr(group[0].node, "hint", None)
        shown = first.group.description if first.group else first.description
        shown = (told and told(first.action)) or shown
        return "/".join(keys), one_line(shown)


def _grouped(bindings: list[ActiveBinding]) -> list[list[ActiveBinding]]:
    """Bindings in groups: those that declare the same group or run the same action."""

    def together(active: ActiveBinding) -> object:
        return active.binding.group or active.binding.action

    return [list(group) for _, group in groupby(bindings, key=together)]
