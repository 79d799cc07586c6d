"""Text that can be read under every theme: a colour too close to its ground gives way to a stronger one."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Ground
from textual.filter import LineFilter

LEAST = 4.5
"""The least contrast of text with its ground: WCAG 2.1, success criterion 1.4.3."""
_STEPS = 16
_TEXT = re.compile(r"[^\s\u2500-\u259f\u2800-\u28ff]")
"""A character that is neither space nor a part of a border, a bar or a curve."""
_BLACK, _WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)


def contrast(a: ColorTriplet, b: ColorTriplet) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: ColorTriplet) -> float:
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in color.normalized)
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@lru_cache(4096)
def stronger(color: ColorTriplet, ground: ColorTriplet) -> ColorTriplet:
    """The colour, moved towards black or white as far as the ground demands. Black or white always
    suffices: one of them has a contrast of at least 4.58 with any ground."""
    end = max(_BLACK, _WHITE, key=lambda extreme: contrast(extreme, ground))
    for step in range(_STEPS):
        mixed = [round(c + (e - c) * step / _STEPS) for c, e in zip(color, end, strict=True)]
        if contrast(found := ColorTriplet(*mixed), ground) >= LEAST:
            return found
    return end


class Legible(LineFilter):
    """Gives all text a contrast of `LEAST`. Colours that the terminal chooses, as in the ANSI themes, are
    unknown and stay."""

    def apply(self, segments: list[Segment], background: Ground) -> list[Segment]:
        return [_legible(segment, background) for segment in segments]


def _legible(segment: Segment, background: Ground) -> Segment:
    text, style, control = segment
    if style is None or control or style.color is None or not _TEXT.search(text):
        return segment
    color = style.color.triplet
    ground = style.bgcolor.triplet if style.bgcolor else ColorTriplet(*background.rgb)
    if color is None or ground is None or (better := stronger(color, ground)) == color:
        return segment
    return Segment(text, style + Style.from_color(Color.from_triplet(better)), None)
