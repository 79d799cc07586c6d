"""How far back networks remember, as pictures made of text, and in words. Independent of screens.

The first network is drawn as a line, the median of its gradients and the second network as marks, so that
nothing depends on colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from engine.inspecting.memory import NEAR, Contexts, Lags
from tui.curves.ink import LINE, Ink
from tui.curves.picture import BELOW, BESIDE, Axis, FloatArray, Picture, Row, round_places

FIRST, SECOND, FIRST_MEDIAN, SECOND_MEDIAN = "first", "second", "first-median", "second-median"
"""The styles of the curves."""
_MARKS = {SECOND: "○", FIRST_MEDIAN: "●", SECOND_MEDIAN: "◇"}
"""What a curve is drawn with; the others are lines."""
DRAWN = f"{LINE}{''.join(_MARKS.values())}╌┤│└─┬"
_FAINTEST = 1e-6
"""The bottom of the axis of gradients; what is smaller is drawn there."""
_EVERY = 3
"""Columns between two marks of a curve."""

LOSS_MEANS = (
    f"The effective memory is the shortest context from which on the loss stays within {NEAR} nats of that "
    "with all the text: what the network uses of this text, not what it could hold."
)
GRADIENT_MEANS = (
    "How much a small change of the state so many characters back would change one loss, and so how far "
    "learning reaches; not what is remembered. Few places make most of the root mean square (rms), so "
    "another text may give one several times as large: see the median."
)


@dataclass(frozen=True)
class _Curve:
    xs: FloatArray
    ys: FloatArray
    style: str


def loss_legend(names: Sequence[str], ink: Ink) -> list[tuple[str, str]]:
    """What the curves of losses are: (text, style)."""
    return [_legend(style, name, ink) for style, name in zip((FIRST, SECOND), names, strict=False)]


def gradient_legend(names: Sequence[str], ink: Ink) -> list[tuple[str, str]]:
    """What the curves of gradients are: (text, style)."""
    parts = []
    for (style, median), name in zip(_PAIRS, names, strict=False):
        parts += [_legend(style, f"{name} rms", ink), _legend(median, "median", ink)]
    return parts


_PAIRS = (FIRST, FIRST_MEDIAN), (SECOND, SECOND_MEDIAN)


def _legend(style: str, name: str, ink: Ink) -> tuple[str, str]:
    return f"{ink.text(_MARKS.get(style, LINE))} {name}", style


def loss_picture(found: Sequence[Contexts], width: int, height: int, ink: Ink) -> list[Row]:
    """The loss in nats by the length of the context, on a logarithmic axis, for one or two networks. A
    broken line is the loss with all the text."""
    K = max(len(each.nats) for each in found)
    ends = [*(each.full for each in found), *np.concatenate([each.nats for each in found])]
    low, high = float(min(ends)), float(max(ends))
    high = max(high, low + 0.05)
    columns, rows = _room(width, height)
    losses = {v: f"{v:.6g}" for v in round_places(low, high, max(2, rows // 3))}
    lengths = [n for n in (1, 2, 5, 10, 20, 50, 100) if n <= K]
    lengths = lengths[:: 1 + (columns < 40)]
    x = Axis(0.0, max(float(np.log(K)), 0.1), {float(np.log(n)): str(n) for n in lengths})
    picture = Picture(columns, rows, x, Axis(low, high, losses), ink)
    for each, (style, _) in zip(found, _PAIRS, strict=False):
        picture.across(each.full, "╌" * columns, style)
    curves = [
        _Curve(np.log(np.arange(1, len(each.nats) + 1)), each.nats, style)
        for each, (style, _) in zip(found, _PAIRS, strict=False)
    ]
    _draw(picture, curves)
    return picture.framed()


def gradient_picture(found: Sequence[Lags], width: int, height: int, ink: Ink) -> list[Row]:
    """The gradient by lag for one or two networks, as a share of that at lag 0, on a logarithmic axis."""
    K = max(len(each.rms) for each in found) - 1
    every = [
        (np.log10(np.maximum(values, _FAINTEST)), style)
        for each, styles in zip(found, _PAIRS, strict=False)
        for values, style in zip((each.rms, each.median), styles, strict=True)
    ]
    low = float(np.floor(min(ys.min() for ys, _ in every)))
    high = max(0.0, *(float(ys.max()) for ys, _ in every))
    columns, rows = _room(width, height)
    powers = range(int(low), int(np.floor(high)) + 1)
    step = 1 + len(powers) // max(2, rows // 2)
    shares = {float(p): f"{10.0**p:g}" for p in powers if p % step == 0}
    lags = {v: f"{v:g}" for v in round_places(0, K, columns // 8) if v == int(v)}
    picture = Picture(columns, rows, Axis(0.0, K, lags), Axis(low, max(high, low + 1), shares), ink)
    _draw(picture, [_Curve(np.arange(len(ys)).astype(float), ys, style) for ys, style in every])
    return picture.framed()


def _draw(picture: Picture, curves: Iterable[_Curve]) -> None:
    """Lines first, so that marks stand on them."""
    for curve in sorted(curves, key=lambda curve: curve.style in _MARKS):
        if mark := _MARKS.get(curve.style):
            places = picture.x.dots(curve.xs, picture.columns) // _EVERY
            _, kept = np.unique(places, return_index=True)
            picture.marks(curve.xs[kept], curve.ys[kept], mark, curve.style)
        else:
            picture.line(curve.xs, curve.ys, curve.style)


def _room(width: int, height: int) -> tuple[int, int]:
    return max(12, width - BESIDE), max(3, height - BELOW)


def memory_words(found: Contexts) -> str:
    """The effective memory in words."""
    if (memory := found.memory) is None:
        return f"effective memory: more than {len(found.nats)}"
    return f"effective memory: {memory} character{'s' * (memory != 1)}"


_EIGHTHS = " ▁▂▃▄▅▆▇█"
TOLD_MEANS = (
    "Above each character stands what it told of the one at the cursor: the bits that this costs with only "
    "the characters after it, less those with it too. They add up exactly. Below stands what misled."
)


@dataclass(frozen=True)
class Told:
    """What the characters before one told of it."""

    name: str
    """Of the character."""
    before: Sequence[str]
    """The characters before it as they are shown, each one or two cells wide; the last is next to it."""
    bits: FloatArray
    """Those that it costs with none to K characters before it (K + 1,)."""
    whole: float | None
    """Those that it costs with all the text; None if that is not known."""

    @property
    def gains(self) -> FloatArray:
        """What each of the characters told (K,), from the last one back."""
        return self.bits[:-1] - self.bits[1:]


def told_rows(told: Told, width: int) -> list[Row]:
    """A bar above each of the last characters for what it told, and one that hangs below what misled."""
    gains = told.gains
    most = float(max(np.abs(gains).max(initial=0.0), 0.1))
    up, text, down = "", "", ""
    for shown, gain in zip(reversed(told.before), gains, strict=False):
        cells = cell_len(shown)
        if cell_len(text) + cells > width:
            break
        share = gain / most
        up = _EIGHTHS[int(np.ceil(8 * max(share, 0.0) - 0.2))] * cells + up
        text = shown + text
        down = ("▀" if share < -0.5 else "▔" if share < -0.05 else " ") * cells + down
    return [[(up, FIRST)], [(text, "")], [(down, SECOND)]]


def told_words(told: Told) -> str:
    """The same in a sentence."""
    gains, last = told.gains, told.bits[-1]
    said = f"{told.name}: {last:.2f} bits with the last {len(gains)}, {told.bits[0]:.2f} with none"
    if len(gains):
        best = int(np.argmax(gains))
        said += f"; the one {best + 1} back told most, {gains[best]:.2f}"
    if told.whole is not None:
        said += f"; all before these {last - told.whole:.2f}"
    return said.replace("-0.00", "0.00").replace(" -", " −")
