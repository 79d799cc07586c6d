"""The list of the Library, in sections, and the filter below it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.library.details import HINTS, name_width, rows
from tui.library.order import SORTS, arranged, matching
from tui.library.shelf import Item, Kind
from tui.text import one_line


class Items(OptionList):
    """A list in which a click selects an item, and a click on the selected one opens it."""

    def on_click(self, event: events.Click) -> None:
        clicked = event.style.meta.get("option")
        if clicked is not None and clicked != self.highlighted:
            event.prevent_default()
            if not self.get_option_at_index(clicked).disabled:
                self.highlighted = clicked


class Listing(Vertical):
    """Shows the items of every section in the chosen order, and only those that match the filter."""

    DEFAULT_CSS = """
    Listing {
        width: 1fr; height: 1fr;
        #items {
            width: 1fr; height: 1fr; background: transparent; scrollbar-gutter: stable;
            border: round $primary-muted; border-title-color: $text-muted;
            border-subtitle-color: $text-muted;
            &:focus { border: round $primary; background-tint: transparent; }
            & > .option-list--option-disabled { color: $text-accent; text-style: bold; }
        }
        #filter { width: 1fr; padding: 0 1; display: none; }
    }
    """

    @dataclass
    class Chosen(Message):
        """Another item is under the cursor, or the same one is known better."""

        item: Item | None

    def __init__(self, sort: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sort = sort
        self._sections: dict[Kind, list[Item]] = {}
        self._shown: dict[str, Item] = {}
        """By option id."""
        self._wanted: tuple[Kind, str] | None = None
        """The kind and name of what the cursor goes to once it is there."""

    def compose(self) -> ComposeResult:
        yield Items(id="items", markup=False)
        yield Input(id="filter", compact=True, placeholder="words to look for, such as lstm")

    def on_mount(self) -> None:
        self._box.border_title = "library"

    def on_resize(self) -> None:
        self.call_after_refresh(self.fill)

    @property
    def _box(self) -> Items:
        return self.query_one(Items)

    @property
    def _filter(self) -> Input:
        return self.query_one(Input)

    @property
    def filtered(self) -> bool:
        """Whether there is a filter, or one is being typed."""
        return bool(self._filter.value) or self.typing

    @property
    def selected(self) -> Item | None:
        """The item under the cursor."""
        option = self._box.highlighted_option
        return self._shown.get(option.id) if option and option.id else None

    def show(self, sections: dict[Kind, list[Item]]) -> None:
        """Show what was read."""
        self._sections = sections
        self.call_after_refresh(self.fill)

    def sort(self, way: str) -> None:
        """Sort in one of the ways of `SORTS`."""
        self._sort = way
        self.fill()

    def want(self, kind: Kind, name: str) -> None:
        """Put the cursor on an item as soon as it is in the list."""
        self._wanted = (kind, name)

    @property
    def typing(self) -> bool:
        """Whether the filter is being typed."""
        return self._filter.has_focus

    def focus_list(self) -> None:
        self.screen.set_focus(self._box)  # at once, for the keys that are typed next

    def focus_filter(self) -> None:
        self._filter.display = True
        self.screen.set_focus(self._filter)

    def unfilter(self) -> None:
        """Remove the filter."""
        self.focus_list()
        self._filter.value = ""

    def move(self, by: int) -> None:
        """Move the cursor a line up (-1) or down (1)."""
        self._box.action_cursor_down() if by > 0 else self._box.action_cursor_up()

    def move_section(self, by: int) -> None:
        """Go to the first item of the next section, or the previous one, that is not empty."""
        if item := self.selected:
            kinds = [*dict.fromkeys(other.kind for other in self._shown.values())]
            to = kinds[(kinds.index(item.kind) + by) % len(kinds)]
            first = next(key for key, other in self._shown.items() if other.kind is to)
            self._box.highlighted = self._box.get_option_index(first)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self._filter.display = self.filtered
        self.fill()

    @on(Input.Submitted)
    def _leave(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_list()

    def on_key(self, event: events.Key) -> None:
        if event.key == "down" and self.typing:
            event.stop()
            self.focus_list()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self._filter.display = self.filtered
        self.refresh_bindings()

    def fill(self) -> None:
        """Fill the list. The cursor stays on its item."""
        before, typed = self.selected, self._filter.value
        wanted = self._wanted or (before and (before.kind, before.name))
        room = self._box.scrollable_content_region.width
        options: list[Option] = []
        self._shown, chosen = {}, None
        for kind, every in self._sections.items():
            items = arranged(matching(every, typed), self._sort)
            if typed and not items:
                continue
            count = f"{len(items)} of {len(every)}" if typed else f"{len(every)}"
            options.append(Option(Content(f"{kind.value} ({count})"), disabled=True))
            if not items:
                hint = Content.styled(f"  {HINTS[kind]}", "$foreground 60%")
                options.append(Option(hint, disabled=True))
            for item, line in zip(items, rows(items, name_width(items), room), strict=True):
                if wanted == (item.kind, item.name):
                    chosen, self._wanted = len(options), None
                self._shown[f"item-{len(options)}"] = item
                options.append(Option(line, id=f"item-{len(options)}"))
        if typed and not options:
            nothing = Content.styled(f"nothing matches {one_line(typed)}", "$foreground 60%")
            options.append(Option(nothing, disabled=True))
        self._box.set_options(options)
        usable = (i for i, option in enumerate(options) if not option.disabled)
        self._box.highlighted = next(usable, None) if chosen is None else chosen
        self._box.border_subtitle = self._subtitle(typed)
        self.post_message(self.Chosen(self.selected))

    def _subtitle(self, typed: str) -> str:
        every = sum(map(len, self._sections.values()))
        found = f"{len(self._shown)} of {every} · " if typed else ""
        return f"{found}{SORTS[self._sort]} · ←/→ sections"

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.post_message(self.Chosen(self.selected))
