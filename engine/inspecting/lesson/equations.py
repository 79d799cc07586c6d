"""The equations of the cells, unit by unit: which numbers make a number.

An equation is a line such as `c' = f·c + i·g`. A state with a prime is that after the step, without one
that before it; d is the delta of what follows, for a gate of the sum within it; tanh_c, q and m are what a
cell keeps. W, X, H and M stand for what `_WRITTEN_OUT` says. A cell without lines here is taught by its
values alone.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from engine.cells.functions import Array
from engine.inspecting.lesson.unrolled import Unrolled

Terms = tuple[tuple[float, ...], ...]
"""A sum of products."""
_WRITTEN_OUT = {
    "W": "x W_xh + h W_hh + b_h",
    "X": "x W_xh + b_h",
    "H": "h W_hh + b_hn",
    "M": "(x W_mx)·(h W_mh)",
}


@dataclass(frozen=True)
class Equation:
    """Where a number comes from: `before`, the terms with `each` before each of them, `after`."""

    name: str
    value: float
    terms: Terms
    before: tuple[str | float, ...] = ()
    after: str = ""
    each: str = ""
    digits: int = 2
    """Decimals that are worth showing."""


@dataclass(frozen=True)
class Line:
    """A number that every unit of a cell has, and its equation."""

    text: str
    said: str

    @cached_property
    def name(self) -> str:
        """Of the number: a gate, a state, what a cell keeps, or the delta of one."""
        return self.text.partition(" = ")[0].rstrip("'")

    @property
    def function(self) -> str:
        """What is around the sum, with its bracket; empty if there is nothing."""
        found = re.match(r"(σ\(|tanh\(|max\(0, )", self.text.partition(" = ")[2])
        return found[1] if found else ""

    @cached_property
    def terms(self) -> list[list[str]]:
        """The terms, each of several factors; none if there is no equation."""
        if " = " not in self.text:
            return []
        inside = self.text.partition(" = ")[2].removeprefix(self.function)
        inside = inside.removesuffix(")") if self.function else inside
        return [term.split("·") for term in inside.split(" + ")]

    @property
    def symbols(self) -> str:
        """The equation with W, X, H and M written out."""
        return re.sub(r"\b[WXHM]\b", lambda found: _WRITTEN_OUT[found[0]], self.text)


@dataclass(frozen=True)
class Lines:
    """What a cell computes in a step, and what its deltas are, both in the order of the computation."""

    forward: tuple[Line, ...] = ()
    backward: tuple[Line, ...] = ()
    right: tuple[Line, ...] = ()
    """What the states get from the step to the right, in numbers of that step."""


_FORGET = Line("f = σ(W)", "The forget gate, between 0 and 1: how much of the memory c is kept.")
_CANDIDATE = Line(
    "g = tanh(W)", "The candidate, between −1 and 1: what could be added to the memory."
)
_OUTPUT = Line("o = σ(W)", "The output gate: how much of the memory is shown.")
_SHOWN = Line("h' = o·tanh_c", "What the cell shows: tanh of its memory c, times the output gate.")
_LSTM = (
    Line("i = σ(W)", "The input gate, between 0 and 1: how much of the candidate is let in."),
    _FORGET,
    _CANDIDATE,
    _OUTPUT,
    Line("c' = f·c + i·g", "The memory: some of the old one is kept, some of the candidate added."),
    _SHOWN,
)
_D_OUTPUT = Line("do = dh·tanh_c·o·(1−o)", "Back through the output gate: σ′ is o·(1 − o).")
_D_MEMORY = "dc = dh·o·(1−tanh_c²) + dc←"
_INTO_MEMORY = "Into the memory: back through tanh, and what came from the right."
_THROUGH = "From the right the memory gets its delta times f alone: no matrix, no tanh′."
_D_FORGET = Line("df = dc·c·f·(1−f)", "Back through the forget gate: σ′ is f·(1 − f).")
_D_CANDIDATE = Line("dg = dc·i·(1−g²)", "Back through the candidate: tanh′ is 1 − g².")
_D_INPUT = Line("di = dc·g·i·(1−i)", "Back through the input gate: σ′ is i·(1 − i).")
_D_LSTM = (_D_OUTPUT, Line(_D_MEMORY, _INTO_MEMORY), _D_FORGET, _D_CANDIDATE, _D_INPUT)
_BY_MATRIX = Line("dh← = W_hh·d", "From the right: the next step's deltas, back through W_hh.")
_RECURRENT = "The new state: its letter and the old state, each by a matrix, then {}."

LINES = {
    "rnn": Lines(
        (Line("h' = tanh(W)", _RECURRENT.format("tanh")),),
        (
            Line(
                "ds = dh·(1−h'²)", "Back through tanh: its slope is 1 − h². Near ±1 nothing passes."
            ),
        ),
        (_BY_MATRIX,),
    ),
    "rnn-relu": Lines(
        (Line("h' = max(0, W)", _RECURRENT.format("cut at 0")),),
        (Line("ds = dh·slope", "Back through the cut: where h is 0 nothing passes, else all."),),
        (_BY_MATRIX,),
    ),
    "lstm": Lines(_LSTM, _D_LSTM, (_BY_MATRIX, Line("dc← = f·dc", _THROUGH))),
    "peephole": Lines(
        (
            Line(
                "i = σ(W + p_i·c)", "The input gate. It also sees the memory c, by the weight p_i."
            ),
            Line(
                "f = σ(W + p_f·c)", "The forget gate. It also sees the memory c, by the weight p_f."
            ),
            _CANDIDATE,
            _LSTM[4],
            Line("o = σ(W + p_o·c')", "The output gate. It sees what the memory has become."),
            _SHOWN,
        ),
        (
            _D_OUTPUT,
            Line(
                "dc = dh·o·(1−tanh_c²) + do·p_o + dc←",
                "Into the memory: by tanh, by the gate that sees it, and from the right.",
            ),
            *_D_LSTM[2:],
        ),
        (
            _BY_MATRIX,
            Line(
                "dc← = f·dc + di·p_i + df·p_f",
                "From the right: by f, and by the gates that see it.",
            ),
        ),
    ),
    "coupled": Lines(
        (
            _FORGET,
            _CANDIDATE,
            _OUTPUT,
            Line("c' = f·c + (1−f)·g", "The memory: as much is added as is forgotten."),
            _SHOWN,
        ),
        (
            _D_OUTPUT,
            Line(_D_MEMORY, _INTO_MEMORY),
            Line("df = dc·(c−g)·f·(1−f)", "Back through the one gate that forgets and takes."),
            Line("dg = dc·(1−f)·(1−g²)", _D_CANDIDATE.said),
        ),
        (_BY_MATRIX, Line("dc← = f·dc", _THROUGH)),
    ),
    "gru": Lines(
        (
            Line("r = σ(W)", "The reset gate: how much of the old state the candidate sees."),
            Line("z = σ(W)", "The update gate: how much of the old state stays."),
            Line("q = H", "What the old state says to the candidate: h W_hh + b_hn."),
            Line(
                "n = tanh(X + r·q)",
                "The candidate: from the letter, and as much of q as r lets in.",
            ),
            Line("h' = (1−z)·n + z·h", "The new state: between the candidate and the old state."),
        ),
        (
            Line("dz = dh·(h−n)·z·(1−z)", "Back through the update gate: σ′ is z·(1 − z)."),
            Line("dn = dh·(1−z)·(1−n²)", "Back through the candidate: tanh′ is 1 − n²."),
            Line("dr = dn·q·r·(1−r)", "Back through the reset gate: σ′ is r·(1 − r)."),
        ),
        (Line("dh← = z·dh + W_hh·d", "From the right: straight through z, and through W_hh."),),
    ),
    "mlstm": Lines(
        (Line("m = M", "The old state, scaled by the letter: (x W_mx)·(h W_mh)."), *_LSTM),
        _D_LSTM,
        (
            Line("dh←", "From the right: through W_hh, then through the product m."),
            Line("dc← = f·dc", _THROUGH),
        ),
    ),
    "mingru": Lines(
        (
            Line("z = σ(X)", "The update gate. It sees the letter alone, not the state."),
            Line("n = X", "The candidate: from the letter alone."),
            Line("h' = (1−z)·h + z·n", "The new state: between the old one and the candidate."),
        ),
        (
            Line("dz = dh·(n−h)·z·(1−z)", "Back through the update gate: σ′ is z·(1 − z)."),
            Line("dn = dh·z", "Back to the candidate: as much as z let in."),
        ),
        (Line("dh← = (1−z)·dh", "From the right: straight through 1 − z, no matrix, no tanh′."),),
    ),
}
"""By the name of the cell."""


def lines(u: Unrolled) -> Lines:
    """Those of a network's cell."""
    return LINES.get(u.cell.name, Lines())


