"""The `next character` pane: the candidates, their probabilities, and the character that was written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.writing.generate import Candidate
from tui.phrases import percent
from tui.write.glyphs import symbol_name
from tui.write.passage import Passage, View

_EIGHTHS = " ▏▎▍▌▋▊▉"
_SPARKS = "▁▂▃▄▅▆▇█"
_SPARK_TOP = 8.0
"""Bits that a full bar of the surprisal strip stands for."""
_GRID_BELOW = 9
"""With fewer rows than this, candidates are shown in columns."""
_COLUMN = 26
"""The least width of such a column, in cells."""
_STRIP = 120
"""How many characters the surprisal strip shows."""
_NAME = 3
"""Cells for a candidate's name. Once a longer name has been shown, all names get its width."""


def bar(share: float, width: int) -> str:
    """A bar whose full width, `width` cells, stands for 1, in eighths of a cell. Anything above 0 is
    visible."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)[:width]


@dataclass(frozen=True)
class Shown:
    """Everything the pane paints."""

    view: View | None = None
    units: str = "char"
    message: str = ""
    """Shown if there is no view."""
    bits: tuple[float, ...] = ()
    """The surprisal of the latest characters, oldest first."""


def believed(passage: Passage | None, index: int) -> Shown:
    """What to paint for the character at `index`."""
    if passage is None:
        return Shown(message="Next-character probabilities appear here")
    if (view := passage.view(index)) is None:
        read = len(passage.generation)
        return Shown(message=f"reading the prompt: {read:,} of {passage.shown:,}")
    first = max(passage.generation.shortest, index + 1 - _STRIP)
    bits = passage.bits(first)[: index + 1 - first]
    return Shown(view, passage.model.alphabet.units, bits=tuple(bits.tolist()))


class NextCharacter(Widget, can_focus=False):
    """Candidates with their probability: the model's own (bar and %), and after temperature and filters.

    An arrow marks the character that was written. With enough room this is a list with a summary, otherwise
    a few columns.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "next--rank",
        "next--char",
        "next--bar",
        "next--number",
        "next--came",
        "next--quiet",
    }
    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown = Shown()
        self._lines: list[Strip] = []
        self._named_styles: dict[str, Style] = {}
        self._names = _NAME

    def show(self, shown: Shown) -> None:
        """Paint this, redrawing only lines that differ."""
        if shown == self._shown:
            return
        self._shown = shown
        self._names = self._longest(shown.view) if shown.view else _NAME
        before, self._lines = self._lines, self._strips()
        for y, (old, new) in enumerate(zip_longest(before, self._lines)):
            if old is None or new is None or old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = []
        self._named_styles = {}

    def on_resize(self) -> None:
        self._lines = []

    def _strips(self) -> list[Strip]:
        """All lines that fit."""
        width, height, style = *self.size, self.rich_style
        lines = self._paint(width, height)
        lines += [[]] * (height - len(lines))
        return [Strip(line).adjust_cell_length(width, style) for line in lines]

    def render_line(self, y: int) -> Strip:
        if len(self._lines) != self.size.height:
            self._lines = self._strips()
        return self._lines[y]

    # -- painting

    def _get(self, name: str) -> Style:
        if name not in self._named_styles:
            self._named_styles[name] = self.get_component_rich_style(f"next--{name}")
        return self._named_styles[name]

    def _paint(self, width: int, height: int) -> list[list[Segment]]:
        view = self._shown.view
        if view is None:
            return [[Segment(self._shown.message, self._get("quiet"))]]
        if not view.prediction.top:
            return [[Segment("the first character is given", self._get("quiet"))]]
        if height < _GRID_BELOW:
            return self._grid(view, width, height)
        return self._list(view, width, height)

    def _list(self, view: View, width: int, height: int) -> list[list[Segment]]:
        quiet = self._get("quiet")
        lines = [[Segment("model".rjust(max(0, width - 8)) + "sampled".rjust(8), quiet)]]
        summary = self._summary(view, width)
        room = max(1, min(len(view.prediction.top), height - 5 - len(summary)))
        for rank, candidate in enumerate(view.prediction.top[:room], 1):
            lines.append(self._row(view, rank, candidate, width))
        came = self._came(view, room)
        lines += [came] if came else [[]]
        lines += [[], *summary]
        if len(self._shown.bits) > 1:
            lines += [[], *self._strip(width)]
        return lines[:height]

    def _longest(self, view: View) -> int:
        """The width for names from now on. It never shrinks, so that the bars do not move back and
        forth."""
        chars = [candidate.char for candidate in view.prediction.top]
        if view.step is not None:
            chars.append(view.step.char)
        return max(self._names, *(cell_len(symbol_name(c, self._shown.units)) for c in chars))

    def _row(self, view: View, rank: int, candidate: Candidate, width: int) -> list[Segment]:
        came = view.step is not None and view.step.id == candidate.id
        name = symbol_name(candidate.char, self._shown.units)
        out = candidate.filtered <= 0

        def style(name: str) -> Style:
            return self._get("came" if came else "quiet" if out else name)

        return [
            Segment("▶" if came else " ", style("rank")),
            Segment(f"{rank if rank < 10 else ' '} ", style("rank")),
            Segment(set_cell_size(name, self._names) + " ", style("char")),
            Segment(bar(candidate.prob, max(1, width - self._names - 20)), style("bar")),
            Segment(percent(candidate.prob).rjust(8), style("number")),
            Segment(percent(candidate.filtered).rjust(8), style("number")),
        ]

    def _came(self, view: View, room: int) -> list[Segment] | None:
        """The row of the written character; None if it is among the candidates shown."""
        step = view.step
        if step is None or any(c.id == step.id for c in view.prediction.top[:room]):
            return None
        candidate = Candidate(step.char, step.id, step.prob, step.drawn_prob)
        return self._row(view, 10, candidate, self.size.width)

    def _summary(self, view: View, width: int) -> list[list[Segment]]:
        lines = [
            self._fact(
                "entropy",
                view.prediction.entropy,
                "expected surprisal",
                width,
            )
        ]
        if view.step is not None:
            lines.append(self._fact("surprisal", view.step.bits, "of this character", width))
        else:
            lines.append([Segment("nothing chosen yet", self._get("quiet"))])
        if removed := view.prediction.removed:
            told = Segment(f"{'ruled out':<10}{percent(removed):>5}", self._get("number"))
            lines.append([told])
        return lines

    def _fact(self, name: str, bits: float, meaning: str, width: int) -> list[Segment]:
        text = f"{name:<10}{bits:5.2f} bits"
        return [
            Segment(text, self._get("number")),
            Segment(f"  {meaning}" if width >= 38 else "", self._get("quiet")),
        ]

    def _strip(self, width: int) -> list[list[Segment]]:
        bits = self._shown.bits[-width:]
        sparks = "".join(_SPARKS[min(7, int(b / _SPARK_TOP * 8))] for b in bits)
        mean = sum(bits) / len(bits)
        return [
            [Segment(sparks, self._get("bar"))],
            [Segment(f"surprisal, mean {mean:.2f} bits", self._get("quiet"))],
        ]

    def _grid(self, view: View, width: int, height: int) -> list[list[Segment]]:
        """Candidates in as many columns as fit. If there is only one row, the summary is left out."""
        step, quiet = view.step, self._get("quiet")
        head = f"entropy {view.prediction.entropy:.2f}"
        if step is not None:
            name = symbol_name(step.char, self._shown.units)
            head += f" · {name} chosen, {percent(step.prob)}, surprisal {step.bits:.2f} bits"
        else:
            head += " bits · nothing chosen yet"
        if removed := view.prediction.removed:
            head += f" · {percent(removed)} ruled out"
        lines = [[Segment(head, quiet)]] if height > 1 else []
        columns = max(1, width // _COLUMN)
        rows = max(1, height - len(lines))
        each = width // columns
        for row in range(rows):
            line: list[Segment] = []
            for column in range(columns):
                rank = column * rows + row
                if rank < min(9, len(view.prediction.top)):
                    line += self._row(view, rank + 1, view.prediction.top[rank], each - 1)
                    line.append(Segment(" ", quiet))
            lines.append(line)
        return lines
