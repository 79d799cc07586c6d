"""The parts of the `next character` pane: functions from what is shown, and the room for it, to lines.

The candidates take the rows they are given. The other sections have several forms, the longest first, and
`stacked` chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from engine.words import counted
from engine.writing.belief import Candidate
from tui.bars import bar
from tui.phrases import percent
from tui.text import symbol_name
from tui.width import cut
from tui.write.passage import View
from tui.write.shown import RANKS, Shown

Line = list[Segment]
Form = list[Line]

_LEVELS = " ▁▂▃▄▅▆▇█"
_TOP = 8.0
"""Bits that a full bar of the strip of surprisal stands for."""
_TALL = 4
"""Rows of the strip where there is room."""
_SCALE = 2
"""Cells for the numbers beside it."""
_COLUMN = 26
"""The least width of a column of candidates, in cells."""
_CLASS = 8
"""Cells for the name of a class of ranks."""


@dataclass(frozen=True)
class Ink:
    """How sections are painted: the styles by name, and the cells for the name of a candidate."""

    style: Callable[[str], Style]
    names: int

    def line(self, text: str, style: str = "quiet") -> Line:
        return [Segment(text, self.style(style))]


def stacked(sections: Sequence[Sequence[Form]], height: int) -> list[Line]:
    """The forms of sections one below the other, with an empty line before each.

    Those that come first are the most important: first each gets its shortest form, as far as there is
    room, and then in turns the next longer one, if it fits.
    """
    chosen: list[tuple[Form, list[Form]]] = []
    """The form of each section, and the longer ones, the longest first."""
    room = height
    for forms in sections:
        if forms and len(forms[-1]) < room:
            chosen.append((forms[-1], list(forms[:-1])))
            room -= len(forms[-1]) + 1
    before = -1
    while room != before:
        before = room
        for i, (form, longer) in enumerate(chosen):
            if longer and len(longer[-1]) - len(form) <= room:
                room -= len(longer[-1]) - len(form)
                chosen[i] = longer[-1], longer[:-1]
    return [line for form, _ in chosen for line in ([], *form)]


# -- candidates


def listed(shown: Shown, view: View, ink: Ink, width: int, height: int) -> list[Line]:
    """A list of candidates in at most `height` lines, with a head, and the character that was written."""
    lines = [ink.line("model".rjust(max(0, width - 8)) + "sampled".rjust(8))]
    room = max(1, min(len(view.prediction.top), height - 2))
    for rank, candidate in enumerate(view.prediction.top[:room], 1):
        lines.append(_row(shown, view, ink, rank, candidate, width))
    lines.append(_came(shown, view, ink, room, width))
    return lines


def _row(shown: Shown, view: View, ink: Ink, rank: int, candidate: Candidate, width: int) -> Line:
    came = view.step is not None and view.step.id == candidate.id
    name = symbol_name(candidate.char, shown.units)
    out = candidate.filtered <= 0

    def style(name: str) -> Style:
        return ink.style("came" if came else "quiet" if out else name)

    return [
        Segment("▶" if came else " ", style("rank")),
        Segment(f"{rank if rank < 10 else ' '} ", style("rank")),
        Segment(set_cell_size(name, ink.names) + " ", style("char")),
        Segment(bar(candidate.prob, max(1, width - ink.names - 20)), style("bar")),
        Segment(percent(candidate.prob).rjust(8), style("number")),
        Segment(percent(candidate.filtered).rjust(8), style("number")),
    ]


def _came(shown: Shown, view: View, ink: Ink, room: int, width: int) -> Line:
    """The row of the written character; empty if it is among the candidates shown."""
    step = view.step
    if step is None or any(c.id == step.id for c in view.prediction.top[:room]):
        return []
    candidate = Candidate(step.char, step.id, step.prob, step.drawn_prob)
    return _row(shown, view, ink, 10, candidate, width)


def names_width(shown: Shown, view: View, least: int) -> int:
    """The cells for the longest name of a candidate, at least so many."""
    chars = [candidate.char for candidate in view.prediction.top]
    if view.step is not None:
        chars.append(view.step.char)
    return max(least, *(cell_len(symbol_name(c, shown.units)) for c in chars))


def grid(shown: Shown, view: View, ink: Ink, width: int, height: int) -> list[Line]:
    """Candidates in as many columns as fit. If there is only one row, the summary is left out."""
    step = view.step
    head = f"entropy {view.prediction.entropy:.2f}"
    if step is not None:
        name = symbol_name(step.char, shown.units)
        head += f" · {name} chosen, {percent(step.prob)}, surprisal {step.bits:.2f} bits"
    else:
        head += " bits · nothing chosen yet"
    if removed := view.prediction.removed:
        head += f" · {percent(removed)} ruled out"
    lines = [ink.line(cut(shown.why or head, width))] if height > 1 else []
    columns = max(1, width // _COLUMN)
    rows = max(1, height - len(lines))
    each = width // columns
    for row in range(rows):
        line: Line = []
        for column in range(columns):
            rank = column * rows + row
            if rank < min(9, len(view.prediction.top)):
                line += _row(shown, view, ink, rank + 1, view.prediction.top[rank], each - 1)
                line += ink.line(" ")
        lines.append(line)
    return lines


# -- what is said of them, and of the text


def summary(view: View, ink: Ink, width: int) -> Form:
    """The entropy, the surprisal, and what was ruled out."""
    lines = [_fact("entropy", view.prediction.entropy, "expected surprisal", ink, width)]
    if view.step is not None:
        lines.append(_fact("surprisal", view.step.bits, "of this character", ink, width))
    else:
        lines.append(ink.line("nothing chosen yet"))
    if removed := view.prediction.removed:
        lines.append(ink.line(f"{'ruled out':<10}{percent(removed):>5}", "number"))
    return lines


def _fact(name: str, bits: float, meaning: str, ink: Ink, width: int) -> Line:
    about = f"  {meaning}" if width >= 38 else ""
    return ink.line(f"{name:<10}{bits:5.2f} bits", "number") + ink.line(about)


def strip(shown: Shown, ink: Ink, width: int) -> list[Form]:
    """The surprisal of the latest characters as bars."""
    if len(shown.bits) < 2:
        return []
    latest = shown.bits[-width:]
    mean = sum(latest) / len(latest)
    tall, low = (
        _bars(shown.bits[-room:], rows) for room, rows in ((width - _SCALE, _TALL), (width, 1))
    )
    scale = [f"{_TOP * row / _TALL:.0f}" if row % 2 == 0 else "" for row in range(_TALL, 0, -1)]
    beside = [
        [*ink.line(number.ljust(_SCALE)), *ink.line(bars, "bar")]
        for number, bars in zip(scale, tall, strict=True)
    ]
    caption = ink.line(f"surprisal, mean {mean:.2f} bits")
    return [[*beside, caption], [ink.line(low[0], "bar"), caption], [ink.line(low[0], "bar")]]


def _bars(bits: Sequence[float], rows: int) -> list[str]:
    """A bar for each number of bits, so many rows high, from the top. All are visible."""
    eighths = [1 + min(8 * rows - 1, int(b / _TOP * 8 * rows)) for b in bits]
    return [
        "".join(_LEVELS[max(0, min(8, e - 8 * row))] for e in eighths)
        for row in reversed(range(rows))
    ]


def ranks(shown: Shown, ink: Ink, width: int) -> list[Form]:
    """How many of the written characters were the likeliest, the second, and so on."""
    if not (written := sum(shown.ranks)):
        return []
    names = _class_names()
    shares = [count / written for count in shown.ranks]
    head = ink.line(f"ranks of {counted(written, 'character')}")
    room = max(1, width - _CLASS - 8)
    bars = [
        [
            *ink.line(name.ljust(_CLASS)),
            *ink.line(bar(share, room), "bar"),
            *ink.line(percent(share).rjust(8), "number"),
        ]
        for name, share in zip(names, shares, strict=True)
    ]
    words = [f"{name} {share:.0%}" for name, share in zip(names, shares, strict=True) if share]
    return [
        [head, *bars],
        [head, *(ink.line(line, "number") for line in wrap(", ".join(words), width))],
    ]


def _class_names() -> list[str]:
    names = [f"{a + 1}–{b}" if b - a > 1 else f"{b}" for a, b in pairwise((0, *RANKS))]
    return [*names, "beyond"]


def why(shown: Shown, ink: Ink, width: int) -> list[Form]:
    """Why the first candidate and not the second."""
    return [[ink.line(line, "number") for line in wrap(shown.why, width)]] if shown.why else []


def copied(shown: Shown, ink: Ink, width: int) -> list[Form]:
    """The longest passage of the text that was copied, and the one that ends here."""
    found = shown.copied
    if found is None or found.note:
        return []
    told = [ink.line(line, "number") for line in wrap(f"copied: {found.longest}", width)]
    text = ink.line(cut(f"  {found.text}", width))
    here = ink.line(cut(f"here: {found.here or 'nothing'}", width))
    return [[*told, text, here], told]


def not_copied(shown: Shown, ink: Ink, width: int) -> list[Form]:
    """Why nothing can be said of copies."""
    found = shown.copied
    return [[ink.line(line) for line in wrap(found.note, width)]] if found and found.note else []