def equation(u: Unrolled, line: Line, t: int, unit: int) -> Equation:
    """The equation of a unit at a step, in numbers."""
    at = t + line.name.endswith("←")
    terms: Terms = ()
    if at < len(u.columns):
        terms = tuple(part for term in line.terms for part in _parts(u, line, term, at, unit))
    opening = (line.function,) if line.function else ()
    number = value(u, line.name, t, unit)
    return Equation(line.name, number, terms, opening, ")" if line.function else "")


def value(u: Unrolled, name: str, t: int, unit: int) -> float:
    """A number of a unit: a state after a step, a gate, what is kept, or a delta."""
    column = u.columns[t]
    if name.endswith("←"):
        return float(column.d_right[name[1:-1]][unit])
    if name == "dh":
        return float(column.d_here[unit] + column.d_right["h"][unit])
    if name == "dc":
        (line,) = (line for line in lines(u).backward if line.name == name)
        return sum(math.prod(_factor(u, f, t, unit) for f in term) for term in line.terms)
    if name[0] == "d":
        return float(column.d[name[1:]][unit])
    return float({**column.kept, **column.gates, **column.after}[name][unit])


def recurrent(u: Unrolled, t: int) -> Terms:
    """The deltas of h W_hh (G·H), each as a product."""
    column = u.columns[t]
    deltas: list[tuple[float, ...]] = [
        (float(d),) for d in column.d_gates[: u.own["W_hh"].shape[1]]
    ]
    if "q" in column.kept and "r" in column.gates:  # the reset gate multiplies the last block
        H = len(column.d_here)
        last = zip(column.gates["r"], deltas[-H:], strict=True)
        deltas[-H:] = [(float(r), *d) for r, d in last]
    return tuple(deltas)


