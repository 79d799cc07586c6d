"""Units: which one tells which property of a text, and what a single one does, also in the passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from rich.cells import cell_len
from textual import work
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from engine.errors import HeloError
from engine.inspecting.card import Card, card
from engine.inspecting.latest import Latest
from engine.inspecting.matching import own_property
from engine.inspecting.properties import PROPERTIES, Property
from engine.inspecting.trace import Values, unit
from engine.inspecting.units import Finding
from engine.network.stepper import Stepper
from engine.runs.found_units import FoundUnits, found_units
from tui import telling, unit_card
from tui.curves.picture import Row
from tui.dialogs import AskDialog
from tui.inspect.holding import HELD, can_be_held, dialog, held_lines, plain, values
from tui.inspect.panel import LEVELS, Place, Shades, TracePanel
from tui.inspect.rows import QUIET, content, sentence
from tui.text import one_line
from tui.told import in_app
from tui.width import cut

UNITS_BINDINGS: list[BindingType] = [
    Binding("enter", "open", "card", id="inspect.card", tooltip="Search, or show the unit's card"),
    Binding(
        "slash",
        "ask",
        "expression",
        id="inspect.expression",
        tooltip="Look for the matches of a regular expression",
    ),
    Binding(
        "H",
        "hold",
        "hold",
        show=False,
        id="inspect.hold",
        tooltip="Write on with the unit of the card held at a value",
    ),
    Binding("up", "choose(-1)", show=False, id="inspect.unit-up", tooltip="The property above"),
    Binding("down", "choose(1)", show=False, id="inspect.unit-down", tooltip="The property below"),
    Binding(
        "escape",
        "back",
        "back",
        show=False,
        id="inspect.unit-back",
        tooltip="Stop searching, or close the card",
    ),
]
_CHOSEN, _FOUND = "chosen", "found"
_STYLES = {_CHOSEN: "bold $text-primary", _FOUND: "$text-success", QUIET: "$foreground 60%"}
_WIDTHS = {"property": 12, "unit": 18, "AUC": 5, "last": 5, "new net": 8, "chance": 7, "": 13}
_SPARE = ("new net", "chance", "last")
"""Columns that give way where there is little room."""
_GIVES_WAY = 1.0
"""How long the search waits while the passage is written, as a multiple of the time it has worked."""
_SEARCHING = "searching"
_BEGIN = (
    "Which unit tells that a character is in quotation marks, in brackets, near the end of its line? Enter "
    "searches all units for a dozen such properties, in a text that the model was not trained on; for a "
    "large model that takes a minute. / looks for the matches of your own regular expression."
)
_SHADED = (
    "The text above is shaded by it: green above 0, red below, darkest where it is farthest from 0."
)

_known: WeakKeyDictionary[Stepper, FoundUnits] = WeakKeyDictionary()
_cards: WeakKeyDictionary[Stepper, dict[str, Card]] = WeakKeyDictionary()
"""What was found and made of models, as long as they are open."""


class _Stopped(HeloError):
    """The user stopped it."""


class UnitsPanel(TracePanel):
    """The list of properties, each with the unit that tells it best; Enter opens a unit's card."""

    BINDING_GROUP_TITLE = "Units: what they tell"
    BINDINGS: ClassVar[list[BindingType]] = UNITS_BINDINGS
    title = "units"

    class Hold(Message):
        """The network should write on from the cursor with a unit held at a value; None lets it go."""

        def __init__(self, unit: str, value: float | None) -> None:
            super().__init__()
            self.unit, self.value = unit, value

    class _Searching(Message):
        """How far a search is; empty once it is done."""

        def __init__(self, said: str) -> None:
            super().__init__()
            self.said = said

    class _Made(Message):
        """A card, or what a search found."""

        def __init__(self, stepper: Stepper, made: Card | FoundUnits) -> None:
            super().__init__()
            self.stepper, self.made = stepper, made

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._asked: Place | None = None
        self._row, self._open = 0, False
        """The property that is chosen, and whether its unit's card is open."""
        self._said = ""
        self._held: list[str] = []
        """What would come next if the unit had other values."""

    # -- the passage

    def look(self, place: Place) -> None:
        if self._asked is None or plain(place.stepper) is not plain(self._asked.stepper):
            self.workers.cancel_group(self, "search")
            self._row, self._open, self._said = 0, False, ""
        self._asked = place
        self._present()
        if self.chosen:
            super().look(place)
        else:
            self.post_message(self.Shaded(self, None))

    def find(self, place: Place, found: Latest) -> tuple[Shades | None, list[str]]:
        if (chosen := self.chosen) is None:
            return None, []
        array, index = unit(place.stepper, chosen.unit)
        told = held_lines(place.stepper, found.trace, made) if (made := self._card) else []
        return shades(found.first, found.trace.arrays[array][:, index]), told

    def show(self, place: Place, told: tuple[Shades | None, list[str]]) -> None:
        shaded, self._held = told
        self.post_message(self.Shaded(self, shaded))
        self._present()

    # -- what is chosen

    @property
    def known(self) -> FoundUnits | None:
        """What was found for the model that is looked at."""
        return _known.get(plain(self._asked.stepper)) if self._asked else None

    @property
    def _card(self) -> Card | None:
        """The card that is open, once it is made."""
        if not self._open or self._asked is None or (chosen := self.chosen) is None:
            return None
        return _cards.get(plain(self._asked.stepper), {}).get(chosen.unit)

    @property
    def listed(self) -> list[Finding]:
        """The properties with a unit: first those that it tells."""
        found = [each for each in self.known.findings if each.unit] if self.known else []
        return sorted(found, key=lambda each: (not each.found, each.rival - each.auc))

    @property
    def chosen(self) -> Finding | None:
        listed = self.listed
        return listed[min(self._row, len(listed) - 1)] if listed else None

    def action_choose(self, way: int) -> None:
        if self._open or not self.listed:
            raise SkipAction
        self._row, self._held = max(0, min(len(self.listed) - 1, self._row + way)), []
        self._again()
        self.scroll_to(y=max(0, self._row - self.size.height // 2), animate=False)

    def action_open(self) -> None:
        if self._asked is None:
            return
        if (chosen := self.chosen) is None:
            self._search(self._asked, list(PROPERTIES.values()))
            return
        self._open = True
        self._again()
        self.scroll_home(animate=False)
        if self._card is None:
            self._make_card(plain(self._asked.stepper), chosen.unit)

    def action_back(self) -> None:
        if self._said.startswith(_SEARCHING):
            self.workers.cancel_group(self, "search")
            self._said = "Stopped."
        elif self._open:
            self._open = False
        else:
            raise SkipAction
        self._present()

    def action_hold(self) -> None:
        made = self._card
        if self._asked is None or made is None or not can_be_held(self._asked.stepper, made):
            raise SkipAction
        self.app.push_screen(dialog(made), partial(self._hold, made))

    def _hold(self, made: Card, chosen: int | None) -> None:
        if chosen is not None:
            value = [*values(made).values(), None][chosen]
            self.post_message(self.Hold(made.name, value))

    def action_ask(self) -> None:
        self.app.push_screen(
            AskDialog("The regular expression whose matches a unit should tell", ""), self._answered
        )

    def _answered(self, expression: str | None) -> None:
        if not expression or self._asked is None:
            return
        try:
            self._search(self._asked, [own_property(expression, self._stop_if_told)])
        except HeloError as error:
            self.notify(one_line(in_app(error)), severity="error", markup=False)

    def _again(self) -> None:
        if self._asked:
            self.look(self._asked)

    # -- the search

    def _stop_if_told(self) -> None:
        if get_current_worker().is_cancelled:
            raise _Stopped

    def _search(self, place: Place, properties: Sequence[Property]) -> None:
        self._said = f"{_SEARCHING}… Esc stops"
        self._open = False
        self._present()
        self._search_in_thread(plain(place.stepper), place.path, properties)

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def _search_in_thread(
        self, stepper: Stepper, path: Path | None, properties: Sequence[Property]
    ) -> None:
        worker, begun = get_current_worker(), monotonic()

        def look(share: float) -> None:
            nonlocal begun
            self._stop_if_told()
            if self._asked and self._asked.live:  # most of the time is the writer's alone
                sleep(_GIVES_WAY * (monotonic() - begun))
            begun = monotonic()
            self.post_message(self._Searching(f"{_SEARCHING}: {share:.0%} · Esc stops"))

        try:
            found = found_units(stepper, path, properties, None, look)
            self.post_message(self._Made(stepper, found))
            said = ""
        except _Stopped:
            return
        except HeloError as error:
            said = one_line(in_app(error))
        if not worker.is_cancelled:
            self.post_message(self._Searching(said))

    @work(thread=True, exclusive=True, group="card", exit_on_error=False)
    def _make_card(self, stepper: Stepper, name: str) -> None:
        if found := _known.get(stepper):
            self.post_message(self._Made(stepper, card(stepper, found.text.ids, name)))

    def _on_units_panel__searching(self, event: _Searching) -> None:
        self._said = event.said
        self._present()

    def _on_units_panel__made(self, event: _Made) -> None:
        made = event.made
        if isinstance(made, Card):
            _cards.setdefault(event.stepper, {})[made.name] = made
        else:
            before = _known.get(event.stepper)
            names = {each.name for each in made.findings}
            kept = [each for each in before.findings if each.name not in names] if before else []
            _known[event.stepper] = replace(made, findings=(*kept, *made.findings))
            self._row = 0
            if len(made.findings) == 1:  # the user's own is what is wanted
                own = [i for i, each in enumerate(self.listed) if each.name in names]
                self._row = own[0] if own else 0
        self._again()

    # -- what is shown

    def on_resize(self) -> None:
        self._present()

    def _present(self) -> None:
        width = self.scrollable_content_region.width
        if self.is_mounted and width:
            self.say(content(self._rows(width), _STYLES))

    def _rows(self, width: int) -> list[Row]:
        rows = sentence(self._said, width, "") if self._said else []
        if self.known is None or self._asked is None:
            return rows + sentence(_BEGIN, width)
        chosen = self.chosen
        if chosen and self._open:
            return [*rows, *card_rows(chosen, self._card, self._held, self._asked.stepper, width)]
        return [*rows, *list_rows(self.known, self.listed, chosen, width)]


def shades(first: int, values: Values) -> Shades:
    """The characters from `first` on by a unit's values (T,)."""
    most = float(np.abs(values).max(initial=1e-6))
    levels = np.ceil(np.abs(values) / most * LEVELS - 0.2)
    return Shades(first, (np.sign(values) * np.maximum(levels, 0)).astype(np.int8))


def list_rows(
    found: FoundUnits, listed: Sequence[Finding], chosen: Finding | None, width: int
) -> list[Row]:
    """A line for each property, and what the numbers mean."""
    columns = dict(_WIDTHS)
    for spare in _SPARE:
        if sum(columns.values()) + 2 > width:
            del columns[spare]
    heads = list(telling.HEADS)

    def line(cells: Sequence[str]) -> str:
        shown = dict(zip(heads, cells, strict=True))
        parts = []
        for head, room in columns.items():
            text = cut(one_line(shown[head]), room - 1) if head else f"  {shown[head]}"
            pad = " " * (room - cell_len(text))
            parts.append(pad + text if telling.HEADS[head] == "right" else text + pad)
        return "".join(parts).rstrip()

    rows: list[Row] = [[(f"  {line(heads)}", QUIET)]]
    for each in listed:
        style = _CHOSEN if each is chosen else _FOUND if each.found else ""
        mark = "▸ " if each is chosen else "  "
        rows.append([(cut(mark + line(telling.row(each)), width), style)])
    if rare := [one_line(each.name) for each in found.findings if not each.unit]:
        rows += sentence(f"{telling.RARE}: {', '.join(rare)}", width)
    if chosen:
        about = f"{one_line(chosen.name)}: the character {chosen.says}; {chosen.share:.1%} of them."
        rows += sentence(f"{about} {_SHADED} ↑ and ↓ choose, Enter shows the card.", width, "")
    explained = telling.AUC, telling.BASELINES, telling.NOT_SAID, telling.searched(found)
    for text in explained:
        rows += sentence(one_line(text), width)
    return rows


def card_rows(
    chosen: Finding, made: Card | None, told: Sequence[str], stepper: Stepper, width: int
) -> list[Row]:
    """The card of a unit that tells a property."""
    about = f"{one_line(chosen.name)}: {telling.verdict(chosen)}, AUC {telling.auc(chosen.auc)}"
    rows = sentence(f"{about}; Esc: the list. {_SHADED}", width, _FOUND if chosen.found else "")
    if made is None:
        return [*rows, *sentence("Reading the text once more…", width)]
    if told:
        rows += [[(cut(line, width), "")] for line in told] + sentence(HELD, width)
    for line in unit_card.lines(made, stepper.alphabet, width):
        rows += [[(line, "")]] if cell_len(line) <= width else sentence(line, width)
    return rows