def _factor(u: Unrolled, text: str, t: int, unit: int) -> float:
    """A factor such as f, c', (1−f), (1−g²), (h−n) or p_o."""
    column, text = u.columns[t], text.strip("()")
    if "−" in text:
        first, second = (_factor(u, part, t, unit) for part in text.split("−"))
        return first - second
    if text.endswith("²"):
        return _factor(u, text[:-1], t, unit) ** 2
    if text == "1":
        return 1.0
    if text == "slope":
        return float(column.after["h"][unit] > 0)
    for named in (column.before, u.own):
        if text in named:
            return float(named[text][unit])
    return value(u, text.rstrip("'"), t, unit)


def _parts(u: Unrolled, line: Line, term: list[str], t: int, unit: int) -> Terms:
    """The terms that a term of a line stands for: one, or a product with a matrix."""
    column, own = u.columns[t], u.own
    h = column.before["h"]
    if term == ["W_hh", "d"]:
        pairs = zip(own["W_hh"][unit], recurrent(u, t), strict=True)
        return tuple((float(W), *d) for W, d in pairs)
    if term == ["M"]:
        mx = float(column.gates["mx"][unit])
        return tuple(
            (mx, float(W), float(h_j)) for W, h_j in zip(own["W_mh"][:, unit], h, strict=True)
        )
    if term == ["H"]:
        last = own["W_hh"].shape[1] - len(h) + unit
        return (*_products(own["W_hh"][:, last], h), (float(own["b_hn"][unit]),))
    if term[0] not in ("W", "X"):
        return (tuple(_factor(u, factor, t, unit) for factor in term),)
    names = list(column.gates)
    k = names.index(line.name if line.name in names else "s") * len(h) + unit
    state = _products(own["W_hh"][:, k], column.kept.get("m", h)) if term == ["W"] else ()
    return ((float(own["W_xh"][column.input, k]), 1.0), *state, (float(own["b_h"][k]),))


def _products(W: Array, x: Array) -> Terms:
    return tuple((float(w), float(value)) for w, value in zip(W, x, strict=True))
